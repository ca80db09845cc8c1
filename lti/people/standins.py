"""Stand-ins: somebody of a roster who turns out, by their number, to be a person we know.

From then on there is one person. What followed from rosters alone moves or ends; once anybody
wrote, chose or agreed something with a stand-in, both stay, and the administrator is shown them.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti.courses.courses import follow_instructors
from lti.models import Context, LtiIdentity
from tracker import audit
from tracker.columns import Base
from tracker.groups import join, leave
from tracker.guides import hold_group
from tracker.models import (
    Activity,
    AuditEvent,
    Group,
    LearningPlan,
    Membership,
    Person,
    PersonRole,
    PersonState,
    PlanMember,
    PlanState,
    School,
)
from tracker.people import today_at
from tracker.permissions import Action, holds, require

KEPT_APART = "kept apart"
# What follows from rosters and results by itself; any other row about a stand-in is somebody's act.
DERIVED = frozenset(
    {
        "person_role.person_id",
        "membership.person_id",
        "coach_group.coach_id",
        "learning_plan.student_id",
        "plan_member.person_id",
        "plan_member.plan_id",
        "activity.person_id",
        "lti_identity.person_id",
    }
)


def hold(session: Session, person: Person) -> None:
    """Read a person again, and let no other launch change who they are until this unit ends."""
    session.refresh(person, with_for_update={"key_share": True})


def stand_down(
    session: Session, *, school: School, stand_in: Person, person: Person, at: datetime
) -> bool:
    """Let `person` take the place of a stand-in, whom the caller holds; returns whether that went.

    It does not when anybody did something with the stand-in: then both stay.
    """
    on = today_at(school, at)
    # The groups before the plans, as who follows a roster does.
    memberships = _memberships(session, stand_in, on)
    plans = session.scalars(
        sa.select(LearningPlan)
        .where(LearningPlan.school_id == school.id, LearningPlan.student_id == stand_in.id)
        .order_by(LearningPlan.id)
        .with_for_update()
    ).all()
    if _has_history(session, stand_in, [plan.id for plan in plans]):
        audit.record(
            session, by=None, verb=KEPT_APART, subject=stand_in, at=at, other=str(person.id)
        )
        return False
    for model in (Activity, LtiIdentity):
        session.execute(
            sa.update(model)
            .where(model.school_id == school.id, model.person_id == stand_in.id)
            .values(person_id=person.id)
        )
    _move(session, memberships, person, on, at)
    for plan in plans:
        plan.state = PlanState.CLOSED
        audit.record(session, by=None, verb="closed plan", subject=plan, plan_id=plan.id, at=at)
    for dated in (PersonRole, PlanMember):
        session.execute(
            sa.update(dated)
            .where(dated.school_id == school.id, dated.person_id == stand_in.id, holds(dated, on))
            .values(until_on=on)
        )
    stand_in.state = PersonState.LEFT
    session.flush()
    audit.record(session, by=None, verb="became", subject=stand_in, at=at, other=str(person.id))
    return True


def _memberships(session: Session, stand_in: Person, on: date) -> Sequence[Membership]:
    """Return where the stand-in is today, and hold those groups."""
    of_stand_in = (
        Membership.school_id == stand_in.school_id,
        Membership.person_id == stand_in.id,
        holds(Membership, on),
    )
    groups = sa.select(Membership.group_id).where(*of_stand_in).order_by(Membership.group_id)
    for group_id in session.scalars(groups).all():
        hold_group(session, school_id=stand_in.school_id, group_id=group_id)
    return session.scalars(
        sa.select(Membership).where(*of_stand_in).order_by(Membership.group_id)
    ).all()


def _move(
    session: Session, memberships: Sequence[Membership], person: Person, on: date, at: datetime
) -> None:
    """End memberships today, and let the person be there instead, with all that follows."""
    leave(session, memberships=memberships, on=on)
    for left in memberships:
        group = session.get_one(Group, (person.school_id, left.group_id))
        join(session, group=group, person=person, role=left.role, on=on)
        courses = session.scalars(
            sa.select(Context).where(
                Context.school_id == person.school_id, Context.group_id == group.id
            )
        )
        for context in courses:
            follow_instructors(session, context=context, by=None, on=on, at=at)


def _has_history(session: Session, stand_in: Person, plan_ids: Sequence[UUID]) -> bool:
    """Whether any row names the stand-in, or a plan of theirs, that no roster made."""
    found = [
        sa.exists().where(
            PlanMember.school_id == stand_in.school_id,
            PlanMember.coach_group_id.is_(None),
            sa.or_(PlanMember.person_id == stand_in.id, PlanMember.plan_id.in_(plan_ids)),
            sa.not_(sa.and_(PlanMember.person_id == stand_in.id, PlanMember.plan_id.in_(plan_ids))),
        )
    ]
    keys: dict[str, list[UUID]] = {
        Person.__tablename__: [stand_in.id],
        LearningPlan.__tablename__: list(plan_ids),
    }
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            named: Any = keys.get(column.info.get("refers", ""))
            if named and f"{table.name}.{column.name}" not in DERIVED:
                found.append(
                    sa.exists().where(table.c.school_id == stand_in.school_id, column.in_(named))
                )
    return bool(session.scalar(sa.select(sa.or_(*found))))


def kept_apart(session: Session, *, by: Person, on: date) -> Sequence[tuple[Person, Person]]:
    """Return who came in as a stand-in, each with whom they are by their number, by name.

    As long as both take part; for the school's administrator.
    """
    require(session, by, Action.SEE_LMS, on=on)
    events = session.scalars(
        sa.select(AuditEvent).where(
            AuditEvent.school_id == by.school_id, AuditEvent.verb == KEPT_APART
        )
    )
    pairs = {event.subject_id: UUID((event.details or {})["other"]) for event in events}
    people = {
        person.id: person
        for person in session.scalars(
            sa.select(Person).where(
                Person.school_id == by.school_id,
                Person.id.in_({*pairs, *pairs.values()}),
                Person.state == PersonState.ACTIVE,
            )
        )
    }
    found = [(people[a], people[b]) for a, b in pairs.items() if a in people and b in people]
    return sorted(found, key=lambda pair: (pair[0].name, pair[0].id))
