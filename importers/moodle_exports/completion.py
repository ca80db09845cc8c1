"""The report of completed activities: a pair of columns for each, its state and since when.

The first header is empty (the name), and above a date stands when the activity is due, or nothing.
The JSON form repeats the key "" for these, so that names and dates are lost on the way out.
"""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from importers.issues import Refused, Severity
from importers.moodle_exports.export import Export
from importers.moodle_exports.layout import (
    Around,
    Form,
    Item,
    Layout,
    number_place,
    place_of,
    task_key,
    title_of,
    told_apart,
)
from importers.readers.cells import Line
from importers.readers.kept import Kept
from importers.readers.sample import Form as Shape
from importers.readers.sample import Sample
from importers.records import Op, Origin, Record, RecordKind, Standing
from importers.sheet.columns import Means
from importers.sheet.dates import read_moment
from importers.sheet.reading import key_of
from importers.source import FileKind, Opening, Source

KIND, JSON_KIND = "moodle_completion", "moodle_completion_json"
# How the words begin, in English and Dutch; behind them may stand a grade, or who set it.
DONE = ("completed", "voltooid")
OPEN = ("not completed", "niet voltooid", "not complete")
# Completed without passing: not complete, as Moodle's web services say too.
FAILED = ("did not achieve", "didn't achieve", "not achieved", "onvoldoende", "niet behaald")


def state_of(cell: str) -> bool | None:
    """Return whether a cell says that it is complete; None when it says neither."""
    text = " ".join(cell.casefold().split())
    if text.startswith(OPEN):
        return False
    if text.startswith(DONE):
        return not any(word in text for word in FAILED)
    return None


def lay_out(file: str, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> Layout:
    """Find who, and the pairs of columns; raises Refused."""
    first = _first_state(rows)
    if first is None:
        raise Refused("export.no_completion", file=file)
    number = number_place(headers[:first], file)
    width = max(len(headers), *map(len, rows))
    items, findings = told_apart(
        [
            Item(
                title=title_of(_at(headers, place)),
                place=place,
                date_place=place + 1,
                due_on=_due_on(_at(headers, place + 1)),
            )
            for place in range(first, width, 2)
            if _at(headers, place)
        ],
        file,
    )
    return Layout(
        number=number,
        email=place_of(headers[:first], Means.EMAIL),
        names=(0,),
        items=items,
        said=tuple(findings),
    )


def _first_state(rows: Sequence[Sequence[str]]) -> int | None:
    """Return the first column behind the name in which states stand."""
    places = (
        place
        for row in rows
        for place, cell in enumerate(row)
        if place and state_of(cell) is not None
    )
    return min(places, default=None)


def _at(cells: Sequence[str], place: int) -> str:
    return cells[place] if place < len(cells) else ""


def _due_on(header: str) -> str | None:
    day = read_moment(header, zone=ZoneInfo("UTC")).day if header else None
    return day.isoformat() if day else None


def tell(line: Line, layout: Layout, item: Item, around: Around) -> Record | None:
    """Return that it was completed and when, or that it is not (any more)."""
    own = Line(line.table, line.places, line.row, line.cells)
    cell = _at(own.cells, item.place).strip()
    if not cell:
        return None
    number = own.cells[layout.number].strip()
    facts: dict[str, Any] = {
        "kind": RecordKind.ACTIVITY,
        "ext_id": key_of(number, task_key(around, item)),
        "origin": Origin(around.file, own.row),
        "person": number,
        "target": task_key(around, item),
    }
    is_done = state_of(cell)
    if is_done is None:
        around.find(own, "export.state_unknown", item.place, value=cell)
    elif not is_done:
        return Record(op=Op.CLOSE, data={}, **facts)
    else:
        _date(own, item, around, facts)
    if own.is_bad:
        return own.set_aside(RecordKind.ACTIVITY, facts["ext_id"], Standing.BAD)
    data = {"what": "completion", "value": None, "text": None}
    return Record(data=data, findings=tuple(own.findings), **facts)


def _date(line: Line, item: Item, around: Around, facts: dict[str, Any]) -> None:
    """Read since when, in the school's time: the export says no zone."""
    place = item.date_place or 0
    text = _at(line.cells, place).strip()
    if not text:
        around.find(line, "value.missing", place)
        return
    on = around.at.astimezone(around.zone).date()
    read = read_moment(text, zone=around.zone, on=on)
    if read.code is not None:
        around.find(line, read.code, place, value=text)
    for code in read.warnings:
        around.find(line, code, place, value=text, severity=Severity.WARNING)
    facts |= {"occurred_at": read.at, "precision": read.precision}


def recognises(sample: Sample) -> bool:
    """Whether it is such a report: a first column without a name, and states behind it."""
    if sample.form is not Shape.TABLE or len(sample.headers) <= 1 or sample.headers[0]:
        return False
    rows = sample.rows[sample.dialect.header_row :]
    return _first_state(rows) is not None


def recognises_json(sample: Sample) -> bool:
    """Whether it is the same report as JSON: rows with a nameless key, and states."""
    row = sample.value
    while isinstance(row, list) and row:
        row = row[0]
    if sample.form is not Shape.JSON or not isinstance(row, dict) or "" not in row:
        return False
    return any(isinstance(one, str) and state_of(one) is not None for one in row.values())


def refuse_json(kept: Kept, opening: Opening) -> Source:
    """Refuse what no longer says who did what when; raises Refused."""
    del kept
    raise Refused("export.json", file=opening.file_name)


FORM = Form(signal=RecordKind.ACTIVITY, lay_out=lay_out, tell=tell)
FILE_KINDS = (
    FileKind(
        kind=KIND,
        recognises=recognises,
        open=lambda kept, opening: Export(kept, opening, FORM),
    ),
    FileKind(kind=JSON_KIND, recognises=recognises_json, open=refuse_json),
)
