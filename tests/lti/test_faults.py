"""What PyLTI1p3 2.0.0 gets wrong by itself and no other test of launches shows (lti.md, 1)."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from lti.models import Registration
from tests.lms import LEARNER, LTI, Lms, User
from tests.lti.browser import Browser, verdict
from tests.lti.registering import register
from tests.world import World
from tracker.db import unit_of_work


# lti.md case 12: JSON null where an object should be is a 500 there
@pytest.mark.parametrize("link", [None, {}, {"id": None}, {"id": ""}, [], "link-1"])
def test_a_resource_link_that_is_no_object_with_an_id_is_refused(
    lms: Lms, browser: Browser, student: User, link: object
) -> None:
    started = browser.start(lms, student)
    claims = lms.claims(student, nonce=started.nonce) | {LTI + "resource_link": link}
    status, code = verdict(browser.come_back(started, lms.sign(claims)))
    assert (status, code) in {(401, "claim_missing"), (401, "claim_invalid")}
    assert not browser.is_signed_in


def test_claims_that_are_null_or_odd_where_they_may_be_absent_do_no_harm(
    lms: Lms, browser: Browser, student: User
) -> None:
    names = ("context", "custom", "lis", "role_scope_mentor", "tool_platform", "for_user")
    for name in (*names, "launch_presentation"):
        started = browser.start(lms, student)
        claims = lms.claims(student, nonce=started.nonce) | {LTI + name: None}
        assert browser.come_back(started, lms.sign(claims)).status_code == 303, name
        started = browser.start(lms, student)
        claims = lms.claims(student, nonce=started.nonce) | {LTI + name: 7}
        assert verdict(browser.come_back(started, lms.sign(claims))) == (401, "claim_invalid")


def test_an_address_of_a_service_that_is_none_is_refused(
    lms: Lms, browser: Browser, student: User
) -> None:
    endpoint = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
    for url in ("javascript:alert(1)", "//x", 7, "https://[", "http://\u00e9.example", "ftp://x/"):
        response = browser.launch(lms, student, **{endpoint: {"scope": [], "lineitems": url}})
        assert verdict(response) == (401, "claim_invalid"), url
    response = browser.launch(lms, student, **{endpoint: {"scope": None, "lineitems": ""}})
    assert response.status_code == 303


def test_two_registrations_in_one_process_never_overwrite_each_other(
    lms: Lms, browser: Browser, student: User, engine: sa.Engine, world: World
) -> None:
    """PyLTI1p3 keeps what it knows of issuers in a dictionary of the class."""
    other = replace(lms, client_id="tool-2", issuer="https://other.example")
    register(engine, other, world.school)
    second = User("other-3", (LEARNER,), name="Noor Ander")
    first = browser.start(lms, student)
    later = browser.start(other, second)
    token = lms.sign(lms.claims(student, nonce=first.nonce))
    assert browser.come_back(first, token).status_code == 303
    assert browser.get("/api/me").json()["person"]["name"] == "Sanne Student"
    token = other.sign(other.claims(second, nonce=later.nonce))
    assert browser.come_back(later, token).status_code == 303
    assert browser.get("/api/me").json()["person"]["name"] == "Noor Ander"


def test_what_kind_of_lms_it_is_is_noted_once(
    lms: Lms, browser: Browser, student: User, engine: sa.Engine
) -> None:
    for said in ("Canvas ", "moodle"):
        browser.launch(lms, student, __tool_platform={"product_family_code": said})
    with unit_of_work(engine) as session:
        assert session.scalars(sa.select(Registration.product)).all() == ["canvas"]
