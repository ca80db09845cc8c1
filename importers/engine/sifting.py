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

import sqlalchemy as sa
from sqlalchemy.orm import Session

from importers.engine import bulk, seen
from importers.issues import Finding
from importers.models import ExternalRef, ImportRow, ImportRun, ImportSource, MatchOn, RowStatus
from importers.people.links import key_of
from importers.records import REFERS, Op, Record, RecordKind, Standing, Unread
from importers.source import Batch
from tracker.db import new_id
from tracker.models import School

STATUS = {
    Standing.GOOD: RowStatus.NEW,
    Standing.BAD: RowStatus.QUARANTINED,
    Standing.IGNORED: RowStatus.IGNORED,
}
NOTHING: Mapping[str, RecordKind] = {}
MOST_REMEMBERED = 50_000  # places of references; then they are looked up again


@dataclass
class Sifted:
    """A batch as it is staged: `rows` and `findings` are numbered from 0, behind one another.

    All `rows` have `same` besides. `passed_over` are the keys of rows that were not read.
    `writes` tells as of when that holds.
    """

    batch: Batch
    kind: RecordKind
    writes: int
    same: Mapping[str, Any]
    rows: list[dict[str, Any]] = field(default_factory=list)
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
    places: dict[tuple[RecordKind, str | None], UUID] = field(default_factory=dict)

    @classmethod
    def of(cls, session: Session, run: ImportRun, kind: RecordKind) -> "Sieve":
        """Look at what the run staged so far."""
        source = session.get_one(ImportSource, (run.school_id, run.source_id))
        zone = ZoneInfo(session.get_one(School, run.school_id).timezone)
        same: dict[str, Any] = {"school_id": run.school_id, "run_id": run.id, "kind": kind}
        if "parent" not in REFERS.get(kind, NOTHING):
            same |= {"parent": None, "parent_id": None}
        return cls(run, kind, source.match_on, zone, same, seen.lost(session, run, kind))

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
        known = _known(session, self.run, self.kind, read)
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

    def _row(self, seq: int, record: Record, raw: str | None, told: Any) -> dict[str, Any]:
        is_good = record.standing is Standing.GOOD
        digest = record.digest if is_good else None
        status = STATUS[record.standing]
        local_id = new_id() if is_good else None
        if is_good and told is not None:
            local_id = told.local_id
            is_same = told.digest == digest and told.gone_at is None
            status = RowStatus.SAME if is_same else RowStatus.CHANGED
        refers = REFERS.get(record.kind, NOTHING) if is_good else NOTHING
        found = self.places.get
        return {
            "seq": seq,
            "op": record.op,
            "ext_id": record.ext_id,
            "person": record.person,
            "target": record.target,
            "match_key": key_of(record, self.match_on),
            "file": record.origin.file,
            "row": record.origin.row,
            "data": self._data(record),
            "digest": digest,
            "raw_digest": raw,
            "revised_at": record.revised_at,
            "is_good": is_good,
            "status": status,
            "local_id": local_id,
            "person_id": found((refers["person"], record.person)) if "person" in refers else None,
            "target_id": found((refers["target"], record.target)) if "target" in refers else None,
            **({} if "parent_id" in self.same else self._parent(record, refers)),
        }

    def _parent(self, record: Record, refers: Mapping[str, RecordKind]) -> dict[str, Any]:
        found = self.places.get((refers["parent"], record.parent)) if "parent" in refers else None
        return {"parent": record.parent, "parent_id": found}

    def _data(self, record: Record) -> dict[str, Any]:
        """Return what is staged of a record: the moment in UTC, and the school's day of it."""
        if record.occurred_at is None:
            return record.stored
        moment, day = moment_and_day(record.occurred_at, self.zone)
        return {
            **record.data,
            "occurred_at": moment,
            "occurred_on": day,
            "precision": record.precision,
        }

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
                self.places[kind, ext_id] = local_id
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
            self.places |= {(kind, key): place for key, place in staged if key and place}


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
    yield ExternalRef.school_id == run.school_id
    yield ExternalRef.source_id == run.source_id
    yield ExternalRef.kind == kind
    yield bulk.is_among(session, ExternalRef.ext_id, keys)
