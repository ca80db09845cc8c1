"""Links that let somebody in once, whoever has no account in the LMS; made on the server."""

from datetime import datetime, timedelta
from secrets import token_urlsafe
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from identity.models import SignInLink
from identity.sessions import digest_of
from tracker import audit
from tracker.db import unit_of_work
from tracker.models import Person

LIFE = timedelta(hours=1)


def make_link(session: Session, *, person: Person, at: datetime) -> str:
    """Return the secret of a link that lets this person in once, within an hour.

    Earlier links of the person no longer work.
    """
    session.execute(
        sa.delete(SignInLink).where(
            SignInLink.school_id == person.school_id, SignInLink.person_id == person.id
        )
    )
    secret = token_urlsafe(32)
    session.add(
        SignInLink(
            digest=digest_of(secret),
            school_id=person.school_id,
            person_id=person.id,
            created_at=at,
            expires_at=at + LIFE,
        )
    )
    session.flush()
    audit.record(session, by=None, verb="made sign-in link", subject=person, at=at)
    return secret


def use_link(engine: Engine, *, secret: str, at: datetime) -> tuple[UUID, UUID] | None:
    """Use up a link and return whom it lets in (school, person); None when there is no such link.

    Committed before anything else is looked at, so that no refusal gives it back.
    """
    taken = (
        sa.delete(SignInLink)
        .where(SignInLink.digest == digest_of(secret))
        .returning(SignInLink.school_id, SignInLink.person_id, SignInLink.expires_at)
    )
    with unit_of_work(engine) as session:
        found = session.execute(taken).one_or_none()
    if found is None or at >= found.expires_at:
        return None
    return found.school_id, found.person_id
