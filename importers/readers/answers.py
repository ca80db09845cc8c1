"""What systems answer, made plain: texts, numbers, moments, notes for people, and batches of it."""

import html
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from importers.bsn import MARK
from importers.issues import Finding, Severity
from importers.records import Origin, Record, RecordKind, Standing
from importers.source import Batch, Stream, Unavailable

LONGEST = 200  # as Label
STEP = Decimal("0.001")
TOO_LARGE = Decimal(10) ** 7  # for Numeric(10, 3)
YEARS = range(1900, 2101)
# Where reading goes on behind the last batch of a stream: nowhere.
END = "end"
_TAG = re.compile(r"<[^<>]*>")


@dataclass(frozen=True, slots=True)
class Unit:
    """What belongs together: taken in whole or not at all. `key` orders the units of a stream.

    `is_whole` and `hidden` are as a Batch's.
    """

    key: list[Any]
    records: list[Record]
    is_whole: bool = True
    hidden: Sequence[str] = ()


def plain(text: Any, *, most: int = LONGEST) -> str:
    """Return a text without tags, entities and doubled spaces, cut off where it must be."""
    bare = html.unescape(_TAG.sub(" ", str(text or "")))
    return " ".join(bare.split())[:most].rstrip()


def number(value: Any) -> str | None:
    """Return a number as text with at most three decimals; None for what is no number."""
    if value is None or isinstance(value, bool):
        return None
    try:
        found = Decimal(str(value))
        if not found.is_finite() or abs(found) >= TOO_LARGE:
            return None
        return format(found.quantize(STEP).normalize(), "f")
    except InvalidOperation:
        return None


def moment(text: Any, zone: ZoneInfo | None = None) -> datetime | None:
    """Return a moment written as ISO 8601, in UTC; None for what is none.

    `zone` is that of moments which name none; without it such a moment is none.
    """
    if not isinstance(text, str):
        return None
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is None:
            found = found.replace(tzinfo=zone)
        return found.astimezone(UTC) if found.tzinfo and found.year in YEARS else None
    except (ValueError, OverflowError):
        return None


def day(text: Any, zone: ZoneInfo) -> str | None:
    """Return the school's day of such a moment, as ISO text."""
    found = moment(text, zone)
    return found.astimezone(zone).date().isoformat() if found else None


def without_bsn(text: str) -> str | None:
    """Return a number of a person; none where the door took a BSN away."""
    return None if not text or MARK in text else text


def note(stream: Stream, code: str, *, row: int = 0, **facts: str | None) -> Record:
    """Return a row that is no more than a warning to people."""
    finding = Finding(code=code, severity=Severity.WARNING, file=stream.file, **facts)  # type: ignore[arg-type]  # named as in Finding
    return Record(
        kind=RecordKind(stream.kind),
        ext_id=None,
        origin=Origin(stream.file, row),
        data={},
        standing=Standing.IGNORED,
        findings=(finding,),
    )


def batched(
    units: Iterator[Unit],
    *,
    after: Any,
    size: int,
    most: int,
    since: Callable[[], Mapping[str, Any]] | None = None,
) -> Iterator[Batch]:
    """Put units together into batches: at most `most` units, and `size` records if it can be.

    What was read before the system failed counts. `since` is asked for when all was read; the
    last batch ends at END.
    """
    records: list[Record] = []
    hidden: list[str] = []
    is_whole, key, taken = True, after, 0
    try:
        for unit in units:
            if taken and (taken == most or len(records) + len(unit.records) > size):
                yield Batch(records, key, is_whole, hidden=hidden)
                records, hidden, is_whole, taken = [], [], True, 0
            records, hidden = records + unit.records, [*hidden, *unit.hidden]
            is_whole, key, taken = is_whole and unit.is_whole, unit.key, taken + 1
    except Unavailable:
        if taken:
            yield Batch(records, key, is_whole, hidden=hidden)
        raise
    yield Batch(records, END, is_whole, since() if since else None, hidden)
