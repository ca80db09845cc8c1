"""From imported group to plan: the school confirms who coaches a group, the roster does the rest.

An import grants nothing by itself. Once a coach group is confirmed, each student in it without a
plan gets a draft plan, and the coach's place in each plan opens and closes with the roster.
"""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker import audit
from tracker.models import (
    CoachGroup,
    Group,
    GroupRole,
    LearningPlan,
    Membership,
    Person,
    PlanMember,
    PlanRole,
    PlanState,
    SchoolRole,
)
from tracker.people import give_role
from tracker.permissions import holds
from tracker.plans import start_plan


def confirm_coach_group(
    session: Session, *, by: Person | None, group: Group, coach: Person, on: date, at: datetime
) -> CoachGroup:
    """Confirm that this person coaches this group from today on, and follow the roster at once.

    Confirmed again while it holds, it stays the one it was.
    """
    confirmed = session.scalar(
        sa.select(CoachGroup).where(
            CoachGroup.school_id == group.school_id,
            CoachGroup.group_id == group.id,
            CoachGroup.coach_id == coach.id,
            holds(CoachGroup, on),
        )
    )
    if confirmed is None:
        confirmed = _confirm(session, by=by, group=group, coach=coach, on=on, at=at)
    follow_roster(session, coach_group=confirmed, on=on, at=at)
    return confirmed


def _confirm(
    session: Session, *, by: Person | None, group: Group, coach: Person, on: date, at: datetime
) -> CoachGroup:
    confirmed = CoachGroup(
        school_id=group.school_id,
        group_id=group.id,
        coach_id=coach.id,
        confirmed_by_id=by.id if by else None,
        from_on=on,
        until_on=None,
        created_at=at,
    )
    session.add(confirmed)
    session.flush()
    audit.record(session, by=by, verb="confirmed coach group", subject=confirmed, at=at)
    give_role(session, person=coach, role=SchoolRole.COACH, on=on)
    return confirmed


def follow_roster(session: Session, *, coach_group: CoachGroup, on: date, at: datetime) -> None:
    """Open and close the coach's places in plans as the group's roster says on this day."""
    is_over = coach_group.until_on is not None and coach_group.until_on <= on
    wanted = set[UUID]() if is_over else _plans_of_students(session, coach_group, on, at)
    places = {
        member.plan_id: member
        for member in session.scalars(
            sa.select(PlanMember).where(
                PlanMember.school_id == coach_group.school_id,
                PlanMember.coach_group_id == coach_group.id,
                PlanMember.until_on.is_(None),
            )
        )
    }
    for plan_id in places.keys() - wanted:
        places[plan_id].until_on = on
        audit.record(
            session,
            by=None,
            verb="closed member",
            subject=places[plan_id],
            plan_id=plan_id,
            at=at,
        )
    for plan_id in sorted(wanted - places.keys()):
        member = PlanMember(
            school_id=coach_group.school_id,
            plan_id=plan_id,
            person_id=coach_group.coach_id,
            role=PlanRole.COACH,
            coach_group_id=coach_group.id,
            from_on=on,
            until_on=None,
            created_at=at,
        )
        session.add(member)
        audit.record(session, by=None, verb="added member", subject=member, plan_id=plan_id, at=at)
    session.flush()


def _plans_of_students(
    session: Session, coach_group: CoachGroup, on: date, at: datetime
) -> set[UUID]:
    """Return the open plans of the group's students; who has no plan at all gets a draft."""
    students = session.scalars(
        sa.select(Person)
        .join(
            Membership,
            sa.and_(Membership.school_id == Person.school_id, Membership.person_id == Person.id),
        )
        .where(
            Membership.school_id == coach_group.school_id,
            Membership.group_id == coach_group.group_id,
            Membership.role == GroupRole.STUDENT,
            holds(Membership, on),
        )
        .distinct()
    ).all()
    plans = session.execute(
        sa.select(LearningPlan.student_id, LearningPlan.id, LearningPlan.state).where(
            LearningPlan.school_id == coach_group.school_id,
            LearningPlan.student_id.in_([student.id for student in students]),
        )
    ).all()
    with_plan = {student_id for student_id, _, _ in plans}
    drafts = [
        start_plan(session, by=None, student=student, state=PlanState.DRAFT, starts_on=on, at=at)
        for student in students
        if student.id not in with_plan
    ]
    open_plans = {plan_id for _, plan_id, state in plans if state is not PlanState.CLOSED}
    return open_plans | {plan.id for plan in drafts}
