"""Asking an LMS's services: tokens, refusals, and what is kept and logged of them."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import sqlalchemy as sa
import structlog

from lti import keys
from lti.calling import services
from lti.calling.services import Caller, ServiceError, call
from lti.models import Key
from tests.lms import Lms
from tests.lms_services import (
    JSON,
    NRPS,
    SCORE,
    Services,
    member,
)
from tests.lms_services import services as services_of
from tests.lti.calling import ENCRYPTION_KEYS, afresh, ask
from tests.lti.calling import caller as caller_of
from tracker.db import unit_of_work, utc_now

NAME, MAIL = "Piet Geheim", "piet.geheim@proef.example"
WORDS = f'{{"error": "no", "user": "{NAME} {MAIL}"}}'.encode()


@pytest.fixture
def held(lms: Lms) -> Services:
    found = services_of(lms)
    found.members["2"] = [member("3", "Learner", name=NAME, email=MAIL)]
    return found


@pytest.fixture
def caller(engine: sa.Engine, lms: Lms, held: Services) -> Caller:
    return caller_of(engine, lms)


def test_we_say_who_we_are_with_an_assertion_that_a_strict_platform_takes(
    caller: Caller, lms: Lms, held: Services
) -> None:
    at = utc_now()
    assert ask(caller, lms, at) == 1
    assert ask(afresh(caller), lms, at) == 1
    first, second = held.token_requests
    assert first["iss"] == first["sub"] == lms.client_id
    assert first["aud"] == f"{lms.url}/token"
    assert first["jti"] != second["jti"]
    assert len(first["jti"]) >= 22
    assert at.timestamp() - 10 < first["iat"] <= at.timestamp()
    assert first["exp"] - first["iat"] == 300
    assert all(asked.headers["User-Agent"].startswith("Leerspoor/") for asked in held.asked)


def test_a_platform_with_its_own_audience_is_addressed_by_it(
    caller: Caller, lms: Lms, held: Services
) -> None:
    held.audience = "https://api.brightspace.example/auth/token"
    with pytest.raises(ServiceError, match="token_refused"):
        ask(caller, lms)
    caller.registration.audience = held.audience
    assert ask(caller, lms) == 1


def test_an_assertion_holds_at_every_step_of_a_rotation_while_three_keys_are_published(
    engine: sa.Engine, caller: Caller, lms: Lms, held: Services
) -> None:
    """lti.md case 45: the active key signs; the key set lists the one before and the next too."""
    at, kids = utc_now(), []
    for days in (0, 30, 60):
        keys.rotate_when_due(engine, encryption_keys=ENCRYPTION_KEYS, at=at + timedelta(days=days))
        assert ask(afresh(caller), lms) == 1
        with unit_of_work(engine, writes=False) as session:
            kids.append(keys.signing_key(session, encryption_keys=ENCRYPTION_KEYS)[0])
            published = [jwk["kid"] for jwk in keys.published(session)]
        assert kids[-1] in published
    assert len(set(kids)) == 3
    assert len(published) == 3
    assert len(held.token_requests) == 3


def test_without_any_key_the_first_ones_are_made(engine: sa.Engine, caller: Caller) -> None:
    with unit_of_work(engine) as session:
        session.execute(sa.delete(Key))
    with pytest.raises(ServiceError, match="not_found"):
        call(caller, "GET", f"{caller.registration.issuer}/nowhere", scopes=[NRPS], at=utc_now())


def test_a_key_that_our_settings_do_not_open_is_our_own_fault(
    caller: Caller, lms: Lms, held: Services
) -> None:
    ask(caller, lms)
    with pytest.raises(ServiceError, match="own_key_unreadable") as error:
        ask(afresh(caller, encryption_keys=("other" * 9,)), lms)
    assert not error.value.passes
    assert len(held.token_requests) == 1


def test_a_platform_that_grants_another_scope_is_not_asked_further(
    caller: Caller, lms: Lms, held: Services
) -> None:
    """lti.md case 43: what the platform's administrator did not allow."""
    held.granted = frozenset({SCORE})
    with pytest.raises(ServiceError, match="scope_missing"):
        ask(caller, lms)  # invalid_scope
    given = b'{"access_token": "t", "expires_in": 3600, "scope": "openid"}'
    held.fail("POST /token", (200, JSON, given))
    with pytest.raises(ServiceError, match="scope_missing"):
        ask(caller, lms)
    assert held.requests("GET .*") == []


