"""How a platform starts a login, and what we answer before anybody is known."""

from dataclasses import replace
from urllib.parse import urlsplit

import httpx
import pytest
import sqlalchemy as sa
from flask import Flask

from lti.models import LoginState, Registration
from tests import lms as platforms
from tests.lms import Lms, User, address, query_of
from tests.lti.browser import Browser, verdict
from tests.lti.registering import register
from tests.world import World
from tracker.db import unit_of_work


# lti.md case 23
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_login_sends_the_browser_on_with_all_that_the_specification_asks(
    lms: Lms, browser: Browser, student: User, method: str
) -> None:
    parameters = lms.login(student)
    if method == "GET":
        response = browser.get(address("/lti/login", parameters))
    else:
        response = browser.post("/lti/login", parameters)
    assert response.status_code == 302
    url = response.headers["location"]
    assert url.startswith(f"{lms.auth_url}?")
    query = query_of(url)
    assert {name: values for name, values in query.items() if name not in {"state", "nonce"}} == {
        "scope": ["openid"],
        "response_type": ["id_token"],
        "response_mode": ["form_post"],
        "prompt": ["none"],
        "client_id": [lms.client_id],
        "redirect_uri": [f"{browser.site}/lti/launch"],
        "login_hint": [student.sub],
        "lti_message_hint": [parameters["lti_message_hint"]],
    }
    assert len(query["state"][0]) > 40
    assert len(query["nonce"][0]) > 40


# lti.md case 24
def test_a_message_hint_comes_back_unaltered(lms: Lms, browser: Browser, student: User) -> None:
    hint = "a b+c&d=\"é%20'#?/\\"
    started = browser.start(lms, student, lti_message_hint=hint)
    assert query_of(started.auth_url)["lti_message_hint"] == [hint]


# lti.md case 24
def test_an_authentication_address_may_have_a_query_of_its_own(
    site: str, engine: sa.Engine, world: World, browser: Browser
) -> None:
    with platforms.running(site, auth_query="tenant=7&x=a%20b") as lms:
        register(engine, lms, world.school)
        user = lms.add_user(User("1", ()))
        url = browser.start(lms, user).auth_url
        assert url.count("?") == 1
        assert query_of(url)["tenant"] == ["7"]
        assert query_of(url)["x"] == ["a b"]
        assert len(query_of(url)["client_id"]) == 1
        assert browser.get(url).status_code == 200


def test_each_login_has_its_own_state_and_a_cookie_that_only_we_read(
    lms: Lms, browser: Browser, student: User, engine: sa.Engine
) -> None:
    response = browser.get(address("/lti/login", lms.login(student)))
    (line,) = response.headers.get_list("set-cookie")
    attributes = {part.strip().lower() for part in line.split(";")[1:]}
    assert line.startswith("__Secure-lti-")
    assert {"secure", "httponly", "samesite=none", "partitioned", "path=/lti"} <= attributes
    assert "max-age=600" in attributes
    again = browser.get(address("/lti/login", lms.login(student)))
    assert (
        query_of(again.headers["location"])["state"]
        != query_of(response.headers["location"])["state"]
    )
    assert len(browser.cookies) == 2
    with unit_of_work(engine) as session:
        rows = session.scalars(sa.select(LoginState)).all()
    state = query_of(response.headers["location"])["state"][0]
    secret = line.split(";")[0].partition("=")[2]
    assert len(rows) == 2
    kept = " ".join(repr(vars(row)) for row in rows)
    assert state not in kept
    assert secret not in kept


def test_the_frame_for_platform_storage_is_remembered_with_the_login(
    lms: Lms, browser: Browser, student: User, engine: sa.Engine
) -> None:
    sent = lms.login(student, lti_storage_target="post_message_forwarding")
    assert browser.get(address("/lti/login", sent)).status_code == 200
    with unit_of_work(engine) as session:
        row = session.scalars(sa.select(LoginState)).one()
    assert row.storage_frame == "post_message_forwarding"


def test_a_login_without_a_required_parameter_is_refused(
    lms: Lms, browser: Browser, student: User
) -> None:
    for name in ("iss", "login_hint", "target_link_uri"):
        response = browser.get(address("/lti/login", lms.login(student, **{name: None})))
        assert verdict(response) == (400, "login_incomplete"), name


def test_a_login_with_unsound_text_is_refused(lms: Lms, browser: Browser, student: User) -> None:
    for name in lms.login(student):
        for value in ("\0", "a\0b", "x" * 9000):
            response = browser.post("/lti/login", lms.login(student, **{name: value}))
            assert verdict(response) == (400, "login_invalid"), name


