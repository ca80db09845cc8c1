"""The burgerservicenummer never enters: recognised at the door and dropped.

A tracker has no legal ground to hold it (Wet algemene bepalingen burgerservicenummer, art. 10).
A BSN is nine digits that pass the eleven-test; it is also met written 123 456 789 or 1234.56.789.
"""

import re
from collections.abc import Iterator, Mapping
from operator import mul
from typing import Any

# Stands where a BSN stood, so that reading can say in which row and column that was.
MARK = "[bsn]"
_MARK = MARK.encode()
# Nine digits inside a UUID or a hash, or behind a decimal point, are no BSN.
_TOKEN = re.compile(rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{16,}")
# Looked for in a copy with 0 for every digit and _ for every space, point or dash: nine digits,
# bare or in the ways in which people group them. Finding fixed bytes is far faster than a pattern.
_FLAT = bytes.maketrans(b"123456789 .-", b"000000000___")
_BARE = b"000000000"
_GROUPED = (b"000_000_000", b"0000_00_000", b"00_00_00_000")
_HARD_SPACE = b"\xc2\xa0"
_AMONG_DIGITS = re.compile(rb"(?<=[0-9])\xc2\xa0(?=[0-9])")
_DIGITS = frozenset(b"0123456789")
_OF_TOKENS = frozenset(b"abcdefABCDEF-")
_AROUND = 48  # enough to see the UUID that nine digits may be part of
_COLUMN = re.compile(
    r"bsn|burgerservice|sofi-?nummer|onderwijsnummer|persoonsgebonden|\bpgn\b", re.IGNORECASE
)
_WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2, -1)


def passes_eleven_test(digits: bytes) -> bool:
    """Whether nine digits are a possible BSN: the weighed sum divides by eleven."""
    # The weights add up to 43, so that the codes of the digits may be summed as they are.
    total = sum(map(mul, _WEIGHTS, digits)) - 43 * ord("0")
    return total % 11 == 0 and digits != _BARE


def drop(content: bytes) -> bytes:
    """Return the content (of any encoding that keeps ASCII) with MARK for each BSN."""
    if _HARD_SPACE in content:
        content = _AMONG_DIGITS.sub(b" ", content)
    flat = content.translate(_FLAT)
    spans = [span for span in _bare(flat) if _is_one(content, *span)]
    for shape in _GROUPED:
        spans += [span for span in _grouped(flat, shape) if _is_one(content, *span)]
    if not spans:
        return content
    kept, done = [], 0
    for start, end in sorted(spans):
        if start >= done:
            kept += [content[done:start], _MARK]
            done = end
    kept.append(content[done:])
    return b"".join(kept)


def _bare(flat: bytes) -> Iterator[tuple[int, int]]:
    """Yield where nine digits stand that are no part of more."""
    start = flat.find(_BARE)
    while start >= 0:
        end = start + len(_BARE)
        if flat[end : end + 1] == b"0":
            while flat[end : end + 1] == b"0":
                end += 1
        else:
            yield start, end
        start = flat.find(_BARE, end)


def _grouped(flat: bytes, shape: bytes) -> Iterator[tuple[int, int]]:
    start = flat.find(shape)
    while start >= 0:
        end = start + len(shape)
        if flat[start - 1 : start] != b"0" and flat[end : end + 1] != b"0":
            yield start, end
        start = flat.find(shape, start + 1)


def drop_text(text: str) -> str:
    """Return a text with MARK for each BSN."""
    if len(text) < len(_BARE):
        return text
    return drop(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")


def drop_in(value: Any) -> Any:
    """Return plain JSON with MARK for each BSN in its texts and names."""
    if isinstance(value, str):
        return drop_text(value)
    if isinstance(value, Mapping):
        return {drop_in(name): drop_in(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [drop_in(one) for one in value]
    return value


def _is_one(content: bytes, start: int, end: int) -> bool:
    """Whether digits that look like a BSN are one."""
    digits = content[start:end]
    if not digits.isdigit():
        if len(set(digits) - _DIGITS) > 1:
            return False  # grouped by different signs: a date and a time, or the like
        digits = bytes(digit for digit in digits if digit in _DIGITS)
    if not passes_eleven_test(digits):
        return False
    if content[start - 1 : start] == b"." and content[max(start - 2, 0) : start - 1].isdigit():
        return False
    if not {*content[start - 1 : start], *content[end : end + 1]} & _OF_TOKENS:
        return True
    first = max(start - _AROUND, 0)
    around = content[first : end + _AROUND]
    return not any(
        token.start() <= start - first and token.end() >= end - first
        for token in _TOKEN.finditer(around)
    )


def is_column_for_it(header: str) -> bool:
    """Whether a column is meant for this number, by the name in its header."""
    return _COLUMN.search(header) is not None
