"""Who somebody from an LMS is here: issuer and sub, a trusted number, never an e-mail address."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from lti.connecting.registrations import activate, inactive_deployments
from lti.models import Deployment, DeploymentState, LtiIdentity
from lti.people.linking import Candidate, Decision, Link, decide
from tests import lms as platforms
from tests.lms import INSTRUCTOR, LEARNER, Lms, User
from tests.lti.browser import Browser, verdict
from tests.lti.registering import register
from tests.world import World
from tracker.db import unit_of_work, utc_now
from tracker.models import Person, PersonState


def me(browser: Browser) -> dict[str, Any]:
    found: dict[str, Any] = browser.get("/api/me").json()
    return found


@pytest.mark.parametrize(
    ("number", "candidate", "expected"),
    [
        (None, None, Decision(Link.NEW)),
        ("S1", None, Decision(Link.NEW, "S1")),
        ("S1", Candidate(is_linked=False, is_administrator=False), Decision(Link.BY_NUMBER)),
        ("S1", Candidate(is_linked=True, is_administrator=False), Decision(Link.NEW)),
        ("S1", Candidate(is_linked=False, is_administrator=True), Decision(Link.NEW)),
        ("S1", Candidate(is_linked=True, is_administrator=True), Decision(Link.NEW)),
    ],
)
def test_who_a_sub_is_follows_from_one_table(
    number: str | None, candidate: Candidate | None, expected: Decision
) -> None:
    assert decide(number=number, candidate=candidate) == expected


# lti.md case 29
def test_an_e_mail_address_never_links(lms: Lms, browser: Browser, world: World) -> None:
    user = lms.add_user(User("66", (INSTRUCTOR,), name="Cor Coach", email=world.coach.email))
    assert browser.click(lms, user).status_code == 303
    assert me(browser)["person"]["id"] != str(world.coach.id)
    assert browser.get("/api/overview").json()["items"] == []


def test_the_same_sub_comes_back_as_the_same_person(lms: Lms, browser: Browser) -> None:
    user = lms.add_user(User("67", (LEARNER,), name="Noor Nieuw"))
    browser.click(lms, user)
    first = me(browser)["person"]["id"]
    browser.cookies = {}
    browser.launch(lms, user, name="Andere Naam", email="other@example.org")
    assert me(browser)["person"] == {"id": first, "name": "Noor Nieuw"}


# lti.md case 30
def test_the_same_sub_on_two_registrations_is_two_links(
    lms: Lms, browser: Browser, engine: sa.Engine, world: World, site: str
) -> None:
    user = lms.add_user(User("3", (LEARNER,), name="Noor Nieuw"))
    browser.click(lms, user)
    first = me(browser)["person"]["id"]
    with platforms.running(site) as other:
        register(engine, other, world.school)
        other.add_user(replace(user, name="Iemand Anders"))
        browser.click(other, user)
    assert me(browser)["person"]["name"] == "Iemand Anders"
    assert me(browser)["person"]["id"] != first
    with unit_of_work(engine, school_id=world.school.id) as session:
        assert len(session.scalars(sa.select(LtiIdentity)).all()) == 2


def test_one_person_in_two_lmss_of_the_school_is_one_person_by_number(
    lms: Lms, browser: Browser, student: User, engine: sa.Engine, world: World, site: str
) -> None:
    browser.click(lms, student)
    with platforms.running(site) as other:
        register(engine, other, world.school)
        other.add_user(replace(student, sub="a-9"))
        browser.click(other, other.users["a-9"])
    assert me(browser)["person"]["id"] == str(world.student.id)


def test_another_sub_with_a_number_that_is_taken_gets_no_ones_record(
    lms: Lms, browser: Browser, student: User, world: World
) -> None:
    browser.click(lms, student)
    copied = lms.add_user(replace(student, sub="4", name="Kopie"))
    browser.cookies = {}
    browser.click(lms, copied)
    assert me(browser)["person"]["id"] != str(world.student.id)


# lti.md case 31
@pytest.mark.parametrize("number", ["$Person.sourcedId", "${Person.sourcedId}", "", " ", "S\u00a0"])
def test_a_number_that_the_platform_left_open_is_no_number(
    lms: Lms, browser: Browser, engine: sa.Engine, world: World, number: str
) -> None:
    user = lms.add_user(User("68", (LEARNER,), name="Noor Nieuw", number=number))
    assert browser.click(lms, user).status_code == 303
    with unit_of_work(engine, school_id=world.school.id) as session:
        person = session.scalars(
            sa.select(Person).join(LtiIdentity, LtiIdentity.person_id == Person.id)
        ).one()
    assert person.number in {None, "S"}


def test_a_number_that_nobody_has_yet_stays_with_the_new_person(
    lms: Lms, browser: Browser, engine: sa.Engine, world: World
) -> None:
    browser.click(lms, lms.add_user(User("69", (LEARNER,), name="Noor", number="S900031")))
    with unit_of_work(engine, school_id=world.school.id) as session:
        person = session.scalars(sa.select(Person).where(Person.number == "S900031")).one()
    assert str(person.id) == me(browser)["person"]["id"]


def test_a_custom_parameter_is_no_number_unless_the_school_trusts_it(
    lms: Lms, browser: Browser, engine: sa.Engine, world: World
) -> None:
    """A teacher can write one in a link: whoever opens it would become that student."""
    user = lms.add_user(User("70", (LEARNER,), name="Noor"))
    custom = {"__custom": {"student_number": world.student.number}}
    browser.launch(lms, user, **custom)
    assert me(browser)["person"]["id"] != str(world.student.id)
    register(engine, lms, world.school, number_claim="custom.student_number")
    user = lms.add_user(User("71", (LEARNER,), name="Sanne"))
    browser.launch(lms, user, __custom={"student_number": "$Canvas.user.sisSourceId"})
    assert me(browser)["person"]["id"] != str(world.student.id)
    browser.launch(lms, lms.add_user(User("72", (LEARNER,))), **custom)
    assert me(browser)["person"]["id"] == str(world.student.id)


def test_an_administrator_is_never_reached_by_the_lmss_word(
    lms: Lms, browser: Browser, world: World
) -> None:
    user = lms.add_user(User("2", (INSTRUCTOR,), name="Ans", number=world.administrator.number))
    assert browser.click(lms, user).status_code == 303
    assert me(browser)["person"]["id"] != str(world.administrator.id)
    assert "administrator" not in me(browser)["roles"]


@pytest.mark.parametrize("state", [PersonState.SUSPENDED, PersonState.LEFT])
def test_a_suspended_person_gets_a_page_and_no_session(
    lms: Lms, browser: Browser, student: User, engine: sa.Engine, world: World, state: PersonState
) -> None:
    def set_state(to: PersonState) -> None:
        with unit_of_work(engine, school_id=world.school.id) as session:
            session.execute(sa.update(Person).where(Person.id == world.student.id).values(state=to))

    set_state(state)  # before the first launch: the number leads to them
    response = browser.click(lms, student)
    assert verdict(response) == (403, "person_inactive")
    assert not browser.is_signed_in
    set_state(PersonState.ACTIVE)
    assert browser.click(lms, student).status_code == 303
    set_state(state)  # and in the middle of a session
    assert browser.get("/api/me").status_code == 401
    response = browser.click(lms, student)
    assert verdict(response) == (403, "person_inactive")
    assert browser.get("/api/me").status_code == 401


def test_a_whole_class_that_comes_for_the_first_time_makes_each_person_once(
    lms: Lms, engine: sa.Engine, world: World, site: str
) -> None:
    user = lms.add_user(User("73", (LEARNER,), name="Noor", number="S900073"))

    def launch(_number: int) -> int:
        with Browser(site) as browser:
            return browser.click(lms, user).status_code

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(launch, range(8))) == [303] * 8
    with unit_of_work(engine, school_id=world.school.id) as session:
        assert len(session.scalars(sa.select(LtiIdentity)).all()) == 1
        assert len(session.scalars(sa.select(Person).where(Person.number == "S900073")).all()) == 1


@pytest.fixture
def waiting(site: str, engine: sa.Engine, world: World) -> Iterator[Lms]:
    """Run an LMS whose deployment nobody switched on yet."""
    with platforms.running(site) as running:
        register(engine, running, world.school, is_active=False)
        running.add_user(User("3", (LEARNER,), name="Sanne", number=world.student.number))
        yield running


# lti.md case 11
def test_a_deployment_that_is_not_switched_on_lets_nobody_in(
    waiting: Lms, browser: Browser, engine: sa.Engine, world: World
) -> None:
    response = browser.click(waiting, waiting.users["3"])
    assert verdict(response) == (403, "deployment_inactive")
    assert not browser.is_signed_in
    with unit_of_work(engine, school_id=world.school.id) as session:
        assert session.scalars(sa.select(LtiIdentity)).all() == []
        deployment = session.scalars(sa.select(Deployment)).one()
        activate(session, deployment_id=deployment.id, at=utc_now())
    assert browser.click(waiting, waiting.users["3"]).status_code == 303


# lti.md case 11
def test_an_unknown_deployment_becomes_a_row_that_waits_for_the_administrator(
    lms: Lms, browser: Browser, student: User, engine: sa.Engine
) -> None:
    for _ in range(2):
        started = browser.start(lms, student, lti_deployment_id="new-7")
        claims = lms.claims(student, nonce=started.nonce, __deployment_id="new-7")
        response = browser.come_back(started, lms.sign(claims))
        assert verdict(response) == (403, "deployment_inactive")
    with unit_of_work(engine) as session:
        rows = inactive_deployments(session)
    assert [(d.lti_id, d.state) for d, _, _ in rows] == [("new-7", DeploymentState.INACTIVE)]


def test_only_a_good_signature_makes_a_deployment_row(
    lms: Lms, browser: Browser, student: User, engine: sa.Engine
) -> None:
    started = browser.start(lms, student, lti_deployment_id="new-7")
    claims = lms.claims(student, nonce=started.nonce, __deployment_id="new-7")
    forged = lms.sign(claims, key=platforms.private_key(9))
    assert verdict(browser.come_back(started, forged)) == (401, "bad_signature")
    with unit_of_work(engine) as session:
        assert list(inactive_deployments(session)) == []
