"""An LMS connects itself with a school, by an administrator's one-time invitation.

The invitation is used up before anything is fetched, and is not given back: the LMS's own
registration token is used once too, so whoever tries again begins again in both places. What is
wrong with the LMS's request itself is said before that, and costs nothing.
"""

import json
from datetime import datetime, timedelta
from secrets import token_urlsafe
from urllib.parse import urlsplit
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from identity.sessions import digest_of
from lti import http
from lti.connecting.registration import (
    NotJoined,
    Platform,
    our_registration,
    read_configuration,
    read_reply,
)
from lti.connecting.registrations import add_deployment, add_registration, wrong_with_url
from lti.keys import ensure_keys
from lti.models import Invite, Registration
from tracker.db import unit_of_work
from tracker.errors import Conflict, Invalid
from tracker.models import Person, School

LIFE = timedelta(hours=24)
KEPT = timedelta(days=30)  # so that who comes late hears that it was late
LONGEST_TOKEN = 8 * 1024


def invite(session: Session, *, school: School, by: Person | None, at: datetime) -> str:
    """Make an invitation for 24 hours and return its secret, which is kept nowhere."""
    secret = token_urlsafe(32)
    session.execute(sa.delete(Invite).where(Invite.expires_at < at - KEPT))
    session.add(
        Invite(
            digest=digest_of(secret),
            school_id=school.id,
            by_id=by.id if by else None,
            created_at=at,
            expires_at=at + LIFE,
        )
    )
    session.flush()
    return secret


def invited_school(session: Session, secret: str, *, at: datetime) -> School:
    """Return the school that this invitation is of; raises NotJoined when it cannot be used."""
    found = session.get(Invite, digest_of(secret))
    if found is None:
        raise NotJoined("invite_unknown")
    if found.used_at is not None:
        raise NotJoined("invite_used")
    if at >= found.expires_at:
        raise NotJoined("invite_expired")
    return session.get_one(School, found.school_id)


def check_address(url: str, *, allow_loopback: bool) -> str:
    """Return the host that is going to be asked; raises NotJoined before anything is asked."""
    if not url:
        raise NotJoined("configuration_missing")
    if wrong_with_url(url, allow_loopback=allow_loopback):
        raise NotJoined("configuration_not_https")
    return urlsplit(url).netloc


def join(
    engine: Engine,
    secret: str,
    *,
    configuration_url: str,
    token: str,
    us: str,
    encryption_keys: tuple[str, ...],
    allow_loopback: bool,
    at: datetime,
) -> Registration:
    """Let the LMS behind `configuration_url` register us with the invitation's school.

    us: our own origin. Its deployments stay inactive. Raises NotJoined.
    """
    check_address(configuration_url, allow_loopback=allow_loopback)
    if len(token) > LONGEST_TOKEN or not token.isascii() or not token.isprintable():
        raise NotJoined("token_malformed")
    school_id = _use_up(engine, secret, encryption_keys=encryption_keys, at=at)
    try:
        platform = read_configuration(
            _fetched(configuration_url, allow_loopback),
            url=configuration_url,
            allow_loopback=allow_loopback,
        )
        reply = _register(platform, token=token, us=us, allow_loopback=allow_loopback)
        client_id, deployment_id = read_reply(reply)
        with unit_of_work(engine) as session:
            registration = add_registration(
                session,
                school=session.get_one(School, school_id),
                issuer=platform.issuer,
                client_id=client_id,
                auth_url=platform.auth_url,
                token_url=platform.token_url,
                jwks_url=platform.jwks_url,
                audience=platform.audience,
                product=platform.product,
                allow_loopback=allow_loopback,
                at=at,
            )
            if deployment_id is not None:
                add_deployment(session, registration=registration, lti_id=deployment_id, at=at)
            session.execute(
                sa.update(Invite)
                .where(Invite.digest == digest_of(secret))
                .values(registration_id=registration.id)
            )
    except NotJoined as refusal:
        raise NotJoined(refusal.code, is_used=True) from refusal
    except http.Unreachable as silence:
        raise NotJoined("platform_unreachable", is_used=True) from silence
    except Conflict as taken:
        raise NotJoined("of_other_school", is_used=True) from taken
    except Invalid as wrong:
        raise NotJoined("registration_malformed", is_used=True) from wrong
    return registration


def _use_up(engine: Engine, secret: str, *, encryption_keys: tuple[str, ...], at: datetime) -> UUID:
    """Use the invitation, in a unit of its own; returns the school."""
    with unit_of_work(engine) as session:
        school = invited_school(session, secret, at=at)
        taken = session.scalar(
            sa.update(Invite)
            .where(Invite.digest == digest_of(secret), Invite.used_at.is_(None))
            .values(used_at=at)
            .returning(Invite.digest)
        )
        if taken is None:
            raise NotJoined("invite_used")
        # The LMS may read them as soon as it hears of us.
        ensure_keys(session, encryption_keys=encryption_keys, at=at)
        return school.id


def _fetched(url: str, allow_loopback: bool) -> bytes:  # noqa: FBT001 - passed on
    answer = http.get(url, allow_loopback=allow_loopback)
    if answer.status != 200:  # noqa: PLR2004 - OK
        raise NotJoined("configuration_refused")
    return answer.body


def _register(
    platform: Platform,
    *,
    token: str,
    us: str,
    allow_loopback: bool,
) -> bytes:
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    answer = http.request(
        "POST",
        platform.registration_url,
        headers=headers,
        body=json.dumps(our_registration(platform, us=us)).encode(),
        allow_loopback=allow_loopback,
    )
    if answer.status not in {200, 201}:
        raise NotJoined("registration_refused")
    return answer.body
