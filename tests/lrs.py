"""A small store of statements (LRS) over real HTTP, true to xAPI 1.0.3 where it matters to us.

It stores with its own moments, pages by an opaque `more`, filters `since` by `stored`, gives the
newest first unless asked otherwise, and says how far it is consistent. `Manners` are what stores
were seen to do otherwise.
"""

import base64
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from tests.systems import Answer, Asked, System, page, raw, serving

KEY = "sleutel:geheim"
PREFIX = "/xapi"
BEGAN = datetime(2026, 11, 20, 8, tzinfo=UTC)


@dataclass
class Manners:
    """How a store behaves: as the standard says, unless a test says otherwise."""

    pages: int = 10
    is_absolute: bool = False
    has_consistent: bool = True
    ignores_ascending: bool = False
    filters_on_timestamp: bool = False
    repeats_pages: bool = False
    more_host: str | None = None


@dataclass
class Lrs:
    """The statements of a store, in the order in which they were stored."""

    manners: Manners = field(default_factory=Manners)
    stored: list[dict[str, Any]] = field(default_factory=list)
    now: datetime = BEGAN
    system: System | None = None
    ill: list[Answer] = field(default_factory=list)

    def store(self, *statements: Mapping[str, Any]) -> None:
        """Store statements, a second after one another."""
        for statement in statements:
            self.now += timedelta(seconds=1)
            moment = self.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            authority = {"account": {"homePage": "https://lrs.example", "name": "sleutel"}}
            added = {"stored": moment, "authority": authority, "version": "1.0.3"}
            self.stored.append({"timestamp": moment, **statement, **added})

    def __call__(self, asked: Asked) -> Answer:
        """Answer one question."""
        login = f"Basic {base64.b64encode(KEY.encode()).decode()}"
        if asked.headers.get("authorization") != login:
            return raw(401, b"")
        if not asked.headers.get("x-experience-api-version", "").startswith("1.0"):
            return raw(400, b"")
        if self.ill:
            return self.ill.pop(0)
        if not asked.path.startswith(f"{PREFIX}/statements"):
            return raw(404, b"")
        found = self._found({name: values[-1] for name, values in asked.query.items()})
        start = asked.number("from")
        size = min(asked.number("limit") or self.manners.pages, self.manners.pages)
        answer: dict[str, Any] = {"statements": found[start : start + size], "more": ""}
        if start + size < len(found):
            answer["more"] = self._more(asked, start + size)
        headers = {"X-Experience-API-Version": "1.0.3"}
        if self.manners.has_consistent:
            headers["X-Experience-API-Consistent-Through"] = self.now.isoformat()
        return page(answer, headers=headers)

    def _found(self, query: Mapping[str, str]) -> Sequence[dict[str, Any]]:
        name = "timestamp" if self.manners.filters_on_timestamp else "stored"
        since = query.get("since")
        found = [
            one
            for one in self.stored
            if since is None or datetime.fromisoformat(one[name]) > datetime.fromisoformat(since)
        ]
        is_ascending = query.get("ascending") == "true" and not self.manners.ignores_ascending
        return found if is_ascending else found[::-1]

    def _more(self, asked: Asked, start: int) -> str:
        if self.manners.repeats_pages:
            start -= self.manners.pages // 2
        kept = {name: values[-1] for name, values in asked.query.items()}
        path = f"{PREFIX}/statements/more?{urlencode({**kept, 'from': start})}"
        if self.manners.more_host is not None:
            return self.manners.more_host + path
        return self.system.url + path if self.manners.is_absolute and self.system else path


@contextmanager
def lrs(manners: Manners | None = None) -> Iterator[Lrs]:
    """Run a store for as long as the block lasts."""
    store = Lrs(manners or Manners())
    with serving(store) as system:
        store.system = system
        yield store


def address_of(store: Lrs) -> str:
    """Return where a store is."""
    assert store.system is not None
    return store.system.url + PREFIX


def asked_since(store: Lrs) -> list[str | None]:
    """Return since when a store was asked, for each first page of a pull."""
    assert store.system is not None
    firsts = [
        asked
        for asked in store.system.asked
        if asked.query.get("limit") != ["1"] and "from" not in asked.query
    ]
    return [asked.query.get("since", [None])[-1] for asked in firsts]
