"""Pages of the LMS that signs on which a teacher places links, and from which they are opened.

As strict as the specification about the answer: what is kept here was signed by us, for this
platform, once, and holds nothing that the platform said it does not take.
"""

import json
from dataclasses import dataclass, field
from html import escape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt

from tests.lms import LTI, Answer, Asked, Lms, Refusal, User, page
from tests.servers import NO_TLS

DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
SETTINGS = f"{DL}deep_linking_settings"
LINK = "ltiResourceLink"
RETURN = "/mod/lti/contentitem_return.php"
ANSWER_CLAIMS = {
    *("iss", "aud", "iat", "exp", "nonce", f"{DL}content_items"),
    *(f"{LTI}{name}" for name in ("deployment_id", "message_type", "version")),
}


@dataclass
class Course:
    """What the LMS asked last, and what came back: whole answers, and the links that now stand."""

    asked: dict[str, Any] = field(default_factory=dict)
    answers: list[dict[str, Any]] = field(default_factory=list)
    links: list[dict[str, Any]] = field(default_factory=list)


def course_of(lms: Lms) -> Course:
    """Return this LMS's course; made the first time."""
    found: Course = vars(lms).setdefault("course", Course())
    return found


def asking(lms: Lms, **changes: Any) -> dict[str, Any]:
    """Return what a deep linking request says more or less than a launch; as Moodle's.

    changes: to the settings; None takes one out.
    """
    settings: dict[str, Any] = {
        "accept_types": [LINK],
        "accept_presentation_document_targets": ["frame", "iframe", "window"],
        "accept_copy_advice": False,
        "accept_multiple": True,
        "accept_unsigned": False,
        "auto_create": False,
        "can_confirm": False,
        "deep_link_return_url": f"{lms.url}{RETURN}?course=2&id=1&sesskey=x1wLVjaXw0",
        "title": "Mijn voortgang",
        "text": "",
        **changes,
    }
    settings = {name: value for name, value in settings.items() if value is not None}
    course_of(lms).asked = settings
    return {
        "__message_type": "LtiDeepLinkingRequest",
        "__resource_link": None,
        SETTINGS: settings,
    }


def opening(link: dict[str, Any], number: int) -> dict[str, Any]:
    """Return what a launch of a placed link says: its id, and its custom parameters."""
    return {
        "__resource_link": {"id": f"placed-{number}", "title": link["title"]},
        "__target_link_uri": link["url"],
        "__custom": link["custom"],
    }


def read_answer(lms: Lms, token: str) -> dict[str, Any]:
    """Check an answer against our published keys and the specification; raises Refusal."""
    asked = course_of(lms).asked
    published = httpx.get(f"{lms.tool}/lti/jwks", trust_env=False, verify=NO_TLS).json()["keys"]
    try:
        kid = jwt.get_unverified_header(token).get("kid")
        keys = [key for key in published if key["kid"] == kid]
        if not keys:
            raise Refusal(f"kid {kid} is not published")
        claims: dict[str, Any] = jwt.decode(
            token,
            jwt.PyJWK(keys[0]).key,
            algorithms=["RS256"],
            audience=lms.issuer,
            issuer=lms.client_id,
            options={"require": ["exp", "iat", "nonce"]},
        )
    except jwt.InvalidTokenError as problem:
        raise Refusal(f"token: {problem}") from None
    told = {f"{LTI}{name}": claims.get(f"{LTI}{name}") for name in ("message_type", "version")}
    if set(told.values()) != {"LtiDeepLinkingResponse", "1.3.0"}:
        raise Refusal(f"message: {told}")
    if claims.get(f"{LTI}deployment_id") != lms.deployment_id:
        raise Refusal("deployment_id")
    if claims["nonce"] in {answer["nonce"] for answer in course_of(lms).answers}:
        raise Refusal("the nonce was used before")
    if claims.get(f"{DL}data") != asked.get("data"):
        raise Refusal("data did not come back as it went")
    if unknown := set(claims) - ANSWER_CLAIMS - {DL + word for word in ("data", "msg", "errormsg")}:
        raise Refusal(f"claims: {unknown}")
    _check_items(lms, asked, claims[f"{DL}content_items"])
    return claims


def _check_items(lms: Lms, asked: dict[str, Any], items: list[dict[str, Any]]) -> None:
    if len(items) > 1 and not asked.get("accept_multiple"):
        raise Refusal("several items")
    for item in items:
        if item["type"] not in asked["accept_types"]:
            raise Refusal(f"type {item['type']}")
        if item["url"] != f"{lms.tool}/lti/launch" or not item["title"]:
            raise Refusal("url or title")
        if not all(isinstance(value, str) for value in item["custom"].values()):
            raise Refusal("custom values are strings")
        if asked.get("accept_lineitem") is False and "lineItem" in item:
            raise Refusal("lineItem")
        targets = {"iframe", "window", "embed"} & set(item)
        if not targets <= set(asked["accept_presentation_document_targets"]):
            raise Refusal(f"targets {targets}")


@page("POST", RETURN)
def _returned(lms: Lms, asked: Asked) -> Answer:
    """Take an answer; says what now stands in the course."""
    fields = parse_qs(asked.body.decode())
    try:
        if set(fields) != {"JWT"}:
            raise Refusal(f"fields {sorted(fields)}")
        claims = read_answer(lms, fields["JWT"][0])
    except Refusal as refusal:
        lms.refused.append(str(refusal))
        return 400, "text/plain", f"refused: {refusal}".encode()
    course = course_of(lms)
    course.answers.append(claims)
    course.links += claims[f"{DL}content_items"]
    names = "".join(f"<li>{escape(link['title'])}</li>" for link in course.links)
    html = f"<!doctype html><title>Terug</title><h1>In de cursus</h1><ul>{names}</ul>"
    return 200, "text/html; charset=utf-8", html.encode()


@page("GET", "/course/add")
def _add(lms: Lms, asked: Asked) -> Answer:
    """Show the small window in which somebody chooses what to place."""
    source = escape(f"/course/add/start?user={asked.query['user']}")
    html = (
        "<!doctype html><title>Toevoegen</title><h1>Activiteit toevoegen</h1>"
        f'<iframe name="window" src="{source}" width="800" height="600"></iframe>'
    )
    return 200, "text/html; charset=utf-8", html.encode()


@page("GET", "/course/add/start")
def _start_adding(lms: Lms, asked: Asked) -> Answer:
    lms.more_claims = asking(lms, data="opaque <data>")
    return _login_page(lms, lms.users[asked.query["user"]])


@page("GET", "/course/links/[0-9]+")
def _open_link(lms: Lms, asked: Asked) -> Answer:
    """Open a placed link as one of the people."""
    number = int(urlsplit(asked.path).path.rpartition("/")[2])
    lms.more_claims = opening(course_of(lms).links[number], number)
    return _login_page(lms, lms.users[asked.query["user"]])


def _login_page(lms: Lms, user: User) -> Answer:
    inputs = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in lms.login(user).items()
    )
    html = (
        f'<!doctype html><title>Even geduld</title><form method="post" '
        f'action="{escape(lms.tool)}/lti/login">{inputs}</form>'
        "<script>document.forms[0].submit()</script>"
    )
    return 200, "text/html; charset=utf-8", html.encode()


def recorded(text: str) -> dict[str, Any]:
    """Read the settings of a recorded deep linking request."""
    settings: dict[str, Any] = json.loads(text)[SETTINGS]
    return settings
