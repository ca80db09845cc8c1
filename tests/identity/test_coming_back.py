"""After signing in one is back on the page that was asked for, if it is ours and one's own."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from identity.links import make_link
from identity.requests import SECRET
from identity.sessions import IDLE
from identity.views import ASKED
from tests.browsers import Browser
from tests.world import World
from tracker.db import unit_of_work, utc_now
from tracker.models import Person

SIGN_IN = re.compile(r'href="(/sign-in[^"]*)"')
ELSEWHERE = [
    "https://kwaad.example/",
    "//kwaad.example",
    "///kwaad.example",
    "/\\kwaad.example",
    "\\\\kwaad.example",
    "/\t/kwaad.example",
    "/\n/kwaad.example",
    "/coach\r\nSet-Cookie: x=y",
    "/\0",
    " /coach",
    "javascript:alert(1)",
    "data:text/html,x",
    "kwaad.example",
    "",
]


def way_in(answer: Any) -> str:
    """Return where the button of the page that says 401 leads."""
    assert answer.status_code == 401
    found = SIGN_IN.search(answer.get_data(as_text=True))
    assert found is not None
    return unescape(found[1])


def come_in(app: Flask, engine: sa.Engine, browser: Browser, person: Person) -> str:
    """Come in by a link; returns where one then is."""
    with unit_of_work(engine, school_id=person.school_id) as session:
        secret = make_link(session, person=person, at=utc_now())
    answer = browser.post(f"/sign-in/link/{secret}")
    assert answer.status_code == 303
    return str(answer.headers["Location"])


@pytest.mark.parametrize("query", ["", "?name=Sa%20n&all=yes"])
def test_who_comes_in_again_is_back_on_the_page_that_was_asked_for(
    app: Flask, engine: sa.Engine, world: World, query: str
) -> None:
    browser = Browser(app, world.coach)
    browser.age(seen_at=utc_now() - IDLE - timedelta(minutes=1))
    asked = f"/coach/plans/{world.plan.id}{query}"
    browser.get(way_in(browser.get(asked)))
    assert come_in(app, engine, browser, world.coach) == asked
    assert browser.get(asked).status_code == 200
    assert ASKED not in browser.cookie


@pytest.mark.parametrize("asked", ELSEWHERE, ids=repr)
def test_signing_in_never_leads_elsewhere(
    app: Flask, engine: sa.Engine, world: World, asked: str
) -> None:
    browser = Browser(app)
    assert browser.get("/sign-in", query_string={"next": asked}).status_code == 200
    assert ASKED not in browser.cookie
    assert come_in(app, engine, browser, world.coach) == "/coach"


@pytest.mark.parametrize("asked", [*ELSEWHERE, 1, None, ["//kwaad.example"]], ids=repr)
def test_what_stands_in_the_cookie_is_looked_at_again(
    app: Flask, engine: sa.Engine, world: World, asked: object
) -> None:
    browser = Browser(app)
    browser.cookie = {ASKED: asked}
    assert come_in(app, engine, browser, world.coach) == "/coach"


@pytest.mark.parametrize("asked", ["/student", "/student/goals?plan=1", "/school", "/supervisor#x"])
def test_who_comes_in_as_somebody_else_starts_at_the_own_page(
    app: Flask, engine: sa.Engine, world: World, asked: str
) -> None:
    browser = Browser(app)
    browser.get("/sign-in", query_string={"next": asked})
    assert come_in(app, engine, browser, world.coach) == "/coach"


def test_a_page_that_everybody_has_is_gone_back_to_by_every_role(
    app: Flask, engine: sa.Engine, world: World
) -> None:
    browser = Browser(app)
    browser.get("/sign-in", query_string={"next": "/feedback"})
    assert come_in(app, engine, browser, world.supervisor) == "/feedback"


def test_the_sign_in_page_itself_forgets_what_was_asked_for_earlier(
    app: Flask, engine: sa.Engine, world: World
) -> None:
    browser = Browser(app)
    browser.get("/sign-in", query_string={"next": "/feedback"})
    browser.get("/sign-in")
    assert come_in(app, engine, browser, world.coach) == "/coach"


def test_choosing_a_language_on_the_way_keeps_the_page(
    app: Flask, engine: sa.Engine, world: World
) -> None:
    browser = Browser(app)
    page = browser.get("/sign-in?next=/feedback").get_data(as_text=True)
    here = re.search(r'name="next" value="([^"]+)"', page)
    assert here is not None
    answer = browser.post("/language", {"language": "en", "next": unescape(here[1])})
    browser.get(answer.headers["Location"])
    assert come_in(app, engine, browser, world.coach) == "/feedback"


def test_a_form_that_came_too_late_is_not_sent_again_and_says_that_nothing_was_saved(
    app: Flask, world: World
) -> None:
    answer = Browser(app).post("/student/questions", {"text": "Waarom?"})
    assert way_in(answer) == "/sign-in"
    page = unescape(answer.get_data(as_text=True))
    assert "Er is niets opgeslagen." in page
    assert "Er is niets kwijt." not in page


def test_who_came_from_the_lms_is_told_to_open_leerspoor_there(app: Flask, world: World) -> None:
    lms, other = Browser(app), Browser(app)
    lms.cookie = {SECRET: "ended", "frame_origins": ["https://lms.example"]}
    words = "Open Leerspoor opnieuw vanuit je leeromgeving."
    assert words in lms.get("/student").get_data(as_text=True)
    assert words not in other.get("/student").get_data(as_text=True)
