"""Declared absence: the days on which a student is away, and never why."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from tracker import audit
from tracker.errors import Conflict, Invalid
from tracker.models import Absence, LearningPlan, Person
from tracker.permissions import Action, lock, require, visible
from tracker.plans import check_open

LONGEST_DAYS = 366


def declare_absence(
    session: Session,
    *,
    by: Person,
    plan: LearningPlan,
    from_on: date,
    until_on: date,
    on: date,
    at: datetime,
) -> Absence:
    """Say that the student is away until a day (exclusive); the student or the coach may.

    Clocks that wait for the student stand still on these days; those of others go on.
    """
    require(session, by, Action.DECLARE_ABSENCE, on=on, plan_id=plan.id)
    check_open(plan)
    if until_on <= from_on:
        raise Invalid(until_on="date.before_start")
    if until_on - from_on > timedelta(days=LONGEST_DAYS):
        raise Invalid(until_on="absence.too_long")
    absence = Absence(
        school_id=plan.school_id,
        plan_id=plan.id,
        by_id=by.id,
        from_on=from_on,
        until_on=until_on,
        created_at=at,
        withdrawn_at=None,
    )
    session.add(absence)
    session.flush()
    audit.record(session, by=by, verb="declared absence", subject=absence, plan_id=plan.id, at=at)
    session.flush()
    return absence


def withdraw_absence(
    session: Session, *, by: Person, absence: Absence, on: date, at: datetime
) -> None:
    """Take a declared absence back; raises Conflict when it was taken back already."""
    require(session, by, Action.DECLARE_ABSENCE, on=on, plan_id=absence.plan_id)
    lock(session, absence)
    if absence.withdrawn_at is not None:
        raise Conflict("absence.withdrawn")
    absence.withdrawn_at = at
    audit.record(
        session, by=by, verb="withdrew absence", subject=absence, plan_id=absence.plan_id, at=at
    )
    session.flush()


def absences_of(
    session: Session, *, plan_id: UUID, person: Person, on: date, limit: int
) -> Sequence[Absence]:
    """Return a plan's absences that hold and that `person` may see, newest first."""
    return session.scalars(
        visible(Absence, person=person, on=on)
        .where(Absence.plan_id == plan_id, Absence.withdrawn_at.is_(None))
        .order_by(Absence.from_on.desc(), Absence.id)
        .limit(limit)
    ).all()
