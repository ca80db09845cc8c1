"""Asking a school's system over the web: one client for all that is pulled.

Only the source's own server is asked, over https and at a public address (lti/http.py). What it
answers is never in an error: that says what kind of trouble it is. No BSN comes through here.
"""

import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from secrets import SystemRandom
from typing import Any, Self
from urllib.parse import SplitResult, urlencode, urljoin, urlsplit, urlunsplit

import orjson

from importers import bsn
from importers.source import Asking, Unavailable
from lti import http
from lti.calling.paging import next_link
from lti.calling.services import ServiceError
from tracker.db import utc_now

LARGEST = 32 * 1024 * 1024
SECONDS = 60.0  # Moodle takes half a minute over the grades of a thousand students
# A system that has nothing to hide from a person who reads its log says who asks.
USER_AGENT = "Leerspoor/0.1"
TRIES = 4  # of one question, at once; then the run is put off
FIRST_WAIT, LONGEST_WAIT = 0.5, 8.0  # seconds between them
MOST_PAGES = 20_000  # of one list: with the smallest pages met (10 rows) 200,000 rows
DAY = 24 * 3600.0
Params = Mapping[str, Any] | Sequence[tuple[str, Any]]

# What an answer's status means, by code; any other of 4xx: the system does not know the question.
_STATUS = {
    401: "source.refused",
    403: "source.refused",
    404: "source.not_found",
    408: "source.slow",
    410: "source.not_found",
    429: "source.throttled",
}
_FINAL = {
    "source.refused",
    "source.not_found",
    "source.not_understood",
    "source.redirects",
    "source.other_host",
    "source.too_large",
    "source.endless",
}
_AT_ONCE = {"source.unreachable", "source.cut_short", "source.broken", "source.throttled"}
_UNREACHABLE = {
    http.TOO_SLOW: "source.slow",
    http.TOO_LARGE: "source.too_large",
    http.CUT_SHORT: "source.cut_short",
    "IncompleteRead": "source.cut_short",
    "ConnectionResetError": "source.cut_short",
    "RemoteDisconnected": "source.cut_short",
    http.NOT_PUBLIC: "source.not_public",
    http.NOT_HTTPS: "source.not_public",
    "SSLCertVerificationError": "source.certificate",
}
_RANDOM = SystemRandom()


@dataclass(frozen=True)
class Json:
    """What the system answered, without BSN; `value` is None where there was nothing.

    Header names are in lower case. `url` is what was asked, for links that begin there.
    """

    value: Any
    headers: Mapping[str, str]
    url: str


