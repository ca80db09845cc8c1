"""Access tokens of platforms, kept while they last in Valkey or Redis, when that is there.

Losing one costs one request. They are encrypted, and never shared between two registrations.
"""

import json
from collections.abc import Sequence
from hashlib import sha256

import redis
import structlog
from cryptography.fernet import InvalidToken

from lti import keys
from lti.models import Registration

log = structlog.get_logger("leerspoor.lti")

# A token is not used in its last minute, nor kept longer than an hour; five minutes if none says.
LAST_MINUTE, LONGEST_KEPT, UNSAID = 60, 3600, 300


def find(
    redis_url: str | None,
    registration: Registration,
    scopes: str,
    *,
    encryption_keys: Sequence[str],
) -> str | None:
    """Return the kept token with exactly these scopes; None without one or without a queue."""
    if redis_url is None:
        return None
    try:
        with _connect(redis_url) as connection:
            kept = connection.get(_place(registration, scopes))
        return keys.unseal(kept, encryption_keys) if isinstance(kept, bytes) else None
    except (redis.RedisError, InvalidToken) as error:
        log.info("no kept token", reason=type(error).__name__)
        return None


def keep(
    redis_url: str | None,
    registration: Registration,
    scopes: str,
    token: str,
    *,
    encryption_keys: Sequence[str],
    expires_in: object,
) -> None:
    """Keep a token for as long as the platform said (seconds); a queue that is down keeps none."""
    seconds = expires_in if isinstance(expires_in, int) and expires_in > 0 else UNSAID
    lasts = min(seconds - LAST_MINUTE, LONGEST_KEPT)
    if redis_url is None or lasts <= 0:
        return
    try:
        with _connect(redis_url) as connection:
            sealed = keys.seal(token, encryption_keys)
            connection.set(_place(registration, scopes), sealed, ex=lasts)
    except redis.RedisError as error:
        log.info("token not kept", reason=type(error).__name__)


def _place(registration: Registration, scopes: str) -> str:
    """Name where a token is kept: never the same for two registrations, also of one issuer."""
    parts = (str(registration.id), registration.client_id, registration.token_url, scopes)
    return f"leerspoor:lti-token:{sha256(json.dumps(parts).encode()).hexdigest()}"


def _connect(url: str) -> redis.Redis:
    return redis.from_url(url, socket_connect_timeout=0.5, socket_timeout=1, retry=None)
