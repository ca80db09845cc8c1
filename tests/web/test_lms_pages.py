"""The administrator's pages of LMSs: connecting, switching, testing, courses; one school only."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import sqlalchemy as sa
from flask import Flask

from lti.connecting.registrations import add_deployment, origins_of_school
from lti.launching.launch_log import log_launch
from lti.models import (
    AccessRequest,
    AccessRequestState,
    Context,
    ContextPull,
    ContextPullKind,
    Deployment,
    DeploymentState,
    Invite,
    Registration,
)
from tests import lms as platforms
from tests.lms import Lms
from tests.lms_registration import TOKEN, configuration_url
from tests.lti.registering import register
from tests.visits import Visit
from tests.world import World
from tracker.db import new_id, unit_of_work, utc_now
from tracker.models import AuditEvent, Group, GroupRole, Membership, PlanRole, School

PAGE = "/school/lms"
LONG = "Praktijkroute " + "coachgroepbegeleidingsgesprekken" * 4


@pytest.fixture
def visit(app: Flask, world: World) -> Visit:
    return Visit(app, world.administrator)


@pytest.fixture
def lms(live_server: str) -> Iterator[Lms]:
    with platforms.running(live_server) as running:
        yield running


@pytest.fixture
def joined(engine: sa.Engine, lms: Lms, world: World) -> tuple[Registration, Deployment]:
    return register(engine, lms, world.school, is_active=False, product="moodle")


@pytest.fixture
def foreign(engine: sa.Engine, world: World) -> tuple[Registration, Deployment]:
    """Register a platform with the other school."""
    with unit_of_work(engine) as session:
        elsewhere = session.scalars(sa.select(School).where(School.id != world.school.id)).one()
    stranger = Lms(url="http://127.0.0.1:9", tool="http://x", client_id="theirs")
    return register(engine, stranger, elsewhere)


@pytest.fixture
def course(engine: sa.Engine, world: World, joined: tuple[Registration, Deployment]) -> Context:
    """Add a course with a roster: the world's coach teaches, the student learns."""
    with unit_of_work(engine, school_id=world.school.id) as session:
        group = Group(school_id=world.school.id, title="PR-30", created_at=world.at)
        session.add(group)
        session.flush()
        context = Context(
            school_id=world.school.id,
            deployment_id=joined[1].id,
            lti_id="2",
            title=LONG,
            group_id=group.id,
            memberships_url="http://127.0.0.1:9/m",
            launched_at=world.at,
            created_at=world.at,
        )
        session.add(context)
        people = {world.coach: GroupRole.TEACHER, world.student: GroupRole.STUDENT}
        for person, role in people.items():
            session.add(
                Membership(
                    school_id=world.school.id,
                    group_id=group.id,
                    person_id=person.id,
                    role=role,
                    from_on=world.on,
                )
            )
    return context


def ask(engine: sa.Engine, world: World, course: Context) -> AccessRequest:
    with unit_of_work(engine, school_id=world.school.id) as session:
        request = AccessRequest(
            school_id=world.school.id,
            context_id=course.id,
            person_id=world.coach.id,
            state=AccessRequestState.WAITING,
            asked_at=world.at,
        )
        session.add(request)
    return request


def hold(engine: sa.Engine, world: World, course: Context) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        session.add(
            ContextPull(
                school_id=world.school.id,
                context_id=course.id,
                kind=ContextPullKind.ROSTER,
                attempts=0,
                held={"closes": 12, "of": 20},
            )
        )


def row(engine: sa.Engine, world: World, table: type[Any], key: Any = None) -> Any:
    with unit_of_work(engine, school_id=world.school.id) as session:
        query = sa.select(table)
        return session.scalars(query if key is None else query.where(table.id == key)).one()


def by_hand(url: str, **changes: str) -> dict[str, str]:
    return {
        "product": "canvas",
        "issuer": url,
        "client_id": "10000000000042",
        "deployment": "7:abc",
        "auth_url": f"{url}/auth",
        "token_url": f"{url}/token",
        "jwks_url": f"{url}/jwks",
        **changes,
    }


def test_a_school_without_an_lms_is_shown_the_way(visit: Visit) -> None:
    page = visit.get(PAGE)
    assert "Nog geen leeromgeving gekoppeld" in page
    assert f"{PAGE}/new" in page


