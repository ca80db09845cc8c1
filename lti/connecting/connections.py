"""What a school's administrator does with platforms: connecting, switching on and off, changing.

Registrations and deployments stand before the wall between schools, for a launch must find them:
everything here names the administrator's own school.
"""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from identity.sessions import end_lms_sessions
from lti.connecting.invites import invite
from lti.connecting.registrations import activate, add_deployment, add_registration, wrong_settings
from lti.launching.launch_log import LAUNCHED
from lti.models import Deployment, DeploymentState, LaunchLog, LtiIdentity, Registration
from tracker import audit
from tracker.errors import Invalid, NotFound
from tracker.models import AuditEvent, Person, School
from tracker.permissions import Action, require


def registrations_of(session: Session, *, by: Person, on: date) -> Sequence[Registration]:
    """Return the platforms of the administrator's school, oldest first."""
    require(session, by, Action.SEE_LMS, on=on)
    return session.scalars(
        sa.select(Registration)
        .where(Registration.school_id == by.school_id)
        .order_by(Registration.created_at, Registration.id)
    ).all()


def find_own_registration(
    session: Session, registration_id: UUID, *, by: Person, on: date
) -> Registration:
    """Return a platform of the administrator's school; raises NotFound."""
    require(session, by, Action.SEE_LMS, on=on)
    found = session.get(Registration, registration_id)
    if found is None or found.school_id != by.school_id:
        raise NotFound("registration not found")
    return found


def find_own_deployment(
    session: Session, deployment_id: UUID, *, by: Person, on: date
) -> Deployment:
    """Return a deployment of the administrator's school; raises NotFound."""
    require(session, by, Action.SEE_LMS, on=on)
    found = session.get(Deployment, deployment_id)
    if found is None or found.school_id != by.school_id:
        raise NotFound("deployment not found")
    return found


def deployments_of(session: Session, *, by: Person, on: date) -> Sequence[Deployment]:
    """Return all deployments of the administrator's school, oldest first."""
    require(session, by, Action.SEE_LMS, on=on)
    return session.scalars(
        sa.select(Deployment)
        .where(Deployment.school_id == by.school_id)
        .order_by(Deployment.created_at, Deployment.id)
    ).all()


def waiting_deployments(session: Session, *, by: Person, on: date) -> Sequence[Deployment]:
    """Return what nobody switched on yet; what somebody switched off waits for nothing."""
    require(session, by, Action.SEE_LMS, on=on)
    switched_off = sa.exists().where(
        AuditEvent.school_id == Deployment.school_id,
        AuditEvent.subject_id == Deployment.id,
        AuditEvent.verb == "switched off",
    )
    return session.scalars(
        sa.select(Deployment).where(
            Deployment.school_id == by.school_id,
            Deployment.state == DeploymentState.INACTIVE,
            ~switched_off,
        )
    ).all()


def send_invite(session: Session, *, by: Person, school: School, on: date, at: datetime) -> str:
    """Make an invitation for an LMS and return its secret."""
    require(session, by, Action.CONNECT_LMS, on=on)
    return invite(session, school=school, by=by, at=at)


def connect(
    session: Session,
    *,
    by: Person,
    school: School,
    addresses: dict[str, str],
    client_id: str,
    deployment_lti_id: str | None,
    audience: str | None,
    product: str,
    home_url: str | None,
    allow_loopback: bool,
    on: date,
    at: datetime,
) -> Registration:
    """Add a platform by hand; its deployment, if known, waits to be switched on.

    addresses: issuer, auth_url, token_url and jwks_url. Raises Invalid and Conflict.
    """
    require(session, by, Action.CONNECT_LMS, on=on)
    registration = add_registration(
        session,
        school=school,
        issuer=addresses["issuer"],
        auth_url=addresses["auth_url"],
        token_url=addresses["token_url"],
        jwks_url=addresses["jwks_url"],
        client_id=client_id,
        audience=audience,
        product=product,
        home_url=home_url,
        allow_loopback=allow_loopback,
        at=at,
    )
    if deployment_lti_id is not None:
        add_deployment(session, registration=registration, lti_id=deployment_lti_id, at=at)
    audit.record(session, by=by, verb="connected", subject=registration, at=at)
    return registration


def switch(
    session: Session, *, by: Person, deployment: Deployment, is_on: bool, on: date, at: datetime
) -> None:
    """Let launches from this deployment in, or no longer; who came in by its LMS goes out then.

    A session does not tell its deployment: who came by another one of the LMS opens it once more.
    """
    require(session, by, Action.CONNECT_LMS, on=on)
    if deployment.school_id != by.school_id:
        raise NotFound("deployment not found")
    if is_on == (deployment.state is DeploymentState.ACTIVE):
        return
    if is_on:
        activate(session, deployment_id=deployment.id, at=at)
    else:
        deployment.state, deployment.activated_at = DeploymentState.INACTIVE, None
        known = sa.select(LtiIdentity.person_id).where(
            LtiIdentity.school_id == deployment.school_id,
            LtiIdentity.registration_id == deployment.registration_id,
        )
        end_lms_sessions(session, school_id=deployment.school_id, person_ids=known, at=at)
    verb = "switched on" if is_on else "switched off"
    audit.record(session, by=by, verb=verb, subject=deployment, at=at)


def change_settings(
    session: Session,
    *,
    by: Person,
    registration: Registration,
    number_claim: str,
    home_url: str | None,
    audience: str | None,
    allow_loopback: bool,
    on: date,
    at: datetime,
) -> None:
    """Change what a school may: its number's claim, where people open the LMS, the audience."""
    require(session, by, Action.CONNECT_LMS, on=on)
    if registration.school_id != by.school_id:
        raise NotFound("registration not found")
    wrong = wrong_settings(
        number_claim=number_claim,
        audience=audience,
        home_url=home_url,
        allow_loopback=allow_loopback,
    )
    if wrong:
        raise Invalid(**wrong)
    registration.number_claim = number_claim
    registration.home_url, registration.audience = home_url, audience
    session.flush()
    audit.record(session, by=by, verb="changed", subject=registration, at=at)


def last_launches(session: Session, *, by: Person, on: date) -> dict[UUID, datetime]:
    """Return when each platform last let somebody in: registration -> moment."""
    require(session, by, Action.SEE_LMS, on=on)
    rows = session.execute(
        sa.select(LaunchLog.registration_id, sa.func.max(LaunchLog.happened_at))
        .where(LaunchLog.school_id == by.school_id, LaunchLog.code == LAUNCHED)
        .group_by(LaunchLog.registration_id)
    )
    return {registration_id: moment for registration_id, moment in rows}  # noqa: C416 - rows are no tuples to mypy


def last_refusals(
    session: Session, *, by: Person, on: date, limit: int, registration_id: UUID | None = None
) -> Sequence[LaunchLog]:
    """Return the newest launches that were refused, of one platform or of all."""
    require(session, by, Action.SEE_LMS, on=on)
    query = sa.select(LaunchLog).where(
        LaunchLog.school_id == by.school_id, LaunchLog.code != LAUNCHED
    )
    if registration_id is not None:
        query = query.where(LaunchLog.registration_id == registration_id)
    return session.scalars(
        query.order_by(LaunchLog.happened_at.desc(), LaunchLog.id.desc()).limit(limit)
    ).all()
