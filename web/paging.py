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


def part_of(found: Sequence[One], *, size: int, asked: str | None = None) -> Part[One]:
    """Return the page that is asked for; the last one for whoever asks too much.

    asked: what a form asks for, when that is not in the address.
    """
    pages = pages_of(len(found), size=size)
    page = min(page_asked(asked), pages)
    return Part(shown=found[(page - 1) * size : page * size], page=page, pages=pages)


def page_asked(asked: str | None = None) -> int:
    """Return which page is asked for, from 1: in the address, or in so many words."""
    asked = request.args.get("page", "") if asked is None else asked
    is_number = asked.isascii() and asked.isdigit() and len(asked) <= MOST_DIGITS
    return max(1, int(asked) if is_number else 1)


def pages_of(total: int, *, size: int) -> int:
    """Return how many pages a list takes; an empty one takes one."""
    return max(1, -(-total // size))