def test_only_an_administrator_sees_these_pages(
    app: Flask, world: World, joined: tuple[Registration, Deployment], course: Context
) -> None:
    paths = (
        PAGE,
        f"{PAGE}/new",
        f"{PAGE}/{joined[0].id}",
        f"{PAGE}/courses/{course.id}",
    )
    for person in (world.student, world.coach, world.teacher, world.supervisor):
        other = Visit(app, person)
        for path in paths:
            other.get(path, 403)


@pytest.mark.parametrize("product", ["moodle", "canvas", "brightspace", "itslearning", "other"])
def test_each_lms_has_its_own_steps_and_our_addresses(
    app: Flask, visit: Visit, product: str
) -> None:
    page = visit.get(f"{PAGE}/new?lms={product}")
    us = app.extensions["settings"].public_url
    for path in ("/lti/launch", "/lti/login", "/lti/jwks"):
        assert us + path in page
    assert ("Maak een uitnodiging" in page) == (product != "itslearning")
    assert ("uit documentatie" in page) == (product not in {"moodle", "other"})
    assert f"{PAGE}/new?lms={product}" in visit.get(f"{PAGE}/new")


def test_an_invitation_from_the_page_connects_an_lms(
    visit: Visit, engine: sa.Engine, world: World, lms: Lms
) -> None:
    answer = visit.submit(f"{PAGE}/new?lms=moodle", f"{PAGE}/invites", {"product": "moodle"})
    assert answer.status_code == 200
    address = (
        answer.get_data(as_text=True).split('id="address" rows="3" readonly>')[1].split("<")[0]
    )
    (kept,) = [row(engine, world, Invite)]
    assert kept.by_id == world.administrator.id
    joined = requests.post(
        address,
        data={"openid_configuration": configuration_url(lms), "registration_token": TOKEN},
        timeout=20,
    )
    assert joined.status_code == 200
    registration = row(engine, world, Registration)
    assert registration.school_id == world.school.id
    assert "Wacht" in visit.get(PAGE)


def test_an_lms_is_connected_by_hand_and_waits(
    visit: Visit, engine: sa.Engine, world: World
) -> None:
    url = "https://canvas.example"
    sent = by_hand(url, home_url="https://school.instructure.example")
    answer = visit.submit(f"{PAGE}/new?lms=canvas", f"{PAGE}/new", sent)
    assert answer.status_code == 303
    registration, deployment = row(engine, world, Registration), row(engine, world, Deployment)
    assert answer.headers["Location"] == f"{PAGE}/{registration.id}"
    assert (registration.product, registration.issuer) == ("canvas", url)
    assert registration.home_url == "https://school.instructure.example"
    assert deployment.state is DeploymentState.INACTIVE


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("issuer", "", "Vul dit in."),
        ("issuer", "geen adres", "Dit is geen adres"),
        ("token_url", "http://lms.example/token", "https"),
        ("jwks_url", "http://10.0.0.1/jwks", "https"),
        ("home_url", "javascript:alert(1)", "Dit is geen adres"),
        ("client_id", "x" * 300, "te lang"),
    ],
)
def test_what_was_typed_stays_when_something_is_wrong(
    visit: Visit, engine: sa.Engine, field: str, value: str, words: str
) -> None:
    sent = by_hand("https://canvas.example", **{field: value})
    answer = visit.submit(f"{PAGE}/new?lms=canvas", f"{PAGE}/new", sent)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert words in page
    assert "7:abc" in page
    with unit_of_work(engine) as session:
        assert session.scalars(sa.select(Registration)).all() == []


def test_a_client_of_another_school_cannot_be_taken_over_by_hand(
    visit: Visit, foreign: tuple[Registration, Deployment]
) -> None:
    theirs = foreign[0]
    sent = by_hand(theirs.issuer, client_id=theirs.client_id)
    answer = visit.submit(f"{PAGE}/new?lms=other", f"{PAGE}/new", sent)
    assert answer.status_code == 422
    assert "andere school" in answer.get_data(as_text=True)


