"""Moving through the pages in a real browser, as people do."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page

COUNT_TAPS = """addEventListener("pointerdown", () => {
  sessionStorage.taps = Number(sessionStorage.taps || 0) + 1
}, true)"""


def follow(control: Locator) -> None:
    """Click what leads to another page, and wait until that page is there."""
    with control.page.expect_navigation():
        control.click()


def come_in(page: Page, slug: str) -> None:
    """Sign in as one of the demo's people."""
    page.goto("/sign-in")
    follow(page.locator(f'button[value="{slug}"]'))


def sign_out(page: Page) -> None:
    """Leave by the menu of who is signed in."""
    page.locator("header details.mij summary").click()
    follow(page.get_by_role("button", name="Uitloggen"))


def looks_right(page: Page) -> None:
    """Nothing sticks out sideways, and axe finds nothing."""
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def count_taps(page: Page) -> None:
    """Count taps from the page that opens next."""
    page.context.add_init_script(COUNT_TAPS)


def taps(page: Page) -> int:
    """Return how often the page was tapped since then."""
    found: int = page.evaluate("Number(sessionStorage.taps || 0)")
    return found
