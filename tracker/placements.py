"""Bpv: placements at companies."""

from collections.abc import Sequence
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker import audit
from tracker.errors import Invalid
from tracker.models import Company, LearningPlan, Person, Placement
from tracker.permissions import holds, visible


def add_company(
    session: Session, *, by: Person, name: str, city: str | None, at: datetime
) -> Company:
    """Add a company to the school's list."""
    company = Company(school_id=by.school_id, name=name, city=city, created_at=at)
    session.add(company)
    session.flush()
    audit.record(session, by=by, verb="added company", subject=company, at=at)
    return company


def add_placement(
    session: Session,
    *,
    by: Person | None,
    plan: LearningPlan,
    company: Company,
    from_on: date,
    until_on: date,
    at: datetime,
    planned_hours: int | None = None,
) -> Placement:
    """Add a placement to a plan, from a day on, until a day (exclusive)."""
    if until_on <= from_on:
        raise Invalid(until_on="date.before_start")
    placement = Placement(
        school_id=plan.school_id,
        plan_id=plan.id,
        company_id=company.id,
        from_on=from_on,
        until_on=until_on,
        planned_hours=planned_hours,
        created_at=at,
    )
    session.add(placement)
    session.flush()
    audit.record(session, by=by, verb="added placement", subject=placement, plan_id=plan.id, at=at)
    return placement


def running_placements(
    session: Session, *, person: Person, plan: LearningPlan, on: date
) -> Sequence[tuple[Placement, Company]]:
    """Return the plan's placements of this day that the person may see, with their companies."""
    rows = session.execute(
        visible(Placement, person=person, on=on)
        .add_columns(Company)
        .join(
            Company,
            sa.and_(Company.school_id == Placement.school_id, Company.id == Placement.company_id),
        )
        .where(Placement.plan_id == plan.id, holds(Placement, on))
        .order_by(Placement.from_on, Placement.id)
    )
    return [(placement, company) for placement, company in rows]
