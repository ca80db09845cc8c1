"""Each row of a bundle as a record: what its columns mean to us.

Roles of the LMS never make an administrator: only students and teachers are taken over; parents
and guardians never come in. Results are signals, never judgements.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from importers.oneroster.life import Life
from importers.readers.cells import Line
from importers.records import Op, Origin, Record, RecordKind, Standing
from tracker.models import GroupRole, Precision, SchoolRole

LABEL, NAME, CODE, FREE = 200, 200, 64, 2000
# The other roles of OneRoster 1.1 and 1.2, RoleEnum; they give nothing here.
OTHER_ROLES: dict[str, Any] = dict.fromkeys(
    (
        "administrator", "aide", "counselor", "districtAdministrator", "guardian", "parent",
        "principal", "proctor", "relative", "siteAdministrator", "systemAdministrator",
    )
)  # fmt: skip
SCHOOL_ROLES = {"student": SchoolRole.STUDENT, "teacher": SchoolRole.TEACHER, **OTHER_ROLES}
GROUP_ROLES = {"student": GroupRole.STUDENT, "teacher": GroupRole.TEACHER, **OTHER_ROLES}
# ScoreStatusEnum: does it say that there is something of the student?
SCORE_STATUSES = {
    "fully graded": True,
    "partially graded": True,
    "submitted": True,
    "exempt": False,
    "not submitted": False,
}
# A day without a time is kept as noon at the school, so that it is the same day everywhere near.
NOON = time(12)
Bounds = tuple[Decimal | None, Decimal | None]


@dataclass(frozen=True, kw_only=True)
class Around:
    """What a row must know of the other files, and where the school is.

    `bounds` are the lowest and highest value by line item; `others` are the users who are neither
    student nor teacher in any of their roles, `unclear` those of whose roles none can be read. In
    a file of changes `ours` are those of whom the bundle says that they are student or teacher;
    of everybody else it may only tell more of who is known.
    """

    zone: ZoneInfo
    bounds: Mapping[str, Bounds] = field(default_factory=dict)
    others: Set[str] = frozenset()
    unclear: Set[str] = frozenset()
    ours: Set[str] | None = None

    def standing(self, user: str | None) -> str | None:
        """Return how a user may come in: `change`, `other`, `unclear`, or None: as they are."""
        if self.ours is not None and user not in self.ours:
            return "change"
        if user in self.others:
            return "other"
        return "unclear" if user in self.unclear else None


@dataclass(slots=True, kw_only=True)
class Told:
    """What a row tells; `is_used` is False for what gives nothing here."""

    data: Mapping[str, Any]
    is_used: bool = True
    op: Op = Op.UPSERT
    person: str | None = None
    target: str | None = None
    match_key: str | None = None
    occurred_at: datetime | None = None
    precision: Precision | None = None


def read_row(line: Line, key: str | None, life: Life, told: Told, kind: RecordKind) -> Record:
    """Return the record of a row; what a file of changes tells as of no use is closed."""
    if line.is_bad:
        return line.set_aside(kind, key, Standing.BAD)
    if not told.is_used:
        if not life.is_delta:
            return line.set_aside(kind, key, Standing.IGNORED)
        return closing(line, key, life, kind)
    return Record(
        kind=kind,
        ext_id=key,
        op=told.op,
        origin=Origin(line.table.file, line.row),
        data=told.data,
        person=told.person,
        target=told.target,
        match_key=told.match_key,
        occurred_at=told.occurred_at,
        precision=told.precision,
        revised_at=life.revised_at,
        findings=tuple(line.findings),
    )


def closing(line: Line, key: str | None, life: Life, kind: RecordKind) -> Record:
    """Return the record of a row that is no longer there; its other columns do not matter."""
    return Record(
        kind=kind,
        ext_id=key,
        op=Op.CLOSE,
        origin=Origin(line.table.file, line.row),
        data={},
        revised_at=life.revised_at,
        findings=tuple(line.findings),
    )


def person(line: Line, around: Around) -> Told:
    """Read a row of users.csv; the school's number is `identifier`, else the key itself."""
    key = line.text("sourcedId")
    standing = around.standing(key)
    if standing == "other":
        line.warn("person.other_role", "sourcedId")
    elif standing == "unclear":
        line.find("person.role_unclear", "sourcedId")
    given = line.words("givenName", most=NAME, is_needed=True) or ""
    family = line.words("familyName", most=NAME, is_needed=True) or ""
    parts = (given, line.text("middleName"), family)
    number = line.key("identifier", is_needed=False) or key
    is_said = "enabledUser" in line.places
    data = {
        "name": " ".join(part for part in parts if part)[:NAME],
        "given_name": line.words("preferredGivenName", most=NAME) or given,
        "email": line.email("email"),
        "number": number,
        "is_enabled": line.truth("enabledUser") if is_said else True,
    }
    op = Op.CHANGE if standing == "change" else Op.UPSERT
    return Told(data=data, is_used=standing != "other", op=op, match_key=number)


