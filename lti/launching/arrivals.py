"""A launch whose token is good: who comes, what for, and the page that is theirs.

An LMS's role says where somebody lands. Whom they see there, our own records say.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti.courses import courses
from lti.courses.contexts import keep_context
from lti.launching.claims import LaunchClaims, MessageType
from lti.launching.landing import landing
from lti.launching.launch import admit, record_launch
from lti.launching.refusals import Refused
from lti.models import Deployment, LtiIdentity, Registration
from lti.people.linking import Link
from lti.people.roles import PLACING, LaunchRole
from lti.placing import deep_linking
from lti.placing.links import keep_link
from lti.placing.ticks import follow_tick
from tracker.models import LearningPlan, Person, School, SchoolRole
from tracker.people import today_at
from tracker.permissions import visible


@dataclass(frozen=True)
class Arrival:
    """Somebody who may come in: the path of their page, and whom their session shows at most."""

    person: Person
    link: Link
    path: str
    only_students: frozenset[UUID] | None


def has_place(role: LaunchRole, message_type: MessageType) -> bool:
    """Whether somebody in this role has a page to come to; raises Refused for a picker's guest."""
    if message_type is MessageType.DEEP_LINKING and role is not LaunchRole.TEST_USER:
        if role not in PLACING:
            raise Refused("not_placing")
        return True
    return role in {LaunchRole.LEARNER, LaunchRole.STAFF, LaunchRole.MENTOR}


def arrive(
    session: Session,
    *,
    school: School,
    registration: Registration,
    deployment: Deployment,
    claims: LaunchClaims,
    role: LaunchRole,
    at: datetime,
) -> Arrival:
    """Let somebody in who has a place here, and keep what the launch says; raises Refused."""
    person, link, roles = admit(
        session, school=school, registration=registration, claims=claims, role=role, at=at
    )
    only_students = _only_students(session, registration, claims, role)
    known: dict[str, Any] = {"school": school, "deployment": deployment, "claims": claims, "at": at}
    context = keep_context(session, **known)
    on = today_at(school, at)
    # A teacher may look at a course as its students do: that makes no student.
    is_student = role is LaunchRole.LEARNER and SchoolRole.STUDENT in roles
    if context is not None and (is_student or role is LaunchRole.STAFF):
        courses.arrive(
            session, school=school, context=context, person=person, role=role, on=on, at=at
        )
    if claims.message_type is MessageType.DEEP_LINKING:
        path = deep_linking.begin(
            session, registration=registration, context=context, person=person, **known
        )
        return Arrival(person, link, path, only_students)
    placed = keep_link(session, context=context, **known)
    if placed is not None and context is not None:
        follow_tick(session, link=placed, context=context, on=on, at=at)
    if registration.product is None and claims.product is not None:
        session.execute(
            sa.update(Registration)
            .where(Registration.id == registration.id)
            .values(product=claims.product)
        )
    if claims.message_type is MessageType.SUBMISSION_REVIEW:
        reader: Any = person  # with the eyes of the session that begins
        reader.only_students, reader.is_from_lms = only_students, True
        path = _reviewed(session, registration, claims, person, on)
    else:
        path = landing(role, claims.custom, context_id=context.id if context is not None else None)
        if is_student:
            record_launch(session, registration=registration, person=person, **known)
    return Arrival(person, link, path, only_students)


def _only_students(
    session: Session, registration: Registration, claims: LaunchClaims, role: LaunchRole
) -> frozenset[UUID] | None:
    """Return whom a mentor comes for, of those we know; None when the platform lists nobody.

    The list narrows what our records show to the mentor, and adds nobody. Who only makes content
    sees no student at all.
    """
    if role is LaunchRole.DEVELOPER:
        return frozenset()
    if role is not LaunchRole.MENTOR or claims.mentored is None:
        return None
    return frozenset(
        session.scalars(
            sa.select(LtiIdentity.person_id).where(
                LtiIdentity.school_id == registration.school_id,
                LtiIdentity.registration_id == registration.id,
                LtiIdentity.subject.in_([one for one in claims.mentored if one]),
            )
        )
    )


def _reviewed(
    session: Session, registration: Registration, claims: LaunchClaims, person: Person, on: date
) -> str:
    """Return the page of the student whose cell in the gradebook was clicked; raises Refused.

    Nobody learns here whether a student whom they do not see exists.
    """
    student_id = session.scalar(
        sa.select(LtiIdentity.person_id).where(
            LtiIdentity.school_id == registration.school_id,
            LtiIdentity.registration_id == registration.id,
            LtiIdentity.subject == claims.for_user,
        )
    )
    if student_id == person.id:
        return "/student"
    plan = session.scalars(
        visible(LearningPlan, person=person, on=on)
        .where(LearningPlan.student_id == student_id)
        .order_by(LearningPlan.starts_on.desc(), LearningPlan.id.desc())
    ).first()
    if plan is None:
        raise Refused("review_unrelated")
    return f"/coach/plans/{plan.id}"
