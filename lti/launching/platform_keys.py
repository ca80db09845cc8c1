"""The platforms' public keys: kept when good, fetched again rarely, the last good set served on.

For an unknown kid one fetch per registration and minute, whoever asks and in however many
processes.
"""

import json
import time
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import RSAAlgorithm
from jwt.exceptions import InvalidKeyError
from sqlalchemy import Engine

from lti import http
from lti.launching.refusals import Refused
from lti.models import Registration
from lti.text import is_sound
from tracker.db import unit_of_work

log = structlog.get_logger("leerspoor.lti")

BETWEEN_FETCHES = timedelta(minutes=1)
KEPT_UNSEEN = timedelta(hours=24)  # so that a key the platform withdrew stops working
SMALLEST, LARGEST = 2048, 8192  # bits
POLL_SECONDS = 0.1
LONGEST_WAIT_SECONDS = 5.0  # for another launch's fetch; each wait holds a thread


def key_for(
    engine: Engine, registration: Registration, *, kid: str, at: datetime, allow_loopback: bool
) -> RSAPublicKey:
    """Return the platform's key with this id.

    Raises Refused: `unknown_kid` when the platform does not have it, `keys_unavailable` when
    nobody can tell because the platform does not answer.
    """
    kept = registration.platform_keys or {}
    is_fresh = _is_fresh(registration, at)
    if kid not in kept or not is_fresh:
        if _claim_turn(engine, registration, at=at):
            registration = _fetch(engine, registration, at=at, allow_loopback=allow_loopback)
        elif kid not in kept:
            registration = _after_other(engine, registration.id)
        kept = registration.platform_keys or {}
    if kid in kept:
        return _public_key(kept[kid])
    raise Refused("keys_unavailable" if _failed_last(registration) else "unknown_kid")


def _is_fresh(registration: Registration, at: datetime) -> bool:
    fetched_at = registration.keys_fetched_at
    return fetched_at is not None and at - fetched_at < KEPT_UNSEEN


def _failed_last(registration: Registration) -> bool:
    good, bad = registration.keys_fetched_at, registration.keys_failed_at
    return good is None or (bad is not None and bad > good)


def _fetch(
    engine: Engine, registration: Registration, *, at: datetime, allow_loopback: bool
) -> Registration:
    """Fetch the key set and keep it if it is good; returns the row since."""
    try:
        answer = http.get(registration.jwks_url, allow_loopback=allow_loopback)
        keys = usable_keys(answer.body) if answer.status == 200 else {}  # noqa: PLR2004 - OK
        reason = f"status {answer.status}" if not keys else ""
    except http.Unreachable as error:
        keys, reason = {}, str(error)
    if keys:
        values: dict[str, Any] = {"platform_keys": keys, "keys_fetched_at": at}
        if not _is_fresh(registration, at):
            # Not for an unknown kid: the platform may change its keys in the next minute.
            values["keys_tried_at"] = None
    else:
        log.warning("platform keys not fetched", registration=str(registration.id), reason=reason)
        values = {"keys_failed_at": at}
    with unit_of_work(engine) as session:
        session.execute(
            sa.update(Registration).where(Registration.id == registration.id).values(values)
        )
    return _row(engine, registration.id)


def _claim_turn(engine: Engine, seen: Registration, *, at: datetime) -> bool:
    """Whether it is ours to fetch now; `seen` is the row as this launch found it."""
    row = Registration
    claim = (
        sa.update(row)
        .where(
            row.id == seen.id,
            # Nobody else brought a new set meanwhile.
            row.keys_fetched_at.is_not_distinct_from(seen.keys_fetched_at),
            sa.or_(
                row.keys_tried_at.is_(None),
                row.keys_tried_at <= at - BETWEEN_FETCHES,
                # The very first set: who sets up a platform need not wait after each mistake.
                sa.and_(row.keys_fetched_at.is_(None), row.keys_failed_at >= row.keys_tried_at),
            ),
        )
        .values(keys_tried_at=at)
        .returning(row.id)
    )
    with unit_of_work(engine) as session:
        return session.scalar(claim) is not None


def _after_other(engine: Engine, registration_id: UUID) -> Registration:
    """Return the row once the fetch that began last has ended: a whole class may come at once."""
    row = _row(engine, registration_id)
    waited = 0.0
    while _is_being_fetched(row) and waited < LONGEST_WAIT_SECONDS:
        time.sleep(POLL_SECONDS)
        waited += POLL_SECONDS
        row = _row(engine, registration_id)
    return row


def _is_being_fetched(row: Registration) -> bool:
    ends = [moment for moment in (row.keys_fetched_at, row.keys_failed_at) if moment is not None]
    return row.keys_tried_at is not None and all(row.keys_tried_at > end for end in ends)


def _row(engine: Engine, registration_id: UUID) -> Registration:
    with unit_of_work(engine, writes=False) as session:
        return session.get_one(Registration, registration_id)


def usable_keys(body: bytes) -> dict[str, dict[str, str]]:
    """Return the RSA signing keys of a JWKS document, kid -> {kty, n, e}; empty when none is."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    listed = document.get("keys") if isinstance(document, dict) else None
    usable: dict[str, dict[str, str]] = {}
    for jwk in listed if isinstance(listed, list) else []:
        if isinstance(jwk, dict) and _is_usable(jwk):
            usable.setdefault(jwk["kid"], {name: jwk[name] for name in ("kty", "n", "e")})
    return usable


def _is_usable(jwk: dict[str, Any]) -> bool:
    if jwk.get("kty") != "RSA" or jwk.get("alg", "RS256") != "RS256":
        return False
    if jwk.get("use", "sig") != "sig" or not is_sound(jwk.get("kid")):
        return False
    try:
        size = _public_key(jwk).key_size
    except (InvalidKeyError, ValueError, TypeError, KeyError, AttributeError):
        return False
    return SMALLEST <= size <= LARGEST


def _public_key(jwk: dict[str, Any]) -> RSAPublicKey:
    key = RSAAlgorithm.from_jwk({"kty": "RSA", "n": jwk["n"], "e": jwk["e"]})
    if not isinstance(key, RSAPublicKey):
        raise InvalidKeyError("not a public key")
    return key
