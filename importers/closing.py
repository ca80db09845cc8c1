"""What is missing from a complete file is closed: with an end date, and not too much at once.

Only a stream that tells all there is of its kind closes anything. Closings are staged as rows
behind those of the file, so that they are previewed, digested and written like all others.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from importers import bulk
from importers.issues import Finding, Severity
from importers.models import ExternalRef, ImportRow, ImportRun, RowStatus
from importers.records import Op, RecordKind
from importers.staged import chained, is_snapshot_of, rows_of

# More than both of these at once is not applied before somebody says that it is right.
BRAKE_SHARE = 0.05
BRAKE_NUMBER = 10
BRAKE = "brake.would_close"


def forget_closings(session: Session, run: ImportRun) -> None:
    """Take away the closings that an earlier match staged; they have no file."""
    bulk.change(session, sa.delete(ImportRow).where(*rows_of(run), ImportRow.file.is_(None)))
    last = max((stream["until"] or 1 for stream in run.layout["streams"]), default=1)
    run.layout = {**run.layout, "closings": [last, last]}


def stage_closings(session: Session, run: ImportRun) -> bool:
    """Stage the next closings, walking through what the source told of; False when all are."""
    kinds = [kind for kind in _kinds(run) if is_snapshot_of(run, kind)]
    place, after = run.cursor.get("known", [0, ""])
    if place == len(kinds):
        return False
    size = run.batch_size * bulk.expect_many(session)
    known = session.execute(_known(run, kinds[place], after, size)).all()
    first, until = run.layout["closings"]
    missing = [ref for ref in known if not ref.is_there]
    bulk.insert_rows(
        session,
        ImportRow,
        [_closing(run, until + number, kinds[place], ref) for number, ref in enumerate(missing)],
    )
    run.layout = {**run.layout, "closings": [first, until + len(missing)]}
    is_last = len(known) < size
    run.cursor = {
        **run.cursor,
        "known": [place + 1, ""] if is_last else [place, known[-1].ext_id],
        "chain": chained(session, run, until, until + len(missing)),
    }
    return True


def _kinds(run: ImportRun) -> list[RecordKind]:
    return list(dict.fromkeys(RecordKind(stream["kind"]) for stream in run.layout["streams"]))


def _known(run: ImportRun, kind: RecordKind, after: str, size: int) -> sa.Select[Any]:
    """Select a page of what the source told of this kind, and whether it still does."""
    page = (
        sa.select(ExternalRef.ext_id, ExternalRef.local_id, ExternalRef.digest)
        .where(
            ExternalRef.school_id == run.school_id,
            ExternalRef.source_id == run.source_id,
            ExternalRef.kind == kind,
            ExternalRef.ext_id > after,
            ExternalRef.gone_at.is_(None),
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
    findings = [
        Finding(code="closing.held", severity=Severity.WARNING, file=stream["file"])
        for stream in run.layout["streams"]
        if stream["is_snapshot"] and not stream["is_whole"]
    ]
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
        if closes > BRAKE_NUMBER and closes > BRAKE_SHARE * number:
            findings.append(
                Finding(
                    code=BRAKE,
                    severity=Severity.WARNING,
                    value=kind.value,
                    detail=f"{closes}/{number}",
                )
            )
    return findings
