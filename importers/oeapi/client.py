"""Asking an OEAPI system: lists in numbered pages, and problems by their status (RFC 7807).

A token, a name with a password, or OAuth 2 client credentials: systems differ, so the secret and
the option `token_url` say which.
"""

from collections.abc import Mapping
from typing import Any

from importers.readers.granted import Granted, basic, has_two_parts
from importers.readers.rest import MOST_PAGES, Params, Rest
from importers.source import Asking, Unavailable

PER_PAGE = 100  # one of the sizes that the specification allows


class NotAnswered(Exception):
    """The system refuses this one question, or knows nothing there; `status` is HTTP's."""

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


class Client:
    """One system; the answers that `list_of` gives are whole lists."""

    def __init__(self, asking: Asking, *, token_url: str | None, scope: str) -> None:
        self.is_complete = token_url is None or has_two_parts(asking.secret)
        if token_url is not None:
            url = asking.url
            self._rest: Granted | Rest = Granted(
                asking, url=url, address=lambda: token_url, scope=scope
            )
            return
        secret = asking.secret or ""
        key = basic(secret) if has_two_parts(secret) else f"Bearer {secret}"
        self._rest = Rest.of(asking, headers={"Authorization": key, "Accept": "application/json"})

    def list_of(self, path: str, key: str, params: Mapping[str, Any]) -> tuple[list[Any], bool]:
        """Return a list in the order of its keys, each once; and whether it stood still.

        Raises NotAnswered, or Unavailable for all of the system.
        """
        found: dict[str, dict[str, Any]] = {}
        is_steady, pages = True, None
        for number in range(1, MOST_PAGES + 1):
            answer = self._page(path, {**params, "pageSize": PER_PAGE, "pageNumber": number})
            rows = _rows(answer, path, key)
            new = {str(row[key]): row for row in rows if str(row[key]) not in found}
            has_more = answer.get("hasNextPage") is True
            told = answer.get("totalPages")
            is_full = not has_more or len(rows) == answer.get("pageSize", PER_PAGE)
            is_same = number == 1 or told == pages
            is_steady = is_steady and is_full and is_same and len(new) == len(rows)
            pages, found = told, found | new
            if not has_more:
                return [found[one] for one in sorted(found)], is_steady
            if not new:
                break
        raise Unavailable("source.endless", is_final=True)

    def _page(self, path: str, params: Params) -> dict[str, Any]:
        try:
            answer = self._rest.get(path, params).value
        except Unavailable as reason:
            if reason.code in {"source.refused", "source.not_found"}:
                raise NotAnswered(reason.detail or "") from None
            raise
        if not isinstance(answer, dict):
            raise odd(path)
        return answer


def odd(path: str) -> Unavailable:
    """Return the error for an answer that is not as the specification has it."""
    return Unavailable("oeapi.odd_answer", detail=path.rsplit("/", 1)[-1], is_final=True)


def _rows(answer: Mapping[str, Any], path: str, key: str) -> list[dict[str, Any]]:
    rows = answer.get("items")
    if not isinstance(rows, list) or not all(isinstance(r, dict) and r.get(key) for r in rows):
        raise odd(path)
    return rows
