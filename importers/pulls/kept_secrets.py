"""The secrets of sources follow ENCRYPTION_KEYS: each day, so that the older keys may go."""

from collections.abc import Sequence

import sqlalchemy as sa
from cryptography.fernet import InvalidToken

from importers.models import ImportSource
from lti import keys
from tracker.db import unit_of_work
from tracker.people import school_ids


def encrypt_anew(engine: sa.Engine, *, encryption_keys: Sequence[str]) -> int:
    """Encrypt with the first of ENCRYPTION_KEYS what an older one encrypted; returns how many."""
    with unit_of_work(engine, writes=False) as session:
        schools = school_ids(session)
    changed = 0
    for school_id in schools:
        with unit_of_work(engine, school_id=school_id) as session:
            for source in session.scalars(
                sa.select(ImportSource)
                .where(ImportSource.school_id == school_id, ImportSource.sealed_secret.is_not(None))
                .order_by(ImportSource.id)
                .with_for_update(key_share=True)
            ):
                sealed = (source.sealed_secret or "").encode()
                try:
                    anew = keys.seal_anew(sealed, encryption_keys)
                except InvalidToken:
                    continue  # its next pull says that the key must be given again
                if anew is not None:
                    source.sealed_secret = anew.decode()
                    changed += 1
    return changed
