"""A good launch: is the deployment switched on, who is this, and that it happened."""

from datetime import date, datetime, timedelta
from uuid import UUID, uuid5

import sqlalchemy as sa
import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lti.claims import LONGEST_TITLE, LaunchClaims
from lti.linking import Candidate, Decision, Link, decide
from lti.models import Deployment, DeploymentState, LtiIdentity, Registration
from lti.refusals import Refused
from lti.registrations import add_deployment, origin
from lti.roles import PLACING, LaunchRole
from tracker import audit
from tracker.activity import source_named, take_in
from tracker.db import insert_missing, unit_of_work
from tracker.errors import Conflict
from tracker.models import (
    ActivityItem,
    ActivityKind,
    Person,
    PersonState,
    Precision,
    School,
    SchoolRole,
)
from tracker.people import add_person, give_role, person_by_number, today_at
from tracker.permissions import STAFF, roles_of

log = structlog.get_logger("leerspoor.lti")

# What a person who is new to us becomes; it shows no plan by itself. Never an administrator.
NEW_ROLE = {
    LaunchRole.LEARNER: SchoolRole.STUDENT,
    LaunchRole.STAFF: SchoolRole.TEACHER,
    LaunchRole.DEVELOPER: SchoolRole.TEACHER,
    LaunchRole.MENTOR: SchoolRole.SUPERVISOR,
}
NAMELESS = "Zonder naam"  # a platform may send no name at all
HEARD_EVERY = timedelta(minutes=15)
ATTEMPTS = 3


def active_deployment(
    engine: Engine, *, registration: Registration, claims: LaunchClaims, at: datetime
) -> Deployment:
    """Return the deployment if it is switched on; raises Refused.

    An unknown one becomes a row that waits for the administrator, in a unit of its own.
    """
    with unit_of_work(engine) as session:
        deployment = add_deployment(
            session, registration=registration, lti_id=claims.deployment_lti_id, at=at
        )
    if deployment.state is not DeploymentState.ACTIVE:
        log.info("deployment waits", deployment=str(deployment.id))
        raise Refused("deployment_inactive", str(deployment.id))
    return deployment


def admit(
    session: Session,
    *,
    school: School,
    registration: Registration,
    claims: LaunchClaims,
    role: LaunchRole,
    at: datetime,
) -> tuple[Person, Link]:
    """Return the person who launches, known, linked or new; raises Refused when not active."""
    for attempt in range(ATTEMPTS):
        try:
            with session.begin_nested():
                person, link = _person_of(session, school, registration, claims, role, at)
            break
        except (IntegrityError, Conflict):
            # Another launch of the same person was first: that one is known now.
            if attempt + 1 == ATTEMPTS:
                raise
    if person.state is PersonState.PENDING:  # known from a roster until now
        person.state = PersonState.ACTIVE
        audit.record(session, by=person, verb="first launch", subject=person, at=at)
    if person.state is not PersonState.ACTIVE:
        raise Refused("person_inactive")
    _give_role(session, person, role, on=today_at(school, at))
    if person.name == NAMELESS and claims.name is not None:
        person.name, person.given_name = claims.name, claims.given_name or claims.name
    return person, link


def _give_role(session: Session, person: Person, role: LaunchRole, *, on: date) -> None:
    """Let who was a learner elsewhere teach here. Not the other way: a teacher tries that out."""
    held = roles_of(session, person, on=on)
    if (role in PLACING and not held & {*STAFF, SchoolRole.ADMINISTRATOR}) or not held:
        give_role(session, person=person, role=NEW_ROLE[role], on=on)


def _known(session: Session, registration: Registration, claims: LaunchClaims) -> Person | None:
    return session.scalar(
        sa.select(Person)
        .join(
            LtiIdentity,
            sa.and_(LtiIdentity.school_id == Person.school_id, LtiIdentity.person_id == Person.id),
        )
        .where(
            LtiIdentity.school_id == registration.school_id,
            LtiIdentity.registration_id == registration.id,
            LtiIdentity.subject == claims.subject,
        )
    )


def _person_of(
    session: Session,
    school: School,
    registration: Registration,
    claims: LaunchClaims,
    role: LaunchRole,
    at: datetime,
) -> tuple[Person, Link]:
    known = _known(session, registration, claims)
    number = claims.number(registration.number_claim)
    holder = person_by_number(session, school_id=school.id, number=number) if number else None
    decision = decide(
        is_known=known is not None,
        number=number,
        candidate=_candidate(session, school, registration, holder, at) if holder else None,
    )
    if decision.link is Link.KNOWN and known is not None:
        return known, decision.link
    if decision.link is Link.BY_NUMBER and holder is not None:
        person = holder
    else:
        person = _add_person(session, school, claims, role, decision, at)
    identity = LtiIdentity(
        school_id=school.id,
        registration_id=registration.id,
        subject=claims.subject,
        person_id=person.id,
        created_at=at,
    )
    session.add(identity)
    session.flush()
    audit.record(
        session, by=None, verb="linked identity", subject=identity, at=at, link=decision.link.value
    )
    return person, decision.link


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


def _add_person(
    session: Session,
    school: School,
    claims: LaunchClaims,
    role: LaunchRole,
    decision: Decision,
    at: datetime,
) -> Person:
    return add_person(
        session,
        by=None,
        school=school,
        name=claims.name or NAMELESS,
        given_name=claims.given_name,
        number=decision.number,
        roles=[NEW_ROLE[role]],
        at=at,
    )


def record_launch(
    session: Session,
    *,
    school: School,
    registration: Registration,
    deployment: Deployment,
    claims: LaunchClaims,
    person: Person,
    at: datetime,
) -> None:
    """Record the student's launch as a signal: one for each link and day, however often opened."""
    name = origin(registration.issuer).partition("://")[2][:LONGEST_TITLE]
    source = source_named(session, school_id=school.id, name=name)
    if source.last_import_at is None or at - source.last_import_at > HEARD_EVERY:
        source.last_import_at = at
    item_id = uuid5(deployment.id, f"resource link {claims.resource_link_id}")
    item = {
        "school_id": school.id,
        "id": item_id,
        "group_id": None,
        "title": _title(claims),
        "value_min": None,
        "value_max": None,
        "due_on": None,
        "created_at": at,
    }
    insert_missing(session, ActivityItem, [item])
    on = today_at(school, at)
    take_in(
        session,
        [
            {
                "school_id": school.id,
                "id": _launch_id(item_id, person, on.isoformat()),
                "person_id": person.id,
                "source_id": source.id,
                "item_id": item_id,
                "kind": ActivityKind.LAUNCH,
                "occurred_at": at,
                "occurred_on": on,
                "precision": Precision.INSTANT,
                "value": None,
                "text": None,
                "ended_at": None,
            }
        ],
    )


def _title(claims: LaunchClaims) -> str:
    context_title = claims.context.title if claims.context else None
    return claims.resource_link_title or context_title or "Leerspoor"


def _launch_id(item_id: UUID, person: Person, day: str) -> UUID:
    return uuid5(item_id, f"launch {person.id} {day}")
