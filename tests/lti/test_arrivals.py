"""Who comes in what role, by which message: where they land and whom they see."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa

from lti.launching.claims import DEEP_LINKING, ENDPOINT
from lti.models import LtiIdentity
from tests.lms import INSTRUCTOR, LEARNER, MEMBERSHIP, Lms, User
from tests.lti.browser import Browser, verdict
from tests.lti.courses import COURSE
from tests.world import World
from tracker.db import unit_of_work, utc_now
from tracker.models import (
    Activity,
    Person,
    PersonRole,
    PersonState,
    PlanRole,
    SchoolRole,
)
from tracker.plans import add_member

MENTOR = f"{MEMBERSHIP}#Mentor"
DEVELOPER = f"{MEMBERSHIP}#ContentDeveloper"


def lands(response: httpx.Response) -> str:
    assert response.status_code == 303, verdict(response)
    return response.headers["location"]


@pytest.fixture
def mentor(lms: Lms, world: World, engine: sa.Engine) -> User:
    """Have a coach of two students come to the LMS as a mentor."""
    with unit_of_work(engine, school_id=world.school.id) as session:
        add_member(
            session,
            by=session.merge(world.administrator),
            plan=session.merge(world.other_plan),
            person=session.merge(world.coach),
            role=PlanRole.COACH,
            from_on=world.on - timedelta(days=3),
            at=utc_now(),
        )
    return lms.add_user(User("88", (MENTOR,), name="Cor Coach", number=world.coach.number))


def seen(browser: Browser) -> set[str]:
    return {row["student"]["name"] for row in browser.get("/api/overview").json()["items"]}


# lti.md case 26
def test_a_mentor_sees_only_the_listed_students_of_those_who_are_theirs(
    lms: Lms, browser: Browser, student: User, mentor: User, world: World
) -> None:
    browser.click(lms, student)
    other = User("4", (LEARNER,), name="Olaf", number=world.other_student.number)
    browser.click(lms, lms.add_user(other))

    def comes_for(listed: Any) -> set[str]:
        assert lands(browser.launch(lms, mentor, __role_scope_mentor=listed)) == "/supervisor"
        assert browser.get("/supervisor").status_code == 200
        return seen(browser)

    assert comes_for([student.sub]) == {"Sanne Student"}
    assert browser.get(f"/coach/plans/{world.plan.id}").status_code == 200
    assert browser.get(f"/coach/plans/{world.other_plan.id}").status_code == 404
    assert comes_for([student.sub, "of another LMS", ""]) == {"Sanne Student"}
    assert comes_for(["of another LMS"]) == set()
    assert comes_for([]) == set()
    # No list: what our own records say, and no more.
    assert comes_for(None) == {"Sanne Student", "Olaf Ander"}


# lti.md case 26
def test_a_mentors_list_adds_nobody_to_whom_our_records_tie_no_one(
    lms: Lms, browser: Browser, student: User
) -> None:
    browser.click(lms, student)
    stranger = lms.add_user(User("89", (MENTOR,), name="Ouder"))
    for listed in ([student.sub], None):
        assert lands(browser.launch(lms, stranger, __role_scope_mentor=listed)) == "/supervisor"
        page = browser.get("/supervisor")
        assert (page.status_code, "Sanne" in page.text) == (200, False)
        assert seen(browser) == set()


def test_a_list_of_students_says_nothing_about_who_is_no_mentor(
    lms: Lms, browser: Browser, coach: User
) -> None:
    assert lands(browser.launch(lms, coach, __role_scope_mentor=[])) == COURSE
    assert seen(browser) == {"Sanne Student"}


def test_a_student_opens_what_the_placed_link_says(
    lms: Lms, browser: Browser, student: User, world: World
) -> None:
    def opens(**custom: str) -> str:
        return lands(browser.launch(lms, student, __custom=custom))

    assert opens(page="goals") == "/student/goals"
    assert opens(page="evidence") == "/student/evidence"
    assert opens(page="lessons") == "/student/lessons"
    assert opens(page=f"goal:{world.goal.id}") == f"/student/goals/{world.goal.id}"
    assert opens(page="lesson", ref=str(world.goal.id)) == f"/student/lessons/{world.goal.id}"
    for odd in ("plan", "overview", "//evil.example", "goal:../../x", "$Link.page", "lesson"):
        assert opens(page=odd) == "/student"


# lti.md case 28
def test_a_link_to_somebody_elses_goal_finds_nothing(
    lms: Lms, browser: Browser, student: User, world: World
) -> None:
    response = browser.launch(lms, student, __custom={"page": f"goal:{world.other_goal.id}"})
    assert browser.get(lands(response)).status_code == 404


def test_staff_goes_to_the_course_by_any_link_and_without_a_course_to_the_overview(
    lms: Lms, browser: Browser, coach: User
) -> None:
    assert lands(browser.launch(lms, coach, __custom={"page": "goals"})) == COURSE
    overview = {"__custom": {"page": "overview"}}
    assert lands(browser.launch(lms, coach, **overview)) == COURSE
    assert lands(browser.launch(lms, coach, **overview, __context=None)) == "/coach"
    assert lands(browser.launch(lms, coach, __context=None)) == "/coach"


DEEP = {
    "deep_link_return_url": "https://lms.example/return",
    "accept_types": ["ltiResourceLink"],
    "accept_presentation_document_targets": ["iframe"],
}


def asks_to_place(**changes: Any) -> dict[str, Any]:
    without = {"__message_type": "LtiDeepLinkingRequest", "__resource_link": None}
    return {**without, DEEP_LINKING: DEEP, **changes}


# lti.md case 35
@pytest.mark.parametrize("role", [LEARNER, MENTOR, "http://example.com/roles#Wizard"])
def test_only_staff_and_makers_of_content_come_to_the_picker(
    lms: Lms, browser: Browser, engine: sa.Engine, world: World, role: str
) -> None:
    user = lms.add_user(User("90", (role,), name="Niet Docent"))
    assert verdict(browser.launch(lms, user, **asks_to_place())) == (403, "not_placing")
    assert not browser.is_signed_in
    with unit_of_work(engine, school_id=world.school.id) as session:
        assert session.scalars(sa.select(LtiIdentity)).all() == []


@pytest.mark.parametrize("role", [INSTRUCTOR, DEVELOPER, f"{MEMBERSHIP}#Administrator"])
def test_staff_and_makers_of_content_come_to_the_picker_without_any_student(
    lms: Lms, browser: Browser, role: str
) -> None:
    user = lms.add_user(User("91", (role,), name="Mies Maker"))
    changes = asks_to_place(__target_link_uri=None)
    assert lands(browser.launch(lms, user, **changes)).startswith("/lti/deep-link")
    assert seen(browser) == set()


def test_a_maker_of_content_without_a_picker_gets_a_page_and_leaves_nothing(
    lms: Lms, browser: Browser, engine: sa.Engine, world: World
) -> None:
    response = browser.launch(lms, lms.add_user(User("92", (DEVELOPER,), name="Mies Maker")))
    assert response.status_code == 200
    assert "geen studenten" in response.text
    assert not browser.is_signed_in
    with unit_of_work(engine, school_id=world.school.id) as session:
        assert session.scalars(sa.select(LtiIdentity)).all() == []


def test_a_test_user_gets_the_page_that_explains_in_every_message(
    lms: Lms, browser: Browser
) -> None:
    test_user = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"
    user = lms.add_user(User("99", (INSTRUCTOR, test_user), name="Test"))
    for changes in ({}, asks_to_place(), reviews("3")):
        response = browser.launch(lms, user, **changes)
        assert (response.status_code, "teststudent" in response.text) == (200, True)
        assert not browser.is_signed_in


def reviews(subject: str) -> dict[str, Any]:
    item = "https://lms.example/items/1"
    return {
        "__message_type": "LtiSubmissionReviewRequest",
        "__for_user": {"user_id": subject},
        ENDPOINT: {"scope": [], "lineitem": item},
    }


# lti.md case 47
def test_a_review_opens_the_student_for_whom_our_records_make_a_coach(
    lms: Lms, browser: Browser, student: User, coach: User, world: World
) -> None:
    browser.click(lms, student)
    other = User("4", (LEARNER,), name="Olaf", number=world.other_student.number)
    browser.click(lms, lms.add_user(other))
    assert lands(browser.launch(lms, coach, **reviews(student.sub))) == (
        f"/coach/plans/{world.plan.id}"
    )
    browser.cookies = {}
    for subject in (other.sub, "never seen"):
        response = browser.launch(lms, coach, **reviews(subject))
        assert verdict(response) == (404, "review_unrelated")
        assert "Je begeleidt deze student niet" in response.text
        assert "Olaf" not in response.text
        assert not browser.is_signed_in


def test_a_review_by_a_mentor_of_somebody_outside_the_list_says_so(
    lms: Lms, browser: Browser, student: User, mentor: User, world: World
) -> None:
    browser.click(lms, student)
    other = lms.add_user(User("4", (LEARNER,), name="Olaf", number=world.other_student.number))
    browser.click(lms, other)
    listed = {"__role_scope_mentor": ["3"]}
    assert lands(browser.launch(lms, mentor, **reviews("3"), **listed)) == (
        f"/coach/plans/{world.plan.id}"
    )
    browser.cookies = {}
    response = browser.launch(lms, mentor, **reviews("4"), **listed)
    assert verdict(response) == (404, "review_unrelated")
    assert not browser.is_signed_in


def test_a_student_reviews_own_work_only(lms: Lms, browser: Browser, student: User) -> None:
    assert lands(browser.launch(lms, student, **reviews(student.sub))) == "/student"
    assert verdict(browser.launch(lms, student, **reviews("4"))) == (404, "review_unrelated")


def test_a_review_without_what_its_specification_asks_is_refused(
    lms: Lms, browser: Browser, coach: User
) -> None:
    for changes in (
        {"__for_user": None},
        {"__for_user": {}},
        {"__for_user": {"user_id": 3}},
        {"__for_user": []},
        {ENDPOINT: None},
        {ENDPOINT: {"scope": []}},
        {"__target_link_uri": None},
        {"__roles": None},
    ):
        status, _ = verdict(browser.launch(lms, coach, **{**reviews("3"), **changes}))
        assert status == 401, changes


def test_somebody_from_a_roster_becomes_active_at_the_first_launch(
    lms: Lms, browser: Browser, student: User, engine: sa.Engine, world: World
) -> None:
    browser.click(lms, student)
    with unit_of_work(engine, school_id=world.school.id) as session:
        session.get_one(Person, (world.school.id, world.student.id)).state = PersonState.PENDING
    assert browser.get("/api/me").status_code == 401
    assert lands(browser.click(lms, student)) == "/student"
    assert browser.get("/api/me").json()["person"]["id"] == str(world.student.id)


def held(engine: sa.Engine, world: World, person_id: UUID) -> set[SchoolRole]:
    with unit_of_work(engine, school_id=world.school.id) as session:
        roles = sa.select(PersonRole.role).where(PersonRole.person_id == person_id)
        return set(session.scalars(roles))


def test_who_learned_in_one_course_teaches_in_another_and_nobody_is_a_student_by_looking(
    lms: Lms, browser: Browser, coach: User, engine: sa.Engine, world: World
) -> None:
    learner = lms.add_user(User("93", (LEARNER,), name="Dirk Docent"))
    browser.click(lms, learner)
    person_id = UUID(browser.get("/api/me").json()["person"]["id"])
    assert held(engine, world, person_id) == {SchoolRole.STUDENT}
    browser.launch(lms, learner, __roles=[INSTRUCTOR])
    assert held(engine, world, person_id) == {SchoolRole.STUDENT, SchoolRole.TEACHER}
    browser.launch(lms, coach)
    assert lands(browser.launch(lms, coach, __roles=[LEARNER])) == "/student"
    assert held(engine, world, world.coach.id) == {SchoolRole.COACH}
    with unit_of_work(engine, school_id=world.school.id) as session:
        assert world.coach.id not in set(session.scalars(sa.select(Activity.person_id)))
