"""The files of a bundle that we read, and the columns of each that we use."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from importers.cells import Line
from importers.oneroster import rows
from importers.readers.zipbundle import base_name
from importers.records import Record, RecordKind

KIND = "oneroster"


@dataclass(frozen=True, kw_only=True)
class RecordFile:
    """A file whose rows become records of one kind."""

    kind: RecordKind
    needed: tuple[str, ...]
    used: tuple[str, ...] = ()
    read: Callable[[Line, rows.Surroundings], Record]
    refers: Mapping[str, str] = field(default_factory=dict)


# In the order in which one refers to another.
RECORD_FILES: dict[str, RecordFile] = {
    "users.csv": RecordFile(
        kind=RecordKind.PERSON,
        needed=("sourcedId", "enabledUser", "givenName", "familyName"),
        used=("middleName", "preferredGivenName", "identifier", "email"),
        read=rows.person,
        refers={"match_key": "identifier"},
    ),
    "roles.csv": RecordFile(
        kind=RecordKind.ROLE,
        needed=("sourcedId", "userSourcedId", "role"),
        used=("beginDate", "endDate"),
        read=rows.role,
        refers={"person": "userSourcedId"},
    ),
    "classes.csv": RecordFile(
        kind=RecordKind.GROUP,
        needed=("sourcedId", "title"),
        used=("classCode",),
        read=rows.group,
    ),
    "enrollments.csv": RecordFile(
        kind=RecordKind.MEMBERSHIP,
        needed=("sourcedId", "classSourcedId", "userSourcedId", "role"),
        used=("beginDate", "endDate"),
        read=rows.membership,
        refers={"person": "userSourcedId", "target": "classSourcedId"},
    ),
    "lineItems.csv": RecordFile(
        kind=RecordKind.LESSON_TASK,
        needed=("sourcedId", "title", "classSourcedId"),
        used=("dueDate", "resultValueMin", "resultValueMax"),
        read=rows.lesson_task,
        refers={"target": "classSourcedId"},
    ),
    "results.csv": RecordFile(
        kind=RecordKind.RESULT,
        needed=("sourcedId", "lineItemSourcedId", "studentSourcedId", "scoreStatus", "scoreDate"),
        used=("score", "textScore", "comment"),
        read=rows.result,
        refers={"person": "studentSourcedId", "target": "lineItemSourcedId"},
    ),
}
# Read for what the others refer to: file, column there -> file that must hold the key.
LOOKED_UP = ("orgs.csv", "academicSessions.csv", "courses.csv", "categories.csv")
CHECKED_REFERENCES: dict[str, dict[str, str]] = {
    "courses.csv": {"orgSourcedId": "orgs.csv", "schoolYearSourcedId": "academicSessions.csv"},
    "classes.csv": {
        "courseSourcedId": "courses.csv",
        "schoolSourcedId": "orgs.csv",
        "termSourcedIds": "academicSessions.csv",
    },
    "lineItems.csv": {
        "categorySourcedId": "categories.csv",
        "academicSessionSourcedId": "academicSessions.csv",
    },
}
MANIFEST = "manifest.csv"
# A bundle without people is no bundle for us.
NEEDED_FILES = (MANIFEST, "users.csv")
ALL_FILES = (MANIFEST, *LOOKED_UP, *RECORD_FILES)
_BY_FOLDED_NAME = {name.casefold(): name for name in ALL_FILES}


def known_name(path: str) -> str | None:
    """Return the name, as the standard writes it, of a file that we read; else None."""
    return _BY_FOLDED_NAME.get(base_name(path).casefold())
