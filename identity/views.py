"""Coming in, going out, and the language of the pages."""

import re

from flask import Blueprint, abort, current_app, g, redirect, render_template, request, url_for
from flask import session as cookie
from werkzeug.wrappers import Response

from identity import demo
from identity.access import allows
from identity.requests import SECRET, sign_in
from identity.sessions import end_session
from tracker.models import SchoolRole
from tracker.permissions import Action, roles_of

blp = Blueprint("identity", __name__)
LANGUAGES = ("nl", "en")
# One slash, then no other one and no backslash: that would be another host. No blanks or control
# characters either, for browsers leave some of them out.
OWN_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]*")
START_PAGES = (
    (SchoolRole.ADMINISTRATOR, "/school"),
    (SchoolRole.COACH, "/coach"),
    (SchoolRole.TEACHER, "/coach"),
    (SchoolRole.SUPERVISOR, "/supervisor"),
    (SchoolRole.STUDENT, "/student"),
)


@blp.get("/")
def start() -> Response:
    """Go to the start page of whoever is signed in."""
    if g.person is None:
        return redirect(url_for("identity.sign_in"))
    return redirect(start_page())


def start_page() -> str:
    """Return the path of the start page that fits the person's roles in the school."""
    roles = roles_of(g.session, g.person, on=g.today)
    return next((path for role, path in START_PAGES if role in roles), "/student")


@blp.get("/sign-in", endpoint="sign_in")
def sign_in_page() -> str:
    """Show how to come in; in the demo, whom to come in as."""
    is_demo = demo.is_open(request, current_app.extensions["settings"])
    people = demo.people()["people"] if is_demo else {}
    return render_template(
        "sign_in.html", demo_people=[{"slug": slug, **person} for slug, person in people.items()]
    )


@blp.post("/sign-in/demo")
def demo_sign_in() -> Response:
    """Come in as a demo person; on this computer and in the demo only."""
    if not demo.is_open(request, current_app.extensions["settings"]):
        abort(404)
    found = demo.person_with_slug(g.session, request.form.get("person", ""))
    if found is None:
        abort(404)
    sign_in(*found)
    return redirect(start_page(), 303)


@blp.post("/sign-out")
@allows(Action.SIGN_OUT)
def sign_out() -> Response:
    """End the session."""
    end_session(g.session, secret=cookie[SECRET], at=g.now)
    cookie.clear()
    return redirect(url_for("identity.sign_in"), 303)


@blp.post("/language")
def set_language() -> Response:
    """Remember the language of the pages: in this browser, and with the person who is signed in."""
    language = request.form.get("language")
    if language not in LANGUAGES:
        abort(422)
    cookie["language"] = language
    if g.person is not None:
        g.person.locale = language
    return redirect(_own_path(request.form.get("next", "/")), 303)


def _own_path(target: str) -> str:
    """Return a path of our own, whatever was asked for."""
    return target if OWN_PATH.fullmatch(target) else "/"
