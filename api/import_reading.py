"""How a file was read, what a preview would change, and taking a kept table otherwise."""

from dataclasses import asdict
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from flask import current_app, g
from marshmallow import fields

from api.blueprint import Blueprint
from api.fields import Choice, Contract, Day, Flag, Text, Whole
from api.runs import RunSchema, shown
from identity.access import allows
from importers import runs
from importers.door.otherwise import kinds_of, look_otherwise, may_be_another, take_otherwise
from importers.door.rereading import is_correctable
from importers.engine.changes import changes_of
from importers.models import ImportRun, RunState
from importers.readers.dialect import Dialect
from importers.repair.cells import count_waits
from importers.repair.quarantine import count_bad, count_elsewhere
from importers.repair.waiting import count_waiting
from importers.sheet.columns import Means
from importers.sheet.memory import UNDERSTOOD, mapping_of
from tracker.errors import Conflict
from tracker.permissions import Action

blp = Blueprint("import-reading", about="Imports: how a file was read, and what would change")
MOST_CHANGES = 100
MOST = 2**31


class Sign(StrEnum):
    """What stands between the columns of a table, in words: a tab is hard to see."""

    SEMICOLON = "semicolon"
    COMMA = "comma"
    TAB = "tab"
    BAR = "bar"


SIGNS = {Sign.SEMICOLON: ";", Sign.COMMA: ",", Sign.TAB: "\t", Sign.BAR: "|"}
NAMES = {sign: name for name, sign in SIGNS.items()}


class ReadColumnSchema(Contract):
    """What a column of a sheet was taken for."""

    header = Text(longest=200, about="Its name in the file", example="Kenmerk")
    means = Choice(Means, allow_none=True, about="What it tells", example="number")
    item = Text(longest=2000, allow_none=True, about="What it is about", example="Toets 1")
    scale = Text(longest=64, allow_none=True, about="On which scale", example="1-10")


class ReadingQuery(Contract):
    """By which sign the table is taken apart."""

    sign = Choice(
        Sign, load_default=None, about="Look how it would be with this sign", example="semicolon"
    )


class ReadingSchema(Contract):
    """How the file of an import was read; the first rows as they stand."""

    kind = Text(longest=64, allow_none=True, about="What it was taken for", example="sheet")
    may_be = fields.List(
        fields.String(),
        metadata={
            "description": "The kinds it may be, the likeliest first; see `taken-as`",
            "example": ["moodle-grades", "sheet"],
        },
    )
    can_be_taken_otherwise = Flag(about="Whether `taken-as` is possible now", example=True)
    can_be_read_again = Flag(about="Whether `columns` is possible now", example=True)
    sign = Choice(Sign, allow_none=True, about="What stands between columns", example="comma")
    encoding = Text(longest=40, allow_none=True, about="How letters are written", example="utf-8")
    header_row = Whole(
        least=0, most=MOST, allow_none=True, about="The row with names, from 1", example=1
    )
    sheet = Text(longest=200, allow_none=True, about="Of a workbook: the sheet", example=None)
    rows = fields.List(
        fields.List(fields.String()),
        metadata={"description": "The first rows", "example": [["Kenmerk", "Toets 1"]]},
    )
    columns = fields.List(fields.Nested(ReadColumnSchema))
    day = Day(allow_none=True, about="The day that holds for the whole sheet", example=None)
    mapping = fields.Dict(
        metadata={
            "description": "What was said of the columns; send it on to `columns`, changed",
            "example": {"columns": {"Kenmerk": {"means": "number"}}},
        }
    )


class TakenAsSchema(Contract):
    """What a table is, and what stands between its columns."""

    kind = Text(longest=64, required=True, about="One of `may_be`", example="sheet")
    sign = Choice(
        Sign,
        load_default=None,
        allow_none=True,
        about="What stands between columns; else it stays",
        example="semicolon",
    )


class ChangeSchema(Contract):
    """One field of one record."""

    kind = Text(longest=64, about="Of what", example="person")
    subject = Text(longest=2000, about="Of whom or which", example="Noor Bakker")
    field = Text(longest=64, about="Which field", example="name")
    was = Text(longest=2000, allow_none=True, about="What it is now", example="N. Bakker")
    becomes = Text(longest=2000, allow_none=True, about="What it becomes", example="Noor Bakker")
    file = Text(longest=200, allow_none=True, about="In which file", example="users.csv")
    row = Whole(least=1, most=MOST, allow_none=True, about="In which row", example=14)


