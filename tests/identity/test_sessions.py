"""Sessions: kept in the database, ended in time, and never taken over."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from identity.models import WebSession
from identity.requests import SECRET
from identity.sessions import IDLE, LONGEST, TOUCH_EVERY
from tests.browsers import Browser
from tests.world import World
from tracker.db import unit_of_work, utc_now
from tracker.models import Person, PersonState

STAFF = ["coach", "teacher", "administrator"]


def set_state(engine: sa.Engine, person: Person, state: PersonState) -> None:
    with unit_of_work(engine, school_id=person.school_id) as session:
        session.get_one(Person, (person.school_id, person.id)).state = state


def test_a_session_says_who_asks(app: Flask, world: World) -> None:
    assert Browser(app, world.coach).who() == world.coach.name
    assert Browser(app).who() is None


def test_the_database_holds_no_secret_of_a_session(app: Flask, world: World) -> None:
    browser = Browser(app, world.coach)
    secret = browser.cookie[SECRET]
    with unit_of_work(app.extensions["engine"], writes=False) as session:
        table = sa.select(*WebSession.__table__.columns)
        assert secret not in str(session.execute(table).all())
    row = browser.row()
    assert row is not None
    assert len(row.digest) == 64
    browser.cookie = {SECRET: row.digest}
    assert browser.who() is None


@pytest.mark.parametrize("secret", ["", "x" * 43, None, 7, ["a"], {"a": "b"}, "\0", "é"])
def test_a_made_up_secret_is_a_stranger(app: Flask, world: World, secret: object) -> None:
    browser = Browser(app)
    browser.cookie = {SECRET: secret}
    assert browser.who() is None


def test_a_cookie_that_we_did_not_sign_says_nothing(app: Flask, world: World) -> None:
    browser = Browser(app, world.coach)
    name = app.config["SESSION_COOKIE_NAME"]
    signed = browser.client.get_cookie(name, domain="127.0.0.1")
    assert signed is not None
    browser.client.set_cookie(name, signed.value[:-2] + "xx", domain="127.0.0.1")
    assert browser.who() is None


def test_the_cookie_has_every_attribute_it_needs(app: Flask, world: World) -> None:
    answer = Browser(app).post("/language", {"language": "en"})
    cookie = answer.headers["Set-Cookie"]
    name, *attributes = cookie.split("; ")
    assert name.startswith("__Host-leerspoor=")
    assert {attribute.split("=")[0] for attribute in attributes} == {
        "Secure",
        "HttpOnly",
        "Path",
        "SameSite",
        "Partitioned",
    }
    assert "Path=/" in attributes
    assert "SameSite=None" in attributes


# In time


@pytest.mark.parametrize("name", STAFF)
def test_staff_who_left_it_alone_for_half_an_hour_sign_in_again(
    app: Flask, world: World, name: str
) -> None:
    browser = Browser(app, getattr(world, name))
    browser.age(seen_at=utc_now() - IDLE + timedelta(seconds=30))
    assert browser.who() is not None
    browser.age(seen_at=utc_now() - IDLE - timedelta(seconds=1))
    assert browser.who() is None


@pytest.mark.parametrize("name", ["student", "supervisor"])
def test_students_and_supervisors_may_leave_it_alone(app: Flask, world: World, name: str) -> None:
    browser = Browser(app, getattr(world, name))
    browser.age(seen_at=utc_now() - timedelta(hours=8))
    assert browser.who() is not None


def test_a_session_that_is_used_stays_awake(app: Flask, world: World) -> None:
    browser = Browser(app, world.coach)
    earlier = utc_now() - TOUCH_EVERY - timedelta(seconds=5)
    browser.age(seen_at=earlier)
    assert browser.who() is not None
    row = browser.row()
    assert row is not None
    assert row.seen_at > earlier + TOUCH_EVERY


def test_looking_does_not_write_each_time(app: Flask, world: World) -> None:
    browser = Browser(app, world.coach)
    before = browser.row()
    assert browser.who() is not None
    after = browser.row()
    assert before is not None
    assert after is not None
    assert before.seen_at == after.seen_at


@pytest.mark.parametrize("name", ["student", "coach"])
def test_no_session_lasts_longer_than_a_day_at_school(app: Flask, world: World, name: str) -> None:
    browser = Browser(app, getattr(world, name))
    browser.age(started_at=utc_now() - LONGEST + timedelta(minutes=1), seen_at=utc_now())
    assert browser.who() is not None
    browser.age(started_at=utc_now() - LONGEST - timedelta(seconds=1), seen_at=utc_now())
    assert browser.who() is None


@pytest.mark.parametrize("state", [PersonState.SUSPENDED, PersonState.LEFT])
def test_a_suspended_persons_live_session_dies_at_the_next_request(
    app: Flask, engine: sa.Engine, world: World, state: PersonState
) -> None:
    browser = Browser(app, world.coach)
    assert browser.who() is not None
    set_state(engine, world.coach, state)
    assert browser.who() is None
    assert browser.get("/coach").status_code == 401


def test_signing_out_ends_the_session_on_our_side(app: Flask, world: World) -> None:
    browser = Browser(app, world.coach)
    kept = browser.cookie
    assert browser.post("/sign-out").status_code == 303
    assert SECRET not in browser.cookie
    browser.cookie = kept
    assert browser.who() is None
    row = browser.row()
    assert row is not None
    assert row.ended_at is not None


def test_signing_out_leaves_the_persons_other_browser_alone(app: Flask, world: World) -> None:
    phone, laptop = Browser(app, world.student), Browser(app, world.student)
    phone.post("/sign-out")
    assert laptop.who() == world.student.name
