"""The platforms' keys: kept, fetched again when they change, and served on when they are away."""

import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from lti import http
from lti.launching.platform_keys import usable_keys
from lti.models import Registration
from tests.lms import Lms, User, public_jwk
from tests.lti.browser import Browser, code_of, verdict
from tracker.db import unit_of_work, utc_now

GOOD = public_jwk(1, "kid-1")


def let_time_pass(engine: sa.Engine, **ago: timedelta) -> None:
    """Set moments of the registration back."""
    now = utc_now()
    with unit_of_work(engine) as session:
        values = {name: now - before for name, before in ago.items()}
        session.execute(sa.update(Registration).values(values))


def test_keys_are_fetched_once_for_many_launches(
    lms: Lms, browser: Browser, student: User, coach: User
) -> None:
    for user in (student, coach, student):
        assert browser.click(lms, user).status_code == 303
    assert lms.key_requests == 1


# lti.md case 4
def test_a_platform_that_changes_its_key_is_followed_at_once(
    lms: Lms, browser: Browser, student: User
) -> None:
    browser.click(lms, student)
    lms.rotate()
    assert browser.click(lms, student).status_code == 303
    assert lms.key_requests == 2


# lti.md case 3
def test_unknown_keys_cost_one_fetch_a_minute(
    lms: Lms, browser: Browser, student: User, engine: sa.Engine
) -> None:
    browser.click(lms, student)
    for _ in range(4):
        started = browser.start(lms, student)
        token = lms.sign(lms.claims(student, nonce=started.nonce), header={"kid": "forged"})
        assert verdict(browser.come_back(started, token)) == (401, "unknown_kid")
    assert lms.key_requests == 2
    lms.rotate()
    assert verdict(browser.click(lms, student)) == (401, "unknown_kid")
    let_time_pass(engine, keys_tried_at=timedelta(seconds=61))
    assert browser.click(lms, student).status_code == 303
    assert lms.key_requests == 3


# lti.md case 5
def test_the_last_good_keys_serve_while_the_platform_is_away(
    lms: Lms, browser: Browser, student: User, engine: sa.Engine
) -> None:
    browser.click(lms, student)
    lms.faults = lambda: (500, "text/html", b"<h1>Oops</h1>")
    assert browser.click(lms, student).status_code == 303
    let_time_pass(engine, keys_fetched_at=timedelta(hours=25))  # old enough to look again
    assert browser.click(lms, student).status_code == 303
    assert lms.key_requests == 2
    assert browser.click(lms, student).status_code == 303
    assert lms.key_requests == 2


def test_a_key_that_the_platform_withdrew_stops_working_within_a_day(
    lms: Lms, browser: Browser, student: User, engine: sa.Engine
) -> None:
    browser.click(lms, student)
    old = dict(lms.keys)
    lms.rotate()
    let_time_pass(engine, keys_fetched_at=timedelta(hours=25))
    lms.keys = {**lms.keys, **old}  # signs with the withdrawn one
    lms.faults = lambda: (200, "text/json", json.dumps({"keys": [public_jwk(2, "kid-2")]}).encode())
    assert verdict(browser.click(lms, student)) == (401, "unknown_kid")


BAD_SETS: dict[str, Callable[[], tuple[int, str, bytes]]] = {
    "an error page": lambda: (503, "application/json", json.dumps({"keys": [GOOD]}).encode()),
    "not found": lambda: (404, "text/html", b"<h1>404</h1>"),
    "a redirect": lambda: (302, "text/html", b"http://127.0.0.1:1/"),
    "no JSON": lambda: (200, "text/html", b"<html>sign in first</html>"),
    "a JSON list": lambda: (200, "application/json", b"[]"),
    "no keys": lambda: (200, "application/json", b"{}"),
    "an error as JSON": lambda: (200, "application/json", b'{"error": "busy"}'),
    "keys that are none": lambda: (200, "application/json", b'{"keys": [null, 1, {}]}'),
    "keys not in a list": lambda: (200, "application/json", b'{"keys": {"a": 1}}'),
    "nothing": lambda: (200, "application/json", b""),
    "far too much": lambda: (200, "application/json", b" " * (http.LARGEST + 1)),
    "deep nesting": lambda: (200, "application/json", b"[" * 100_000),
}


