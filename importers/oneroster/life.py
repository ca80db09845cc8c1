"""What a row says of its own life: is it still there, and when did it last change.

In a whole file both columns are empty; rows of changes carry both (OneRoster 1.2.1 CSV Binding,
section 2). Met in the wild: times without a zone, days, no status at all. All of that is said.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from importers.readers.cells import YEARS, Line
from importers.records import Op

LIFE_COLUMNS = ("sourcedId", "status", "dateLastModified")
STATUSES = {"active": Op.UPSERT, "tobedeleted": Op.CLOSE}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@dataclass(frozen=True, slots=True)
class Life:
    """Of a row of changes also when its source says that it changed."""

    op: Op
    is_delta: bool = False
    revised_at: datetime | None = None


PRESENT = Life(Op.UPSERT)


def life_of(line: Line) -> Life:
    """Read a row of a whole file, where both columns should be empty."""
    status, revised = line.text("status"), line.text("dateLastModified")
    if status is None and revised is None:
        return PRESENT
    if revised and not is_as_in_changes(line):
        line.warn("bulk.not_blank", "dateLastModified")
    op = _op(line)
    if op is Op.CLOSE:
        line.warn("bulk.not_blank", "status")
    return Life(op)


def is_as_in_changes(line: Line) -> bool:
    """Whether a row is written as rows of changes are: said once of a file, not of every row."""
    revised = line.text("dateLastModified")
    status = (line.text("status") or "").casefold()
    return status == "active" and (revised is None or MOMENT.fullmatch(revised) is not None)


def life_of_change(line: Line, zone: ZoneInfo) -> Life:
    """Read a row of changes, which carries both; times without a zone are the school's."""
    for name in ("status", "dateLastModified"):
        if line.text(name) is None:
            line.warn("value.missing", name)
    return Life(_op(line), is_delta=True, revised_at=_revised_at(line, zone))


def _op(line: Line) -> Op:
    status = line.text("status")
    if status is None:
        return Op.UPSERT
    op = STATUSES.get(status.casefold())
    if op is None:
        line.find("status.unknown", "status", detail=", ".join(STATUSES))
        return Op.UPSERT
    if status not in STATUSES:
        line.warn("value.case", "status")
    return op


def _revised_at(line: Line, zone: ZoneInfo) -> datetime | None:
    """Return when the row last changed; None, with a finding, when that cannot be read."""
    told = line.text("dateLastModified")
    if told is None:
        return None
    try:
        moment = datetime.fromisoformat(told)
    except ValueError:
        day = line.day("dateLastModified")
        return datetime.combine(date.fromisoformat(day), time(), zone) if day else None
    if moment.year not in YEARS:
        line.find("date.impossible", "dateLastModified")
        return None
    if MOMENT.fullmatch(told):
        return moment
    line.warn("moment.written", "dateLastModified")
    return moment.replace(tzinfo=zone).astimezone(UTC) if moment.tzinfo is None else moment
