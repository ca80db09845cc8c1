"""People who come under a number that may not enter: at the door a keyed digest takes its place.

The same number always gets the same digest, so that who it is needs to be said once. Without the
key, which is the school's own and lies encrypted, nobody finds the number that belongs to it:
nine digits alone are tried out in seconds.
"""

import hmac
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from secrets import token_hex

import sqlalchemy as sa
from cryptography.fernet import InvalidToken
from sqlalchemy.orm import Session

from importers.issues import Refused
from importers.models import ImportSource
from importers.source import FileKind
from lti import keys
from tracker.db import insert_missing, new_id
from tracker.models import School

# Long enough that no two people share one, and plainly hexadecimal: no digits in it are a BSN.
DIGITS = 32
NUMBER = 9


def able_to_name(
    session: Session,
    kind: FileKind,
    *,
    school: School,
    encryption_keys: Sequence[str],
    at: datetime,
) -> FileKind:
    """Return the kind with the means to name people by this school's key; raises Refused."""
    if kind.person_source is None or not encryption_keys:
        return kind
    key = _key_of(session, kind, kind.person_source, school, encryption_keys, at)
    return replace(kind, name_person=lambda number: name(number, key))


def name(number: str, key: bytes) -> str:
    """Return what somebody with this number is called; zeros that Excel took off count."""
    bare = "".join(number.split()).upper()
    if bare.isdigit():
        bare = bare.zfill(NUMBER)
    return hmac.new(key, bare.encode(), sha256).hexdigest()[:DIGITS]


def _key_of(
    session: Session,
    kind: FileKind,
    source_name: str,
    school: School,
    encryption_keys: Sequence[str],
    at: datetime,
) -> bytes:
    """Return the key of a source, made the first time."""
    row = {
        "school_id": school.id,
        "id": new_id(),
        "kind": kind.kind,
        "name": source_name,
        "created_at": at,
    }
    insert_missing(session, ImportSource, [row])
    source = session.scalars(
        sa.select(ImportSource)
        .where(ImportSource.school_id == school.id, ImportSource.name == source_name)
        .with_for_update()
    ).one()
    if source.sealed_secret is None:
        source.sealed_secret = keys.seal(token_hex(32), encryption_keys).decode()
        session.flush()
    try:
        return bytes.fromhex(keys.unseal(source.sealed_secret.encode(), encryption_keys))
    except InvalidToken:
        raise Refused("bsn.key_lost") from None