class Rest:
    """The system at `url`; `headers` go with every question, and so to no other server.

    An address is taken as a link on a page of `url` would be: "courses" stands under it, "/x" at
    the top of its server, a whole address must be of the same server. `pulse` is called before
    every question: it says that the run is alive, and may end it. `wait` is given seconds.
    """

    def __init__(
        self,
        *,
        url: str,
        allow_loopback: bool,
        headers: Mapping[str, str] | None = None,
        pulse: Callable[[], None] = lambda: None,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self.url = url if url.endswith("/") else f"{url}/"
        self._headers = {"User-Agent": USER_AGENT, **(headers or {})}
        self._pulse, self._wait = pulse, wait
        self._line = http.Line(allow_loopback=allow_loopback, largest=LARGEST, seconds=SECONDS)
        weakref.finalize(self, self._line.close)

    @classmethod
    def of(cls, asking: Asking, *, headers: Mapping[str, str] | None = None) -> Self:
        """Return the client for what a pull is asked with."""
        return cls(
            url=asking.url,
            allow_loopback=asking.allow_loopback,
            headers=headers,
            pulse=asking.pulse,
            wait=asking.wait,
        )

    def get(self, path_or_url: str, params: Params | None = None) -> Json:
        """Ask for a page; `params` are added to its query, lists as repeated names."""
        return self._ask("GET", self._address(path_or_url, params), {}, None)

    def post(self, path: str, form: Params | None = None, json: Any = None) -> Json:
        """Send a form, or JSON."""
        if form is not None:
            body = urlencode(form, doseq=True).encode()
            return self._ask("POST", self._address(path), _of("x-www-form-urlencoded"), body)
        return self._ask("POST", self._address(path), _of("json"), orjson.dumps(json))

    def _address(self, path_or_url: str, params: Params | None = None) -> str:
        own = urlsplit(self.url)
        try:
            parts = urlsplit(urljoin(self.url, path_or_url))
            is_own = _origin(parts) == _origin(own)
            # Behind a proxy a server often does not know that it is asked over https.
            is_plain = (parts.scheme, own.scheme) == ("http", "https")
            if is_plain and parts.hostname == own.hostname and parts.port in {None, 80, own.port}:
                is_own = True
        except ValueError:
            is_own = False
        if not is_own:
            raise _unavailable("source.other_host")
        query = "&".join(filter(None, (parts.query, urlencode(params or {}, doseq=True))))
        return urlunsplit((own.scheme, own.netloc, parts.path, query, ""))

    def _ask(self, method: str, url: str, headers: dict[str, str], body: bytes | None) -> Json:
        for number in range(1, TRIES + 1):
            self._pulse()
            try:
                return self._once(method, url, headers, body)
            except Unavailable as reason:
                wait = FIRST_WAIT * 2 ** (number - 1) * _RANDOM.uniform(0.5, 1.5)
                wait = max(wait, reason.retry_after or 0.0)
                if number == TRIES or reason.code not in _AT_ONCE or wait > LONGEST_WAIT:
                    raise
            self._wait(wait)
        raise AssertionError("the last try returns or raises")

    def _once(self, method: str, url: str, headers: dict[str, str], body: bytes | None) -> Json:
        try:
            answer = self._line.ask(method, url, headers={**self._headers, **headers}, body=body)
        except http.Unreachable as error:
            raise _unavailable(_UNREACHABLE.get(str(error), "source.unreachable")) from None
        code = _code_of(answer)
        if code is None:
            return Json(_value(answer.body), answer.headers, url)
        said = answer.headers.get("retry-after", "")
        raise _unavailable(code, detail=str(answer.status), retry_after=_seconds(said))


def links(rest: Rest, path_or_url: str, params: Params | None = None) -> Iterator[Json]:
    """Yield the pages of a list along `Link: rel="next"`, an address of which we know nothing.

    Raises Unavailable; `source.endless` when a page comes back, or there is no end to them.
    """
    page = rest.get(path_or_url, params)
    seen = {page.url}
    while True:
        yield page
        following = next_page(page)
        if following is None:
            return
        if following in seen or len(seen) >= MOST_PAGES:
            raise _unavailable("source.endless")
        seen.add(following)
        last, page = page, rest.get(following)
        if page.value and page.value == last.value:
            raise _unavailable("source.endless")


def next_page(page: Json) -> str | None:
    """Return the address of the page after this one, by its Link header; raises Unavailable."""
    try:
        link = next_link(page.headers)
        return None if link is None else urljoin(page.url, link)
    except (ServiceError, ValueError):
        raise _unavailable("source.not_understood") from None


def _unavailable(code: str, **facts: Any) -> Unavailable:
    return Unavailable(code, is_final=code in _FINAL, **facts)


def _of(kind: str) -> dict[str, str]:
    return {"Content-Type": f"application/{kind}"}


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    if parts.username is not None:
        raise ValueError("an address with a password")
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)


def _code_of(answer: http.Answer) -> str | None:
    """Return what is wrong, by the answer's status; None when nothing is."""
    if 200 <= answer.status < 300:  # noqa: PLR2004 - success, by HTTP
        return None
    if 300 <= answer.status < 400:  # noqa: PLR2004 - elsewhere
        return "source.redirects"
    if answer.status >= 500:  # noqa: PLR2004 - the server's own fault
        return "source.broken"
    # Canvas says so where others say 429.
    if answer.status == 403 and b"rate limit exceeded" in answer.body[:1000].lower():  # noqa: PLR2004 - forbidden
        return "source.throttled"
    return _STATUS.get(answer.status, "source.not_understood")


def _seconds(said: str) -> float | None:
    """Return how long the system asks us to wait (RFC 9110, 10.2.3), a day at most."""
    if said.isascii() and said.strip().isdigit():
        return min(float(said), DAY)
    try:
        moment = parsedate_to_datetime(said)
    except ValueError:
        return None
    if moment.tzinfo is None:  # "-0000": UTC, from an unsaid place
        moment = moment.replace(tzinfo=UTC)
    return min(max(0.0, (moment - _now()).total_seconds()), DAY)


def _now() -> datetime:
    return utc_now()


def _value(body: bytes) -> Any:
    """Read JSON, and drop each BSN in it; a page to sign in on is none."""
    body = body.removeprefix(b"\xef\xbb\xbf").strip()
    if not body:
        return None
    try:
        return without_bsn(orjson.loads(body))
    except (orjson.JSONDecodeError, RecursionError):
        begins_well = body[:1] in b"{["
        raise _unavailable("source.cut_short" if begins_well else "source.not_json") from None


def without_bsn(value: Any) -> Any:
    """Return JSON with a mark for each BSN in a text, and for what stands in a place for one.

    Whole numbers elsewhere are left: they are the system's own keys. NUL, which PostgreSQL has no
    place for, goes too.
    """
    if isinstance(value, str):
        return bsn.drop_text(value.replace("\0", ""))
    if isinstance(value, list):
        return [without_bsn(one) for one in value]
    if isinstance(value, dict):
        return {
            without_bsn(name): _mark(one) if bsn.is_column_for_it(name) else without_bsn(one)
            for name, one in value.items()
        }
    return value


def _mark(value: Any) -> Any:
    """Drop all that stands where a BSN is meant to stand."""
    return value if value in (None, "", []) or isinstance(value, bool) else bsn.MARK
