"""The burgerservicenummer never enters: recognised at the door and dropped.

A tracker has no legal ground to hold it (Wet algemene bepalingen burgerservicenummer, art. 10).
A BSN is nine digits that pass the eleven-test; it is also met written 123 456 789 or 1234.56.789.
"""

import re

# Stands where a BSN stood, so that reading can say in which row and column that was.
MARK = "[bsn]"
_MARK = MARK.encode()
# Nine digits inside a UUID or a hash, or behind a decimal point, are no BSN.
_CANDIDATE = re.compile(
    rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    rb"|[0-9a-fA-F]{16,}"
    rb"|(?<![0-9])(?<![0-9]\.)"
    rb"(?P<bsn>[0-9]{9}|[0-9]{3}(?P<a>[ .-])[0-9]{3}(?P=a)[0-9]{3}"
    rb"|[0-9]{4}(?P<b>[ .-])[0-9]{2}(?P=b)[0-9]{3})"
    rb"(?![0-9])"
)
_COLUMN = re.compile(
    r"bsn|burgerservice|sofi-?nummer|onderwijsnummer|persoonsgebonden", re.IGNORECASE
)
_DIGITS = re.compile(rb"[0-9]")
_WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2, -1)


def passes_eleven_test(digits: bytes) -> bool:
    """Whether nine digits are a possible BSN: the weighed sum divides by eleven."""
    total = sum(weight * (digit - ord("0")) for weight, digit in zip(_WEIGHTS, digits, strict=True))
    return total % 11 == 0 and digits != b"000000000"


def drop(content: bytes) -> bytes:
    """Return the content (of any encoding that keeps ASCII) with MARK for each BSN."""
    return _CANDIDATE.sub(_replace, content)


def drop_text(text: str) -> str:
    """Return a text with MARK for each BSN."""
    return drop(text.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")


def _replace(found: re.Match[bytes]) -> bytes:
    written = found["bsn"]
    if written is None:
        return found[0]
    return _MARK if passes_eleven_test(b"".join(_DIGITS.findall(written))) else found[0]


def is_column_for_it(header: str) -> bool:
    """Whether a column is meant for this number, by the name in its header."""
    return _COLUMN.search(header) is not None
