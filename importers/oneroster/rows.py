"""Each row of a bundle as a record: what its columns mean to us.

Roles of the LMS never make an administrator: only students and teachers are taken over. Results
are signals, never judgements.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from importers.cells import Line
from importers.records import Op, Origin, Record, RecordKind, Standing
from tracker.models import GroupRole, Precision, SchoolRole

LABEL, NAME, CODE, FREE = 200, 200, 64, 2000
# The other roles of OneRoster 1.2, RoleEnum; they give nothing here.
OTHER_ROLES: dict[str, Any] = dict.fromkeys(
    (
        "administrator", "aide", "counselor", "districtAdministrator", "guardian", "parent",
        "principal", "proctor", "relative", "siteAdministrator", "systemAdministrator",
    )
)  # fmt: skip
OTHER_ROLES_FOLDED = {role.casefold() for role in OTHER_ROLES}
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


@dataclass(frozen=True)
class Surroundings:
    """What a row must know of the other files, and where the school is.

    `bounds` are the lowest and highest value by line item; `strangers` are the users who are
    neither student nor teacher in any of their roles.
    """

    zone: ZoneInfo
    bounds: Mapping[str, Bounds] = field(default_factory=dict)
    strangers: Set[str] = frozenset()


def person(line: Line, around: Surroundings) -> Record:
    """Read a row of users.csv; the school's number is `identifier`, else the key itself."""
    key, op = line.key("sourcedId"), _op(line)
    if key in around.strangers:
        line.warn("person.other_role", "sourcedId")
    given = line.words("givenName", most=NAME, is_needed=True) or ""
    family = line.words("familyName", most=NAME, is_needed=True) or ""
    parts = (given, line.text("middleName"), family)
    name = " ".join(part for part in parts if part)
    number = line.key("identifier", is_needed=False) or key
    data = {
        "name": name[:NAME],
        "given_name": line.words("preferredGivenName", most=NAME) or given,
        "email": line.email("email"),
        "number": number,
        "is_enabled": line.truth("enabledUser", default=True),
    }
    is_ours = key not in around.strangers
    return _record(line, RecordKind.PERSON, key, op, data, match_key=number, is_used=is_ours)


def role(line: Line, _around: Surroundings) -> Record:
    """Read a row of roles.csv."""
    key, op = line.key("sourcedId"), _op(line)
    user = line.reference("userSourcedId")
    data = {"role": _role(line, SCHOOL_ROLES), **_days(line)}
    return _record(line, RecordKind.ROLE, key, op, data, person=user, is_used=bool(data["role"]))


def group(line: Line, _around: Surroundings) -> Record:
    """Read a row of classes.csv."""
    key, op = line.key("sourcedId"), _op(line)
    data = {
        "title": line.words("title", most=LABEL, is_needed=True),
        "code": line.words("classCode", most=CODE),
    }
    return _record(line, RecordKind.GROUP, key, op, data)


def membership(line: Line, _around: Surroundings) -> Record:
    """Read a row of enrollments.csv."""
    key, op = line.key("sourcedId"), _op(line)
    user, group_key = line.reference("userSourcedId"), line.reference("classSourcedId")
    data = {"role": _role(line, GROUP_ROLES), **_days(line)}
    return _record(
        line,
        RecordKind.MEMBERSHIP,
        key,
        op,
        data,
        person=user,
        target=group_key,
        is_used=bool(data["role"]),
    )


def lesson_task(line: Line, _around: Surroundings) -> Record:
    """Read a row of lineItems.csv."""
    key, op = line.key("sourcedId"), _op(line)
    data = {
        "title": line.words("title", most=LABEL, is_needed=True),
        "value_min": _text(line.number("resultValueMin")),
        "value_max": _text(line.number("resultValueMax")),
        "due_on": line.day("dueDate"),
    }
    group_key = line.reference("classSourcedId")
    return _record(line, RecordKind.LESSON_TASK, key, op, data, target=group_key)


def result(line: Line, around: Surroundings) -> Record:
    """Read a row of results.csv; what was not handed in, or need not be, is no signal."""
    key, op = line.key("sourcedId"), _op(line)
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
    data = {"value": _text(value), "text": " · ".join(word for word in words if word) or None}
    return _record(
        line,
        RecordKind.RESULT,
        key,
        op,
        data,
        person=user,
        target=task,
        occurred_at=datetime.combine(date.fromisoformat(day), NOON, around.zone) if day else None,
        precision=Precision.DAY if day else None,
        is_used=is_used is not False,
    )


def _op(line: Line) -> Op:
    """Read the soft delete; in a bulk file both columns should be empty (1.2.1, section 2)."""
    status = line.text("status")
    if line.text("dateLastModified"):
        line.warn("bulk.not_blank", "dateLastModified")
    if status is None:
        return Op.UPSERT
    if status not in {"active", "tobedeleted"}:
        line.find("status.unknown", "status", detail="active, tobedeleted")
        return Op.UPSERT
    line.warn("bulk.not_blank", "status")
    return Op.CLOSE if status == "tobedeleted" else Op.UPSERT


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


def _record(
    line: Line,
    kind: RecordKind,
    key: str | None,
    op: Op,
    data: Mapping[str, Any],
    *,
    is_used: bool = True,
    **references: Any,
) -> Record:
    if line.is_bad:
        return line.set_aside(kind, key, Standing.BAD)
    if not is_used:
        return line.set_aside(kind, key, Standing.IGNORED)
    return Record(
        kind=kind,
        ext_id=key,
        op=op,
        origin=Origin(line.table.file, line.row),
        data=data,
        findings=tuple(line.findings),
        **references,
    )
