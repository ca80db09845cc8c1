"""A good launch, the whole way over HTTP."""

import json
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from lti.models import Context, LtiIdentity
from tests.lms import INSTRUCTOR, LEARNER, LTI, MEMBERSHIP, Lms, User
from tests.lti.browser import SESSION, Browser, code_of, verdict
from tests.lti.courses import COURSE
from tests.world import World
from tracker.db import unit_of_work
from tracker.models import (
    Activity,
    ActivityItem,
    ActivityKind,
    ActivitySource,
    AuditEvent,
    Person,
    PersonRole,
    SchoolRole,
)

RECORDED = Path(__file__).parent / "recorded"


# lti.md case 1
def test_student_lands_on_the_own_plan(
    lms: Lms, browser: Browser, student: User, world: World
) -> None:
    response = browser.click(lms, student)
    assert (response.status_code, response.headers["location"]) == (303, "/student")
    page = browser.get("/student")
    assert page.status_code == 200
    assert world.goal.title in page.text
    assert browser.get("/api/me").json()["person"]["id"] == str(world.student.id)


# lti.md case 1
def test_instructor_lands_on_the_overview_of_their_own_students(
    lms: Lms, browser: Browser, coach: User
) -> None:
    response = browser.click(lms, coach)
    assert (response.status_code, response.headers["location"]) == (303, COURSE)
    page = browser.get("/coach")
    assert page.status_code == 200
    assert "Sanne Student" in page.text
    assert "Olaf" not in page.text
    assert not lms.refused


def test_an_instructor_without_any_relation_sees_no_student(
    lms: Lms, browser: Browser, world: World
) -> None:
    stranger = lms.add_user(User("77", (INSTRUCTOR,), name="Nieuwe Docent"))
    assert browser.click(lms, stranger).headers["location"] == COURSE
    page = browser.get("/coach")
    assert page.status_code == 200
    assert "Sanne" not in page.text
    assert browser.get("/api/overview").json()["items"] == []


# lti.md case 27
def test_institution_roles_give_no_power_in_a_course(
    lms: Lms, browser: Browser, world: World
) -> None:
    role = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Instructor"
    user = lms.add_user(User("3", (role, LEARNER), number=world.student.number))
    assert browser.click(lms, user).headers["location"] == "/student"


def test_an_administrator_of_the_lms_never_becomes_ours(
    lms: Lms, browser: Browser, engine: sa.Engine, world: World
) -> None:
    roles = (
        f"{MEMBERSHIP}#Administrator",
        "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator",
        "http://purl.imsglobal.org/vocab/lis/v2/system/person#Administrator",
    )
    user = lms.add_user(User("2", roles, name="Admin User"))
    assert browser.click(lms, user).headers["location"] == COURSE
    assert browser.get("/school").status_code in {403, 404}
    with unit_of_work(engine, school_id=world.school.id) as session:
        roles_given = session.scalars(
            sa.select(PersonRole.role)
            .join(LtiIdentity, LtiIdentity.person_id == PersonRole.person_id)
            .where(LtiIdentity.subject == "2")
        ).all()
    assert roles_given == [SchoolRole.TEACHER]


def test_a_test_user_gets_a_page_and_leaves_nothing(
    lms: Lms, browser: Browser, engine: sa.Engine, world: World
) -> None:
    role = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"
    user = lms.add_user(User("99", (LEARNER, role), name="Student weergave"))
    response = browser.click(lms, user)
    assert response.status_code == 200
    assert code_of(response) is None
    assert "teststudent" in response.text
    assert not browser.is_signed_in
    with unit_of_work(engine, school_id=world.school.id) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(LtiIdentity)) == 0
        assert session.scalar(sa.select(sa.func.count()).select_from(Context)) == 0


@pytest.mark.parametrize(
    ("name", "path", "home"),
    [
        ("moodle-student", "/student", "/student"),
        ("moodle-teacher", COURSE, "/coach"),
        ("moodle-administrator", COURSE, "/coach"),
    ],
)
def test_what_a_real_moodle_sends_launches(
    lms: Lms, browser: Browser, name: str, path: object, home: str
) -> None:
    claims = json.loads((RECORDED / f"{name}.json").read_text("utf-8"))
    user = lms.add_user(User(claims["sub"], ()))
    recorded = json.loads((RECORDED / "moodle-login.json").read_text("utf-8"))["params"]
    ours = ("iss", "client_id", "target_link_uri", "login_hint")
    hints = {key: value for key, value in recorded.items() if key not in ours}
    started = browser.start(lms, user, **hints)
    claims |= {
        "iss": lms.issuer,
        "aud": lms.client_id,
        "nonce": started.nonce,
        "iat": int(time.time()),
        "exp": int(time.time()) + 60,  # Moodle's own life of a token
        LTI + "target_link_uri": f"{browser.site}/lti/launch",
    }
    response = browser.come_back(started, lms.sign(claims))
    assert (response.status_code, response.headers["location"]) == (303, path)
    assert browser.get(home).status_code == 200


