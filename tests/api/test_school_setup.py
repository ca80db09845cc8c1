"""What an administrator and a teacher set up, over HTTP: groups, items, systems, an LMS."""

from typing import Any
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa

from tests import connected
from tests.world import World
from tracker.db import unit_of_work
from tracker.models import PlanMember, PlanRole


@pytest.fixture
def around(engine: sa.Engine, world: World) -> dict[str, Any]:
    """Have an LMS with a course, an item with a meaning, and a system that is read."""
    with unit_of_work(engine, school_id=world.school.id) as session:
        return {
            **connected.said(session, world),
            **connected.lms(session, world),
            **connected.system(session, world),
        }


def edit(caller: Any, where: str, body: dict[str, Any], *, part: str = "") -> httpx.Response:
    """Read what is there, and change it, or a part of it, as it was read."""
    headers = {"If-Match": caller.get(where).headers["ETag"]}
    answer: httpx.Response = caller.put(f"{where}{part}", json=body, headers=headers)
    return answer


def test_a_group_is_looked_at_confirmed_and_ended(
    world: World, as_: Any, engine: sa.Engine
) -> None:
    caller = as_(world.administrator)
    address = f"/api/groups/{world.group.id}"
    (one,) = caller.get("/api/groups?words=vz3a").json()["items"]
    assert (one["title"], one["students"], one["guides"]) == ("VZ3A", 2, [])
    assert caller.get("/api/groups?words=niets").json()["items"] == []
    people = caller.get(f"{address}/possible-guides?limit=1")
    assert 'rel="next"' in people.headers["Link"]
    outcome = caller.get(f"{address}/outcome?person_id={world.teacher.id}").json()
    assert outcome == {"students": 2, "drafts": 0, "places": 2, "closed": 0}
    assert caller.get(f"{address}/outcome").json()["errors"] == {"person_id": ["required"]}
    body = {"person_id": str(world.teacher.id), "role": "student"}
    assert caller.post(f"{address}/guides", json=body).json()["errors"] == {
        "role": ["not_a_choice"]
    }
    made = caller.post(f"{address}/guides", json={**body, "role": "team"})
    assert (made.status_code, made.json()["name"]) == (201, world.teacher.name)
    assert caller.get(address).json()["guides"] == [made.json()]
    assert places(engine, world) == 2
    where = made.headers["Location"]
    assert caller.get(where).json() == made.json()
    assert [caller.delete(where).status_code for _ in range(2)] == [204, 204]
    assert places(engine, world) == 0


def places(engine: sa.Engine, world: World) -> int:
    """Count the places in plans that the teacher has."""
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        return (
            session.scalar(
                sa.select(sa.func.count())
                .select_from(PlanMember)
                .where(
                    PlanMember.person_id == world.teacher.id,
                    PlanMember.role == PlanRole.TEAM,
                    PlanMember.until_on.is_(None),
                )
            )
            or 0
        )


def test_a_group_of_a_course_is_confirmed_with_the_course(
    world: World, as_: Any, around: dict[str, Any]
) -> None:
    caller = as_(world.administrator)
    address = f"/api/groups/{world.group.id}"
    assert caller.get(address).json()["course_id"] == str(around["context"])
    body = {"person_id": str(world.teacher.id), "role": "coach"}
    refused = caller.post(f"{address}/guides", json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "group.of_course")


def test_what_items_are_about_is_said_once_and_ended(
    world: World, as_: Any, around: dict[str, Any]
) -> None:
    caller = as_(world.administrator)
    (course,) = caller.get("/api/activity-items/courses").json()["items"]
    assert (course["group_id"], course["items"], course["unsaid"]) == (
        str(world.group.id),
        1,
        0,
    )
    (item,) = caller.get(f"/api/activity-items?group_id={world.group.id}").json()["items"]
    assert [one["code"] for one in item["meanings"]] == [world.items[1].code]
    assert caller.get("/api/activity-items").json()["items"] == []
    about = {"item_ids": [item["id"]], "framework_item_id": str(world.items[0].id)}
    assert caller.post("/api/item-meanings", json=about).json()["changed"] == 1
    assert caller.post("/api/item-meanings", json=about).json()["changed"] == 0
    unclear = caller.post("/api/item-meanings", json={"item_ids": [item["id"]]})
    assert unclear.json()["errors"] == {"about": ["meaning.one_needed"]}
    absent = caller.post("/api/item-meanings", json={**about, "item_ids": [str(uuid4())]})
    assert absent.status_code == 404
    meaning = f"/api/item-meanings/{item['meanings'][0]['id']}"
    assert caller.get(meaning).json()["ended_at"] is None
    assert [caller.delete(meaning).status_code for _ in range(2)] == [204, 409]


