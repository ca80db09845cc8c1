"""How the pages look and behave in a real browser, in every state that a sample shows."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Route
from werkzeug.serving import make_server

from tests.web.browsing import barriers
from tests.web.gallery import make_gallery

pytestmark = pytest.mark.browser
PHONE, NARROW, DESK = 390, 320, 1280
# Of pages that differ in a sentence or a part left out, one is looked at.
LOOKED_AT = (
    "sign-in",
    "student-start",
    "student-start-empty",
    "goal-new-errors",
    "evidence-new",
    "evidence-new-errors",
    "evidence-sent",
    "evidence",
    "coach-overview",
    "coach-overview-quiet",
    "coach-student-errors",
    "coach-evidence",
    "coach-work",
    "coach-judge-errors",
    "coach-judgement",
    "supervisor-start",
    "supervisor-evidence",
    "supervisor-done",
    "imports",
    "scales",
    "figures",
    "ending",
    "rules-errors",
    "absences",
    "workplace",
    "tailoring",
    "tailoring-school",
    "lms",
    "lms-new-errors",
    "lms-connection",
    "lms-course",
    "lti-join",
    "scale-new-errors",
    "import-previewed",
    "import-reading",
    "import-refused",
    "error-404",
    "lti-error-cookies_blocked",
    "placing-errors",
)


@pytest.fixture(scope="module")
def gallery() -> Iterator[str]:
    """The address of the samples, served over HTTP with the headers that ship."""
    server = make_server("127.0.0.1", 0, make_gallery(), threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/samples/"
    server.shutdown()
    thread.join()


@contextmanager
def opened(chromium: Browser, address: str) -> Iterator[Page]:
    """Open a page in a window of its own."""
    context = chromium.new_context(locale="nl-NL")
    with shown_in(context.new_page(), address) as page:
        yield page
    context.close()


@contextmanager
def shown_in(page: Page, address: str, *, width: int = PHONE) -> Iterator[Page]:
    """Show a page and refuse whatever the browser complains about, such as our own CSP."""
    complaints: list[str] = []

    def hear_console(message: ConsoleMessage) -> None:
        complaints.append(message.text)

    def hear_error(error: Error) -> None:
        complaints.append(str(error))

    page.on("console", hear_console)
    page.on("pageerror", hear_error)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(address)
    page.evaluate("document.querySelectorAll('main details').forEach(d => { d.open = true })")
    yield page
    page.remove_listener("console", hear_console)
    page.remove_listener("pageerror", hear_error)
    assert complaints == []


@pytest.fixture(scope="module")
def window(chromium: Browser) -> Iterator[Page]:
    """Give the pages that are only looked at one window: a new one costs more than the look."""
    context = chromium.new_context(locale="nl-NL")
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("page", LOOKED_AT)
def test_page_has_no_barrier_in_light_or_dark_and_never_scrolls_sideways(
    window: Page, gallery: str, page: str
) -> None:
    with shown_in(window, gallery + page, width=DESK):
        assert barriers(window) == []
        window.emulate_media(color_scheme="dark")
        window.set_viewport_size({"width": PHONE, "height": 844})
        assert barriers(window, runOnly=["color-contrast", "scrollable-region-focusable"]) == []
        for width in (NARROW, PHONE, 980, DESK):
            window.set_viewport_size({"width": width, "height": 844})
            assert window.evaluate("document.documentElement.scrollWidth") <= width


def test_a_talk_about_six_goals_is_two_sheets_of_paper_and_a_short_page_on_a_phone(
    window: Page, gallery: str
) -> None:
    window.set_viewport_size({"width": PHONE, "height": 844})
    window.goto(gallery + "coach-student-busy")
    assert window.locator("main article h3").count() == 6 + 1  # one waits to be agreed
    assert window.evaluate("document.documentElement.scrollHeight") < 8_400
    assert len(re.findall(rb"/Type\s*/Page\b", window.pdf(format="A4"))) <= 2


@pytest.mark.parametrize("page", ["coach-overview", "coach-student", "coach-evidence"])
def test_a_name_without_a_space_breaks_and_a_page_does_not_scroll_sideways(
    window: Page, gallery: str, page: str
) -> None:
    window.goto(gallery + page)
    window.evaluate(
        """() => {
          const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          while (texts.nextNode()) {
            const text = texts.currentNode;
            if (!text.parentElement.closest(".top, svg"))
              text.data = text.data.replace(/Amira|Woonzorg|medicijnen/g, "wilhelmina".repeat(6));
          }
        }"""
    )
    for width in (PHONE, 980, DESK):
        window.set_viewport_size({"width": width, "height": 844})
        assert window.evaluate("document.documentElement.scrollWidth") <= width


def test_a_day_is_asked_only_of_who_puts_a_reason_off_until_a_day(
    window: Page, gallery: str
) -> None:
    window.goto(gallery + "coach-overview")
    later = window.locator("details.later").first
    later.locator("summary").click()
    assert not later.locator('[name="until_on"]').is_visible()
    later.locator('[value="day"]').check(force=True)
    assert later.locator('[name="until_on"]').is_visible()


@pytest.mark.parametrize(
    ("page", "field"),
    [
        ("goal-new-errors", "title"),
        ("evidence-new-errors", "files"),
        ("coach-judge-errors", "level"),
        ("supervisor-evidence-errors", "level"),
        ("imports-errors", "files"),
    ],
)
def test_a_form_that_came_back_puts_the_focus_on_the_first_answer_to_change(
    window: Page, gallery: str, page: str, field: str
) -> None:
    with shown_in(window, gallery + page) as shown:
        assert shown.evaluate("document.activeElement.name") == field


@pytest.mark.parametrize(
    "page", ["student-start", "goals", "evidence", "evidence-all", "evidence-new", "absences"]
)
def test_a_name_of_sixty_letters_does_not_push_the_page_aside(
    window: Page, gallery: str, page: str
) -> None:
    with shown_in(window, gallery + page) as shown:
        shown.evaluate(
            """named => document.querySelectorAll(named).forEach(part => {
                const texts = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
                while (texts.nextNode())
                    if (texts.currentNode.data.trim()) texts.currentNode.data = "w".repeat(60);
            })""",
            "main :is(h1, h3, .chip, .pil, .terug, nav .btn, .kaart b, blockquote)",
        )
        assert shown.evaluate("document.documentElement.scrollWidth") <= PHONE


def test_a_photo_shows_itself_before_it_is_sent(chromium: Browser, gallery: str) -> None:
    with opened(chromium, gallery + "evidence-new") as shown:
        picture = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
        shown.set_input_files(
            "#files", {"name": "weekdoos.svg", "mimeType": "image/svg+xml", "buffer": picture}
        )

        shown.wait_for_selector('.foto-proef img[alt="weekdoos.svg"]')
        loaded = "photo => photo.decode().then(() => photo.naturalWidth)"
        assert shown.locator(".foto-proef img").evaluate(loaded) == 9


def test_page_in_a_frame_has_nothing_fixed(window: Page, gallery: str) -> None:
    for page in ("student-start", "coach-overview", "imports"):
        with shown_in(window, f"{gallery}{page}?frame=yes") as shown:
            shown.locator(".mij summary").click()
            fixed = shown.evaluate(
                "[...document.querySelectorAll('body *')].filter(e => "
                "['fixed', 'sticky'].includes(getComputedStyle(e).position)).length"
            )
            assert fixed == 0
            assert shown.locator(".mij button").first.is_visible()


def test_menu_and_details_open_without_a_script(chromium: Browser, gallery: str) -> None:
    context = chromium.new_context(java_script_enabled=False, locale="nl-NL")
    page = context.new_page()
    page.goto(gallery + "coach-overview")

    page.locator(".mij summary").click()
    page.locator(".reden summary").first.click()

    assert page.get_by_role("button", name="Uitloggen").is_visible()
    assert page.get_by_text("Regel: 2 stappen verschil of meer.").first.is_visible()
    context.close()


def test_a_button_that_waits_says_so_stays_in_place_and_sends_once(
    chromium: Browser, gallery: str
) -> None:
    with opened(chromium, gallery + "supervisor-evidence") as shown:
        held: list[Route] = []

        def hold(route: Route) -> None:
            held.append(route)

        shown.route("**/samples/*", hold)
        shown.locator("input[type=radio]").first.check()
        seen = shown.evaluate(
            """() => new Promise(done => {
                const button = document.querySelector("main form button");
                const spoken = document.querySelector("#busy");
                const width = button.offsetWidth;
                new MutationObserver(() => {
                    button.click();
                    done([button.textContent, spoken.textContent, button.offsetWidth - width]);
                }).observe(spoken, { childList: true });
                button.click();
            })"""
        )

        assert seen == ["Bezig…", "Bezig…", 0]
        assert len(held) == 1
        held[0].fulfill(body="klaar", content_type="text/plain")
        shown.wait_for_selector("text=klaar")
