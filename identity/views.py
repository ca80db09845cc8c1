"""Coming in, going out, and the language of the pages."""

import re

from flask import (
    Blueprint,
    abort,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask import session as cookie
from werkzeug.wrappers import Response

from identity import demo
from identity.access import allows
from identity.links import use_link
from identity.requests import SECRET, sign_in
from identity.sessions import active_person, end_session
from tracker.db import enter_school
from tracker.models import Person, School, SchoolRole
from tracker.permissions import Action, roles_of

blp = Blueprint("identity", __name__)
ASKED = "asked"  # in the cookie: the page that was asked for before signing in
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
    return next(iter(start_pages()), "/student")


def start_pages() -> list[str]:
    """Return the start pages of the person's roles in the school; one begins at the first."""
    roles = roles_of(g.session, g.person, on=g.today)
    return [path for role, path in START_PAGES if role in roles]


def _page_after(asked: object) -> str:
    """Return the page that was asked for, unless it is none of ours or another role's."""
    path = _own_path(asked) if isinstance(asked, str) else "/"
    room = "/" + re.split(r"[/?#]", path)[1]
    of_others = {page for _, page in START_PAGES} - set(start_pages())
    return start_page() if path == "/" or room in of_others else path


@blp.get("/sign-in", endpoint="sign_in")
def sign_in_page() -> str:
    """Show how to come in; in the demo, whom to come in as.

    The page of ours that was asked for (`?next`) is kept until somebody came in.
    """
    cookie.pop(ASKED, None)
    asked = _own_path(request.args.get("next", "/"))
    if asked != "/":
        cookie[ASKED] = asked
    is_demo = demo.is_open(request, current_app.extensions["settings"])
    people = demo.people()["people"] if is_demo else {}
    return render_template(
        "sign_in.html", demo_people=[{"slug": slug, **person} for slug, person in people.items()]
    )


def _come_in(person: Person, school: School) -> Response:
    """Start the person's session and go to the page that was asked for before."""
    asked = cookie.get(ASKED)  # signing in empties the cookie
    sign_in(person, school)
    return redirect(_page_after(asked), 303)


@blp.get("/sign-in/link/<secret>", endpoint="link")
def link_page(secret: str) -> str:
    """Ask for one press of a button: programs that look at links in mail must not use them up."""
    return render_template("link.html", secret=secret, is_gone=False)


@blp.post("/sign-in/link/<secret>", endpoint="use_link")
def come_in_by_link(secret: str) -> Response:
    """Come in by a link that was made for this person; it works once."""
    found = use_link(current_app.extensions["engine"], secret=secret, at=g.now)
    if found is None:
        return make_response(render_template("link.html", secret=secret, is_gone=True), 410)
    school_id, person_id = found
    enter_school(g.session, school_id)
    person = active_person(g.session, school_id=school_id, person_id=person_id)
    if person is None:
        abort(403)
    return _come_in(person, g.session.get_one(School, school_id))


@blp.post("/sign-in/demo")
def demo_sign_in() -> Response:
    """Come in as a demo person; on this computer and in the demo only."""
    if not demo.is_open(request, current_app.extensions["settings"]):
        abort(404)
    found = demo.person_with_slug(g.session, request.form.get("person", ""))
    if found is None:
        abort(404)
    return _come_in(*found)


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
