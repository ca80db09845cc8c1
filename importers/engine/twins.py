"""Twins: rows of one file with the same key, whether they were read or passed over."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from importers import bulk
from importers.engine import seen
from importers.engine.held import HeldRun
from importers.engine.restage import begin_again
from importers.issues import Finding, Severity
from importers.models import ImportRow, ImportRun, RowStatus
from importers.staged import Conditions, StreamLayout, column_of, set_aside
from tracker.db import unit_of_work

# Of so many staged rows PostgreSQL makes statistics before they are matched; without any it may
# look for each among all.
STAGED = 100
# Of tables that hold much already, statistics are worth their time from so many new records on.
MANY = 2000


def look_back(held: HeldRun) -> None:
    """Before matching: find once of which kinds a key is in the file twice.

    If such a row was passed over, all rows of its kind are read: they may contradict each other.
    """
    with unit_of_work(held.engine, school_id=held.school_id, writes=False) as session:
        run = session.get_one(ImportRun, (held.school_id, held.run_id))
        is_new = not run.cursor and "twins" not in run.layout
        if is_new:
            unread, twice = seen.with_twins(session, run), seen.read_twice(session, run)
    if is_new:
        with held.step() as (_, run):
            if unread:
                unread += run.layout.get("read_whole", [])
                run.layout = {**run.layout, "read_whole": unread}
                begin_again(run)
            else:
                run.layout = {**run.layout, "twins": twice}
    if is_new and (run.total or 0) >= STAGED:
        with unit_of_work(held.engine, school_id=held.school_id) as session:
            bulk.gather_statistics(session, ["import_row"])


def set_aside_twins(
    session: Session, run: ImportRun, stream: StreamLayout, span: Conditions
) -> None:
    """Of equal rows with one key the last counts; contradictory rows are all set aside."""
    twin = aliased(ImportRow)
    found = session.execute(
        sa.select(
            ImportRow.seq,
            ImportRow.row,
            ImportRow.ext_id,
            sa.func.count(twin.digest.distinct()),
            sa.func.max(twin.seq),
            sa.func.min(sa.case((twin.seq != ImportRow.seq, twin.row))),
        )
        .join(
            twin,
            sa.and_(
                twin.school_id == ImportRow.school_id,
                twin.run_id == ImportRow.run_id,
                twin.kind == ImportRow.kind,
                twin.ext_id == ImportRow.ext_id,
                twin.is_good,
                twin.file.is_not(None),
            ),
        )
        .where(*span, ImportRow.is_good, ImportRow.file.is_not(None))
        .group_by(ImportRow.seq, ImportRow.row, ImportRow.ext_id)
        .having(sa.func.count() > 1)
    )
    contradictory, equal = [], []
    for seq, row, key, contents, last, other in found:
        facts: dict[str, Any] = {
            "file": stream["file"],
            "row": row,
            "column": column_of(stream, "ext_id"),
            "value": key,
            "detail": str(other),
        }
        if contents > 1:
            contradictory.append((seq, Finding(code="key.contradictory", **facts)))
        elif seq != last:
            equal.append((seq, Finding(code="key.twice", severity=Severity.WARNING, **facts)))
    set_aside(session, run, contradictory)
    set_aside(session, run, equal, status=RowStatus.IGNORED)
