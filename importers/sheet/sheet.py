"""An opened sheet: what it tells of, what is wrong with it as a whole, and its records in order."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cached_property
from typing import Any

from importers.issues import Column, Finding, Refused, Severity
from importers.readers.cells import Line, line_of, places_in
from importers.readers.kept import Kept
from importers.readers.sample import Form, Sample
from importers.readers.tabular import Table, open_table
from importers.records import Record, RecordKind, Standing, Unread
from importers.sheet import rows, signals, twins
from importers.sheet.columns import Means
from importers.sheet.deciding import plan_of
from importers.sheet.plan import Plan, kinds_of
from importers.sheet.profile import Profile, columns_of, plain_of, profile_of
from importers.sheet.reading import Reading, is_total
from importers.sheet.shown import shown
from importers.sheet.whole import Whole
from importers.source import Batch, FileKind, Opening, Stream

KIND = "sheet"
NAME = "Bestand van school"
Reader = Callable[[Line, Reading], list[Record]]
# In the order in which one refers to another.
READERS: dict[RecordKind, Reader] = {
    RecordKind.PERSON: rows.people,
    RecordKind.ROLE: rows.roles,
    RecordKind.GROUP: rows.groups,
    RecordKind.MEMBERSHIP: rows.memberships,
    RecordKind.COMPANY: rows.companies,
    RecordKind.PLACEMENT: rows.placements,
    RecordKind.LESSON: rows.lessons,
    RecordKind.LESSON_TASK: signals.tasks,
    RecordKind.PARTICIPATION: signals.participations,
    RecordKind.RESULT: signals.results,
    RecordKind.ATTENDANCE: signals.attendances,
}
# The first of these that a sheet tells of also tells what is wrong with a row as a whole.
CARRIERS = (
    RecordKind.RESULT,
    RecordKind.ATTENDANCE,
    RecordKind.PARTICIPATION,
    RecordKind.PLACEMENT,
    RecordKind.MEMBERSHIP,
    RecordKind.PERSON,
    RecordKind.LESSON_TASK,
    RecordKind.LESSON,
)
# What a list of groups may be all there is of, if the school says so.
WHOLES = (RecordKind.GROUP, RecordKind.MEMBERSHIP)


class Sheet:
    """A sheet that the door let in; `options` may hold its `source` and the `mapping`."""

    kind = KIND

    def __init__(self, kept: Kept, opening: Opening) -> None:
        self._kept, self._file, self._zone = kept, opening.file_name, opening.zone
        self._options, self._at = opening.options, opening.at
        self._dialect = opening.dialect_of()
        self.name: str = opening.options.get("source") or NAME

    def check(self) -> list[Finding]:
        """Check by the first rows that the sheet tells of something; name what is not read of it.

        What only all rows can tell is found while they are read (whole.py).
        """
        try:
            _, findings = self._planned
            if self._is_remembered:
                remembered = Finding(
                    code="mapping.remembered", severity=Severity.WARNING, file=self._file
                )
                findings = [remembered, *findings]
        except Refused as refusal:
            return [refusal.finding]
        return findings

    def streams(self) -> Sequence[Stream]:
        """Return what the sheet tells of, kind by kind."""
        table, plan = self._table(), self._plan
        return [
            Stream(
                name=kind.value,
                kind=kind,
                file=self._file,
                is_snapshot=plan.is_snapshot and kind in WHOLES,
                columns=_columns(table, plan, kind),
            )
            for kind in self._kinds
        ]

    def read(self, stream: Stream, *, after: int, size: int) -> Iterator[Batch]:
        """Yield the records of one kind behind row `after`."""
        kind = stream.kind
        reading = yield from self._reading(kind, after)
        whole = self._whole() if kind is self._carrier else None
        found: list[Record | Unread] = []
        is_whole, row = True, after
        for number, line in self._lines():
            if whole is not None:
                whole.look(number, line)
            records = self._records(line, kind, reading) if line is not None else []
            if number <= after:
                continue
            if found and len(found) + len(records) > size:
                yield Batch(found, row, is_whole)
                found, is_whole = [], True
            is_whole = is_whole and all(one.standing is Standing.GOOD for one in records)
            found += (_unread(one, reading) for one in records)
            row = number
        # Who goes on behind the last row has told it before.
        told = () if whole is None or row == after else tuple(whole.findings())
        yield Batch(found, row, is_whole, findings=told)

    def _records(self, line: Line, kind: RecordKind, reading: Reading) -> list[Record]:
        """Read a row; only one kind's records tell what is wrong with the row as a whole."""
        is_carrier = kind is self._carrier
        if line.is_bad:
            person = reading.person(line) if reading.plan.person else None
            return [line.set_aside(kind, person, Standing.BAD)] if is_carrier else []
        if not is_carrier:
            line.findings.clear()
        records = READERS[kind](line, reading)
        if is_carrier:
            return records
        # Whom and what a row without a key is about, its other records say; and of a list with a
        # row for each result, who is in which group is told once.
        return [
            one
            for one in records
            if one.ext_id is not None and reading.is_first(f"{one.digest} {one.ext_id}")
        ]

    def _reading(self, kind: RecordKind, after: int) -> Generator[Batch, None, Reading]:
        """Return with what rows are read; empty batches on the way let a run be stopped."""
        reading = Reading(self._plan, self._zone, self._on, self._dialect.is_xlsx)
        if kind is not RecordKind.RESULT or self._plan.repeats:
            return reading
        search = twins.superseded(
            self._good_lines,
            lambda line: signals.result_keys(line, reading),
            lambda line: signals.results(line, reading),
        )
        while True:
            try:
                next(search)
            except StopIteration as found:
                repeated = frozenset(key for _, key in found.value)
                return replace(reading, superseded=found.value, repeated=repeated)
            yield Batch([], after, is_whole=True)

    def _good_lines(self) -> Iterator[Line]:
        for _, line in self._lines():
            if line is not None and not line.is_bad:
                yield line

    @cached_property
    def _on(self) -> date:
        return self._at.astimezone(self._zone).date()

    @cached_property
    def _planned(self) -> tuple[Plan, list[Finding]]:
        return plan_of(
            self.headers,
            self._profile,
            self._mapping,
            file=self._file,
            row=self._dialect.header_row,
            is_xlsx=self._dialect.is_xlsx,
        )

    @cached_property
    def _profile(self) -> Profile:
        """Return what the columns hold; of a repair, what they held in the sheet it repairs."""
        earlier = columns_of(self._options.get("profile") or {})
        others = [header for header in self.headers if header not in earlier]
        lines = (line for _, line in self._all_lines())
        profile = profile_of(lines, others, is_xlsx=self._dialect.is_xlsx)
        profile.columns.update(earlier)
        return profile

    @cached_property
    def headers(self) -> tuple[str, ...]:
        """Return the header row; a mapping is remembered for these."""
        return self._table().headers

    def understood(self) -> dict[str, Any]:
        """Return what each column was taken for (shown.py), and why: its `profile` (profile.py).

        Nothing of a sheet without a header.
        """
        try:
            told = shown(self.headers, self._plan)
            return told | {"profile": plain_of(self._profile, self.headers)}
        except Refused:
            return {}

    def is_keyed_by_email(self) -> bool:
        """Whether people are named by their e-mail address; in a refused sheet nobody is."""
        try:
            return self._plan.is_keyed_by_email
        except Refused:
            return False

    @property
    def is_key_chosen(self) -> bool:
        """Whether the school itself said which column names people."""
        return "person" in self._mapping

    @property
    def _is_remembered(self) -> bool:
        """Whether the headers are those that the source remembers a mapping for."""
        remembered = self._options.get("remembered") or {}
        return bool(remembered.get("headers") == list(self.headers))

    @cached_property
    def _mapping(self) -> Mapping[str, Any]:
        """Return what the uploader says of the columns, now or the last time."""
        if self._is_remembered:
            return dict(self._options["remembered"])
        return self._options.get("mapping") or {}

    @property
    def _plan(self) -> Plan:
        return self._planned[0]

    @cached_property
    def _kinds(self) -> tuple[RecordKind, ...]:
        told = kinds_of(self._plan)
        return tuple(kind for kind in READERS if kind in told)

    @cached_property
    def _carrier(self) -> RecordKind:
        return next(kind for kind in CARRIERS if kind in self._kinds)

    def _table(self) -> Table:
        return open_table(
            self._kept.open(),
            file=self._file,
            delimiter=self._dialect.delimiter,
            header_row=self._dialect.header_row,
        )

    def _all_lines(self) -> Iterator[tuple[int, Line | None]]:
        """Yield every row behind the header with its number; None for an empty one."""
        table = self._table()
        places = places_in(table, table.headers)
        for row in table.lines:
            # A row of a workbook ends with its last filled cell.
            if self._dialect.is_xlsx and row.cells:
                row.cells.extend([""] * (len(table.headers) - len(row.cells)))
            yield row.number, line_of(table, places, row)

    def _lines(self) -> Iterator[tuple[int, Line | None]]:
        """Yield the same, without the sums that stand below a list."""
        person = self._plan.person
        for number, line in self._all_lines():
            place = line.places.get(person) if line is not None and person else None
            is_sum = line is not None and is_total(line.cells, place)
            yield number, None if is_sum else line

    def _whole(self) -> Whole:
        return Whole(self._file, self.headers, self._plan, self._profile)


