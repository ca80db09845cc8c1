"""What stands where in a table that Moodle exported, and with what its cells are read."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from importers.issues import Column, Finding, Refused, Severity
from importers.moodle_exports.course import Course
from importers.readers.cells import Line
from importers.records import Record, RecordKind, Unread
from importers.sheet.columns import Means, is_weak_number, meaning_of
from importers.sheet.reading import LABEL, item_key, key_of


@dataclass(frozen=True, kw_only=True)
class Item:
    """An activity: where its cell stands, and where the one that belongs to it."""

    title: str
    place: int
    date_place: int | None = None
    form: str = "number"
    due_on: str | None = None


@dataclass(frozen=True, kw_only=True)
class Layout:
    """What stands where; `said` are findings about the whole."""

    number: int
    email: int | None
    names: tuple[int, ...]
    items: tuple[Item, ...]
    said: tuple[Finding, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Around:
    """What a cell is read with; `at` is when the file was sent."""

    file: str
    zone: ZoneInfo
    at: datetime
    course: Course
    headers: Sequence[str]

    def find(
        self,
        line: Line,
        code: str,
        place: int,
        *,
        value: str | None = None,
        detail: str | None = None,
        severity: Severity = Severity.ERROR,
    ) -> None:
        """Note what is wrong with a cell; after an error its signal is set aside."""
        column = Column(place, self.headers[place])
        finding = Finding(
            code=code,
            severity=severity,
            file=self.file,
            row=line.row,
            column=column,
            value=value,
            detail=detail,
        )
        line.findings.append(finding)


@dataclass(frozen=True, kw_only=True)
class Form:
    """How one kind of table is read: its columns, and the signal of one cell.

    `lay_out` is given the file's name, headers and first rows. `tell` returns None for a cell
    that says nothing.
    """

    signal: RecordKind
    lay_out: Callable[[str, Sequence[str], Sequence[Sequence[str]]], Layout]
    tell: Callable[[Line, Layout, Item, Around], Record | Unread | None]


def task_key(around: Around, item: Item) -> str:
    """Return the key of an item: its course and title."""
    return key_of(around.course.key, item_key(item.title))


def number_place(headers: Sequence[str], file: str) -> int:
    """Return where the school's own number stands; raises Refused, for names are no key."""
    for place, header in enumerate(headers):
        if meaning_of(header) is Means.NUMBER and not is_weak_number(header):
            return place
    raise Refused("export.no_number", file=file)


def place_of(headers: Sequence[str], means: Means) -> int | None:
    """Return the first column that means this."""
    places = (place for place, header in enumerate(headers) if meaning_of(header) is means)
    return next(places, None)


def told_apart(items: Sequence[Item], file: str) -> tuple[tuple[Item, ...], list[Finding]]:
    """Return the items with a title of their own, and which titles several have.

    Nobody can say which grade belongs to which completion when two activities have one name.
    """
    titles = [item_key(item.title) for item in items]
    twice = {item.title: None for item in items if titles.count(item_key(item.title)) > 1}
    findings = [
        Finding(code="export.same_title", severity=Severity.WARNING, file=file, value=title)
        for title in twice
    ]
    return tuple(item for item in items if titles.count(item_key(item.title)) == 1), findings


def title_of(text: str) -> str:
    """Return the title of an activity as people see it."""
    return re.sub(r"\s+", " ", text).strip()[:LABEL]
