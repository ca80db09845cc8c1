"""The LMSs that open Leerspoor: connecting one, switching it on, testing it."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from flask import current_app, g, url_for
from marshmallow import fields

from api.blueprint import Blueprint
from api.etags import ETAG, IF_MATCH, check_match, etag_of
from api.fields import Choice, Contract, Flag, Id, Moment, Text
from api.paging import Answer, PageQuery, page, part_of
from identity.access import allows
from lti.connecting import checks, connections
from lti.connecting.findings import CHECKS, FINDINGS
from lti.connecting.registrations import SOURCED_ID
from lti.launching.claims import LONGEST_URL
from lti.models import DeploymentState, Registration
from settings import Settings
from tracker.permissions import Action, require

blp = Blueprint("lms", about="The LMSs that open Leerspoor by LTI 1.3")
REGISTRATION = "019aab4e-e000-7aaa-8bbb-000000000001"
DEPLOYMENT = "019aab4e-e000-7aaa-8bbb-000000000002"
HOST = "https://moodle.meetpunt.example"
LONGEST_ID, LONGEST_CLIENT = 255, 200


class Product(StrEnum):
    """The kinds of LMS that we know."""

    MOODLE = "moodle"
    CANVAS = "canvas"
    BRIGHTSPACE = "brightspace"
    ITSLEARNING = "itslearning"
    OTHER = "other"


def _url(about: str, path: str = "", **options: Any) -> Text:
    return Text(longest=LONGEST_URL, about=about, example=f"{HOST}{path}", **options)


class DeploymentSchema(Contract):
    """A place where the LMS offers us."""

    id = Id(about="The deployment", example=DEPLOYMENT)
    lti_id = Text(longest=LONGEST_ID, about="Its id at the LMS", example="1")
    state = Choice(DeploymentState, about="Whether launches are let in", example="active")


class CheckSchema(Contract):
    """One thing that the self-test looked at."""

    check = Text(longest=40, about="What was looked at: " + ", ".join(CHECKS), example="keys")
    code = Text(longest=64, about="`ok`, or what was found", example="ok")
    is_wrong = Flag(about="Whether something has to be done", example=False)
    message = Text(longest=2000, allow_none=True, about="What is the matter", example=None)
    hint = Text(longest=2000, allow_none=True, about="What to do", example=None)


class SettingsSchema(Contract):
    """What may change later."""

    number_claim = Text(
        longest=120,
        load_default=SOURCED_ID,
        about="The claim that holds the school's own number; or `custom.<name>`",
        example=SOURCED_ID,
    )
    home_url = _url(
        "Where people open the LMS, if not at the issuer", load_default=None, allow_none=True
    )
    audience = _url(
        "The audience of its token address, if it asks for one", load_default=None, allow_none=True
    )


class NewRegistrationSchema(Contract):
    """What the administrator of the LMS tells us."""

    product = Choice(Product, required=True, about="Which kind of LMS", example="moodle")
    issuer = _url("Its name: the platform id", required=True)
    client_id = Text(
        longest=LONGEST_CLIENT, required=True, about="The client id", example="LqvHcXdZEBxLM11"
    )
    deployment = Text(
        longest=LONGEST_ID,
        load_default=None,
        allow_none=True,
        about="The deployment id; else it comes with the first launch",
        example="1",
    )
    auth_url = _url("Its authentication address", "/mod/lti/auth.php", required=True)
    token_url = _url("Its access token address", "/mod/lti/token.php", required=True)
    jwks_url = _url("Its public key set", "/mod/lti/certs.php", required=True)
    audience = _url("The audience of its token address", load_default=None, allow_none=True)
    home_url = _url("Where people open the LMS", load_default=None, allow_none=True)


class RegistrationSchema(Contract):
    """An LMS that is connected."""

    id = Id(about="The connection", example=REGISTRATION)
    product = Text(longest=64, allow_none=True, about="Which kind of LMS", example="moodle")
    issuer = _url("Its name: the platform id")
    client_id = Text(longest=LONGEST_CLIENT, about="The client id", example="LqvHcXdZEBxLM11")
    auth_url = _url("Its authentication address", "/mod/lti/auth.php")
    token_url = _url("Its access token address", "/mod/lti/token.php")
    jwks_url = _url("Its public key set", "/mod/lti/certs.php")
    audience = _url("The audience of its token address", allow_none=True)
    home_url = _url("Where people open the LMS", allow_none=True)
    number_claim = Text(longest=120, about="The claim with the number", example=SOURCED_ID)
    launched_at = Moment(
        allow_none=True, about="When somebody came in last", example="2026-11-20T08:00:00Z"
    )
    checked_at = Moment(
        allow_none=True, about="When it was tested last", example="2026-11-20T08:00:00Z"
    )
    checks = fields.List(fields.Nested(CheckSchema))
    deployments = fields.List(fields.Nested(DeploymentSchema))


class RegistrationPageSchema(Contract):
    """A page of LMSs."""

    items = fields.List(fields.Nested(RegistrationSchema))


class InviteSchema(Contract):
    """An invitation; its address is told only now, and works once."""

    address = Text(
        longest=LONGEST_URL,
        about="Paste it where the LMS asks for a registration address",
        example="https://leerspoor.example/lti/register/q0v8R5nXh2LwTsJ7cFgUa9PeI1kOqVtYx4Mz6",
    )


@blp.get("/lms/registrations")
@allows(Action.SEE_LMS)
@blp.arguments(PageQuery, location="query")
@blp.response(200, RegistrationPageSchema)
@blp.alt_response(403, description="You are no administrator")
def list_registrations(query: dict[str, Any]) -> Answer:
    """List the LMSs that are connected, oldest first.

    With their deployments and their last self-test. Administrators only.
    """
    found = connections.registrations_of(g.session, by=g.person, on=g.today)
    shown, end = part_of(found, key=lambda one: one.id, **query)
    return page(_shown(shown), end)


@blp.post("/lms/registrations")
@allows(Action.CONNECT_LMS)
@blp.arguments(NewRegistrationSchema)
@blp.response(201, RegistrationSchema)
@blp.alt_response(409, description="Another school has this client")
def create_registration(body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Connect an LMS by hand, with what its administrator tells.

    Nobody gets in until a deployment is switched on. One with the same issuer and client id gets
    these addresses. Administrators only; `docs/lms/` has the steps for each LMS.
    """
    names = ("issuer", "auth_url", "token_url", "jwks_url")
    registration = connections.connect(
        g.session,
        by=g.person,
        school=g.school,
        addresses={name: body[name] for name in names},
        client_id=body["client_id"],
        deployment_lti_id=body["deployment"],
        audience=body["audience"],
        product=body["product"].value,
        home_url=body["home_url"],
        allow_loopback=_settings().is_demo,
        on=g.today,
        at=g.now,
    )
    where = url_for("api-lms.get_registration", registration_id=registration.id)
    shown, tag = _tagged(registration)
    return shown, {**tag, "Location": where}


