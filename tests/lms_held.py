"""What the services of the LMS that signs hold and were asked, and how they are asked."""

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.lms import Answer, Asked, Lms, page

NRPS = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
LINE_ITEM, LINE_ITEM_READONLY = AGS + "lineitem", AGS + "lineitem.readonly"
RESULT_READONLY, SCORE = AGS + "result.readonly", AGS + "score"
ALL_SCOPES = (NRPS, LINE_ITEM, LINE_ITEM_READONLY, RESULT_READONLY, SCORE)
ENDPOINT_CLAIM = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
ROSTER_CLAIM = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
MEMBERS_TYPE = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
LINE_ITEM_TYPE = "application/vnd.ims.lis.v2.lineitem+json"
LINE_ITEMS_TYPE = "application/vnd.ims.lis.v2.lineitemcontainer+json"
RESULTS_TYPE = "application/vnd.ims.lis.v2.resultcontainer+json"
SCORE_TYPE = "application/vnd.ims.lis.v1.score+json"
COURSE = "2"  # the context of `Lms.claims`
JSON = "application/json"


@dataclass
class Token:
    """An access token that was given out."""

    scopes: frozenset[str]
    until: float


@dataclass
class Trouble:
    """A bad answer to the next requests for an address (a pattern for method and path)."""

    asked: re.Pattern[str]
    answer: Answer | Callable[[], Answer]
    times: int = 1


@dataclass
class Services:
    """What the LMS's services hold and were asked; `link` writes a next link, `page_size` pages."""

    members: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    columns: dict[int, dict[str, Any]] = field(default_factory=dict)
    course_of: dict[int, str] = field(default_factory=dict)
    grades: dict[tuple[int, str], dict[str, Any]] = field(default_factory=dict)
    sent: list[tuple[int, dict[str, Any]]] = field(default_factory=list)  # every score POST
    asked: list[Asked] = field(default_factory=list)  # every service request
    granted: frozenset[str] = frozenset(ALL_SCOPES)
    audience: str | None = None  # instead of the token address
    can_fetch_keys: bool = True
    expires_in: int | None = 3600
    tokens: dict[str, Token] = field(default_factory=dict)
    token_requests: list[dict[str, Any]] = field(default_factory=list)  # assertion's claims
    used_jtis: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)
    page_size: int | None = None
    link: str = '<{url}>; rel="next"'
    next_page: Callable[[int], str] | None = None  # another address for the page after page n
    troubles: list[Trouble] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    def fail(self, asked: str, answer: Answer | Callable[[], Answer], times: int = 1) -> None:
        """Answer badly to the next requests that match, such as `POST .*/scores`."""
        self.troubles.append(Trouble(re.compile(asked), answer, times))

    def hang(self) -> Answer:
        """Say nothing until `released` is set: an answer for `fail`."""
        self.released.wait(60)
        return 200, JSON, b"{}"

    def requests(self, asked: str) -> list[Asked]:
        """Return the requests that match a pattern for method and path."""
        return [one for one in self.asked if re.fullmatch(asked, f"{one.method} {one.path}")]

    def grade(self, column: int, user: str) -> Any:
        """Return the number that the gradebook shows, or None."""
        return self.grades.get((column, user), {}).get("resultScore")


def services(lms: Lms) -> Services:
    """Return the services of this LMS; made at first use."""
    found: Services = lms.__dict__.setdefault("services", Services())
    return found


def token_url(lms: Lms) -> str:
    return f"{lms.url}/token"


def memberships_url(lms: Lms, course: str = COURSE) -> str:
    return f"{lms.url}/courses/{course}/memberships"


def lineitems_url(lms: Lms, course: str = COURSE) -> str:
    return f"{lms.url}/courses/{course}/lineitems?type_id=3"


def lineitem_url(lms: Lms, number: int, course: str = COURSE) -> str:
    return f"{lms.url}/courses/{course}/lineitems/{number}/lineitem?type_id=3"


def service_claims(
    lms: Lms,
    *,
    course: str = COURSE,
    scopes: tuple[str, ...] = ALL_SCOPES[1:],
    lineitem: str | None = None,
) -> dict[str, Any]:
    """Give the claims with which a launch names the services: for `lms.more_claims`."""
    endpoint = {"scope": list(scopes), "lineitems": lineitems_url(lms, course)}
    if lineitem:
        endpoint["lineitem"] = lineitem
    roster = {"context_memberships_url": memberships_url(lms, course), "service_versions": ["2.0"]}
    return {ENDPOINT_CLAIM: endpoint, ROSTER_CLAIM: roster}


def member(user_id: str, *roles: str, name: str | None = None, **more: Any) -> dict[str, Any]:
    """Make a member of a roster as Moodle writes it: short roles."""
    given, _, family = (name or "").partition(" ")
    names = {"name": name, "given_name": given, "family_name": family} if name else {}
    return {"status": "Active", "roles": list(roles), "user_id": user_id, **names, **more}


def add_column(lms: Lms, *, label: str, maximum: float, course: str = COURSE, **more: Any) -> str:
    """Put a column in the gradebook; returns its address."""
    held = services(lms)
    number = max(held.columns, default=82) + 1
    url = lineitem_url(lms, number, course)
    held.columns[number] = {"id": url, "label": label, "scoreMaximum": maximum, **more}
    held.course_of[number] = course
    return url


def number_of(url: str) -> int:
    """Return the column's number in its address."""
    found = re.search(r"/lineitems/(\d+)/lineitem", url)
    assert found is not None, url
    return int(found[1])


class No(Exception):
    """An answer that is not what was asked."""

    def __init__(self, status: int, body: str = "[]", kind: str = JSON) -> None:
        super().__init__(body)
        self.answer: Answer = (status, kind, body.encode())


def service(
    method: str, path: str, *needed: str
) -> Callable[[Callable[[Lms, Asked], Answer]], Callable[[Lms, Asked], Answer]]:
    """Serve a page that wants a token with one of these scopes."""

    def register(function: Callable[[Lms, Asked], Answer]) -> Callable[[Lms, Asked], Answer]:
        @page(method, path)
        def serve(lms: Lms, asked: Asked) -> Answer:
            held = services(lms)
            held.asked.append(asked)
            for trouble in held.troubles:
                if trouble.times and trouble.asked.fullmatch(f"{asked.method} {asked.path}"):
                    trouble.times -= 1
                    return trouble.answer() if callable(trouble.answer) else trouble.answer
            try:
                if needed:
                    _check_bearer(held, asked, needed)
                return function(lms, asked)
            except No as no:
                held.refused.append(f"{asked.method} {asked.path}: {no}")
                return no.answer

        return function

    return register


def _check_bearer(held: Services, asked: Asked, needed: tuple[str, ...]) -> None:
    kind, _, text = asked.headers.get("Authorization", "").partition(" ")
    token = held.tokens.get(text)
    if kind != "Bearer" or token is None or token.until < time.time():
        raise No(401, '{"error": "invalid_token"}')
    if not token.scopes & set(needed):
        raise No(403, '{"error": "insufficient_scope"}')
    if not asked.headers.get("User-Agent"):
        raise No(403, "no User-Agent")
