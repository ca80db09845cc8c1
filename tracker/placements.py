"""Bpv: placements at companies."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker import audit
from tracker.errors import Invalid
from tracker.models import Company, LearningPlan, Person, Placement, PlanState
from tracker.permissions import holds, visible
from tracker.plans import start_plan


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


def known_companies(
    session: Session, *, school_id: UUID, numbers: Sequence[str], ids: Sequence[UUID]
) -> Sequence[Company]:
    """Return the school's companies with one of these numbers (leerbedrijf-ID) or ids."""
    return session.scalars(
        sa.select(Company).where(
            Company.school_id == school_id,
            sa.or_(Company.number.in_(numbers), Company.id.in_(ids)),
        )
    ).all()


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldPlacement:
    """A placement as a source tells it, under the id that it has or will have here."""

    id: UUID
    student_id: UUID
    company_id: UUID | None
    from_on: date


def plans_for_placements(
    session: Session,
    *,
    school_id: UUID,
    told: Sequence[ToldPlacement],
    on: date,
    at: datetime,
) -> dict[UUID, UUID]:
    """Return, by the placement's id, the plan in which each of these belongs.

    That is where the student has it already, else the newest open plan. Who has no open plan gets
    a draft, without a qualification, which shows it to nobody else.
    """
    students = sorted({placement.student_id for placement in told})
    itself: dict[tuple[UUID, UUID], UUID] = {}
    alike: dict[tuple[UUID, UUID | None, date], UUID] = {}
    for student_id, row in _placements_of(session, school_id, students):
        itself[student_id, row.id] = row.plan_id
        alike[student_id, row.company_id, row.from_on] = row.plan_id
    newest = _newest_open_plans(session, school_id, students)
    plans: dict[UUID, UUID] = {}
    for one in told:
        plan_id = itself.get((one.student_id, one.id))
        plan_id = plan_id or alike.get((one.student_id, one.company_id, one.from_on))
        plan_id = plan_id or newest.get(one.student_id)
        if plan_id is None:
            plan_id = _draft_for(session, school_id, one.student_id, on, at)
            newest[one.student_id] = plan_id
        plans[one.id] = plan_id
    return plans


def _placements_of(
    session: Session, school_id: UUID, students: Iterable[UUID]
) -> list[tuple[UUID, Placement]]:
    found = session.execute(
        sa.select(LearningPlan.student_id, Placement)
        .select_from(Placement)
        .join(
            LearningPlan,
            sa.and_(
                LearningPlan.school_id == Placement.school_id,
                LearningPlan.id == Placement.plan_id,
            ),
        )
        .where(Placement.school_id == school_id, LearningPlan.student_id.in_(students))
    )
    return [(student_id, placement) for student_id, placement in found]


def _newest_open_plans(
    session: Session, school_id: UUID, students: Iterable[UUID]
) -> dict[UUID, UUID]:
    """Return each student's newest open plan; the last one read counts."""
    found = session.execute(
        sa.select(LearningPlan.student_id, LearningPlan.id)
        .where(
            LearningPlan.school_id == school_id,
            LearningPlan.student_id.in_(students),
            LearningPlan.state != PlanState.CLOSED,
        )
        .order_by(LearningPlan.starts_on, LearningPlan.id)
    )
    return {row.student_id: row.id for row in found}


def _draft_for(session: Session, school_id: UUID, student_id: UUID, on: date, at: datetime) -> UUID:
    """Start a draft; whoever starts one at the same moment is waited for, and goes first."""
    student = session.get_one(Person, (school_id, student_id), with_for_update={"key_share": True})
    held = _newest_open_plans(session, school_id, [student_id]).get(student_id)
    if held is not None:
        return held
    plan = start_plan(session, by=None, student=student, state=PlanState.DRAFT, starts_on=on, at=at)
    return plan.id
