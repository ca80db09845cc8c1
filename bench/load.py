"""Students who come when they come: arrivals by a fixed schedule, whatever the site does.

A process of its own: it reads one line of JSON, what `Plan` holds, and prints the visits as JSON.
"""

import json
import re
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from html import unescape
from http.client import HTTPConnection, HTTPException, HTTPResponse
from random import Random
from urllib.parse import urlencode, urlsplit

PATIENCE = 30  # seconds that a browser waits for one answer, and a student for a browser
CROWD = 400  # visits that can be under way at once
CODE = re.compile(r'<meta name="leerspoor-error" content="([^"]*)">')
SESSION = "__Host-leerspoor"
INPUT = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')


class WrongAnswer(Exception):
    """Something else came than a launch that goes well gives."""


@dataclass(frozen=True)
class Student:
    """Somebody who will launch: from which client of the LMS, and as whom there."""

    issuer: str
    client_id: str
    deployment_id: str
    number: str


@dataclass(frozen=True)
class Plan:
    """Who comes where, how many a second and for how long; `follow`: also to the page.

    `earlier`: how many visits there were before, so that the next student is next.
    """

    address: str
    students: list[Student]
    rate: float
    seconds: float
    follow: bool
    earlier: int


@dataclass(frozen=True)
class Visit:
    """One launch: seconds from its scheduled moment to its session; the parts; or what failed.

    `is_first`: this student was not here before.
    """

    is_first: bool
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


def launch(address: str, student: Student, parts: dict[str, float], ours: "Browser") -> str:
    """Go the way of one student, from the click in the LMS to the session; raises WrongAnswer.

    parts: receives the seconds of each step. Returns the path of the student's page.
    """
    theirs = Browser(student.issuer)
    start = {
        "iss": student.issuer,
        "client_id": student.client_id,
        "lti_deployment_id": student.deployment_id,
        "login_hint": student.number,
        "target_link_uri": f"{address}/lti/launch",
    }
    try:
        went = _timed(parts, "login", lambda: ours.ask("POST", "/lti/login", start))
        there = urlsplit(_location(*went, 302))
        page = _timed(parts, "LMS", lambda: theirs.ask("GET", f"{there.path}?{there.query}"))
    finally:
        theirs.connection.close()
    fields = {unescape(name): unescape(value) for name, value in INPUT.findall(page[1])}
    if "id_token" not in fields:
        raise WrongAnswer(f"the LMS answered {page[0].status}")
    came = _timed(parts, "launch", lambda: ours.ask("POST", "/lti/launch", fields))
    path = _location(*came, 303)
    if not ours.cookies.get(SESSION):
        raise WrongAnswer("303 without a session")
    return path


def follow(path: str, parts: dict[str, float], ours: "Browser") -> None:
    """Open the page that a launch leads to; raises WrongAnswer."""
    answer, text = _timed(parts, "page", lambda: ours.ask("GET", path))
    if answer.status != 200 or "</html>" not in text:  # noqa: PLR2004 - HTTP's number
        raise WrongAnswer(f"the page answered {answer.status}")


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


def come(plan: Plan) -> list[Visit]:
    """Let students launch at a fixed rate for so long; returns every visit.

    Each student comes once before anybody comes again. A visit counts from its scheduled moment,
    so a site that falls behind cannot hide it.
    """
    order = list(plan.students)
    Random(1).shuffle(order)  # noqa: S311 - repeatable, not secret
    began = time.monotonic() + 0.1

    def visit(number: int) -> Visit:
        due = began + number / plan.rate
        turn = plan.earlier + number
        is_first, parts = turn < len(order), dict[str, float]()
        if time.monotonic() - due > PATIENCE:  # so that the end comes, also when nothing answers
            return Visit(is_first, PATIENCE, parts, "nobody answered in time")
        ours = Browser(plan.address)
        waited = None
        try:
            path = launch(plan.address, order[turn % len(order)], parts, ours)
            waited = time.monotonic() - due
            if plan.follow:
                follow(path, parts, ours)
        except (WrongAnswer, OSError, HTTPException) as problem:
            error = str(problem) or type(problem).__name__
            return Visit(is_first, waited or time.monotonic() - due, parts, error)
        finally:
            ours.connection.close()
        return Visit(is_first, waited, parts, None)

    with ThreadPoolExecutor(CROWD) as crowd:
        coming = []
        for number in range(round(plan.rate * plan.seconds)):
            time.sleep(max(0.0, began + number / plan.rate - time.monotonic()))
            coming.append(crowd.submit(visit, number))
        return [one.result() for one in coming]


def main() -> None:
    """Carry one plan out."""
    told = json.loads(sys.stdin.readline())
    students = [Student(**one) for one in told.pop("students")]
    visits = come(Plan(students=students, **told))
    json.dump([asdict(visit) for visit in visits], sys.stdout)


if __name__ == "__main__":
    main()
