"""A store of statements (LRS): what it stored since the last time is copied, then read as a file.

Stores differ in what order they give, and what they understand by `since`; so nothing is counted
on but ids. `since` is by `stored` (xAPI 1.0.3, part three, 2.1.3), `more` is an address of which we
know nothing. Where the next pull begins is what the store says that it is consistent through, else
ten minutes before the last that it stored.
"""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import IO, Any
from zoneinfo import ZoneInfo

import orjson

from importers.issues import Finding
from importers.readers.jsonl import cleaned
from importers.readers.rest import Json, Rest
from importers.source import Asking, Batch, PullKind, Stream, Unavailable
from importers.xapi.source import KIND, NAME
from importers.xapi.telling import LAST, streams_of
from importers.xapi.values import read_moment
from tracker.errors import Invalid

VERSION = "1.0.3"
STATEMENTS = "statements"
PAGE = 500
OVERLAP = timedelta(minutes=10)
# So many in one pull, of a store that gives the oldest first; the rest comes with the next pull.
AT_ONCE = 100_000
MOST = 300_000  # of one that gives the newest first, which can only be read whole
UTC = ZoneInfo("UTC")
CONSISTENT = "x-experience-api-consistent-through"


@dataclass
class Reached:
    """How far the reading came: the last moment of storing, and whether they came in order."""

    begun_at: datetime | None
    last: datetime | None = None
    is_ascending: bool = True
    number: int = 0
    consistent: datetime | None = None
    seen: set[str] = field(default_factory=set)

    def take(self, statement: Mapping[str, Any]) -> None:
        """Note one statement."""
        self.number += 1
        stored = read_moment(statement.get("stored"), UTC)
        if stored is None:
            return
        if self.last is not None and stored < self.last:
            self.is_ascending = False
        self.last = stored if self.last is None else max(self.last, stored)

    def may_stop(self) -> bool:
        """Whether what is left can be left to the next pull, which will then be further on."""
        if not self.is_ascending or self.last is None or self.number < AT_ONCE:
            return False
        return self.begun_at is None or self.last - OVERLAP > self.begun_at

    def next(self, *, is_all: bool) -> dict[str, str]:
        """Return where the next pull begins; {} where nobody knows."""
        found = self.last - OVERLAP if self.last is not None else None
        if is_all and self.consistent is not None:
            found = self.consistent  # the store may know that it must go back
        elif self.begun_at is not None:
            found = max(found or self.begun_at, self.begun_at)
        return {"stored": found.isoformat()} if found is not None else {}


class Store:
    """A school's store; nothing is asked before `check` or `fetch`."""

    kind = KIND
    name = NAME

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._reads_all = _reads_all(asking.options)
        self._rest = Rest.of(asking, headers=_headers(asking.secret))

    def check(self) -> list[Finding]:
        """Look whether the store answers us at all."""
        _statements(self._rest.get(STATEMENTS, {"limit": 1}))
        return []

    def streams(self) -> Sequence[Stream]:
        """Return what statements tell of."""
        return streams_of(STATEMENTS)

    def read(self, stream: Stream, *, after: Any, size: int) -> Iterator[Batch]:
        """Yield nothing: what `fetch` copied is read, as a file."""
        del stream, after, size
        yield from ()

    def fetch(self, file: IO[bytes]) -> dict[str, Any]:
        """Copy what was stored since the last pull, a line for each; returns how to read that."""
        begun = read_moment(self._asking.since.get(LAST, {}).get("stored"), UTC)
        reached = Reached(begun)
        params: dict[str, Any] = {"ascending": "true", "limit": PAGE}
        if begun is not None and not self._reads_all:
            params["since"] = begun.isoformat().replace("+00:00", "Z")
        page: Json | None = self._rest.get(STATEMENTS, params)
        while page is not None:
            if reached.number == 0:
                reached.consistent = read_moment(page.headers.get(CONSISTENT), UTC)
            found, more = _statements(page)
            for statement in found:
                reached.take(statement if isinstance(statement, dict) else {})
                file.write(cleaned(orjson.dumps(statement)) + b"\n")
            if not more or reached.may_stop():
                return {"lines": True, "since": reached.next(is_all=not more)}
            if reached.number > MOST:
                raise Unavailable("xapi.too_many", is_final=True)
            if more in reached.seen:
                raise Unavailable("source.endless", is_final=True)
            reached.seen.add(more)
            page = self._rest.get(more)
        raise AssertionError("the last page returns")


def _statements(page: Json) -> tuple[list[Any], str | None]:
    value = page.value
    if not isinstance(value, dict) or not isinstance(value.get("statements"), list):
        raise Unavailable("xapi.odd_answer", is_final=True)
    more = value.get("more")
    if more is not None and not isinstance(more, str):
        raise Unavailable("xapi.odd_answer", is_final=True)
    return value["statements"], more or None


def _headers(secret: str | None) -> dict[str, str]:
    """Return who asks: a key and its secret, "key:secret", or a token."""
    headers = {"X-Experience-API-Version": VERSION, "Accept": "application/json"}
    if secret and ":" in secret:
        headers["Authorization"] = f"Basic {base64.b64encode(secret.encode()).decode()}"
    elif secret:
        headers["Authorization"] = f"Bearer {secret}"
    return headers


def _reads_all(options: Mapping[str, Any]) -> bool:
    """Whether all is read each time, of a store that takes `since` for when things happened."""
    read = options.get("read") or "new"
    if read not in {"new", "all"}:
        raise Invalid(**{"options.read": "option.unknown"})
    return bool(read == "all")


PULL_KIND = PullKind(kind=KIND, open=Store)