def role(line: Line, _around: Around) -> Told:
    """Read a row of roles.csv."""
    user = line.reference("userSourcedId")
    data = {"role": _role(line, SCHOOL_ROLES), **_days(line)}
    return Told(data=data, is_used=bool(data["role"]), person=user)


def role_of_user(line: Line, _around: Around) -> Told:
    """Read the role in a row of users.csv (version 1.1); since when is not said there."""
    found = _role(line, SCHOOL_ROLES)
    data = {"role": found, "from_on": None, "until_on": None}
    return Told(data=data, is_used=bool(found), person=line.text("sourcedId"))


def group(line: Line, _around: Around) -> Told:
    """Read a row of classes.csv."""
    data = {
        "title": line.words("title", most=LABEL, is_needed=True),
        "code": line.words("classCode", most=CODE),
    }
    return Told(data=data)


def membership(line: Line, _around: Around) -> Told:
    """Read a row of enrollments.csv."""
    user, group_key = line.reference("userSourcedId"), line.reference("classSourcedId")
    data = {"role": _role(line, GROUP_ROLES), **_days(line)}
    return Told(data=data, is_used=bool(data["role"]), person=user, target=group_key)


def lesson_task(line: Line, _around: Around) -> Told:
    """Read a row of lineItems.csv."""
    lowest, highest = line.number("resultValueMin"), line.number("resultValueMax")
    if lowest is not None and highest is not None and lowest > highest:
        line.find("score.range_reversed", "resultValueMin", detail=_text(highest))
    data = {
        "title": line.words("title", most=LABEL, is_needed=True),
        "value_min": _text(lowest),
        "value_max": _text(highest),
        "due_on": line.day("dueDate"),
    }
    return Told(data=data, target=line.reference("classSourcedId"))


def result(line: Line, around: Around) -> Told:
    """Read a row of results.csv; what was not handed in, or need not be, is no signal."""
    user, task = line.reference("studentSourcedId"), line.reference("lineItemSourcedId")
    is_used = line.choice("scoreStatus", SCORE_STATUSES)
    if is_used is False:
        line.warn("result.without_score", "scoreStatus")
    value = line.number("score")
    _check_bounds(line, value, around.bounds.get(task or "", (None, None)))
    day = line.day("scoreDate")
    if day is None and line.text("scoreDate") is None:
        line.find("value.missing", "scoreDate")
    words = [line.words("textScore", most=LABEL), line.words("comment", most=FREE)]
    return Told(
        data={"value": _text(value), "text": " · ".join(word for word in words if word) or None},
        is_used=is_used is not False,
        person=user,
        target=task,
        occurred_at=_noon(day, around.zone) if day else None,
        precision=Precision.DAY if day else None,
    )


@lru_cache(4096)
def _noon(day: str, zone: ZoneInfo) -> datetime:
    return datetime.combine(date.fromisoformat(day), NOON, zone)


def _role(line: Line, roles: Mapping[str, Any]) -> Any:
    found = line.choice("role", roles)
    if found is None and not line.is_bad:
        line.warn("role.ignored", "role")
    return found


def _days(line: Line) -> dict[str, str | None]:
    """Read from when and until when (exclusive, as the standard has it)."""
    from_on, until_on = line.day("beginDate"), line.day("endDate")
    if from_on and until_on and until_on < from_on:
        line.find("date.before_start", "endDate", detail=from_on)
    return {"from_on": from_on, "until_on": until_on}


def _check_bounds(line: Line, value: Decimal | None, bounds: Bounds) -> None:
    lowest, highest = bounds
    if value is None:
        return
    if (lowest is not None and value < lowest) or (highest is not None and value > highest):
        line.find("score.out_of_range", "score", detail=f"{_text(lowest)}-{_text(highest)}")


def _text(number: Decimal | None) -> str | None:
    return None if number is None else format(number, "f")