@pytest.mark.parametrize(
    ("answer", "code", "passes"),
    [
        ((404, "text/html", b"<!DOCTYPE html><HTML lang='en'>"), "jwks_unreachable", False),
        ((404, JSON, b"{}"), "token_refused", False),
        ((400, JSON, b'{"error": "invalid_scope"}'), "scope_missing", False),
        ((400, JSON, b'{"error": "invalid_client"}'), "token_refused", False),
        ((400, "text/html", b'{\n  "error" : ""kid" invalid"\n}'), "token_refused", False),
        ((401, JSON, b"[]"), "token_refused", False),
        ((403, "text/html", b"no"), "token_refused", False),
        ((302, "text/html", b"https://elsewhere.example"), "token_refused", False),
        ((429, JSON, b""), "rate_limited", True),
        ((503, "text/html", b"<html>"), "server_error", True),
        ((200, JSON, b"<html>"), "malformed", False),
        ((200, JSON, b"[]"), "malformed", False),
        ((200, JSON, b'{"access_token": 7}'), "malformed", False),
        ((200, JSON, b'{"access_token": ""}'), "malformed", False),
        ((200, JSON, b'{"access_token": "a\\r\\nX-Evil: 1"}'), "malformed", False),
        ((200, JSON, '{"access_token": "é"}'.encode()), "malformed", False),
        ((200, JSON, b'{"access_token": "' + b"a" * 20_000 + b'"}'), "malformed", False),
    ],
)
def test_a_token_endpoint_that_says_no_or_nonsense_gives_a_code(
    caller: Caller, lms: Lms, held: Services, answer: Any, code: str, passes: bool
) -> None:
    held.fail("POST /token", answer)
    with pytest.raises(ServiceError, match=code) as error:
        ask(caller, lms)
    assert (error.value.code, error.value.passes) == (code, passes)
    assert held.requests("GET .*") == []


def test_moodle_that_cannot_fetch_our_keys_is_recognised(
    caller: Caller, lms: Lms, held: Services
) -> None:
    held.can_fetch_keys = False
    with pytest.raises(ServiceError) as error:
        ask(caller, lms)
    assert (error.value.code, error.value.status) == ("jwks_unreachable", 404)


@pytest.mark.parametrize(
    ("status", "headers", "body", "code", "passes"),
    [
        (400, {}, WORDS, "refused", False),
        (403, {}, WORDS, "forbidden", False),
        (403, {"X-Rate-Limit-Remaining": "0.0"}, WORDS, "rate_limited", True),
        (403, {}, b"403 Forbidden (Rate Limit Exceeded)", "rate_limited", True),
        (403, {"X-Rate-Limit-Remaining": "600.0"}, WORDS, "forbidden", False),
        (403, {"X-Rate-Limit-Remaining": "many"}, WORDS, "forbidden", False),
        (404, {}, WORDS, "not_found", False),
        (410, {}, WORDS, "not_found", False),
        (408, {}, WORDS, "unreachable", True),
        (409, {}, WORDS, "conflict", False),
        (429, {}, WORDS, "rate_limited", True),
        (500, {}, WORDS, "server_error", True),
        (503, {}, WORDS, "server_error", True),
        (302, {}, b"https://elsewhere.example/", "refused", False),
    ],
)
def test_each_refusal_has_a_code_and_says_whether_it_passes(
    caller: Caller,
    lms: Lms,
    held: Services,
    status: int,
    headers: dict[str, str],
    body: bytes,
    code: str,
    passes: bool,
) -> None:
    """lti.md case 41; and of case 48: nothing that the platform said is in an error or a log."""
    held.fail("GET .*/memberships", (status, JSON, body, headers))
    with structlog.testing.capture_logs() as logs, pytest.raises(ServiceError) as error:
        ask(caller, lms)
    assert (error.value.code, error.value.status, error.value.passes) == (code, status, passes)
    said = f"{logs} {error.value!r} {error.value.__cause__!r}"
    assert NAME not in said
    assert MAIL not in said
    assert all(token not in said for token in held.tokens)
    assert logs[-1]["code"] == code


AT = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        (format_datetime(AT + timedelta(minutes=3), usegmt=True), 180),
        ("Sun, 22 Nov 2026 04:00:30 -0000", 30),
        ("Sun, 22 Nov 2026 05:01:00 +0100", 60),
        (format_datetime(AT - timedelta(minutes=3), usegmt=True), 0),
        ("999999999999", 86_400),
        (format_datetime(AT + timedelta(days=400), usegmt=True), 86_400),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("²", None),
        ("Sun, 99 Nov 2026 05:01:00 GMT", None),
        ("", None),
    ],
)
def test_how_long_to_wait_is_read_as_seconds_or_as_a_moment(said: str, seconds: int | None) -> None:
    answer = services.http.Answer(429, b"", {"retry-after": said})
    assert services._retry_after(answer, at=AT) == seconds  # noqa: SLF001 - the rule itself


def test_the_wait_that_a_platform_asks_for_comes_along(
    caller: Caller, lms: Lms, held: Services
) -> None:
    """lti.md case 41: 429 with Retry-After."""
    held.fail("GET .*/memberships", (429, JSON, b"", {"Retry-After": "77"}))
    with pytest.raises(ServiceError) as error:
        ask(caller, lms)
    assert error.value.retry_after == 77
    held.fail("POST /token", (503, JSON, b"", {"Retry-After": "5"}))
    with pytest.raises(ServiceError) as error:
        ask(afresh(caller), lms)
    assert error.value.retry_after == 5
