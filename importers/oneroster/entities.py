"""What a OneRoster service answers, as the rows of a bundle: so both mean the same to us.

References are objects there, the roles of a user stand with the user, and moments have a time
where a file has a day. What else a service tells (passwords, telephone numbers, parents) is left.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from importers.issues import Column
from importers.oneroster import rows
from importers.oneroster.access import GRADEBOOK, ROSTERING
from importers.oneroster.life import LIFE_COLUMNS
from importers.oneroster.roles import OTHERS, OURS
from importers.readers.answers import day, moment
from importers.readers.cells import DAY, Line, line_of, places_in
from importers.readers.tabular import Table, TableRow
from importers.records import RecordKind

Entity = Mapping[str, Any]
Cells = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Collection:
    """A list of the service: where it is asked, and what its entities become.

    `cells` makes rows of an entity. One with a status of its own tells what the entity has not;
    that is of use where only changes are told.
    """

    kind: RecordKind
    path: str
    columns: tuple[str, ...]
    cells: Callable[[Entity, ZoneInfo], Iterator[Cells]]
    read: Callable[[Line, rows.Around], rows.Told]
    refers: Mapping[str, str]

    @property
    def name(self) -> str:
        """Return under which name the list stands in an answer."""
        return self.path.rsplit("/", 1)[1]

    def lines(self, entity: Entity, row: int, *, is_delta: bool, zone: ZoneInfo) -> Iterator[Line]:
        """Yield an entity's rows, under the names of a bundle's columns."""
        headers = (*LIFE_COLUMNS, *self.columns)
        table = _Listed(self.path, headers, iter(()))
        for cells in self.cells(entity, zone):
            if "status" in cells and not is_delta:
                continue
            known = {**_life(entity), **cells}
            found = TableRow(row, [known.get(name, "") for name in headers])
            line = line_of(table, places_in(table, headers), found)
            if line is not None:
                yield line


class _Listed(Table):
    """A table that stands in no sheet, so its columns have no letters."""

    def column(self, name: str) -> Column:
        return Column(None, name)


def standing_of(entity: Entity) -> str | None:
    """Return whether a user is of no use to us (`other`), or of unknown roles (`unclear`)."""
    told = {str(one.get("role") or "").casefold() for one in _roles(entity)}
    if told & OURS:
        return None
    return "other" if told & OTHERS else "unclear"


def text(value: Any) -> str:
    """Return a value as it would stand in a cell."""
    if value is None or isinstance(value, dict | list):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return format(Decimal(str(value)), "f")
    return str(value)


def _life(entity: Entity) -> Cells:
    revised = entity.get("dateLastModified")
    found = moment(revised)
    if found is not None:
        revised = found.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {
        "sourcedId": text(entity.get("sourcedId")),
        "status": text(entity.get("status")),
        "dateLastModified": text(revised),
    }


def _user(entity: Entity, _zone: ZoneInfo) -> Iterator[Cells]:
    names = ("givenName", "middleName", "familyName", "identifier", "email")
    yield {
        **_told(entity, names),
        "preferredGivenName": text(entity.get("preferredFirstName")),
        "enabledUser": text(entity.get("enabledUser", True)),
    }


def _role(entity: Entity, zone: ZoneInfo) -> Iterator[Cells]:
    """Yield a user's roles with us, each once however many schools they have it at.

    A role has no key of its own; the one that they have not is told as gone.
    """
    user = text(entity.get("sourcedId"))
    for role in sorted(OURS):
        found = [one for one in _roles(entity) if str(one.get("role")).casefold() == role]
        cells = {"sourcedId": f"{user}/{role}" if user else "", "userSourcedId": user, "role": role}
        if found:
            begins = [_day(one.get("beginDate"), zone) for one in found]
            ends = [_day(one.get("endDate"), zone) for one in found]
            dated = {
                "beginDate": min(begins) if all(begins) else "",
                "endDate": max(ends) if all(ends) else "",
            }
            yield cells | dated
        else:
            yield cells | {"status": "tobedeleted"}


def _class(entity: Entity, _zone: ZoneInfo) -> Iterator[Cells]:
    yield _told(entity, ("title", "classCode"))


def _enrollment(entity: Entity, zone: ZoneInfo) -> Iterator[Cells]:
    yield {
        "classSourcedId": _reference(entity, "class"),
        "userSourcedId": _reference(entity, "user"),
        "role": text(entity.get("role")),
        "beginDate": _day(entity.get("beginDate"), zone),
        "endDate": _day(entity.get("endDate"), zone),
    }


def _line_item(entity: Entity, zone: ZoneInfo) -> Iterator[Cells]:
    yield {
        **_told(entity, ("title", "resultValueMin", "resultValueMax")),
        "classSourcedId": _reference(entity, "class"),
        "dueDate": _day(entity.get("dueDate"), zone),
    }


def _result(entity: Entity, zone: ZoneInfo) -> Iterator[Cells]:
    yield {
        **_told(entity, ("scoreStatus", "score", "textScore", "comment")),
        "lineItemSourcedId": _reference(entity, "lineItem"),
        "studentSourcedId": _reference(entity, "student"),
        "scoreDate": _day(entity.get("scoreDate"), zone),
    }


def _told(entity: Entity, names: tuple[str, ...]) -> Cells:
    return {name: text(entity.get(name)) for name in names}


def _roles(entity: Entity) -> list[Entity]:
    found = entity.get("roles")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _reference(entity: Entity, name: str) -> str:
    found = entity.get(name)
    return text(found.get("sourcedId")) if isinstance(found, dict) else ""


def _day(value: Any, zone: ZoneInfo) -> str:
    """Return a day; of a moment the school's day. What is neither stays, to be said."""
    told = text(value).strip()
    return told if DAY.fullmatch(told) else day(told, zone) or told


