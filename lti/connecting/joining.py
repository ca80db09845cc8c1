"""The pages of an invitation: an LMS opens it for its administrator, who says yes."""

from collections.abc import Mapping

import structlog
from flask import Blueprint, g, make_response, render_template, request
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from lti.connecting.invites import check_address, invited_school, join
from lti.connecting.registration import NotJoined
from lti.edge import app_settings, engine
from tracker.db import unit_of_work

blp = Blueprint("lti_joining", __name__, url_prefix="/lti/register")
log = structlog.get_logger("leerspoor.lti")

_LMS = _("Your learning environment sent us something we cannot use.")
REFUSALS: dict[str, tuple[int, object]] = {
    # The invitation.
    "invite_unknown": (404, _("We do not know this invitation. Copy its whole address.")),
    "invite_used": (410, _("This invitation was used already. It works once.")),
    "invite_expired": (410, _("This invitation is older than a day.")),
    # What the LMS asks.
    "configuration_missing": (400, _("This address is for your learning environment.")),
    "configuration_not_https": (
        400,
        _("Your learning environment gives an address that does not begin with https."),
    ),
    "token_malformed": (400, _LMS),
    # What the LMS says about itself.
    "platform_unreachable": (
        422,
        _("We cannot reach your learning environment. Its address must be public."),
    ),
    "configuration_refused": (422, _("Your learning environment does not show its settings.")),
    "configuration_malformed": (422, _LMS),
    "endpoint_not_https": (
        422,
        _("Your learning environment uses an address that is not secure."),
    ),
    "issuer_of_other_host": (
        422,
        _("Your learning environment names another site than its own."),
    ),
    "platform_unsuited": (422, _("Your learning environment lacks a part of LTI 1.3.")),
    "registration_refused": (
        422,
        _("Your learning environment refused. Its own link works once, for an hour."),
    ),
    "registration_malformed": (422, _LMS),
    "of_other_school": (422, _("Another school has this connection already.")),
}


@blp.get("/<invite>")
def ask(invite: str) -> Response:
    """Show what is going to be connected, with a button."""
    _let_any_lms_frame()
    url, token = _sent(request.args)
    with unit_of_work(engine(), writes=False) as session:
        school = invited_school(session, invite, at=g.now)
    host = check_address(url, allow_loopback=app_settings().is_demo)
    page = render_template(
        "lti/join.html", school=school.name, host=host, invite=invite, url=url, token=token
    )
    return make_response(page)


@blp.post("/<invite>")
def connect(invite: str) -> Response:
    """Let the LMS register us; the secret in the address is what allows it."""
    _let_any_lms_frame()
    url, token = _sent(request.form)
    settings = app_settings()
    registration = join(
        engine(),
        invite,
        configuration_url=url,
        token=token,
        us=settings.public_url,
        encryption_keys=settings.encryption_keys,
        allow_loopback=settings.is_demo,
        at=g.now,
    )
    log.info("lms connected", registration=str(registration.id))
    page = render_template("lti/joined.html", registration_id=registration.id)
    return make_response(page)


@blp.errorhandler(NotJoined)
def show_refusal(refusal: NotJoined) -> Response:
    """Say why nothing was connected, and what to do."""
    g.failed = True
    status, reason = REFUSALS[refusal.code]
    log.info("lms not connected", code=refusal.code)
    page = render_template(
        "lti/not_joined.html",
        code=refusal.code,
        reason=reason,
        # An invitation that cannot be used again asks for a new one.
        is_over=refusal.is_used or refusal.code.startswith("invite_"),
        address=request.base_url if refusal.code == "configuration_missing" else None,
    )
    return make_response(page, status)


def _sent(parameters: Mapping[str, str]) -> tuple[str, str]:
    """Return the address of the LMS's configuration and its own token, empty when not sent."""
    return (
        parameters.get("openid_configuration", "").strip(),
        parameters.get("registration_token", "").strip(),
    )


def _let_any_lms_frame() -> None:
    """Let any LMS show this page in its frame: which one it is, nobody knows yet.

    Whoever frames it must know the invitation, and with it could do all that the page does.
    """
    g.frame_origins = ["https:"]
    if app_settings().is_demo:
        g.frame_origins = ["https:", "http://127.0.0.1:*", "http://localhost:*"]