# lti.md case 23
def test_a_login_from_an_unknown_platform_or_client_is_refused(
    lms: Lms, browser: Browser, student: User
) -> None:
    for changes in ({"iss": "https://other.example"}, {"client_id": "nobody"}):
        response = browser.post("/lti/login", lms.login(student, **changes))
        assert verdict(response) == (400, "platform_unknown")
        assert not browser.cookies


# lti.md case 23
def test_without_a_client_id_the_issuer_must_have_one_registration(
    lms: Lms, browser: Browser, student: User, engine: sa.Engine, world: World
) -> None:
    assert browser.start(lms, student, client_id=None).state
    other, _ = register(engine, replace(lms, client_id="tool-2"), world.school)
    response = browser.get(address("/lti/login", lms.login(student, client_id=None)))
    assert verdict(response) == (400, "client_ambiguous")
    own = address(f"/lti/login/{other.id}", lms.login(student, client_id=None))
    assert query_of(browser.get(own).headers["location"])["client_id"] == ["tool-2"]


def test_a_registrations_own_address_takes_no_other_platforms_login(
    lms: Lms, browser: Browser, student: User, engine: sa.Engine, world: World
) -> None:
    other, _ = register(engine, replace(lms, client_id="tool-2"), world.school)
    response = browser.get(address(f"/lti/login/{other.id}", lms.login(student)))
    assert verdict(response) == (400, "platform_unknown")
    assert browser.get(f"/lti/login/{world.school.id}?iss=x").status_code == 400


FOREIGN = [
    "https://evil.example/",
    "//evil.example/",
    "/lti/launch",
    "javascript:alert(1)",
    "{us}.evil.example/",
    "{scheme}://user@{host}/",
    "{scheme}://{host}@evil.example/",
    "\\\\evil.example\\",
    "{us}\\@evil.example",
    "{scheme}://{host}:1/",
    "http://[",
    " {us}/",
    "{us}/\nx",
    "https://{host}/",
    "data:text/html,x",
]


# lti.md case 22
def test_a_target_that_is_not_ours_is_refused_however_it_is_spelled(
    lms: Lms, browser: Browser, student: User
) -> None:
    host = urlsplit(browser.site).netloc
    for spelled in FOREIGN:
        target = spelled.format(us=browser.site, host=host, scheme="http")
        response = browser.post("/lti/login", lms.login(student, target_link_uri=target))
        assert verdict(response) == (400, "target_foreign"), target


def test_plain_http_is_refused_outside_the_demo_and_behind_an_unknown_proxy(
    app: Flask, lms: Lms, browser: Browser, student: User
) -> None:
    url = address(f"{browser.site}/lti/login", lms.login(student))
    forwarded = httpx.get(url, headers={"X-Forwarded-Proto": "https"}, trust_env=False)
    assert verdict(forwarded) == (400, "not_secure")
    app.extensions["settings"] = replace(app.extensions["settings"], is_demo=False)
    response = browser.get(url)
    assert verdict(response) == (400, "not_secure")
    response = browser.post("/lti/launch", {"state": "x", "id_token": "y"})
    assert verdict(response) == (400, "not_secure")


def test_a_refusal_can_be_shown_in_the_frame_of_the_school_that_it_concerns(
    lms: Lms, browser: Browser, student: User
) -> None:
    response = browser.post("/lti/login", lms.login(student, target_link_uri="https://e.example/"))
    assert f"frame-ancestors {lms.url}" in response.headers["content-security-policy"]
    unknown = browser.post("/lti/login", lms.login(student, iss="https://other.example"))
    assert "frame-ancestors 'none'" in unknown.headers["content-security-policy"]


def test_registrations_of_other_schools_lend_no_frame(
    lms: Lms, browser: Browser, coach: User, engine: sa.Engine, world: World
) -> None:
    elsewhere = replace(lms, client_id="tool-9", issuer="https://elsewhere.example")
    with unit_of_work(engine) as session:
        school = session.get_one(type(world.school), world.elsewhere.school_id)
    register(engine, elsewhere, school)
    browser.click(lms, coach)
    policy = browser.get("/coach").headers["content-security-policy"]
    assert f"frame-ancestors {lms.url}" in policy
    assert "elsewhere.example" not in policy
    with unit_of_work(engine) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Registration)) == 2


def test_the_platform_that_frames_us_now_comes_first(
    lms: Lms, browser: Browser, coach: User, engine: sa.Engine, world: World
) -> None:
    before = replace(lms, client_id="tool-0", issuer="http://127.0.0.1")
    register(engine, before, world.school)
    browser.click(lms, coach)
    policy = browser.get("/coach").headers["content-security-policy"]
    assert f"frame-ancestors {lms.url} http://127.0.0.1" in policy
