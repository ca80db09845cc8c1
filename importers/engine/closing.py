"""What is missing from a complete file is closed: with an end date, and not too much at once.

Only a stream that tells all there is of its kind closes anything; what hangs on a course that it
did not show is left alone. Closings are staged as rows behind those of the file, so that they are
previewed, digested and written like all others.
"""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from importers import bulk
from importers.door.rewriting import OPEN_END
from importers.engine import seen
from importers.issues import Finding, Severity
from importers.models import ExternalRef, ImportRow, ImportRun, RowStatus
from importers.records import REFERS, Op, RecordKind
from importers.staged import chained, is_known, is_snapshot_of, rows_of, told_of
from tracker.models import Membership, PersonRole

# More than both of these at once is not applied before somebody says that it is right.
BRAKE_SHARE = 0.05
BRAKE_NUMBER = 10
# Nor are so many, when they are more than half of all with one role: there are few teachers.
BRAKE_FEW = 3
BRAKE = "brake.would_close"
BRAKE_OF_ROLE = {"student": "brake.students", "teacher": "brake.teachers"}
BRAKES = frozenset({BRAKE, *BRAKE_OF_ROLE.values()})
ROLES: dict[RecordKind, type[Membership | PersonRole]] = {
    RecordKind.ROLE: PersonRole,
    RecordKind.MEMBERSHIP: Membership,
}
# In a run's layout: the tables of which the last line has no end.
OPEN_ENDS = "open_ends"


def hold_back(run: ImportRun) -> list[Finding]:
    """Have tables of which the last line has no end close nobody: they may have been cut off."""
    held = [
        stream["file"]
        for stream in run.layout["streams"]
        if stream["is_snapshot"] and stream["file"] in run.layout.get(OPEN_ENDS, [])
    ]
    streams = [
        {**stream, "is_snapshot": stream["is_snapshot"] and stream["file"] not in held}
        for stream in run.layout["streams"]
    ]
    run.layout = {**run.layout, "streams": streams}
    return [
        Finding(code=OPEN_END, severity=Severity.WARNING, file=file) for file in dict.fromkeys(held)
    ]


def forget_closings(session: Session, run: ImportRun) -> None:
    """Take away the closings that an earlier match staged; they have no file."""
    last = max((stream["until"] or 1 for stream in run.layout["streams"]), default=1)
    closings = [*rows_of(run), ImportRow.seq >= last, ImportRow.file.is_(None)]
    bulk.change(session, sa.delete(ImportRow).where(*closings))
    run.layout = {**run.layout, "closings": [last, last]}


def stage_closings(
    session: Session, run: ImportRun, passed_over: dict[RecordKind, seen.Keys]
) -> bool:
    """Stage the next closings, walking through what the source told of; returns whether all are.

    `passed_over` remembers from one step to the next which keys were there without being read.
    """
    kinds = [kind for kind in _kinds(run) if is_snapshot_of(run, kind)]
    left = run.batch_size * bulk.many(session)
    while left > 0:
        place, after = run.cursor.get("known", [0, ""])
        if place == len(kinds):
            return True
        kind = kinds[place]
        if kind not in passed_over:
            passed_over[kind] = seen.Keys(session, run, kind)
        keys = passed_over[kind]
        if (
            keys
            and not after
            and len(keys) + _staged(session, run, kind) == _told(session, run, kind)
        ):
            run.cursor = {**run.cursor, "known": [place + 1, ""]}
            return False
        known = session.execute(_known(session, run, kind, after, left)).all()
        missing = [ref for ref in known if not ref.is_there and ref.ext_id not in keys]
        if missing:
            _close(session, run, kind, missing)
        is_last = len(known) < left
        next_place = [place + 1, ""] if is_last else [place, known[-1].ext_id]
        run.cursor = {**run.cursor, "known": next_place}
        left -= len(known)
    return False


def _close(session: Session, run: ImportRun, kind: RecordKind, missing: Sequence[Any]) -> None:
    """Stage the closings of what is missing, and add them to the chain."""
    first, until = run.layout["closings"]
    rows = [_closing(run, until + number, kind, ref) for number, ref in enumerate(missing)]
    bulk.insert_rows(session, ImportRow, rows)
    end = until + len(missing)
    run.layout = {**run.layout, "closings": [first, end]}
    run.cursor = {**run.cursor, "chain": chained(session, run, until, end)}


def _told(session: Session, run: ImportRun, kind: RecordKind) -> int:
    """Return how many records of a kind the source told of that are not gone."""
    told = sa.select(sa.func.count()).where(
        *told_of(run, kind),
        ExternalRef.gone_at.is_(None),
    )
    return session.scalar(told) or 0


def _staged(session: Session, run: ImportRun, kind: RecordKind) -> int:
    """Return how many of those are among the rows that were read."""
    staged = (
        sa.select(sa.func.count(ImportRow.ext_id.distinct()))
        .join(
            ExternalRef,
            sa.and_(is_known(run), ExternalRef.gone_at.is_(None)),
        )
        .where(*rows_of(run), ImportRow.kind == kind, ImportRow.status != RowStatus.IGNORED)
    )
    return session.scalar(staged) or 0


def _kinds(run: ImportRun) -> list[RecordKind]:
    return list(dict.fromkeys(RecordKind(stream["kind"]) for stream in run.layout["streams"]))


