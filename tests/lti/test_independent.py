"""A full round with an LMS that somebody else wrote (lti.md case 50)."""

from collections.abc import Iterator
from decimal import Decimal
from html import unescape

import httpx
import pytest
import sqlalchemy as sa
from flask import Flask

from lti import keys
from lti.calling import grades
from lti.calling.names_roles import members
from lti.calling.services import Caller, ServiceError, caller_for
from lti.connecting.registrations import activate, add_deployment, add_registration
from lti.models import Context, Registration
from tests import independent
from tests.lms import INSTRUCTOR, LEARNER
from tests.lti.browser import _INPUT, Browser
from tests.lti.picking import _TOKEN as _CSRF
from tests.lti.picking import TITLES, answer_in
from tests.world import World
from tracker.db import unit_of_work, utc_now


@pytest.fixture
def platform(site: str, engine: sa.Engine, world: World) -> Iterator[independent.State]:
    """Run the other LMS, registered with the school of `world`, with five people in its course."""
    with independent.running(site) as state:
        people = [("3", LEARNER, world.student), ("1003", INSTRUCTOR, world.coach)]
        state.members = [
            {
                "user_id": user_id,
                "roles": [role],
                "name": person.name,
                "lis_person_sourcedid": person.number,
            }
            for user_id, role, person in people
        ]
        state.members += [{"user_id": f"x{n}", "roles": [LEARNER]} for n in range(3)]
        at = utc_now()
        with unit_of_work(engine) as session:
            registration = add_registration(
                session,
                school=world.school,
                issuer=state.url,
                client_id=independent.CLIENT_ID,
                auth_url=f"{state.url}/auth",
                token_url=f"{state.url}/token",
                jwks_url=f"{state.url}/jwks",
                audience=None,
                allow_loopback=True,
                at=at,
            )
            deployment = add_deployment(
                session, registration=registration, lti_id=independent.DEPLOYMENT_ID, at=at
            )
            activate(session, deployment_id=deployment.id, at=at)
        yield state


def launch(browser: Browser, platform: independent.State, user_id: str) -> httpx.Response:
    """Click in the LMS and go the whole way over its own pages."""
    started = browser.get(platform.login_url(user_id))
    assert started.status_code == 302, started.text
    page = browser.get(started.headers["location"])
    assert page.status_code == 200, page.text
    fields = {unescape(name): unescape(value) for name, value in _INPUT.findall(page.text)}
    return browser.post("/lti/launch", fields)


def context_of(engine: sa.Engine, world: World) -> Context:
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        return session.scalars(sa.select(Context).where(Context.lti_id == independent.COURSE)).one()


def caller_of(app: Flask, engine: sa.Engine, platform: independent.State) -> Caller:
    settings = app.extensions["settings"]
    at = utc_now()
    with unit_of_work(engine) as session:
        keys.ensure_keys(session, encryption_keys=settings.encryption_keys, at=at)
        registration = session.scalars(
            sa.select(Registration).where(Registration.issuer == platform.url)
        ).one()
    return caller_for(settings, engine, registration)


@pytest.mark.parametrize("user_id", ["3", "1003"])
def test_a_launch_from_another_makers_lms_signs_in(
    browser: Browser, platform: independent.State, user_id: str
) -> None:
    response = launch(browser, platform, user_id)
    assert response.status_code == 303, response.text
    assert browser.is_signed_in


def test_its_roster_is_read_whole_over_unquoted_next_links(
    app: Flask, engine: sa.Engine, world: World, browser: Browser, platform: independent.State
) -> None:
    launch(browser, platform, "1003")
    url = context_of(engine, world).memberships_url
    assert url == platform.memberships_url
    found = members(caller_of(app, engine, platform), url, at=utc_now())
    assert [one.user_id for one in found] == ["3", "1003", "x0", "x1", "x2"]
    assert found[0].person_sourcedid == world.student.number


def test_its_gradebook_takes_our_columns_and_scores(
    app: Flask, engine: sa.Engine, world: World, browser: Browser, platform: independent.State
) -> None:
    launch(browser, platform, "1003")
    context, at = context_of(engine, world), utc_now()
    assert context.lineitems_url is not None
    granted = (context.scopes or "").split()
    caller = caller_of(app, engine, platform)
    made = [
        grades.create_line_item(
            caller,
            context.lineitems_url,
            granted=granted,
            label=f"Voortgang {number}",
            maximum=Decimal(100),
            tag="progress",
            resource_link_id=independent.LINK,
            at=at,
        )
        for number in range(3)
    ]
    changed = grades.change_line_item(
        caller, made[1].url, granted=granted, label="Bewijs", maximum=Decimal(12), at=at
    )
    assert (changed.label, changed.resource_link_id) == ("Bewijs", independent.LINK)
    grades.remove_line_item(caller, made[2].url, granted=granted, at=at)
    grades.remove_line_item(caller, made[2].url, granted=granted, at=at)
    listed = grades.line_items(caller, context.lineitems_url, granted=granted, at=at)
    assert listed == (made[0], changed)
    score = {
        "granted": granted,
        "maximum": Decimal(100),
        "activity_progress": "InProgress",
        "comment": "Door je coach bevestigd",
        "stamped_at": at,
        "at": at,
    }
    for user_id, value in (("3", "41.5"), ("x0", "0"), ("x1", "100")):
        grades.send_score(caller, made[0].url, user_id=user_id, value=Decimal(value), **score)
    with pytest.raises(ServiceError, match="conflict"):
        grades.send_score(caller, made[0].url, user_id="3", value=Decimal(50), **score)
    held = grades.results(caller, made[0].url, granted=granted, at=at)
    assert [(one.user_id, one.score) for one in held] == [
        ("3", Decimal("41.5")),
        ("x0", Decimal(0)),
        ("x1", Decimal(100)),
    ]
    assert held[0].comment == "Door je coach bevestigd"


def test_what_a_teacher_places_there_opens_for_a_student(
    browser: Browser, site: str, platform: independent.State, app: Flask, engine: sa.Engine
) -> None:
    caller_of(app, engine, platform)  # has keys made
    platform.opens_picker = True
    picker = launch(browser, platform, "1003")
    assert picker.status_code == 303, picker.text
    path = picker.headers["location"]
    token = _CSRF.findall(browser.get(path).text)[0]
    fields = {"csrf_token": unescape(token), **TITLES, "item": "goals"}
    return_url, answer = answer_in(browser.send("POST", path, data=fields))
    assert browser.post(return_url, {"JWT": answer}).text == "placed"
    [placed] = platform.placed
    assert (placed["type"], placed["custom"]) == ("ltiResourceLink", {"page": "goals"})
    platform.opens_picker = False
    with Browser(site) as student:
        opened = launch(student, platform, "3")
        assert opened.status_code == 303, opened.text
        assert student.get(opened.headers["location"]).status_code == 200
