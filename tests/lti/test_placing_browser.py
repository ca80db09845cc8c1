"""A teacher places links in Chromium, in the small window of the LMS; a student opens one."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import ConsoleMessage, FrameLocator, Page, expect

from settings import Settings
from tests.lms import Lms, User
from tests.lms_pages import DL, course_of
from tests.lti.signing import have_keys
from tests.world import World
from tracker.db import unit_of_work
from tracker.models import SupportLesson

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def keys(engine: sa.Engine, settings: Settings) -> None:
    have_keys(engine, settings)


@pytest.fixture
def page(chromium: Chromium) -> Iterator[Page]:
    """Open a window as a Dutch teacher has it."""
    context = chromium.new_context(locale="nl-NL")
    page = context.new_page()
    yield page
    context.close()


@pytest.fixture
def problems(page: Page, site: str) -> list[str]:
    """Gather what the browser complains about on our pages, such as a policy that they break."""
    found: list[str] = []

    def note(said: ConsoleMessage) -> None:
        if said.type == "error" and said.location["url"].startswith(site):
            found.append(said.text)

    page.on("console", note)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


def window(page: Page, lms: Lms, user: User) -> FrameLocator:
    """Open the LMS's window for adding something; returns what stands in it."""
    page.goto(f"{lms.url}/course/add?user={user.sub}")
    frame = page.frame_locator("iframe[name=window]")
    expect(frame.get_by_role("heading", level=1)).to_have_text("Plaats in je cursus")
    return frame


def test_a_teacher_places_two_links_and_a_student_lands_where_the_link_says(
    page: Page,
    problems: list[str],
    lms: Lms,
    coach: User,
    student: User,
    site: str,
    world: World,
    engine: sa.Engine,
) -> None:
    frame = window(page, lms, coach)
    expect(frame.get_by_text("Praktijkroute")).to_be_visible()
    expect(frame.get_by_label("Titel in de cursus")).to_have_count(6)
    expect(frame.get_by_label("Titel in de cursus").locator("visible=true")).to_have_count(0)
    frame.get_by_role("checkbox", name="Mijn doelen").check()
    frame.locator("#title_goals").fill("Jouw doelen")
    frame.get_by_role("checkbox", name="Eén les of module").check()
    expect(frame.get_by_label("Naam van de nieuwe les")).to_be_visible()
    frame.get_by_label("Naam van de nieuwe les").fill("Veilig tillen")
    frame.get_by_role("checkbox", name="Maak een kolom").check()
    frame.get_by_role("button", name="Plaats", exact=True).click()
    # Our page with the answer sends itself; what shows is the LMS's own page.
    expect(frame.get_by_role("heading", name="In de cursus")).to_be_visible()
    assert lms.refused == []
    links = course_of(lms).links
    assert [link["title"] for link in links] == ["Jouw doelen", "Veilig tillen"]
    assert course_of(lms).answers[0][f"{DL}data"] == "opaque <data>"
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        lesson = session.scalars(sa.select(SupportLesson)).one()
    assert links[1]["custom"] == {"page": "lesson", "ref": str(lesson.id)}
    assert links[1]["lineItem"]["resourceId"] == str(lesson.id)

    page.goto(f"{lms.url}/course/links/0?user={student.sub}")
    page.wait_for_url(f"{site}/student/goals")
    expect(page.get_by_text(world.goal.title).first).to_be_visible()
    page.goto(f"{lms.url}/course/links/1?user={student.sub}")
    page.wait_for_url(f"{site}/student/lessons/{lesson.id}")
    expect(page.get_by_text("Veilig tillen").first).to_be_visible()
    assert problems == []


def test_it_works_by_keyboard_and_what_is_wrong_keeps_the_rest_and_gets_the_focus(
    page: Page, problems: list[str], lms: Lms, coach: User
) -> None:
    page.goto(f"{lms.url}/course/add/start?user={coach.sub}")  # in a tab of its own
    page.get_by_role("checkbox", name="Mijn leerplan").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    page.keyboard.press("Enter")  # places, as the first button does
    title = page.locator("#title_plan")
    expect(title).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("Vul dit in.")).to_be_visible()
    expect(title).to_be_focused()
    expect(page.get_by_role("checkbox", name="Mijn leerplan")).to_be_checked()
    page.keyboard.type("Zo sta je ervoor")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="In de cursus")).to_be_visible()
    assert [link["title"] for link in course_of(lms).links] == ["Zo sta je ervoor"]
    # The console tells of the 422 that the mistake was.
    assert [said for said in problems if "422" not in said] == []


def test_placing_nothing_tells_the_lms_so(page: Page, lms: Lms, coach: User) -> None:
    frame = window(page, lms, coach)
    frame.get_by_role("button", name="Plaats niets").click()
    expect(frame.get_by_role("heading", name="In de cursus")).to_be_visible()
    assert course_of(lms).answers[0][f"{DL}content_items"] == []


def test_without_our_script_a_button_takes_the_answer_to_the_lms(
    page: Page, lms: Lms, coach: User
) -> None:
    page.route("**/static/leerspoor.js*", lambda route: route.abort())
    frame = window(page, lms, coach)
    frame.get_by_role("checkbox", name="Mijn leerplan").check()
    frame.get_by_role("button", name="Plaats", exact=True).click()
    frame.get_by_role("button", name="Ga verder").click()
    expect(frame.get_by_role("heading", name="In de cursus")).to_be_visible()
    assert len(course_of(lms).links) == 1


def test_the_answer_goes_to_the_lms_and_nowhere_else(
    page: Page, lms: Lms, coach: User
) -> None:  # lti.md case 34
    page.route("**/static/leerspoor.js*", lambda route: route.abort())
    frame = window(page, lms, coach)
    frame.get_by_role("checkbox", name="Mijn leerplan").check()
    frame.get_by_role("button", name="Plaats", exact=True).click()
    expect(frame.get_by_role("heading", level=1)).to_have_text("Terug naar je leeromgeving")
    frame.locator("form").evaluate("(form) => { form.action = 'http://127.0.0.1:9999/steal' }")
    with page.expect_console_message(lambda said: "form-action" in said.text):
        frame.get_by_role("button", name="Ga verder").click()
    expect(frame.get_by_role("heading", level=1)).to_have_text("Terug naar je leeromgeving")
    assert course_of(lms).answers == []