def test_a_deployment_is_switched_on_and_off(
    visit: Visit, engine: sa.Engine, world: World, joined: tuple[Registration, Deployment]
) -> None:
    registration, deployment = joined
    page = f"{PAGE}/{registration.id}"
    for state, expected in (("on", DeploymentState.ACTIVE), ("off", DeploymentState.INACTIVE)):
        sent = {"deployment": str(deployment.id), "state": state}
        assert visit.submit(page, f"{page}/deployments", sent).status_code == 303
        assert row(engine, world, Deployment).state is expected
    with unit_of_work(engine, school_id=world.school.id) as session:
        verbs = session.scalars(
            sa.select(AuditEvent.verb).where(AuditEvent.subject_id == deployment.id)
        ).all()
    assert sorted(verbs) == ["switched off", "switched on"]
    sent = {"deployment": "geen id", "state": "on"}
    assert visit.submit(page, f"{page}/deployments", sent).status_code == 303
    assert row(engine, world, Deployment).state is DeploymentState.INACTIVE


def test_a_deployment_that_waits_is_named_until_somebody_decides(
    visit: Visit, engine: sa.Engine, joined: tuple[Registration, Deployment]
) -> None:
    registration, deployment = joined
    page = f"{PAGE}/{registration.id}"

    def waits() -> bool:
        part = visit.get("/school").partition('id="waits"')[2].partition("</section>")[0]
        return "Leeromgevingen" in part and "1 wacht" in part

    def switch(one: Deployment, state: str) -> None:
        sent = {"deployment": str(one.id), "state": state}
        assert visit.submit(page, f"{page}/deployments", sent).status_code == 303

    assert waits()
    switch(deployment, "on")
    assert not waits()
    with unit_of_work(engine) as session:
        second = add_deployment(session, registration=registration, lti_id="2", at=utc_now())
    assert waits()
    assert "Aan, maar een deployment staat uit" in visit.get(PAGE)
    switch(second, "on")
    switch(second, "off")
    assert not waits(), "what somebody switched off waits for nothing"
    switch(deployment, "off")
    shown = visit.get(PAGE)
    assert "Uit: niemand komt binnen" in shown
    assert "Wacht op aanzetten" not in shown


def test_two_platforms_of_one_kind_are_told_apart_by_their_host(
    visit: Visit, engine: sa.Engine, world: World, course: Context, lms: Lms
) -> None:
    assert "(127.0.0.1" not in visit.get(PAGE)
    other = Lms(url="http://127.0.0.1:9", tool="http://x", client_id="tool-2")
    register(engine, other, world.school, product="moodle")
    assert f"Moodle ({lms.url.partition('//')[2]})" in visit.get(PAGE)


def test_a_platform_of_another_school_cannot_be_named(
    visit: Visit,
    engine: sa.Engine,
    joined: tuple[Registration, Deployment],
    foreign: tuple[Registration, Deployment],
) -> None:
    """Registrations stand before the wall between schools: every operation names its own."""
    theirs, deployment = foreign
    visit.get(f"{PAGE}/{theirs.id}", 404)
    mine = f"{PAGE}/{joined[0].id}"
    sent = {"deployment": str(deployment.id), "state": "off"}
    assert visit.submit(mine, f"{mine}/deployments", sent).status_code == 404
    for path, fields in (
        (f"{PAGE}/{theirs.id}", {"number_claim": "custom.x"}),
        (f"{PAGE}/{theirs.id}/deployments", sent),
        (f"{PAGE}/{theirs.id}/check", {}),
    ):
        assert visit.submit(mine, path, fields).status_code == 404, path
    with unit_of_work(engine) as session:
        kept = session.get_one(Registration, theirs.id)
        assert kept.number_claim != "custom.x"
        assert kept.checked_at is None
        assert session.get_one(Deployment, deployment.id).state is DeploymentState.ACTIVE
    assert "theirs" not in visit.get(PAGE)


def test_a_context_cannot_hang_on_a_deployment_of_another_school(
    engine: sa.Engine, world: World, foreign: tuple[Registration, Deployment]
) -> None:
    with (
        pytest.raises(sa.exc.IntegrityError),
        unit_of_work(engine, school_id=world.school.id) as session,
    ):
        session.add(
            Context(
                school_id=world.school.id,
                deployment_id=foreign[1].id,
                lti_id="9",
                created_at=utc_now(),
            )
        )


def test_a_deployment_cannot_hang_on_a_registration_of_another_school(
    engine: sa.Engine, world: World, foreign: tuple[Registration, Deployment]
) -> None:
    with pytest.raises(sa.exc.IntegrityError), unit_of_work(engine) as session:
        session.add(
            Deployment(
                school_id=world.school.id,
                registration_id=foreign[0].id,
                lti_id="9",
                state=DeploymentState.ACTIVE,
                created_at=utc_now(),
            )
        )


