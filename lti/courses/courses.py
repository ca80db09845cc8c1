"""Courses of the LMS: who may look in, asking to see the learners, and what the school confirms.

An LMS role alone shows no student: an instructor sees names, and may ask for more. The school's
administrator confirms a course once; from then on its roster opens and closes places in plans.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti.courses.pulls import make_due, offered
from lti.models import AccessRequest, AccessRequestState, Context, ContextPullKind
from lti.people.roles import LaunchRole
from tracker import audit
from tracker.errors import Conflict, Invalid, NotFound
from tracker.groups import (
    coach_groups,
    confirm_coach_group,
    end_coach_group,
    hold_newcomers,
    join,
    members_today,
)
from tracker.guides import hold_group
from tracker.models import Group, GroupRole, Membership, Person, PlanRole, School, SchoolRole
from tracker.permissions import Action, holds, lock, require, roles_of

ONE_DAY = timedelta(days=1)
GROUP_ROLES = {LaunchRole.STAFF: GroupRole.TEACHER, LaunchRole.LEARNER: GroupRole.STUDENT}
CONFIRMABLE = (PlanRole.COACH, PlanRole.TEAM)


def find_course(session: Session, context_id: UUID, *, person: Person, on: date) -> Context:
    """Return a course that this person teaches today, or administers; raises NotFound."""
    context = session.get(Context, (person.school_id, context_id))
    if context is None:
        raise NotFound("course not found")
    if SchoolRole.ADMINISTRATOR not in roles_of(session, person, on=on):
        if person.only_students is not None:  # it names no others (LTI's role_scope_mentor)
            raise NotFound("course not found")
        teaches = sa.exists().where(*_in_course(context, GroupRole.TEACHER, on))
        if not session.scalar(sa.select(teaches.where(Membership.person_id == person.id))):
            raise NotFound("course not found")
        require(session, person, Action.SEE_COURSE, on=on)
    audit.look(session, by=person, verb="looked at course", subject=context)
    return context


def _in_course(context: Context, role: GroupRole, on: date) -> list[sa.ColumnElement[bool]]:
    return [
        Membership.school_id == context.school_id,
        Membership.group_id == context.group_id,
        Membership.role == role,
        holds(Membership, on),
    ]


def students_of(session: Session, *, context: Context, on: date) -> Sequence[tuple[UUID, str]]:
    """Return id and name, and nothing else, of each student in a course on this day, by name."""
    rows = session.execute(
        sa.select(Person.id, Person.name)
        .join(
            Membership,
            sa.and_(Membership.school_id == Person.school_id, Membership.person_id == Person.id),
        )
        .where(*_in_course(context, GroupRole.STUDENT, on))
        .order_by(Person.name, Person.id)
    )
    return [(person_id, name) for person_id, name in rows]


def arrive(
    session: Session,
    *,
    school: School,
    context: Context,
    person: Person,
    role: LaunchRole,
    on: date,
    at: datetime,
) -> None:
    """Note at a launch that this person is in the course, and ask for its roster when it is old.

    Without a roster service nobody will say when that ends: staff is in it for the day, learners
    are not.
    """
    for kind in offered(context):
        make_due(session, context=context, kind=kind, at=at)
    wanted = GROUP_ROLES.get(role)
    if wanted is None or context.group_id is None:
        return
    has_roster = context.memberships_url is not None
    if not has_roster and wanted is GroupRole.STUDENT:
        return
    held = session.scalars(
        sa.select(Membership.role).where(
            Membership.school_id == school.id,
            Membership.group_id == context.group_id,
            Membership.person_id == person.id,
            holds(Membership, on),
        )
    ).all()
    # A teacher who tries out a student's view is no student: the roster says when that changed.
    if wanted in held or GroupRole.TEACHER in held:
        return
    group = session.get_one(Group, (school.id, context.group_id))
    until_on = None if has_roster else on + ONE_DAY
    join(session, group=group, person=person, role=wanted, on=on, until_on=until_on)


def ask_access(
    session: Session, *, by: Person, context: Context, on: date, at: datetime
) -> AccessRequest:
    """Ask the school to see the learners of a course; asked again, it stays one request."""
    require(session, by, Action.ASK_ACCESS, on=on)
    lock(session, context)
    if context.memberships_url is None:
        raise Conflict("course.no_roster")
    if context.instructors_are is not None:
        raise Conflict("course.confirmed")
    asked = latest_request(session, by=by, context=context)
    if asked is not None and asked.state is AccessRequestState.WAITING:
        return asked
    request = AccessRequest(
        school_id=context.school_id,
        context_id=context.id,
        person_id=by.id,
        state=AccessRequestState.WAITING,
        asked_at=at,
    )
    session.add(request)
    session.flush()
    audit.record(session, by=by, verb="asked access", subject=request, at=at)
    return request


def latest_request(session: Session, *, by: Person, context: Context) -> AccessRequest | None:
    """Return the newest request of this person for this course."""
    return session.scalar(
        sa.select(AccessRequest)
        .where(
            AccessRequest.school_id == context.school_id,
            AccessRequest.context_id == context.id,
            AccessRequest.person_id == by.id,
        )
        .order_by(AccessRequest.asked_at.desc(), AccessRequest.id.desc())
        .limit(1)
    )


def find_request(session: Session, request_id: UUID, *, person: Person, on: date) -> AccessRequest:
    """Return a request for the school's administrator to answer; raises NotFound."""
    request = session.get(AccessRequest, (person.school_id, request_id))
    if request is None or SchoolRole.ADMINISTRATOR not in roles_of(session, person, on=on):
        raise NotFound("request not found")
    return request


