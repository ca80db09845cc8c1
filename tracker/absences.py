"""Declared absence: the days on which a student is away, and never why."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker import audit
from tracker.errors import Conflict, Invalid
from tracker.models import Absence, LearningPlan, Person
from tracker.permissions import (
    TODAY,
    Action,
    given,
    lock,
    once_for_reader,
    require,
    stand_in,
    visible,
)
from tracker.plans import check_open

LONGEST_DAYS = 366
AHEAD_DAYS = 366  # the first day lies at most so far ahead


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

    Clocks that wait for the student stand still on these days; those of others go on. Also for
    days gone by. Raises Conflict when all of these days were declared already.
    """
    require(session, by, Action.DECLARE_ABSENCE, on=on, plan_id=plan.id)
    lock(session, plan)  # one at a time, so that nothing is declared twice
    check_open(plan)
    if from_on > on + timedelta(days=AHEAD_DAYS):
        raise Invalid(from_on="date.too_far")
    if until_on <= from_on:
        raise Invalid(until_on="date.before_start")
    if until_on - from_on > timedelta(days=LONGEST_DAYS):
        raise Invalid(until_on="absence.too_long")
    if _is_declared(session, plan, from_on, until_on):
        raise Conflict("absence.declared_already")
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
    asked = {**given(person, on), "plan": plan_id}
    return session.scalars(_newest_first(stand_in(person), TODAY).limit(limit), asked).all()


@once_for_reader
def _newest_first(person: Person, on: date) -> sa.Select[Absence]:
    """Select the absences of a plan that hold, its id given as `plan`."""
    return (
        visible(Absence, person=person, on=on)
        .where(
            Absence.plan_id == sa.bindparam("plan", type_=sa.Uuid()),
            Absence.withdrawn_at.is_(None),
        )
        .order_by(Absence.from_on.desc(), Absence.id)
    )


def _is_declared(session: Session, plan: LearningPlan, from_on: date, until_on: date) -> bool:
    known = sa.select(Absence.id).where(
        Absence.school_id == plan.school_id,
        Absence.plan_id == plan.id,
        Absence.withdrawn_at.is_(None),
        Absence.from_on <= from_on,
        Absence.until_on >= until_on,
    )
    return session.scalars(known.limit(1)).first() is not None
