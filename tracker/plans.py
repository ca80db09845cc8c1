"""Learning plans and who takes part in them."""

from collections.abc import Sequence
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker import audit
from tracker.errors import Invalid
from tracker.models import (
    Framework,
    LearningPlan,
    Person,
    Placement,
    PlanMember,
    PlanRole,
    PlanState,
)
from tracker.permissions import holds


def start_plan(
    session: Session,
    *,
    by: Person | None,
    student: Person,
    state: PlanState,
    starts_on: date,
    at: datetime,
    title: str | None = None,
    framework: Framework | None = None,
) -> LearningPlan:
    """Start a plan for a student, who becomes its first member."""
    plan = LearningPlan(
        school_id=student.school_id,
        student_id=student.id,
        framework_id=framework.id if framework else None,
        title=title,
        state=state,
        starts_on=starts_on,
        created_at=at,
    )
    session.add(plan)
    session.flush()
    audit.record(session, by=by, verb="started plan", subject=plan, plan_id=plan.id, at=at)
    add_member(
        session, by=by, plan=plan, person=student, role=PlanRole.STUDENT, from_on=starts_on, at=at
    )
    return plan


def add_member(
    session: Session,
    *,
    by: Person | None,
    plan: LearningPlan,
    person: Person,
    role: PlanRole,
    from_on: date,
    at: datetime,
    placement: Placement | None = None,
) -> PlanMember:
    """Let a person take part in a plan; a supervisor does so in one of its placements only."""
    if (role is PlanRole.SUPERVISOR) != (placement is not None):
        raise Invalid(placement_id="member.supervisor_needs_placement")
    if placement is not None and placement.plan_id != plan.id:
        raise Invalid(placement_id="member.placement_of_other_plan")
    member = PlanMember(
        school_id=plan.school_id,
        plan_id=plan.id,
        person_id=person.id,
        role=role,
        placement_id=placement.id if placement else None,
        from_on=from_on,
        until_on=placement.until_on if placement else None,
        created_at=at,
    )
    session.add(member)
    session.flush()
    audit.record(session, by=by, verb="added member", subject=member, plan_id=plan.id, at=at)
    return member


def own_plans(session: Session, *, person: Person, on: date) -> Sequence[LearningPlan]:
    """Return the person's own plans as a student, newest first."""
    return session.scalars(
        sa.select(LearningPlan)
        .join(
            PlanMember,
            sa.and_(
                PlanMember.school_id == LearningPlan.school_id,
                PlanMember.plan_id == LearningPlan.id,
            ),
        )
        .where(
            LearningPlan.school_id == person.school_id,
            PlanMember.person_id == person.id,
            PlanMember.role == PlanRole.STUDENT,
            holds(PlanMember, on),
        )
        .order_by(LearningPlan.starts_on.desc(), LearningPlan.id.desc())
    ).all()
