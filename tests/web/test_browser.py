"""The whole story in a real browser: phone and desktop, with axe, and with scripts off."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.web.browsing import come_in, count_taps, follow, looks_right, sign_out, taps
from tests.web.conftest import PHONE
from tests.world import World
from tracker.db import unit_of_work

pytestmark = pytest.mark.browser


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "weekdoos.jpg"
    Image.new("RGB", (1200, 900), "teal").save(path)
    return path


def test_a_photo_from_the_workplace_is_judged_and_the_coach_sees_it_at_once(
    page: Page, photo: Path
) -> None:
    page.goto("/sign-in")
    looks_right(page)
    come_in(page, "student")
    looks_right(page)
    follow(page.get_by_role("link", name="Bewijs toevoegen").first)
    looks_right(page)
    page.locator('input[name="files"]').first.set_input_files(photo)
    page.get_by_text("Nee, niemand").click()
    assert page.get_by_label("Ik help een bewoner met opstaan").is_checked()  # as last time
    page.locator("#text").fill("Ik zette de weekdoos klaar.")
    page.get_by_text("Ik, Cor en Piet").click()
    follow(page.get_by_role("button", name="Bewaar mijn bewijs"))
    assert "zichtbaar voor Cor en Piet" in page.locator("main").inner_text()
    looks_right(page)
    sign_out(page)

    come_in(page, "supervisor")
    looks_right(page)
    follow(page.get_by_role("link", name="Kijk mee"))
    looks_right(page)
    page.get_by_text("Zelfstandig").click()
    page.locator("#words").fill("Rustig gewerkt.")
    follow(page.get_by_role("button", name="Verstuur"))
    assert "Dank je" in page.locator("main").inner_text()
    looks_right(page)
    sign_out(page)

    come_in(page, "coach")
    looks_right(page)
    follow(page.get_by_role("link", name="Sanne Student").first)
    main = page.locator("main").inner_text()
    assert "Ik zette de weekdoos klaar." in main
    assert "Piet: zelfstandig" in main
    assert "Rustig gewerkt." in main
    looks_right(page)


def test_everything_works_with_scripts_off(chromium: Browser, site: str, photo: Path) -> None:
    context = chromium.new_context(
        viewport=PHONE, locale="nl-NL", base_url=site, java_script_enabled=False
    )
    page = context.new_page()
    come_in(page, "student")
    follow(page.get_by_role("link", name="Bewijs toevoegen").first)
    page.locator('input[name="files"]').first.set_input_files(photo)
    page.get_by_text("Ja, of ik twijfel").click()
    page.locator("#text").fill("Zonder script.")
    page.get_by_text("Alleen ik").click()
    follow(page.get_by_role("button", name="Bewaar mijn bewijs"))
    assert "Alleen jij" in page.locator("main").inner_text()
    context.close()


def test_the_pages_speak_english_when_asked(page: Page) -> None:
    come_in(page, "coach")
    page.locator("header details.mij summary").click()
    follow(page.get_by_role("button", name="English"))
    assert "Who needs me?" in page.locator("h1").inner_text()
    assert page.locator("html").get_attribute("lang") == "en"


def test_without_a_network_what_was_written_stays(page: Page) -> None:
    come_in(page, "student")
    page.goto("/student/evidence/new")
    page.locator("#text").fill("In de kelder is geen bereik.")
    page.get_by_text("Alleen ik").click()
    page.context.set_offline(True)
    page.get_by_role("button", name="Bewaar mijn bewijs").click()
    said = page.get_by_text("Geen verbinding. Wat je schreef staat er nog.")
    expect(said).to_be_visible()
    assert page.locator("#text").input_value() == "In de kelder is geen bereik."
    page.context.set_offline(False)
    expect(said).to_have_count(0)
    follow(page.get_by_role("button", name="Bewaar mijn bewijs"))
    assert page.url.endswith("/sent")


def test_pressing_the_button_twice_sends_one_piece(
    page: Page, engine: sa.Engine, world: World
) -> None:
    come_in(page, "student")
    page.goto("/student/evidence/new")
    page.locator("#text").fill("Eén keer.")
    page.get_by_text("Alleen ik").click()
    page.get_by_role("button", name="Bewaar mijn bewijs").dblclick()
    page.wait_for_url("**/sent")
    with unit_of_work(engine, school_id=world.school.id) as session:
        assert session.scalar(sa.text("SELECT count(*) FROM evidence")) == 3


def test_a_photo_is_logged_in_three_taps_from_the_start_page(
    page: Page, photo: Path, engine: sa.Engine, world: World
) -> None:
    come_in(page, "student")
    count_taps(page)
    page.goto("/student")
    follow(page.get_by_role("link", name="Bewijs toevoegen").first)
    page.locator('input[name="files"]').first.set_input_files(photo)
    page.get_by_text("Nee, niemand").click()
    follow(page.get_by_role("button", name="Bewaar mijn bewijs"))
    assert page.url.endswith("/sent")
    assert taps(page) == 3
    follow(page.get_by_role("link", name="Bekijk je bewijs"))
    looks_right(page)
    page.get_by_text("Wie kan dit zien?").click()
    assert "Niet zichtbaar voor" in page.locator("main").inner_text()
    looks_right(page)
    follow(page.get_by_role("link", name="Aanpassen"))
    looks_right(page)
    page.goto("/student/evidence")
    looks_right(page)
    page.get_by_text("Kies wat je ziet").click()
    follow(page.get_by_role("link", name="Alleen ik", exact=True))
    assert "state=private" in page.url
    looks_right(page)
    with unit_of_work(engine, school_id=world.school.id) as session:
        assert session.scalar(sa.text("SELECT count(*) FROM evidence_goal")) == 3


def test_a_student_reads_edits_closes_and_reopens_a_goal(page: Page) -> None:
    come_in(page, "student")
    follow(page.get_by_role("link", name="Ik help een bewoner met opstaan", exact=True))
    assert page.locator("svg.sp-g").is_visible()
    looks_right(page)
    follow(page.get_by_role("link", name="Aanpassen"))
    looks_right(page)
    page.get_by_label("Wat wil je kunnen?").fill("Ik sta samen op")
    follow(page.get_by_role("button", name="Bewaar mijn doel"))
    assert page.get_by_role("heading", level=1).inner_text() == "Ik sta samen op"
    page.locator("summary", has_text="Sluit dit doel").click()
    page.get_by_label("Gehaald").check()
    follow(page.get_by_role("button", name="Sluit dit doel"))
    assert page.get_by_text("Je doel is gesloten.").is_visible()
    looks_right(page)
    follow(page.get_by_role("button", name="Ga verder met dit doel"))
    follow(page.get_by_role("link", name="Mijn doelen"))
    assert page.get_by_role("link", name="Ik sta samen op").is_visible()
    looks_right(page)
