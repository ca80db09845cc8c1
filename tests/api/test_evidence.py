"""Evidence over HTTP as JSON: sent once or ten times, and read back."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

from tests.api.pieces import fields
from tests.world import World
from tracker.db import new_id


def test_student_logs_evidence_that_nobody_else_sees(world: World, as_: Any, path: str) -> None:
    answer = as_(world.student).post(path, json=fields(world, goal_ids=[str(world.goal.id)]))
    assert answer.status_code == 201, answer.text
    piece = answer.json()
    assert (piece["state"], piece["share_with"]) == ("private", [])
    assert piece["goal_ids"] == [str(world.goal.id)]
    assert as_(world.student).get(answer.headers["Location"]).json() == piece
    assert as_(world.coach).get(answer.headers["Location"]).status_code == 404


def test_what_is_shared_with_the_coaches_the_coach_sees(world: World, as_: Any, path: str) -> None:
    answer = as_(world.student).post(path, json=fields(world, share_with=["coaches"]))
    seen = as_(world.coach).get(answer.headers["Location"]).json()
    assert seen == {**answer.json(), "shares": []}
    assert as_(world.supervisor).get(answer.headers["Location"]).status_code == 404


def test_moments_come_back_in_utc(world: World, as_: Any, path: str) -> None:
    piece = as_(world.student).post(
        path, json=fields(world, captured_at="2026-03-29T12:30:00+02:00")
    )
    assert piece.json()["captured_at"] == "2026-03-29T10:30:00Z"


def test_own_level_becomes_the_students_own_judgement(world: World, as_: Any, path: str) -> None:
    caller = as_(world.student)
    level = str(world.levels[2].id)
    piece = caller.post(
        path, json=fields(world, goal_ids=[str(world.goal.id)], own_level_id=level)
    ).json()
    judgements = caller.get(f"/api/plans/{world.plan.id}/judgements").json()["items"]
    own = [row for row in judgements if row["evidence_id"] == piece["id"]]
    assert [(row["role"], row["level"]["id"]) for row in own] == [("student", level)]


def test_ten_resends_of_one_evidence_are_one_evidence(
    world: World, as_: Any, counts: Any, path: str
) -> None:
    caller, key = as_(world.student), str(new_id())
    first = caller.post(path, json=fields(world), headers={"Idempotency-Key": key})
    assert (first.status_code, first.json()["id"]) == (201, key)
    after_first = counts()
    for _ in range(9):
        again = caller.post(path, json=fields(world, id=key))
        assert (again.status_code, again.json()) == (200, first.json())
    assert counts() == after_first


def test_ten_resends_at_once_are_one_evidence(
    world: World, as_: Any, counts: Any, path: str
) -> None:
    caller, key, before = as_(world.student), str(new_id()), counts()

    def send(_: int) -> int:
        return caller.post(path, json=fields(world, id=key)).status_code

    with ThreadPoolExecutor(max_workers=5) as senders:
        statuses = list(senders.map(send, range(10)))
    assert sorted(statuses) == [200] * 9 + [201]
    assert counts()["evidence"] == before["evidence"] + 1
    assert counts()["evidence_version"] == before["evidence_version"] + 1


def test_the_same_key_with_other_content_is_refused(
    world: World, as_: Any, counts: Any, path: str
) -> None:
    caller, key = as_(world.student), str(new_id())
    caller.post(path, json=fields(world, id=key))
    before = counts()
    for changes in (
        {"text": "Iets anders."},
        {"has_people": True},
        {"share_with": ["coaches"]},
        {"goal_ids": [str(world.goal.id)]},
    ):
        other = caller.post(path, json=fields(world, id=key, **changes))
        assert (other.status_code, other.json()["code"]) == (409, "evidence.key_used"), changes
    assert counts() == before


def test_a_key_is_an_id_and_says_the_same_in_header_and_body(
    world: World, as_: Any, counts: Any, path: str
) -> None:
    caller, before = as_(world.student), counts()
    odd = caller.post(path, json=fields(world), headers={"Idempotency-Key": "mine"})
    assert odd.json()["errors"] == {"Idempotency-Key": ["not_an_id"]}
    two = caller.post(
        path, json=fields(world, id=str(uuid4())), headers={"Idempotency-Key": str(uuid4())}
    )
    assert two.json()["errors"] == {"id": ["differs_from_key"]}
    assert counts() == before
