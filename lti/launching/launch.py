"""A good launch: is the deployment switched on, who is this, and that it happened."""

from datetime import date, datetime
from uuid import UUID, uuid5

import structlog
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from lti.connecting.registrations import add_deployment, source_name
from lti.courses.contexts import HEARD_EVERY
from lti.launching.claims import LaunchClaims
from lti.launching.refusals import Refused
from lti.models import Deployment, DeploymentState, Registration
from lti.people.linking import Link
from lti.people.people import NAMELESS, NEW_ROLE, Told, person_told_of
from lti.people.roles import PLACING, LaunchRole
from tracker import audit
from tracker.activity import source_named, take_in
from tracker.db import insert_missing, unit_of_work
from tracker.models import (
    ActivityItem,
    ActivityKind,
    Person,
    PersonState,
    Precision,
    School,
)
from tracker.people import give_role, today_at
from tracker.permissions import STAFF, Role, roles_of

log = structlog.get_logger("leerspoor.lti")


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
) -> tuple[Person, Link, frozenset[Role]]:
    """Return the person who launches, how they were found, and their roles in the school today.

    Raises Refused when not active.
    """
    told = Told(
        subject=claims.subject,
        role=role,
        name=claims.name,
        given_name=claims.given_name,
        number=claims.number(registration.number_claim),
    )
    person, link = person_told_of(
        session, school=school, registration=registration, told=told, is_here=True, at=at
    )
    if person.state is PersonState.PENDING:  # known from a roster until now
        person.state = PersonState.ACTIVE
        audit.record(session, by=person, verb="first launch", subject=person, at=at)
    if person.state is not PersonState.ACTIVE:
        raise Refused("person_inactive")
    roles = _give_role(session, person, role, on=today_at(school, at))
    if person.name == NAMELESS and claims.name is not None:
        person.name, person.given_name = claims.name, claims.given_name or claims.name
    return person, link, roles


def _give_role(session: Session, person: Person, role: LaunchRole, *, on: date) -> frozenset[Role]:
    """Let who was a learner elsewhere teach here, and return what everybody is now.

    Not the other way: a teacher tries that out.
    """
    held = roles_of(session, person, on=on)
    if held and (role not in PLACING or held & STAFF):
        return held
    give_role(session, person=person, role=NEW_ROLE[role], on=on)
    return held | {NEW_ROLE[role]}


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
    source = source_named(session, school_id=school.id, name=source_name(registration))
    if source.last_import_at is None or at - source.last_import_at > HEARD_EVERY:
        source.last_import_at = at
    item_id = uuid5(deployment.id, f"resource link {claims.resource_link_id}")
    if session.get(ActivityItem, (school.id, item_id)) is None:
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
