"""What Moodle writes, made plain: texts without markup, numbers, moments; and notes for people."""

import html
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
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
_TAG = re.compile(r"<[^<>]*>")


@dataclass(frozen=True, slots=True)
class Unit:
    """What belongs together: taken in whole or not at all. `key` orders the units of a stream."""

    key: list[Any]
    records: list[Record]
    is_whole: bool = True


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


def moment(seconds: Any) -> datetime | None:
    """Return the moment that Moodle writes as seconds since 1970; 0 stands for never."""
    if not isinstance(seconds, int) or seconds <= 0:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def day(seconds: Any, zone: ZoneInfo) -> str | None:
    """Return the school's day of such a moment, as ISO text."""
    found = moment(seconds)
    local: date | None = found.astimezone(zone).date() if found else None
    return local.isoformat() if local else None


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


def left_out(stream: Stream, answer: Mapping[str, Any], *, row: int = 0) -> list[Record]:
    """Return a note for each kind of warning in an answer: what it speaks of is not in there."""
    said = answer.get("warnings") or []
    codes = sorted({f"{plain(w.get('item'))} {plain(w.get('warningcode'))}".strip() for w in said})
    return [note(stream, "moodle.left_out", row=row, detail=code[:60]) for code in codes]


def batched(
    units: Iterator[Unit],
    *,
    after: Any,
    size: int,
    most: int,
    since: Callable[[], Mapping[str, Any]] | None = None,
) -> Iterator[Batch]:
    """Put units together into batches: at most `most` units, and `size` records if it can be.

    What was read before Moodle failed counts. `since` is asked for when all was read.
    """
    records: list[Record] = []
    is_whole, key, taken = True, after, 0
    try:
        for unit in units:
            if taken and (taken == most or len(records) + len(unit.records) > size):
                yield Batch(records, key, is_whole)
                records, is_whole, taken = [], True, 0
            records = records + unit.records
            is_whole, key, taken = is_whole and unit.is_whole, unit.key, taken + 1
    except Unavailable:
        if taken:
            yield Batch(records, key, is_whole)
        raise
    yield Batch(records, key, is_whole, since() if since else None)
