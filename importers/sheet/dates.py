"""Days and moments as people and systems write them: Dutch and English, with or without zone.

Day-month-year throughout: 04/11/2026 is 4 November, and we say so. A moment without a zone is the
school's own time; the hour that comes twice in autumn, and the one that is missing in spring, are
flagged.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

from tracker.models import Precision

# A day without a time is kept as noon at the school, so that it is the same day everywhere near.
NOON = time(12)
YEARS = range(1900, 2101)
# Two digits: 00-69 are of this century.
PIVOT, CENTURY = 70, 100
FAR = timedelta(days=366)
# Excel counts days from here, for its 1900 had a 29 February; whole numbers between 1954 and 2119.
SERIAL_ZERO = date(1899, 12, 30)
SERIALS = range(20_000, 80_000)
SERIAL = re.compile(r"(?P<days>[0-9]{5})(?:[.,](?P<part>[0-9]{1,12}))?")
MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "januari jan january", "februari feb febr february", "maart mrt mar march",
            "april apr", "mei may", "juni jun june", "juli jul july", "augustus aug august",
            "september sep sept", "oktober okt october oct", "november nov",
            "december dec",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
WEEKDAY = re.compile(
    r"^(?:maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag|ma|di|wo|do|vr|za|zo"
    r"|monday|tuesday|wednesday|thursday|friday|saturday|sunday"
    r"|mon|tue|tues|wed|thu|thur|thurs|fri|sat|sun)\b[.,]*\s*"
)
NUMERIC = re.compile(r"(\d{1,2})(?P<sign>[-/. ])(\d{1,2})(?P=sign)(\d{4}|\d{2})")
ISO = re.compile(r"(\d{4})(?P<sign>[-/.]?)(\d{2})(?P=sign)(\d{2})")
WORDED = re.compile(r"(\d{1,2})(?:e|ste|de|st|nd|rd|th)?[-\s.]+([a-z]{3,9})\.?[-\s,]+(\d{4}|\d{2})")
ENGLISH = re.compile(r"([a-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})")
CLOCK = re.compile(
    r"^(?P<day>.*\d)(?:t|,?\s+(?:om |at )?|,)(?P<hour>\d{1,2})[:.](?P<minute>\d{2})"
    r"(?:[:.](?P<second>\d{2})(?:[.,](?P<part>\d{1,9}))?)?"
    r"(?:\s*(?P<half>[ap])\.?m\.?)?(?:\s*uur)?"
    r"\s*(?P<zone>z|utc|gmt|(?:utc|gmt)?[+-]\d{1,2}(?::?\d{2})?)?$"
)
OFFSET = re.compile(r"(?:utc|gmt)?(?P<sign>[+-])(?P<hours>\d{1,2}):?(?P<minutes>\d{2})?")
MIDDAY_HOURS = 12


@dataclass(frozen=True, slots=True)
class MomentRead:
    """A moment as read: `at` in UTC, `day` as written, what is odd, or in `code` what is wrong."""

    at: datetime | None = None
    day: date | None = None
    precision: Precision | None = None
    warnings: tuple[str, ...] = ()
    code: str | None = None


class _Wrong(Exception):
    """It is no date; the argument is the code that says why."""


# The days of a sheet are few.
@lru_cache(4096)
def read_moment(
    text: str, *, zone: ZoneInfo, on: date | None = None, may_be_serial: bool = False
) -> MomentRead:
    """Read a day or a moment; `date.form`, `date.impossible` or `date.far_future` says why not.

    `on` is the day of reading: what lies more than a year behind it is an error, a later day a
    warning. `may_be_serial` allows Excel's day numbers, for cells of a workbook's date column.
    """
    bare = _plain(text)
    if may_be_serial and (match := SERIAL.fullmatch(bare)):
        return _with_future(_serial(match, zone), on)
    warnings: list[str] = []
    try:
        match = CLOCK.fullmatch(bare)
        if match is None:
            day = _day(bare, warnings)
            at = datetime.combine(day, NOON, zone).astimezone(UTC)
            read = MomentRead(at, day, Precision.DAY, tuple(warnings))
        else:
            day = _day(match["day"].strip(" ,"), warnings)
            at = _instant(day, match, zone, warnings)
            read = MomentRead(at, day, Precision.INSTANT, tuple(warnings))
    except _Wrong as wrong:
        return MomentRead(code=str(wrong))
    return _with_future(read, on)


def read_day(text: str, *, on: date | None = None, may_be_serial: bool = False) -> MomentRead:
    """Read a day on which something begins or ends; a time behind it is passed over."""
    return read_moment(text, zone=ZoneInfo("UTC"), on=on, may_be_serial=may_be_serial)


def _plain(text: str) -> str:
    """Return the text in lower case, without accents, double spaces or the day of the week."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    # One-off spellings of zero-width and other digits are no dates.
    return WEEKDAY.sub("", " ".join(bare.split()))


