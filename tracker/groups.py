"""From group to plan: the school confirms who guides a group, the roster does the rest.

A roster grants nothing by itself. Once a coach group is confirmed, each student in it without a
plan gets a draft plan, and the coach's place in each plan opens and closes with the roster. Who
writes in a group holds it until the end of the unit of work, so that two never double a row.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker import audit
from tracker.guides import hold_group, open_place
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
from tracker.permissions import Action, holds, require
from tracker.plans import start_plan

# What somebody is in the school who guides a group in this role.
SCHOOL_ROLES = {PlanRole.COACH: SchoolRole.COACH, PlanRole.TEAM: SchoolRole.TEACHER}


def hold_newcomers(session: Session, *, school_id: UUID, person_ids: Iterable[UUID]) -> None:
    """Hold who of these has no plan yet, so that two groups with one newcomer start one plan.

    To be held before their group: so does a launch, which changes a person and then joins.
    """
    session.scalars(_without_plan(school_id, Person.id.in_(list(person_ids)))).all()


def _without_plan(school_id: UUID, among: sa.ColumnElement[bool]) -> sa.Select[Person]:
    has_plan = sa.exists().where(
        LearningPlan.school_id == school_id, LearningPlan.student_id == Person.id
    )
    return (
        sa.select(Person)
        .where(Person.school_id == school_id, among, ~has_plan)
        .order_by(Person.id)
        .with_for_update(key_share=True)
    )


def members_today(session: Session, *, group: Group, on: date) -> Sequence[Membership]:
    """Return the memberships of a group that hold on this day, by person."""
    return session.scalars(
        sa.select(Membership)
        .where(
            Membership.school_id == group.school_id,
            Membership.group_id == group.id,
            holds(Membership, on),
        )
        .order_by(Membership.person_id, Membership.id)
    ).all()


def join(
    session: Session,
    *,
    group: Group,
    person: Person,
    role: GroupRole,
    on: date,
    until_on: date | None = None,
) -> Membership:
    """Let a person be in a group from today on, in this role and no other.

    Who is in it already stays as long as the longer of the two.
    """
    hold_group(session, school_id=group.school_id, group_id=group.id)
    held = session.scalars(
        sa.select(Membership)
        .where(
            Membership.school_id == group.school_id,
            Membership.group_id == group.id,
            Membership.person_id == person.id,
            holds(Membership, on),
        )
        .order_by(Membership.id)
    ).all()
    found = next((membership for membership in held if membership.role is role), None)
    for membership in held:
        if membership is not found:
            membership.until_on = on
    if found is None:
        found = Membership(
            school_id=group.school_id,
            group_id=group.id,
            person_id=person.id,
            role=role,
            from_on=on,
            until_on=until_on,
        )
        session.add(found)
    elif found.until_on is not None and (until_on is None or until_on > found.until_on):
        found.until_on = until_on
    session.flush()
    return found


def join_new(session: Session, *, group: Group, roster: Mapping[UUID, GroupRole], on: date) -> None:
    """Let people who are not in a group be in it from today on; the caller holds the group."""
    session.add_all(
        Membership(
            school_id=group.school_id,
            group_id=group.id,
            person_id=person_id,
            role=role,
            from_on=on,
            until_on=None,
        )
        for person_id, role in sorted(roster.items())
    )
    session.flush()


def leave(session: Session, *, memberships: Sequence[Membership], on: date) -> None:
    """End memberships today; the caller holds their group."""
    for membership in memberships:
        membership.until_on = on
    session.flush()


def confirm_coach_group(
    session: Session,
    *,
    by: Person | None,
    group: Group,
    coach: Person,
    role: PlanRole = PlanRole.COACH,
    on: date,
    at: datetime,
) -> CoachGroup:
    """Confirm that this person guides this group from today on, and follow the roster at once.

    Confirmed again in the same role while it holds, it stays the one it was. `by` is None for what
    follows from an earlier confirmation; raises NotAllowed for who is no administrator.
    """
    if by is not None:
        require(session, by, Action.CONFIRM_GROUP, on=on)
    hold_group(session, school_id=group.school_id, group_id=group.id)
    confirmed = None
    for held in coach_groups(session, group=group, on=on):
        if held.coach_id == coach.id and held.role is role:
            confirmed = held
        elif held.coach_id == coach.id:
            end_coach_group(session, by=by, coach_group=held, on=on, at=at)
    if confirmed is None:
        confirmed = _confirm(session, by=by, group=group, coach=coach, role=role, on=on, at=at)
    follow_roster(session, coach_group=confirmed, on=on, at=at)
    return confirmed


def _confirm(
    session: Session,
    *,
    by: Person | None,
    group: Group,
    coach: Person,
    role: PlanRole,
    on: date,
    at: datetime,
) -> CoachGroup:
    # What began and ended today begins again.
    confirmed = session.scalar(
        sa.select(CoachGroup).where(
            CoachGroup.school_id == group.school_id,
            CoachGroup.group_id == group.id,
            CoachGroup.coach_id == coach.id,
            CoachGroup.from_on == on,
        )
    )
    if confirmed is None:
        confirmed = CoachGroup(
            school_id=group.school_id,
            group_id=group.id,
            coach_id=coach.id,
            from_on=on,
            created_at=at,
        )
        session.add(confirmed)
    confirmed.role = role
    confirmed.confirmed_by_id = by.id if by else None
    confirmed.until_on = None
    session.flush()
    audit.record(
        session, by=by, verb="confirmed coach group", subject=confirmed, at=at, role=role.value
    )
    give_role(session, person=coach, role=SCHOOL_ROLES[role], on=on)
    return confirmed


def coach_groups(session: Session, *, group: Group, on: date) -> Sequence[CoachGroup]:
    """Return who guides a group on this day."""
    return session.scalars(
        sa.select(CoachGroup)
        .where(
            CoachGroup.school_id == group.school_id,
            CoachGroup.group_id == group.id,
            holds(CoachGroup, on),
        )
        .order_by(CoachGroup.id)
    ).all()


def end_coach_group(
    session: Session, *, by: Person | None, coach_group: CoachGroup, on: date, at: datetime
) -> None:
    """End that somebody guides a group, and every place in a plan that came of it, today."""
    if by is not None:
        require(session, by, Action.CONFIRM_GROUP, on=on)
    coach_group.until_on = on
    session.flush()
    audit.record(session, by=by, verb="ended coach group", subject=coach_group, at=at)
    follow_roster(session, coach_group=coach_group, on=on, at=at)


def follow_roster(session: Session, *, coach_group: CoachGroup, on: date, at: datetime) -> None:
    """Open and close the coach's places in plans as the group's roster says on this day."""
    hold_group(session, school_id=coach_group.school_id, group_id=coach_group.group_id)
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
        place = places[plan_id]
        place.until_on = on
        audit.record(session, by=None, verb="closed member", subject=place, plan_id=plan_id, at=at)
    for plan_id in sorted(wanted - places.keys()):
        open_place(session, coach_group=coach_group, plan_id=plan_id, on=on, at=at)
    session.flush()


def _plans_of_students(
    session: Session, coach_group: CoachGroup, on: date, at: datetime
) -> set[UUID]:
    """Return the open plans of the group's students; who has no plan at all gets a draft."""
    school_id = coach_group.school_id
    in_group = sa.select(Membership.person_id).where(
        Membership.school_id == school_id,
        Membership.group_id == coach_group.group_id,
        Membership.role == GroupRole.STUDENT,
        Membership.person_id != coach_group.coach_id,
        holds(Membership, on),
    )
    without_plan = session.scalars(_without_plan(school_id, Person.id.in_(in_group))).all()
    plans = session.execute(
        sa.select(LearningPlan.student_id, LearningPlan.id, LearningPlan.state).where(
            LearningPlan.school_id == school_id, LearningPlan.student_id.in_(in_group)
        )
    ).all()
    with_plan = {student_id for student_id, _, _ in plans}
    drafts = [
        start_plan(session, by=None, student=student, state=PlanState.DRAFT, starts_on=on, at=at)
        for student in without_plan
        if student.id not in with_plan
    ]
    open_plans = {plan_id for _, plan_id, state in plans if state is not PlanState.CLOSED}
    return open_plans | {plan.id for plan in drafts}
