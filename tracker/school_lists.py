"""Whom the school must do something for: plans without a coach, and placements that end.

These are names, for an administrator who gives somebody a coach, or a placement a follow-up. Who
is listed is logged. By name, page by page.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker import audit
from tracker.models import Company, Framework, LearningPlan, Person, Placement, School
from tracker.permissions import Action, require
from tracker.school_counts import ends_soon, has_coach, is_open, of_plan
from tracker.thresholds import thresholds_of

One = TypeVar("One")


@dataclass(frozen=True, slots=True)
class Uncoached:
    """An open plan without a coach: whose, of which programme, and since when it runs."""

    plan_id: UUID
    name: str
    number: str | None
    programme: str | None
    starts_on: date


@dataclass(frozen=True, slots=True)
class Ending:
    """A placement that ends soon; `until_on` is the first day after it."""

    plan_id: UUID
    name: str
    number: str | None
    company: str
    until_on: date


@dataclass(frozen=True, slots=True)
class Listed(Generic[One]):
    """One page of a list, and how many there are in all."""

    shown: list[One]
    total: int


def uncoached(
    session: Session, *, by: Person, school: School, on: date, offset: int, limit: int
) -> Listed[Uncoached]:
    """Return open plans without a coach, by the student's name; raises NotAllowed."""
    query = (
        sa.select(
            LearningPlan.id,
            Person.name,
            Person.number,
            sa.func.coalesce(LearningPlan.title, Framework.title, Framework.code),
            LearningPlan.starts_on,
        )
        .outerjoin(
            Framework,
            sa.and_(
                Framework.school_id == LearningPlan.school_id,
                Framework.id == LearningPlan.framework_id,
            ),
        )
        .where(~has_coach(on))
    )
    return Listed(*_page(session, by, school, on, query, offset, limit, Uncoached))


def ending(
    session: Session, *, by: Person, school: School, on: date, offset: int, limit: int
) -> Listed[Ending]:
    """Return running placements that end within the school's limit; raises NotAllowed."""
    query = (
        sa.select(LearningPlan.id, Person.name, Person.number, Company.name, Placement.until_on)
        .join(Placement, of_plan(Placement))
        .join(
            Company,
            sa.and_(Company.school_id == Placement.school_id, Company.id == Placement.company_id),
        )
        .where(ends_soon(on, thresholds_of(session, school=school)))
    )
    return Listed(*_page(session, by, school, on, query, offset, limit, Ending))


def _page(
    session: Session,
    by: Person,
    school: School,
    on: date,
    query: sa.Select[*tuple[Any, ...]],
    offset: int,
    limit: int,
    make: Any,
) -> tuple[list[Any], int]:
    require(session, by, Action.SEE_SCHOOL, on=on)
    of_school = query.join(
        Person,
        sa.and_(Person.school_id == LearningPlan.school_id, Person.id == LearningPlan.student_id),
    ).where(is_open(school))
    total = session.scalar(sa.select(sa.func.count()).select_from(of_school.subquery())) or 0
    rows = session.execute(
        of_school.order_by(Person.name, LearningPlan.id).offset(offset).limit(limit)
    )
    found = [make(*row) for row in rows]
    plan_ids = sorted({str(one.plan_id) for one in found})
    if plan_ids:
        audit.look(session, by=by, verb="listed school", subject=by, plan_ids=plan_ids)
    return found, total
