"""Moodle's own log table (logstore_standard_log): visits counted by day, and completions.

Single clicks are not stored: of a day, a person and an activity only how many there were. People
and activities have Moodle's ids, the same as in Moodle's web services: told under the name of that
source, they are its people and its items. Under a name of its own each id waits until the school
says who it is. The same days always give the same numbers; of two counts of one day the one whose
last click is later counts (`revised_at`), so an older log takes nothing back.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from itertools import islice
from typing import Any

from importers.issues import Column, Finding, Severity
from importers.moodle_exports.events import COMPLETED, CREATED, NEEDED, Event, events
from importers.moodle_exports.layout import title_of
from importers.readers.kept import Kept
from importers.readers.sample import Form, Sample
from importers.readers.tabular import open_table
from importers.records import Op, Origin, Record, RecordKind
from importers.sheet.dates import NOON
from importers.source import Batch, FileKind, Opening, Stream
from tracker.models import Precision

KIND = "moodle_logstore"
NAME = "Moodle-logboek"
WEB_SERVICES = "moodle"  # the kind of a source that pulls Moodle
COMPLETE = {1, 2}  # complete, and complete with a pass; as Moodle's web services say it
# The people of so much text are counted at once, so that a year's log fits in memory.
BYTES_AT_ONCE = 48_000_000
QUARTER = 900  # seconds: no zone changes its clock within a quarter


@dataclass
class Counted:
    """What a part of the people did.

    visits: (activity, person, day) -> clicks, last moment, first row. states: (activity, person)
    -> moment, row, state of the last change.
    """

    visits: dict[tuple[int, int, int], tuple[int, int, int]] = field(default_factory=dict)
    states: dict[tuple[int, int], tuple[int, int, int]] = field(default_factory=dict)


@dataclass
class Looked:
    """What one look at the whole log tells."""

    staff: set[int] = field(default_factory=set)
    people: set[int] = field(default_factory=set)
    activities: dict[int, int] = field(default_factory=dict)  # by number: the first row
    titles: dict[int, str] = field(default_factory=dict)
    rows: int = 0
    unread: int = 0
    used: int = 0


class Logstore:
    """A log that the door let in; `options` may hold its `source`."""

    kind = KIND
    joins = (KIND, WEB_SERVICES)

    def __init__(self, kept: Kept, opening: Opening) -> None:
        self._kept, self._file, self._zone = kept, opening.file_name, opening.zone
        self._dialect = opening.dialect_of()
        chosen = opening.options.get("source")
        self._is_of_moodle = bool(chosen)
        self.name: str = chosen or NAME
        self._parts = kept.size // BYTES_AT_ONCE + 1
        self._days: dict[int, int] = {}

    def check(self) -> list[Finding]:
        """Say what is not used, and what Moodle's ids need to become people."""
        looked = self._looked
        students = looked.people - looked.staff
        said = {
            "logstore.unread": looked.unread,
            "logstore.unused": looked.rows - looked.unread - looked.used,
            "logstore.teaching": len(looked.people & looked.staff),
            "logstore.own_source": 0 if self._is_of_moodle else len(students),
        }
        return [
            Finding(code=code, severity=Severity.WARNING, file=self._file, detail=str(number))
            for code, number in said.items()
            if number
        ]

    def streams(self) -> Sequence[Stream]:
        """Return people, activities unless Moodle itself tells of them, and what was done."""
        kinds = [RecordKind.PERSON, RecordKind.LESSON_TASK, RecordKind.ACTIVITY]
        if self._is_of_moodle:
            kinds.remove(RecordKind.LESSON_TASK)
        person = Column(None, "userid")
        columns = {"person": person, "target": Column(None, "contextinstanceid")}
        return [
            Stream(
                name=kind.value,
                kind=kind,
                file=self._file,
                is_snapshot=False,
                columns={**columns, "match_key": person},
            )
            for kind in kinds
        ]

    def read(self, stream: Stream, *, after: Any, size: int) -> Iterator[Batch]:
        """Yield the records behind `after`: which part of the people, and how many of it."""
        part, done = after or (0, 0)
        for number in range(part, self._parts):
            records = self._records(RecordKind(stream.kind), number)
            at = done if number == part else 0
            waiting = islice(records, at, None)
            while some := list(islice(waiting, size)):
                at += len(some)
                yield Batch(some, [number, at], is_whole=True)
        yield Batch([], [self._parts, 0], is_whole=True)

    def _records(self, kind: RecordKind, part: int) -> Iterator[Record]:
        if kind is RecordKind.LESSON_TASK:
            return self._tasks(part)
        counted = self._count(part)
        return self._people(counted) if kind is RecordKind.PERSON else self._done(counted)

    def _tasks(self, part: int) -> Iterator[Record]:
        """Yield the activities, in which students were; with the first part of the people."""
        for activity, row in sorted(self._looked.activities.items()) if part == 0 else ():
            title = title_of(self._looked.titles.get(activity, "")) or f"Moodle {activity}"
            yield Record(
                kind=RecordKind.LESSON_TASK,
                ext_id=f"cm:{activity}",
                origin=Origin(self._file, row),
                data={"title": title, "value_min": None, "value_max": None, "due_on": None},
            )

    def _people(self, counted: Counted) -> Iterator[Record]:
        first: dict[int, int] = {}
        for (_, person, _), (_, _, row) in counted.visits.items():
            first[person] = min(row, first.get(person, row))
        for (_, person), (_, row, _) in counted.states.items():
            first[person] = min(row, first.get(person, row))
        for person in sorted(first):
            yield Record(
                kind=RecordKind.PERSON,
                op=Op.LINK,
                ext_id=str(person),
                origin=Origin(self._file, first[person]),
                data={},
            )

    def _done(self, counted: Counted) -> Iterator[Record]:
        for (activity, person, day), (clicks, last, row) in sorted(counted.visits.items()):
            on = date.fromordinal(day)
            yield Record(
                ext_id=f"visit:{activity}:{person}:{on.isoformat()}",
                data={"what": "visit", "value": str(clicks), "text": None},
                occurred_at=datetime.combine(on, NOON, self._zone).astimezone(UTC),
                precision=Precision.DAY,
                **self._about(activity, person, row, last),
            )
        for (activity, person), (at, row, state) in sorted(counted.states.items()):
            facts = self._about(activity, person, row, at)
            key = f"{activity}:{person}"
            if state not in COMPLETE:
                yield Record(ext_id=key, op=Op.CLOSE, data={}, **facts)
                continue
            yield Record(
                ext_id=key,
                data={"what": "completion", "value": None, "text": None},
                occurred_at=datetime.fromtimestamp(at, UTC),
                precision=Precision.INSTANT,
                **facts,
            )

    def _about(self, activity: int, person: int, row: int, at: int) -> dict[str, Any]:
        return {
            "kind": RecordKind.ACTIVITY,
            "origin": Origin(self._file, row),
            "person": str(person),
            "target": f"cm:{activity}",
            "revised_at": datetime.fromtimestamp(at, UTC),
        }

    def _count(self, part: int) -> Counted:
        """Count what one part of the people did."""
        counted = Counted()
        for event in self._events():
            person = event.student if event is not None else 0
            if event is None or not person or person % self._parts != part:
                continue
            if person in self._looked.staff:
                continue
            if event.name == COMPLETED:
                _note_state(counted, event)
                continue
            key = (event.module, person, self._day(event.at))
            clicks, last, row = counted.visits.get(key, (0, 0, event.row))
            counted.visits[key] = (clicks + 1, max(last, event.at), row)
        return counted

    @cached_property
    def _looked(self) -> Looked:
        """Look at the whole log once: who teaches, and where students were."""
        looked = Looked()
        for event in self._events():
            looked.rows += 1
            if event is None:
                looked.unread += 1
                continue
            if event.is_teaching and event.person:
                looked.staff.add(event.person)
            if event.name == CREATED and event.module:
                looked.titles[event.module] = str(event.details.get("name") or "")
            if event.student:
                looked.used += 1
                looked.people.add(event.student)
                looked.activities.setdefault(event.module, event.row)
        return looked

    def _events(self) -> Iterator[Event | None]:
        table = open_table(
            self._kept.open(),
            file=self._file,
            delimiter=self._dialect.delimiter,
            header_row=self._dialect.header_row,
        )
        return events(table)

    def _day(self, at: int) -> int:
        """Return the school's day of a moment; a log has many moments in each quarter."""
        quarter = at // QUARTER
        if quarter not in self._days:
            moment = datetime.fromtimestamp(quarter * QUARTER, UTC)
            self._days[quarter] = moment.astimezone(self._zone).toordinal()
        return self._days[quarter]


def _note_state(counted: Counted, event: Event) -> None:
    """Keep the last change of a completion; of two in one second the one further down."""
    state = event.details.get("completionstate")
    try:
        found = (event.at, event.row, int(state or 0))
    except (TypeError, ValueError):
        return
    key = (event.module, event.related)
    counted.states[key] = max(found, counted.states.get(key, found))


def recognises(sample: Sample) -> bool:
    """Whether these are rows of that table."""
    return sample.form is Form.TABLE and sample.has_columns(*NEEDED, "component", "crud")


FILE_KIND = FileKind(kind=KIND, recognises=recognises, open=Logstore)
