"""Launches in frames without our cookie: the platform's storage vouches, or a new tab does.

Norm: 1EdTech LTI OIDC Login with LTI Client Side postMessages 0.1, and LTI Post Message Storage
0.1. In a real browser: test_frames.py.
"""

import re
from html import unescape
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from lti.models import LoginState, LtiIdentity, Registration
from tests.lms import Lms, User, address, guessable_state, query_of
from tests.lti.browser import Browser, Started, verdict
from tests.world import World
from tracker.db import unit_of_work, utc_now

FRAME = "post_message_forwarding"
_DATA = re.compile(r'data-([a-z]+)="([^"]*)"')
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')


def data_of(response: httpx.Response) -> dict[str, str]:
    return {name: unescape(value) for name, value in _DATA.findall(response.text)}


def begin(browser: Browser, lms: Lms, user: User, frame: str = FRAME) -> tuple[Started, str]:
    """Start in a frame that has storage; returns the login, and what the page leaves there."""
    sent = lms.login(user, lti_storage_target=frame)
    response = browser.get(address("/lti/login", sent))
    assert response.status_code == 200
    data = data_of(response)
    assert (data["frame"], data["origin"]) == (frame, lms.url)
    query = query_of(data["next"])
    return Started(query["state"][0], query["nonce"][0], data["next"]), data["value"]


def come_without_cookie(
    browser: Browser, lms: Lms, user: User, started: Started, **changes: Any
) -> dict[str, str]:
    """Come back as a browser that keeps no cookies; returns the fields of the page that asks."""
    browser.cookies = {}
    claims = lms.claims(user, **{"nonce": started.nonce, **changes})
    response = browser.come_back(started, lms.sign(claims))
    assert verdict(response) == (200, None)
    assert not browser.is_signed_in
    assert f"frame-ancestors {lms.url}" in response.headers["content-security-policy"]
    return {name: unescape(value) for name, value in _HIDDEN.findall(response.text)}


def confirm(browser: Browser, fields: dict[str, str], **changes: str) -> httpx.Response:
    """Post what our own page posts, as a browser does."""
    return browser.send(
        "POST",
        "/lti/storage-confirm",
        data={**fields, **changes},
        headers={"Origin": browser.site},
    )


# lti.md case 21
def test_the_right_value_from_the_platforms_storage_signs_in(
    lms: Lms, browser: Browser, student: User, world: World
) -> None:
    started, value = begin(browser, lms, student)
    fields = come_without_cookie(browser, lms, student, started)
    response = confirm(browser, fields, value=value)
    assert (response.status_code, response.headers["location"]) == (303, "/student")
    assert browser.get("/api/me").json()["person"]["id"] == str(world.student.id)


# lti.md case 21
@pytest.mark.parametrize("value", ["", "x" * 43, "\0", "é", "null"])
def test_a_wrong_or_missing_value_is_refused_for_good(
    lms: Lms, browser: Browser, student: User, engine: sa.Engine, world: World, value: str
) -> None:
    started, right = begin(browser, lms, student)
    fields = come_without_cookie(browser, lms, student, started)
    assert verdict(confirm(browser, fields, value=value)) == (403, "storage_mismatch")
    assert verdict(confirm(browser, fields, value=right)) == (401, "state_used")
    assert not browser.is_signed_in
    with unit_of_work(engine, school_id=world.school.id) as session:
        assert session.scalars(sa.select(LtiIdentity)).all() == []


def test_a_confirmation_works_once_and_no_state_is_one(
    lms: Lms, browser: Browser, student: User
) -> None:
    started, value = begin(browser, lms, student)
    fields = come_without_cookie(browser, lms, student, started)
    assert confirm(browser, fields, value=value).status_code == 303
    assert verdict(confirm(browser, fields, value=value)) == (401, "state_used")
    browser.cookies = {}
    other, value = begin(browser, lms, student)
    for secret in (other.state, guessable_state()):
        response = confirm(browser, fields, confirm=secret, value=value)
        assert verdict(response) == (401, "state_used")
    assert verdict(confirm(browser, fields, confirm="")) == (401, "state_missing")
    assert verdict(browser.get("/lti/storage-confirm")) == (405, "open_again")
    # A login that waits for storage is no login to come back to either.
    fields = come_without_cookie(browser, lms, student, other)
    response = browser.post("/lti/launch", {"state": fields["confirm"], "id_token": "x"})
    assert verdict(response) == (401, "state_used")


def test_the_value_of_one_login_does_not_confirm_another(
    lms: Lms, browser: Browser, student: User, coach: User
) -> None:
    """Login CSRF: somebody else's launch, pressed upon a browser with a login of its own."""
    _, own = begin(browser, lms, student)
    pressed, _ = begin(browser, lms, coach)
    fields = come_without_cookie(browser, lms, coach, pressed)
    assert verdict(confirm(browser, fields, value=own)) == (403, "storage_mismatch")


