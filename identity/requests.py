"""Who asks, for every request: a token, a session, or a stranger who gets 401."""

from base64 import b64decode
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from flask import Flask, current_app, g, request
from flask import session as cookie
from flask_wtf.csrf import CSRFProtect
from werkzeug.exceptions import Forbidden, Unauthorized

from identity.access import FROM_LMS, PUBLIC
from identity.models import Scope, WebSession
from identity.sessions import (
    TOUCH_EVERY,
    active_person,
    end_session,
    is_idle,
    session_and_school,
    start_session,
)
from identity.tokens import TokenOnlyReadsError, current_token
from tracker.db import enter_school
from tracker.errors import NotAllowed
from tracker.models import Person, PersonState, School
from tracker.people import today_at

SECRET = "secret"  # noqa: S105 - the name of a key
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
csrf = CSRFProtect()


def init_app(app: Flask) -> None:
    """Set the cookie's manners and identify before each request.

    One cookie serves both a browser tab and an LMS frame, so it is SameSite=None and Partitioned;
    the CSRF token and the Origin check stand in for SameSite.
    """
    app.config.update(
        SESSION_COOKIE_NAME="__Host-leerspoor",
        SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="None",
        SESSION_COOKIE_PARTITIONED=True,
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,
        # Our own Origin check below; the Referer is often cut inside a frame.
        WTF_CSRF_SSL_STRICT=False,
    )
    csrf.init_app(app)
    app.before_request(identify)


def identify() -> None:
    """Find out who asks; raises 401 for a stranger and 403 for a forged or too wide request."""
    g.person = g.school = g.web_session = None
    endpoint = request.endpoint
    # A launch says itself who comes: an older session has no say, and takes no part.
    if endpoint in {"static", "operation.live", *FROM_LMS}:
        return
    if endpoint is None:  # nothing stands there; whoever is signed in is told so under their menu
        _by_cookie()
        return
    by_token = _by_token()
    # A link says who comes, like a launch; and it is used up in a unit of work of its own, which
    # on SQLite would wait for this one if it had begun.
    if not by_token and endpoint != "identity.use_link":
        _by_cookie()
    if g.person is None and endpoint not in PUBLIC:
        raise Unauthorized
    if request.method not in SAFE and not by_token:
        _check_origin()
        # Scripts come in by the demo's door too; its own fence is the proof (identity/demo.py).
        if endpoint != "identity.demo_sign_in":
            csrf.protect()


def _by_token() -> bool:
    secret = _secret()
    if secret is None:
        return False
    found = current_token(g.session, secret=secret)
    if found is None:
        raise Unauthorized
    token, school = found
    if token.scope is Scope.READ and request.method not in SAFE:
        raise TokenOnlyReadsError
    _enter(school, token.person_id)
    if g.person is None:
        raise Unauthorized
    return True


def _secret() -> str | None:
    """Return the token of a program, if one asks; programs of xAPI know only names and passwords.

    Their password is the token, whatever the name (RFC 7617).
    """
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and request.path.startswith("/api/"):
        return secret.strip()
    if scheme.lower() != "basic" or not request.path.startswith("/api/xapi/"):
        return None
    try:
        return b64decode(secret.strip(), validate=True).decode().partition(":")[2]
    except ValueError:
        return ""


def _by_cookie() -> None:
    secret = cookie.get(SECRET)
    if not isinstance(secret, str):
        return
    of_browser = session_and_school(g.session, secret=secret, at=g.now)
    if of_browser is None:
        return
    found, school = of_browser
    _enter(school, found.person_id)
    if g.person is not None:
        g.person.is_from_lms = found.is_from_lms
    if g.person is not None and found.only_students is not None:
        g.person.only_students = frozenset(UUID(one) for one in found.only_students["ids"])
    if is_idle(g.session, found, at=g.now):
        g.person = g.school = None
    elif g.person is not None:
        g.web_session = found
        _remember_use(found, g.now)


def _enter(school: School, person_id: object) -> None:
    enter_school(g.session, school.id)
    person = active_person(g.session, school_id=school.id, person_id=person_id)
    if person is not None:
        be(person, school)


def be(person: Person, school: School) -> None:
    """Let this person be who asks, for the rest of the request."""
    g.person, g.school = person, school
    g.today = today_at(school, g.now)


def _remember_use(web_session: WebSession, now: datetime) -> None:
    if now - web_session.seen_at > TOUCH_EVERY:
        g.touch = web_session.digest


def _check_origin() -> None:
    if "Origin" in request.headers and not is_from_own_page():
        raise Forbidden


def is_from_own_page() -> bool:
    """Whether the browser says that a page of ours sent this request; silence is no proof."""
    ours = {current_app.extensions["settings"].public_url, request.host_url[:-1]}
    return request.headers.get("Origin") in ours


def sign_in(
    person: Person,
    school: School,
    *,
    only_students: Iterable[UUID] | None = None,
    is_from_lms: bool = False,
) -> None:
    """Start a fresh session for this person in this unit of work; raises NotAllowed.

    only_students: whom the session may show at most; None: no such limit.
    is_from_lms: an LMS said who this is; such a session carries no administrator's role.

    The browser's older session ends, whoever started it; only the chosen language stays.
    """
    if person.state is not PersonState.ACTIVE:
        raise NotAllowed("suspended or left")
    earlier, language = cookie.get(SECRET), cookie.get("language")
    cookie.clear()
    if isinstance(earlier, str):
        end_session(g.session, secret=earlier, at=g.now)
    if language is not None:
        cookie["language"] = language
    cookie[SECRET] = start_session(
        g.session, person=person, at=g.now, only_students=only_students, is_from_lms=is_from_lms
    )
    be(person, school)