def test_a_bad_key_set_is_never_kept_and_poisons_nothing(
    lms: Lms, browser: Browser, student: User
) -> None:
    for case, answer in BAD_SETS.items():
        lms.faults = answer
        response = browser.click(lms, student)
        assert verdict(response) == (503, "keys_unavailable"), case
        assert not browser.is_signed_in
    lms.faults = None
    assert browser.click(lms, student).status_code == 303


# lti.md case 5
def test_a_platform_that_is_gone_costs_a_page_and_no_more(
    lms: Lms, browser: Browser, student: User, engine: sa.Engine
) -> None:
    with unit_of_work(engine) as session:
        session.execute(sa.update(Registration).values(jwks_url="http://127.0.0.1:1/jwks"))
    response = browser.click(lms, student)
    assert verdict(response) == (503, "keys_unavailable")


# lti.md case 5
def test_a_platform_that_keeps_silent_costs_a_page_in_time(
    lms: Lms, browser: Browser, student: User
) -> None:
    ended = threading.Event()

    def silence() -> tuple[int, str, bytes]:
        ended.wait(30)
        return 200, "application/json", b"{}"

    lms.faults = silence
    begun = time.monotonic()
    response = browser.click(lms, student)
    ended.set()
    assert verdict(response) == (503, "keys_unavailable")
    assert time.monotonic() - begun < 13


def test_a_whole_class_that_comes_at_once_waits_for_one_fetch(
    lms: Lms, student: User, site: str
) -> None:
    asked, answered = threading.Event(), threading.Event()

    def slowly() -> tuple[int, str, bytes]:
        asked.set()
        answered.wait(10)
        return 200, "application/json", json.dumps({"keys": [GOOD]}).encode()

    lms.faults = slowly

    def launch(_number: int) -> tuple[int, str | None]:
        with Browser(site) as browser:
            return verdict(browser.click(lms, student))

    with ThreadPoolExecutor(6) as pool:
        launches = [pool.submit(launch, number) for number in range(6)]
        assert asked.wait(10)
        answered.set()
        assert [one.result() for one in launches] == [(303, None)] * 6
    assert lms.key_requests == 1


def _weak_jwk() -> dict[str, Any]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - refused
    found: dict[str, Any] = json.loads(RSAAlgorithm.to_jwk(key.public_key()))
    return {**found, "kid": "weak"}


@pytest.mark.parametrize(
    "changes",
    [
        {"kty": "oct", "k": "c2VjcmV0"},
        {"kty": "EC"},
        {"alg": "HS256"},
        {"alg": "none"},
        {"alg": None},
        {"use": "enc"},
        {"kid": None},
        {"kid": ""},
        {"kid": 7},
        {"kid": "x\0"},
        {"kid": "x" * 256},
        {"n": 5},
        {"n": ""},
        {"n": "%%%"},
        {"e": None},
        {"e": "AA"},
    ],
    ids=str,
)
def test_only_rsa_keys_for_signing_are_kept(changes: dict[str, Any]) -> None:
    odd = {**GOOD, "kid": "odd", **changes}
    assert list(usable_keys(json.dumps({"keys": [odd, GOOD]}).encode())) == ["kid-1"]


def test_weak_keys_are_not_kept_and_private_parts_neither() -> None:
    assert usable_keys(json.dumps({"keys": [_weak_jwk()]}).encode()) == {}
    kept = usable_keys(json.dumps({"keys": [{**GOOD, "d": "AQAB", "p": "AQAB"}]}).encode())
    assert set(kept["kid-1"]) == {"kty", "n", "e"}


def test_a_key_without_alg_and_use_is_taken_for_rs256(
    lms: Lms, browser: Browser, student: User
) -> None:
    bare = {name: GOOD[name] for name in ("kty", "n", "e", "kid")}
    lms.faults = lambda: (200, "application/jwk-set+json", json.dumps({"keys": [bare]}).encode())
    response = browser.click(lms, student)
    assert response.status_code == 303, code_of(response)
