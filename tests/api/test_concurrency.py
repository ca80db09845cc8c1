"""Two programs edit the same thing at once: the second hears so, and nothing is lost."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import sqlalchemy as sa

from tests.servers import on_postgresql
from tests.world import World
from tracker.db import unit_of_work
from tracker.models import Evidence

PAIRS = 20


@on_postgresql
def test_of_two_edits_of_evidence_at_once_the_second_hears_so_every_time(
    world: World, as_: Any
) -> None:
    student = as_(world.student)
    path = f"/api/evidence/{world.shared.id}"
    there = student.get(path)
    said = [there.json()["text"]]

    def save(text: str) -> httpx.Response:
        body = {"text": text, "goal_ids": there.json()["goal_ids"]}
        answer: httpx.Response = student.put(
            path, json=body, headers={"If-Match": there.headers["ETag"]}
        )
        return answer

    with ThreadPoolExecutor(2) as both:
        for pair in range(PAIRS):
            texts = (f"Links {pair}", f"Rechts {pair}")
            first, second = sorted(both.map(save, texts), key=lambda answer: answer.status_code)
            assert (first.status_code, second.status_code) == (200, 412)
            told = second.json()
            assert told["code"] == "changed_meanwhile"
            assert {told["sent"]["text"], told["current"]["text"]} == set(texts)
            there = first
            said.append(first.json()["text"])
    versions = student.get(f"{path}/versions").json()["items"]
    assert [version["text"] for version in reversed(versions)] == said


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
