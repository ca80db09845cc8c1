"""API tokens: hashed, scoped, acting as a person."""

from datetime import datetime
from secrets import token_urlsafe

from sqlalchemy.orm import Session

from identity.models import ApiToken, Scope
from identity.sessions import digest_of
from tracker.models import Person

PREFIX = "lsp_"


def add_token(session: Session, *, person: Person, name: str, scope: Scope, at: datetime) -> str:
    """Add a token that acts as this person and return it; it is shown only once."""
    secret = PREFIX + token_urlsafe(32)
    session.add(
        ApiToken(
            digest=digest_of(secret),
            school_id=person.school_id,
            person_id=person.id,
            name=name,
            scope=scope,
            created_at=at,
            ended_at=None,
        )
    )
    session.flush()
    return secret


def current_token(session: Session, *, secret: str) -> ApiToken | None:
    """Return the token with this secret, unless it was ended."""
    token = session.get(ApiToken, digest_of(secret))
    return token if token is not None and token.ended_at is None else None
