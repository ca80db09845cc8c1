"""The timetable: which sources are due, how their pulls begin, and which old pulls may go."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from importers.kinds import PULL_KINDS
from importers.models import ImportIssue, ImportRow, ImportRun, ImportSource, ParkedPerson
from importers.pulls import pulls
from importers.pulls.breaker import next_due
from importers.sweep import KEPT
from tracker.db import unit_of_work
from tracker.models import School
from tracker.people import school_ids, today_at

# Pulls begun in one look at the clock, of all schools together; the others a few seconds later.
MOST_AT_ONCE = 20
PRUNED_AT_ONCE = 500


def start_due(engine: sa.Engine, *, at: datetime) -> list[tuple[UUID, UUID]]:
    """Start a pull of each source that is due; returns the school and id of each run.

    The schools are visited one by one, each behind its own wall, in a unit of work of its own.
    """
    with unit_of_work(engine, writes=False) as session:
        schools = session.scalars(sa.select(School).order_by(School.id)).all()
    started: list[tuple[UUID, UUID]] = []
    for school in schools:
        with unit_of_work(engine, school_id=school.id, writes=False) as session:
            due = session.scalars(_due(school, at).limit(MOST_AT_ONCE - len(started))).all()
        for source_id in due:
            with unit_of_work(engine, school_id=school.id) as session:
                run_id = _start(session, school, source_id, at)
            if run_id is not None:
                started.append((school.id, run_id))
        if len(started) >= MOST_AT_ONCE:
            break
    return started


def _due(school: School, at: datetime) -> sa.Select[UUID]:
    return (
        sa.select(ImportSource.id)
        .where(
            ImportSource.school_id == school.id,
            ImportSource.due_at <= at,
            ImportSource.paused_at.is_(None),
        )
        .order_by(ImportSource.due_at, ImportSource.id)
    )


def _start(session: Session, school: School, source_id: UUID, at: datetime) -> UUID | None:
    """Start a pull unless another worker just did; the source is due again at its next moment."""
    source = session.scalar(
        sa.select(ImportSource)
        .where(ImportSource.id == source_id, ImportSource.id.in_(_due(school, at)))
        .with_for_update(key_share=True)
    )
    if source is None:
        return None
    source.due_at = next_due(source, school=school, after=at)
    session.flush()
    if source.due_at is None or source.kind not in PULL_KINDS:
        return None
    return pulls.start_pull(session, source=source, by=None, on=today_at(school, at), at=at).id


def prune_pulls(engine: sa.Engine, *, at: datetime) -> int:
    """Delete old pulls that changed nothing and set nothing aside; returns how many.

    An hourly source makes 9,000 runs a year. The newest of each source stays.
    """
    with unit_of_work(engine, writes=False) as session:
        schools = school_ids(session)
    pruned = 0
    for school_id in schools:
        after: UUID | None = None
        while True:
            with unit_of_work(engine, school_id=school_id) as session:
                page = session.scalars(_old_pulls(school_id, after, at)).all()
                pruned += _forget(session, school_id, [r.id for r in page if not did_anything(r)])
            if not page:
                break
            after = page[-1].id
    return pruned


def _old_pulls(school_id: UUID, after: UUID | None, at: datetime) -> sa.Select[ImportRun]:
    """Select the next old pulls of a school to which nothing refers."""
    newer = aliased(ImportRun)
    is_wanted = (
        sa.exists().where(ImportRow.school_id == school_id, ImportRow.run_id == ImportRun.id),
        sa.exists().where(
            ParkedPerson.school_id == school_id, ParkedPerson.last_run_id == ImportRun.id
        ),
        sa.exists().where(newer.school_id == school_id, newer.retry_of_id == ImportRun.id),
    )
    has_newer = sa.exists().where(
        newer.school_id == school_id,
        newer.source_id == ImportRun.source_id,
        newer.id > ImportRun.id,
    )
    select = sa.select(ImportRun).where(
        ImportRun.school_id == school_id,
        ImportRun.is_direct,
        ImportRun.phase.is_(None),
        ImportRun.ended_at <= at - KEPT,
        has_newer,
        *(~wanted for wanted in is_wanted),
    )
    if after is not None:
        select = select.where(ImportRun.id > after)
    return select.order_by(ImportRun.id).limit(PRUNED_AT_ONCE)


def _forget(session: Session, school_id: UUID, gone: list[UUID]) -> int:
    issues = sa.delete(ImportIssue).where(
        ImportIssue.school_id == school_id, ImportIssue.run_id.in_(gone)
    )
    session.execute(issues)
    session.execute(
        sa.delete(ImportRun).where(ImportRun.school_id == school_id, ImportRun.id.in_(gone))
    )
    return len(gone)


def did_anything(run: ImportRun) -> bool:
    """Whether a run made, changed or closed anything, or set rows aside."""
    return any(
        by_status.get(status)
        for by_status in run.counts.values()
        for status in ("new", "changed", "closed", "quarantined")
    )
