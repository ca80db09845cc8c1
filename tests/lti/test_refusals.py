"""What is no launch: refused with a page and a code, and without a session."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jwt
import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives import serialization
from flask import Flask

from lti.launching.refusals import REFUSALS
from lti.models import LtiIdentity
from tests.lms import Lms, User, base64url, private_key
from tests.lti.browser import Browser, verdict
from tests.lti.registering import register
from tests.world import World
from tracker.db import unit_of_work

DAY = 86_400
Change = Callable[[int], dict[str, Any]]

# What the claims say -> our code. The first twelve are 1EdTech's known bad payloads, with
# `no kid`, `wrong kid` and `not an LTI message` tested below.
BAD_CLAIMS: dict[str, tuple[Change, str]] = {
    "wrong version": (lambda _: {"__version": "1.2.0"}, "wrong_version"),
    "no version": (lambda _: {"__version": None}, "wrong_version"),
    "exp and iat of long ago": (lambda t: {"iat": t - DAY, "exp": t - DAY + 60}, "token_expired"),
    "no message type": (lambda _: {"__message_type": None}, "claim_missing"),
    "no roles": (lambda _: {"__roles": None}, "claim_missing"),
    "no deployment": (lambda _: {"__deployment_id": None}, "claim_missing"),
    "no resource link id": (lambda _: {"__resource_link": {}}, "claim_missing"),
    "no sub": (lambda _: {"sub": None}, "claim_missing"),
    "no exp": (lambda _: {"exp": None}, "claim_missing"),
    "no iat": (lambda _: {"iat": None}, "claim_missing"),
    "no nonce": (lambda _: {"nonce": None}, "claim_missing"),
    "no iss": (lambda _: {"iss": None}, "claim_missing"),
    "no aud": (lambda _: {"aud": None}, "claim_missing"),
    "no target": (lambda _: {"__target_link_uri": None}, "claim_missing"),
    "no resource link": (lambda _: {"__resource_link": None}, "claim_missing"),
    "exp past": (lambda t: {"exp": t - 61}, "token_expired"),
    "iat a day old": (lambda t: {"iat": t - DAY}, "token_too_old"),
    "iat six minutes old": (lambda t: {"iat": t - 360}, "token_too_old"),
    "iat a day ahead": (lambda t: {"iat": t + DAY, "exp": t + DAY + 60}, "token_from_future"),
    "nbf ahead": (lambda t: {"nbf": t + 120}, "token_from_future"),
    "exp as text": (lambda t: {"exp": str(t + 60)}, "claim_invalid"),
    "exp true": (lambda _: {"exp": True}, "claim_invalid"),
    "exp not a number": (lambda _: {"exp": float("nan")}, "claim_invalid"),
    "exp infinite": (lambda _: {"exp": float("inf")}, "claim_invalid"),
    "exp without end": (lambda _: {"exp": 10**400}, "claim_invalid"),
    "iat a list": (lambda t: {"iat": [t]}, "claim_invalid"),
    "unknown message type": (lambda _: {"__message_type": "Wizardry"}, "wrong_message_type"),
    "message type a number": (lambda _: {"__message_type": 7}, "claim_invalid"),
    "version a number": (lambda _: {"__version": 1.3}, "wrong_version"),
    "roles a text": (lambda _: {"__roles": "Learner"}, "claim_invalid"),
    "roles of numbers": (lambda _: {"__roles": [1]}, "claim_invalid"),
    "sub a number": (lambda _: {"sub": 3}, "claim_invalid"),
    "sub empty": (lambda _: {"sub": ""}, "claim_invalid"),
    "sub blank": (lambda _: {"sub": "  "}, "claim_invalid"),
    "sub an object": (lambda _: {"sub": {"id": "3"}}, "claim_invalid"),
    "sub with NUL": (lambda _: {"sub": "3\0"}, "claim_invalid"),
    "sub half a character": (lambda _: {"sub": "\ud800"}, "claim_invalid"),
    "sub of 256": (lambda _: {"sub": "x" * 256}, "claim_invalid"),
    "NUL deep inside": (lambda _: {"__ext": {"a": [{"b": "\0"}]}}, "claim_invalid"),
    "name an object": (lambda _: {"name": {}}, "claim_invalid"),
    "deployment of 256": (lambda _: {"__deployment_id": "x" * 256}, "claim_invalid"),
    "deployment a number": (lambda _: {"__deployment_id": 1}, "claim_invalid"),
    "deployment not the announced": (lambda _: {"__deployment_id": "2"}, "wrong_deployment"),
    "resource link a text": (lambda _: {"__resource_link": "link-1"}, "claim_invalid"),
    "resource link id null": (lambda _: {"__resource_link": {"id": None}}, "claim_missing"),
    "resource link id a number": (lambda _: {"__resource_link": {"id": 4}}, "claim_invalid"),
    "context a text": (lambda _: {"__context": "2"}, "claim_invalid"),
    "context without id": (lambda _: {"__context": {"title": "x"}}, "claim_missing"),
    "custom a list": (lambda _: {"__custom": []}, "claim_invalid"),
    "lis a text": (lambda _: {"__lis": "S1"}, "claim_invalid"),
    "mentored a text": (lambda _: {"__role_scope_mentor": "3"}, "claim_invalid"),
    "other target": (lambda _: {"__target_link_uri": "https://e.example/"}, "wrong_target"),
    "nonce a number": (lambda _: {"nonce": 5}, "wrong_nonce"),
    "other nonce": (lambda _: {"nonce": "of-somebody-else"}, "wrong_nonce"),
    "other issuer": (lambda _: {"iss": "https://e.example"}, "wrong_issuer"),
    "issuer a list": (lambda _: {"iss": ["https://e.example"]}, "claim_invalid"),
    "other audience": (lambda _: {"aud": "tool-2"}, "wrong_audience"),
    "audience an object": (lambda _: {"aud": {"a": 1}}, "claim_invalid"),
    "audience of numbers": (lambda _: {"aud": [1]}, "claim_invalid"),
    "no audience in the list": (lambda _: {"aud": []}, "wrong_audience"),
    "two audiences, no azp": (lambda _: {"aud": ["tool-1", "x"]}, "wrong_audience"),
    "two audiences, other azp": (lambda _: {"aud": ["tool-1", "x"], "azp": "x"}, "wrong_audience"),
    "one audience, other azp": (lambda _: {"azp": "x"}, "wrong_audience"),
}


# lti.md cases 6, 8, 10 to 13, 15 and 22
@pytest.mark.parametrize("who", ["student", "coach"])
def test_launches_with_bad_claims_are_refused_for_every_role(
    lms: Lms, browser: Browser, student: User, coach: User, who: str
) -> None:
    user = {"student": student, "coach": coach}[who]
    found = {}
    for case, (change, _) in BAD_CLAIMS.items():
        found[case] = verdict(browser.launch(lms, user, **change(int(time.time()))))
        assert not browser.is_signed_in, case
    assert found == {case: (401, code) for case, (_, code) in BAD_CLAIMS.items()}


GOOD_CLAIMS: dict[str, Change] = {
    "clock three seconds ahead": lambda t: {"iat": t + 3},
    "expired a second ago": lambda t: {"exp": t - 1},
    "several audiences and our azp": lambda _: {"aud": ["x", "tool-1"], "azp": "tool-1"},
    "audience in a list": lambda _: {"aud": ["tool-1"]},
    "times with a fraction": lambda t: {"iat": t + 0.5, "exp": t + 60.5},
    "names of JSON null": lambda _: {"email": None, "__custom": {"a": None, "b": "$User.id"}},
}


# lti.md cases 9 and 14
def test_what_is_unusual_but_right_is_accepted(lms: Lms, browser: Browser, student: User) -> None:
    for case, change in GOOD_CLAIMS.items():
        response = browser.launch(lms, student, **change(int(time.time())))
        assert verdict(response) == (303, None), case


def _public_pem() -> bytes:
    return (
        private_key(1)
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def _hs256_with_public_key(lms: Lms, claims: dict[str, Any]) -> str:
    """Sign with the public key as if it were a shared secret."""
    header = {"alg": "HS256", "typ": "JWT", "kid": "kid-1"}
    parts = [base64url(json.dumps(part).encode()) for part in (header, claims)]
    signature = hmac.new(_public_pem(), ".".join(parts).encode(), hashlib.sha256).digest()
    return ".".join([*parts, base64url(signature)])


def _retouched(lms: Lms, claims: dict[str, Any]) -> str:
    """Change the claims after signing."""
    head, _, signature = lms.sign(claims).split(".")
    return f"{head}.{base64url(json.dumps({**claims, 'sub': '1003'}).encode())}.{signature}"


Forge = Callable[[Lms, dict[str, Any]], str]
FORGED: dict[str, tuple[Forge, str]] = {
    "kid a number": (lambda lms, c: lms.sign(c, header={"kid": 1}), "unknown_kid"),
    "crit": (lambda lms, c: lms.sign(c, header={"crit": ["x"], "x": 1}), "token_malformed"),
    "b64 false": (lambda lms, c: lms.sign(c, header={"b64": False}), "token_malformed"),
    "a list": (lambda lms, c: lms.sign([c]), "token_malformed"),
    "no kid": (lambda lms, c: lms.sign(c, header={"kid": None}), "no_kid"),
    "wrong kid": (lambda lms, c: lms.sign(c, header={"kid": "imsglobal"}), "unknown_kid"),
    "kid empty": (lambda lms, c: lms.sign(c, header={"kid": ""}), "no_kid"),
    "kid with NUL": (lambda lms, c: lms.sign(c, header={"kid": "kid-1\0"}), "unknown_kid"),
    "other key under the right kid": (
        lambda lms, c: lms.sign(c, key=private_key(9)),
        "bad_signature",
    ),
    "changed after signing": (_retouched, "bad_signature"),
    "alg none": (lambda lms, c: lms.sign(c, algorithm=None), "algorithm_refused"),
    "HS256 with the public key": (_hs256_with_public_key, "algorithm_refused"),
    "RS384": (lambda lms, c: lms.sign(c, algorithm="RS384"), "algorithm_refused"),
    "PS256": (lambda lms, c: lms.sign(c, algorithm="PS256"), "algorithm_refused"),
    "no signature": (lambda lms, c: lms.sign(c).rpartition(".")[0] + ".", "bad_signature"),
    "not an LTI message": (lambda lms, _: lms.sign({"name": "badltilaunch"}), "claim_missing"),
}


# lti.md cases 3, 7 and 16
def test_tokens_that_the_platform_did_not_sign_so_are_refused(
    lms: Lms, browser: Browser, student: User
) -> None:
    found = {}
    for case, (forge, _) in FORGED.items():
        started = browser.start(lms, student)
        token = forge(lms, lms.claims(student, nonce=started.nonce))
        found[case] = verdict(browser.come_back(started, token))
        assert not browser.is_signed_in, case
    assert found == {case: (401, code) for case, (_, code) in FORGED.items()}


RAW = {
    "garbage": "garbage",
    "three parts of garbage": "a.b.c",
    "a JSON array": ".".join([base64url(b'{"alg":"RS256"}'), base64url(b"[1]"), base64url(b"x")]),
    "a header that is a list": ".".join([base64url(b"[]"), base64url(b"{}"), base64url(b"x")]),
    "deep nesting": ".".join([base64url(b'{"alg":"RS256"}'), base64url(b"[" * 30_000), "eA"]),
    "no ASCII": "é.é.é",
    "dots only": "..",
    "NUL": "\0.\0.\0",
    "very long": "a." + "b" * 70_000 + ".c",
    "not UTF-8": ".".join([base64url(b"\xff"), base64url(b"\xff"), base64url(b"\xff")]),
}


# lti.md case 7
def test_what_is_no_token_at_all_is_refused(lms: Lms, browser: Browser, student: User) -> None:
    found = {
        case: verdict(browser.come_back(browser.start(lms, student), raw))
        for case, raw in RAW.items()
    }
    assert found == dict.fromkeys(RAW, (401, "token_malformed"))


def test_a_token_in_another_encoding_than_signed_is_refused(
    lms: Lms, browser: Browser, student: User
) -> None:
    """Two readers may disagree on characters outside the alphabet."""
    started = browser.start(lms, student)
    head, body, _ = lms.sign(lms.claims(student, nonce=started.nonce)).split(".")
    signed = f"{head}.{body[:8]}!{body[8:]}"
    signer = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256)
    signature = base64url(signer.sign(signed.encode(), private_key(1)))
    response = browser.come_back(started, f"{signed}.{signature}")
    assert verdict(response) == (401, "token_malformed")


def test_a_post_without_token_or_state_is_refused(
    lms: Lms, browser: Browser, student: User
) -> None:
    started = browser.start(lms, student)
    response = browser.post("/lti/launch", {"state": started.state})
    assert verdict(response) == (401, "token_missing")
    response = browser.post("/lti/launch", {"id_token": "a.b.c"})
    assert verdict(response) == (401, "state_missing")
    response = browser.send("POST", "/lti/launch", json={"state": started.state})
    assert verdict(response) == (401, "state_missing")


def test_a_body_that_no_platform_sends_is_refused(lms: Lms, browser: Browser) -> None:
    response = browser.post("/lti/launch", {"state": "x", "id_token": "a" * 3_000_000})
    assert verdict(response) == (413, "too_large")


# lti.md case 25
def test_the_platforms_own_refusal_is_told_in_our_words(
    lms: Lms, browser: Browser, student: User
) -> None:
    for error, code in {
        "login_required": "platform_login_required",
        "interaction_required": "platform_login_required",
        "invalid_request_object": "platform_error",
        "<script>alert(1)</script>": "platform_error",
    }.items():
        lms.error = error
        response = browser.click(lms, student)
        assert verdict(response) == (401, code)
        assert "<script>alert" not in response.text
        assert verdict(browser.post("/lti/launch", {"error": error})) == (401, code)


# lti.md case 15
def test_a_token_of_one_registration_does_not_pass_with_anothers_login(
    lms: Lms, browser: Browser, student: User, engine: sa.Engine, world: World
) -> None:
    other = replace(lms, client_id="tool-2")
    register(engine, other, world.school)
    started = browser.start(lms, student)
    token = other.sign(other.claims(student, nonce=started.nonce))
    response = browser.come_back(started, token)
    assert verdict(response) == (401, "wrong_audience")


def test_a_refused_launch_leaves_nobody_behind(
    lms: Lms, browser: Browser, student: User, engine: sa.Engine, world: World
) -> None:
    browser.launch(lms, student, exp=1)
    with unit_of_work(engine, school_id=world.school.id) as session:
        assert session.scalars(sa.select(LtiIdentity)).all() == []


def test_a_page_that_says_no_gives_the_reason_a_code_and_the_next_step(
    lms: Lms, browser: Browser, student: User
) -> None:
    response = browser.launch(lms, student, exp=1)
    assert "Open opnieuw vanuit je leeromgeving" in response.text
    assert "LS-" in response.text
    assert "csrf" not in response.text
    assert response.headers.get_list("set-cookie") == []


def test_every_refusal_has_a_status_and_a_short_sentence(app: Flask) -> None:
    with app.test_request_context():
        for code, refusal in REFUSALS.items():
            assert (
                refusal.status in {400, 401, 403, 404, 405, 409, 410, 413}
                or code == "keys_unavailable"
            )
            for words in (refusal.reason, refusal.for_staff or "", refusal.fix or ""):
                assert all(len(part.split()) <= 15 for part in str(words).split("."))
