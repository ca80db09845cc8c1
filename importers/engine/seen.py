"""Rows that need not be read: which those are, and what must still be known of them.

A row whose cells are what its source told last does nothing. It is counted, and a digest of its
key is kept with the run: so what is missing from a file, and what is in it twice, still shows.
Only kinds that nothing refers to are passed over so: there are few of the others.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from contextlib import closing
from hashlib import blake2b
from heapq import merge
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from importers import bulk
from importers.models import (
    ExternalRef,
    ImportRow,
    ImportRun,
    ImportSeen,
    ImportSource,
    ParkedPerson,
    RowStatus,
)
from importers.records import REFERS, Op, RecordKind
from importers.staged import is_snapshot_of, rows_of

REFERRED = {kind for refers in REFERS.values() for kind in refers.values()}
PASSED_OVER = set(RecordKind) - REFERRED
DIGITS = 16
PIECE = 50_000  # keys


def key_digest(ext_id: str) -> str:
    """Return 16 hexadecimal digits of a key."""
    return blake2b(ext_id.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def lost(session: Session, run: ImportRun, kind: RecordKind) -> set[UUID] | None:
    """Return our records that this run's rows of a kind may refer to in vain.

    Rows about them are read, so that it is said of each. None when no row may be passed over: the
    kind is referred to itself, or what it refers to is still to be read.
    """
    if kind not in PASSED_OVER or kind in run.layout.get("read_whole", []):
        return None
    place = run.cursor.get("stream", 0)
    later = {stream["kind"] for stream in run.layout["streams"][place:]}
    found: set[UUID] = set()
    for referred in set(REFERS.get(kind, {}).values()):
        if referred in later:
            return None
        found.update(session.scalars(_lost(run, referred)))
    return found


def _lost(run: ImportRun, kind: RecordKind) -> sa.Select[Any]:
    told, staged = aliased(ExternalRef), aliased(ImportRow)
    is_lost: sa.ColumnElement[bool] = told.gone_at.is_not(None)
    if is_snapshot_of(run, kind):
        is_told = sa.and_(staged.is_good, staged.op != Op.CLOSE)
        is_there = sa.exists().where(
            *rows_of(run, of=staged),
            staged.kind == kind,
            staged.ext_id == told.ext_id,
            sa.or_(is_told, staged.status == RowStatus.QUARANTINED),
        )
        is_lost = sa.or_(is_lost, ~is_there)
    if kind is RecordKind.PERSON:
        is_parked = sa.exists().where(
            ParkedPerson.school_id == told.school_id,
            ParkedPerson.source_id == told.source_id,
            ParkedPerson.ext_id == told.ext_id,
        )
        is_lost = sa.or_(is_lost, is_parked)
    return sa.select(told.local_id).where(
        told.school_id == run.school_id,
        told.source_id == run.source_id,
        told.kind == kind,
        is_lost,
    )


def note(session: Session, run: ImportRun, seq: int, kind: RecordKind, keys: Sequence[str]) -> None:
    """Keep that these rows are there, from `seq` on."""
    if keys:
        row = {"school_id": run.school_id, "run_id": run.id, "seq": seq, "kind": kind}
        packed = "".join(map(key_digest, keys))
        bulk.insert_rows(session, ImportSeen, [{**row, "number": len(keys), "keys": packed}])


def forget(session: Session, run: ImportRun) -> None:
    """Forget all rows that were passed over."""
    bulk.change(session, sa.delete(ImportSeen).where(*_of(run)))


def numbers(session: Session, run: ImportRun) -> dict[RecordKind, int]:
    """Return how many rows of each kind were passed over."""
    found = session.execute(
        sa.select(ImportSeen.kind, sa.func.sum(ImportSeen.number))
        .where(*_of(run))
        .group_by(ImportSeen.kind)
    )
    return {kind: int(number) for kind, number in found}


def is_outdated(session: Session, run: ImportRun) -> bool:
    """Whether rows were passed over as known, and another run of the source wrote since."""
    source = session.get_one(ImportSource, (run.school_id, run.source_id))
    is_other = run.layout.get("as_of", source.writes) != source.writes
    return is_other and bool(numbers(session, run))


class Keys:
    """The keys of the rows of a kind that were passed over, in 8 bytes each."""

    def __init__(self, session: Session, run: ImportRun, kind: RecordKind) -> None:
        found: array[int] = array("Q")
        packs = sa.select(ImportSeen.keys).where(*_of(run), ImportSeen.kind == kind)
        for packed in session.scalars(packs.execution_options(yield_per=10)):
            found.extend(int(packed[at : at + DIGITS], 16) for at in range(0, len(packed), DIGITS))
        # Sorted at once, each of a million would be an object of its own.
        pieces = [array("Q", sorted(found[at : at + PIECE])) for at in range(0, len(found), PIECE)]
        self._sorted = array("Q", merge(*pieces))

    def __len__(self) -> int:
        return len(self._sorted)

    def __contains__(self, ext_id: str) -> bool:
        wanted = int(key_digest(ext_id), 16)
        place = bisect_left(self._sorted, wanted)
        return place < len(self._sorted) and self._sorted[place] == wanted

    def has_twins(self) -> bool:
        """Whether a key is there twice."""
        keys = iter(self._sorted)
        before = next(keys, None)
        for key in keys:
            if key == before:
                return True
            before = key
        return False

    def has_any(self, ext_ids: Iterable[str]) -> bool:
        """Whether one of these keys is there."""
        return any(ext_id in self for ext_id in ext_ids)


def with_twins(session: Session, run: ImportRun) -> list[RecordKind]:
    """Return the kinds of which a row was passed over though its key is in the file twice.

    All rows of those must be read, to see whether they contradict each other.
    """
    found = []
    for kind in numbers(session, run):
        keys = Keys(session, run, kind)
        staged = sa.select(ImportRow.ext_id).where(
            *rows_of(run), ImportRow.kind == kind, ImportRow.ext_id.is_not(None)
        )
        with closing(session.scalars(staged.execution_options(yield_per=5000))) as read:
            is_twice = keys.has_twins() or keys.has_any(key for key in read if key)
        if is_twice:
            found.append(kind)
    return found


def read_twice(session: Session, run: ImportRun) -> list[RecordKind]:
    """Return the kinds of which a key is in several of the rows that were read."""
    several = (
        sa.select(ImportRow.kind)
        .where(*rows_of(run), ImportRow.ext_id.is_not(None))
        .group_by(ImportRow.kind, ImportRow.ext_id)
        .having(sa.func.count() > 1)
    )
    return list(session.scalars(several.distinct()))


def _of(run: ImportRun) -> list[sa.ColumnElement[bool]]:
    return [ImportSeen.school_id == run.school_id, ImportSeen.run_id == run.id]
