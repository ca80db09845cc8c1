"""Imported groups as the administrator goes through them, and what confirming one would do."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker.models import (
    CoachGroup,
    Group,
    GroupRole,
    LearningPlan,
    Membership,
    Person,
    PersonRole,
    PlanRole,
    PlanState,
)
from tracker.permissions import STAFF, Action, holds, require


@dataclass(frozen=True, kw_only=True)
class Guide:
    """Somebody of whom the school confirmed that they guide a group, and as what."""

    id: UUID
    name: str
    role: PlanRole
    from_on: date


@dataclass(frozen=True, kw_only=True)
class SeenGroup:
    """A group with how many students and teachers are in it today, and who guides it."""

    id: UUID
    title: str
    code: str | None
    students: int
    teachers: int
    guides: Sequence[Guide]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What would happen: for so many students a draft plan, in so many plans a place.

    `closed` students have nothing but closed plans: nothing happens for them.
    """

    students: int
    drafts: int
    places: int
    closed: int


def groups_seen(
    session: Session, *, person: Person, on: date, group_id: UUID | None = None
) -> list[SeenGroup]:
    """Return the school's groups in which anybody is, by title, or one; raises NotAllowed."""
    require(session, person, Action.CONFIRM_GROUP, on=on)

    def wanted(table: Any, key: Any) -> list[sa.ColumnElement[bool]]:
        of_one = [] if group_id is None else [key == group_id]
        return [table.school_id == person.school_id, *of_one]

    counts: dict[UUID, dict[GroupRole, int]] = defaultdict(dict)
    members = sa.select(Membership.group_id, Membership.role, sa.func.count().label("number"))
    for row in session.execute(
        members.where(*wanted(Membership, Membership.group_id), holds(Membership, on)).group_by(
            Membership.group_id, Membership.role
        )
    ):
        counts[row.group_id][row.role] = row.number
    guides = _guides(session, on, *wanted(CoachGroup, CoachGroup.group_id))
    groups = session.scalars(
        sa.select(Group).where(*wanted(Group, Group.id)).order_by(Group.title, Group.id)
    )
    return [
        SeenGroup(
            id=group.id,
            title=group.title,
            code=group.code,
            students=counts[group.id].get(GroupRole.STUDENT, 0),
            teachers=counts[group.id].get(GroupRole.TEACHER, 0),
            guides=guides.get(group.id, []),
        )
        for group in groups
        if group.id in counts or group.id in guides
    ]


def _guides(session: Session, on: date, *wanted: sa.ColumnElement[bool]) -> dict[UUID, list[Guide]]:
    found = session.execute(
        sa.select(CoachGroup, Person.name)
        .join(
            Person,
            sa.and_(Person.school_id == CoachGroup.school_id, Person.id == CoachGroup.coach_id),
        )
        .where(*wanted, holds(CoachGroup, on))
        .order_by(Person.name, CoachGroup.id)
    )
    guides: dict[UUID, list[Guide]] = defaultdict(list)
    for row, name in found:
        guides[row.group_id].append(Guide(id=row.id, name=name, role=row.role, from_on=row.from_on))
    return guides


def possible_guides(
    session: Session, *, person: Person, group: Group, on: date
) -> tuple[Sequence[Person], Sequence[Person]]:
    """Return who teaches this group today, and the rest of the staff, both by name."""
    require(session, person, Action.CONFIRM_GROUP, on=on)
    teaching = sa.select(Membership.person_id).where(
        Membership.school_id == person.school_id,
        Membership.group_id == group.id,
        Membership.role == GroupRole.TEACHER,
        holds(Membership, on),
    )
    staff = sa.select(PersonRole.person_id).where(
        PersonRole.school_id == person.school_id,
        PersonRole.role.in_(STAFF),
        holds(PersonRole, on),
    )
    everybody = sa.select(Person).where(Person.school_id == person.school_id)
    order = (Person.name, Person.id)
    return (
        session.scalars(everybody.where(Person.id.in_(teaching)).order_by(*order)).all(),
        session.scalars(
            everybody.where(Person.id.in_(staff), Person.id.not_in(teaching)).order_by(*order)
        ).all(),
    )


def outcome_of(
    session: Session, *, person: Person, group: Group, guide: Person, on: date
) -> Outcome:
    """Return what confirming this guide would do today; it changes nothing."""
    require(session, person, Action.CONFIRM_GROUP, on=on)
    students = set(
        session.scalars(
            sa.select(Membership.person_id).where(
                Membership.school_id == person.school_id,
                Membership.group_id == group.id,
                Membership.role == GroupRole.STUDENT,
                Membership.person_id != guide.id,
                holds(Membership, on),
            )
        )
    )
    plans = session.execute(
        sa.select(LearningPlan.student_id, LearningPlan.state).where(
            LearningPlan.school_id == person.school_id, LearningPlan.student_id.in_(students)
        )
    ).all()
    with_plan = {row.student_id for row in plans}
    open_plans = [row.student_id for row in plans if row.state is not PlanState.CLOSED]
    drafts = len(students - with_plan)
    return Outcome(
        students=len(students),
        drafts=drafts,
        places=len(open_plans) + drafts,
        closed=len(with_plan - set(open_plans)),
    )