def test_the_launch_itself_sets_the_session_in_a_cookie_fit_for_a_frame(
    lms: Lms, browser: Browser, coach: User
) -> None:
    response = browser.click(lms, coach)
    lines = {line.partition("=")[0]: line for line in response.headers.get_list("set-cookie")}
    attributes = {part.strip().lower() for part in lines[SESSION].split(";")[1:]}
    assert {"secure", "httponly", "samesite=none", "partitioned", "path=/"} <= attributes
    assert [name for name in browser.cookies if name.startswith("__Secure-lti-")] == []
    assert "frame-ancestors " + lms.url in browser.get("/coach").headers["content-security-policy"]


def test_a_session_from_before_never_survives_a_launch(
    lms: Lms, browser: Browser, student: User, coach: User
) -> None:
    browser.click(lms, student)
    before = browser.cookies[SESSION]
    browser.click(lms, coach)
    assert browser.cookies[SESSION] != before
    browser.cookies[SESSION] = before
    assert browser.get("/api/me").status_code == 401


def test_a_reload_or_a_bookmark_asks_to_open_it_again(lms: Lms, browser: Browser) -> None:
    response = browser.get("/lti/launch")
    assert verdict(response) == (405, "open_again")
    assert response.headers["allow"] == "POST"
    assert "Open opnieuw vanuit je leeromgeving" in response.text


def test_a_students_launch_is_a_signal_once_for_each_link_and_day(
    lms: Lms, browser: Browser, student: User, coach: User, engine: sa.Engine, world: World
) -> None:
    browser.click(lms, student)
    browser.click(lms, student)
    browser.launch(lms, student, __resource_link={"id": "link-2", "title": "Mijn doelen"})
    browser.click(lms, coach)
    with unit_of_work(engine, school_id=world.school.id) as session:
        rows = session.execute(
            sa.select(Activity, ActivityItem.title, ActivitySource)
            .join(ActivityItem, ActivityItem.id == Activity.item_id)
            .join(ActivitySource, ActivitySource.id == Activity.source_id)
            .order_by(ActivityItem.title)
        ).all()
        contexts = session.scalars(sa.select(Context)).all()
    assert [title for _, title, _ in rows] == ["Mijn doelen", "Mijn voortgang"]
    assert {signal.person_id for signal, _, _ in rows} == {world.student.id}
    assert {signal.kind for signal, _, _ in rows} == {ActivityKind.LAUNCH}
    assert {signal.occurred_on for signal, _, _ in rows} == {world.on}
    source = rows[0][2]
    assert source.name == lms.url.removeprefix("http://")
    assert source.last_import_at is not None
    assert [(context.lti_id, context.label) for context in contexts] == [("2", "PR-30")]


def test_a_course_is_known_under_its_newest_title(
    lms: Lms, browser: Browser, student: User, engine: sa.Engine, world: World
) -> None:
    browser.click(lms, student)
    browser.launch(lms, student, __context={"id": "2", "title": "Praktijkroute  2027\n"})
    with unit_of_work(engine, school_id=world.school.id) as session:
        context = session.scalars(sa.select(Context)).one()
    assert (context.title, context.label) == ("Praktijkroute 2027", None)


def test_linking_somebody_stands_in_the_access_log(
    lms: Lms, browser: Browser, student: User, engine: sa.Engine, world: World
) -> None:
    browser.click(lms, student)
    browser.click(lms, student)
    with unit_of_work(engine, school_id=world.school.id) as session:
        event = session.scalars(
            sa.select(AuditEvent).where(AuditEvent.verb == "linked identity")
        ).one()
        identity = session.scalars(sa.select(LtiIdentity)).one()
    assert event.subject_id == identity.id
    assert event.details == {"link": "by number"}
    assert identity.person_id == world.student.id


def test_somebody_without_a_name_gets_one_when_the_platform_sends_it(
    lms: Lms, browser: Browser, engine: sa.Engine, world: World
) -> None:
    user = lms.add_user(User("55", (LEARNER,)))
    browser.click(lms, user)
    assert browser.get("/api/me").json()["person"]["name"] == "Zonder naam"
    browser.launch(lms, user, name="Noor Naam", given_name="Noor")
    assert browser.get("/api/me").json()["person"]["name"] == "Noor Naam"
    browser.launch(lms, user, name="Iemand Anders")
    with unit_of_work(engine, school_id=world.school.id) as session:
        person = session.scalars(
            sa.select(Person).join(LtiIdentity, LtiIdentity.person_id == Person.id)
        ).one()
    assert (person.name, person.given_name, person.email) == ("Noor Naam", "Noor", None)