def _unread(record: Record, reading: Reading) -> Record | Unread:
    """Return a record as one that need not be taken in if its source told the very same before.

    Of a result that stands twice in the sheet both rows are taken in: one passes the other over.
    """
    if record.findings or record.ext_id is None or record.standing is not Standing.GOOD:
        return record
    if record.ext_id in reading.repeated:
        return record
    return Unread(record.kind, record.ext_id, record.digest, _as_read, record)


def _as_read(record: Record) -> Record:
    return record


def _columns(table: Table, plan: Plan, kind: RecordKind) -> dict[str, Column]:
    """Return where the keys of a kind stand, for what is found when rows are matched."""
    targets = {
        RecordKind.GROUP: Means.GROUP,
        RecordKind.MEMBERSHIP: Means.GROUP,
        RecordKind.COMPANY: Means.COMPANY,
        RecordKind.PLACEMENT: Means.COMPANY,
        RecordKind.LESSON: Means.LESSON,
    }
    found = {}
    if plan.person is not None:
        person = table.column(plan.person)
        found = {"person": person, "match_key": person, "ext_id": person}
    target = plan.at.get(targets.get(kind, Means.ITEM))
    if target is not None:
        found["target"] = table.column(target)
        if kind in {RecordKind.GROUP, RecordKind.COMPANY, RecordKind.LESSON} or not plan.person:
            found["ext_id"] = table.column(target)
    return found


def _recognises(sample: Sample) -> bool:
    """Whether it is a table with a header: what its columns mean is checked once it is open."""
    return sample.form is Form.TABLE and sum(1 for header in sample.headers if header) > 1


FILE_KIND = FileKind(kind=KIND, recognises=_recognises, open=Sheet)
