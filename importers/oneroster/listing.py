"""A list of a OneRoster service, page by page, by its `limit` and `offset`.

Such a list moves while it is read: a row that goes makes the next page begin one row too late. So
each page begins with the last row of the one before, and the end is compared with the number of
rows that the service says there are. Where either differs the list is not whole: what is missing
from it proves nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from importers.readers.answers import END
from importers.readers.rest import MOST_PAGES, Json, next_page
from importers.source import Unavailable

Ask = Callable[[Mapping[str, Any]], Json]


@dataclass(frozen=True, slots=True)
class Page:
    """Rows with their place in the list (1 is the first); `after` is END behind the last page.

    `total` is how many the service says there are. `has_moved` is said of the last page: the
    list changed while it was read, or holds another number of rows than was said.
    """

    rows: list[tuple[int, dict[str, Any]]]
    after: Any
    total: int | None = None
    has_moved: bool = False


@dataclass(frozen=True, slots=True)
class _Place:
    """How far a list was read: so many rows, the key of the last, and whether it moved."""

    offset: int = 0
    last: str | None = None
    total: int | None = None
    has_moved: bool = False

    def plain(self) -> list[Any]:
        return [self.offset, self.last, self.total, self.has_moved]


def pages(ask: Ask, name: str, *, after: Any, size: int) -> Iterator[Page]:
    """Yield a list behind `after`; `name` is under which it stands in an answer.

    A row that comes again is left out. Raises Unavailable.
    """
    place = _Place(*after) if after else _Place()
    seen = {place.last} - {None}
    for _ in range(MOST_PAGES):
        first = max(place.offset - 1, 0)
        answer = ask(
            {"limit": max(size, 2), "offset": first, "sort": "sourcedId", "orderBy": "asc"}
        )
        told = _rows(answer, name)
        is_steady = not place.offset or bool(told and _key(told[0]) == place.last)
        fresh = [
            (first + number, row)
            for number, row in enumerate(told, start=1)
            if _key(row) is None or _key(row) not in seen
        ]
        seen |= {_key(row) for _, row in fresh}
        total = _total(answer)
        has_moved = place.has_moved or not is_steady or (place.offset > 0 and total != place.total)
        here = max(first + len(told), place.offset)
        last = _key(told[-1]) if told else place.last
        place = _Place(here, last, total, has_moved)
        if not fresh or _is_last(answer, place):
            is_short = total is not None and here != total
            yield Page(fresh, END, total, has_moved or is_short)
            return
        yield Page(fresh, place.plain(), total)
    raise Unavailable("source.endless", is_final=True)


def _is_last(answer: Json, place: _Place) -> bool:
    if place.total is not None:
        return place.offset >= place.total
    # Without a number it can only be seen by its links, or by asking on.
    return "link" in answer.headers and next_page(answer) is None


def _rows(answer: Json, name: str) -> list[dict[str, Any]]:
    found = answer.value.get(name) if isinstance(answer.value, dict) else None
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise Unavailable("oneroster.odd_answer", detail=name, is_final=True)
    return found


def _key(row: Mapping[str, Any]) -> str | None:
    key = row.get("sourcedId")
    return None if key is None else str(key)


def _total(answer: Json) -> int | None:
    told = answer.headers.get("x-total-count", "").strip()
    return int(told) if told.isascii() and told.isdigit() else None
