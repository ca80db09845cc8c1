"""Server-side sessions: the cookie holds a random secret, the database everything else."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from identity.models import WebSession
from tracker.models import Person, PersonRole, PersonState, School, SchoolRole
from tracker.permissions import STAFF

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=10)
TOUCH_EVERY = timedelta(minutes=1)
BY_DIGEST = (
    sa.select(WebSession, School)
    .join(School, School.id == WebSession.school_id)
    .where(WebSession.digest == sa.bindparam("digest", type_=sa.String()))
)


def digest_of(secret: str) -> str:
    """Return how a secret is stored."""
    return sha256(secret.encode()).hexdigest()


def start_session(
    session: Session,
    *,
    person: Person,
    at: datetime,
    only_students: Iterable[UUID] | None = None,
    is_from_lms: bool = False,
) -> str:
    """Start a session for a person and return the secret for the cookie.

    only_students: the ids of those whom the session may show at most; None: no such limit.
    is_from_lms: an LMS said who this is; such a session carries no administrator's role.
    """
    limit = None if only_students is None else {"ids": sorted(str(one) for one in only_students)}
    secret = token_urlsafe(32)
    session.add(
        WebSession(
            digest=digest_of(secret),
            school_id=person.school_id,
            person_id=person.id,
            only_students=limit,
            is_from_lms=is_from_lms,
            started_at=at,
            seen_at=at,
            ended_at=None,
        )
    )
    session.flush()
    return secret


def session_and_school(
    session: Session, *, secret: str, at: datetime
) -> tuple[WebSession, School] | None:
    """Return the session of this secret and its school, unless it ended or is too old.

    Idleness is for `is_idle` to say. Every page asks for both at once.
    """
    row = session.execute(BY_DIGEST, {"digest": digest_of(secret)}).one_or_none()
    if row is None or row[0].ended_at is not None or at - row[0].started_at > LONGEST:
        return None
    return row[0], row[1]


def is_idle(session: Session, web_session: WebSession, *, at: datetime) -> bool:
    """Whether staff or an administrator left this session alone for too long."""
    if at - web_session.seen_at <= IDLE:
        return False
    is_staff = sa.exists().where(
        PersonRole.school_id == web_session.school_id,
        PersonRole.person_id == web_session.person_id,
        PersonRole.role.in_(STAFF | {SchoolRole.ADMINISTRATOR}),
    )
    return bool(session.scalar(sa.select(is_staff)))


def touch(session: Session, *, digest: str, at: datetime) -> None:
    """Remember that the session was used."""
    session.execute(sa.update(WebSession).where(WebSession.digest == digest).values(seen_at=at))


def end_session(session: Session, *, secret: str, at: datetime) -> None:
    """End the session of this secret, if there is one."""
    session.execute(
        sa.update(WebSession)
        .where(WebSession.digest == digest_of(secret), WebSession.ended_at.is_(None))
        .values(ended_at=at)
    )


def end_lms_sessions(
    session: Session, *, school_id: UUID, person_ids: sa.Select[UUID], at: datetime
) -> None:
    """End every session of these people of a school that an LMS vouched for."""
    session.execute(
        sa.update(WebSession)
        .where(
            WebSession.school_id == school_id,
            WebSession.person_id.in_(person_ids),
            WebSession.is_from_lms,
            WebSession.ended_at.is_(None),
        )
        .values(ended_at=at)
    )


def active_person(session: Session, *, school_id: object, person_id: object) -> Person | None:
    """Return the person unless suspended or left: checked at every request."""
    person = session.get(Person, (school_id, person_id))
    return person if person is not None and person.state is PersonState.ACTIVE else None
