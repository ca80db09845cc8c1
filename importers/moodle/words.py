"""What Moodle writes, made plain: moments in seconds since 1970, and its warnings."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from importers.readers.answers import note, plain
from importers.records import Record
from importers.source import Stream


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


def left_out(stream: Stream, answer: Mapping[str, Any], *, row: int = 0) -> list[Record]:
    """Return a note for each kind of warning in an answer: what it speaks of is not in there."""
    said = answer.get("warnings") or []
    codes = sorted({f"{plain(w.get('item'))} {plain(w.get('warningcode'))}".strip() for w in said})
    return [note(stream, "moodle.left_out", row=row, detail=code[:60]) for code in codes]
