"""A teacher before the page on which they choose what to place, without scripts."""

import re
from html import unescape
from typing import Any

import httpx
import sqlalchemy as sa

from lti.models import DeepLinkRequest
from tests.lms import Lms, User
from tests.lms_pages import asking, course_of
from tests.lti.browser import Browser
from tests.world import World
from tracker.db import unit_of_work
from tracker.models import SupportLesson

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
_ANSWER = re.compile(
    r'<form[^>]* action="([^"]*)"[^>]*>.*?<input type="hidden" name="JWT" value="([^"]+)">',
    re.DOTALL,
)
TITLES = {
    "title_plan": "Mijn leerplan",
    "title_goals": "Mijn doelen",
    "title_lessons": "Ondersteunende lessen",
    "title_evidence": "Bewijs uit de bpv",
    "title_overview": "Coachoverzicht",
}


class Picker:
    """The page of one request; asked for by a real launch."""

    def __init__(self, browser: Browser, lms: Lms, user: User, **settings: Any) -> None:
        self.browser, self.lms = browser, lms
        launched = browser.launch(lms, user, **asking(lms, **settings))
        assert launched.status_code == 303, launched.text
        self.path = launched.headers["location"]
        self.shown = browser.get(self.path)
        assert self.shown.status_code == 200, self.shown.text

    def send(self, **fields: Any) -> httpx.Response:
        """Send the form with these fields, the titles as they stood."""
        token = unescape(_TOKEN.findall(self.shown.text)[0])
        return self.browser.send("POST", self.path, data={"csrf_token": token, **TITLES, **fields})

    def place(self, **fields: Any) -> list[dict[str, Any]]:
        """Place something and let the browser take it to the LMS; returns the links there."""
        took = self.take_back(self.send(**fields))
        assert took.status_code == 200, took.text
        return course_of(self.lms).links

    def take_back(self, answered: httpx.Response) -> httpx.Response:
        """Do what the answer's page does: post the token to the LMS."""
        assert answered.status_code == 200, answered.text
        return_url, token = answer_in(answered)
        return self.browser.post(return_url, {"JWT": token})


def answer_in(page: httpx.Response) -> tuple[str, str]:
    """Read where a page sends its answer, and the answer."""
    found = _ANSWER.findall(page.text)
    assert len(found) == 1, page.text
    return unescape(found[0][0]), unescape(found[0][1])


def requests(engine: sa.Engine, world: World) -> list[DeepLinkRequest]:
    """Read what platforms asked."""
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        return list(session.scalars(sa.select(DeepLinkRequest)))


def lessons(engine: sa.Engine, world: World) -> list[SupportLesson]:
    """Read the school's lessons, by title."""
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        return list(session.scalars(sa.select(SupportLesson).order_by(SupportLesson.title)))
