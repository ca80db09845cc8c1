"""What stays of a launch for the administrator and in the log: how it ended, and nobody's name."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from structlog.testing import capture_logs

from identity.sessions import digest_of
from lti import jobs
from lti.launching.login import KEPT_EXPIRED
from lti.models import LaunchLog, LoginState, Registration
from tests.lms import INSTRUCTOR, LEARNER, LTI, MEMBERSHIP, Lms, User
from tests.lti.browser import Browser, verdict
from tests.lti.courses import launches
from tests.world import World
from tracker.db import new_id, unit_of_work, utc_now
from tracker.models import Person, PersonState


def test_every_launch_and_refusal_of_a_known_platform_is_a_row(
    lms: Lms, browser: Browser, student: User, engine: sa.Engine, world: World
) -> None:
    browser.click(lms, student)
    refused = browser.launch(lms, student, sub=None)
    browser.launch(lms, student, __roles=[])
    browser.post("/lti/login", lms.login(student, target_link_uri="https://e.example/"))
    browser.post("/lti/login", lms.login(student, iss="https://unknown.example"))
    rows = launches(engine, world.school)
    assert [(row.code, row.role, row.detail) for row in rows] == [
        ("launched", "learner", None),
        ("claim_missing", None, "sub"),
        ("no_place", "none", None),
        ("target_foreign", None, "target_link_uri"),
    ]
    assert rows[1].help_code is not None
    assert rows[1].help_code in refused.text
    assert rows[0].help_code is None


def test_a_refusal_after_the_token_was_good_names_the_role(
    lms: Lms, browser: Browser, student: User, engine: sa.Engine, world: World
) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        found = session.get_one(Person, (world.school.id, world.student.id))
        found.state = PersonState.SUSPENDED
    assert verdict(browser.click(lms, student)) == (403, "person_inactive")
    assert [(row.code, row.role) for row in launches(engine, world.school)] == [
        ("person_inactive", "learner")
    ]


def test_rows_go_after_thirty_days(
    app: Flask, lms: Lms, browser: Browser, student: User, engine: sa.Engine, world: World
) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        registration_id = session.scalars(sa.select(Registration.id)).one()
        session.add_all(
            LaunchLog(
                school_id=world.school.id,
                id=new_id(),
                registration_id=registration_id,
                code=f"{days} days",
                happened_at=utc_now() - timedelta(days=days),
            )
            for days in (31, 31, 29)
        )
    browser.click(lms, student)
    with app.app_context():
        jobs.drop_old()
    assert [row.code for row in launches(engine, world.school)] == ["29 days", "launched"]


def test_logins_from_which_nobody_came_back_go_too(
    app: Flask, lms: Lms, browser: Browser, student: User, engine: sa.Engine
) -> None:
    ended = browser.start(lms, student)
    waits = browser.start(lms, student)
    with unit_of_work(engine) as session:
        row = session.get_one(LoginState, digest_of(ended.state))
        row.expires_at = utc_now() - KEPT_EXPIRED - timedelta(seconds=1)
    with app.app_context():
        jobs.drop_old()
    with unit_of_work(engine) as session:
        left = session.scalars(sa.select(LoginState.digest)).all()
    assert left == [digest_of(waits.state)]


# lti.md case 48
def test_nothing_personal_stands_in_the_log_or_in_the_rows(
    lms: Lms, browser: Browser, engine: sa.Engine, world: World
) -> None:
    user = lms.add_user(
        User("sub-4711", ("Learner",), name="Geheime Naam", number="S4711", email="g@naam.example")
    )
    tokens = []
    said: list[dict[str, Any]]
    said = [{}, {"exp": 1}, {"__roles": []}, {"__deployment_id": "2"}, {"iat": "0"}]
    with capture_logs() as logged:
        for changes in said:
            started = browser.start(lms, user)
            claims = lms.claims(user, **{"nonce": started.nonce, **changes})
            tokens.append(lms.sign(claims))
            browser.come_back(started, tokens[-1])
    events = [entry["event"] for entry in logged]
    assert events == [
        "launched",
        "launch refused",
        "launch without a place",
        *["launch refused"] * 2,
    ]
    rows = [vars(row) for row in launches(engine, world.school)]
    assert len(rows) == len(said)
    for secret in ("sub-4711", "Geheime", "S4711", "g@naam.example", *tokens):
        assert secret not in str(logged)
        assert secret not in str(rows)
    assert len({entry["registration"] for entry in logged}) == 1
    assert {entry["help_code"][:3] for entry in logged if "help_code" in entry} == {"LS-"}


ADMINISTRATOR = f"{MEMBERSHIP}#Administrator"


@pytest.mark.parametrize(
    ("role", "said", "unsaid"),
    [
        (LEARNER, "Vraag het aan je coach", "Vraag het aan je beheerder"),
        (INSTRUCTOR, "Vraag het aan je beheerder", "Vraag het aan je coach"),
    ],
)
def test_a_page_speaks_to_who_reads_it(
    lms: Lms, browser: Browser, engine: sa.Engine, world: World, role: str, said: str, unsaid: str
) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        session.execute(sa.update(Person).values(state=PersonState.SUSPENDED))
    user = lms.add_user(User("3", (role,), number=world.student.number))
    response = browser.click(lms, user)
    assert verdict(response) == (403, "person_inactive")
    assert said in response.text
    assert unsaid not in response.text


def test_an_administrator_of_the_lms_reads_at_once_what_to_do(
    lms: Lms, browser: Browser, engine: sa.Engine
) -> None:
    for role, is_told in ((ADMINISTRATOR, True), (LEARNER, False)):
        user = lms.add_user(User(f"of {role}", (role,)))
        started = browser.start(lms, user, lti_deployment_id="new-7")
        claims = lms.claims(user, nonce=started.nonce, __deployment_id="new-7")
        response = browser.come_back(started, lms.sign(claims))
        assert verdict(response) == (403, "deployment_inactive")
        assert ("Meld het bij de beheerder" not in response.text) is is_told
        assert "Zet deze deployment aan in Leerspoor" in response.text  # for others, folded away


def test_a_page_leads_back_to_the_lms_and_nowhere_else(
    lms: Lms, browser: Browser, student: User
) -> None:
    back = f"{lms.url}/course/2"
    for url, is_shown in ((back, True), ("https://evil.example/", False)):
        said = {LTI + "launch_presentation": {"return_url": url}, "__roles": []}
        response = browser.launch(lms, student, **said)
        assert (f'href="{url}"' in response.text) is is_shown
