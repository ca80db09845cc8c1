"""Leereenheden: stretches of some weeks within a plan."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from tracker import audit
from tracker.errors import Invalid
from tracker.models import LearningPlan, LearningUnit, Person
from tracker.permissions import Action, require, visible
from tracker.plans import check_open

MOST_WEEKS = 52
FARTHEST = timedelta(days=2 * 366)


def add_unit(
    session: Session,
    *,
    by: Person,
    plan: LearningPlan,
    title: str,
    from_on: date,
    weeks: int,
    on: date,
    at: datetime,
) -> LearningUnit:
    """Add a unit of 1 to 52 weeks to the student's own plan; units may overlap."""
    require(session, by, Action.EDIT_PLAN, on=on, plan_id=plan.id)
    check_open(plan)
    if not 1 <= weeks <= MOST_WEEKS:
        raise Invalid(weeks="unit.weeks")
    if from_on < plan.starts_on:
        raise Invalid(from_on="unit.before_plan")
    if from_on > on + FARTHEST:
        raise Invalid(from_on="date.too_far")
    unit = LearningUnit(
        school_id=plan.school_id,
        plan_id=plan.id,
        title=title,
        from_on=from_on,
        until_on=from_on + timedelta(weeks=weeks),
        created_at=at,
    )
    session.add(unit)
    session.flush()
    audit.record(session, by=by, verb="added unit", subject=unit, plan_id=plan.id, at=at)
    return unit


def units_of(
    session: Session, *, plan_id: UUID, person: Person, on: date
) -> Sequence[LearningUnit]:
    """Return the units of a plan that this person may see, first to last."""
    return session.scalars(
        visible(LearningUnit, person=person, on=on)
        .where(LearningUnit.plan_id == plan_id)
        .order_by(LearningUnit.from_on, LearningUnit.id)
    ).all()
