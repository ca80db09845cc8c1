"""A deployment is switched off: nobody comes in by it, and who came in by its LMS goes out."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from lti.connecting.connections import switch
from lti.models import Deployment, Registration
from tests import browsers
from tests import lms as platforms
from tests.lms import INSTRUCTOR, Lms, User
from tests.lti.browser import Browser, verdict
from tests.lti.registering import register
from tests.world import World
from tracker.db import unit_of_work, utc_now


def set_on(engine: sa.Engine, world: World, deployment: Deployment, *, is_on: bool) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        switch(
            session,
            by=world.administrator,
            deployment=session.get_one(Deployment, deployment.id),
            is_on=is_on,
            on=world.on,
            at=utc_now(),
        )


@pytest.fixture
def deployment(engine: sa.Engine, lms: Lms) -> Deployment:
    """Return the deployment of that LMS, which is switched on."""
    of_lms = sa.select(Registration.id).where(Registration.client_id == lms.client_id)
    with unit_of_work(engine, writes=False) as session:
        return session.scalars(
            sa.select(Deployment).where(Deployment.registration_id.in_(of_lms))
        ).one()


@pytest.fixture
def other_lms(site: str, engine: sa.Engine, world: World) -> Iterator[Lms]:
    """Run a second LMS of the same school, where the coach teaches."""
    with platforms.running(site, client_id="tool-2") as running:
        register(engine, running, world.school)
        running.add_user(User("9", (INSTRUCTOR,), name="Cor Coach", number=world.coach.number))
        yield running


def test_who_came_in_by_an_lms_goes_out_when_it_is_switched_off(
    engine: sa.Engine,
    world: World,
    lms: Lms,
    browser: Browser,
    student: User,
    deployment: Deployment,
) -> None:
    assert browser.click(lms, student).status_code == 303
    assert browser.get("/api/me").status_code == 200
    set_on(engine, world, deployment, is_on=False)
    assert browser.get("/api/me").status_code == 401
    assert verdict(browser.click(lms, student)) == (403, "deployment_inactive")
    set_on(engine, world, deployment, is_on=True)
    assert browser.get("/api/me").status_code == 401, "an ended session stays ended"
    assert browser.click(lms, student).status_code == 303
    assert browser.get("/api/me").status_code == 200


def test_who_came_in_without_that_lms_stays_in_when_it_is_switched_off(
    app: Flask,
    engine: sa.Engine,
    world: World,
    lms: Lms,
    other_lms: Lms,
    browser: Browser,
    student: User,
    deployment: Deployment,
) -> None:
    by_lms = browser
    assert by_lms.click(lms, student).status_code == 303
    by_link = browsers.Browser(app, world.student)
    with Browser(by_lms.site) as by_other:
        assert by_other.click(other_lms, other_lms.users["9"]).status_code == 303
        set_on(engine, world, deployment, is_on=False)
        assert by_other.get("/api/me").status_code == 200
    assert by_link.who() == world.student.name
    assert by_lms.get("/api/me").status_code == 401
