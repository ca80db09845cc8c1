"""The pictures of the README, taken from the demo in a real Chromium.

    ./bin/run                                                 # in another terminal; a fresh var/
    .venv/bin/python docs/pictures/make.py http://127.0.0.1:8000

It needs what `./bin/check` installs. Each picture is written beside this file; one of more than
LARGEST bytes is refused.
"""

import io
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

HERE = Path(__file__).parent
LARGEST = 150_000  # bytes


@dataclass(frozen=True)
class Picture:
    """A page of one of the demo's people, as wide and high as it is shown."""

    name: str
    person: str
    path: str
    width: int
    height: int


PICTURES = (
    Picture("student", "student", "/student", 1100, 900),
    Picture("coach", "coach", "/coach", 1100, 840),
    Picture("praktijkopleider", "supervisor", "/supervisor", 390, 800),
    Picture("school", "administrator", "/school/figures", 1100, 900),
)


def take(browser: Browser, address: str, picture: Picture) -> bytes:
    """Sign in as the person, in Dutch, and return the page as a PNG."""
    context = browser.new_context(
        base_url=address,
        locale="nl-NL",
        viewport={"width": picture.width, "height": picture.height},
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto("/sign-in")
    page.locator(f"button[name=person][value={picture.person}]").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)
    page.goto(picture.path)
    page.wait_for_load_state("networkidle")
    taken = page.screenshot()
    context.close()
    return taken


def keep(taken: bytes, target: Path) -> int:
    """Write a picture as small as PNG allows without loss; returns its bytes."""
    with Image.open(io.BytesIO(taken)) as image:
        image.convert("RGB").save(target, optimize=True)
    size = target.stat().st_size
    if size > LARGEST:
        raise SystemExit(f"{target.name} has {size} bytes, more than {LARGEST}: make it smaller.")
    return size


def main(address: str) -> None:
    """Take every picture anew."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        for picture in PICTURES:
            size = keep(take(browser, address, picture), HERE / f"{picture.name}.png")
            sys.stdout.write(f"{picture.name}.png {size} bytes\n")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000")
