"""Learning plans and who takes part in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker import audit
from tracker.errors import Conflict, Invalid
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


def current_plan(session: Session, *, student: Person, on: date, at: datetime) -> LearningPlan:
    """Return the student's newest open plan; who has none starts one, without a qualification."""
    plan = next((p for p in own_plans(session, person=student, on=on) if is_open(p)), None)
    if plan is not None:
        return plan
    return start_plan(
        session, by=student, student=student, state=PlanState.DRAFT, starts_on=on, at=at
    )


def is_open(plan: LearningPlan) -> bool:
    """Whether the plan still goes on."""
    return plan.state is not PlanState.CLOSED


def check_open(plan: LearningPlan) -> None:
    """Raise Conflict for a plan that is closed: nothing is added to it any more."""
    if not is_open(plan):
        raise Conflict("plan.closed")


@dataclass(frozen=True, slots=True)
class SeenMember:
    """Somebody around a plan on a day."""

    person_id: UUID
    name: str
    given_name: str
    role: PlanRole
    placement_id: UUID | None
    until_on: date | None


def members_of(session: Session, *, plan: LearningPlan, on: date) -> Sequence[SeenMember]:
    """Return who takes part in a plan on this day, by role and name."""
    rows = session.execute(
        sa.select(
            PlanMember.person_id,
            Person.name,
            Person.given_name,
            PlanMember.role,
            PlanMember.placement_id,
            PlanMember.until_on,
        )
        .join(
            Person,
            sa.and_(Person.school_id == PlanMember.school_id, Person.id == PlanMember.person_id),
        )
        .where(
            PlanMember.school_id == plan.school_id,
            PlanMember.plan_id == plan.id,
            holds(PlanMember, on),
        )
        .order_by(PlanMember.role, Person.name)
    )
    return [SeenMember(**row._asdict()) for row in rows]
