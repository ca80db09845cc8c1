"""Goals, plans and units over HTTP: tags, conflicts with both texts, agreeing, closing, filters."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.api.conftest import As, Counts
from tests.servers import on_postgresql
from tests.world import World
from tracker.models import Person

OK, MADE = 200, 201
WORDS = ("title", "question", "success", "approach", "target_anchor", "target_on")
SAID = (*WORDS, "control", "tailoring", "item_ids", "parent_id", "unit_id")


def goal_body(world: World, **changed: Any) -> dict[str, Any]:
    return {
        "title": "Ik help een bewoner met douchen",
        "question": "Hoe blijf ik rustig als het druk is?",
        "success": "De bewoner doet zelf wat kan.",
        "target_anchor": 2,
        "target_on": (world.on + timedelta(days=60)).isoformat(),
        "item_ids": [str(world.items[1].id)],
        **changed,
    }


def added(caller: httpx.Client, world: World, **changed: Any) -> dict[str, Any]:
    answer = caller.post(f"/api/plans/{world.plan.id}/goals", json=goal_body(world, **changed))
    assert answer.status_code == MADE, answer.text
    goal: dict[str, Any] = answer.json()
    return goal


def put(caller: httpx.Client, goal: dict[str, Any], tag: str | None, **changed: Any) -> Any:
    body = {name: goal[name] for name in SAID} | changed
    headers = {} if tag is None else {"If-Match": tag}
    return caller.put(f"/api/goals/{goal['id']}", json=body, headers=headers)


def read(caller: httpx.Client, goal: dict[str, Any]) -> tuple[dict[str, Any], str]:
    answer = caller.get(f"/api/goals/{goal['id']}")
    assert answer.status_code == OK
    return answer.json(), answer.headers["ETag"]


def test_a_goal_is_read_once_until_it_changes(world: World, as_: As) -> None:
    student = as_(world.student)
    goal, tag = read(student, added(student, world))
    path = f"/api/goals/{goal['id']}"
    again = student.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    saved = put(student, goal, tag, title="Ik help rustig met douchen")
    assert saved.status_code == OK
    assert saved.json()["version"] == 2
    assert (
        student.get(path, headers={"If-None-Match": tag}).headers["ETag"] == (saved.headers["ETag"])
    )


def test_an_edit_without_the_tag_is_refused_and_writes_nothing(
    world: World, as_: As, counts: Counts
) -> None:
    student = as_(world.student)
    goal = added(student, world)
    before = counts()
    answer = put(student, goal, None, title="Anders")
    assert (answer.status_code, answer.json()["code"]) == (428, "if_match_missing")
    assert counts() == before


def test_who_comes_second_gets_both_texts(world: World, as_: As, counts: Counts) -> None:
    student = as_(world.student)
    goal, tag = read(student, added(student, world))
    assert put(student, goal, tag, title="Ik was eerst").status_code == OK
    before = counts()
    answer = put(student, goal, tag, title="Ik was later")
    assert answer.status_code == 412
    body = answer.json()
    assert body["code"] == "changed_meanwhile"
    assert body["current"]["title"] == "Ik was eerst"
    assert body["sent"]["title"] == "Ik was later"
    assert counts() == before


def test_a_coach_may_not_edit_whatever_tag_is_sent(world: World, as_: As) -> None:
    goal, tag = read(as_(world.coach), {"id": world.goal.id})
    for sent in (None, tag, '"anders"'):
        answer = put(as_(world.coach), goal, sent, title="Van de coach")
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    hidden = put(as_(world.other_coach), goal, tag, title="Van een ander")
    assert hidden.status_code == 404


def test_private_evidence_moves_no_tag_of_a_goal_or_a_plan(world: World, as_: As) -> None:
    coach, student = as_(world.coach), as_(world.student)
    paths = [f"/api/goals/{world.goal.id}", f"/api/plans/{world.plan.id}"]
    before = [coach.get(path).headers["ETag"] for path in paths]
    evidence = {
        "text": "Alleen voor mij.",
        "happened_on": world.on.isoformat(),
        "has_people": False,
        "goal_ids": [str(world.goal.id)],
    }
    sent = student.post(f"/api/plans/{world.plan.id}/evidence", json=evidence)
    assert sent.status_code == MADE
    assert [coach.get(path).headers["ETag"] for path in paths] == before


def test_coach_and_student_agree_on_a_shared_goal_and_it_begins(world: World, as_: As) -> None:
    student, coach = as_(world.student), as_(world.coach)
    goal = added(student, world, control="shared")
    path = f"/api/goals/{goal['id']}"
    assert (goal["state"], goal["version"], goal["agreed_at"]) == ("draft", 1, None)
    early = student.post(f"{path}/start")
    assert (early.status_code, early.json()["code"]) == (409, "goal.not_agreed")
    agreed = coach.post(f"{path}/agreements", json={"version": 1})
    assert agreed.status_code == MADE
    assert agreed.json()["state"] == "active"
    assert agreed.json()["agreed_with"]["name"] == world.coach.name

    _, tag = read(student, goal)
    changed = put(student, goal, tag, target_on=(world.on + timedelta(days=90)).isoformat())
    assert (changed.json()["state"], changed.json()["agreed_at"]) == ("active", None)
    late = coach.post(f"{path}/agreements", json={"version": 1})
    assert (late.status_code, late.json()["code"]) == (409, "goal.changed")
    versions = coach.get(f"{path}/versions").json()["items"]
    assert [version["number"] for version in versions] == [2, 1]
    assert versions[0]["target_on"] != versions[1]["target_on"]
    assert [a["role"] for a in versions[1]["agreements"]] == ["student", "coach"]


def test_a_draft_begins_when_its_student_wants(world: World, as_: As) -> None:
    student = as_(world.student)
    goal = added(student, world, draft=True)
    assert goal["state"] == "draft"
    assert as_(world.supervisor).get(f"/api/goals/{goal['id']}").status_code == 404
    assert as_(world.coach).post(f"/api/goals/{goal['id']}/start").status_code == 403
    assert student.post(f"/api/goals/{goal['id']}/start").json()["state"] == "active"


def test_a_goal_is_closed_and_goes_on(world: World, as_: As) -> None:
    student = as_(world.student)
    path = f"/api/goals/{world.goal.id}/closing"
    body = {"outcome": "reached", "words": "Mevrouw staat nu zonder mij op."}
    assert as_(world.coach).post(path, json=body).status_code == 403
    closed = student.post(path, json=body).json()
    assert (closed["state"], closed["outcome"]) == ("closed", "reached")
    assert closed["closing_words"] == body["words"]
    again = student.post(path, json=body)
    assert (again.status_code, again.json()["code"]) == (409, "goal.closed")
    _, tag = read(student, closed)
    assert put(student, closed, tag, title="Toch anders").json()["code"] == "goal.closed"

    late = as_(world.coach).post(
        f"/api/plans/{world.plan.id}/judgements",
        json={
            "goal_id": str(world.goal.id),
            "level_id": str(world.levels[2].id),
            "observed_on": world.on.isoformat(),
        },
    )
    assert late.status_code == MADE
    opened = student.delete(path).json()
    assert (opened["state"], opened["outcome"], opened["closed_at"]) == ("active", None, None)
    assert student.delete(path).json()["code"] == "goal.not_closed"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "outcome"),
        ({"outcome": "failed"}, "outcome"),
        ({"outcome": "reached", "words": "x" * 4001}, "words"),
        ({"outcome": "reached", "words": "a\0b"}, "words"),
        ({"outcome": "reached", "rating": 3}, "rating"),
    ],
)
def test_a_wrong_closing_is_refused_by_field(
    world: World, as_: As, body: dict[str, Any], field: str
) -> None:
    answer = as_(world.student).post(f"/api/goals/{world.goal.id}/closing", json=body)
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == [field]


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"target_on": "2020-01-01"}, "target_on", "date.in_past"),
        ({"target_on": "2199-01-01"}, "target_on", "date.too_far"),
        ({"target_anchor": 4}, "target_anchor", "too_large"),
        ({"control": "teacher"}, "control", "not_a_choice"),
        ({"kind": "course"}, "kind", "not_a_choice"),
        ({"approach": "x" * 4001}, "approach", "too_long"),
    ],
)
def test_a_wrong_goal_is_refused_by_field(
    world: World, as_: As, change: dict[str, Any], field: str, code: str
) -> None:
    path = f"/api/plans/{world.plan.id}/goals"
    answer = as_(world.student).post(path, json=goal_body(world, **change))
    assert answer.status_code == 422
    assert answer.json()["errors"] == {field: [code]}


def test_goals_are_found_by_state_kind_unit_and_work_page_by_page(world: World, as_: As) -> None:
    student = as_(world.student)
    plan = f"/api/plans/{world.plan.id}"
    unit = student.post(
        f"{plan}/units",
        json={"title": "Periode 2", "from_on": world.on.isoformat(), "weeks": 10},
    ).json()
    whole = added(student, world, kind="performance", unit_id=unit["id"])
    part = added(student, world, parent_id=whole["id"], item_ids=[])
    draft = added(student, world, draft=True)

    def ids(query: str) -> list[str]:
        found, address = [], f"{plan}/goals?{query}"
        while address:
            answer = student.get(address)
            assert answer.status_code == OK
            found += [goal["id"] for goal in answer.json()["items"]]
            address = answer.links.get("next", {}).get("url", "")
        return found

    first = str(world.goal.id)
    assert ids("limit=1") == [first, whole["id"], part["id"], draft["id"]]
    assert ids("state=draft") == [draft["id"]]
    assert ids("state=active&limit=1") == [first, whole["id"], part["id"]]
    assert ids("kind=performance") == [whole["id"]]
    assert ids(f"unit_id={unit['id']}") == [whole["id"]]
    assert ids(f"item_id={world.items[1].id}") == [first, whole["id"], draft["id"]]
    assert read(student, whole)[0]["part_ids"] == [part["id"]]
    assert student.get(f"{plan}/goals?state=late").status_code == 422


def test_a_student_starts_names_closes_and_reopens_a_plan(world: World, as_: As) -> None:
    student = as_(world.student)
    made = student.post("/api/plans", json={"title": "Mijn zaak"})
    assert made.status_code == MADE
    path = made.headers["Location"]
    assert made.json()["framework"] is None
    assert made.json()["starts_on"] == world.on.isoformat()
    assert student.patch(path, json={"state": "closed"}).status_code == 428
    tag = made.headers["ETag"]
    closed = student.patch(path, json={"state": "closed"}, headers={"If-Match": tag})
    assert (closed.json()["state"], closed.json()["title"]) == ("closed", "Mijn zaak")
    late = student.patch(path, json={"title": "Anders"}, headers={"If-Match": tag})
    assert (late.status_code, late.json()["current"]["state"]) == (412, "closed")
    refused = student.post(f"{path}/goals", json=goal_body(world, item_ids=[]))
    assert (refused.status_code, refused.json()["code"]) == (409, "plan.closed")
    tag = closed.headers["ETag"]
    opened = student.patch(
        path, json={"state": "active", "title": "Mijn fietsenzaak"}, headers={"If-Match": tag}
    )
    assert (opened.json()["state"], opened.json()["title"]) == ("active", "Mijn fietsenzaak")
    draft = {"If-Match": opened.headers["ETag"]}
    assert student.patch(path, json={"state": "draft"}, headers=draft).status_code == 422


def test_a_student_without_a_qualification_sets_a_goal_in_an_own_plan(
    world: World, as_: As
) -> None:
    student = as_(world.other_student)
    path = student.post("/api/plans", json={"title": "Mijn eigen weg"}).headers["Location"]
    goal = student.post(f"{path}/goals", json=goal_body(world, item_ids=[]))
    assert goal.status_code == MADE
    refused = student.post(f"{path}/goals", json=goal_body(world))
    assert refused.json()["errors"] == {"item_ids": ["item.of_other_framework"]}


def test_only_a_student_starts_a_plan_and_adds_units(world: World, as_: As) -> None:
    unit = {"title": "Periode 2", "from_on": world.on.isoformat(), "weeks": 10}
    people: list[Person] = [world.coach, world.administrator]
    for person in people:
        caller = as_(person)
        assert caller.post("/api/plans", json={"title": "Plan"}).status_code == 403
        assert caller.post(f"/api/plans/{world.plan.id}/units", json=unit).status_code == 403
    assert as_(world.supervisor).get(f"/api/plans/{world.plan.id}/units").json()["items"] == []


@on_postgresql
@pytest.mark.parametrize("pairs", [20, pytest.param(100, marks=pytest.mark.drill)])
def test_of_pairs_of_edits_at_once_every_second_one_gets_412_and_nothing_is_lost(
    world: World, as_: As, pairs: int
) -> None:
    student = as_(world.student)
    goal, tag = read(student, {"id": str(world.goal.id)})
    written = [goal["title"]]

    def save(title: str) -> Any:
        return put(student, goal, tag, title=title)

    with ThreadPoolExecutor(2) as both:
        for pair in range(pairs):
            first, second = sorted(
                both.map(save, (f"Links {pair}", f"Rechts {pair}")), key=lambda a: a.status_code
            )
            assert (first.status_code, second.status_code) == (200, 412)
            goal, tag = first.json(), first.headers["ETag"]
            assert second.json()["current"]["title"] == goal["title"]
            written.append(goal["title"])
    versions = student.get(f"/api/goals/{world.goal.id}/versions").json()["items"]
    assert [version["title"] for version in reversed(versions)] == written