def test_settings_change_and_bad_ones_come_back(
    visit: Visit, engine: sa.Engine, world: World, joined: tuple[Registration, Deployment]
) -> None:
    page = f"{PAGE}/{joined[0].id}"
    good = {"number_claim": "custom.person_number", "home_url": "https://moodle.example"}
    assert visit.submit(page, page, good).status_code == 303
    changed = row(engine, world, Registration)
    assert changed.number_claim == "custom.person_number"
    assert (changed.home_url, changed.audience) == ("https://moodle.example", None)
    with unit_of_work(engine) as session:  # it may show us in its frame
        assert "https://moodle.example" in origins_of_school(session, world.school.id)
    for field, value in (("number_claim", "email"), ("home_url", "ftp://x")):
        answer = visit.submit(page, page, {**good, field: value})
        assert answer.status_code == 422, field
        assert value in answer.get_data(as_text=True)
    assert row(engine, world, Registration).number_claim == "custom.person_number"


def test_the_self_test_runs_from_the_page_and_says_what_to_do(
    visit: Visit, joined: tuple[Registration, Deployment], lms: Lms
) -> None:
    page = f"{PAGE}/{joined[0].id}"
    assert "Nog niet getest" in visit.get(page)
    assert visit.submit(page, f"{page}/check", {}).status_code == 303
    shown = visit.get(page)
    assert "Zet de deployment op deze pagina aan." in shown
    assert "Leerspoor draait alleen op deze computer." in shown
    sent = {"deployment": str(joined[1].id), "state": "on"}
    assert visit.submit(page, f"{page}/deployments", sent).status_code == 303
    shown = visit.get(page)
    assert "De koppeling staat uit" not in shown, "it was switched on since that test"
    assert "Leerspoor draait alleen op deze computer." in shown


def test_refused_launches_are_shown_with_their_help_code_and_no_name(
    visit: Visit, engine: sa.Engine, world: World, joined: tuple[Registration, Deployment]
) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        told: dict[str, Any] = {
            "school_id": world.school.id,
            "registration_id": joined[0].id,
            "at": world.at,
        }
        log_launch(
            session,
            code="deployment_inactive",
            detail=str(joined[1].id),
            help_code="LS-ABCDEF",
            **told,
        )
        log_launch(session, code="claim_missing", detail="roles", **told)
        log_launch(session, code="launched", **told)
    for path in (PAGE, f"{PAGE}/{joined[0].id}"):
        page = visit.get(path)
        assert "LS-ABCDEF" in page
        assert "roles" in page
        assert "Sanne" not in page
        # A deployment goes by the name that the LMS gives it, with the way to switch it on.
        assert f"Deployment <b>{joined[1].lti_id}</b>" in page
        assert f'href="{PAGE}/{joined[0].id}#on"' in page
        assert f"<code>{joined[1].id}</code>" not in page


def test_a_refusal_of_what_is_on_by_now_asks_to_switch_nothing_on(
    visit: Visit, engine: sa.Engine, world: World, joined: tuple[Registration, Deployment]
) -> None:
    page = f"{PAGE}/{joined[0].id}"
    with unit_of_work(engine, school_id=world.school.id) as session:
        log_launch(
            session,
            school_id=world.school.id,
            registration_id=joined[0].id,
            code="deployment_inactive",
            detail=str(joined[1].id),
            help_code="LS-ABCDEF",
            at=world.at,
        )
    assert "Zet hem aan, of laat hem uit" in visit.get(page)
    visit.submit(page, f"{page}/deployments", {"deployment": str(joined[1].id), "state": "on"})
    for path in (PAGE, page):
        shown = visit.get(path)
        assert "Zet hem aan, of laat hem uit" not in shown
        assert f"Deployment <b>{joined[1].lti_id}</b>. Nu staat hij aan." in shown
        assert "LS-ABCDEF" in shown


def test_somebody_without_a_place_in_the_course_is_told_in_the_readers_language(
    visit: Visit, engine: sa.Engine, world: World, joined: tuple[Registration, Deployment]
) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        log_launch(
            session,
            school_id=world.school.id,
            registration_id=joined[0].id,
            code="no_place",
            at=world.at,
        )
    page = visit.get(PAGE)
    assert "Er kwam iemand die geen student of docent is in de cursus." in page
    assert "Geef diegene een rol in de cursus, tenzij het een test was." in page