def test_a_system_is_added_changed_paused_and_never_tells_its_secret(
    world: World, as_: Any, around: dict[str, Any]
) -> None:
    caller = as_(world.administrator)
    body = {"kind": "moodle", "name": "Tweede", "url": "https://m.example", "secret": "s3cr3t" * 6}
    assert caller.post("/api/sources", json={**body, "kind": "x"}).json()["errors"] == {
        "kind": ["kind.unknown"]
    }
    made = caller.post("/api/sources", json=body)
    assert (made.status_code, made.json()["has_secret"]) == (201, True)
    where = made.headers["Location"]
    for answer in (made, caller.get(where), caller.get("/api/sources")):
        assert "s3cr3t" not in answer.text
    assert made.json()["run_id"] is not None
    elsewhere = edit(caller, where, {"url": "https://ander.example"})
    assert elsewhere.json()["errors"] == {"secret": ["source.secret_again"]}
    body = {"url": "https://m.example/moodle", "cadence": "hourly"}
    changed = edit(caller, where, body)
    assert (changed.json()["cadence"], changed.json()["has_secret"]) == ("hourly", True)
    assert caller.put(f"{where}/pause").json()["paused_at"] is not None
    assert caller.delete(f"{where}/pause").json()["paused_at"] is None
    names = [one["name"] for one in caller.get("/api/sources").json()["items"]]
    assert names == sorted(names)
    assert {"Moodle", "Tweede"} <= set(names)


def test_an_lms_is_connected_switched_on_changed_and_invited(
    world: World, as_: Any, around: dict[str, Any]
) -> None:
    caller = as_(world.administrator)
    url = "https://andere.example"
    body = {
        **dict.fromkeys(("issuer", "auth_url", "token_url", "jwks_url"), url),
        "product": "moodle",
        "client_id": "tool-9",
        "deployment": "1",
    }
    wrong = caller.post("/api/lms/registrations", json={**body, "jwks_url": "http://x.example"})
    assert wrong.json()["errors"] == {"jwks_url": ["url.not_https"]}
    made = caller.post("/api/lms/registrations", json=body)
    where, (deployment,) = made.headers["Location"], made.json()["deployments"]
    assert (made.status_code, deployment["state"]) == (201, "inactive")
    switch = f"{where}/deployments/{deployment['id']}"
    assert edit(caller, switch, {"is_on": True}).json()["state"] == "active"
    assert caller.get(switch).json()["state"] == "active"
    settings = edit(caller, where, {"number_claim": "custom.nummer"}, part="/settings")
    assert settings.json()["number_claim"] == "custom.nummer"
    other = f"/api/lms/registrations/{around['registration']}/deployments/{deployment['id']}"
    assert caller.put(other, json={"is_on": False}).status_code == 404
    assert "/lti/register/" in caller.post("/api/lms/invites").json()["address"]
    assert len(caller.get("/api/lms/registrations").json()["items"]) == 2
    assert caller.get("/api/lms/refusals").json() == {"items": []}
    assert caller.get("/api/lms/twins").json() == {"items": []}


def test_a_teacher_asks_for_a_course_and_the_administrator_confirms_and_ends_it(
    world: World, as_: Any, around: dict[str, Any]
) -> None:
    teacher, boss = as_(world.teacher), as_(world.administrator)
    address = f"/api/courses/{around['context']}"
    names = [one["name"] for one in teacher.get(f"{address}/students").json()["items"]]
    assert names == ["Olaf Ander", "Sanne Student"]
    asked = teacher.get(f"{address}/access-request").json()
    assert teacher.put(f"{address}/access-request").json() == asked
    (course,) = boss.get("/api/courses").json()["items"]
    assert (course["waiting"], course["instructors_are"]) == (1, None)
    answer = {"access_request_id": asked["id"], "instructors_are": "team"}
    shown = boss.post(f"{address}/answers", json=answer)
    assert (shown.json()["instructors_are"], shown.json()["requests"]) == ("team", [])
    assert boss.post(f"{address}/answers", json=answer).json()["code"] == "access.answered"
    assert teacher.get(f"{address}/access-request").json()["state"] == "given"
    again = boss.put(f"{address}/confirmation", json={"instructors_are": "coach"})
    assert again.json()["instructors_are"] == "coach"
    ended = [boss.delete(f"{address}/confirmation") for _ in range(2)]
    assert [one.status_code for one in ended] == [200, 409]
    assert boss.post(f"{address}/release").json()["code"] == "roster.not_held"