@blp.get("/lms/registrations/<uuid:registration_id>")
@allows(Action.SEE_LMS)
@blp.response(200, RegistrationSchema, headers=ETAG)
def get_registration(registration_id: UUID) -> tuple[dict[str, Any], dict[str, str]]:
    """Show one LMS.

    With its deployments and its last self-test. Its `ETag` covers its settings.
    """
    return _tagged(_find(registration_id))


@blp.put("/lms/registrations/<uuid:registration_id>/settings")
@allows(Action.CONNECT_LMS)
@blp.arguments(SettingsSchema)
@blp.response(200, RegistrationSchema)
@blp.doc(parameters=[IF_MATCH])
def change_registration(
    body: dict[str, Any], registration_id: UUID
) -> tuple[dict[str, Any], dict[str, str]]:
    """Change what may change later: the claim with the number, its home, its audience.

    All three are replaced: what you leave out becomes empty, or usual again. `If-Match` takes the
    `ETag` of the LMS itself.
    """
    registration = _find(registration_id)
    require(g.session, g.person, Action.CONNECT_LMS, on=g.today)
    g.session.refresh(registration, with_for_update=True)
    check_match(SettingsSchema(), registration, SettingsSchema().dump(body))
    connections.change_settings(
        g.session,
        by=g.person,
        registration=registration,
        allow_loopback=_settings().is_demo,
        on=g.today,
        at=g.now,
        **body,
    )
    return _tagged(registration)


@blp.post("/lms/registrations/<uuid:registration_id>/check")
@allows(Action.CONNECT_LMS)
@blp.response(200, RegistrationSchema)
def check_registration(registration_id: UUID) -> dict[str, Any]:
    """Test a connection: the LMS is asked, and the outcome is kept.

    It may take some seconds.
    """
    registration = _find(registration_id)
    require(g.session, g.person, Action.CONNECT_LMS, on=g.today)
    g.session.close()  # nothing stays open while the LMS is asked
    checks.check(current_app.extensions["engine"], _settings(), registration, at=g.now)
    return _one(_find(registration_id))


@blp.post("/lms/invites")
@allows(Action.CONNECT_LMS)
@blp.response(201, InviteSchema)
def create_invite() -> dict[str, str]:
    """Make an invitation with which an LMS connects itself (Dynamic Registration).

    Its address is told only now, and works once.
    """
    secret = connections.send_invite(g.session, by=g.person, school=g.school, on=g.today, at=g.now)
    return {"address": f"{_settings().public_url}/lti/register/{secret}"}


def _find(registration_id: UUID) -> Registration:
    return connections.find_own_registration(g.session, registration_id, by=g.person, on=g.today)


def _tagged(registration: Registration) -> tuple[dict[str, Any], dict[str, str]]:
    return _one(registration), {"ETag": etag_of(SettingsSchema(), registration)}


def _one(registration: Registration) -> dict[str, Any]:
    return _shown([registration])[0]


def _shown(registrations: Any) -> list[dict[str, Any]]:
    told: dict[str, Any] = {"by": g.person, "on": g.today}
    deployments = connections.deployments_of(g.session, **told)
    launches = connections.last_launches(g.session, **told)
    names = set(RegistrationSchema().fields) - {"launched_at", "checks", "deployments"}
    return [
        {
            **{name: getattr(one, name) for name in names},
            "launched_at": launches.get(one.id),
            "checks": [_check(*found) for found in (one.check_result or {}).items()],
            "deployments": [row for row in deployments if row.registration_id == one.id],
        }
        for one in registrations
    ]


def _check(name: str, code: str) -> dict[str, Any]:
    found = FINDINGS.get(code)
    return {
        "check": name,
        "code": code,
        "is_wrong": found is not None and found.is_wrong,
        "message": str(found.what) if found else None,
        "hint": str(found.fix) if found else None,
    }


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
