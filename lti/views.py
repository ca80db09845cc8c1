"""Where the browser passes on its way in from an LMS, and our public keys."""

from typing import Any
from uuid import UUID

import orjson
import structlog
from flask import Blueprint, Response, g, make_response, redirect, render_template, request, url_for
from flask import session as cookie
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response as AnyResponse

from identity import demo
from identity.requests import SECRET, is_from_own_page, sign_in
from lti import keys
from lti.connecting.registrations import find_registration, origin, origins_of_school
from lti.edge import app_settings, engine
from lti.launching import platform, refusing
from lti.launching.arrivals import arrive, has_place
from lti.launching.launch import active_deployment
from lti.launching.launch_log import LAUNCHED, log_launch
from lti.launching.login import (
    LIFE,
    OpenedLogin,
    check_browser,
    consume_login,
    cookie_name,
    hold_for_storage,
    open_login,
    read_request,
    storage_frame,
    storage_key,
)
from lti.launching.platform_keys import key_for
from lti.launching.refusals import Refused
from lti.models import LoginState, Registration
from lti.people.roles import LaunchRole, launch_role
from tracker.db import enter_school, unit_of_work
from tracker.models import School

blp = Blueprint("lti", __name__, url_prefix="/lti")
log = structlog.get_logger("leerspoor.lti")
blp.register_error_handler(RequestEntityTooLarge, refusing.show_too_large)
blp.register_error_handler(Refused, refusing.show_refusal)

# A login's own cookie, in a browser tab or an LMS's frame.
COOKIE: dict[str, Any] = {
    "path": "/lti",
    "secure": True,
    "httponly": True,
    "samesite": "None",
    "partitioned": True,
}
FRAMES = frozenset({"iframe", "frame"})
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
    with unit_of_work(engine()) as session:
        registration = find_registration(
            session,
            issuer=sent["iss"],
            client_id=sent.get("client_id"),
            registration_id=registration_id,
        )
        refusing.know(registration, origins_of_school(session, registration.school_id))
        opened = open_login(
            session, registration=registration, sent=sent, us=app_settings().public_url, at=g.now
        )
    response: AnyResponse
    if _may_lack_cookies(sent):
        response = make_response(_starting_page(registration, sent, opened))
    else:
        response = redirect(opened.url)
    response.set_cookie(cookie_name(opened.state), opened.browser_secret, max_age=LIFE, **COOKIE)
    return response


def _may_lack_cookies(sent: dict[str, str]) -> bool:
    """Whether to look first if our cookies stay in this frame: later the LMS's hint is spent."""
    if isinstance(cookie.get(SECRET), str):  # one came along just now
        return False
    return "lti_storage_target" in sent or request.headers.get("Sec-Fetch-Dest") in FRAMES


def _starting_page(registration: Registration, sent: dict[str, str], opened: OpenedLogin) -> str:
    """Return the page that looks for cookies, or else leaves the secret with the platform."""
    values: dict[str, Any] = {**sent}
    values.pop("lti_storage_target", None)
    return render_template(
        "lti/starting.html",
        next_url=opened.url,
        new_tab_url=url_for("lti.login_registration", registration_id=registration.id, **values),
        frame=sent.get("lti_storage_target", ""),
        platform_origin=origin(registration.auth_url),
        key=storage_key(opened.state),
        value=opened.browser_secret,
    )


@blp.route("/launch", methods=["GET", "POST"])
def launch() -> AnyResponse:
    """Let somebody in who comes from the LMS with a good token; everybody else gets a page."""
    if request.method != "POST":  # a reload, or a bookmark
        raise Refused("open_again")
    _require_safety()
    state = request.form.get("state", "")
    if not state:
        _refuse_platform_error()
    login_row, registration, origins = consume_login(engine(), state=state, at=g.now)
    refusing.know(registration, origins)
    _refuse_platform_error()
    secret = request.cookies.get(cookie_name(state))
    frame = storage_frame(login_row, request.form.get("lti_storage_target", ""))
    if secret is None and frame is not None:
        return _confirming_page(login_row, registration, state=state, frame=frame)
    if registration.product != "moodle":  # there the hint is good for one time only
        g.new_tab_url = _new_tab_url(login_row, registration)
    check_browser(login_row, secret)
    response = _enter(login_row, registration)
    response.delete_cookie(cookie_name(state), **COOKIE)
    return response


