"""What a hostile student, teacher, administrator, LMS or website tries, and what it comes to."""

import re
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from lti.courses.courses import confirm_context
from lti.launching.launch_log import MOST_REFUSALS, REFUSALS_WITHIN, log_launch
from lti.models import Context, LaunchLog, Registration
from tests.lms import INSTRUCTOR, LEARNER, MEMBERSHIP, Lms, User
from tests.lms_services import member
from tests.lti.browser import Browser, verdict
from tests.lti.courses import COURSE, launches
from tests.lti.reading import Course
from tests.lti.test_storage import begin, come_without_cookie
from tests.world import World
from tracker.db import unit_of_work, utc_now
from tracker.models import GroupRole, Person, PersonRole, PlanRole, SchoolRole
from tracker.people import give_role

MENTOR = f"{MEMBERSHIP}#Mentor"


# A hostile website.


@pytest.mark.parametrize("origin", [None, "null", "https://evil.example"])
def test_another_website_cannot_sign_somebody_in_as_its_maker(
    lms: Lms, browser: Browser, student: User, site: str, origin: str | None
) -> None:
    """Its maker knows token, secret and value of an own launch, and posts them from a page."""
    started, value = begin(browser, lms, student)
    fields = {**come_without_cookie(browser, lms, student, started), "value": value}
    headers = {} if origin is None else {"Origin": origin}
    with Browser(site) as victim:
        answer = victim.send("POST", "/lti/storage-confirm", data=fields, headers=headers)
        assert verdict(answer) == (403, "storage_mismatch")
        assert not victim.is_signed_in


# An LMS administrator who may act as anybody there.


@pytest.fixture
def promoted(lms: Lms, browser: Browser, coach: User, engine: sa.Engine, world: World) -> User:
    """Have a coach, known by launches, who became the school's administrator later."""
    assert browser.click(lms, coach).status_code == 303
    with unit_of_work(engine, school_id=world.school.id) as session:
        person = session.get_one(Person, (world.school.id, world.coach.id))
        give_role(session, person=person, role=SchoolRole.ADMINISTRATOR, on=world.on)
    return coach


def statuses(browser: Browser, world: World) -> dict[str, int]:
    """Ask for what only an administrator may see, and for an own student."""
    paths = (
        "/school",
        "/school/lms",
        f"/coach/plans/{world.other_plan.id}",
        f"/api/plans/{world.other_plan.id}",
        f"/coach/plans/{world.plan.id}",
    )
    return {path: browser.get(path).status_code for path in paths}


def test_an_lms_opens_no_administration_for_who_is_an_administrator_here(
    lms: Lms, browser: Browser, promoted: User, world: World
) -> None:
    # The session of before the promotion, and a new one.
    for _ in range(2):
        found = browser.get("/api/me").json()
        assert (found["person"]["id"], found["roles"]) == (str(world.coach.id), ["coach"])
        *closed, own = statuses(browser, world).values()
        assert set(closed) <= {403, 404}
        assert own == 200
        overview = browser.get("/api/overview").json()["items"]
        assert {one["student"]["id"] for one in overview} == {str(world.student.id)}
        browser.cookies = {}
        answer = browser.click(lms, promoted)
        assert (answer.status_code, answer.headers["location"]) == (303, COURSE)


def test_a_mentors_list_is_no_way_to_the_administration_either(
    lms: Lms, browser: Browser, promoted: User, world: World
) -> None:
    browser.cookies = {}
    browser.launch(lms, promoted, __roles=[MENTOR], __role_scope_mentor=["3"])
    assert browser.get("/api/me").json()["roles"] == ["coach"]
    assert set(statuses(browser, world).values()) <= {403, 404}


@pytest.mark.parametrize("roles", [(INSTRUCTOR,), (LEARNER,), (MENTOR,)])
def test_who_is_an_administrator_only_gets_a_page_by_a_launch_and_no_power(
    lms: Lms,
    browser: Browser,
    coach: User,
    promoted: User,
    engine: sa.Engine,
    world: World,
    roles: tuple[str, ...],
) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        session.execute(
            sa.delete(PersonRole).where(
                PersonRole.person_id == world.coach.id, PersonRole.role == SchoolRole.COACH
            )
        )
    browser.cookies = {}
    answer = browser.launch(lms, promoted, __roles=list(roles))
    assert answer.status_code == 303
    assert browser.get(answer.headers["location"]).status_code in {200, 403}
    assert "administrator" not in browser.get("/api/me").json()["roles"]
    assert browser.get("/school/lms").status_code == 403


# A session for some students only.


