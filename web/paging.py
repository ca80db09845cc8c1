"""One part of a list that is too long for a page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from flask import request

One = TypeVar("One")
MOST_DIGITS = 5


@dataclass(frozen=True, kw_only=True)
class Part(Generic[One]):
    """What is shown of a list: one page, and which of how many it is."""

    shown: Sequence[One]
    page: int
    pages: int


def part_of(found: Sequence[One], *, size: int) -> Part[One]:
    """Return the page that the address asks for; the last one for whoever asks too much."""
    pages = pages_of(len(found), size=size)
    page = min(page_asked(), pages)
    return Part(shown=found[(page - 1) * size : page * size], page=page, pages=pages)


def page_asked() -> int:
    """Return which page the address asks for, from 1."""
    asked = request.args.get("page", "")
    is_number = asked.isascii() and asked.isdigit() and len(asked) <= MOST_DIGITS
    return max(1, int(asked) if is_number else 1)


def pages_of(total: int, *, size: int) -> int:
    """Return how many pages a list takes; an empty one takes one."""
    return max(1, -(-total // size))
