"""Two programs edit the same thing at once: the second hears so, and nothing is lost."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa

from identity.models import Scope
from tests.servers import on_postgresql
from tests.world import World
from tracker.db import unit_of_work
from tracker.models import Evidence, EvidenceVersion, GoalVersion, Person

rounds = pytest.mark.parametrize("rounds", [10, pytest.param(100, marks=pytest.mark.drill)])
EDITABLE = {"question": ("title", "question", "success"), "text": ("text", "goal_ids")}


def two_callers(as_: Any, person: Person) -> list[httpx.Client]:
    """Return two programs of one person; each has a connection of its own."""
    first = as_(person, Scope.WRITE)
    second = httpx.Client(base_url=first.base_url, headers=first.headers, timeout=30)
    return [first, second]


def edit_at_once(callers: list[httpx.Client], path: str, field: str, rounds: int) -> list[str]:
    """Edit a record from both sides, again and again; returns the texts that were accepted."""
    accepted = []
    with ThreadPoolExecutor(2) as pool:
        for number in range(rounds):
            there = callers[0].get(path)
            body = {name: there.json()[name] for name in EDITABLE[field]}
            texts = [f"Ronde {number}, kant {side}" for side in range(2)]

            edits = [
                partial(
                    caller.put,
                    path,
                    json={**body, field: text},
                    headers={"If-Match": there.headers["ETag"]},
                )
                for caller, text in zip(callers, texts, strict=True)
            ]
            answers = list(pool.map(lambda edit: edit(), edits))
            assert sorted(answer.status_code for answer in answers) == [200, 412], number
            for side, answer in enumerate(answers):
                if answer.status_code == 200:
                    accepted.append(texts[side])
                else:
                    told = answer.json()
                    assert told["code"] == "changed_meanwhile"
                    assert told["sent"][field] == texts[side]
                    assert told["current"][field] == texts[1 - side]
    return accepted


@on_postgresql
@rounds
def test_of_two_edits_of_a_goal_at_once_the_second_hears_so_every_time(
    engine: sa.Engine, world: World, as_: Any, rounds: int
) -> None:
    path = f"/api/goals/{world.goal.id}"
    accepted = edit_at_once(two_callers(as_, world.student), path, "question", rounds)
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        versions = session.scalars(
            sa.select(GoalVersion.question)
            .where(GoalVersion.goal_id == world.goal.id)
            .order_by(GoalVersion.number)
        ).all()
    assert versions[1:] == accepted


@on_postgresql
@rounds
def test_of_two_edits_of_evidence_at_once_the_second_hears_so_every_time(
    engine: sa.Engine, world: World, as_: Any, rounds: int
) -> None:
    path = f"/api/evidence/{world.shared.id}"
    accepted = edit_at_once(two_callers(as_, world.student), path, "text", rounds)
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        versions = session.scalars(
            sa.select(EvidenceVersion.text)
            .where(EvidenceVersion.evidence_id == world.shared.id)
            .order_by(EvidenceVersion.number)
        ).all()
    assert versions[1:] == accepted


def test_one_piece_sent_ten_times_at_once_is_one_piece(
    engine: sa.Engine, world: World, as_: Any
) -> None:
    key = str(uuid4())
    caller = as_(world.student)
    body = {"text": "Tien keer.", "happened_on": str(world.on), "has_people": False}

    def send(_: int) -> httpx.Response:
        path = f"/api/plans/{world.plan.id}/evidence"
        answer: httpx.Response = caller.post(path, json=body, headers={"Idempotency-Key": key})
        return answer

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(send, range(10)))
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        pieces = sa.select(sa.func.count()).select_from(Evidence)
        assert session.scalar(pieces.where(Evidence.school_id == world.school.id)) == 3
    other = caller.post(
        f"/api/plans/{world.plan.id}/evidence",
        json={**body, "text": "Iets anders."},
        headers={"Idempotency-Key": key},
    )
    assert (other.status_code, other.json()["code"]) == (409, "evidence.key_used")
