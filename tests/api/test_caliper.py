"""Caliper envelopes over HTTP: taken at once, read by the worker, shown among the systems."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from flask import Flask

from importers.models import ImportIssue, PushedStatement, RunState
from tests.api.conftest import As
from tests.api.pushing import Pusher, add_program, runs_of, signals, work
from tests.importers.test_caliper import event, graded, learner
from tests.servers import NO_TLS
from tests.visits import Visit
from tests.world import World
from tracker.db import unit_of_work

PATH = "/api/caliper/events"
JSON = {"Content-Type": "application/json"}
V1P1, V1P2 = (f"http://purl.imsglobal.org/ctx/caliper/v1p{one}" for one in (1, 2))


def envelope(*data: Any, **parts: Any) -> dict[str, Any]:
    """Return an envelope of these events."""
    return {
        "sensor": "https://lms.example/sensors/1",
        "sendTime": "2026-11-02T10:00:05.000Z",
        "dataVersion": V1P2,
        "data": list(data),
        **parts,
    }


@pytest.fixture
def pusher(engine: sa.Engine, world: World) -> Pusher:
    return add_program(engine, world, kind="caliper", name="Toetsen")


@pytest.fixture
def program(live_server: str, pusher: Pusher) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {pusher[1]}"}
    with httpx.Client(base_url=live_server, headers=headers, timeout=30, verify=NO_TLS) as client:
        yield client


def issues(app: Flask, world: World) -> list[tuple[str, str | None, str | None]]:
    with unit_of_work(app.extensions["engine"], school_id=world.school.id) as session:
        found = session.scalars(sa.select(ImportIssue).order_by(ImportIssue.code))
        return [(one.code, one.value, one.detail) for one in found]


def test_what_an_lms_sends_is_answered_at_once_and_read_by_the_worker(
    app: Flask, world: World, program: httpx.Client, pusher: Pusher
) -> None:
    sources = Visit(app, world.administrator)
    assert "nog niets ontvangen" in sources.get("/school/sources")
    good = [event(1), event(2, "ToolUseEvent", "Used"), event(3, "AssessmentEvent", "Submitted")]
    others = [learner("S9"), event(5, "SessionEvent", "LoggedIn"), event(6, eventTime=None), "x"]
    answer = program.post(PATH, json=envelope(*good, graded(4), *others))
    assert (answer.status_code, answer.json()) == (201, {"received": 8})
    # Sent again, in an envelope of 1.1 that also says something else under an id of before.
    again = envelope(event(1), event(1), graded(4, 9), dataVersion=V1P1)
    assert program.post(PATH, json=again).json() == {"received": 3}
    assert program.post(PATH, json=again).status_code == 201
    assert "9 wachten op lezen" in sources.get("/school/sources")
    (run,) = work(app, world)
    assert (run.kind, run.state) == ("caliper", RunState.APPLIED)
    told = [("completion", None), ("result", 8.0), ("visit", 2.0)]
    assert signals(app, world, pusher[0]) == told
    told_of = [
        ("caliper.conflict", "00000000-0000-4000-8000-000000000004", None),
        ("caliper.entity", None, "1"),
        ("caliper.form", None, None),
        ("caliper.time", None, None),
        ("caliper.unused", "SessionEvent", "1"),
    ]
    assert issues(app, world) == told_of
    page = sources.get("/school/sources")
    assert "3 apart gezet" in page
    assert "laatst ontvangen" in page
    engine = app.extensions["engine"]
    with unit_of_work(engine, school_id=world.school.id) as session:
        assert session.scalars(sa.select(PushedStatement)).all() == []
    # What was taken in makes no new run; another content of a known id does, to be told of.
    assert program.post(PATH, json=envelope(*good, graded(4))).status_code == 201
    assert len(runs_of(engine, world)) == 1
    assert program.post(PATH, json=envelope(event(1, eventTime="2026-11-03T10:00:00Z"))).is_success
    assert len(work(app, world)) == 2
    assert signals(app, world, pusher[0]) == told
    assert [code for code, _, _ in issues(app, world)].count("caliper.conflict") == 2


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ([], {"body": ["not_an_object"]}),
        ({}, {name: ["required"] for name in envelope()}),
        (envelope(data={}), {"data": ["not_a_list"]}),
        (envelope(dataVersion="http://purl.imsglobal.org/ctx/caliper/v1"),
         {"dataVersion": ["not_a_choice"]}),
        (envelope(dataVersion=[V1P2]), {"dataVersion": ["not_a_choice"]}),
        (envelope(sendTime="gisteren", sensor=""),
         {"sensor": ["not_text"], "sendTime": ["not_a_moment"]}),
    ],
)  # fmt: skip
def test_what_is_no_envelope_is_refused_as_a_whole(
    program: httpx.Client, body: Any, errors: dict[str, list[str]]
) -> None:
    answer = program.post(PATH, json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "caliper.invalid")
    assert answer.json()["errors"] == errors


def test_no_envelope_is_too_odd_to_be_answered(
    app: Flask, world: World, program: httpx.Client, as_: As, stranger: httpx.Client
) -> None:
    odd: list[Any] = [
        None,
        3,
        "\u0000",
        [],
        {},
        {"type": "\u0000Event"},
        {"type": ["Event"]},
        {"type": "X"},
    ]
    odd += [event(1, id="\u0000" * 99), event(2, object={"id": "\ud83d"}), graded(3, 10**30)]
    odd += [event(4, actor={"id": "x" * 9999, "name": "\u0000"}), event(5, "é" * 999 + "Event")]
    answer = program.post(PATH, content=json.dumps(envelope(*odd)), headers=JSON)
    assert (answer.status_code, answer.json()["received"]) == (201, len(odd))
    assert program.post(PATH, json=envelope()).status_code == 201
    assert program.post(PATH, json=envelope(*[event(1)] * 1001)).status_code == 413
    assert program.post(PATH, content=b"{").json()["code"] == "wrong_content_type"
    broken = program.post(PATH, content=b"{", headers=JSON)
    assert broken.json()["code"] == "bad_json"
    (run,) = work(app, world)
    assert run.state is RunState.APPLIED
    assert stranger.post(PATH, json=envelope()).status_code == 401
    assert as_(world.administrator).post(PATH, json=envelope()).status_code == 403
    # One program sends one kind.
    assert program.post("/api/xapi/statements", json=[]).status_code == 403
