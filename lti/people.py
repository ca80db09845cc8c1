"""From somebody in the LMS to a person of the school: known, linked by number, or new.

Never by an e-mail address, and never to an administrator (lti/linking.py decides).
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lti.launch import NAMELESS, NEW_ROLE
from lti.linking import Candidate, Link, decide
from lti.models import LtiIdentity, Registration
from lti.roles import LaunchRole
from tracker import audit
from tracker.errors import Conflict
from tracker.models import Person, PersonState, School, SchoolRole
from tracker.people import add_person, person_by_number, today_at
from tracker.permissions import roles_of

ATTEMPTS = 3


@dataclass(frozen=True)
class Told:
    """What a roster tells of somebody; `number` is in the place that the school trusts for it."""

    subject: str
    role: LaunchRole
    name: str | None
    given_name: str | None
    number: str | None


def known_people(
    session: Session, *, registration: Registration, subjects: list[str]
) -> dict[str, Person]:
    """Return who is linked already, by sub."""
    rows = session.execute(
        sa.select(LtiIdentity.subject, Person)
        .join(
            Person,
            sa.and_(Person.school_id == LtiIdentity.school_id, Person.id == LtiIdentity.person_id),
        )
        .where(
            LtiIdentity.school_id == registration.school_id,
            LtiIdentity.registration_id == registration.id,
            LtiIdentity.subject.in_(subjects),
        )
    )
    return {subject: person for subject, person in rows}  # noqa: C416 - rows are not pairs to mypy


def person_told_of(
    session: Session, *, school: School, registration: Registration, told: Told, at: datetime
) -> Person:
    """Return the person for somebody on a roster; who is new waits for their first launch."""
    for attempt in range(ATTEMPTS):
        found = known_people(session, registration=registration, subjects=[told.subject])
        if told.subject in found:
            return found[told.subject]
        try:
            with session.begin_nested():
                return _link(session, school, registration, told, at)
        except (IntegrityError, Conflict):
            # A launch of this person, or another course's roster, was first.
            if attempt + 1 == ATTEMPTS:
                raise
    raise LookupError(told.subject)  # the last attempt returns or raises


def _link(
    session: Session, school: School, registration: Registration, told: Told, at: datetime
) -> Person:
    number = told.number
    holder = person_by_number(session, school_id=school.id, number=number) if number else None
    candidate = _candidate(session, school, registration, holder, at) if holder else None
    decision = decide(is_known=False, number=number, candidate=candidate)
    if decision.link is Link.BY_NUMBER and holder is not None:
        person = holder
    else:
        person = add_person(
            session,
            by=None,
            school=school,
            name=told.name or NAMELESS,
            given_name=told.given_name,
            number=decision.number,
            roles=[NEW_ROLE[told.role]],
            state=PersonState.PENDING,
            at=at,
        )
    identity = LtiIdentity(
        school_id=school.id,
        registration_id=registration.id,
        subject=told.subject,
        person_id=person.id,
        created_at=at,
    )
    session.add(identity)
    session.flush()
    audit.record(
        session, by=None, verb="linked identity", subject=identity, at=at, link=decision.link.value
    )
    return person


def _candidate(
    session: Session, school: School, registration: Registration, holder: Person, at: datetime
) -> Candidate:
    linked = sa.exists().where(
        LtiIdentity.school_id == school.id,
        LtiIdentity.registration_id == registration.id,
        LtiIdentity.person_id == holder.id,
    )
    roles = roles_of(session, holder, on=today_at(school, at))
    return Candidate(
        is_linked=bool(session.scalar(sa.select(linked))),
        is_administrator=SchoolRole.ADMINISTRATOR in roles,
    )
