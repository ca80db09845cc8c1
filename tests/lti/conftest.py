"""A school, an LMS that it registered, and a browser; everything over real HTTP."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask import Flask

from settings import Settings
from tests import lms as platforms
from tests.lms import INSTRUCTOR, LEARNER, Lms, User
from tests.lms_services import member
from tests.lti.browser import Browser
from tests.lti.reading import Course, learners
from tests.lti.registering import register
from tests.lti.signing import have_keys
from tests.world import World


@pytest.fixture
def site(app: Flask, settings: Settings, live_server: str) -> str:
    """Serve the application under the address that it tells platforms; returns it."""
    app.extensions["settings"] = replace(settings, public_url=live_server)
    return live_server


@pytest.fixture
def lms(site: str, engine: sa.Engine, world: World) -> Iterator[Lms]:
    """Run an LMS that the school of `world` registered and switched on."""
    with platforms.running(site) as running:
        register(engine, running, world.school)
        yield running


@pytest.fixture
def student(lms: Lms, world: World) -> User:
    """Have the world's student in the LMS, under the school's number."""
    return lms.add_user(User("3", (LEARNER,), name="Sanne Student", number=world.student.number))


@pytest.fixture
def coach(lms: Lms, world: World) -> User:
    """Have the world's coach in the LMS, under the school's number."""
    return lms.add_user(User("1003", (INSTRUCTOR,), name="Cor Coach", number=world.coach.number))


@pytest.fixture
def browser(site: str) -> Iterator[Browser]:
    """Open a fresh browser."""
    with Browser(site) as opened:
        yield opened


@pytest.fixture
def course(
    app: Flask,
    engine: sa.Engine,
    lms: Lms,
    world: World,
    student: User,
    coach: User,
    browser: Browser,
) -> Iterator[Course]:
    """Have a course with a coach, who launched once, and a student, who did not."""
    have_keys(engine, app.extensions["settings"])
    made = Course(engine, app.extensions["settings"], lms, world, browser)
    made.enrol(
        member("1003", "Instructor", name="Cor Coach", lis_person_sourcedid=coach.number),
        member("3", "Learner", name="Sanne Student", lis_person_sourcedid=student.number),
    )
    assert made.launch(coach).status_code == 303
    yield made
    made.services.released.set()


@pytest.fixture
def teacher(course: Course) -> User:
    """Have a second instructor, whom no student of the course knows, and a reading after that."""
    made = User("1004", ("Instructor",), name="Tess Docent", number=course.world.teacher.number)
    course.lms.add_user(made)
    course.enrol(
        *course.services.members["2"],
        member("1004", "Instructor", name="Tess Docent", lis_person_sourcedid=made.number),
        *learners(3),
    )
    course.launch(made)
    course.read()
    return made
