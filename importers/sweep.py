"""The sweeper: finds the runs that wait for a worker, whatever became of their nudge."""

from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from importers.engine.held import end, is_worked_on
from importers.models import ImportRun, Phase, RunState
from importers.people import parking
from tracker.db import unit_of_work
from tracker.people import school_ids

# Raw rows go with their run, or after so long.
KEPT = timedelta(days=30)
ENDED = (RunState.APPLIED, RunState.REFUSED, RunState.FAILED, RunState.DISCARDED)


def waiting_runs(engine: sa.Engine, *, at: datetime) -> list[tuple[UUID, UUID]]:
    """Return the school and id of each run that asks for work and that nobody works on.

    The schools are visited one by one, each behind its own wall. Previews that nobody looked at
    for a month are thrown away, and of old runs the raw rows; whom a source parked is forgotten.
    """
    with unit_of_work(engine, writes=False) as session:
        schools = school_ids(session)
    found = []
    for school_id in schools:
        with unit_of_work(engine, school_id=school_id, writes=False) as session:
            old = session.scalars(_old(school_id, at)).all()
            waiting = session.scalars(_waiting(school_id, at)).all()
            are_parked = session.scalar(parking.are_old(school_id, before=at - KEPT))
        if old or are_parked:
            with unit_of_work(engine, school_id=school_id) as session:
                _let_go(session, school_id, at)
        found += [(school_id, run_id) for run_id in dict.fromkeys([*waiting, *old])]
    return found


def _waiting(school_id: UUID, at: datetime) -> sa.Select[UUID]:
    return (
        sa.select(ImportRun.id)
        .where(
            ImportRun.school_id == school_id,
            ImportRun.phase.is_not(None),
            sa.or_(
                ImportRun.due_at.is_(None),
                ImportRun.due_at <= at,
                ImportRun.cancel_asked_at.is_not(None),
            ),
            sa.not_(sa.func.coalesce(is_worked_on(at), sa.false())),
        )
        .order_by(ImportRun.id)
    )


def _old(school_id: UUID, at: datetime) -> sa.Select[UUID]:
    is_forgotten = sa.and_(ImportRun.state == RunState.PREVIEWED, ImportRun.started_at <= at - KEPT)
    is_over = sa.and_(
        ImportRun.state.in_(ENDED), ImportRun.ended_at <= at - KEPT, ImportRun.pruned_at.is_(None)
    )
    return sa.select(ImportRun.id).where(
        ImportRun.school_id == school_id,
        ImportRun.phase.is_(None),
        sa.or_(is_forgotten, is_over),
    )


def _let_go(session: Session, school_id: UUID, at: datetime) -> None:
    for run in session.scalars(
        sa.select(ImportRun)
        .where(ImportRun.school_id == school_id, ImportRun.id.in_(_old(school_id, at)))
        .with_for_update()
    ):
        if run.state is RunState.PREVIEWED:
            end(session, run, state=RunState.DISCARDED, at=at)
        else:
            run.phase = Phase.PRUNE
    parking.forget_old(session, school_id, before=at - KEPT)