@pytest.mark.parametrize(
    "changes",
    [
        {"__roles": [MENTOR], "__role_scope_mentor": ["3"]},
        {"__roles": [MENTOR], "__role_scope_mentor": []},
    ],
)
def test_a_narrowed_session_names_nobody_else_of_a_course(
    course: Course, coach: User, browser: Browser, changes: dict[str, Any]
) -> None:
    course.enrol(*course.services.members["2"], member("8", "Learner", name="Noor Nieuw"))
    course.read()
    page = f"/coach/courses/{course.context().id}"
    browser.launch(course.lms, coach)
    assert "Noor Nieuw" in browser.get(page).text
    browser.launch(course.lms, coach, **changes)
    assert browser.get(page).status_code == 404
    assert browser.get(f"{page}/gradebook").status_code == 404


def test_a_session_for_no_student_shows_no_student_on_any_page(
    app: Flask, lms: Lms, browser: Browser, coach: User, world: World
) -> None:
    """Every page and list that a coach can ask for, about anything of a student of theirs."""
    records = {
        "student_id": world.student,
        "person_id": world.student,
        "plan_id": world.plan,
        "goal_id": world.goal,
        "evidence_id": world.shared,
        "judgement_id": world.judgement,
        "placement_id": world.placement,
    }
    paths = []
    for rule in app.url_map.iter_rules():
        is_about_api = rule.rule in {"/api/docs", "/api/openapi.json"}
        if "GET" in (rule.methods or ()) and rule.arguments <= set(records) and not is_about_api:
            path = re.sub("<(?:[^:>]*:)?([^>]*)>", lambda name: str(records[name[1]].id), rule.rule)
            paths.append(path)
    names = {b"Sanne", b"Ik help een bewoner", b"Ik hielp mevrouw"}

    def shown() -> Iterator[str]:
        return (path for path in paths if any(name in browser.get(path).content for name in names))

    browser.launch(lms, coach)
    assert len(list(islice(shown(), 11))) > 10
    browser.launch(lms, coach, __roles=[MENTOR], __role_scope_mentor=[])
    assert set(shown()) == set()


# A roster that is a mistake, or worse.


def confirmed(course: Course) -> None:
    with unit_of_work(course.engine, school_id=course.world.school.id) as session:
        confirm_context(
            session,
            by=session.get_one(Person, (course.world.school.id, course.world.administrator.id)),
            context=session.scalars(sa.select(Context)).one(),
            instructors_are=PlanRole.COACH,
            on=course.world.on,
            at=utc_now(),
        )


def test_learners_who_all_become_instructors_are_held_back_like_those_who_go(
    course: Course,
) -> None:
    """An LMS that calls everybody Instructor opens each student's plan to all the others."""
    everybody = [str(number) for number in range(100, 130)]
    course.enrol(
        member("1003", "Instructor"),
        member("3", "Learner"),
        *(member(sub, "Learner", name=f"Noor {sub}") for sub in everybody),
    )
    course.read()
    confirmed(course)
    course.enrol(
        member("1003", "Instructor"),
        member("3", "Learner"),
        *(member(sub, "Instructor", name=f"Noor {sub}") for sub in everybody),
    )
    assert course.read().held == {"closes": 30, "of": 32}
    assert course.members()["100"] is GroupRole.STUDENT
    assert course.places("100") == {}
    assert set(course.places("1003")) == {"3", *everybody}
    # One at a time is what schools do.
    course.enrol(
        member("1003", "Instructor"),
        member("3", "Learner"),
        member("100", "Instructor"),
        *(member(sub, "Learner") for sub in everybody[1:]),
    )
    assert course.read().held is None
    assert set(course.places("100")) == {"3", *everybody[1:]}


def test_a_confirmed_course_is_followed_also_when_nobody_opens_it_any_more(
    course: Course,
) -> None:
    """Else an instructor who left would see its students for good, through another course."""
    course.read()
    confirmed(course)
    course.enrol(member("3", "Learner"), member("9", "Instructor", name="Oda Nieuw"))
    course.write(sa.update(Context).values(launched_at=utc_now() - timedelta(days=200)))
    course.read()
    assert course.places("1003") == {}
    assert course.row().due_at is not None


# A flood.


def test_a_flood_of_refusals_fills_no_table(
    lms: Lms, browser: Browser, student: User, engine: sa.Engine, world: World
) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        registration_id = session.scalars(sa.select(Registration.id)).one()
        for _ in range(MOST_REFUSALS):
            log_launch(
                session,
                school_id=world.school.id,
                registration_id=registration_id,
                code="state_used",
                at=utc_now(),
            )
    bad = lms.login(student, target_link_uri="https://e.example/")
    assert verdict(browser.post("/lti/login", bad)) == (400, "target_foreign")
    assert len(launches(engine, world.school)) == MOST_REFUSALS
    browser.click(lms, student)
    assert launches(engine, world.school)[-1].code == "launched"
    # Later there is room again.
    with unit_of_work(engine, school_id=world.school.id) as session:
        session.execute(sa.update(LaunchLog).values(happened_at=utc_now() - REFUSALS_WITHIN))
    browser.post("/lti/login", bad)
    assert launches(engine, world.school)[-1].code == "target_foreign"
