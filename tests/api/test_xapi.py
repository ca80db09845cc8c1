"""Statements over HTTP: taken at once or refused as a whole, and read by the worker."""

import base64
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from flask import Flask

from importers.models import PushedStatement, RunState
from tests.api.conftest import As
from tests.api.pushing import Pusher, add_program, runs_of, signals, work
from tests.importers.test_xapi import LMS, statement
from tests.servers import NO_TLS
from tests.world import World
from tracker.db import unit_of_work

PATH = "/api/xapi/statements"


@pytest.fixture
def pusher(engine: sa.Engine, world: World) -> Pusher:
    return add_program(engine, world, kind="xapi", name="Vaardiglab")


@pytest.fixture
def program(live_server: str, pusher: Pusher) -> Any:
    """Call as a program does: with a name and a password."""
    login = base64.b64encode(f"lms:{pusher[1]}".encode()).decode()
    headers = {"Authorization": f"Basic {login}", "X-Experience-API-Version": "1.0.3"}
    with httpx.Client(base_url=live_server, headers=headers, timeout=30, verify=NO_TLS) as client:
        yield client


def test_what_a_program_sends_is_answered_at_once_and_read_by_the_worker(
    app: Flask, world: World, program: httpx.Client, pusher: Pusher
) -> None:
    answer = program.post(PATH, json=[statement(1), statement(2, "experienced")])
    assert (answer.status_code, answer.json()) == (200, [statement(1)["id"], statement(2)["id"]])
    assert answer.headers["X-Experience-API-Version"] == "1.0.3"
    without = statement(3, "experienced")
    del without["id"]
    given = program.post(PATH, json=without)
    assert given.status_code == 200
    assert len(given.json()) == 1
    (run,) = work(app, world)
    assert run.state is RunState.APPLIED
    assert signals(app, world, pusher[0]) == [("completion", None), ("visit", 2.0)]
    with unit_of_work(app.extensions["engine"], school_id=world.school.id) as session:
        assert session.scalars(sa.select(PushedStatement)).all() == []
    assert program.post(PATH, json=[statement(1), statement(2, "experienced")]).status_code == 200
    assert len(runs_of(app.extensions["engine"], world)) == 1


def test_an_id_of_another_statement_is_409_and_nothing_of_that_post_is_taken(
    app: Flask, world: World, program: httpx.Client
) -> None:
    assert program.post(PATH, json=statement(1)).status_code == 200
    for _ in range(2):  # while it waits, and once it was taken in
        answer = program.post(PATH, json=[statement(5), statement(1, "passed")])
        assert (answer.status_code, answer.json()["code"]) == (409, "xapi.conflict")
        work(app, world)
    assert program.post(PATH, json=[statement(5, "failed")]).status_code == 200


@pytest.mark.parametrize(
    ("wrong", "place", "code"),
    [
        ({"id": "NOT-A-UUID"}, "1.id", "xapi.bad_id"),
        ({"actor": {"mbox": "s1@school.example"}}, "1.actor.mbox", "xapi.mbox"),
        ({"result": {"score": {"scaled": 1.2}}}, "1.result.score.scaled", "xapi.score"),
        ({"timestamp": "2026-11-02T10:00:00"}, "1.timestamp", "xapi.time_zone"),
        ({"verb": {}}, "1.verb.id", "xapi.missing"),
        ({"surprise": 1}, "1.surprise", "xapi.unknown"),
    ],
)
def test_a_statement_that_is_none_refuses_the_whole_post(
    program: httpx.Client,
    app: Flask,
    world: World,
    wrong: dict[str, Any],
    place: str,
    code: str,
) -> None:
    answer = program.post(PATH, json=[statement(1), statement(2) | wrong])
    assert answer.status_code == 400
    assert answer.json()["code"] == "xapi.invalid"
    assert answer.json()["errors"] == {place: [code]}
    assert runs_of(app.extensions["engine"], world) == []


def test_only_the_program_of_a_source_may_send(
    world: World, as_: As, stranger: httpx.Client, program: httpx.Client
) -> None:
    assert stranger.post(PATH, json=statement(1)).status_code == 401
    for person in (world.student, world.coach, world.administrator):
        assert as_(person).post(PATH, json=statement(1)).status_code == 403
    for path in ("/api/plans", "/api/overview", "/api/imports"):
        assert program.get(path).status_code in {401, 403}


def test_a_program_may_choose_the_id_itself(program: httpx.Client) -> None:
    one = statement(1)
    path = f"{PATH}?statementId={one['id']}"
    assert program.put(path, json={**one, "id": None} | {"id": one["id"]}).status_code == 204
    assert program.put(path, json=one).status_code == 204
    assert program.put(path, json=statement(1, "passed")).status_code == 409
    assert program.put(path, json=statement(2)).status_code == 400


def test_many_small_posts_share_a_run(app: Flask, world: World, program: httpx.Client) -> None:
    odd = {"id": f"{LMS}/cm/1", "definition": {"name": {"nl": "a\0b"}}}  # no database holds it
    assert program.post(PATH, json=statement(21, object=odd)).status_code == 200
    for number in range(1, 21):
        assert program.post(PATH, json=statement(number, "experienced")).status_code == 200
    assert len(runs_of(app.extensions["engine"], world)) == 1
    work(app, world)
    assert program.post(PATH, json=statement(30)).status_code == 200
    assert len(runs_of(app.extensions["engine"], world)) == 2


def test_a_bsn_in_a_statement_is_kept_nowhere(
    app: Flask, world: World, program: httpx.Client
) -> None:
    about = {"id": f"{LMS}/cm/17", "definition": {"name": {"nl": "Toets van 123456782"}}}
    who = {"account": {"homePage": LMS, "name": "123456782"}}
    sent = [statement(1, object=about), statement(2, "passed", who)]
    assert program.post(PATH, json=sent).status_code == 200
    (run,) = work(app, world)
    assert run.counts["activity"]["quarantined"] == 1
    with app.extensions["engine"].connect() as connection:
        for table in ("import_row", "activity_item", "import_issue", "parked_person"):
            rows = connection.execute(sa.text(f"SELECT * FROM {table}")).all()  # noqa: S608 - our own
            assert "123456782" not in repr(rows), table
