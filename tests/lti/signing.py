"""Keys of our own to sign with, made once for all tests: two of them take as long as a test."""

from typing import Any

import sqlalchemy as sa

from lti.keys import ensure_keys
from lti.models import Key
from settings import Settings
from tracker.db import unit_of_work, utc_now

_made: dict[tuple[str, ...], list[dict[str, Any]]] = {}


def have_keys(engine: sa.Engine, settings: Settings) -> None:
    """Have keys to sign with, as a started installation has."""
    encryption_keys, at = tuple(settings.encryption_keys), utc_now()
    with unit_of_work(engine) as session:
        if encryption_keys in _made:
            rows = [row | {"published_at": at} for row in _made[encryption_keys]]
            session.execute(sa.insert(Key), rows)
        else:
            ensure_keys(session, encryption_keys=encryption_keys, at=at)
            rows = session.execute(sa.select(Key.__table__)).mappings()
            _made[encryption_keys] = [dict(row) for row in rows]
