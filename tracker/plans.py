"""Learning plans and who takes part in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, Protocol
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker import audit
from tracker.errors import Conflict, Invalid
from tracker.guides import let_guides_in
from tracker.models import (
    Framework,
    LearningPlan,
    Person,
    Placement,
    PlanMember,
    PlanRole,
    PlanState,
)
from tracker.permissions import TODAY, Action, holds, lock, require

LONGEST_AGO = timedelta(days=366)


class PlanOwned(Protocol):
    """A record of one plan: a goal, evidence, a judgement, a request."""

    @property
    def school_id(self) -> UUID:
        """Return its school."""

    @property
    def plan_id(self) -> UUID:
        """Return its plan."""


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
    """Start a plan for a student, who becomes its first member; this is how a school sets up."""
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


def start_own_plan(
    session: Session,
    *,
    by: Person,
    title: str | None = None,
    framework: Framework | None = None,
    starts_on: date,
    state: PlanState = PlanState.ACTIVE,
    on: date,
    at: datetime,
) -> LearningPlan:
    """Let a student start a plan, perhaps beside others and without a qualification."""
    require(session, by, Action.START_PLAN, on=on)
    if starts_on > on:
        raise Invalid(starts_on="date.in_future")
    if starts_on < on - LONGEST_AGO:
        raise Invalid(starts_on="plan.starts_too_long_ago")
    plan = start_plan(
        session,
        by=by,
        student=by,
        state=state,
        starts_on=starts_on,
        at=at,
        title=title,
        framework=framework,
    )
    let_guides_in(session, plan=plan, on=on, at=at)
    return plan


def edit_plan(
    session: Session,
    *,
    by: Person,
    plan: LearningPlan,
    title: str | None,
    goes_on: bool,
    on: date,
    at: datetime,
) -> None:
    """Name the plan, close it, or go on with it; a closed plan takes nothing new."""
    require(session, by, Action.EDIT_PLAN, on=on, plan_id=plan.id)
    lock(session, plan)
    went_on = is_open(plan)
    verbs = []
    if plan.title != title:
        plan.title = title
        verbs.append("named plan")
    if went_on != goes_on:
        plan.state = PlanState.ACTIVE if goes_on else PlanState.CLOSED
        verbs.append("reopened plan" if goes_on else "closed plan")
    for verb in verbs:
        audit.record(session, by=by, verb=verb, subject=plan, plan_id=plan.id, at=at)
    session.flush()
    if goes_on and not went_on:
        let_guides_in(session, plan=plan, on=on, at=at)


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
    plan = _newest_open(session, student, on)
    if plan is not None:
        return plan
    # A roster that is followed right now holds its newcomers: of the two one starts a plan.
    session.execute(
        sa.select(Person.id)
        .where(Person.school_id == student.school_id, Person.id == student.id)
        .with_for_update(key_share=True)
    )
    plan = _newest_open(session, student, on)
    if plan is not None:
        return plan
    return start_own_plan(session, by=student, state=PlanState.DRAFT, starts_on=on, on=on, at=at)


def _newest_open(session: Session, student: Person, on: date) -> LearningPlan | None:
    return next((p for p in own_plans(session, person=student, on=on) if is_open(p)), None)


def plan_of(session: Session, record: PlanOwned) -> LearningPlan:
    """Return the plan of a record that the caller holds; it is always of the same school."""
    plan = session.get(LearningPlan, (record.school_id, record.plan_id))
    if plan is None:  # the foreign key forbids it
        raise LookupError(f"no plan {record.plan_id}")
    return plan


def is_open(plan: LearningPlan) -> bool:
    """Whether the plan still goes on."""
    return plan.state is not PlanState.CLOSED


def check_open(plan: LearningPlan) -> None:
    """Raise Conflict for a plan that is closed: nothing is added to it any more."""
    if not is_open(plan):
        raise Conflict("plan.closed")


def programmes(session: Session, plans: Sequence[LearningPlan]) -> dict[UUID, str | None]:
    """Return how plans that the caller holds are called: by the student, else as what they follow.

    None for a plan without a name or a qualification; in one query.
    """
    keys = {plan.framework_id for plan in plans if plan.framework_id is not None}
    school_ids = {plan.school_id for plan in plans}
    found = session.scalars(
        sa.select(Framework).where(Framework.school_id.in_(school_ids), Framework.id.in_(keys))
    )
    followed: dict[UUID | None, str] = {f.id: f.title or f.code for f in found}
    return {plan.id: plan.title or followed.get(plan.framework_id) for plan in plans}


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
    asked = {"school": plan.school_id, "plan": plan.id, "today": on}
    return [SeenMember(*row) for row in session.execute(_members(), asked)]


@cache
def _members() -> sa.Select[*tuple[Any, ...]]:
    """Select who takes part in a plan, given as `school` and `plan`, as `SeenMember` has it."""
    return (
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
            PlanMember.school_id == sa.bindparam("school", type_=sa.Uuid()),
            PlanMember.plan_id == sa.bindparam("plan", type_=sa.Uuid()),
            holds(PlanMember, TODAY),
        )
        .order_by(PlanMember.role, Person.name)
    )
