"""Imports over HTTP: send a file, look at the preview, apply that very preview."""

import json
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask

from importers.jobs import run_import
from tests.world import World
from tracker.models import Framework, FrameworkItem

LIST = (
    "\ufeffcrebo;code;soort;kerntaak;titel\r\n"
    "25655;B1-K1;kerntaak;B1-K1;Bieden van zorg\r\n"
    "25655;B1-K1-W1;werkproces;B1-K1;Ondersteunt bij verzorging\r\n"
    "25655;B1-K1-W2;onzin;B1-K1;Van een onbekende soort\r\n"
).encode()


def send(caller: Any, body: bytes = LIST, name: str = "lijst.csv", **options: str) -> Any:
    return caller.post("/api/imports", data=options, files=[("files", (name, body, "text/csv"))])


@pytest.fixture
def work(app: Flask, world: World) -> Any:
    """Do what the worker does for a run."""

    def do(run: str) -> None:
        with app.app_context():
            run_import(school_id=str(world.school.id), run_id=run)

    return do


def test_a_file_is_previewed_and_then_applied_as_it_was_seen(
    world: World, as_: Any, work: Any, superuser_engine: sa.Engine
) -> None:
    caller = as_(world.administrator)
    sent = send(caller, edition="2026", title="Verzorgende IG")
    assert sent.status_code == 201, sent.text
    assert sent.json()["state"] == "waiting"
    work(sent.json()["run"])

    preview = caller.get(sent.headers["Location"]).json()
    assert (preview["state"], preview["kind"]) == ("previewed", "kwalificaties")
    assert preview["counts"]["new"] == 3
    assert preview["counts"]["quarantined"] == 1
    issue = preview["issues"][0]
    assert (issue["row"], issue["column"], issue["severity"]) == (4, "soort", "error")
    assert issue["message"]
    assert _count(superuser_engine, FrameworkItem) == len(world.items)

    address = f"{sent.headers['Location']}/apply"
    applied = caller.post(address, json={"digest": preview["digest"]})
    assert (applied.status_code, applied.json()["state"]) == (202, "applying")
    work(sent.json()["run"])
    done = caller.get(sent.headers["Location"]).json()
    assert done["state"] == "applied"
    assert _count(superuser_engine, FrameworkItem) == len(world.items) + 2
    assert _count(superuser_engine, Framework) == 2

    listed = caller.get("/api/imports").json()["items"]
    assert [(row["run"], row["state"], row["file_name"]) for row in listed] == [
        (done["run"], "applied", "lijst.csv")
    ]


def _count(engine: sa.Engine, model: Any) -> int:
    with engine.connect() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(model)) or 0


def test_another_preview_than_was_seen_is_not_applied(
    world: World, as_: Any, work: Any, counts: Any
) -> None:
    caller = as_(world.administrator)
    sent = send(caller)
    early = caller.post(f"{sent.headers['Location']}/apply", json={"digest": "a" * 64})
    assert (early.status_code, early.json()["code"]) == (409, "import.not_previewed")
    work(sent.json()["run"])
    before = counts()
    other = caller.post(f"{sent.headers['Location']}/apply", json={"digest": "a" * 64})
    assert (other.status_code, other.json()["code"]) == (409, "import.other_preview")
    assert counts() == before


def test_a_preview_is_thrown_away_once(world: World, as_: Any, work: Any) -> None:
    caller = as_(world.administrator)
    sent = send(caller)
    work(sent.json()["run"])
    gone = caller.delete(sent.headers["Location"])
    assert (gone.status_code, gone.content) == (204, b"")
    assert caller.get(sent.headers["Location"]).json()["state"] == "discarded"
    again = caller.delete(sent.headers["Location"])
    assert (again.status_code, again.json()["code"]) == (409, "import.not_previewed")


def test_a_file_that_cannot_be_used_is_refused_at_once_with_the_reason(
    world: World, as_: Any
) -> None:
    for body, name in [
        (b"PK\x03\x04broken", "bundel.zip"),
        (b"hallo", "brief.csv"),
        (b"", "x.csv"),
    ]:
        answer = send(as_(world.administrator), body, name)
        assert answer.status_code == 201, answer.text
        assert answer.json()["state"] == "refused", name
        assert answer.json()["issues"][0]["message"], name


def test_a_wrong_upload_is_refused_and_leaves_no_run(world: World, as_: Any, counts: Any) -> None:
    caller, before = as_(world.administrator), counts()
    none = caller.post("/api/imports", files=[("file", ("a.csv", LIST))])
    assert none.json()["errors"] == {"file": ["unknown_field"]}
    two = caller.post(
        "/api/imports", files=[("files", ("a.csv", LIST)), ("files", ("b.csv", LIST))]
    )
    assert two.json()["errors"] == {"files": ["files.too_many"]}
    assert send(caller, kind="magic").json()["errors"] == {"kind": ["kind.unknown"]}
    assert send(caller, level="9").json()["errors"] == {"level": ["level.unknown"]}
    assert send(caller, school_id=str(uuid4())).json()["errors"] == {"school_id": ["unknown_field"]}
    as_json = caller.post("/api/imports", json={"files": []})
    assert (as_json.status_code, as_json.json()["code"]) == (415, "wrong_content_type")
    assert counts() == before


