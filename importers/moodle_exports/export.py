"""A table that Moodle exported: one row for each student, and columns for each activity.

What both such tables share: whom a row is about, the course and its activities as items, and one
signal for each filled cell. They share one source, so that a grade and a completion are about the
same item: its key is the course and the title, for the export holds no ids. Items that Moodle's
web services tell of are others therefore; a school that connects those needs no exports.
"""

import html
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import islice

from importers.issues import Column, Finding, Refused
from importers.moodle_exports.course import course_of, said
from importers.moodle_exports.layout import Around, Form, Layout, task_key
from importers.readers.cells import Line, line_of
from importers.readers.kept import Kept
from importers.readers.tabular import Table, open_table
from importers.records import Op, Origin, Record, RecordKind, Standing, Unread
from importers.sheet.reading import LABEL
from importers.source import Batch, Opening, Stream

KIND = "moodle_exports"
NAME = "Moodle (bestanden)"
LOOKED_AT = 200  # rows, to see which columns hold what


class Export:
    """An export that the door let in; `options` may hold its `source`."""

    kind = KIND
    joins = (KIND,)

    def __init__(self, kept: Kept, opening: Opening, form: Form) -> None:
        self._kept, self._file, self._zone, self._form = kept, opening.file_name, opening.zone, form
        self._dialect, self._at = opening.dialect_of(), opening.at
        self.name: str = opening.options.get("source") or NAME

    def check(self) -> list[Finding]:
        """Check that it says who, what and of which course; and tell how we read it."""
        try:
            return [said(course_of(self._file), self._file), *self._layout.said]
        except Refused as refusal:
            return [refusal.finding]

    def streams(self) -> Sequence[Stream]:
        """Return people, the course, its activities, and what was told of them."""
        person = self._column(self._layout.number)
        kinds = (RecordKind.PERSON, RecordKind.GROUP, RecordKind.LESSON_TASK, self._form.signal)
        return [
            Stream(
                name=kind.value,
                kind=kind,
                file=self._file,
                is_snapshot=False,
                columns={"person": person, "match_key": person, "ext_id": person},
            )
            for kind in kinds
        ]

    def read(self, stream: Stream, *, after: int, size: int) -> Iterator[Batch]:
        """Yield the records of one kind behind row `after`; items stand in the header."""
        if stream.kind is RecordKind.GROUP:
            yield Batch([self._group()] if not after else [], 1, is_whole=True)
            return
        if stream.kind is RecordKind.LESSON_TASK:
            yield Batch(self._tasks() if not after else [], 1, is_whole=True)
            return
        read = self._person if stream.kind is RecordKind.PERSON else self._signals
        found: list[Record | Unread] = []
        row = after
        for line in self._lines():
            if line.row <= after:
                continue
            told = read(line)
            if found and len(found) + len(told) > size:
                yield Batch(found, row, is_whole=True)
                found = []
            found, row = found + told, line.row
        yield Batch(found, row, is_whole=True)

    def _group(self) -> Record:
        course = self._around.course
        return Record(
            kind=RecordKind.GROUP,
            ext_id=course.key,
            origin=Origin(self._file, self._dialect.header_row),
            data={"title": course.title, "code": course.title},
        )

    def _tasks(self) -> list[Record | Unread]:
        return [
            Record(
                kind=RecordKind.LESSON_TASK,
                ext_id=task_key(self._around, item),
                origin=Origin(self._file, self._dialect.header_row),
                target=self._around.course.key,
                data={
                    "title": item.title,
                    "value_min": "0" if item.form == "percentage" else None,
                    "value_max": "100" if item.form == "percentage" else None,
                    "due_on": item.due_on,
                },
            )
            for item in self._layout.items
        ]

    def _person(self, line: Line) -> list[Record | Unread]:
        number = self._number(line)
        if number is None and not line.is_bad:
            self._around.find(line, "key.missing", self._layout.number)
        if number is not None and (other := self._other_row(number, line.row)) is not None:
            place = self._layout.number
            self._around.find(line, "key.contradictory", place, value=number, detail=str(other))
        if line.is_bad:
            return [line.set_aside(RecordKind.PERSON, number, Standing.BAD)]
        told = {
            "name": " ".join(filter(None, (_cell(line, place) for place in self._layout.names))),
            "number": number,
            "email": _cell(line, self._layout.email),
        }
        return [
            Record(
                kind=RecordKind.PERSON,
                op=Op.LINK,
                ext_id=number,
                match_key=number,
                origin=Origin(self._file, line.row),
                data={name: value[:LABEL] for name, value in told.items() if value},
                findings=tuple(line.findings),
            )
        ]

    def _signals(self, line: Line) -> list[Record | Unread]:
        number = self._number(line)
        if line.is_bad or number is None or self._other_row(number, line.row) is not None:
            return []  # said of the person
        line.findings.clear()
        told = (
            self._form.tell(line, self._layout, item, self._around) for item in self._layout.items
        )
        return [one for one in told if one is not None]

    def _number(self, line: Line) -> str | None:
        return _cell(line, self._layout.number)

    def _other_row(self, number: str, row: int) -> int | None:
        """Return another row with the same number: one of the two is somebody else's."""
        rows = self._rows_of.get(number, [])
        return next((one for one in rows if one != row), None) if len(rows) > 1 else None

    @cached_property
    def _rows_of(self) -> dict[str, list[int]]:
        """Return, for the numbers that are there more than once, the first rows that have them."""
        first: dict[str, int] = {}
        several: dict[str, list[int]] = {}
        for line in self._lines():
            number = self._number(line)
            if number is None:
                continue
            if number in first:
                several.setdefault(number, [first[number]])[1:] = [line.row]
            else:
                first[number] = line.row
        return several

    @cached_property
    def _around(self) -> Around:
        return Around(
            file=self._file,
            zone=self._zone,
            at=self._at,
            course=course_of(self._file),
            headers=self._header,
        )

    @cached_property
    def _layout(self) -> Layout:
        rows = [row.cells for row in islice(self._table().lines, LOOKED_AT) if row.cells]
        if not rows:
            raise Refused("file.no_rows", file=self._file)
        return self._form.lay_out(self._file, self._raw_header, rows)

    @cached_property
    def _raw_header(self) -> tuple[str, ...]:
        """Return the header as it stands, where two columns may have the same name."""
        rows = open_table(
            self._kept.open(), file=self._file, delimiter=self._dialect.delimiter, header_row=0
        ).lines
        cells = next(islice(rows, self._dialect.header_row - 1, None)).cells or []
        return tuple(html.unescape(cell).strip() for cell in cells)

    @cached_property
    def _header(self) -> tuple[str, ...]:
        return self._table().headers

    def _table(self) -> Table:
        table = open_table(
            self._kept.open(),
            file=self._file,
            delimiter=self._dialect.delimiter,
            header_row=self._dialect.header_row,
            may_repeat=True,
        )
        # Of a workbook the last header is missing when it is empty: the date of the last activity.
        return Table(table.file, (*table.headers, ""), table.lines)

    def _lines(self) -> Iterator[Line]:
        """Yield the rows that hold anything; in a workbook they end with the last filled cell."""
        table = self._table()
        for row in table.lines:
            if row.cells is not None:
                row.cells.extend([""] * (len(table.headers) - len(row.cells)))
            line = line_of(table, {}, row)
            if line is not None:
                yield line

    def _column(self, place: int) -> Column:
        return Column(place, self._header[place])


def _cell(line: Line, place: int | None) -> str | None:
    if place is None or place >= len(line.cells):
        return None
    return line.cells[place].strip() or None
