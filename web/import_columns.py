"""Pages of the administrator: how a sheet was read, and reading it again as people say it is."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, current_app, flash, g, redirect, request, url_for
from flask_babel import gettext
from marshmallow import fields, validate
from werkzeug.wrappers import Response

from identity.access import allows
from importers import runs
from importers.door.rereading import read_again
from importers.models import ImportRun
from importers.sheet.columns import Means
from importers.sheet.mapping import LONGEST_NAME, PEOPLE
from importers.sheet.memory import mapping_of
from tracker.errors import Conflict, Invalid
from tracker.permissions import Action
from web.forms import CODES, Filled, Form, day, fill, words
from web.read_as import WITH_ITEM, columns_of, dialect_of
from web.run_page import run_page

blp = Blueprint("import_columns", __name__, url_prefix="/school/imports")
ANY = "any"  # whatever words stand there
# A whole number: its last digits count on.
EXAMPLE = re.compile(r"(?P<before>[^{}]*[^0-9{}]|)(?P<digits>[0-9]+)(?P<behind>[^0-9{}]*)")
FIELDS = {
    "mapping.person_pattern": "pattern",
    "mapping.date": "day",
    "mapping.people": "people",
    "source": "source",
    "header_row": "header_row",
}


class ColumnsForm(Form):
    """What is said of the sheet as a whole; what is said of a column stands beside it."""

    source = words(LONGEST_NAME, required=False)
    header_row = fields.Integer(load_default=None, error_messages=CODES)
    day = day(required=False)
    people = fields.String(
        load_default=None,
        validate=validate.OneOf(PEOPLE, error="not_a_choice"),
        error_messages=CODES,
    )
    pattern = words(45, required=False)
    snapshot = words(3, required=False)
    repeats = words(3, required=False)


@blp.post("/<uuid:run_id>/columns")
@allows(Action.RUN_IMPORT)
def say(run_id: UUID) -> Response | tuple[str, int]:
    """Have a sheet read again by what is said of its columns."""
    run = runs.find_run(g.session, run_id, person=g.person, on=g.today)
    filled = fill(ColumnsForm(), request.form)
    mapping = _mapping(run, filled)
    if filled.errors:
        return run_page(run, filled), 422
    try:
        read_again(
            g.session,
            by=g.person,
            run=run,
            store=current_app.extensions["store"],
            mapping=mapping,
            source=filled.data["source"],
            header_row=filled.data["header_row"],
            on=g.today,
            at=g.now,
        )
    except Conflict:
        flash(gettext("This file can no longer be read again. Send it once more."), "error")
    except Invalid as refusal:
        g.session.refresh(run)
        _refuse(filled, refusal, run)
        return run_page(run, filled), 422
    return redirect(url_for("school.import_run", run_id=run_id), 303)


def _mapping(run: ImportRun, filled: Filled) -> dict[str, Any]:
    """Return what the form says; of a column that it leaves as it was taken nothing is said."""
    said = mapping_of(run)
    columns = dict(said.get("columns", {}))
    keys: dict[Means, list[int]] = {Means.NUMBER: [], Means.EMAIL: []}
    for place, column in enumerate(columns_of(run)):
        header, was = column["header"], column["means"] or Means.UNUSED
        chosen = filled.values.get(f"means-{place}", was)
        if chosen not in {str(means) for means in Means}:
            filled.errors[f"means-{place}"] = "not_a_choice"
            continue
        if chosen in keys:
            keys[Means(chosen)].append(place)
        told: dict[str, Any] = {"means": chosen}
        if chosen in WITH_ITEM:
            told |= _item_and_scale(filled, place, column)
        if header in columns or _differs(told, column, str(was)):
            decimal = columns.get(header, {}).get("decimal")
            columns[header] = told | ({"decimal": decimal} if decimal else {})
    if len(keys[Means.NUMBER]) > 1:
        filled.errors[f"means-{keys[Means.NUMBER][1]}"] = "column.two_numbers"
    person = next(iter([*keys[Means.NUMBER], *keys[Means.EMAIL]]), None)
    headers = [column["header"] for column in columns_of(run)]
    mapping = {name: value for name, value in said.items() if name not in {"person", "date"}}
    mapping |= {
        "columns": columns,
        "person": None if person is None else headers[person],
        "date": _day(filled, said),
        "people": filled.data.get("people"),
        "person_pattern": _pattern(filled.data.get("pattern")),
        "snapshot": filled.data.get("snapshot") == "yes",
        "repeats": filled.data.get("repeats") == "yes",
    }
    if filled.data.get("header_row") not in {None, dialect_of(run).header_row}:
        # Other headers: what was said of the old ones holds no longer.
        mapping |= {"columns": {}, "person": None}
    return mapping


def _pattern(example: str | None) -> str | None:
    """Return the pattern of a number that was given as example: `S000701` gives `S{:06d}`."""
    match = EXAMPLE.fullmatch(example) if example else None
    if match is None:
        return example  # a pattern already, or something that is refused
    return f"{match['before']}{{:0{len(match['digits'])}d}}{match['behind']}"


def _day(filled: Filled, said: Mapping[str, Any]) -> str | None:
    """Return the day that holds for the whole sheet; a column of days is named by its meaning."""
    chosen: date | None = filled.data.get("day")
    if chosen is not None:
        return chosen.isoformat()
    named: str | None = said.get("date")
    return None if named is None or named[:4].isdigit() else named


def _item_and_scale(filled: Filled, place: int, column: Mapping[str, Any]) -> dict[str, Any]:
    item = filled.values.get(f"item-{place}", column["item"] or "")
    scale = filled.values.get(f"scale-{place}", column["scale"] or "")
    told: dict[str, Any] = {}
    if item:
        told["item"] = item
    if scale:
        told["scale"] = None if scale == ANY else scale
    return told


def _differs(told: Mapping[str, Any], column: Mapping[str, Any], was: str) -> bool:
    if told["means"] != was:
        return True
    if was not in WITH_ITEM:
        return False
    scale = ANY if "scale" in told and told["scale"] is None else told.get("scale")
    return bool(told.get("item") != column["item"] or scale != column["scale"])


def _refuse(filled: Filled, refusal: Invalid, run: ImportRun) -> None:
    """Take over what was refused, each at its own field."""
    places = {column["header"]: place for place, column in enumerate(columns_of(run))}
    for path, code in refusal.fields.items():
        _, _, rest = path.partition("mapping.columns.")
        header, _, name = rest.rpartition(".")
        field = f"{name}-{places[header]}" if header in places else FIELDS.get(path, "columns")
        filled.errors[field] = code
