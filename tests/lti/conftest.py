"""A school, an LMS that it registered, and a browser; everything over real HTTP."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask import Flask

from settings import Settings
from tests import lms as platforms
from tests.lms import INSTRUCTOR, LEARNER, Lms, User
from tests.lti.browser import Browser
from tests.lti.registering import register
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
