"""Which platforms a school knows: adding, finding and activating them."""

import re
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti.launching.claims import LONGEST_TITLE, LONGEST_URL
from lti.launching.refusals import Refused
from lti.models import Deployment, DeploymentState, Registration
from lti.text import LONGEST_ID, is_sound
from settings import LOOPBACK_NAMES
from tracker.db import insert_missing, new_id
from tracker.errors import Conflict, Invalid, NotFound
from tracker.models import School

SOURCED_ID = "lis.person_sourcedid"
# Safe inside a header too.
_NETLOC = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")


def add_registration(
    session: Session,
    *,
    school: School,
    issuer: str,
    client_id: str,
    auth_url: str,
    token_url: str,
    jwks_url: str,
    audience: str | None,
    number_claim: str = SOURCED_ID,
    product: str | None = None,
    home_url: str | None = None,
    allow_loopback: bool,
    at: datetime,
) -> Registration:
    """Add a platform to a school, or give the one that is there these addresses.

    product: what kind of LMS it is, such as "moodle". home_url: where people open it, when that
    is not the issuer. Raises Invalid with a code per field, and Conflict when another school has
    this client.
    """
    urls = {"issuer": issuer, "auth_url": auth_url, "token_url": token_url, "jwks_url": jwks_url}
    wrong = {
        name: code
        for name, url in urls.items()
        if (code := wrong_with_url(url, allow_loopback=allow_loopback))
    }
    if not is_sound(issuer):
        wrong["issuer"] = "text.length"
    if not is_sound(client_id, 200):
        wrong["client_id"] = "text.length"
    wrong |= wrong_settings(
        number_claim=number_claim,
        audience=audience,
        home_url=home_url,
        allow_loopback=allow_loopback,
    )
    if wrong:
        raise Invalid(**wrong)
    found = session.scalar(
        sa.select(Registration).where(
            Registration.issuer == issuer, Registration.client_id == client_id
        )
    )
    if found is not None and found.school_id != school.id:
        raise Conflict("registration.of_other_school")
    if found is None:
        found = Registration(school_id=school.id, issuer=issuer, client_id=client_id, created_at=at)
        session.add(found)
    if found.jwks_url != jwks_url:
        found.platform_keys = found.keys_tried_at = found.keys_fetched_at = None
    found.auth_url, found.token_url, found.jwks_url = auth_url, token_url, jwks_url
    found.audience, found.number_claim = audience, number_claim
    found.product, found.home_url = product or found.product, home_url or found.home_url
    session.flush()
    return found


def wrong_settings(
    *, number_claim: str, audience: str | None, home_url: str | None, allow_loopback: bool
) -> dict[str, str]:
    """Return what is wrong with what a school may change later: field -> code."""
    wrong = {}
    if number_claim != SOURCED_ID and not re.fullmatch(r"custom\.\w{1,100}", number_claim):
        wrong["number_claim"] = "claim.unknown"
    if audience is not None and not is_sound(audience, LONGEST_URL):
        wrong["audience"] = "text.length"
    code = None if home_url is None else wrong_with_url(home_url, allow_loopback=allow_loopback)
    if code is not None:
        wrong["home_url"] = code
    return wrong


def wrong_with_url(url: object, *, allow_loopback: bool, longest: int = LONGEST_URL) -> str | None:
    """Return why we cannot use an address of a platform: a code, or None."""
    if not is_sound(url, longest) or not str(url).isascii() or re.search(r"[\s\\]", str(url)):
        return "url.malformed"
    try:
        parts = urlsplit(str(url))
        is_address = bool(_NETLOC.fullmatch(parts.netloc)) and (parts.port or 1) > 0
    except ValueError:
        return "url.malformed"
    if not is_address or parts.fragment:
        return "url.malformed"
    if parts.scheme == "https":
        return None
    if parts.scheme == "http" and allow_loopback and parts.hostname in LOOPBACK_NAMES:
        return None
    return "url.not_https"


def add_deployment(
    session: Session, *, registration: Registration, lti_id: str, at: datetime
) -> Deployment:
    """Return the deployment with the platform's id; new ones wait for their activation."""
    if not is_sound(lti_id, LONGEST_ID):
        raise Invalid(deployment="text.length")
    same = sa.select(Deployment).where(
        Deployment.registration_id == registration.id, Deployment.lti_id == lti_id
    )
    found = session.scalar(same)
    if found is not None:
        return found
    row = {
        "id": new_id(),
        "school_id": registration.school_id,
        "registration_id": registration.id,
        "lti_id": lti_id,
        "state": DeploymentState.INACTIVE,
        "created_at": at,
        "activated_at": None,
    }
    insert_missing(session, Deployment, [row])
    return session.scalars(same).one()


def activate(session: Session, *, deployment_id: UUID, at: datetime) -> Deployment:
    """Let launches from this deployment in; raises NotFound."""
    deployment = session.get(Deployment, deployment_id)
    if deployment is None:
        raise NotFound("deployment not found")
    if deployment.state is DeploymentState.INACTIVE:
        deployment.state, deployment.activated_at = DeploymentState.ACTIVE, at
        session.flush()
    return deployment


def inactive_deployments(session: Session) -> Sequence[tuple[Deployment, Registration, School]]:
    """Return the deployments of every school from which nobody gets in, newest first."""
    rows = session.execute(
        sa.select(Deployment, Registration, School)
        .join(Registration, Registration.id == Deployment.registration_id)
        .join(School, School.id == Registration.school_id)
        .where(Deployment.state == DeploymentState.INACTIVE)
        .order_by(Deployment.created_at.desc(), Deployment.id.desc())
    )
    return [(deployment, registration, school) for deployment, registration, school in rows]


def find_registration(
    session: Session, *, issuer: str, client_id: str | None, registration_id: UUID | None = None
) -> Registration:
    """Return the one registration that is meant.

    Without a client id the issuer must have exactly one; one issuer may be many schools' platform
    (Canvas). Raises Refused.
    """
    query = sa.select(Registration).where(Registration.issuer == issuer)
    if client_id is not None:
        query = query.where(Registration.client_id == client_id)
    if registration_id is not None:
        query = query.where(Registration.id == registration_id)
    found = session.scalars(query.limit(2)).all()
    if not found:
        raise Refused("platform_unknown")
    if len(found) > 1:
        raise Refused("client_ambiguous")
    return found[0]


def origins_of_school(session: Session, school_id: UUID) -> list[str]:
    """Return the origins of the school's platforms: who may show us in a frame."""
    rows = session.execute(
        sa.select(Registration.issuer, Registration.auth_url, Registration.home_url).where(
            Registration.school_id == school_id
        )
    )
    return sorted({origin(url) for row in rows for url in row if url is not None})


def source_name(registration: Registration) -> str:
    """Return how the school knows this platform as a source of signals: its host."""
    return origin(registration.issuer).partition("://")[2][:LONGEST_TITLE]


def origin(url: str) -> str:
    """Return scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()