def _day(text: str, warnings: list[str]) -> date:
    if not text.isascii():
        raise _Wrong("date.form")
    if match := ISO.fullmatch(text):
        year, _, month, day = match.groups()
        return _made(year, int(month), day)
    if match := NUMERIC.fullmatch(text):
        day, sign, month, year = match.groups()
        if sign == "/":
            warnings.append("date.slashes")
        return _made(year, int(month), day)
    if match := WORDED.fullmatch(text):
        day, word, year = match.groups()
    elif match := ENGLISH.fullmatch(text):
        word, day, year = match.groups()
    else:
        raise _Wrong("date.form")
    if word not in MONTHS:
        raise _Wrong("date.form")
    return _made(year, MONTHS[word], day)


def _made(year: str, month: int, day: str) -> date:
    number = int(year)
    if len(year) == 2:  # noqa: PLR2004 - digits of a short year
        number += 2000 if number < PIVOT else 2000 - CENTURY
    try:
        made = date(number, month, int(day))
    except ValueError:
        raise _Wrong("date.impossible") from None
    if made.year not in YEARS:
        raise _Wrong("date.impossible")
    return made


def _instant(day: date, match: re.Match[str], zone: ZoneInfo, warnings: list[str]) -> datetime:
    hour = int(match["hour"])
    if match["half"]:
        if not 1 <= hour <= MIDDAY_HOURS:
            raise _Wrong("date.impossible")
        hour = hour % MIDDAY_HOURS + (MIDDAY_HOURS if match["half"] == "p" else 0)
    part = int((match["part"] or "").ljust(6, "0")[:6])
    try:
        clock = time(hour, int(match["minute"]), int(match["second"] or 0), part)
        if match["zone"]:
            return datetime.combine(day, clock, _offset(match["zone"])).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _Wrong("date.impossible") from None
    local = datetime.combine(day, clock, zone)
    at = local.astimezone(UTC)
    if at.astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        warnings.append("time.skipped")
    elif local.utcoffset() != local.replace(fold=1).utcoffset():
        warnings.append("time.twice")
    return at


def _offset(written: str) -> timezone:
    match = OFFSET.fullmatch(written)
    if match is None:
        return UTC
    offset = timedelta(hours=int(match["hours"]), minutes=int(match["minutes"] or 0))
    return timezone(-offset if match["sign"] == "-" else offset)


def _serial(match: re.Match[str], zone: ZoneInfo) -> MomentRead:
    number = int(match["days"])
    if number not in SERIALS:
        return MomentRead(code="date.form")
    day = SERIAL_ZERO + timedelta(days=number)
    if match["part"] is None or int(match["part"]) == 0:
        at = datetime.combine(day, NOON, zone).astimezone(UTC)
        return MomentRead(at, day, Precision.DAY, ("date.serial",))
    seconds = round(float(f"0.{match['part']}") * 86_400)
    local = datetime.combine(day, time(0)) + timedelta(seconds=seconds)
    at = local.replace(tzinfo=zone).astimezone(UTC)
    return MomentRead(at, local.date(), Precision.INSTANT, ("date.serial",))


def _with_future(read: MomentRead, on: date | None) -> MomentRead:
    if on is None or read.day is None or read.day <= on:
        return read
    if read.day > on + FAR:
        return MomentRead(code="date.far_future")
    return MomentRead(read.at, read.day, read.precision, (*read.warnings, "date.future"))