def test_only_an_administrator_of_the_school_imports(
    world: World, as_: Any, work: Any, counts: Any
) -> None:
    sent = send(as_(world.administrator))
    work(sent.json()["run"])
    run, before = sent.headers["Location"], counts()
    for person in (world.coach, world.student, world.supervisor, world.elsewhere):
        caller = as_(person)
        assert caller.get("/api/imports").status_code == 403
        assert send(caller).status_code == 403
        unknown = caller.get(f"/api/imports/{uuid4()}")
        assert (unknown.status_code, unknown.content) == (404, caller.get(run).content)
        assert caller.post(f"{run}/apply", json={"digest": "a"}).status_code == 404
        assert caller.delete(run).status_code == 404
    assert counts() == before


def test_bad_rows_are_downloaded_repaired_and_thrown_away(
    world: World, as_: Any, work: Any, counts: Any
) -> None:
    caller = as_(world.administrator)
    sent = send(caller)
    run, address = sent.json()["run"], sent.headers["Location"]
    work(run)
    digest = caller.get(address).json()["digest"]
    assert caller.delete(f"{address}/bad-rows").json()["code"] == "import.not_applied"
    caller.post(f"{address}/apply", json={"digest": digest})
    work(run)

    back = caller.get(f"{address}/bad-rows")
    assert (back.status_code, back.headers["Content-Type"]) == (200, "application/octet-stream")
    assert "lijst-foute-rijen.csv" in back.headers["Content-Disposition"]
    assert caller.post(f"{address}/retry").json()["code"] == "import.nothing_waits"
    assert caller.post(f"{address}/cancel").json()["code"] == "import.not_going_on"
    repaired = send(caller, back.content.replace(b"onzin", b"werkproces"), repair_of=run)
    assert repaired.status_code == 201, repaired.text
    work(repaired.json()["run"])
    preview = caller.get(repaired.headers["Location"]).json()
    assert (preview["counts"]["new"], preview["counts"]["closed"]) == (1, 0)
    assert preview["counts"]["quarantined"] == 0

    assert caller.delete(f"{address}/bad-rows").status_code == 204
    work(run)
    assert caller.get(f"{address}/bad-rows").json()["code"] == "import.nothing_bad"
    source = caller.get("/api/imports?source=" + str(uuid4())).json()
    assert source["items"] == []
    before = counts()
    other = as_(world.coach)
    for method, step in (("get", "bad-rows"), ("post", "retry"), ("delete", "bad-rows")):
        assert getattr(other, method)(f"{address}/{step}").status_code == 404
    assert counts() == before


SHEET = b"Wie;Cijfer;Datum\r\nS1;7,5;2-11-2026\r\n"
MAPPING = {"columns": {"Wie": {"means": "number"}}}


def test_what_columns_mean_is_said_with_the_file_or_later(
    world: World, as_: Any, work: Any, counts: Any
) -> None:
    caller = as_(world.administrator)
    refused = send(caller, SHEET, "cijfers.csv")
    assert refused.json()["state"] == "refused"
    address = refused.headers["Location"]
    body = {"mapping": MAPPING, "source": "Toetsweek", "header_row": 1}
    again = caller.post(f"{address}/columns", json=body)
    assert (again.status_code, again.json()["state"]) == (202, "waiting")
    work(again.json()["run"])
    later = caller.get(address).json()
    assert (later["state"], later["by_kind"]["lesson_task"]["new"]) == ("previewed", 1)

    at_once = send(caller, SHEET, "cijfers.csv", mapping=json.dumps(MAPPING), source="Toetsweek")
    assert at_once.json()["state"] == "waiting", at_once.text
    work(at_once.json()["run"])
    found = caller.get(at_once.headers["Location"]).json()
    assert found["by_kind"] == later["by_kind"]

    before = counts()
    for wrong, errors in (
        ({"mapping": {"colums": {}}}, {"mapping.colums": ["mapping.unknown_field"]}),
        ({"mapping": "Wie"}, {"mapping": ["not_an_object"]}),
        ({"mapping": {}, "header_row": 7}, {"header_row": ["header.not_there"]}),
        ({}, {"mapping": ["required"]}),
        ({"mapping": {"person": "a\0"}}, {"mapping.person": ["mapping.no_name"]}),
    ):
        answer = caller.post(f"{address}/columns", json=wrong)
        assert (answer.status_code, answer.json()["errors"]) == (422, errors)
    assert send(caller, SHEET, "cijfers.csv", mapping="{").json()["code"] == "bad_json"
    listed = send(caller, SHEET, "cijfers.csv", mapping="[1]")
    assert listed.json()["errors"] == {"mapping": ["mapping.form"]}
    assert as_(world.coach).post(f"{address}/columns", json=body).status_code == 404
    assert counts() == before

    assert caller.delete(address).status_code == 204
    gone = caller.post(f"{address}/columns", json=body)
    assert (gone.status_code, gone.json()["code"]) == (409, "import.not_correctable")
