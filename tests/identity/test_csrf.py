"""Requests that another site makes a browser send: none of them does anything."""

from itertools import cycle
from typing import Any

import pytest
from flask import Flask, g
from flask import session as cookie

from identity.access import FROM_LMS
from identity.requests import SAFE, sign_in
from tests.browsers import ORIGIN, Browser
from tests.world import World
from tracker.db import new_session, utc_now

FOREIGN = [
    "https://kwaad.example",
    "null",
    "http://127.0.0.1:8000.kwaad.example",
    "https://127.0.0.1",
]


def mutating(app: Flask) -> list[tuple[str, str]]:
    """Return every method and path that changes something, by its rule's own default values."""
    found = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint in FROM_LMS:
            continue
        values = dict.fromkeys(rule.arguments, "00000000-0000-7000-8000-000000000000")
        _, path = rule.build(values, append_unknown=False) or ("", rule.rule)
        found += [(method, path) for method in sorted((rule.methods or set()) - SAFE)]
    return sorted(found, key=lambda pair: (pair[1], pair[0]))


def test_there_are_routes_that_change_something(app: Flask) -> None:
    assert {("POST", "/sign-out"), ("POST", "/language"), ("POST", "/sign-in/demo")} <= set(
        mutating(app)
    )


def test_no_route_does_anything_without_the_token(app: Flask, world: World) -> None:
    """People take turns: who it is does not matter to the fence before every route."""
    people = (world.student, world.coach, world.administrator)
    browsers = [Browser(app, person) for person in people]
    for (method, path), browser in zip(mutating(app), cycle(browsers), strict=False):
        if path == "/sign-in/demo":  # behind a fence of its own: test_demo.py
            continue
        answer = browser.client.open(path, method=method, base_url=ORIGIN)
        assert answer.status_code in {400, 403}, (method, path)
    assert None not in [browser.who() for browser in browsers]


def test_no_route_answers_another_site_even_with_the_token(app: Flask, world: World) -> None:
    """Sites take turns, and each asks for the way out."""
    browser = Browser(app, world.administrator)
    token = browser.csrf()
    asked = [*zip(mutating(app), cycle(FOREIGN), strict=False)]
    asked += [(("POST", "/sign-out"), origin) for origin in FOREIGN]
    for (method, path), origin in asked:
        headers = {"Origin": origin, "X-CSRFToken": token}
        answer = browser.client.open(path, method=method, base_url=ORIGIN, headers=headers)
        assert answer.status_code == 403, (method, path, origin)
    assert browser.who() is not None


@pytest.mark.parametrize("origin", [None, ORIGIN])
def test_our_own_pages_are_answered(app: Flask, world: World, origin: str | None) -> None:
    browser = Browser(app, world.coach)
    headers = {"Origin": origin} if origin else {}
    assert browser.post("/sign-out", headers=headers).status_code == 303


@pytest.mark.parametrize("body", ["csrf_token={}", '{{"csrf_token": "{}"}}'])
def test_a_form_sent_as_plain_text_carries_no_token(app: Flask, world: World, body: str) -> None:
    browser = Browser(app, world.coach)
    sent = body.format(browser.csrf())
    answer = browser.client.post("/sign-out", base_url=ORIGIN, data=sent, content_type="text/plain")
    assert answer.status_code in {400, 403}
    assert browser.who() == world.coach.name


def test_the_token_of_another_browser_is_refused(app: Flask, world: World) -> None:
    mine, theirs = Browser(app, world.coach), Browser(app, world.coach)
    theirs.csrf()
    theirs.cookie = {**theirs.cookie, "csrf_token": "their own random value"}
    token = mine.csrf()
    answer = theirs.client.post("/sign-out", base_url=ORIGIN, data={"csrf_token": token})
    assert answer.status_code in {400, 403}
    assert theirs.who() == world.coach.name


def test_a_token_does_not_come_along_when_somebody_signs_in(app: Flask, world: World) -> None:
    browser = Browser(app)
    browser.csrf()
    assert "csrf_token" in browser.cookie
    with app.test_request_context("/"):
        cookie.update(browser.cookie)
        g.now = utc_now()
        g.session = new_session(app.extensions["engine"])
        sign_in(world.coach, world.school)
        g.session.rollback()
        assert "csrf_token" not in cookie


@pytest.mark.parametrize("path", ["/sign-out", "/language"])
def test_a_get_changes_nothing(app: Flask, world: World, path: str) -> None:
    browser = Browser(app, world.coach)
    answer: Any = browser.get(path, query_string={"language": "en"})
    assert answer.status_code == 405
    assert browser.who() == world.coach.name
