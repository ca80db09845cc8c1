"""Moving through the pages in a real browser, as people do."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, ViewportSize

PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1280, "height": 900}
SIZES = (PHONE, DESKTOP)

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
    """Nothing sticks out sideways, on a phone or a desktop, and axe finds nothing."""
    seen = page.viewport_size
    assert seen is not None
    for size in (*SIZES, seen):
        page.set_viewport_size(size)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert barriers(page, rules={"color-contrast": {"enabled": False}}) == []  # test_look.py's


def barriers(page: Page, **options: Any) -> list[str]:
    """Return what axe finds wrong, one line each; `options` are axe's."""
    told = {"resultTypes": ["violations"], **options}
    found = Axe().run(page, options=told).response["violations"]
    return [f"{v['id']}: {node['html'][:120]}" for v in found for node in v["nodes"]]


def count_taps(page: Page) -> None:
    """Count taps from the page that opens next."""
    page.context.add_init_script(COUNT_TAPS)


def taps(page: Page) -> int:
    """Return how often the page was tapped since then."""
    found: int = page.evaluate("Number(sessionStorage.taps || 0)")
    return found
