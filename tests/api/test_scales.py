"""Scales, looking first, and talks as programs use them."""

from datetime import timedelta
from typing import Any

from tests.api.conftest import As, Counts
from tests.world import World
from tracker.db import new_id

LEVELS = [
    {"label": "groeit", "description": "Met hulp van iemand.", "anchor": 1},
    {"label": "staat", "description": None, "anchor": 2},
]


def version(world: World, **other: Any) -> dict[str, Any]:
    return {
        "name": "Twee woorden",
        "is_default": True,
        "for_plans_from": (world.on + timedelta(days=30)).isoformat(),
        "levels": LEVELS,
        **other,
    }


def test_a_scale_changed_for_a_new_cohort(as_: As, world: World) -> None:
    administrator = as_(world.administrator)
    here = f"/api/scales/{world.levels[0].scale_id}/versions"
    answer = administrator.post(here, json=version(world))
    assert answer.status_code == 201, answer.text
    new = answer.json()
    assert (new["code"], new["version"]) == ("anchors", 2)
    assert [(v["label"], v["description"], v["anchor"]) for v in new["levels"]] == [
        ("groeit", "Met hulp van iemand.", 1),
        ("staat", None, 2),
    ]
    coach = as_(world.coach)
    versions = [(s["code"], s["version"]) for s in coach.get("/api/scales").json()["items"]]
    assert {("anchors", 1), ("anchors", 2)} <= set(versions)
    held = coach.get(f"/api/plans/{world.plan.id}/scales").json()["items"]
    assert (held[0]["code"], held[0]["version"]) == ("anchors", 1)
    answer = coach.post(
        f"/api/plans/{world.plan.id}/judgements",
        json={
            "goal_id": str(world.goal.id),
            "level_id": new["levels"][0]["id"],
            "observed_on": world.on.isoformat(),
        },
    )
    assert (answer.status_code, answer.json()["errors"]) == (
        422,
        {"level_id": ["level.not_for_plan"]},
    )
    answer = administrator.post(here, json=version(world))
    assert (answer.status_code, answer.json()["code"]) == (409, "scale.changed")


def test_a_scale_of_the_schools_own_holds_for_all_plans_unless_it_says_from_when(
    as_: As, world: World
) -> None:
    administrator = as_(world.administrator)
    body = {**version(world, is_default=False), "code": "zorg"}
    del body["for_plans_from"]
    assert administrator.post("/api/scales", json=body).status_code == 201
    held = as_(world.supervisor).get(f"/api/plans/{world.plan.id}/scales").json()["items"]
    assert "zorg" in {scale["code"] for scale in held}
    answer = administrator.post("/api/scales", json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "scale.code_taken")


def test_bad_scales_are_refused_and_write_nothing(as_: As, world: World, counts: Counts) -> None:
    administrator = as_(world.administrator)
    before = counts()
    here = f"/api/scales/{world.levels[0].scale_id}/versions"
    wrongs: list[dict[str, Any]] = [
        {"levels": LEVELS[:1]},
        {"levels": LEVELS[::-1]},
        {"levels": [LEVELS[0], LEVELS[0]]},
        {"levels": "groeit"},
        {"levels": None},
        {"levels": [{"label": "a", "anchor": 4}, LEVELS[0]]},
        {"levels": [{"label": "a", "anchor": 1, "colour": "red"}, LEVELS[0]]},
        {"levels": LEVELS * 6},
        {"name": ""},
        {"for_plans_from": None},
        {"is_default": "yes"},
        {"code": "anchors"},
    ]
    for wrong in wrongs:
        answer = administrator.post(here, json=version(world, **wrong))
        assert answer.status_code == 422, (wrong, answer.text)
    unknown = f"/api/scales/{new_id()}/versions"
    assert administrator.post(unknown, json=version(world)).status_code == 404
    assert counts() == before


def test_only_an_administrator_changes_scales_and_looking_first(as_: As, world: World) -> None:
    here = f"/api/scales/{world.levels[0].scale_id}/versions"
    for person in (world.coach, world.student, world.supervisor):
        other = as_(person)
        assert other.post(here, json=version(world)).status_code == 403
        assert other.put("/api/blind-rating", json={"blind_rating": True}).status_code == 403
        assert other.get("/api/blind-rating").json() == {"blind_rating": False}
    administrator = as_(world.administrator)
    answer = administrator.put("/api/blind-rating", json={"blind_rating": True})
    assert (answer.status_code, answer.json()) == (200, {"blind_rating": True})
    assert as_(world.coach).get("/api/blind-rating").json() == {"blind_rating": True}


def test_student_and_coach_write_down_talks_that_stay_in_the_school(
    as_: As, world: World, counts: Counts
) -> None:
    here = f"/api/plans/{world.plan.id}/talks"
    body = {
        "words": "We kijken volgende week samen.",
        "held_on": world.on.isoformat(),
        "goal_id": str(world.goal.id),
    }
    for person in (world.coach, world.student):
        answer = as_(person).post(here, json=body)
        assert answer.status_code == 201, answer.text
        assert answer.json()["by"]["name"] == person.name
    assert as_(world.coach).post(here, json={**body, "goal_id": None}).status_code == 201
    assert len(as_(world.student).get(here).json()["items"]) == 3
    about = as_(world.student).get(here, params={"goal_id": str(world.goal.id)})
    assert len(about.json()["items"]) == 2
    before = counts()
    supervisor = as_(world.supervisor)
    assert supervisor.get(here).json() == {"items": []}
    assert supervisor.post(here, json={**body, "goal_id": None}).status_code == 403
    assert as_(world.other_coach).get(here).status_code == 404
    for wrong in ({"words": ""}, {"held_on": "2199-01-01"}, {"held_on": None}, {"mood": "good"}):
        assert as_(world.coach).post(here, json={**body, **wrong}).status_code == 422
    other = {**body, "goal_id": str(world.other_goal.id)}
    assert as_(world.coach).post(here, json=other).status_code == 404
    assert counts() == before
