"""The start, and the language of the pages."""

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.browsers import Browser
from tests.world import World
from tracker.db import unit_of_work
from tracker.models import Person


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("student", "/student"),
        ("coach", "/coach"),
        ("teacher", "/coach"),
        ("supervisor", "/supervisor"),
        ("administrator", "/school"),
    ],
)
def test_everybody_starts_at_the_own_page(app: Flask, world: World, name: str, path: str) -> None:
    answer = Browser(app, getattr(world, name)).get("/")
    assert (answer.status_code, answer.headers["Location"]) == (302, path)


def test_a_stranger_starts_at_the_sign_in_page(app: Flask) -> None:
    answer = Browser(app).get("/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in")


def test_the_chosen_language_stays_with_the_browser_and_the_person(
    app: Flask, engine: sa.Engine, world: World
) -> None:
    browser = Browser(app, world.student)
    assert browser.post("/language", {"language": "en"}).status_code == 303
    assert browser.cookie["language"] == "en"
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        assert session.get_one(Person, (world.school.id, world.student.id)).locale == "en"


def test_a_stranger_may_choose_a_language_too(app: Flask) -> None:
    browser = Browser(app)
    assert browser.post("/language", {"language": "en"}).status_code == 303
    assert 'lang="en"' in browser.get("/sign-in").get_data(as_text=True)


@pytest.mark.parametrize("language", ["", "de", "nl-NL", "../en", "\0"])
def test_a_language_that_we_do_not_speak_is_refused(app: Flask, language: str) -> None:
    browser = Browser(app)
    assert browser.post("/language", {"language": language}).status_code == 422
    assert "language" not in browser.cookie


@pytest.mark.parametrize("target", ["/", "/student", "/coach/plans/1?from=2026-01-01#goal", "/%20"])
def test_after_choosing_a_language_one_is_back_on_the_page(app: Flask, target: str) -> None:
    answer = Browser(app).post("/language", {"language": "nl", "next": target})
    assert answer.headers["Location"] == target


@pytest.mark.parametrize(
    "target",
    [
        "https://kwaad.example/",
        "//kwaad.example",
        "/\\kwaad.example",
        "\\\\kwaad.example",
        "///kwaad.example",
        "/\t/kwaad.example",
        "/\n/kwaad.example",
        "/\r\nSet-Cookie: x=y",
        "/\0",
        " //kwaad.example",
        "//[",
        "http://[",
        "javascript:alert(1)",
        "data:text/html,x",
        "//kwaad.example@127.0.0.1/",
        "127.0.0.1:8000",
        "student",
        "/é",
        "",
    ],
    ids=repr,
)
def test_choosing_a_language_never_leads_elsewhere(app: Flask, target: str) -> None:
    answer = Browser(app).post("/language", {"language": "nl", "next": target})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