def test_an_lms_of_no_kind_that_we_know_goes_by_its_host(
    visit: Visit, engine: sa.Engine, lms: Lms, world: World
) -> None:
    registration, _ = register(engine, lms, world.school, is_active=False)
    host = lms.issuer.removeprefix("http://")
    assert f'<th scope="row">{host}<br>' in visit.get(PAGE)
    assert f"<h1>{host}</h1>" in visit.get(f"{PAGE}/{registration.id}")


def test_a_list_that_could_not_be_read_leads_to_the_self_test_of_its_connection(
    visit: Visit,
    engine: sa.Engine,
    world: World,
    joined: tuple[Registration, Deployment],
    course: Context,
) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        session.add(
            ContextPull(
                school_id=world.school.id,
                context_id=course.id,
                kind=ContextPullKind.ROSTER,
                attempts=1,
                error="unreachable",
            )
        )
    shown = visit.get(f"{PAGE}/courses/{course.id}")
    assert "De lijst met mensen kon niet worden gelezen." in shown
    assert f'href="{PAGE}/{joined[0].id}#test"' in shown


def test_a_course_is_confirmed_once_and_that_can_end(
    visit: Visit, engine: sa.Engine, world: World, course: Context
) -> None:
    page = f"{PAGE}/courses/{course.id}"
    assert "1 student" in visit.get(page)
    assert LONG in visit.get(PAGE)
    assert visit.submit(page, page, {"instructors_are": "team"}).status_code == 303
    assert row(engine, world, Context).instructors_are is PlanRole.TEAM
    assert "kernteam" in visit.get(PAGE)
    assert visit.submit(page, page, {"instructors_are": "nobody"}).status_code == 303
    assert row(engine, world, Context).instructors_are is None
    assert visit.submit(page, page, {"instructors_are": "supervisor"}).status_code == 303
    assert row(engine, world, Context).instructors_are is None


@pytest.mark.parametrize(
    ("answer", "state", "role"),
    [
        ("coach", AccessRequestState.GIVEN, PlanRole.COACH),
        ("nobody", AccessRequestState.DECLINED, None),
    ],
)
def test_a_request_for_access_is_answered(
    visit: Visit,
    engine: sa.Engine,
    world: World,
    course: Context,
    answer: str,
    state: AccessRequestState,
    role: PlanRole | None,
) -> None:
    request = ask(engine, world, course)
    assert "1 verzoek" in visit.get(PAGE)
    page = f"{PAGE}/courses/{course.id}"
    assert world.coach.name in visit.get(page)
    sent = {"request": str(request.id), "instructors_are": answer}
    assert visit.submit(page, f"{page}/access", sent).status_code == 303
    assert row(engine, world, AccessRequest).state is state
    assert row(engine, world, Context).instructors_are is role
    assert visit.submit(page, f"{page}/access", sent).status_code == 303
    assert "al beantwoord" in visit.get(page)


def test_a_request_that_is_not_there_answers_nobody(
    visit: Visit, world: World, course: Context
) -> None:
    page = f"{PAGE}/courses/{course.id}"
    sent = {"request": str(new_id()), "instructors_are": "coach"}
    assert visit.submit(page, f"{page}/access", sent).status_code == 404


def test_a_held_list_of_people_is_released(
    visit: Visit, engine: sa.Engine, world: World, course: Context
) -> None:
    page = f"{PAGE}/courses/{course.id}"
    assert visit.submit(page, f"{page}/release", {}).status_code == 303
    assert "niets meer vrij te geven" in visit.get(page)
    hold(engine, world, course)
    assert "12 van de 20" in visit.get(page)
    assert visit.submit(page, f"{page}/release", {}).status_code == 303
    assert row(engine, world, ContextPull).released_at is not None


def test_many_courses_cost_no_more_questions_to_the_database(
    visit: Visit, engine: sa.Engine, world: World, course: Context
) -> None:
    before = visit.count_queries(PAGE)
    with unit_of_work(engine, school_id=world.school.id) as session:
        for number in range(20):
            session.add(
                Context(
                    school_id=world.school.id,
                    deployment_id=course.deployment_id,
                    lti_id=f"more {number}",
                    created_at=world.at,
                )
            )
    assert visit.count_queries(PAGE) == before