def test_a_teacher_chooses_what_a_placed_link_tells_the_gradebook(
    world: World, as_: Any, around: dict[str, Any]
) -> None:
    caller = as_(world.teacher)
    links = f"/api/courses/{around['context']}/links"
    (link,) = caller.get(links).json()["items"]
    assert (link["mode"], link["can_have_column"], link["state"]) == ("off", True, None)
    address = f"{links}/{link['id']}"
    wrong = edit(caller, address, {"mode": "evidence"}, part="/mode")
    assert wrong.json()["errors"] == {"pieces": ["gradebook.pieces"]}
    chosen = edit(caller, address, {"mode": "evidence", "pieces": 5}, part="/mode").json()
    assert (chosen["mode"], chosen["pieces"], chosen["state"]) == ("evidence", 5, "wanted")
    assert caller.get(address).json() == chosen
    assert caller.post(f"{address}/retry").status_code == 200
    removed = caller.delete(f"{address}/column").json()
    assert (removed["mode"], removed["state"]) == ("off", "removing")


def test_who_edits_the_set_up_after_somebody_else_hears_what_is_there_now(
    world: World, as_: Any, around: dict[str, Any]
) -> None:
    boss, teacher = as_(world.administrator), as_(world.teacher)
    lms = f"/api/lms/registrations/{around['registration']}"
    (deployment,) = boss.get(lms).json()["deployments"]
    links = f"/api/courses/{around['context']}/links"
    (link,) = teacher.get(links).json()["items"]
    secret = "f" * 32
    made = {"kind": "moodle", "name": "Vierde", "url": "https://m.example", "secret": secret}
    source = boss.post("/api/sources", json=made)
    assert source.headers["ETag"] == boss.get(source.headers["Location"]).headers["ETag"]
    for caller, where, part, first, second in (
        (
            boss,
            source.headers["Location"],
            "",
            {"url": "https://m.example/een", "cadence": "hourly"},
            {"url": "https://m.example/twee", "secret": secret},
        ),
        (boss, lms, "/settings", {"number_claim": "custom.een"}, {"number_claim": "custom.twee"}),
        (boss, f"{lms}/deployments/{deployment['id']}", "", {"is_on": True}, {"is_on": False}),
        (teacher, f"{links}/{link['id']}", "/mode", {"mode": "progress"}, {"mode": "off"}),
    ):
        missing = caller.put(f"{where}{part}", json=first)
        assert (missing.status_code, missing.json()["code"]) == (428, "if_match_missing"), where
        seen = {"If-Match": caller.get(where).headers["ETag"]}
        saved = caller.put(f"{where}{part}", json=first, headers=seen)
        assert (saved.status_code, saved.headers["ETag"]) == (
            200,
            caller.get(where).headers["ETag"],
        ), saved.text
        late = caller.put(f"{where}{part}", json=second, headers=seen)
        assert (late.status_code, late.json()["code"]) == (412, "changed_meanwhile"), where
        told = late.json()
        assert secret not in late.text
        for name, value in first.items():
            if name in told["current"]:
                assert told["current"][name] == value
                assert told["sent"][name] == second.get(name, told["sent"][name]) != value


def test_a_tag_of_a_source_outlives_what_changes_by_itself(world: World, as_: Any) -> None:
    caller = as_(world.administrator)
    made = {"kind": "moodle", "name": "Vijfde", "url": "https://m.example", "secret": "e" * 32}
    source = caller.post("/api/sources", json=made)
    where, tag = source.headers["Location"], source.headers["ETag"]
    assert caller.put(f"{where}/pause").json() != source.json()
    body = {"url": "https://m.example", "cadence": "hourly"}
    assert caller.put(where, json=body, headers={"If-Match": tag}).status_code == 200


def test_how_personal_goals_are_is_told_of_a_plan_and_kept_back_of_few(
    world: World, as_: Any
) -> None:
    of_plan = as_(world.student).get(f"/api/plans/{world.plan.id}/tailoring").json()["items"]
    assert sum(cell["goals"] for cell in of_plan[-1]["cells"]) == 1
    asked = f"/api/school/tailoring?framework_id={world.framework.id}"
    of_school = as_(world.administrator).get(asked).json()["items"]
    assert {cell["goals"] for cell in of_school[-1]["cells"]} == {None}


def test_lists_of_the_school_come_in_parts(world: World, as_: Any) -> None:
    caller = as_(world.administrator)
    none = caller.get("/api/school/plans-without-coach").json()
    assert none == {"total": 0, "items": []}
    ending = caller.get("/api/school/placements-ending?limit=1")
    assert ending.json() == {"total": 0, "items": []}
    assert "Link" not in ending.headers
