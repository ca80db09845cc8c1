"""A real browser, on phone and desktop, before a site whose people can sign in."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page

from tests.web.browsing import DESKTOP, PHONE
from tests.world import World
from tracker.models import Person, School

DEMO = {
    "student": "S900009",
    "coach": "C900001",
    "supervisor": "demo-praktijkopleider",
    "administrator": "demo-beheer",
}


@pytest.fixture
def site(live_server: str, superuser_engine: sa.Engine, world: World) -> str:
    """Let the world's people be the demo's, so that one can sign in as them."""
    with superuser_engine.begin() as connection:
        connection.execute(
            sa.update(School).where(School.id == world.school.id).values(slug="meetpunt")
        )
        for role, number in DEMO.items():
            person = getattr(world, role)
            connection.execute(
                sa.update(Person).where(Person.id == person.id).values(number=number)
            )
    return live_server


@pytest.fixture(
    params=[PHONE, pytest.param(DESKTOP, marks=pytest.mark.drill)], ids=["phone", "desktop"]
)
def page(request: pytest.FixtureRequest, chromium: Browser, site: str) -> Iterator[Page]:
    """Open a page on a phone, and in a drill on a desktop."""
    context = chromium.new_context(viewport=request.param, locale="nl-NL", base_url=site)
    page = context.new_page()
    # A policy that our own pages break shows as an error in the console.
    problems: list[str] = []
    page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    context.close()
    assert problems == []
