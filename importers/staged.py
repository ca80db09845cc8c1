"""What the steps after reading share: ranges of staged rows, and setting rows aside."""

from collections.abc import Iterable, Sequence
from functools import reduce
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from importers import bulk
from importers.issues import Column, Finding
from importers.models import ExternalRef, ImportIssue, ImportRow, ImportRun, RowStatus
from importers.records import RecordKind
from importers.source import Stream
from tracker.db import new_id

# A run's layout: {"streams": [{"name", "kind", "file", "is_snapshot", "is_whole", "hidden", "from",
# "until", "since", "columns": {role: [index, name]}}], "closings": [from, until], "dialect": {}};
# rows are numbered by `seq`, from and until (exclusive) say which are of a stream.
StreamLayout = dict[str, Any]
Conditions = list[sa.ColumnElement[bool]]
DELETED_AT_ONCE = 20_000


def layout_of(streams: Sequence[Stream]) -> dict[str, Any]:
    """Return what is to be remembered of the streams (see staged.py); reading fills in the rows."""
    return {
        "streams": [
            {
                "name": stream.name,
                "kind": stream.kind,
                "file": stream.file,
                "is_snapshot": stream.is_snapshot,
                "is_whole": True,
                "hidden": [],
                "columns": {
                    role: [column.index, column.name] for role, column in stream.columns.items()
                },
                "from": None,
                "until": None,
                "since": None,
            }
            for stream in streams
        ]
    }


def rows_of(run: ImportRun, *, of: type[ImportRow] = ImportRow) -> Conditions:
    """Return the conditions for all staged rows of a run; `of` may be an alias."""
    return [of.school_id == run.school_id, of.run_id == run.id]


def in_span(
    run: ImportRun, first: int, until: int, *, of: type[ImportRow] = ImportRow
) -> Conditions:
    """Return the conditions for a range of staged rows."""
    return [*rows_of(run, of=of), of.seq >= first, of.seq < until]


def told_of(run: ImportRun, kind: RecordKind) -> Conditions:
    """Return the conditions for all of a kind that the run's source told of, now or before."""
    return [
        ExternalRef.school_id == run.school_id,
        ExternalRef.source_id == run.source_id,
        ExternalRef.kind == kind,
    ]


def is_known(run: ImportRun) -> sa.ColumnElement[bool]:
    """Whether the run's source told of a staged row's record before, under the same key."""
    return sa.and_(
        ExternalRef.school_id == ImportRow.school_id,
        ExternalRef.source_id == run.source_id,
        ExternalRef.kind == ImportRow.kind,
        ExternalRef.ext_id == ImportRow.ext_id,
    )


def next_span(
    session: Session, run: ImportRun, *, batches: int
) -> tuple[StreamLayout, int, int] | None:
    """Return the stream that the cursor is in, and the next range of it in which rows are."""
    seq = run.cursor["seq"]
    for stream in run.layout["streams"]:
        if stream["until"] is None or seq >= stream["until"]:
            continue
        rest = in_span(run, max(seq, stream["from"]), stream["until"])
        first = session.scalar(sa.select(sa.func.min(ImportRow.seq)).where(*rest))
        if first is not None:
            return stream, first, min(first + batches * run.batch_size, stream["until"])
    return None


def is_snapshot_of(run: ImportRun, kind: RecordKind) -> bool:
    """Whether the run tells all there is of a kind, so that what is missing is gone."""
    streams = [stream for stream in run.layout["streams"] if stream["kind"] == kind]
    return bool(streams) and all(
        stream["is_snapshot"] and stream["is_whole"] and stream["from"] != stream["until"]
        for stream in streams
    )


def column_of(stream: StreamLayout, role: str) -> Column | None:
    """Return the column in which a key or a reference stood."""
    found = stream["columns"].get(role)
    return Column(*found) if found else None


def set_aside(
    session: Session,
    run: ImportRun,
    findings: Iterable[tuple[int, Finding]],
    *,
    status: RowStatus = RowStatus.QUARANTINED,
) -> None:
    """Give rows a status, by their `seq`, and say why."""
    found = list(findings)
    if not found:
        return
    key = {"school_id": run.school_id, "run_id": run.id, "status": status}
    bulk.update_rows(session, ImportRow, [{**key, "seq": seq} for seq, _ in found])
    add_issues(session, run, found, is_from_match=True)


def add_issues(
    session: Session,
    run: ImportRun,
    findings: Iterable[tuple[int, Finding]],
    *,
    is_from_match: bool = False,
) -> None:
    """Store findings with the `seq` of their row, or 0 when they are about the whole."""
    bulk.insert_rows(
        session,
        ImportIssue,
        [_issue(run, seq, finding, is_from_match=is_from_match) for seq, finding in findings],
    )


def _issue(run: ImportRun, seq: int, finding: Finding, *, is_from_match: bool) -> dict[str, Any]:
    column = finding.column or Column(None, "")
    return {
        "school_id": run.school_id,
        "id": new_id(),
        "run_id": run.id,
        "seq": seq,
        "code": finding.code,
        "severity": finding.severity,
        "file": finding.file,
        "row": finding.row,
        "letter": column.letter,
        "column": column.name or None,
        "value": finding.value,
        "detail": finding.detail,
        "is_from_match": is_from_match,
    }


def chained(session: Session, run: ImportRun, first: int, until: int) -> str:
    """Return the digest of every decision so far, these rows added; what stays says nothing."""
    chain = sha256(run.cursor["chain"].encode())
    # Which record a row is about follows from its key, except where a number joined it to one.
    is_linked = sa.and_(ImportRow.kind == RecordKind.PERSON, ImportRow.status == RowStatus.SAME)
    is_joined = sa.or_(ImportRow.status == RowStatus.CHANGED, is_linked)
    facts: list[sa.ColumnElement[Any]] = [
        sa.cast(ImportRow.seq, sa.String),
        sa.type_coerce(ImportRow.status, sa.String),
        sa.func.coalesce(ImportRow.digest, ""),
        sa.case((is_joined, sa.cast(ImportRow.local_id, sa.String)), else_=""),
    ]
    decision = reduce(lambda one, other: one + " " + other, facts)
    told = (
        sa.select(decision.label("decision"))
        .where(
            *in_span(run, first, until),
            sa.or_(ImportRow.status != RowStatus.SAME, ImportRow.kind == RecordKind.PERSON),
        )
        .order_by(ImportRow.seq)
        .subquery()
    )
    # As one text: a row of an answer costs more than all that is done with it.
    decisions = session.scalar(sa.select(sa.func.aggregate_strings(told.c.decision, "\n")))
    chain.update((decisions or "").encode())
    return chain.hexdigest()


def delete_some(session: Session, rows: Conditions) -> bool:
    """Delete a batch of staged rows; returns whether none is left."""
    ends = sa.select(sa.func.min(ImportRow.seq), sa.func.max(ImportRow.seq)).where(*rows)
    first, last = session.execute(ends).one()
    if first is None:
        return True
    bulk.change(session, sa.delete(ImportRow).where(*rows, ImportRow.seq < first + DELETED_AT_ONCE))
    return bool(last < first + DELETED_AT_ONCE)


def forget_issues(session: Session, run: ImportRun, which: Conditions) -> None:
    """Forget what was found of a run."""
    bulk.change(
        session,
        sa.delete(ImportIssue).where(
            ImportIssue.school_id == run.school_id, ImportIssue.run_id == run.id, *which
        ),
    )
