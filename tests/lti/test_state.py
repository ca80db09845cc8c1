"""A login comes back once, in time, to the browser that started it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import sqlalchemy as sa

from lti.models import LoginState
from tests.lms import Lms, User, guessable_state, query_of
from tests.lti.browser import Browser, code_of, verdict
from tracker.db import unit_of_work, utc_now


# lti.md case 17
def test_a_replay_in_the_same_browser_is_refused(lms: Lms, browser: Browser, student: User) -> None:
    started = browser.start(lms, student)
    token = lms.sign(lms.claims(student, nonce=started.nonce))
    cookies = dict(browser.cookies)
    assert browser.come_back(started, token).status_code == 303
    browser.cookies = cookies  # as if it never lost the login's cookie
    response = browser.come_back(started, token)
    assert verdict(response) == (401, "state_used")
    assert "Open opnieuw vanuit je leeromgeving" in response.text
    assert f"frame-ancestors {lms.url}" in response.headers["content-security-policy"]


# lti.md case 17
def test_a_replay_in_another_browser_is_refused_before_and_after(
    lms: Lms, browser: Browser, student: User, site: str
) -> None:
    started = browser.start(lms, student)
    token = lms.sign(lms.claims(student, nonce=started.nonce))
    with Browser(site) as thief:
        response = thief.come_back(started, token)
        assert verdict(response) == (401, "cookies_blocked")
        assert not thief.is_signed_in
    # What the thief tried used the login up: nobody else comes in on it either.
    response = browser.come_back(started, token)
    assert verdict(response) == (401, "state_used")
    fresh = browser.start(lms, student)
    token = lms.sign(lms.claims(student, nonce=fresh.nonce))
    assert browser.come_back(fresh, token).status_code == 303
    with Browser(site) as thief:
        response = thief.come_back(fresh, token)
        assert verdict(response) == (401, "state_used")


# lti.md case 17
def test_of_two_parallel_posts_one_comes_in(
    lms: Lms, browser: Browser, student: User, site: str
) -> None:
    browser.click(lms, student)  # the platform's keys are known
    started = browser.start(lms, student)
    token = lms.sign(lms.claims(student, nonce=started.nonce))
    with Browser(site) as twin, ThreadPoolExecutor(2) as pool:
        twin.cookies = dict(browser.cookies)
        posts = [pool.submit(one.come_back, started, token) for one in (browser, twin)]
        responses = sorted((post.result() for post in posts), key=lambda r: r.status_code)
    assert [response.status_code for response in responses] == [303, 401]
    assert code_of(responses[1]) == "state_used"


# lti.md case 18
def test_the_nonce_of_one_login_does_not_fit_the_state_of_another(
    lms: Lms, browser: Browser, student: User
) -> None:
    first, second = browser.start(lms, student), browser.start(lms, student)
    response = browser.come_back(second, lms.sign(lms.claims(student, nonce=first.nonce)))
    assert verdict(response) == (401, "wrong_nonce")
    # The other login was not touched: two frames in one page both come in.
    response = browser.come_back(first, lms.sign(lms.claims(student, nonce=first.nonce)))
    assert response.status_code == 303


def test_a_state_that_nobody_handed_out_is_refused(
    lms: Lms, browser: Browser, student: User
) -> None:
    token = lms.sign(lms.claims(student, nonce="x" * 30))
    for state in (guessable_state(), "\0", "x" * 100_000, "é"):
        response = browser.post("/lti/launch", {"state": state, "id_token": token})
        assert verdict(response) == (401, "state_used")


# lti.md case 19
def test_a_login_of_more_than_ten_minutes_ago_is_refused(
    lms: Lms, browser: Browser, student: User, engine: sa.Engine
) -> None:
    started = browser.start(lms, student)
    with unit_of_work(engine) as session:
        row = session.scalars(sa.select(LoginState)).one()
        assert timedelta(minutes=9) < row.expires_at - utc_now() <= timedelta(minutes=10)
        row.expires_at = utc_now() - timedelta(seconds=1)
    response = browser.come_back(started, lms.sign(lms.claims(student, nonce=started.nonce)))
    assert verdict(response) == (401, "state_expired")


def test_a_state_from_browser_a_fails_in_browser_b_also_with_bs_own_cookies(
    lms: Lms, browser: Browser, student: User, coach: User, site: str
) -> None:
    """Login CSRF: somebody else's launch, pressed upon this browser."""
    with Browser(site) as victim:
        victim.click(lms, coach)
        before = dict(victim.cookies)
        victim.start(lms, coach)
        started = browser.start(lms, student)
        token = lms.sign(lms.claims(student, nonce=started.nonce))
        response = victim.come_back(started, token)
        assert verdict(response) == (401, "cookies_blocked")
        assert victim.cookies.items() >= before.items()


# lti.md case 20
def test_without_cookies_a_button_starts_the_same_login_in_a_new_tab(
    lms: Lms, browser: Browser, student: User, site: str
) -> None:
    started = browser.start(lms, student)
    browser.cookies = {}
    response = browser.come_back(started, lms.sign(lms.claims(student, nonce=started.nonce)))
    assert verdict(response) == (401, "cookies_blocked")
    assert "Open in nieuw tabblad" in response.text
    link = browser.link(response, "Open in nieuw tabblad")
    again = browser.get(link)
    assert again.status_code == 302
    asked = query_of(again.headers["location"])
    assert asked["login_hint"] == [student.sub]
    assert asked["lti_message_hint"] == query_of(started.auth_url)["lti_message_hint"]
    assert asked["state"] != [started.state]
    assert browser.get(again.headers["location"]).status_code == 200


def test_a_login_works_while_somebody_else_is_signed_in(
    lms: Lms, browser: Browser, student: User, coach: User
) -> None:
    browser.click(lms, coach)
    response = browser.click(lms, student)
    assert response.headers["location"] == "/student"
    assert browser.get("/api/me").json()["person"]["name"] == "Sanne Student"
