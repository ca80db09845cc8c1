"""Asking an LMS's services: an access token of our own key's making, one request, a clear outcome.

The platform's scopes decide what we may ask (LTI Advantage; RFC 7523 private_key_jwt). What a
platform answers when it says no is never logged: it may be about people.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from secrets import token_urlsafe
from typing import Any
from urllib.parse import urlencode

import jwt
import structlog
from cryptography.fernet import InvalidToken
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from sqlalchemy import Engine
from sqlalchemy.exc import NoResultFound

from lti import http, keys
from lti.calling import kept_tokens
from lti.models import Registration
from settings import Settings
from tracker.db import unit_of_work

log = structlog.get_logger("leerspoor.lti")

LARGEST = 4 * 1024 * 1024  # a course of 10,000 people in one answer
SECONDS = 20.0
ASSERTION_LASTS = timedelta(minutes=5)
CLOCKS_DIFFER = timedelta(seconds=5)  # the platform's clock may be behind ours
LONGEST_TOKEN = 16_384
LONGEST_WAIT = 24 * 3600  # seconds; whoever says later says never
OK, REDIRECT = 200, 300


class ServiceError(Exception):
    """The LMS did not do what we asked.

    code: `unreachable`, `rate_limited` and `server_error` pass by themselves (`passes`); the others
    need somebody: `jwks_unreachable` (the platform cannot fetch our keys), `token_refused`,
    `scope_missing`, `unauthorized`, `forbidden`, `not_found`, `conflict`, `refused`, `malformed`,
    `page_loop`, `page_foreign`, `too_many_pages`, `own_key_unreadable`.
    status: of the answer that said so. retry_after: seconds, when the platform asked to wait.
    """

    def __init__(
        self, code: str, status: int | None = None, retry_after: int | None = None
    ) -> None:
        super().__init__(code)
        self.code, self.status, self.retry_after = code, status, retry_after

    @property
    def passes(self) -> bool:
        """Whether asking again later may work without anybody's doing."""
        return self.code in {"unreachable", "rate_limited", "server_error"}


@dataclass(frozen=True)
class Caller:
    """For which registration we ask, and with what; `tokens` are those it got, by scopes."""

    engine: Engine
    registration: Registration
    encryption_keys: tuple[str, ...]
    redis_url: str | None
    allow_loopback: bool
    tokens: dict[str, str] = field(default_factory=dict)


def caller_for(app_settings: Settings, engine: Engine, registration: Registration) -> Caller:
    """Return what `call` needs to ask this registration's platform."""
    return Caller(
        engine,
        registration,
        app_settings.encryption_keys,
        app_settings.redis_url,
        app_settings.is_demo,
    )


def call(
    caller: Caller,
    method: str,
    url: str,
    *,
    scopes: Iterable[str],
    accept: str | None = None,
    content_type: str | None = None,
    body: bytes | None = None,
    at: datetime,
) -> http.Answer:
    """Ask a service and return its 2xx answer; raises ServiceError.

    scopes: what the token is for, of which the platform grants one or more. A 401 is asked once
    more with a new token. at: now.
    """
    wanted = " ".join(sorted(set(scopes)))
    headers = {"Accept": accept} if accept else {}
    if content_type:
        headers["Content-Type"] = content_type
    token = _known_token(caller, wanted) or _new_token(caller, wanted, at=at)
    headers["Authorization"] = f"Bearer {token}"
    answer = _request(caller, method, url, headers, body)
    if answer.status == 401:  # noqa: PLR2004 - unauthorized
        headers["Authorization"] = f"Bearer {_new_token(caller, wanted, at=at)}"
        answer = _request(caller, method, url, headers, body)
    if OK <= answer.status < REDIRECT:
        return answer
    error = _refusal(answer, at=at)
    log.warning(
        "an LMS service said no",
        registration=str(caller.registration.id),
        method=method,
        code=error.code,
        status=error.status,
    )
    raise error


def _request(
    caller: Caller, method: str, url: str, headers: dict[str, str], body: bytes | None
) -> http.Answer:
    try:
        return http.request(
            method,
            url,
            headers=headers,
            body=body,
            allow_loopback=caller.allow_loopback,
            largest=LARGEST,
            seconds=SECONDS,
        )
    except http.Unreachable as error:
        asked = str(caller.registration.id)
        log.warning("an LMS service did not answer", registration=asked, reason=str(error))
        raise ServiceError("unreachable") from error


def _refusal(answer: http.Answer, *, at: datetime) -> ServiceError:
    """Say what an answer other than 2xx means."""
    codes = {401: "unauthorized", 403: "forbidden", 404: "not_found", 409: "conflict"}
    codes |= {408: "unreachable", 410: "not_found", 429: "rate_limited"}
    code = codes.get(answer.status, "refused")
    if answer.status >= 500:  # noqa: PLR2004 - HTTP's border
        code = "server_error"
    if answer.status == 403 and _is_canvas_limit(answer):  # noqa: PLR2004 - forbidden
        code = "rate_limited"
    return ServiceError(code, answer.status, _retry_after(answer, at=at))


