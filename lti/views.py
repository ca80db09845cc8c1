"""Where the browser passes on its way in from an LMS, and our public keys."""

from secrets import token_hex
from typing import Any
from uuid import UUID

import orjson
import structlog
from flask import (
    Blueprint,
    Response,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask import session as cookie
from sqlalchemy import Engine
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.wrappers import Response as AnyResponse

from identity import demo
from identity.requests import sign_in
from lti import keys, platform
from lti.launch import active_deployment, admit, keep_context, record_launch
from lti.login import (
    LIFE,
    check_browser,
    consume_login,
    cookie_name,
    open_login,
    read_request,
)
from lti.models import LoginState, Registration
from lti.platform_keys import key_for
from lti.refusals import REFUSALS, Refused
from lti.registrations import find_registration, origin, origins_of_school
from lti.roles import LaunchRole, launch_role
from lti.token import issuer_and_client
from settings import Settings
from tracker.db import enter_school, unit_of_work
from tracker.models import School

blp = Blueprint("lti", __name__, url_prefix="/lti")
log = structlog.get_logger("leerspoor.lti")

LANDINGS = {
    LaunchRole.LEARNER: "/student",
    LaunchRole.STAFF: "/coach",
    LaunchRole.MENTOR: "/supervisor",
}
PATH = "/lti"
# What a platform says when it cannot tell who this is without asking (OpenID Connect 3.1.2.6).
LOGIN_REQUIRED = frozenset(
    {"login_required", "interaction_required", "account_selection_required", "consent_required"}
)


@blp.route("/login", methods=["GET", "POST"], endpoint="login")
@blp.route("/login/<uuid:registration_id>", methods=["GET", "POST"], endpoint="login_registration")
def login(registration_id: UUID | None = None) -> AnyResponse:
    """Start a login that the LMS asks for: remember it, and send the browser on."""
    _require_safety()
    sent = read_request(request.values)
    with unit_of_work(_engine()) as session:
        registration = find_registration(
            session,
            issuer=sent["iss"],
            client_id=sent.get("client_id"),
            registration_id=registration_id,
        )
        g.lti_registration = str(registration.id)
        g.frame_origins = origins_of_school(session, registration.school_id)
        opened = open_login(
            session, registration=registration, sent=sent, us=_settings().public_url, at=g.now
        )
    response = redirect(opened.url)
    response.set_cookie(
        cookie_name(opened.state),
        opened.browser_secret,
        max_age=LIFE,
        path=PATH,
        secure=True,
        httponly=True,
        samesite="None",
        partitioned=True,
    )
    return response


@blp.route("/launch", methods=["GET", "POST"])
def launch() -> AnyResponse:
    """Let somebody in who comes from the LMS with a good token; everybody else gets a page."""
    if request.method != "POST":  # a reload, or a bookmark
        raise Refused("open_again")
    _require_safety()
    state = request.form.get("state", "")
    if not state:
        _refuse_platform_error()
    login_row, registration = consume_login(_engine(), state=state, at=g.now)
    g.lti_registration = str(registration.id)
    g.new_tab_url = _new_tab_url(login_row, registration)
    _let_frame(registration.school_id)
    _refuse_platform_error()
    check_browser(login_row, request.cookies.get(cookie_name(state)))
    g.pop("new_tab_url")
    response = _enter(login_row, registration)
    response.delete_cookie(
        cookie_name(state),
        path=PATH,
        secure=True,
        httponly=True,
        samesite="None",
        partitioned=True,
    )
    return response


def _enter(login_row: LoginState, registration: Registration) -> AnyResponse:
    """Validate the token, admit the person, and send them to their page with a fresh session."""
    claims = platform.validated(
        request.form.get("id_token", ""),
        login=login_row,
        registration=registration,
        key_for=lambda kid: key_for(
            _engine(),
            registration,
            kid=kid,
            at=g.now,
            allow_loopback=_settings().is_demo,
        ),
        at=g.now,
    )
    deployment = active_deployment(_engine(), registration=registration, claims=claims, at=g.now)
    role = launch_role(claims.roles)
    marks = {"registration": str(registration.id), "deployment": str(deployment.id)}
    if role not in LANDINGS:
        log.info("launch without a place", role=role.value, **marks)
        return make_response(render_template("lti/no_role.html", role=role.value))
    enter_school(g.session, registration.school_id)
    school = g.session.get_one(School, registration.school_id)
    person, link = admit(
        g.session, school=school, registration=registration, claims=claims, role=role, at=g.now
    )
    known = {"school": school, "deployment": deployment, "claims": claims, "at": g.now}
    keep_context(g.session, **known)
    if role is LaunchRole.LEARNER:
        record_launch(g.session, registration=registration, person=person, **known)
    sign_in(person, school)
    # The platform that frames us now comes first.
    here = origin(registration.issuer)
    cookie["frame_origins"] = sorted(g.frame_origins, key=lambda one: one != here)
    log.info("launched", role=role.value, link=link.value, **marks)
    return redirect(LANDINGS[role], 303)


@blp.get("/jwks")
def jwks() -> Response:
    """Publish our public keys: those that sign, signed and will sign."""
    body = orjson.dumps({"keys": keys.published(g.session)})
    response = Response(body, mimetype="application/json")
    response.headers["Cache-Control"] = "public, max-age=600"
    return response


@blp.errorhandler(RequestEntityTooLarge)
def show_too_large(_error: RequestEntityTooLarge) -> AnyResponse:
    """Say no to a request that no platform sends."""
    return show_refusal(Refused("too_large"))


@blp.errorhandler(Refused)
def show_refusal(refused: Refused) -> AnyResponse:
    """Undo what the request did and say no; the help code stands in the log too, and no person."""
    g.failed = True
    g.session.rollback()
    if "frame_origins" not in g:
        _let_claimed_frame()
    status, reason = REFUSALS[refused.code]
    help_code = f"LS-{token_hex(3).upper()}"
    log.info(
        "launch refused",
        code=refused.code,
        detail=refused.detail,
        help_code=help_code,
        registration=g.get("lti_registration"),
    )
    page = render_template(
        "lti/error.html",
        code=refused.code,
        reason=reason,
        help_code=help_code,
        new_tab_url=g.get("new_tab_url") if refused.code == "cookies_blocked" else None,
    )
    response = make_response(page, status)
    if refused.code == "open_again":
        response.headers["Allow"] = "POST"
    return response


def _require_safety() -> None:
    """Refuse plain http, except on this computer in the demo: secrets pass here."""
    if not request.is_secure and not demo.is_open(request, _settings()):
        raise Refused("not_secure")


def _refuse_platform_error() -> None:
    """Pass on why the platform would not let somebody go on (its own words stay out)."""
    error = request.form.get("error", "")
    if error in LOGIN_REQUIRED:
        raise Refused("platform_login_required")
    if error:
        raise Refused("platform_error")


def _let_frame(school_id: UUID) -> None:
    """Let the school's platforms show this page in their frame."""
    with unit_of_work(_engine(), writes=False) as session:
        g.frame_origins = origins_of_school(session, school_id)


def _let_claimed_frame() -> None:
    """Let the platform that a used-up launch names show the refusal; it says nothing else."""
    try:
        claimed = issuer_and_client(request.form.get("id_token", ""))
        if claimed is None:
            return
        with unit_of_work(_engine(), writes=False) as session:
            found = find_registration(session, issuer=claimed[0], client_id=claimed[1])
            g.frame_origins = origins_of_school(session, found.school_id)
    except (Refused, HTTPException):  # no platform of ours, or not even a form
        return


def _new_tab_url(login_row: LoginState, registration: Registration) -> str:
    """Return where the same login starts again, in a tab of its own."""
    values: dict[str, Any] = {
        **login_row.hints,
        "iss": registration.issuer,
        "client_id": registration.client_id,
        "target_link_uri": login_row.target,
    }
    if login_row.deployment_lti_id is not None:
        values["lti_deployment_id"] = login_row.deployment_lti_id
    return url_for("lti.login_registration", registration_id=registration.id, **values)


def _engine() -> Engine:
    engine: Engine = current_app.extensions["engine"]
    return engine


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