def answer_access(
    session: Session,
    *,
    by: Person,
    request: AccessRequest,
    instructors_are: PlanRole | None,
    on: date,
    at: datetime,
) -> None:
    """Answer a request: the course is confirmed with this role for its instructors, or None: no."""
    require(session, by, Action.CONNECT_LMS, on=on)
    context = session.get_one(Context, (request.school_id, request.context_id))
    lock(session, context)
    lock(session, request)
    if request.state is not AccessRequestState.WAITING:
        raise Conflict("access.answered")
    if instructors_are is None:
        _close(session, request, by=by, state=AccessRequestState.DECLINED, at=at)
        return
    confirm_context(session, by=by, context=context, instructors_are=instructors_are, on=on, at=at)


def confirm_context(
    session: Session,
    *,
    by: Person,
    context: Context,
    instructors_are: PlanRole,
    on: date,
    at: datetime,
) -> None:
    """Confirm that a course's instructors are coach or core team of its learners, from today on.

    What is known of the roster is followed at once, and the roster is read again soon. Everybody
    who asked has their answer. Raises Conflict without a roster service: nothing would ever close.
    """
    require(session, by, Action.CONNECT_LMS, on=on)
    if instructors_are not in CONFIRMABLE:
        raise Invalid(instructors_are="not_a_choice")
    students = [person_id for person_id, _ in students_of(session, context=context, on=on)]
    hold_newcomers(session, school_id=context.school_id, person_ids=students)
    lock(session, context)
    if context.memberships_url is None or context.group_id is None:
        raise Conflict("course.no_roster")
    context.instructors_are = instructors_are
    context.confirmed_by_id, context.confirmed_at = by.id, at
    session.flush()
    audit.record(
        session,
        by=by,
        verb="confirmed course",
        subject=context,
        at=at,
        instructors_are=instructors_are.value,
    )
    waiting = session.scalars(
        sa.select(AccessRequest).where(
            AccessRequest.school_id == context.school_id,
            AccessRequest.context_id == context.id,
            AccessRequest.state == AccessRequestState.WAITING,
        )
    )
    for request in waiting:
        _close(session, request, by=by, state=AccessRequestState.GIVEN, at=at)
    make_due(session, context=context, kind=ContextPullKind.ROSTER, at=at, fresh=timedelta(0))
    follow_instructors(session, context=context, by=by, on=on, at=at)


def end_confirmation(
    session: Session, *, by: Person, context: Context, on: date, at: datetime
) -> None:
    """Take the confirmation back: every place that came of it ends today."""
    require(session, by, Action.CONNECT_LMS, on=on)
    lock(session, context)
    if context.instructors_are is None:
        raise Conflict("course.not_confirmed")
    context.instructors_are = context.confirmed_by_id = context.confirmed_at = None
    session.flush()
    audit.record(session, by=by, verb="ended confirmation", subject=context, at=at)
    follow_instructors(session, context=context, by=by, on=on, at=at)


def _close(
    session: Session,
    request: AccessRequest,
    *,
    by: Person,
    state: AccessRequestState,
    at: datetime,
) -> None:
    request.state, request.closed_at, request.closed_by_id = state, at, by.id
    session.flush()
    audit.record(session, by=by, verb="answered access", subject=request, at=at, state=state.value)


def follow_instructors(
    session: Session, *, context: Context, by: Person | None, on: date, at: datetime
) -> None:
    """Let those who teach a confirmed course today guide its learners, and nobody else.

    With instructors or learners that left go their places in plans.
    """
    if context.group_id is None:
        return
    hold_group(session, school_id=context.school_id, group_id=context.group_id)
    session.refresh(context, ["instructors_are"])  # as it is now that we hold the group
    group = session.get_one(Group, (context.school_id, context.group_id))
    teachers = set[UUID]()
    if context.instructors_are is not None:
        teachers = {
            member.person_id
            for member in members_today(session, group=group, on=on)
            if member.role is GroupRole.TEACHER
        }
    for held in coach_groups(session, group=group, on=on):
        if held.coach_id not in teachers:
            end_coach_group(session, by=by, coach_group=held, on=on, at=at)
    for person_id in sorted(teachers):
        confirm_coach_group(
            session,
            by=by,
            group=group,
            coach=session.get_one(Person, (context.school_id, person_id)),
            role=context.instructors_are or PlanRole.TEAM,
            on=on,
            at=at,
        )
