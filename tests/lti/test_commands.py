"""The administrator's commands: register, activate, rotate."""

import json
from dataclasses import replace
from typing import Any

import requests
import sqlalchemy as sa
from click.testing import CliRunner, Result
from flask import Flask

from lti.commands import lti
from lti.models import Deployment, DeploymentState, Key, Registration
from tests import lms as platforms
from tests.lms import LEARNER, User
from tests.lms_registration import TOKEN, configuration_url
from tests.lti.browser import Browser, verdict
from tests.world import World
from tracker.db import unit_of_work
from tracker.errors import Conflict, Invalid
from tracker.models import AuditEvent


def run(app: Flask, *words: str) -> Result:
    return CliRunner().invoke(lti, words, obj=app)


def options(url: str, **changes: str) -> list[str]:
    given = {
        "issuer": url,
        "client-id": "tool-1",
        "auth-url": f"{url}/auth",
        "token-url": f"{url}/token",
        "jwks-url": f"{url}/jwks",
        "deployment": "1",
        **changes,
    }
    return [word for name, value in given.items() for word in (f"--{name}", value)]


def test_one_command_registers_a_platform_that_can_launch_at_once(
    app: Flask, site: str, world: World, browser: Browser
) -> None:
    with platforms.running(site) as lms:
        result = run(app, "add", world.school.slug, *options(lms.url), "--active", "--json")
        assert result.exit_code == 0, result.output
        printed: dict[str, Any] = json.loads(result.stdout)
        assert printed["login"] == f"{site}/lti/login"
        assert printed["launch"] == f"{site}/lti/launch"
        assert printed["jwks"] == f"{site}/lti/jwks"
        assert printed["state"] == "active"
        assert len(browser.get(printed["jwks"]).json()["keys"]) == 2
        user = lms.add_user(User("1", (LEARNER,), name="Noor"))
        assert browser.click(lms, user).headers["location"] == "/student"


def test_a_registration_waits_until_it_is_activated(
    app: Flask, site: str, engine: sa.Engine, world: World, browser: Browser
) -> None:
    with platforms.running(site) as lms:
        result = run(app, "add", world.school.slug, *options(lms.url))
        assert "state: inactive" in result.output
        assert "deployment: 1" in result.output
        user = lms.add_user(User("1", (LEARNER,), name="Noor"))
        assert verdict(browser.click(lms, user)) == (403, "deployment_inactive")
        waiting = run(app, "activate").output
        assert world.school.slug in waiting
        assert f"id: {waiting.split()[0]}" in result.output
        assert run(app, "activate", waiting.split()[0]).exit_code == 0
        assert run(app, "activate").output == ""
        with unit_of_work(engine, school_id=world.school.id) as session:
            logged = sa.select(AuditEvent.subject_id).where(AuditEvent.verb == "switched on")
            assert [str(key) for key in session.scalars(logged)] == [waiting.split()[0]]
        assert browser.click(lms, user).status_code == 303


def test_the_same_platform_again_changes_its_addresses_and_adds_a_deployment(
    app: Flask, site: str, world: World, engine: sa.Engine
) -> None:
    url = "http://127.0.0.1:8088"
    assert run(app, "add", world.school.slug, *options(url), "--active").exit_code == 0
    more = options(url, **{"auth-url": f"{url}/new?x=1", "deployment": "2"})
    assert run(app, "add", world.school.slug, *more, "--audience", "urn:lms").exit_code == 0
    with unit_of_work(engine) as session:
        registration = session.scalars(sa.select(Registration)).one()
        deployments = session.scalars(sa.select(Deployment).order_by(Deployment.lti_id)).all()
        assert len(session.scalars(sa.select(Key)).all()) == 2
    assert (registration.auth_url, registration.audience) == (f"{url}/new?x=1", "urn:lms")
    states = [(deployment.lti_id, deployment.state) for deployment in deployments]
    assert states == [("1", DeploymentState.ACTIVE), ("2", DeploymentState.INACTIVE)]


def test_a_client_of_another_school_cannot_be_taken_over(
    app: Flask, site: str, world: World
) -> None:
    url = "https://canvas.instructure.com"
    assert run(app, "add", "elders", *options(url)).exit_code == 0
    result = run(app, "add", world.school.slug, *options(url))
    assert isinstance(result.exception, Conflict)
    assert result.exception.code == "registration.of_other_school"


def test_addresses_that_no_launch_could_use_are_refused(
    app: Flask, site: str, world: World, engine: sa.Engine
) -> None:
    wrong = {
        "http://lms.example": "url.not_https",
        "http://10.0.0.1": "url.not_https",
        "ftp://lms.example": "url.not_https",
        "lms.example": "url.malformed",
        "https://": "url.malformed",
        "https://user@lms.example": "url.malformed",
        "https://lms.example#x": "url.malformed",
        "https://lms.example/a b": "url.malformed",
        "https://lms.example; script-src *": "url.malformed",
        "https://lms.example:99999": "url.malformed",
        "https://[::1": "url.malformed",
        "https://lms.example/" + "x" * 2000: "url.malformed",
    }
    for address, code in wrong.items():
        result = run(
            app, "add", world.school.slug, *options("https://l.example", **{"jwks-url": address})
        )
        assert isinstance(result.exception, Invalid), address
        assert result.exception.fields == {"jwks_url": code}, address
    for name, value in {"client-id": "", "audience": "\0", "number-claim": "email"}.items():
        result = run(app, "add", world.school.slug, *options("https://l.example", **{name: value}))
        assert isinstance(result.exception, Invalid), name
    assert run(app, "add", "nergens", *options("https://l.example")).exit_code == 1
    with unit_of_work(engine) as session:
        assert session.scalars(sa.select(Registration)).all() == []


def test_plain_http_on_this_computer_is_for_the_demo_only(
    app: Flask, site: str, world: World
) -> None:
    app.extensions["settings"] = replace(app.extensions["settings"], is_demo=False)
    result = run(app, "add", world.school.slug, *options("http://127.0.0.1:8088"))
    assert isinstance(result.exception, Invalid)
    assert set(result.exception.fields.values()) == {"url.not_https"}


def test_rotating_says_when_the_next_key_may_sign(app: Flask, site: str, engine: sa.Engine) -> None:
    assert "mag tekenen vanaf" in run(app, "rotate-keys").output
    assert "mag tekenen vanaf" in run(app, "rotate-keys").output
    with unit_of_work(engine) as session:
        for key in session.scalars(sa.select(Key)):
            key.published_at = key.published_at.replace(year=2020)
    assert "tekent nu" in run(app, "rotate-keys").output


def test_activating_what_is_not_there_says_so(app: Flask, site: str) -> None:
    result = run(app, "activate", "01a20019-057d-70ad-baba-cb0f81d02f83")
    assert result.exit_code == 1
    assert "Er is geen deployment" in result.output


def test_an_invitation_is_an_address_for_the_lms(app: Flask, site: str, world: World) -> None:
    """lti.md case 46, from the command line."""
    result = run(app, "invite", world.school.slug)
    assert result.exit_code == 0
    address = result.stdout.strip()
    assert address.startswith(f"{site}/lti/register/")
    with platforms.running(site) as lms:
        answer = requests.post(
            address,
            data={"openid_configuration": configuration_url(lms), "registration_token": TOKEN},
            timeout=20,
        )
    assert answer.status_code == 200
    assert run(app, "invite", "nergens").exit_code == 1
