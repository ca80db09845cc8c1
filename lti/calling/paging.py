"""Lists that an LMS gives in pages: all of it, from the same server, or an error."""

import re
import time
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit

from lti.calling.services import Caller, ServiceError, call, json_value

MOST_PAGES = 200
LARGEST_LIST = 32 * 1024 * 1024  # bytes
LONGEST_SECONDS = 300.0
# RFC 8288: <address>; parameter=value; parameter="value", <address> ...
_LINK = re.compile(r'<([^<>]*)>((?:[^,"<]|"[^"]*")*)')
_PARAMETER = re.compile(r';\s*([^\s;,="]+)\s*(?:=\s*(?:"([^"]*)"|([^\s;,"]+)))?')
# A next page, written so that nobody can read where it ends (Moodle's curly quotes).
_LOOKS_LIKE_NEXT = re.compile(r"rel\s*=\s*(?:&\w+;|[^\w\s,<>])*next", re.IGNORECASE | re.ASCII)


def pages(
    caller: Caller, url: str, *, scopes: Iterable[str], accept: str, at: datetime
) -> list[Any]:
    """Return every page of a list as JSON; raises ServiceError when one does not come."""
    found: list[Any] = []
    seen: set[str] = set()
    size, begun, following = 0, time.monotonic(), url
    wanted = tuple(scopes)
    while True:
        passed = time.monotonic() - begun
        if len(seen) >= MOST_PAGES or size > LARGEST_LIST or passed > LONGEST_SECONDS:
            raise ServiceError("too_many_pages")
        seen.add(following)
        answer = call(
            caller,
            "GET",
            following,
            scopes=wanted,
            accept=accept,
            at=at + timedelta(seconds=passed),
        )
        size += len(answer.body)
        found.append(json_value(answer))
        link = next_link(answer.headers)
        if link is None:
            return found
        following = _same_server(following, link)
        if following in seen:
            raise ServiceError("page_loop")


def next_link(headers: Mapping[str, str]) -> str | None:
    """Return the address of the next page, letter for letter; raises ServiceError if unreadable."""
    header = headers.get("link", "")
    for link in _LINK.finditer(header):
        for parameter in _PARAMETER.finditer(link[2]):
            value = parameter[2] or parameter[3] or ""
            if parameter[1].lower() == "rel" and "next" in value.lower().split():
                return link[1]
    if _LOOKS_LIKE_NEXT.search(header):
        raise ServiceError("malformed")
    return None


def _same_server(page: str, link: str) -> str:
    """Return the link's whole address; raises ServiceError: our token is not for other servers."""
    try:
        following = urljoin(page, link)
        is_same = _origin(following) == _origin(page)
    except ValueError as error:
        raise ServiceError("page_foreign") from error
    if not is_same:
        raise ServiceError("page_foreign")
    return following


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    return parts.scheme, parts.hostname, port
