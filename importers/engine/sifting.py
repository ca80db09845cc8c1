"""Sifting a batch before it is staged: what is known of its rows, and which must be read at all.

Done ahead of the writing, in a look at the database of its own. What is found is a first guess
that spares most rows a second writing; matching decides.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session
from uuid_utils import uuid7

from importers import bulk
from importers.engine import seen
from importers.issues import Finding
from importers.models import ExternalRef, ImportRow, ImportRun, ImportSource, MatchOn, RowStatus
from importers.people.links import key_of
from importers.records import REFERS, Op, Record, RecordKind, Standing, Unread
from importers.source import Batch
from importers.staged import told_of
from tracker.models import School

STATUS = {
    Standing.GOOD: RowStatus.NEW.value,
    Standing.BAD: RowStatus.QUARANTINED.value,
    Standing.IGNORED: RowStatus.IGNORED.value,
}
# Looked up, because asking a member for its value takes longer.
OPS = {op: op.value for op in Op}
SAME, CHANGED = RowStatus.SAME.value, RowStatus.CHANGED.value
NOTHING: Mapping[str, RecordKind] = {}
# Of a row that is staged; what all rows have besides is a `Sifted.same`.
COLUMNS = (
    *("seq", "op", "ext_id", "person", "target", "parent", "match_key", "file", "row", "data"),
    *("digest", "raw_digest", "revised_at", "is_good", "status"),
    *("local_id", "person_id", "target_id", "parent_id"),
)
MOST_REMEMBERED = 50_000  # places of references; then they are looked up again


@dataclass
class Sifted:
    """A batch as it is staged: `rows` and `findings` are numbered from 0, behind one another.

    `rows` have the values of COLUMNS, ids and JSON as text; all have `same` besides.
    `passed_over` are the keys of rows that were not read.
    `writes` tells as of when that holds.
    """

    batch: Batch
    kind: RecordKind
    writes: int
    same: Mapping[str, Any]
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    findings: list[tuple[int, Finding]] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)

    @property
    def number(self) -> int:
        """Return how many numbers it takes."""
        return len(self.batch.records)


@dataclass
class Sieve:
    """What one stream's batches are sifted with."""

    run: ImportRun
    kind: RecordKind
    match_on: MatchOn
    zone: ZoneInfo
    same: Mapping[str, Any]
    lost: set[UUID] | None
    is_first: bool
    places: dict[tuple[RecordKind, str | None], str] = field(default_factory=dict)

    @classmethod
    def of(cls, session: Session, run: ImportRun, kind: RecordKind) -> "Sieve":
        """Look at what the run staged so far."""
        source = session.get_one(ImportSource, (run.school_id, run.source_id))
        zone = ZoneInfo(session.get_one(School, run.school_id).timezone)
        same: dict[str, Any] = {"school_id": run.school_id, "run_id": run.id, "kind": kind}
        told = sa.exists().where(
            *told_of(run, kind),
        )
        is_first = not session.scalar(sa.select(told))
        lost = None if is_first else seen.lost(session, run, kind)
        return cls(run, kind, source.match_on, zone, same, lost, is_first)

    def sift(self, session: Session, batch: Batch) -> Sifted:
        """Read what must be read, and look up what is known."""
        source = session.get_one(ImportSource, (self.run.school_id, self.run.source_id))
        sifted = Sifted(batch, self.kind, source.writes, self.same)
        told = self._told(session, batch.records)
        good: list[tuple[int, Record, str | None]] = []
        for place, record in enumerate(batch.records):
            raw = None
            if isinstance(record, Unread):
                if told.get(record.ext_id) == record.raw:
                    sifted.passed_over.append(record.ext_id)
                    continue
                found = record.read()
                if found is None:
                    continue
                raw = record.raw if not found.findings else None
                record = found  # noqa: PLW2901 - the same row, read
            good.append((place, record, raw))
            sifted.findings += ((place, finding) for finding in record.findings)
        read = [record for _, record, _ in good]
        known = {} if self.is_first else _known(session, self.run, self.kind, read)
        self._look_up(session, read)
        sifted.rows = [
            self._row(place, record, raw, known.get(record.ext_id or ""))
            for place, record, raw in good
        ]
        return sifted

    def _told(
        self, session: Session, records: Iterable[Record | Unread]
    ) -> Mapping[str, str | None]:
        """Return as what rows stood in the file when they were last told, if they may be so again.

        The database is asked for no more than that: of most files it is asked for every row.
        """
        keys = {record.ext_id for record in records if isinstance(record, Unread)}
        if self.lost is None or not keys:
            return {}
        columns = [ExternalRef.ext_id, ExternalRef.raw_digest]
        if not self.lost:
            refs = sa.select(*columns)
        else:
            refs = sa.select(*columns, ExternalRef.person_id, ExternalRef.target_id)
        told = _of_source(self.run, self.kind, keys, session)
        found = session.execute(refs.where(*told, ExternalRef.gone_at.is_(None)))
        return {str(row[0]): row[1] for row in found if self.lost.isdisjoint(row[2:])}

    def _row(self, seq: int, record: Record, raw: str | None, told: Any) -> tuple[Any, ...]:
        digest = local_id = person = target = parent = None
        status, is_good = STATUS[record.standing], record.standing is Standing.GOOD
        if is_good:
            digest = record.digest
            if told is None:
                local_id = uuid7().hex
            else:
                local_id = told.local_id.hex
                is_same = told.digest == digest and told.gone_at is None
                status = SAME if is_same else CHANGED
            find = self.places.get
            for role, referred in REFERS.get(record.kind, NOTHING).items():
                if role == "person":
                    person = find((referred, record.person))
                elif role == "target":
                    target = find((referred, record.target))
                else:
                    parent = find((referred, record.parent))
        return (
            seq,
            OPS[record.op],
            record.ext_id,
            record.person,
            record.target,
            record.parent,
            key_of(record, self.match_on),
            record.origin.file,
            record.origin.row,
            self._data(record),
            digest,
            raw,
            record.revised_at,
            is_good,
            status,
            local_id,
            person,
            target,
            parent,
        )

    def _data(self, record: Record) -> str:
        """Return what is staged of a record: the moment in UTC, and the school's day of it."""
        data = record.data
        if record.occurred_at is not None:
            moment, day = moment_and_day(record.occurred_at, self.zone)
            dated = {"occurred_at": moment, "occurred_on": day, "precision": record.precision}
            data = {**data, **dated}
        return orjson.dumps(data, default=bulk.plain).decode()

    def _look_up(self, session: Session, records: Sequence[Record]) -> None:
        """Find what the records refer to, as far as it is known already."""
        if len(self.places) > MOST_REMEMBERED:
            self.places.clear()
        wanted: dict[RecordKind, set[str]] = {}
        for record in records:
            for role, referred in REFERS.get(record.kind, {}).items():
                key = getattr(record, role)
                if key and (referred, key) not in self.places:
                    wanted.setdefault(referred, set()).add(key)
        for kind, keys in wanted.items():
            told = _of_source(self.run, kind, keys, session)
            for ext_id, local_id in session.execute(
                sa.select(ExternalRef.ext_id, ExternalRef.local_id).where(
                    *told, ExternalRef.gone_at.is_(None)
                )
            ):
                self.places[kind, ext_id] = local_id.hex
            staged = session.execute(
                sa.select(ImportRow.ext_id, ImportRow.local_id).where(
                    ImportRow.school_id == self.run.school_id,
                    ImportRow.run_id == self.run.id,
                    ImportRow.kind == kind,
                    bulk.is_among(session, ImportRow.ext_id, keys),
                    ImportRow.is_good,
                    ImportRow.op != Op.CLOSE,
                )
            )
            self.places |= {(kind, key): place.hex for key, place in staged if key and place}


@lru_cache(4096)
def moment_and_day(at: datetime, zone: ZoneInfo) -> tuple[str, str]:
    """Return a moment as text, in UTC with microseconds, and the day that it is in a zone."""
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    return moment, at.astimezone(zone).date().isoformat()


def _known(
    session: Session, run: ImportRun, kind: RecordKind, records: Iterable[Record]
) -> Mapping[str, Any]:
    keys = {record.ext_id for record in records if record.ext_id}
    if not keys:
        return {}
    columns = (
        ExternalRef.ext_id,
        ExternalRef.local_id,
        ExternalRef.digest,
        ExternalRef.gone_at,
    )
    found = session.execute(sa.select(*columns).where(*_of_source(run, kind, keys, session)))
    return {told.ext_id: told for told in found}


def _of_source(
    run: ImportRun, kind: RecordKind, keys: Iterable[str], session: Session
) -> Iterator[sa.ColumnElement[bool]]:
    yield from told_of(run, kind)
    yield bulk.is_among(session, ExternalRef.ext_id, keys)
