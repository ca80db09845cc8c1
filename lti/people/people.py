"""From somebody in the LMS to a person of the school: known, linked by number, or new.

Never by an e-mail address, and never to an administrator (lti/people/linking.py decides).
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lti.models import LtiIdentity, Registration
from lti.people.linking import Candidate, Decision, Link, decide
from lti.people.roles import LaunchRole
from lti.people.standins import hold, stand_down
from tracker import audit
from tracker.errors import Conflict
from tracker.models import Person, PersonState, School, SchoolRole
from tracker.people import add_person, person_by_number, today_at
from tracker.permissions import roles_of

# What a person who is new to us becomes; it shows no plan by itself. Never an administrator.
NEW_ROLE = {
    LaunchRole.LEARNER: SchoolRole.STUDENT,
    LaunchRole.STAFF: SchoolRole.TEACHER,
    LaunchRole.DEVELOPER: SchoolRole.TEACHER,
    LaunchRole.MENTOR: SchoolRole.SUPERVISOR,
}
NAMELESS = "Zonder naam"  # a platform may send no name at all
ATTEMPTS = 3


@dataclass(frozen=True)
class Told:
    """What an LMS tells of somebody; `number` is in the place that the school trusts for it."""

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
    session: Session,
    *,
    school: School,
    registration: Registration,
    told: Told,
    is_here: bool,
    at: datetime,
) -> tuple[Person, Link]:
    """Return the person whom the LMS tells of, and how we came to them.

    is_here: by their own launch. Who is only on a roster waits, pending, for their first one.
    """
    for attempt in range(ATTEMPTS):
        known = known_people(session, registration=registration, subjects=[told.subject])
        person = known.get(told.subject)
        comes_first = is_here and person is not None and person.state is PersonState.PENDING
        if person is not None and not comes_first:
            return person, Link.KNOWN
        try:
            with session.begin_nested():
                if person is not None:
                    return _first_launch(session, school, registration, told, person, at)
                return _link(session, school, registration, told, is_here=is_here, at=at)
        except (IntegrityError, Conflict):
            # A launch of this person, or another course's roster, was first.
            if attempt + 1 == ATTEMPTS:
                raise
    raise LookupError(told.subject)  # the last attempt returns or raises


def _link(
    session: Session,
    school: School,
    registration: Registration,
    told: Told,
    *,
    is_here: bool,
    at: datetime,
) -> tuple[Person, Link]:
    decision, holder = _decide(session, school, registration, told, at)
    person = holder or add_person(
        session,
        by=None,
        school=school,
        name=told.name or NAMELESS,
        given_name=told.given_name,
        number=decision.number,
        roles=[NEW_ROLE[told.role]],
        state=PersonState.ACTIVE if is_here else PersonState.PENDING,
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
    return person, decision.link


def _first_launch(
    session: Session,
    school: School,
    registration: Registration,
    told: Told,
    person: Person,
    at: datetime,
) -> tuple[Person, Link]:
    """Return who somebody of a roster is, now that their launch says their number.

    That may be a person whom the school knew already (docs/decisions/0043).
    """
    hold(session, person)
    if person.state is not PersonState.PENDING:  # another launch was first
        known = known_people(session, registration=registration, subjects=[told.subject])
        return known[told.subject], Link.KNOWN
    if person.number is not None:
        return person, Link.KNOWN
    decision, holder = _decide(session, school, registration, told, at)
    if holder is None:
        person.number = decision.number
        session.flush()
        return person, Link.KNOWN
    if not stand_down(session, school=school, stand_in=person, person=holder, at=at):
        return person, Link.KNOWN
    return holder, decision.link


def _decide(
    session: Session, school: School, registration: Registration, told: Told, at: datetime
) -> tuple[Decision, Person | None]:
    """Decide about somebody who is not known yet; with who they are, if their number says so."""
    number = told.number
    holder = person_by_number(session, school_id=school.id, number=number) if number else None
    candidate = None
    if holder is not None:
        linked = sa.exists().where(
            LtiIdentity.school_id == school.id,
            LtiIdentity.registration_id == registration.id,
            LtiIdentity.person_id == holder.id,
        )
        roles = roles_of(session, holder, on=today_at(school, at))
        candidate = Candidate(
            is_linked=bool(session.scalar(sa.select(linked))),
            is_administrator=SchoolRole.ADMINISTRATOR in roles,
        )
    decision = decide(number=number, candidate=candidate)
    return decision, holder if decision.link is Link.BY_NUMBER else None
