"""People answering each other in a real browser: on phone and desktop, with axe, taps counted."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page

from tests.web.browsing import come_in, count_taps, follow, looks_right, sign_out, taps
from tests.web.conftest import DEMO
from tests.world import World
from tracker.db import new_id, unit_of_work
from tracker.evidence import log_evidence
from tracker.goals import add_goal
from tracker.models import Audience, Control, Person

pytestmark = pytest.mark.browser


@pytest.fixture
def piece(engine: sa.Engine, world: World) -> str:
    """Let Sanne show what Piet has not looked at; returns her words."""
    words = "Ik zette de weekdoos klaar."
    with unit_of_work(engine, school_id=world.school.id) as session:
        log_evidence(
            session,
            key=new_id(),
            by=world.student,
            plan=world.plan,
            goals=[world.goal],
            text=words,
            happened_on=world.on,
            has_people=False,
            placement=world.placement,
            share_with=[Audience.COACHES, Audience.PLACEMENT],
            on=world.on,
            at=world.at,
        )
    return words


@pytest.fixture
def waiting(engine: sa.Engine, world: World) -> str:
    """Let Sanne write a goal that her coach has to agree with; returns its title."""
    title = "Ik bel familie"
    with unit_of_work(engine, school_id=world.school.id) as session:
        add_goal(
            session,
            by=world.student,
            plan=world.plan,
            question="Hoe begin ik?",
            title=title,
            success="Familie weet genoeg.",
            target_anchor=2,
            target_on=world.on + timedelta(days=20),
            items=[],
            control=Control.SHARED,
            on=world.on,
            at=world.at,
        )
    return title


def main(page: Page) -> str:
    return page.locator("main").inner_text()


@pytest.mark.usefixtures("piece")
def test_a_supervisor_judges_in_three_taps_from_the_start_page(page: Page) -> None:
    come_in(page, "supervisor")
    count_taps(page)
    page.goto("/supervisor")
    follow(page.get_by_role("link", name="Kijk mee"))
    page.get_by_text("Zelfstandig").click()
    follow(page.get_by_role("button", name="Verstuur"))
    assert "Dank je" in main(page)
    assert taps(page) <= 5
    assert taps(page) == 3
    looks_right(page)


def test_a_coach_agrees_keeps_a_draft_sends_it_later_and_signs(page: Page, waiting: str) -> None:
    come_in(page, "coach")
    follow(page.get_by_role("link", name="Sanne Student").first)
    looks_right(page)
    agree = page.get_by_role("button", name=f"Ga akkoord met dit leerdoel : {waiting}")
    follow(agree)
    assert agree.count() == 0
    # A view on the goal, about one aspect, that is not ready yet.
    follow(page.get_by_role("link", name=f"Geef jouw inschatting : {waiting}"))
    looks_right(page)
    page.locator("#words").fill("Je belde rustig.")
    page.locator("main details summary").click()
    page.locator("#aspect").select_option("attitude")
    follow(page.get_by_role("button", name="Bewaar als concept"))
    looks_right(page)
    follow(page.locator('a[href^="/judge/drafts/"]'))
    assert page.locator("#aspect").input_value() == "attitude"
    page.get_by_text("Zelfstandig").click()
    looks_right(page)
    follow(page.locator('button[value="send"]'))
    assert page.locator('a[href^="/judge/drafts/"]').count() == 0
    page.locator("summary", has_text=f"Nieuwste inschattingen: {waiting}").click()
    assert "Je belde rustig." in main(page)
    looks_right(page)
    follow(page.get_by_role("link", name="Cor: zelfstandig").first)
    looks_right(page)
    follow(page.get_by_role("button", name="Onderteken deze inschatting"))
    assert "ondertekend" in main(page)
    looks_right(page)


def test_a_student_asks_the_coach_who_answers_in_the_thread(page: Page, piece: str) -> None:
    come_in(page, "student")
    page.goto("/student/evidence")
    follow(page.get_by_role("link", name=piece))
    follow(page.get_by_role("link", name="Feedback hierop"))
    looks_right(page)
    page.locator("#to_id").select_option(label="Cor Coach, coach")
    page.locator("#ask_words").fill("Stond alles goed?")
    follow(page.get_by_role("button", name="Stel je vraag"))
    sign_out(page)

    come_in(page, "coach")
    count_taps(page)
    page.goto("/coach")
    assert "Stond alles goed?" in main(page)
    follow(page.get_by_role("link").filter(has_text="Stond alles goed?"))
    looks_right(page)
    page.locator("#words").fill("Ja, en de dinsdag mag nog hoger.")
    follow(page.get_by_role("button", name="Verstuur").first)
    assert taps(page) <= 3
    sign_out(page)

    come_in(page, "student")
    follow(page.get_by_role("link", name="Feedback").first)
    looks_right(page)
    follow(page.get_by_role("link").filter(has_text=piece))
    assert "Ja, en de dinsdag mag nog hoger." in main(page)


def test_a_fellow_student_who_was_asked_looks_and_answers(
    page: Page, piece: str, superuser_engine: sa.Engine, world: World
) -> None:
    come_in(page, "student")
    page.goto("/student/evidence")
    follow(page.get_by_role("link", name=piece))
    follow(page.get_by_role("link", name="Feedback hierop"))
    page.locator("#to_id").select_option(label="Olaf Ander, medestudent")
    follow(page.get_by_role("button", name="Stel je vraag"))
    sign_out(page)

    numbers = {world.student.id: None, world.other_student.id: DEMO["student"]}
    with superuser_engine.begin() as connection:
        for key, number in numbers.items():
            connection.execute(sa.update(Person).where(Person.id == key).values(number=number))
    come_in(page, "student")
    count_taps(page)
    page.goto("/student")
    follow(page.get_by_role("link").filter(has_text=piece))
    looks_right(page)
    page.get_by_text("Zelfstandig").click()
    page.locator("#words").fill("Zet de naam erop.")
    follow(page.get_by_role("button", name="Verstuur").first)
    assert taps(page) <= 5
    assert "Zet de naam erop." in main(page)
    looks_right(page)