# In the order in which one refers to another.
COLLECTIONS: dict[str, Collection] = {
    "users": Collection(
        kind=RecordKind.PERSON,
        path=f"{ROSTERING}users",
        columns=(
            "enabledUser",
            "givenName",
            "familyName",
            "middleName",
            "preferredGivenName",
            "identifier",
            "email",
        ),
        cells=_user,
        read=rows.person,
        refers={"match_key": "identifier"},
    ),
    "roles": Collection(
        kind=RecordKind.ROLE,
        path=f"{ROSTERING}users",
        columns=("userSourcedId", "role", "beginDate", "endDate"),
        cells=_role,
        read=rows.role,
        refers={"person": "sourcedId"},
    ),
    "classes": Collection(
        kind=RecordKind.GROUP,
        path=f"{ROSTERING}classes",
        columns=("title", "classCode"),
        cells=_class,
        read=rows.group,
        refers={},
    ),
    "enrollments": Collection(
        kind=RecordKind.MEMBERSHIP,
        path=f"{ROSTERING}enrollments",
        columns=("classSourcedId", "userSourcedId", "role", "beginDate", "endDate"),
        cells=_enrollment,
        read=rows.membership,
        refers={"person": "user", "target": "class"},
    ),
    "lineItems": Collection(
        kind=RecordKind.LESSON_TASK,
        path=f"{GRADEBOOK}lineItems",
        columns=("title", "classSourcedId", "dueDate", "resultValueMin", "resultValueMax"),
        cells=_line_item,
        read=rows.lesson_task,
        refers={"target": "class"},
    ),
    "results": Collection(
        kind=RecordKind.RESULT,
        path=f"{GRADEBOOK}results",
        columns=(
            "lineItemSourcedId",
            "studentSourcedId",
            "scoreStatus",
            "scoreDate",
            "score",
            "textScore",
            "comment",
        ),
        cells=_result,
        read=rows.result,
        refers={"person": "student", "target": "lineItem"},
    ),
}
GRADES = {"lineItems", "results"}
