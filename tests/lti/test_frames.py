"""Launches in a frame on another site, in Chromium, with third-party cookies blocked."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import FrameLocator, Page, expect

from tests import lms as platforms
from tests.conftest import BROWSER_PATIENCE
from tests.lms import INSTRUCTOR, LEARNER, Lms, User
from tests.lti.framing import framed
from tests.lti.registering import register
from tests.servers import CHROMIUM_ARGUMENTS, chromium_path
from tests.world import World

pytestmark = pytest.mark.browser
BLOCK = 2  # Chromium's content setting
OPENED = "Leerspoor staat open in het nieuwe tabblad."


@pytest.fixture
def school_lms(site: str, engine: sa.Engine, world: World) -> Iterator[Lms]:
    """Run an LMS on another site than ours."""
    with platforms.running(site) as running:
        framed(running)
        register(engine, running, world.school)
        running.add_user(User("3", (LEARNER,), name="Sanne", number=world.student.number))
        running.add_user(User("7", (INSTRUCTOR,), name="Cor", number=world.coach.number))
        yield running


@pytest.fixture
def page(chromium: Chromium) -> Iterator[Page]:
    """Open a window that keeps no third-party cookies, but those of one site within another."""
    context = chromium.new_context(locale="nl-NL")
    yield context.new_page()
    context.close()


@pytest.fixture
def cookieless(chromium: Chromium, site: str, school_lms: Lms, tmp_path: Path) -> Iterator[Page]:
    """Open a window that keeps no cookie of ours at all inside the LMS, partitioned or not."""
    blocked = {f"{site},{school_lms.url}": {"setting": BLOCK}}
    settings = {"profile": {"content_settings": {"exceptions": {"cookies": blocked}}}}
    (tmp_path / "Default").mkdir()
    (tmp_path / "Default" / "Preferences").write_text(json.dumps(settings), "utf-8")
    context = chromium.browser_type.launch_persistent_context(
        str(tmp_path),
        executable_path=chromium_path(),
        args=CHROMIUM_ARGUMENTS,
        locale="nl-NL",
    )
    context.set_default_timeout(BROWSER_PATIENCE)
    yield context.new_page()
    context.close()


def open_course(page: Page, lms: Lms, user: str = "3", storage: str | None = None) -> FrameLocator:
    """Click on Leerspoor in the course; returns our frame."""
    asked = f"&storage={storage}" if storage else ""
    page.goto(f"{lms.url}/framed?user={user}{asked}")
    page.get_by_role("button", name="Open Leerspoor").click()
    frame = page.frame_locator("iframe[name=tool]")
    landed = frame.get_by_role("heading", level=1).filter(has_not_text="Leerspoor openen")
    stopped = frame.get_by_text("Open in nieuw tabblad").filter(visible=True)
    expect(landed.or_(stopped).first).to_be_visible()
    return frame


def stays(page: Page, attributes: str) -> bool:
    """Whether a cookie that our page sets in the frame stays there."""
    frame = page.frame("tool")
    assert frame is not None
    return bool(
        frame.evaluate(
            "attributes => { document.cookie = `control=1; ${attributes}`;"
            " return document.cookie.includes('control=1'); }",
            attributes,
        )
    )


# lti.md case 49
def test_a_partitioned_cookie_carries_the_session_in_a_frame(
    page: Page, school_lms: Lms, world: World
) -> None:
    frame = open_course(page, school_lms)
    expect(frame.get_by_text(world.goal.title).first).to_be_visible()
    assert not stays(page, "Secure; SameSite=None; Path=/")  # third-party cookies are blocked
    assert stays(page, "Secure; SameSite=None; Path=/; Partitioned")
    frame.get_by_role("link", name="Doelen").first.click()
    expect(frame.get_by_role("heading", level=1)).to_be_visible()
    expect(frame.get_by_text(world.goal.title).first).to_be_visible()


def test_the_lms_hears_how_high_our_page_is(page: Page, school_lms: Lms, world: World) -> None:
    frame = open_course(page, school_lms)
    expect(frame.get_by_text(world.goal.title).first).to_be_visible()
    page.wait_for_function("document.title.startsWith('resized to ')")
    assert int(page.title().rpartition(" ")[2]) > 200


# lti.md case 49
@pytest.mark.parametrize("storage", ["_parent", "keeper"])
def test_without_any_cookie_the_platforms_storage_vouches_and_a_new_tab_holds_the_session(
    cookieless: Page, school_lms: Lms, world: World, site: str, storage: str
) -> None:
    frame = open_course(cookieless, school_lms, storage=storage)
    button = frame.get_by_role("button", name="Open in nieuw tabblad")
    expect(button).to_be_visible()
    expect(frame.get_by_text(OPENED)).to_be_hidden()
    assert not stays(cookieless, "Secure; SameSite=None; Path=/; Partitioned")
    with cookieless.context.expect_page() as opened:
        button.click()
    tab = opened.value
    tab.wait_for_url(f"{site}/student")
    expect(tab.get_by_text(world.goal.title).first).to_be_visible()
    tab.goto(f"{site}/student/goals")
    expect(tab.get_by_text(world.goal.title).first).to_be_visible()
    expect(frame.get_by_text(OPENED)).to_be_visible()
    expect(button).to_be_hidden()


def test_without_cookies_or_storage_a_new_tab_starts_with_the_unspent_hint(
    cookieless: Page, school_lms: Lms, site: str, world: World
) -> None:
    frame = open_course(cookieless, school_lms)
    link = frame.get_by_role("link", name="Open in nieuw tabblad")
    expect(link).to_be_visible()
    expect(frame.get_by_text(OPENED)).to_be_hidden()
    with cookieless.context.expect_page() as opened:
        link.click()
    expect(frame.get_by_text(OPENED)).to_be_visible()
    opened.value.wait_for_url(f"{site}/student")
    expect(opened.value.get_by_text(world.goal.title).first).to_be_visible()
