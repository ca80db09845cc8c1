"""Who may place what in a course: the page on which a teacher chooses."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from html import escape
from typing import Any

import pytest
import sqlalchemy as sa

from identity.models import WebSession
from lti.models import DeepLinkRequest
from settings import Settings
from tests.lms import Lms, User
from tests.lms_pages import asking, course_of
from tests.lti.browser import Browser, verdict
from tests.lti.picking import Picker, lessons, requests
from tests.lti.signing import have_keys
from tests.world import World
from tracker.db import unit_of_work, utc_now
from tracker.lessons import add_lesson
from tracker.models import SupportLesson

NOBODY = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(autouse=True)
def keys(engine: sa.Engine, settings: Settings) -> None:
    have_keys(engine, settings)


@pytest.fixture
def lesson(engine: sa.Engine, world: World) -> SupportLesson:
    """Offer a lesson."""
    with unit_of_work(engine, school_id=world.school.id) as session:
        return add_lesson(
            session,
            by=world.coach,
            title="Veilig tillen",
            about="Met de tillift.",
            url=None,
            teacher=None,
            on=world.on,
            at=world.at,
        )


def test_six_things_can_be_placed_together(
    browser: Browser, lms: Lms, coach: User, lesson: SupportLesson
) -> None:
    links = Picker(browser, lms, coach).place(
        item=["plan", "goals", "lessons", "evidence", "lesson", "overview"],
        lesson=str(lesson.id),
        title_plan="Zo sta ik ervoor",
    )
    assert [(link["title"], link["custom"]["page"]) for link in links] == [
        ("Zo sta ik ervoor", "plan"),
        ("Mijn doelen", "goals"),
        ("Ondersteunende lessen", "lessons"),
        ("Bewijs uit de bpv", "evidence"),
        ("Veilig tillen", "lesson"),
        ("Coachoverzicht", "overview"),
    ]
    assert links[4]["custom"]["ref"] == str(lesson.id)
    assert links[4]["text"] == "Met de tillift."
    assert not any("lineItem" in link for link in links)


def test_a_new_lesson_is_named_on_the_spot_and_its_teacher_is_who_placed_it(
    browser: Browser, lms: Lms, coach: User, engine: sa.Engine, world: World
) -> None:
    (link,) = Picker(browser, lms, coach).place(
        item="lesson",
        lesson="new",
        lesson_title="Dubbele controle",
        lesson_about="Bij medicijnen.",
        lesson_url="https://elo.example/les?id=3",
        title_lesson="Week 3",
        column="yes",
    )
    (lesson,) = lessons(engine, world)
    assert (lesson.title, lesson.about, lesson.url, lesson.teacher_id) == (
        "Dubbele controle",
        "Bij medicijnen.",
        "https://elo.example/les?id=3",
        world.coach.id,
    )
    assert (link["title"], link["custom"]["ref"]) == ("Week 3", str(lesson.id))
    assert (link["lineItem"]["scoreMaximum"], link["lineItem"]["resourceId"]) == (1, str(lesson.id))


def test_no_column_without_the_teachers_tick_and_none_where_the_platform_takes_none(
    browser: Browser, lms: Lms, coach: User, lesson: SupportLesson
) -> None:
    one = {"item": "lesson", "lesson": str(lesson.id)}
    assert "lineItem" not in Picker(browser, lms, coach).place(**one)[0]
    asked = Picker(browser, lms, coach, accept_lineitem=False)
    assert 'name="column"' not in asked.shown.text
    assert "lineItem" not in asked.place(**one, column="yes")[1]  # forged
    assert lms.refused == []


@pytest.mark.parametrize("several", [False, None])
def test_two_things_where_the_platform_takes_one_are_refused_on_the_page(
    browser: Browser, lms: Lms, coach: User, several: bool | None
) -> None:  # lti.md case 32
    picker = Picker(browser, lms, coach, accept_multiple=several)
    assert 'type="radio" name="item"' in picker.shown.text
    refused = picker.send(item=["plan", "goals"], title_plan="Mijn eigen titel")
    assert refused.status_code == 422
    assert "Je leeromgeving neemt één onderdeel tegelijk aan." in refused.text
    assert "Mijn eigen titel" in refused.text
    assert picker.place(item="goals")[0]["custom"] == {"page": "goals"}


@pytest.mark.parametrize(
    ("sent", "wrong"),
    [
        ({}, "item"),
        ({"item": "grades"}, "item"),
        ({"item": ["plan", "plan"]}, "item"),
        ({"item": "plan", "title_plan": "  "}, "title_plan"),
        ({"item": "plan", "title_plan": "x" * 121}, "title_plan"),
        ({"item": "plan", "title_plan": "a\0b"}, "title_plan"),
        ({"item": "lesson"}, "lesson"),
        ({"item": "lesson", "lesson": NOBODY}, "lesson"),
        ({"item": "lesson", "lesson": "'; drop table"}, "lesson"),
        ({"item": "lesson", "lesson": "new"}, "lesson_title"),
        ({"item": "lesson", "lesson": "new", "lesson_title": "x" * 121}, "lesson_title"),
        (
            {"item": "lesson", "lesson": "new", "lesson_title": "x", "lesson_about": "y" * 601},
            "lesson_about",
        ),
        (
            {"item": "lesson", "lesson": "new", "lesson_title": "x", "lesson_url": "elo"},
            "lesson_url",
        ),
        (
            {
                "item": "lesson",
                "lesson": "new",
                "lesson_title": "x",
                "lesson_url": "javascript:alert(1)",
            },
            "lesson_url",
        ),
        (
            {"item": "lesson", "lesson": "new", "lesson_title": "x", "title_lesson": "y" * 121},
            "title_lesson",
        ),
    ],
)
def test_what_does_not_hold_comes_back_with_everything_that_was_filled_in(
    browser: Browser,
    lms: Lms,
    coach: User,
    engine: sa.Engine,
    world: World,
    sent: dict[str, Any],
    wrong: str,
) -> None:
    back = Picker(browser, lms, coach).send(**{"title_goals": "Doelen <van> jou", **sent})
    assert back.status_code == 422
    assert f'id="{wrong}-error"' in back.text
    assert back.text.count("autofocus") >= 1
    assert escape("Doelen <van> jou") in back.text
    for name, value in sent.items():
        if name.startswith(("title", "lesson_")) and "\0" not in value:
            assert escape(value.strip()) in back.text
    assert lessons(engine, world) == []
    assert [row.answered_at for row in requests(engine, world)] == [None]


def test_a_lesson_that_is_over_or_of_another_school_cannot_be_placed(
    browser: Browser,
    lms: Lms,
    coach: User,
    lesson: SupportLesson,
    engine: sa.Engine,
    world: World,
) -> None:
    with unit_of_work(engine, school_id=world.elsewhere.school_id) as session:
        other = add_lesson(
            session,
            by=world.elsewhere,
            title="Elders",
            about=None,
            url=None,
            teacher=None,
            on=world.on,
            at=world.at,
        )
    with unit_of_work(engine, school_id=world.school.id) as session:
        session.execute(sa.update(SupportLesson).values(until_on=world.on))
    picker = Picker(browser, lms, coach)
    assert "Elders" not in picker.shown.text
    for ref in (lesson.id, other.id):
        assert picker.send(item="lesson", lesson=str(ref)).status_code == 422


def test_an_answer_is_given_once(
    browser: Browser, lms: Lms, coach: User, engine: sa.Engine, world: World
) -> None:
    picker = Picker(browser, lms, coach)
    new = {"item": "lesson", "lesson": "new", "lesson_title": "Tillen"}
    assert picker.send(**new).status_code == 200
    again = picker.send(**new)
    assert verdict(again) == (409, "deep_link_answered")
    assert verdict(browser.get(picker.path)) == (409, "deep_link_answered")
    assert len(lessons(engine, world)) == 1


def test_of_two_answers_at_one_time_one_is_given(
    browser: Browser, lms: Lms, coach: User, engine: sa.Engine, world: World
) -> None:
    picker = Picker(browser, lms, coach)
    new = {"item": "lesson", "lesson": "new", "lesson_title": "Tillen"}
    with ThreadPoolExecutor(4) as pool:
        answers = [each.result() for each in [pool.submit(picker.send, **new) for _ in range(4)]]
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert len(lessons(engine, world)) == 1


def test_after_an_hour_it_is_too_late(
    browser: Browser, lms: Lms, coach: User, engine: sa.Engine, world: World
) -> None:
    picker = Picker(browser, lms, coach)
    ago = timedelta(hours=1)
    _age(engine, world, ago)
    for late in (browser.get(picker.path), picker.send(item="plan")):
        assert verdict(late) == (410, "deep_link_expired")
    (row,) = requests(engine, world)
    assert row.answered_at is None


def _age(engine: sa.Engine, world: World, ago: timedelta) -> None:
    """Let the session and its request be as old as that."""
    with unit_of_work(engine, school_id=world.school.id) as session:
        for row in session.scalars(sa.select(DeepLinkRequest)):
            row.expires_at -= ago
        for row in session.scalars(sa.select(WebSession)):
            row.started_at -= ago


def test_requests_of_long_ago_are_dropped(
    browser: Browser, lms: Lms, coach: User, engine: sa.Engine, world: World
) -> None:
    for _ in range(2):
        Picker(browser, lms, coach)
    with unit_of_work(engine, school_id=world.school.id) as session:
        session.execute(sa.update(DeepLinkRequest).values(expires_at=utc_now() - timedelta(days=2)))
    Picker(browser, lms, coach)
    assert len(requests(engine, world)) == 1


def test_titles_with_markup_stay_words(
    browser: Browser, lms: Lms, coach: User, engine: sa.Engine, world: World
) -> None:
    title = '<b>"Doelen"</b> & meer'
    links = Picker(browser, lms, coach, text="<script>alert(1)</script>").place(
        item="goals", title_goals=title
    )
    assert links[0]["title"] == title
    assert links[0]["text"] == "<script>alert(1)</script>"


def test_without_a_course_it_works_too(browser: Browser, lms: Lms, coach: User) -> None:
    launched = browser.launch(lms, coach, **asking(lms), __context=None)
    assert browser.get(launched.headers["location"]).status_code == 200
    assert course_of(lms).answers == []
