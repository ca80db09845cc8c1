"""Saying no to a login or launch: a page in its reader's words, a row for the administrator."""

from secrets import token_hex
from uuid import UUID

import structlog
from flask import g, make_response, render_template, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.wrappers import Response

from lti.connecting.registrations import find_registration, origin, origins_of_school
from lti.edge import engine
from lti.launching.claims import LaunchClaims
from lti.launching.launch_log import log_launch
from lti.launching.refusals import REFUSALS, Refused
from lti.launching.token import issuer_and_client
from lti.models import Registration
from lti.people.roles import LaunchRole, is_administrator
from tracker.db import unit_of_work

log = structlog.get_logger("leerspoor.lti")


def know(registration: Registration, origins: list[str]) -> None:
    """Remember which platform this request is about, and let its school's platforms frame it.

    origins: of `origins_of_school`.
    """
    g.lti_registration = (registration.school_id, registration.id)
    g.frame_origins = origins


def know_reader(claims: LaunchClaims, role: LaunchRole) -> None:
    """Remember who reads what comes: what a signed token says of them."""
    g.launch_role = role
    g.is_lms_administrator = is_administrator(claims.roles)
    if claims.return_url is not None and origin(claims.return_url) in g.frame_origins:
        g.return_url = claims.return_url


def show_too_large(_error: RequestEntityTooLarge) -> Response:
    """Say no to a request that no platform sends."""
    return show_refusal(Refused("too_large"))


def show_refusal(refused: Refused) -> Response:
    """Undo what the request did and say no; the help code stands in the log too, and no person."""
    g.failed = True
    g.session.rollback()
    known: tuple[UUID, UUID] | None = g.get("lti_registration")
    role: LaunchRole | None = g.get("launch_role")
    if "frame_origins" not in g:
        _let_claimed_frame()
    help_code = f"LS-{token_hex(3).upper()}"
    log.info(
        "launch refused",
        code=refused.code,
        detail=refused.detail,
        help_code=help_code,
        registration=str(known[1]) if known is not None else None,
    )
    if known is not None:
        school_id, registration_id = known
        with unit_of_work(engine(), school_id=school_id) as session:
            log_launch(
                session,
                school_id=school_id,
                registration_id=registration_id,
                code=refused.code,
                role=role,
                detail=refused.detail,
                help_code=help_code,
                at=g.now,
            )
    refusal = REFUSALS[refused.code]
    is_staff = role in {LaunchRole.STAFF, LaunchRole.DEVELOPER}
    page = render_template(
        "lti/error.html",
        code=refused.code,
        reason=refusal.for_staff if is_staff and refusal.for_staff else refusal.reason,
        fix=refusal.fix,
        detail=refused.detail,
        is_administrator=g.get("is_lms_administrator", False),
        help_code=help_code,
        new_tab_url=g.get("new_tab_url") if refused.code == "cookies_blocked" else None,
        return_url=g.get("return_url"),
    )
    response = make_response(page, refusal.status)
    if refused.code == "open_again":
        response.headers["Allow"] = "POST"
    return response


def _let_claimed_frame() -> None:
    """Let the platform that a used-up launch names show the refusal; it says nothing else."""
    try:
        claimed = issuer_and_client(request.form.get("id_token", ""))
        if claimed is None:
            return
        with unit_of_work(engine(), writes=False) as session:
            found = find_registration(session, issuer=claimed[0], client_id=claimed[1])
            g.frame_origins = origins_of_school(session, found.school_id)
    except (Refused, HTTPException):  # no platform of ours, or not even a form
        return