class PreviewSchema(Contract):
    """What applying an import would change, and which of its rows wait for somebody."""

    changes = fields.List(fields.Nested(ChangeSchema))
    must_confirm = Flag(
        about="Whether so much would close that `apply` needs `confirm_closing`", example=False
    )
    bad = Whole(least=0, most=MOST, about="Rows to repair; see `bad-rows`", example=1)
    bad_elsewhere = Whole(
        least=0, most=MOST, about="Bad rows that are repaired where they come from", example=0
    )
    waiting = Whole(least=0, most=MOST, about="Rows that `retry` would take up", example=0)
    waits_for = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        metadata={"description": "What rows wait for", "example": {"people": 2, "repair": 1}},
    )


@blp.get("/imports/<uuid:run_id>/reading")
@allows(Action.SEE_IMPORTS)
@blp.arguments(ReadingQuery, location="query")
@blp.response(200, ReadingSchema)
@blp.alt_response(409, description="It cannot be taken apart otherwise any more")
def get_reading(query: dict[str, Any], run_id: UUID) -> dict[str, Any]:
    """Show how a file was read: its kind, its form, its first rows and its columns.

    With a `sign`, how its first rows would be with that sign; nothing changes.
    """
    run = runs.find_run(g.session, run_id, person=g.person, on=g.today)
    return _reading(run, query["sign"])


@blp.post("/imports/<uuid:run_id>/taken-as")
@allows(Action.RUN_IMPORT)
@blp.arguments(TakenAsSchema)
@blp.response(202, RunSchema)
@blp.alt_response(409, description="It is no preview of a kept table")
def take_import_as(body: dict[str, Any], run_id: UUID) -> dict[str, Any]:
    """Say that a table is of another kind, or parted by another sign, and have it read again.

    The file need not be sent again; what was said of its columns holds no longer. A new preview
    is made, and nothing changes until it is applied.
    """
    run = runs.find_run(g.session, run_id, person=g.person, on=g.today)
    store = current_app.extensions["store"]
    take_otherwise(
        g.session,
        by=g.person,
        run=run,
        store=store,
        kind=body["kind"],
        delimiter=SIGNS.get(body["sign"]),
        on=g.today,
        at=g.now,
    )
    return shown(run)


@blp.get("/imports/<uuid:run_id>/preview")
@allows(Action.SEE_IMPORTS)
@blp.response(200, PreviewSchema)
def get_preview(run_id: UUID) -> dict[str, Any]:
    """Show what applying an import would change: the first hundred fields.

    And which of its rows wait for somebody, also once it is applied.
    """
    run = runs.find_run(g.session, run_id, person=g.person, on=g.today)
    return {
        "changes": [asdict(one) for one in changes_of(g.session, run, limit=MOST_CHANGES)],
        "must_confirm": runs.needs_confirmation(g.session, run),
        "bad": count_bad(g.session, run),
        "bad_elsewhere": count_elsewhere(g.session, run),
        "waiting": count_waiting(g.session, run),
        "waits_for": count_waits(g.session, run),
    }


def _reading(run: ImportRun, sign: Sign | None) -> dict[str, Any]:
    can_be_other = may_be_another(run)
    if sign is not None and not can_be_other:
        raise Conflict("import.not_correctable")
    tables = (run.sample or {}).get("tables", [])
    table = tables[0] if len(tables) == 1 else {"rows": []}
    written = run.layout.get("dialect", {}).get(run.file_name)
    dialect = Dialect.of(written) if written else None
    rows, kinds = table["rows"], []
    if can_be_other:
        delimiter = SIGNS[sign] if sign and dialect and not dialect.is_xlsx else None
        sample = look_otherwise(run, current_app.extensions["store"], delimiter)
        rows, kinds, dialect = sample.rows, kinds_of(sample), sample.dialect
    is_looked_at = run.state in {RunState.PREVIEWED, RunState.REFUSED}
    understood = run.layout.get(UNDERSTOOD, {}) if is_looked_at and sign is None else {}
    is_text = dialect is not None and not dialect.is_xlsx
    return {
        "kind": run.kind,
        "may_be": kinds,
        "can_be_taken_otherwise": can_be_other,
        "can_be_read_again": is_correctable(run),
        "sign": NAMES.get(dialect.delimiter) if dialect and is_text else None,
        "encoding": dialect.encoding if dialect and is_text else None,
        "header_row": dialect.header_row if dialect else None,
        "sheet": dialect.sheet if dialect else None,
        "rows": rows if is_looked_at else [],
        "columns": [_column(one) for one in understood.get("columns", [])],
        "day": _day(understood.get("day")),
        "mapping": mapping_of(run),
    }


def _column(told: dict[str, Any]) -> dict[str, Any]:
    means = told["means"]
    return {**told, "means": Means(means) if means else None}


def _day(told: str | None) -> date | None:
    return date.fromisoformat(told) if told else None