def _hidden_of(run: ImportRun, kind: RecordKind) -> list[str]:
    """Return the keys of what the source did not show whole, of which a kind's records are part."""
    streams = [stream for stream in run.layout["streams"] if stream["kind"] == kind]
    return list(dict.fromkeys(key for stream in streams for key in stream.get("hidden", [])))


def _ids(session: Session, run: ImportRun, kind: RecordKind, keys: list[str]) -> sa.Select[UUID]:
    """Select our records that the targets of a kind are, by the source's keys."""
    told = aliased(ExternalRef)
    return sa.select(told.local_id).where(
        told.school_id == run.school_id,
        told.source_id == run.source_id,
        told.kind == REFERS[kind]["target"],
        bulk.is_among(session, told.ext_id, keys),
    )


def _known(
    session: Session, run: ImportRun, kind: RecordKind, after: str, size: int
) -> sa.Select[Any]:
    """Select a page of what the source told of this kind, and whether it still does.

    What hangs on something that the source did not show is not among it.
    """
    hidden = _hidden_of(run, kind)
    shown = [] if not hidden else [ExternalRef.target_id.not_in(_ids(session, run, kind, hidden))]
    page = (
        sa.select(ExternalRef.ext_id, ExternalRef.local_id, ExternalRef.digest)
        .where(
            *told_of(run, kind),
            ExternalRef.ext_id > after,
            ExternalRef.gone_at.is_(None),
            *shown,
        )
        .order_by(ExternalRef.ext_id)
        .limit(size)
        .subquery()
    )
    staged = sa.and_(
        *rows_of(run),
        ImportRow.kind == kind,
        ImportRow.ext_id == page.c.ext_id,
        ImportRow.status != RowStatus.IGNORED,
    )
    return (
        sa.select(page, (sa.func.count(ImportRow.seq) > 0).label("is_there"))
        .outerjoin(ImportRow, staged)
        .group_by(*page.c)
        .order_by(page.c.ext_id)
    )


def _closing(run: ImportRun, seq: int, kind: RecordKind, ref: Any) -> dict[str, Any]:
    return {
        "school_id": run.school_id,
        "run_id": run.id,
        "seq": seq,
        "kind": kind,
        "op": Op.CLOSE,
        "ext_id": ref.ext_id,
        "data": {},
        "digest": ref.digest,
        "is_good": True,
        "status": RowStatus.CLOSED,
        "local_id": ref.local_id,
    }


def look_out(session: Session, run: ImportRun) -> list[Finding]:
    """Say where closing is held back, and where so much would close that it must be confirmed."""
    findings = []
    for stream in run.layout["streams"]:
        hidden = set(stream.get("hidden", []))
        if stream["is_snapshot"] and not stream["is_whole"]:
            findings.append(_warning("closing.held", file=stream["file"]))
        elif stream["is_snapshot"] and hidden:
            parts = str(len(hidden))
            findings.append(_warning("closing.held_in", file=stream["file"], detail=parts))
    known = session.execute(
        sa.select(ExternalRef.kind, sa.func.count())
        .where(
            ExternalRef.school_id == run.school_id,
            ExternalRef.source_id == run.source_id,
            ExternalRef.gone_at.is_(None),
        )
        .group_by(ExternalRef.kind)
        .order_by(ExternalRef.kind)
    )
    for kind, number in known:
        closes = run.counts.get(kind.value, {}).get("closed", 0)
        if _is_much(closes, number):
            share = f"{closes}/{number}"
            findings.append(_warning(BRAKE, value=kind.value, detail=share))
        elif closes >= BRAKE_FEW and kind in ROLES:
            findings += _brakes_of_roles(session, run, kind)
    return findings


def _brakes_of_roles(session: Session, run: ImportRun, kind: RecordKind) -> Iterator[Finding]:
    """Say of which roles too many would end, however many people have another role."""
    model, closing = ROLES[kind], aliased(ImportRow)
    is_closing = sa.and_(
        *rows_of(run, of=closing),
        closing.kind == kind,
        closing.ext_id == ExternalRef.ext_id,
        closing.status == RowStatus.CLOSED,
    )
    found = session.execute(
        sa.select(
            model.role,
            sa.func.count(sa.case((closing.seq.is_not(None), ExternalRef.ext_id)).distinct()),
            sa.func.count(ExternalRef.ext_id.distinct()),
        )
        .select_from(ExternalRef)
        .join(
            model,
            sa.and_(model.school_id == ExternalRef.school_id, model.id == ExternalRef.local_id),
        )
        .outerjoin(closing, is_closing)
        .where(
            *told_of(run, kind),
            ExternalRef.gone_at.is_(None),
        )
        .group_by(model.role)
        .order_by(model.role)
    )
    for role, closes, number in found:
        if _is_much(closes, number) or (closes >= BRAKE_FEW and closes * 2 > number):
            code = BRAKE_OF_ROLE.get(str(role), BRAKE)
            yield _warning(code, value=kind.value, detail=f"{closes}/{number}")


def _is_much(closes: int, number: int) -> bool:
    return closes > BRAKE_NUMBER and closes > BRAKE_SHARE * number


def _warning(code: str, **facts: str) -> Finding:
    return Finding(code=code, severity=Severity.WARNING, **facts)  # type: ignore[arg-type]  # named as in Finding
