"""API tokens: hashed, scoped, acting as a person."""

from collections.abc import Sequence
from datetime import datetime
from secrets import token_urlsafe

import sqlalchemy as sa
from sqlalchemy.orm import Session
from werkzeug.exceptions import Forbidden

from identity.models import ApiToken, Scope
from identity.sessions import digest_of
from tracker.models import Person, School

PREFIX = "lsp_"
BY_DIGEST = (
    sa.select(ApiToken, School)
    .join(School, School.id == ApiToken.school_id)
    .where(ApiToken.digest == sa.bindparam("digest", type_=sa.String()))
)


class TokenOnlyReadsError(Forbidden):
    """A change was sent with a token of scope `read`."""


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


def current_token(session: Session, *, secret: str) -> tuple[ApiToken, School] | None:
    """Return the token with this secret and its school, unless the token was ended."""
    row = session.execute(BY_DIGEST, {"digest": digest_of(secret)}).one_or_none()
    return (row[0], row[1]) if row is not None and row[0].ended_at is None else None


def tokens_of(session: Session, *, school: School) -> Sequence[tuple[ApiToken, Person]]:
    """Return the tokens of a school that work today, oldest first, each with its person."""
    found = session.execute(
        sa.select(ApiToken, Person)
        .join(
            Person, sa.and_(Person.school_id == ApiToken.school_id, Person.id == ApiToken.person_id)
        )
        .where(ApiToken.school_id == school.id, ApiToken.ended_at.is_(None))
        .order_by(ApiToken.created_at, ApiToken.digest)
    )
    return [(token, person) for token, person in found]


def end_tokens(session: Session, *, school: School, name: str, at: datetime) -> int:
    """End every token of a school with this name, at once; returns how many there were."""
    found = [token for token, _ in tokens_of(session, school=school) if token.name == name]
    for token in found:
        token.ended_at = at
    session.flush()
    return len(found)
