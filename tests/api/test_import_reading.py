"""How a file was read and what it would change, over HTTP; and taking it otherwise."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask

from importers.jobs import run_import
from importers.records import Op, RecordKind
from tests.importers.importing import importing_in
from tests.importers.telling import Telling, tell
from tests.world import World

SHEET = b"Kenmerk;Toets, verband\r\nS900009;7\r\nS900010;6\r\n"
LIST = b"crebo;code;soort;kerntaak;titel\r\n25655;B1-K1;kerntaak;B1-K1;Bieden van zorg\r\n"


def send(caller: Any, body: bytes) -> str:
    sent = caller.post("/api/imports", files=[("files", ("toets.csv", body, "text/csv"))])
    assert sent.status_code == 201, sent.text
    return str(sent.headers["Location"])


def test_how_a_sheet_was_read_is_told_and_how_it_would_be_by_another_sign(
    world: World, as_: Any, counts: Any
) -> None:
    caller = as_(world.administrator)
    where = send(caller, SHEET)
    read = caller.get(f"{where}/reading").json()
    assert (read["kind"], read["sign"], read["header_row"]) == ("sheet", "semicolon", 1)
    assert read["rows"][1] == ["S900009", "7"]
    assert [one["header"] for one in read["columns"]] == ["Kenmerk", "Toets, verband"]
    assert (read["can_be_read_again"], read["can_be_taken_otherwise"]) == (True, True)
    before = counts()
    other = caller.get(f"{where}/reading?sign=comma").json()
    assert (other["sign"], other["rows"][1]) == ("comma", ["S900009;7"])
    assert caller.get(f"{where}/reading?sign=x").json()["errors"] == {"sign": ["not_a_choice"]}
    assert counts() == before


def test_a_kept_table_is_taken_as_another_kind(app: Flask, world: World, as_: Any) -> None:
    caller = as_(world.administrator)
    where = send(caller, LIST)
    address = f"{where}/taken-as"
    assert caller.post(address, json={"kind": "sheet"}).json()["code"] == "import.not_correctable"
    with app.app_context():
        run_import(school_id=str(world.school.id), run_id=where.rsplit("/", 1)[-1])
    assert caller.get(where).json()["kind"] == "kwalificaties"
    may_be = caller.get(f"{where}/reading").json()["may_be"]
    assert may_be == ["kwalificaties", "sheet"]
    wrong = caller.post(address, json={"kind": "duo"})
    assert wrong.json()["errors"] == {"kind": ["kind.cannot_be"]}
    taken = caller.post(address, json={"kind": "sheet"})
    assert (taken.status_code, taken.json()["kind"]) == (202, "sheet")
    for person in (world.coach, world.elsewhere):
        assert as_(person).post(address, json={"kind": "sheet"}).status_code in {403, 404}


def test_a_preview_tells_what_would_change(app: Flask, world: World, as_: Any) -> None:
    caller = as_(world.administrator)
    where = send(caller, LIST)
    with app.app_context():
        run_import(school_id=str(world.school.id), run_id=where.rsplit("/", 1)[-1])
    told = caller.get(f"{where}/preview").json()
    assert (told["must_confirm"], told["bad"], told["waiting"]) == (False, 0, 0)
    assert caller.get(where).json()["counts"]["new"] + len(told["changes"]) > 0
    for person in (world.coach, world.elsewhere):
        for part in ("preview", "reading"):
            assert as_(person).get(f"{where}/{part}").status_code in {403, 404}


def test_rows_that_waited_for_somebody_are_taken_up(
    engine: sa.Engine,
    world: World,
    as_: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Telling(importing_in(engine, world.school, tmp_path), monkeypatch).run(
        tell(
            RecordKind.PERSON,
            "m1",
            match_key="S8",
            number="S8",
            op=Op.LINK,
            name="Onbekend",
            email=None,
        )
    )
    caller = as_(world.administrator)
    (one,) = caller.get("/api/parked-people").json()["items"]
    people = f"/api/parked-people/{one['id']}/people"
    assert caller.get(people).json() == {"items": []}
    (found,) = caller.get(f"{people}?words=Sanne").json()["items"]
    assert (found["id"], found["number"]) == (str(world.student.id), world.student.number)
    address, body = "/api/parked-people/take-up", {"source_id": one["source_id"]}
    decided = {"person_id": str(world.student.id)}
    assert caller.put(f"/api/parked-people/{one['id']}/decision", json=decided).status_code == 200
    (source,) = (
        row for row in caller.get("/api/sources").json()["items"] if row["id"] == one["source_id"]
    )
    assert source["rows_ready"] == 1
    taken = caller.post(address, json=body)
    assert (taken.status_code, len(taken.json()["items"])) == (201, 1)
    assert taken.json()["items"][0]["repair_of"] is not None
    assert caller.post(address, json={"source_id": str(uuid4())}).status_code == 404
    assert as_(world.coach).post(address, json=body).status_code == 403
