"""The gradebook as Moodle exports it: a column for each activity and form, `Opdracht: Plan (Echt)`.

When a grade was given Moodle does not say, only when the file was downloaded. A grade is of the
day on which an export first held it: one that did not change since is not read again, whatever
the later file's day is. Feedback is emptied at the door.
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import orjson

from importers import bsn
from importers.issues import Finding, Refused, Severity
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
from importers.readers.sample import Form as Shape
from importers.readers.sample import Sample
from importers.records import Op, Origin, Record, RecordKind, Standing, Unread
from importers.sheet.columns import Means, plain
from importers.sheet.dates import NOON
from importers.sheet.reading import key_of
from importers.source import FileKind
from tracker.models import Precision

KIND = "moodle_grades"
VERSION = 1
NO_GRADE = frozenset({"", "-", "–"})
LONGEST_WORD = 200
FAR = timedelta(days=366)
MOST_SHOWN_CELLS = 100  # of a row in a sample
NUMBER = re.compile(r"(?P<number>-?\d{1,7}(?:[.,]\d{1,10})?)\s*(?P<percent>%)?")
MOMENT = re.compile(r"1\d{9}")  # seconds since 1970: until the year 2033
HEADER = re.compile(r"(?P<title>.+?)\s*\((?P<form>[^()]+)\)(?: \(\d+\))?$")
FORMS = {
    "number": "real echt reeel reel werkelijk",
    "percentage": "percentage procent",
    "letter": "letter letters",
    "feedback": "feedback terugkoppeling",
}
_FORM_OF = {word: form for form, words in FORMS.items() for word in words.split()}
# The first that is there counts; a number says more than the percentage or letter made of it.
BEST = ("number", "percentage", "letter")
# What Moodle puts before the name of an activity, and not before a manual item or a total.
MODULE = re.compile(
    r"^(?:assignment|opdracht|quiz|test|toets|forum|lesson|les|workshop"
    r"|h5p(?:[ -]activit(?:y|eit))?|scorm[ -]?pac?k(?:age|ket)|extern(?:al|e)? (?:tool|hulpmiddel)"
    r"|databank|database|glossary|woordenlijst|begrippenlijst|attendance|aanwezigheid"
    r"|bigbluebutton|checklist|questionnaire|vragenlijst|interactive content|interactieve inhoud"
    r"|studentquiz|journal|turnitin assignment 2|offline quiz)\s*:\s*",
    re.IGNORECASE,
)
TOTALS = frozenset({"coursetotal", "cursustotaal"})
CATEGORY_TOTAL = re.compile(r".+ (?:total|totaal)", re.IGNORECASE)


def told_of(header: str) -> tuple[str, str, bool] | None:
    """Return title, form, and whether it is a total, of a column of grades; None for another."""
    match = HEADER.fullmatch(header.strip())
    form = _FORM_OF.get(plain(match["form"])) if match else None
    if match is None or form is None:
        return None
    written = title_of(match["title"])
    title = MODULE.sub("", written)
    is_total = plain(title) in TOTALS or (
        title == written and CATEGORY_TOTAL.fullmatch(title) is not None
    )
    return title, form, is_total


def lay_out(file: str, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> Layout:
    """Find who, which grades, and when it was downloaded; raises Refused."""
    del rows
    number = number_place(headers, file)
    told = [(place, one) for place, header in enumerate(headers) if (one := told_of(header))]
    totals = {title for _, (title, _, is_total) in told if is_total}
    grades = [
        Item(title=title, place=place, form=form)
        for place, (title, form, is_total) in told
        if form != "feedback" and not is_total
    ]
    found, others = _one_form_each(grades)
    items, findings = told_apart(found, file)
    if not items:
        raise Refused("export.no_grades", file=file)
    has_feedback = any(form == "feedback" for _, (_, form, _) in told)
    findings += [
        *_said(file, "export.totals", ", ".join(sorted(totals))),
        *_said(file, "export.other_forms", ", ".join(headers[item.place] for item in others)),
        *_said(file, "export.feedback", "-" if has_feedback else ""),
        *_said(file, "export.dated_by_download", "-"),
    ]
    names = (place_of(headers, Means.GIVEN_NAME), place_of(headers, Means.FAMILY_NAME))
    return Layout(
        number=number,
        email=place_of(headers, Means.EMAIL),
        names=tuple(place for place in names if place is not None),
        items=items,
        said=tuple(findings),
    )


def _said(file: str, code: str, detail: str) -> list[Finding]:
    if not detail:
        return []
    return [Finding(code=code, severity=Severity.WARNING, file=file, detail=detail[:200])]


def _one_form_each(grades: Sequence[Item]) -> tuple[list[Item], list[Item]]:
    """Return the column that counts of each activity, and the others that tell the same grade.

    Columns of one activity stand next to each other, each form once.
    """
    taken: list[Item] = []
    others: list[Item] = []
    for item in grades:
        last = taken[-1] if taken else None
        if last is None or last.title != item.title or last.form == item.form:
            taken.append(item)
        elif BEST.index(item.form) < BEST.index(last.form):
            others.append(taken.pop())
            taken.append(item)
        else:
            others.append(item)
    return taken, others


def tell(line: Line, layout: Layout, item: Item, around: Around) -> Record | Unread | None:
    """Return the grade of a cell, to be read if it is another than the last time."""
    cell = line.cells[item.place].strip()
    number = line.cells[layout.number].strip()
    key = key_of(number, task_key(around, item))
    if cell in NO_GRADE:
        return _record(line, layout, item, around, key)
    # As read, so that a workbook and a CSV in whatever language tell the same.
    told = orjson.dumps([VERSION, item.form, *_value(cell, item.form)])
    raw = blake2b(told, digest_size=16).hexdigest()
    return Unread(
        RecordKind.RESULT, key, raw, lambda own: _record(own, layout, item, around, key), line
    )


def _record(line: Line, layout: Layout, item: Item, around: Around, key: str) -> Record:
    """Return a grade, or that there is none any more."""
    own = Line(line.table, line.places, line.row, line.cells)
    cell = own.cells[item.place].strip()
    at = _downloaded(own, around)
    value, word = _value(cell, item.form)
    if word is not None and len(word) > LONGEST_WORD:
        around.find(own, "value.too_long", item.place, detail=str(LONGEST_WORD))
    if own.is_bad:
        return own.set_aside(RecordKind.RESULT, key, Standing.BAD)
    facts: dict[str, Any] = {
        "kind": RecordKind.RESULT,
        "ext_id": key,
        "origin": Origin(around.file, line.row),
        "person": line.cells[layout.number].strip(),
        "target": task_key(around, item),
        "revised_at": at,
    }
    if cell in NO_GRADE or at is None:
        return Record(op=Op.CLOSE, data={}, **facts)
    day = at.astimezone(around.zone).date()
    return Record(
        data={"value": value, "text": word},
        occurred_at=datetime.combine(day, NOON, around.zone).astimezone(UTC),
        precision=Precision.DAY,
        **facts,
    )


def _downloaded(line: Line, around: Around) -> datetime | None:
    """Return when the file was downloaded: the last filled cell of each row."""
    place = max((i for i, cell in enumerate(line.cells) if cell.strip()), default=0)
    text = line.cells[place].strip()
    if not MOMENT.fullmatch(text):
        around.find(line, "export.no_moment", len(around.headers) - 2)
        return None
    at = datetime.fromtimestamp(int(text), UTC)
    if at > around.at + FAR:
        around.find(line, "date.far_future", place, value=text)
    return at


def _value(cell: str, form: str) -> tuple[str | None, str | None]:
    """Return number or word; the decimal sign is that of the exporter's language."""
    match = NUMBER.fullmatch(cell)
    if match is None or (match["percent"] and form != "percentage"):
        return None, cell
    return _number(match["number"]), None


def _number(text: str) -> str:
    found = Decimal(text.replace(",", ".")).quantize(Decimal("0.001")).normalize() + 0
    return format(found, "f")


def clean_row(headers: Sequence[str], cells: list[str], name: Callable[[str], str]) -> None:
    """Empty what may not enter: feedback, and a number that is not the school's own."""
    del name
    for place, header in enumerate(headers[: len(cells)]):
        found = told_of(header)
        if (found is not None and found[1] == "feedback") or bsn.is_column_for_it(header):
            cells[place] = ""


def recognises(sample: Sample) -> bool:
    """Whether it is a gradebook: columns with a form behind the title, and the download last."""
    if sample.form is not Shape.TABLE or not any(map(told_of, sample.headers)):
        return False
    if len(sample.headers) > MOST_SHOWN_CELLS:
        return True  # the end of such rows is not shown
    rows = sample.rows[sample.dialect.header_row :]
    return any(MOMENT.fullmatch(row[-1].strip()) for row in rows if row)


FORM = Form(signal=RecordKind.RESULT, lay_out=lay_out, tell=tell)
FILE_KIND = FileKind(
    kind=KIND,
    recognises=recognises,
    open=lambda kept, opening: Export(kept, opening, FORM),
    clean_row=clean_row,
)
