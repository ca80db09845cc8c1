"""Numbers as people write them: Dutch first, and never guessed where two readings are possible."""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

THOUSANDTH = Decimal("0.001")
COMMA, POINT = ",", "."
SPACES = re.compile(r"[\s\u00a0\u202f\u2009]+")
PLAIN = re.compile(r"[+-]?[0-9]{1,7}(?:[.,][0-9]{1,20})?")
# Groups of three behind a first group that does not begin with a zero.
GROUPED = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:(?P<sign>[ .,'])[0-9]{3})(?:(?P=sign)[0-9]{3})*")
HOURS = re.compile(r"(?P<number>.+?)\s*(?:uur|uren|u|h|hrs?|hours?)\.?", re.IGNORECASE)
CLOCK = re.compile(r"(?P<hours>[0-9]{1,5}):(?P<minutes>[0-5][0-9])")


@dataclass(frozen=True, slots=True)
class NumberRead:
    """A number as read. `code` says what is odd about it, or wrong when `is_error`.

    A number of which the only fault is its separator for thousands keeps its value.
    """

    value: Decimal | None
    code: str | None = None
    is_error: bool = False
    is_percent: bool = False


def read_number(
    text: str, *, decimal: str | None = None, thousands: str | None = None
) -> NumberRead:
    """Return a number, rounded to thousandths; percentages as the number that stands there.

    `decimal` is the sign that was agreed on: without it a comma is right and a point is warned
    about. `thousands` is the separator that was agreed on; without it such a number is an error
    (`number.thousands`), for 1.234 may be both. What is no number is `number.form`.
    """
    bare = SPACES.sub(" ", text).strip()
    is_percent = bare.endswith("%")
    if is_percent:
        bare = bare[:-1].rstrip()
    sign = decimal or COMMA
    whole, _, part = bare.rpartition(sign) if bare.count(sign) == 1 else (bare, "", "")
    if (found := _grouped(whole or bare, part, sign)) is not None:
        separator, number = found
        if separator == thousands:
            return NumberRead(number, is_percent=is_percent)
        return NumberRead(number, "number.thousands", is_error=True, is_percent=is_percent)
    if (found := _grouped_otherwise(bare)) is not None:
        return NumberRead(found[1], "number.thousands", is_error=True, is_percent=is_percent)
    if not PLAIN.fullmatch(bare):
        return NumberRead(None, "number.form", is_error=True, is_percent=is_percent)
    code = None
    if POINT in bare and sign == COMMA:
        code = "number.point"
    elif COMMA in bare and sign == POINT:
        code = "number.comma"
    return NumberRead(_rounded(bare.replace(COMMA, POINT)), code, is_percent=is_percent)


def read_hours(text: str, *, decimal: str | None = None) -> NumberRead:
    """Return a number of hours: `32`, `32,5`, `32 uur`, `32:30`."""
    bare = text.strip()
    if match := CLOCK.fullmatch(bare):
        hours = Decimal(match["hours"]) + Decimal(match["minutes"]) / 60
        return NumberRead(_rounded(str(hours)))
    match = HOURS.fullmatch(bare)
    return read_number(match["number"] if match else bare, decimal=decimal)


def _grouped(whole: str, part: str, decimal: str) -> tuple[str, Decimal] | None:
    """Return separator and number of `1.234` or `1.234,5`; None for all others."""
    match = GROUPED.fullmatch(whole)
    if match is None or match["sign"] == decimal or not re.fullmatch(r"[0-9]{0,20}", part):
        return None
    digits = whole.replace(match["sign"], "")
    return match["sign"], _rounded(f"{digits}.{part or '0'}")


def _grouped_otherwise(bare: str) -> tuple[str, Decimal] | None:
    """Recognise a number that is grouped in the notation that was not agreed on."""
    for decimal in (COMMA, POINT):
        if bare.count(decimal) == 1:
            whole, _, part = bare.rpartition(decimal)
            if (found := _grouped(whole, part, decimal)) is not None:
                return found
    return None


def _rounded(number: str) -> Decimal:
    """Round to what our columns hold, without zeros that say nothing."""
    return Decimal(number).quantize(THOUSANDTH, ROUND_HALF_UP).normalize() + 0
