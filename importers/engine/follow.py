"""After writing: the coach groups follow the roster, the run ends, and raw rows go."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from importers import bulk
from importers.engine import seen
from importers.engine.held import HeldRun, end
from importers.engine.opening import forget_file
from importers.engine.write import occasion_of
from importers.models import (
    ExternalRef,
    ImportCursor,
    ImportIssue,
    ImportRow,
    ImportRun,
    ImportSource,
    RowStatus,
    RunState,
)
from importers.people import parking
from importers.pulls import pushed
from importers.pulls.breaker import unread_because
from importers.records import RecordKind
from importers.repair.cells import keep_cells
from importers.repair.waiting import supersede
from importers.sheet.memory import remember
from importers.staged import delete_some, forget_issues, rows_of
from tracker import audit
from tracker.db import utc_now
from tracker.groups import follow_roster
from tracker.models import ActivitySource, CoachGroup, Person


def follow_some(held: HeldRun) -> None:
    """Let the next confirmed coach group of this source follow its roster; then the run is done."""
    with held.step() as (session, run):
        occasion = occasion_of(session, run)
        after = run.cursor.get("coach_group")
        coach_group = _next_coach_group(session, run, after=UUID(after) if after else None)
        if coach_group is None:
            _finish(session, run, at=utc_now())
            return
        is_open = coach_group.until_on is None or coach_group.until_on > occasion.on
        if is_open and coach_group.from_on <= occasion.on:
            follow_roster(session, coach_group=coach_group, on=occasion.on, at=occasion.at)
        run.cursor = {"coach_group": str(coach_group.id)}


def _next_coach_group(session: Session, run: ImportRun, *, after: UUID | None) -> CoachGroup | None:
    is_ours = sa.exists().where(
        ExternalRef.school_id == CoachGroup.school_id,
        ExternalRef.kind == RecordKind.GROUP,
        ExternalRef.local_id == CoachGroup.group_id,
        ExternalRef.source_id == run.source_id,
    )
    select = sa.select(CoachGroup).where(CoachGroup.school_id == run.school_id, is_ours)
    if after is not None:
        select = select.where(CoachGroup.id > after)
    return session.scalar(select.order_by(CoachGroup.id).limit(1))


def _finish(session: Session, run: ImportRun, *, at: datetime) -> None:
    source = session.get_one(ImportSource, (run.school_id, run.source_id))
    _move_cursors(session, run, at)
    parking.park(session, run, at=at)
    supersede(session, run)
    remember(run, source)
    # Else readers would think that all they see is of today.
    if unread_because(run) is None and run.retry_of_id is None:
        source.last_applied_at = at
        session.execute(
            sa.update(ActivitySource)
            .where(ActivitySource.school_id == run.school_id, ActivitySource.name == source.name)
            .values(last_import_at=at)
        )
    approver = None
    if run.approved_by_id is not None:
        approver = session.get_one(Person, (run.school_id, run.approved_by_id))
    totals = {
        status: sum(by_status[status] for by_status in run.counts.values())
        for status in ("new", "changed", "closed")
    }
    if approver is not None or any(totals.values()) or not run.is_direct:
        audit.record(session, by=approver, verb="applied import", subject=run, at=at, **totals)
    end(session, run, state=RunState.APPLIED, at=at)


def _move_cursors(session: Session, run: ImportRun, at: datetime) -> None:
    """Let the source's next run begin where this one ended, in the commit that ends this one."""
    for stream in run.layout["streams"]:
        if stream["since"] is None or not stream["is_whole"]:
            continue
        key = (run.school_id, run.source_id, stream["name"])
        cursor = session.get(ImportCursor, key)
        if cursor is None:
            cursor = ImportCursor(
                school_id=run.school_id, source_id=run.source_id, stream=stream["name"]
            )
            session.add(cursor)
        cursor.value, cursor.moved_at = stream["since"], at


def clean_some(held: HeldRun) -> None:
    """Delete staged rows: all of them, or after applying all but those set aside for repair."""
    with held.step() as (session, run):
        if run.state is RunState.APPLIED:
            keep_cells(session, run, held.store)
    forget_file(held)
    with held.step() as (session, run):
        rows = rows_of(run)
        if run.state is RunState.APPLIED:
            rows.append(ImportRow.status != RowStatus.QUARANTINED)
        elif run.state is RunState.DISCARDED:
            forget_issues(session, run, [])
        if delete_some(session, rows):
            seen.forget(session, run)
            if run.state is not RunState.FAILED:
                pushed.forget(session, run)
            run.phase, run.cursor, run.claim = None, {}, None


def prune_some(held: HeldRun) -> None:
    """Delete what is still raw of a run that ended long ago: file, rows, and cells in issues."""
    forget_file(held)
    with held.step() as (session, run):
        if delete_some(session, rows_of(run)):
            bulk.change(
                session,
                sa.update(ImportIssue)
                .where(ImportIssue.school_id == run.school_id, ImportIssue.run_id == run.id)
                .values(value=None, detail=None),
            )
            pushed.forget(session, run)
            run.phase, run.claim, run.pruned_at = None, None, utc_now()
