"""Who may place links: whom the LMS calls a maker of the course, in the session that was asked."""

from typing import Any

import pytest
import sqlalchemy as sa

from settings import Settings
from tests.browsers import Browser as Visitor
from tests.lms import LEARNER, MEMBERSHIP, Lms, User
from tests.lms_pages import asking
from tests.lti.browser import Browser
from tests.lti.picking import Picker, lessons, requests
from tests.lti.signing import have_keys
from tests.world import World


@pytest.fixture(autouse=True)
def keys(engine: sa.Engine, settings: Settings) -> None:
    have_keys(engine, settings)


def test_somebody_elses_request_does_not_exist(
    browser: Browser, lms: Lms, coach: User, site: str, world: World
) -> None:
    path = Picker(browser, lms, coach).path
    teacher = lms.add_user(User("1010", coach.roles, number=world.teacher.number))
    with Browser(site) as other:
        Picker(other, lms, teacher)
        assert other.get(path).status_code == 404
        assert other.get(path.replace("request=", "request=x")).status_code == 404
        assert other.get("/lti/deep-link").status_code == 404
        assert other.post(path, {"item": "plan"}).status_code in {400, 403}  # no CSRF token
    with Browser(site) as stranger:
        assert stranger.get(path).status_code == 401


def test_another_session_of_the_same_person_is_not_the_one_that_was_asked(
    browser: Browser, lms: Lms, coach: User, site: str, app: Any, world: World
) -> None:
    path = Picker(browser, lms, coach).path
    with Browser(site) as second:
        assert second.launch(lms, coach).status_code == 303
        assert second.is_signed_in
        assert second.get(path).status_code == 404
    assert Visitor(app, world.coach).get(path).status_code == 404
    assert browser.get(path).status_code == 200


def test_a_student_places_nothing(
    browser: Browser, lms: Lms, student: User, engine: sa.Engine, world: World
) -> None:  # lti.md case 35
    launched = browser.launch(lms, student, **asking(lms))
    assert launched.status_code == 403
    assert not browser.is_signed_in
    assert requests(engine, world) == []


def test_a_student_who_follows_a_teachers_address_places_nothing(
    browser: Browser, lms: Lms, student: User, coach: User, site: str
) -> None:  # lti.md case 35
    path = Picker(browser, lms, coach).path
    with Browser(site) as other:
        assert other.launch(lms, student).status_code == 303
        assert other.get(path).status_code == 403


@pytest.mark.parametrize(
    "role",
    [
        f"{MEMBERSHIP}#Instructor",
        f"{MEMBERSHIP}/Instructor#TeachingAssistant",
        f"{MEMBERSHIP}#Administrator",
        f"{MEMBERSHIP}#ContentDeveloper",
        "Instructor",
    ],
)
def test_who_makes_the_course_places_links(browser: Browser, lms: Lms, role: str) -> None:
    maker = lms.add_user(User("88", (role,), name="Mira Maker"))
    assert Picker(browser, lms, maker).place(item="plan")[0]["custom"] == {"page": "plan"}


@pytest.mark.parametrize("roles", [(LEARNER,), (f"{MEMBERSHIP}#Mentor",), ()])
def test_nobody_else_places_links(browser: Browser, lms: Lms, roles: tuple[str, ...]) -> None:
    other = lms.add_user(User("89", roles, name="Ada Ander"))
    assert browser.launch(lms, other, **asking(lms)).status_code == 403
    assert not browser.is_signed_in


def test_a_content_developer_sees_no_student_also_not_as_a_coach_or_by_a_new_lesson(
    browser: Browser, lms: Lms, engine: sa.Engine, world: World
) -> None:
    maker = lms.add_user(User("88", (f"{MEMBERSHIP}#ContentDeveloper",), number=world.coach.number))
    picker = Picker(browser, lms, maker)
    picker.place(item="lesson", lesson="new", lesson_title="Tillen")
    assert lessons(engine, world)[0].teacher_id is None
    assert world.student.name not in browser.get("/coach").text
    assert browser.get(f"/coach/plans/{world.plan.id}").status_code == 404
    assert browser.get(f"/api/plans/{world.plan.id}").status_code == 404
