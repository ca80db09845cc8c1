"""Students who come when they come: arrivals by a fixed schedule, whatever the site does."""

import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from html import unescape
from http.client import HTTPConnection, HTTPException, HTTPResponse
from random import Random
from urllib.parse import urlencode, urlsplit

from bench.site import Site, Student

PATIENCE = 30  # seconds that a browser waits for one answer
CROWD = 400  # visits that can be under way at once
CODE = re.compile(r'<meta name="leerspoor-error" content="([^"]*)">')
INPUT = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')


class WrongAnswer(Exception):
    """Something else came than a launch that goes well gives."""


@dataclass(frozen=True)
class Visit:
    """One launch: seconds from its scheduled moment to its end, and the parts; or what failed."""

    waited: float
    parts: dict[str, float]
    error: str | None


class Browser:
    """Just enough of a browser: it keeps cookies and its connection to one site."""

    def __init__(self, address: str) -> None:
        self.host = urlsplit(address).netloc
        self.connection = HTTPConnection(self.host, timeout=PATIENCE)
        self.cookies: dict[str, str] = {}

    def ask(
        self, method: str, path: str, form: dict[str, str] | None = None
    ) -> tuple[HTTPResponse, str]:
        """Return an answer and its text; follows nothing."""
        headers = {"Cookie": "; ".join(f"{n}={v}" for n, v in self.cookies.items())}
        body = None
        if form is not None:
            body = urlencode(form)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        text = answer.read().decode()
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer, text


def launch(site: Site, student: Student, parts: dict[str, float]) -> None:
    """Go the whole way of one student, from the click in the LMS to the page; raises WrongAnswer.

    parts: receives the seconds of each step.
    """
    ours, theirs = Browser(site.address), Browser(student.issuer)
    start = {
        "iss": student.issuer,
        "client_id": student.client_id,
        "lti_deployment_id": student.deployment_id,
        "login_hint": student.number,
        "target_link_uri": f"{site.address}/lti/launch",
    }
    try:
        went = _timed(parts, "login", lambda: ours.ask("POST", "/lti/login", start))
        there = urlsplit(_location(*went, 302))
        page = _timed(parts, "LMS", lambda: theirs.ask("GET", f"{there.path}?{there.query}"))
        fields = {unescape(name): unescape(value) for name, value in INPUT.findall(page[1])}
        if "id_token" not in fields:
            raise WrongAnswer(f"the LMS answered {page[0].status}")
        came = _timed(parts, "launch", lambda: ours.ask("POST", "/lti/launch", fields))
        path = _location(*came, 303)
        shown = _timed(parts, "page", lambda: ours.ask("GET", path))
        if shown[0].status != 200 or "</html>" not in shown[1]:  # noqa: PLR2004 - HTTP's number
            raise WrongAnswer(f"the page answered {shown[0].status}")
    finally:
        ours.connection.close()
        theirs.connection.close()


def _timed(
    parts: dict[str, float], name: str, do: Callable[[], tuple[HTTPResponse, str]]
) -> tuple[HTTPResponse, str]:
    began = time.monotonic()
    try:
        return do()
    finally:
        parts[name] = time.monotonic() - began


def _location(answer: HTTPResponse, text: str, status: int) -> str:
    location = answer.headers.get("Location")
    if answer.status != status or location is None:
        raise WrongAnswer(f"{answer.status} instead of {status}: {' '.join(CODE.findall(text))}")
    return location


def come(site: Site, *, rate: float, seconds: float, seed: int = 1) -> list[Visit]:
    """Let students launch at a fixed rate (a second) for so long; returns every visit.

    Each student comes once before anybody comes again. A visit counts from its scheduled moment,
    so a site that falls behind cannot hide it.
    """
    order = list(site.students)
    Random(seed).shuffle(order)  # noqa: S311 - repeatable, not secret
    began = time.monotonic() + 0.1

    def visit(number: int) -> Visit:
        due = began + number / rate
        parts: dict[str, float] = {}
        error = None
        try:
            launch(site, order[number % len(order)], parts)
        except (WrongAnswer, OSError, HTTPException) as problem:
            error = str(problem) or type(problem).__name__
        return Visit(time.monotonic() - due, parts, error)

    with ThreadPoolExecutor(CROWD) as crowd:
        coming = []
        for number in range(round(rate * seconds)):
            time.sleep(max(0.0, began + number / rate - time.monotonic()))
            coming.append(crowd.submit(visit, number))
        return [one.result() for one in coming]
