"""Statements of any standard as a source: one file of lines in, people, items and signals out.

How it stays exact. Every statement has an id, and the school's ledger
(importers/targets/statements.py) holds the ids that were taken in of a source, and for visits what
each was counted in. A record carries the ids of the statements that it comes from. Matching looks
them up: a record of which all are known does nothing. Writing puts the ids into the ledger, and
counts a day's visits anew from the ledger, in the same commit. So the number of visits is always
the number of different ids in a set: reading the same again, overlapping pulls, a kill between two
commits and a file that waited while others wrote can only put in what is there already. A withdrawn
id is marked and taken out.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple

from importers.issues import Column, Finding, Severity
from importers.readers.jsonl import JsonRow
from importers.readers.kept import Kept
from importers.records import Op, Origin, Record, RecordKind, Standing
from importers.source import Batch, Opening, Stream
from importers.xapi.lines import cells_of, rows_of
from importers.xapi.meaning import Meaning
from importers.xapi.spool import Signal, Spool
from tracker.models import Precision

PEOPLE, ITEMS, LAST = "people", "items", "activity"
SIGNALS = {
    "registrations": RecordKind.PARTICIPATION,
    "results": RecordKind.RESULT,
    "attendance": RecordKind.ATTENDANCE,
    LAST: RecordKind.ACTIVITY,
}
KINDS = {PEOPLE: RecordKind.PERSON, ITEMS: RecordKind.LESSON_TASK, **SIGNALS}
# A sender's clock may be ahead of ours.
AHEAD = timedelta(days=1)
AT_ONCE = 2000  # lines between two signs of life


class Codes(NamedTuple):
    """What is said of a statement that names a BSN, repeats an id, or is there twice."""

    bsn: str
    conflict: str
    twice: str


class Telling(ABC):
    """A file of statements that the door let in; each standard says how one is taken."""

    kind: str
    name: str
    within: str
    codes: Codes

    def __init__(self, kept: Kept, opening: Opening) -> None:
        self.opening = opening
        self._kept, self._file = kept, opening.file_name
        self._spool: Spool | None = None

    @abstractmethod
    def take(self, spool: Spool, row: JsonRow) -> None:
        """Take one statement, or say why not."""

    def check(self) -> list[Finding]:
        """Say nothing yet: each line is looked at when it is read."""
        return []

    def streams(self) -> Sequence[Stream]:
        """Return people, items, and each kind of signal; none tells all there is."""
        return streams_of(self._file)

    def read(self, stream: Stream, *, after: int, size: int) -> Iterator[Batch]:
        """Yield a stream's records behind the first `after`; while all is read, nothing."""
        if self._spool is None:
            spool = Spool()
            for _ in self._fill(spool):
                yield Batch((), after, is_whole=True)
            self._spool = spool
        left = islice(self._records(self._spool, stream), after, None)
        while records := list(islice(left, size)):
            after += len(records)
            yield Batch(records, after, is_whole=True)
        since = self.opening.options.get("since") if stream.name == LAST else None
        yield Batch((), after, is_whole=True, since=since)

    def _fill(self, spool: Spool) -> Iterator[None]:
        """Go through the file once."""
        with self._kept.open() as content:
            for number, row in enumerate(rows_of(content, self.opening, within=self.within), 1):
                self.take(spool, row)
                if number % AT_ONCE == 0:
                    yield
        spool.finish()

    def keep(self, spool: Spool, row: JsonRow, key: str, digest: str, meaning: Meaning) -> bool:
        """Keep what a good statement means, once; returns whether it was new."""
        if any(said.person.has_bsn for said in meaning.said):
            self.set_aside(spool, row, [problem(self.codes.bsn, "actor")])
            return False
        is_new = spool.is_new(key, digest, row.number)
        if is_new is None:
            self.set_aside(spool, row, [problem(self.codes.conflict, "id", key)])
        elif not is_new:
            spool.note(self.codes.twice, "", row.number)
        else:
            if meaning.unused is not None:
                spool.note(*meaning.unused, row.number)
            spool.take(key, digest, row.number, meaning)
        return bool(is_new)

    def set_aside(self, spool: Spool, row: JsonRow, findings: list[Finding]) -> None:
        """Keep a line of which nothing can be told, with why."""
        spool.set_aside(row.number, cells_of(row), findings)

    def _records(self, spool: Spool, stream: Stream) -> Iterator[Record]:
        if stream.name == PEOPLE:
            yield from (self._person(*one) for one in spool.people())
            return
        if stream.name == ITEMS:
            yield from (self._item(*one) for one in spool.items())
            return
        kind = RecordKind(stream.kind)
        yield from (self._signal(kind, signal) for signal in spool.signals(kind))
        if stream.name == LAST:
            yield from (self._void(*one) for one in spool.voids())
            yield from (self._bad(*one) for one in spool.bad())
            for (code, value), (row, number) in spool.notes.items():
                yield self._note(code, value, row, number)

    def _person(self, key: str, known: list[Any]) -> Record:
        row, name, number, email = known
        return Record(
            kind=RecordKind.PERSON,
            op=Op.LINK,
            ext_id=key,
            origin=Origin(self._file, row),
            match_key=number,
            data={"name": name, "number": number, "email": email},
        )

    def _item(self, key: str, row: int, address: str, title: Any, low: Any, high: Any) -> Record:
        return Record(
            kind=RecordKind.LESSON_TASK,
            ext_id=key,
            origin=Origin(self._file, row),
            data={
                "title": title,
                "address": address,
                "value_min": low,
                "value_max": high,
                "due_on": None,
            },
        )

    def _signal(self, kind: RecordKind, signal: Signal) -> Record:
        body = dict(signal.body)
        at, precision = body.pop("occurred_at"), body.pop("precision")
        if body.get("what") == "visit":
            body["value"] = str(len(signal.statements))
        return Record(
            kind=kind,
            ext_id=signal.key,
            origin=Origin(self._file, signal.row),
            person=signal.person,
            target=signal.item,
            occurred_at=datetime.fromisoformat(at),
            precision=Precision(precision),
            data={**body, "key": signal.key, "statements": signal.statements},
        )

    def _void(self, key: str, target: str, digest: str, row: int) -> Record:
        return Record(
            kind=RecordKind.ACTIVITY,
            ext_id=f"void:{key}",
            origin=Origin(self._file, row),
            data={"what": "void", "voids": target, "key": None, "statements": [[key, 0, digest]]},
        )

    def _bad(self, row: int, cells: dict[str, str], told: list[list[Any]]) -> Record:
        column = {name: Column(None, name) for _, name, _ in told if name}
        return Record(
            kind=RecordKind.ACTIVITY,
            ext_id=None,
            origin=Origin(self._file, row),
            data=cells,
            standing=Standing.BAD,
            findings=tuple(
                Finding(code=code, file=self._file, row=row, column=column.get(name), value=value)
                for code, name, value in told
            ),
        )

    def _note(self, code: str, value: str, row: int, number: int) -> Record:
        finding = Finding(
            code=code,
            severity=Severity.WARNING,
            file=self._file,
            row=row,
            value=value or None,
            detail=str(number),
        )
        return Record(
            kind=RecordKind.ACTIVITY,
            ext_id=None,
            origin=Origin(self._file, row),
            data={},
            standing=Standing.IGNORED,
            findings=(finding,),
        )


def streams_of(file: str) -> Sequence[Stream]:
    """Return the streams of statements that stand in a file."""
    columns = {"person": Column(None, "actor"), "target": Column(None, "object")}
    return [
        Stream(
            name=name,
            kind=kind,
            file=file,
            is_snapshot=False,
            columns=columns if name in SIGNALS else {"match_key": Column(None, "actor")},
        )
        for name, kind in KINDS.items()
    ]


def problem(code: str, place: str | None = None, value: str | None = None) -> Finding:
    """Return what is wrong with a statement, and at which part of it."""
    column = Column(None, place) if place else None
    return Finding(code=code, column=column, value=value)
