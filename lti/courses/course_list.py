"""The school's courses of its LMSs, as its administrator goes through them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti.models import (
    AccessRequest,
    AccessRequestState,
    Context,
    ContextPull,
    ContextPullKind,
    Deployment,
)
from tracker.errors import NotFound
from tracker.models import GroupRole, Membership, Person
from tracker.permissions import Action, holds, require

MOST = 200


@dataclass(frozen=True)
class Course:
    """A course, how reading its roster goes, and who waits for an answer about it."""

    context: Context
    registration_id: UUID
    pull: ContextPull | None
    waiting: int


def courses_of(session: Session, *, by: Person, on: date) -> Sequence[Course]:
    """Return the courses of the administrator's school: what waits first, then the newest used.

    A course waits when somebody asked for access, or its roster is held.
    """
    require(session, by, Action.SEE_LMS, on=on)
    asked = (
        sa.select(AccessRequest.context_id, sa.func.count().label("waiting"))
        .where(
            AccessRequest.school_id == by.school_id,
            AccessRequest.state == AccessRequestState.WAITING,
        )
        .group_by(AccessRequest.context_id)
        .subquery()
    )
    waiting = sa.func.coalesce(asked.c.waiting, 0)
    rows = session.execute(
        sa.select(Context, Deployment.registration_id, ContextPull, waiting)
        .join(
            Deployment,
            sa.and_(
                Deployment.school_id == Context.school_id, Deployment.id == Context.deployment_id
            ),
        )
        .outerjoin(
            ContextPull,
            sa.and_(
                ContextPull.school_id == Context.school_id,
                ContextPull.context_id == Context.id,
                ContextPull.kind == ContextPullKind.ROSTER,
            ),
        )
        .outerjoin(asked, asked.c.context_id == Context.id)
        .where(Context.school_id == by.school_id)
        .order_by(
            sa.case((sa.or_(waiting > 0, ContextPull.held.is_not(None)), 0), else_=1),
            Context.launched_at.desc(),
            Context.id,
        )
        .limit(MOST)
    )
    return [Course(context, owner, pull, count) for context, owner, pull, count in rows]


def find_own_course(session: Session, context_id: UUID, *, by: Person, on: date) -> Context:
    """Return a course of the administrator's school; raises NotFound."""
    require(session, by, Action.SEE_LMS, on=on)
    found = session.get(Context, (by.school_id, context_id))
    if found is None:
        raise NotFound("course not found")
    return found


def people_of(session: Session, *, context: Context, on: date) -> tuple[list[str], int]:
    """Return the names of a course's instructors today, and how many learners it has."""
    rows = session.execute(
        sa.select(Membership.role, Person.name)
        .join(
            Person,
            sa.and_(Person.school_id == Membership.school_id, Person.id == Membership.person_id),
        )
        .where(
            Membership.school_id == context.school_id,
            Membership.group_id == context.group_id,
            holds(Membership, on),
        )
        .order_by(Person.name)
    ).all()
    teachers = [name for role, name in rows if role is GroupRole.TEACHER]
    return teachers, sum(role is GroupRole.STUDENT for role, _ in rows)


def waiting_requests(
    session: Session, *, context: Context, by: Person, on: date
) -> Sequence[tuple[AccessRequest, str]]:
    """Return who waits for an answer about a course, with their names, oldest first."""
    require(session, by, Action.SEE_LMS, on=on)
    rows = session.execute(
        sa.select(AccessRequest, Person.name)
        .join(
            Person,
            sa.and_(
                Person.school_id == AccessRequest.school_id, Person.id == AccessRequest.person_id
            ),
        )
        .where(
            AccessRequest.school_id == context.school_id,
            AccessRequest.context_id == context.id,
            AccessRequest.state == AccessRequestState.WAITING,
        )
        .order_by(AccessRequest.asked_at, AccessRequest.id)
    )
    return [(request, name) for request, name in rows]


def courses_by_group(session: Session, *, school_id: UUID) -> dict[UUID, UUID]:
    """Return courses of the LMS by their group: who guides it is confirmed with the course."""
    found = session.execute(
        sa.select(Context.group_id, Context.id)
        .where(Context.school_id == school_id, Context.group_id.is_not(None))
        .order_by(Context.id)
    )
    return {row.group_id: row.id for row in found}
