"""Asking Canvas: lists in pages, of which only Canvas knows what the next one is called.

What stands in a link (a number, or `bookmark:` and a code) is never read. Rate limits are met as
HTTP 403 and 429; readers/rest.py knows both.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from importers.readers.rest import Json, Rest, links, next_page
from importers.source import Asking, Unavailable

API = "api/v1/"
PER_PAGE = 100  # more Canvas does not give


class NotAnswered(Exception):
    """Canvas refuses this one question, or knows nothing there; `status` is HTTP's."""

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a list; `following` is where it goes on. `is_sure` says that the end is the end."""

    rows: list[dict[str, Any]]
    following: str | None
    is_sure: bool


class Client:
    """One school's Canvas, asked with an access token of an account of its own."""

    def __init__(self, asking: Asking) -> None:
        headers = {"Authorization": f"Bearer {asking.secret}", "Accept": "application/json"}
        self._rest = Rest.of(asking, headers=headers)

    def one(self, path: str) -> dict[str, Any]:
        """Return one object; raises NotAnswered, or Unavailable for all of Canvas."""
        try:
            answer = self._rest.get(f"{API}{path}").value
        except Unavailable as reason:
            raise _meant(reason) from None
        if not isinstance(answer, dict):
            raise odd(path)
        return answer

    def all(self, path: str, params: Mapping[str, Any]) -> tuple[list[dict[str, Any]], bool]:
        """Return a whole list, each number once, and whether the end is sure; raises as `one`."""
        found: dict[int, dict[str, Any]] = {}
        is_sure = True
        for page in self.pages(path, params):
            is_sure = page.is_sure
            for row in page.rows:
                if not isinstance(row.get("id"), int):
                    raise odd(path)
                found[row["id"]] = row
        return [found[number] for number in sorted(found)], is_sure

    def pages(
        self, path: str, params: Mapping[str, Any], *, at: str | None = None
    ) -> Iterator[Page]:
        """Yield a list page by page, from the page at an address on; raises as `one`."""
        asked = None if at else {**params, "per_page": PER_PAGE}
        try:
            for answer in links(self._rest, at or f"{API}{path}", asked):
                yield _page(answer, path)
        except Unavailable as reason:
            raise _meant(reason) from None


def odd(path: str) -> Unavailable:
    """Return the error for an answer that is not as Canvas describes it."""
    return Unavailable("canvas.odd_answer", detail=path.rsplit("/", 1)[-1], is_final=True)


def _page(answer: Json, path: str) -> Page:
    rows = answer.value
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise odd(path)
    # Canvas always says where a page stands; a full one about which nothing is said is cut off.
    is_sure = "link" in answer.headers or len(rows) < PER_PAGE
    return Page(rows, next_page(answer), is_sure)


def _meant(reason: Unavailable) -> Exception:
    if reason.code in {"source.refused", "source.not_found"}:
        return NotAnswered(reason.detail or "")
    return reason