def _is_canvas_limit(answer: http.Answer) -> bool:
    """Whether this 403 is Canvas' way of saying 429."""
    try:
        left = float(answer.headers.get("x-rate-limit-remaining", "1"))
    except ValueError:
        left = 1.0
    return left <= 0 or b"rate limit exceeded" in answer.body[:1000].lower()


def _retry_after(answer: http.Answer, *, at: datetime) -> int | None:
    """Return the seconds that the platform asks us to wait (RFC 9110, 10.2.3)."""
    said = answer.headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit():
        return min(int(said[:9]), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(said)
    except ValueError:
        return None
    if moment.tzinfo is None:  # "-0000": UTC, from an unsaid place
        moment = moment.replace(tzinfo=UTC)
    return min(max(0, round((moment - at).total_seconds())), LONGEST_WAIT)


def ask_token(caller: Caller, wanted: str, *, at: datetime) -> http.Answer:
    """Ask the platform for a token with these scopes and return what it answers, whatever it is.

    wanted: scopes, with spaces. Raises ServiceError when no answer comes.
    """
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": _assertion(caller, at=at),
        "scope": wanted,
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    url = caller.registration.token_url
    return _request(caller, "POST", url, headers, urlencode(form).encode())


def _known_token(caller: Caller, wanted: str) -> str | None:
    if wanted not in caller.tokens:
        kept = kept_tokens.find(
            caller.redis_url, caller.registration, wanted, encryption_keys=caller.encryption_keys
        )
        if kept is None:
            return None
        caller.tokens[wanted] = kept
    return caller.tokens[wanted]


def _new_token(caller: Caller, wanted: str, *, at: datetime) -> str:
    """Get a token with these scopes and keep it while it lasts."""
    registration = caller.registration
    answer = ask_token(caller, wanted, at=at)
    if not OK <= answer.status < REDIRECT:
        error = _token_refusal(answer, at=at)
        log.warning(
            "no access token",
            registration=str(registration.id),
            code=error.code,
            status=error.status,
        )
        raise error
    given = json_object(answer)
    token, granted = given.get("access_token"), given.get("scope")
    is_token = isinstance(token, str) and 0 < len(token) <= LONGEST_TOKEN
    if not is_token or not str(token).isascii() or not str(token).isprintable():
        raise ServiceError("malformed", answer.status)
    # Without a list the platform granted what was asked (RFC 6749, 5.1).
    if isinstance(granted, str) and not set(wanted.split()) & set(granted.split()):
        raise ServiceError("scope_missing", answer.status)
    caller.tokens[wanted] = str(token)
    kept_tokens.keep(
        caller.redis_url,
        registration,
        wanted,
        str(token),
        encryption_keys=caller.encryption_keys,
        expires_in=given.get("expires_in"),
    )
    return str(token)


def _assertion(caller: Caller, *, at: datetime) -> str:
    """Sign who we are to this platform, with the key that signs now."""
    registration = caller.registration
    try:
        kid, private = _signing_key(caller, at=at)
    except InvalidToken as error:
        log.error("ENCRYPTION_KEYS lacks the key that encrypted our signing key")
        raise ServiceError("own_key_unreadable") from error
    claims = {
        "iss": registration.client_id,
        "sub": registration.client_id,
        "aud": registration.audience or registration.token_url,
        "iat": at - CLOCKS_DIFFER,
        "exp": at + ASSERTION_LASTS - CLOCKS_DIFFER,
        "jti": token_urlsafe(24),
    }
    return jwt.encode(claims, private, algorithm="RS256", headers={"kid": kid})


def _signing_key(caller: Caller, *, at: datetime) -> tuple[str, RSAPrivateKey]:
    try:
        with unit_of_work(caller.engine, writes=False) as session:
            return keys.signing_key(session, encryption_keys=caller.encryption_keys)
    except NoResultFound:  # nothing was ever signed here
        with unit_of_work(caller.engine) as session:
            keys.ensure_keys(session, encryption_keys=caller.encryption_keys, at=at)
            return keys.signing_key(session, encryption_keys=caller.encryption_keys)


def _token_refusal(answer: http.Answer, *, at: datetime) -> ServiceError:
    """Say why there is no token.

    Moodle answers 404 with a page when it cannot fetch our keys (a private address, an odd port).
    """
    error = _refusal(answer, at=at)
    if error.passes:
        return error
    if answer.status == 404:  # noqa: PLR2004 - not found
        is_page = b"<html" in answer.body[:2000].lower()
        return ServiceError("jwks_unreachable" if is_page else "token_refused", answer.status)
    try:
        is_scope = json_object(answer).get("error") == "invalid_scope"
    except ServiceError:
        is_scope = False
    return ServiceError("scope_missing" if is_scope else "token_refused", answer.status)


def json_object(answer: http.Answer) -> dict[str, Any]:
    """Read an answer that must be a JSON object; raises ServiceError."""
    found = json_value(answer)
    if not isinstance(found, dict):
        raise ServiceError("malformed", answer.status)
    return found


def json_value(answer: http.Answer) -> Any:
    """Read an answer that must be JSON; raises ServiceError."""
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise ServiceError("malformed", answer.status) from error
