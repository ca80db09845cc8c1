"""Launches in Chromium: the LMS's own pages, our cookies, no help from the test."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect

from tests.lms import Lms, User
from tests.world import World

pytestmark = pytest.mark.browser


@pytest.fixture
def page(chromium: Chromium) -> Iterator[Page]:
    """Open a window as a Dutch student has it."""
    context = chromium.new_context(locale="nl-NL")
    yield context.new_page()
    context.close()


def test_a_student_clicks_in_the_lms_and_stands_on_the_own_plan(
    lms: Lms, student: User, page: Page, site: str, world: World
) -> None:
    page.goto(f"{lms.url}/course")
    page.get_by_role("button", name="Sanne Student").click()
    page.wait_for_url(f"{site}/student")
    expect(page.get_by_text(world.goal.title).first).to_be_visible()
    who = page.request.get(f"{site}/api/me")
    assert (who.status, who.json()["person"]["id"]) == (200, str(world.student.id))
    cookies = {cookie["name"] for cookie in page.context.cookies()}
    assert "__Host-leerspoor" in cookies
    assert not any(name.startswith("__Secure-lti-") for name in cookies)


def test_an_instructor_clicks_in_the_lms_and_stands_on_the_overview(
    lms: Lms, coach: User, page: Page, site: str
) -> None:
    page.goto(f"{lms.url}/course")
    page.get_by_role("button", name="Cor Coach").click()
    page.wait_for_url(f"{site}/coach/courses/*")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.goto(f"{site}/coach")
    expect(page.get_by_text("Sanne Student").first).to_be_visible()


def test_going_back_and_forth_asks_to_open_it_again(
    lms: Lms, student: User, page: Page, site: str
) -> None:
    page.goto(f"{lms.url}/course")
    page.get_by_role("button", name="Sanne Student").click()
    page.wait_for_url(f"{site}/student")
    page.goto(f"{site}/lti/launch")
    expect(page.get_by_role("heading", level=1)).to_have_text("Open opnieuw vanuit je leeromgeving")