def _confirming_page(
    login_row: LoginState, registration: Registration, *, state: str, frame: str
) -> AnyResponse:
    """Ask the platform's storage for what this browser left there; keep no claim meanwhile."""
    id_token = request.form.get("id_token", "")
    if not id_token:
        raise Refused("token_missing")
    page = render_template(
        "lti/confirming.html",
        frame=frame,
        platform_origin=origin(registration.auth_url),
        key=storage_key(state),
        id_token=id_token,
        confirm=hold_for_storage(engine(), login_row, at=g.now),
    )
    return make_response(page)


@blp.route("/storage-confirm", methods=["GET", "POST"])
def storage_confirm() -> AnyResponse:
    """Go on with a launch that came without our cookie, once the platform's storage vouches."""
    if request.method != "POST":
        raise Refused("open_again")
    _require_safety()
    # The value is known to whoever started the login: only our page, in the browser that found it
    # in the platform's storage, may say it. Else anybody signs others in as themselves.
    if not is_from_own_page():
        raise Refused("storage_mismatch", "origin")
    confirm = request.form.get("confirm", "")
    login_row, registration, origins = consume_login(
        engine(), state=confirm, is_confirming=True, at=g.now
    )
    refusing.know(registration, origins)
    check_browser(login_row, request.form.get("value"), otherwise="storage_mismatch")
    return _enter(login_row, registration)


def _enter(login_row: LoginState, registration: Registration) -> AnyResponse:
    """Validate the token, admit the person, and send them to their page with a fresh session."""
    claims = platform.validated(
        request.form.get("id_token", ""),
        login=login_row,
        registration=registration,
        key_for=lambda kid: key_for(
            engine(),
            registration,
            kid=kid,
            at=g.now,
            allow_loopback=app_settings().is_demo,
        ),
        at=g.now,
    )
    role = launch_role(claims.roles)
    refusing.know_reader(claims, role)
    deployment = active_deployment(engine(), registration=registration, claims=claims, at=g.now)
    marks = {"registration": str(registration.id), "deployment": str(deployment.id)}
    enter_school(g.session, registration.school_id)
    if not has_place(role, claims.message_type):
        log.info("launch without a place", role=role.value, **marks)
        return _no_place(registration, role)
    school = g.session.get_one(School, registration.school_id)
    arrival = arrive(
        g.session,
        school=school,
        registration=registration,
        deployment=deployment,
        claims=claims,
        role=role,
        at=g.now,
    )
    sign_in(arrival.person, school, only_students=arrival.only_students, is_from_lms=True)
    # The page that frames us now comes first: where people open this LMS.
    here = origin(registration.home_url or registration.issuer)
    cookie["frame_origins"] = sorted(g.frame_origins, key=lambda one: one != here)
    _log(LAUNCHED, registration, role)
    log.info("launched", role=role.value, link=arrival.link.value, **marks)
    return redirect(arrival.path, 303)


def _no_place(registration: Registration, role: LaunchRole) -> AnyResponse:
    """Explain to somebody who is nobody's student or coach here; nothing is kept of them."""
    _log("no_place", registration, role)
    page = render_template("lti/no_role.html", role=role.value, return_url=g.get("return_url"))
    return make_response(page)


@blp.get("/jwks")
def jwks() -> Response:
    """Publish our public keys: those that sign, signed and will sign."""
    body = orjson.dumps({"keys": keys.published(g.session)})
    response = Response(body, mimetype="application/json")
    response.headers["Cache-Control"] = "public, max-age=600"
    return response


def _log(code: str, registration: Registration, role: LaunchRole) -> None:
    log_launch(
        g.session,
        school_id=registration.school_id,
        registration_id=registration.id,
        code=code,
        role=role,
        at=g.now,
    )


def _require_safety() -> None:
    """Refuse plain http, except on this computer in the demo: secrets pass here."""
    if not request.is_secure and not demo.is_open(request, app_settings()):
        raise Refused("not_secure")


def _refuse_platform_error() -> None:
    """Pass on why the platform would not let somebody go on (its own words stay out)."""
    error = request.form.get("error", "")
    if error in LOGIN_REQUIRED:
        raise Refused("platform_login_required")
    if error:
        raise Refused("platform_error")


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
