"""Dynamic Registration by an administrator's one-time invitation (lti.md case 46)."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Browser as Chromium

from identity.sessions import digest_of
from lti.connecting.invites import LIFE, invite
from lti.connecting.registration import NotJoined, our_registration, read_configuration, read_reply
from lti.models import Deployment, DeploymentState, Invite, Key, Registration
from settings import Settings
from tests import lms as platforms
from tests.lms import LEARNER, Lms, User
from tests.lms import address as address_of
from tests.lms_registration import CONFIGURATION, TOKEN, TOOL, asked_of, configuration_url
from tests.lti.browser import Browser, verdict
from tests.lti.registering import register
from tests.lti.signing import have_keys
from tests.world import World
from tracker.db import unit_of_work, utc_now
from tracker.models import School

WAIT = 20  # seconds


@pytest.fixture
def new_lms(site: str) -> Iterator[Lms]:
    """Run an LMS that no school knows yet."""
    with platforms.running(site) as running:
        yield running


@pytest.fixture
def address(engine: sa.Engine, world: World, site: str, settings: Settings) -> str:
    """Make an invitation of the school; returns its address."""
    have_keys(engine, settings)
    with unit_of_work(engine) as session:
        return f"{site}/lti/register/{invite(session, school=world.school, by=None, at=utc_now())}"


def fields(lms: Lms, **changes: str) -> dict[str, str]:
    return {
        "openid_configuration": configuration_url(lms),
        "registration_token": TOKEN,
        **changes,
    }


def post(address: str, sent: dict[str, str]) -> requests.Response:
    return requests.post(address, data=sent, timeout=WAIT)


def refusal(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.text.split('"leerspoor-error" content="')[1].split('"')[0]


def rows(engine: sa.Engine, table: type[Any]) -> list[Any]:
    with unit_of_work(engine) as session:
        return list(session.scalars(sa.select(table)))


def test_an_invited_lms_connects_itself_and_waits_to_be_switched_on(
    engine: sa.Engine, world: World, new_lms: Lms, address: str, site: str, browser: Browser
) -> None:
    """lti.md case 46, the happy way; the first LMS that a fresh installation hears of."""
    with unit_of_work(engine) as session:
        session.execute(sa.delete(Key))
    page = requests.get(address, params=fields(new_lms), timeout=WAIT)
    assert page.status_code == 200
    assert world.school.name in page.text
    assert new_lms.url.removeprefix("http://") in page.text
    assert "configuration_requests" not in new_lms.more_claims  # looking asks nobody
    answer = post(address, fields(new_lms))
    assert answer.status_code == 200, answer.text
    assert "lti-close.js" in answer.text
    (registration,) = rows(engine, Registration)
    assert registration.school_id == world.school.id
    assert (registration.issuer, registration.client_id) == (new_lms.issuer, "dynamic-1")
    assert registration.product == "proef"
    (deployment,) = rows(engine, Deployment)
    assert (deployment.lti_id, deployment.state) == ("1", DeploymentState.INACTIVE)
    (used,) = rows(engine, Invite)
    assert used.registration_id == registration.id
    (wish,) = asked_of(new_lms)
    assert wish["jwks_uri"] == f"{site}/lti/jwks"
    assert len(requests.get(wish["jwks_uri"], timeout=WAIT).json()["keys"]) == 2
    # Nobody comes in before the school says so.
    student = new_lms.add_user(User("3", (LEARNER,), name="Noor"))
    assert verdict(browser.click(new_lms, student)) == (403, "deployment_inactive")


def test_an_invitation_works_once(new_lms: Lms, address: str, engine: sa.Engine) -> None:
    """lti.md case 46, used invite."""
    assert post(address, fields(new_lms)).status_code == 200
    assert refusal(post(address, fields(new_lms))) == (410, "invite_used")
    again = requests.get(address, params=fields(new_lms), timeout=WAIT)
    assert refusal(again) == (410, "invite_used")
    # It was used to connect, so nobody is told that nothing was.
    assert "Kijk in Leerspoor, onder LMS, of hij gekoppeld is." in again.text
    assert "Er is niets gekoppeld." not in again.text
    assert len(asked_of(new_lms)) == 1


def test_two_lmss_with_one_invitation_at_once_leave_one_connected(
    new_lms: Lms, address: str, engine: sa.Engine
) -> None:
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda: statuses.append(post(address, fields(new_lms)).status_code))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 410, 410, 410]
    assert len(rows(engine, Registration)) == 1
    assert new_lms.more_claims["configuration_requests"] == 1


def test_an_invitation_ends_after_a_day_and_others_are_unknown(
    new_lms: Lms, address: str, site: str, engine: sa.Engine
) -> None:
    assert refusal(post(f"{site}/lti/register/geraden", fields(new_lms))) == (404, "invite_unknown")
    with unit_of_work(engine) as session:
        session.execute(sa.update(Invite).values(expires_at=utc_now() - timedelta(seconds=1)))
    assert refusal(post(address, fields(new_lms))) == (410, "invite_expired")
    assert timedelta(hours=24) == LIFE
    assert "configuration_requests" not in new_lms.more_claims


def test_only_the_digest_of_an_invitation_is_kept(address: str, engine: sa.Engine) -> None:
    (kept,) = rows(engine, Invite)
    secret = address.rsplit("/", 1)[1]
    assert kept.digest == digest_of(secret)
    assert secret not in str(vars(kept))


def test_old_invitations_go_when_a_new_one_is_made(
    address: str, engine: sa.Engine, world: World
) -> None:
    with unit_of_work(engine) as session:
        session.execute(sa.update(Invite).values(expires_at=utc_now() - timedelta(days=31)))
        invite(session, school=world.school, by=None, at=utc_now())
    assert len(rows(engine, Invite)) == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"openid_configuration": ""}, "configuration_missing"),
        ({"openid_configuration": "http://lms.example/openid"}, "configuration_not_https"),
        ({"openid_configuration": "http://10.0.0.1/openid"}, "configuration_not_https"),
        ({"openid_configuration": "https://u:p@lms.example/o"}, "configuration_not_https"),
        ({"openid_configuration": "file:///etc/passwd"}, "configuration_not_https"),
        ({"registration_token": "a\r\nX-Evil: yes"}, "token_malformed"),
        ({"registration_token": "ë"}, "token_malformed"),
    ],
)
def test_what_is_wrong_before_anything_is_asked_leaves_the_invitation(
    new_lms: Lms, address: str, engine: sa.Engine, changes: dict[str, str], code: str
) -> None:
    """lti.md case 46, http."""
    answer = post(address, fields(new_lms, **changes))
    assert refusal(answer) == (400, code)
    assert [row.used_at for row in rows(engine, Invite)] == [None]
    assert post(address, fields(new_lms)).status_code == 200


def test_a_private_address_is_never_asked(address: str, engine: sa.Engine) -> None:
    """lti.md case 46, 10.x host."""
    sent = {"openid_configuration": "https://10.0.0.1/openid", "registration_token": TOKEN}
    assert refusal(post(address, sent)) == (422, "platform_unreachable")
    assert rows(engine, Registration) == []
    (used,) = rows(engine, Invite)
    assert used.used_at is not None


def test_this_computer_is_asked_in_the_demo_only(
    app: Flask, new_lms: Lms, address: str, engine: sa.Engine
) -> None:
    app.extensions["settings"] = replace(app.extensions["settings"], is_demo=False)
    client = app.test_client()
    path = "/lti/register/" + address.rsplit("/", 1)[1]
    answer = client.post(path, data=fields(new_lms), base_url="https://localhost")
    assert answer.status_code == 400
    sent = {"openid_configuration": "https://127.0.0.1/x", "registration_token": TOKEN}
    answer = client.post(path, data=sent, base_url="https://localhost")
    assert answer.status_code == 422
    assert "platform_unreachable" in answer.get_data(as_text=True)
    assert "configuration_requests" not in new_lms.more_claims


LIES: list[tuple[dict[str, Any], str]] = [
    ({"issuer": "https://other.example"}, "issuer_of_other_host"),
    ({"issuer": "http://127.0.0.1:1"}, "issuer_of_other_host"),
    ({"issuer": None}, "configuration_malformed"),
    ({"issuer": ["a"]}, "configuration_malformed"),
    ({"token_endpoint": "http://lms.example/token"}, "endpoint_not_https"),
    ({"authorization_endpoint": "javascript:alert(1)"}, "configuration_malformed"),
    ({"jwks_uri": "http://10.0.0.1/jwks"}, "endpoint_not_https"),
    ({"registration_endpoint": "https://10.0.0.1/register"}, "platform_unreachable"),
    ({"registration_endpoint": None}, "configuration_malformed"),
    ({"id_token_signing_alg_values_supported": ["HS256"]}, "platform_unsuited"),
    ({"response_types_supported": ["code"]}, "platform_unsuited"),
    ({"response_modes_supported": ["query"]}, "platform_unsuited"),
    ({"token_endpoint_auth_methods_supported": ["client_secret_basic"]}, "platform_unsuited"),
    ({"token_endpoint_auth_signing_alg_values_supported": "RS256"}, "platform_unsuited"),
]


@pytest.mark.parametrize(("lie", "code"), LIES)
def test_an_lms_that_lies_about_itself_is_not_connected(
    new_lms: Lms, address: str, engine: sa.Engine, lie: dict[str, Any], code: str
) -> None:
    """lti.md case 46, issuer of another host among others; a failed try costs the invitation."""
    new_lms.more_claims["configuration"] = lie
    answer = post(address, fields(new_lms))
    assert refusal(answer) == (422, code)
    assert "nieuwe uitnodiging" in answer.text or "new invitation" in answer.text
    assert rows(engine, Registration) == []
    assert asked_of(new_lms) == []
    new_lms.more_claims.clear()
    assert refusal(post(address, fields(new_lms))) == (410, "invite_used")


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        ((200, "application/json", b"[]"), "registration_malformed"),
        ((200, "text/html", b"<html>"), "registration_malformed"),
        ((200, "application/json", b'{"client_id": 7}'), "registration_malformed"),
        ((200, "application/json", b'{"client_id": ""}'), "registration_malformed"),
        ((200, "application/json", b'{"client_id": "a\\u0000b"}'), "registration_malformed"),
        (
            (200, "application/json", b'{"client_id": "' + b"x" * 300 + b'"}'),
            "registration_malformed",
        ),
        ((200, "application/json", b" " * 600_000), "platform_unreachable"),
        ((401, "text/plain", b"token_already_used"), "registration_refused"),
        ((302, "text/plain", b"http://127.0.0.1/elsewhere"), "registration_refused"),
        ((500, "text/plain", b"oops"), "registration_refused"),
    ],
)
def test_a_bad_answer_to_our_registration_leaves_nothing(
    new_lms: Lms, address: str, engine: sa.Engine, reply: Any, code: str
) -> None:
    new_lms.more_claims["raw_reply"] = reply
    answer = post(address, fields(new_lms))
    assert refusal(answer) == (422, code)
    assert rows(engine, Registration) == []
    assert rows(engine, Deployment) == []


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ((404, "text/html", b"<html>"), "configuration_refused"),
        ((301, "text/html", b"http://10.0.0.1/"), "configuration_refused"),
        ((200, "text/html", b"<html>"), "configuration_malformed"),
        ((200, "application/json", b"[1]"), "configuration_malformed"),
        ((200, "application/json", b"[" * 100_000), "configuration_malformed"),
        ((200, "application/json", b" " * 600_000), "platform_unreachable"),
    ],
)
def test_a_configuration_that_cannot_be_read_is_refused(
    new_lms: Lms, address: str, fault: Any, code: str
) -> None:
    new_lms.faults = lambda: fault
    assert refusal(post(address, fields(new_lms))) == (422, code)


def test_an_lms_that_gives_a_client_of_another_school_takes_nothing_over(
    new_lms: Lms, address: str, engine: sa.Engine
) -> None:
    new_lms.client_id = "dynamic-1"
    elsewhere = next(school for school in rows(engine, School) if school.slug == "elders")
    register(engine, new_lms, elsewhere)
    assert refusal(post(address, fields(new_lms))) == (422, "of_other_school")
    (registration,) = rows(engine, Registration)
    assert registration.school_id == elsewhere.id


def test_a_deployment_may_come_later(new_lms: Lms, address: str, engine: sa.Engine) -> None:
    new_lms.more_claims["reply"] = {TOOL: {}}
    assert post(address, fields(new_lms)).status_code == 200
    assert len(rows(engine, Registration)) == 1
    assert rows(engine, Deployment) == []


def test_opened_by_hand_an_invitation_says_where_it_goes(address: str) -> None:
    answer = requests.get(address, headers={"Accept-Language": "nl"}, timeout=WAIT)
    assert refusal(answer) == (400, "configuration_missing")
    assert address in answer.text


def test_any_lms_may_show_the_invitation_in_its_frame(new_lms: Lms, address: str) -> None:
    answer = requests.get(address, params=fields(new_lms), timeout=WAIT)
    policy = answer.headers["Content-Security-Policy"]
    assert "frame-ancestors https:" in policy
    assert "script-src 'self'" in policy


def test_what_an_lms_sends_is_escaped_on_the_page(new_lms: Lms, address: str) -> None:
    token = '"><script>alert(1)</script>'
    answer = requests.get(address, params=fields(new_lms, registration_token=token), timeout=WAIT)
    assert "<script>alert" not in answer.text


@pytest.mark.browser
def test_in_a_frame_of_the_lms_one_click_connects_and_closes(
    chromium: Chromium, new_lms: Lms, address: str, engine: sa.Engine
) -> None:
    page = chromium.new_context(locale="nl-NL").new_page()
    problems: list[str] = []
    page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    page.goto(address_of(f"{new_lms.url}/add-tool", {"url": address}))
    page.frame_locator("iframe").get_by_role("button", name="Koppelen").click()
    page.wait_for_function("document.title === 'Klaar'")
    page.context.close()
    assert len(rows(engine, Registration)) == 1
    assert problems == []


# Against what a real Moodle said (recordings).


@pytest.fixture
def moodle(field_data: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        (field_data / "moodle-lti" / "openid-configuration.json").read_text("utf-8")
    )
    return found


def test_the_configuration_of_a_real_moodle_is_understood(moodle: dict[str, Any]) -> None:
    platform = read_configuration(
        json.dumps(moodle).encode(),
        url="http://127.0.0.1:8088/mod/lti/openid-configuration.php",
        allow_loopback=True,
    )
    assert platform.product == "moodle"
    assert platform.jwks_url.endswith("/mod/lti/certs.php")
    assert platform.audience is None
    with pytest.raises(NotJoined, match="endpoint_not_https"):
        read_configuration(json.dumps(moodle).encode(), url=moodle["issuer"], allow_loopback=False)


def test_we_ask_moodle_for_no_more_than_it_knows_and_for_all_that_we_need(
    moodle: dict[str, Any], field_data: Path
) -> None:
    us = "https://leerspoor.example:8443"
    platform = read_configuration(
        json.dumps(moodle).encode(), url=moodle["issuer"], allow_loopback=True
    )
    wish = our_registration(platform, us=us)
    assert set(wish["scope"].split()) <= set(moodle["scopes_supported"])
    assert len(wish["scope"].split()) == 5
    assert wish[TOOL]["domain"] == "leerspoor.example:8443"
    kinds = [message["type"] for message in wish[TOOL]["messages"]]
    assert kinds == ["LtiResourceLinkRequest", "LtiDeepLinkingRequest"]
    known = moodle[CONFIGURATION]["variables"]
    for value in wish[TOOL]["custom_parameters"].values():
        assert value.removeprefix("$") in known
    recorded = json.loads(
        (field_data / "moodle-lti" / "registration-request.json").read_text("utf-8")
    )
    assert set(recorded) - {"application_type"} <= set(wish)
    assert set(recorded[TOOL]) - {"description"} <= set(wish[TOOL])


def test_the_answer_of_a_real_moodle_is_understood(field_data: Path) -> None:
    body = (field_data / "moodle-lti" / "registration-response.json").read_bytes()
    assert read_reply(body) == ("LqvHcXdZEBxLM11", "1")


def test_canvas_gets_the_places_that_only_canvas_knows() -> None:
    platform = read_configuration(
        json.dumps(
            {
                "issuer": "https://canvas.instructure.com",
                "authorization_endpoint": "https://sso.canvaslms.com/api/lti/authorize_redirect",
                "token_endpoint": "https://sso.canvaslms.com/login/oauth2/token",
                "jwks_uri": "https://sso.canvaslms.com/api/lti/security/jwks",
                "registration_endpoint": "https://canvas.instructure.com/api/lti/registrations",
                CONFIGURATION: {"product_family_code": "canvas"},
            }
        ).encode(),
        url="https://canvas.instructure.com/api/lti/security/openid-configuration",
        allow_loopback=False,
    )
    messages = our_registration(platform, us="https://leerspoor.example")[TOOL]["messages"]
    assert messages[0]["placements"] == ["course_navigation"]
    assert messages[1]["placements"] == ["link_selection", "assignment_selection"]