def test_nothing_is_believed_before_the_storage_vouched(
    lms: Lms, browser: Browser, student: User
) -> None:
    """The token is checked in full when it comes the second time."""
    bad: dict[str, tuple[dict[str, Any], str]] = {
        "expired": ({"exp": 1}, "token_expired"),
        "nonce": ({"nonce": "other"}, "wrong_nonce"),
        "target": ({"__target_link_uri": "https://e.example/"}, "wrong_target"),
        "deployment": ({"__deployment_id": "9"}, "wrong_deployment"),
    }
    for changes, code in bad.values():
        started, value = begin(browser, lms, student)
        fields = come_without_cookie(browser, lms, student, started, **changes)
        assert verdict(confirm(browser, fields, value=value)) == (401, code)
    started, value = begin(browser, lms, student)
    fields = come_without_cookie(browser, lms, student, started)
    forged = fields["id_token"].rpartition(".")[0] + ".AAAA"
    response = confirm(browser, fields, value=value, id_token=forged)
    assert verdict(response) == (401, "bad_signature")


def test_what_waits_for_storage_holds_no_claim_and_ends_with_its_login(
    lms: Lms, browser: Browser, student: User, engine: sa.Engine
) -> None:
    started, value = begin(browser, lms, student)
    with unit_of_work(engine) as session:
        until = session.scalars(sa.select(LoginState.expires_at)).one()
    fields = come_without_cookie(browser, lms, student, started)
    with unit_of_work(engine) as session:
        row = session.scalars(sa.select(LoginState)).one()
        assert (row.is_confirming, row.hints, row.expires_at) == (True, {}, until)
        kept = repr(vars(row))
        row.expires_at = utc_now()
    for secret in (fields["confirm"], fields["id_token"], value, started.state, started.nonce):
        assert secret not in kept
    assert verdict(confirm(browser, fields, value=value)) == (401, "state_expired")


def test_a_cookie_that_does_come_needs_no_storage(
    lms: Lms, browser: Browser, student: User
) -> None:
    started, _ = begin(browser, lms, student)
    token = lms.sign(lms.claims(student, nonce=started.nonce))
    assert browser.come_back(started, token).status_code == 303


def test_a_wrong_cookie_is_refused_also_where_there_is_storage(
    lms: Lms, browser: Browser, student: User
) -> None:
    started, _ = begin(browser, lms, student)
    browser.cookies = {name: ("other", path) for name, (_, path) in browser.cookies.items()}
    response = browser.come_back(started, lms.sign(lms.claims(student, nonce=started.nonce)))
    assert verdict(response) == (401, "cookies_blocked")


def test_a_platform_may_name_its_frame_with_the_launch_as_well(
    lms: Lms, browser: Browser, student: User
) -> None:
    started = browser.start(lms, student)
    browser.cookies = {}
    token = lms.sign(lms.claims(student, nonce=started.nonce))
    fields = {"state": started.state, "id_token": token, "lti_storage_target": "_parent"}
    response = browser.post("/lti/launch", fields)
    assert (response.status_code, data_of(response)["frame"]) == (200, "_parent")


def test_names_from_the_platform_are_only_text_in_our_page(
    lms: Lms, browser: Browser, student: User
) -> None:
    odd = '"><script>alert(1)</script>'
    begin(browser, lms, student, odd)
    response = browser.get(address("/lti/login", lms.login(student, lti_storage_target=odd)))
    assert "<script>alert" not in response.text
    policy = response.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy


def in_frame(browser: Browser, lms: Lms, user: User, **changes: str | None) -> httpx.Response:
    url = address("/lti/login", lms.login(user, **changes))
    return browser.send("GET", url, headers={"Sec-Fetch-Dest": "iframe"})


def test_a_frame_is_asked_about_cookies_before_the_lmss_hint_is_spent(
    lms: Lms, browser: Browser, student: User
) -> None:
    """Moodle's hint is good for one time: once spent, no new tab can start again with it."""
    response = in_frame(browser, lms, student)
    assert response.status_code == 200
    data = data_of(response)
    assert data["next"].startswith(lms.auth_url)
    again = browser.get(browser.link(response, "Open in nieuw tabblad"))
    asked = query_of(again.headers["location"])
    assert asked["lti_message_hint"] == query_of(data["next"])["lti_message_hint"]
    assert asked["state"] != query_of(data["next"])["state"]


def test_a_frame_that_keeps_our_cookies_is_sent_on_at_once(
    lms: Lms, browser: Browser, student: User
) -> None:
    browser.click(lms, student)
    assert in_frame(browser, lms, student).status_code == 302
    assert in_frame(browser, lms, student, lti_storage_target=FRAME).status_code == 302


# lti.md case 20
def test_a_spent_hint_is_not_offered_again_where_it_is_good_for_one_time(
    lms: Lms, browser: Browser, student: User, engine: sa.Engine
) -> None:
    with unit_of_work(engine) as session:
        session.execute(sa.update(Registration).values(product="moodle"))
    started = browser.start(lms, student)
    browser.cookies = {}
    response = browser.come_back(started, lms.sign(lms.claims(student, nonce=started.nonce)))
    assert verdict(response) == (401, "cookies_blocked")
    assert "Open in nieuw tabblad" not in response.text
    assert "Klik weer op Leerspoor" in response.text
