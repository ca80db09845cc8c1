"""The files of a bundle that we read, and the columns of each that the standard knows and we use.

Versions 1.1 and 1.2 differ in a few columns; users of 1.1 have their role in users.csv. What is
sensitive (demographics, profiles with passwords) and what is of no use to us is never read.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from importers.oneroster import rows
from importers.oneroster.life import LIFE_COLUMNS
from importers.readers.cells import Line
from importers.readers.zipbundle import base_name
from importers.records import RecordKind

KIND = "oneroster"
OLD, NEW = "1.1", "1.2"
METADATA = "metadata."
# Columns that are met under another name.
ALIASES = {"datalastmodified": "dateLastModified"}


@dataclass(frozen=True, kw_only=True)
class RecordFile:
    """A file whose rows become records of one kind.

    A file without the column `sourcedId` gets its keys from the columns in `keyed_by`, if any.
    """

    kind: RecordKind
    needed: tuple[str, ...]
    used: tuple[str, ...] = ()
    read: Callable[[Line, rows.Around], rows.Told]
    refers: Mapping[str, str] = field(default_factory=dict)
    keyed_by: tuple[str, ...] = ()


# In the order in which one refers to another.
RECORD_FILES: dict[str, RecordFile] = {
    "users.csv": RecordFile(
        kind=RecordKind.PERSON,
        needed=("sourcedId", "givenName", "familyName"),
        used=("enabledUser", "middleName", "preferredGivenName", "identifier", "email"),
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
        needed=("classSourcedId", "userSourcedId", "role"),
        used=("sourcedId", "beginDate", "endDate"),
        read=rows.membership,
        refers={"person": "userSourcedId", "target": "classSourcedId"},
        keyed_by=("classSourcedId", "userSourcedId", "role"),
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
# Version 1.1: the role stands with its user.
USER_ROLES = RecordFile(
    kind=RecordKind.ROLE,
    needed=("sourcedId", "role"),
    read=rows.role_of_user,
    refers={"person": "sourcedId"},
)
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
        "schoolSourcedId": "orgs.csv",
    },
}
MANIFEST = "manifest.csv"
READ_FILES = (*LOOKED_UP, *RECORD_FILES)
# Known by its table of groups: an older way to hand people to a vendor, with files of its own.
SCHOOL_DATA_SYNC_1 = "Section.csv"
ALL_FILES = (MANIFEST, *READ_FILES, SCHOOL_DATA_SYNC_1)
_BY_FOLDED_NAME = {name.casefold(): name for name in ALL_FILES}

# The columns of the standard, in its order (OneRoster 1.2.1 CSV Binding, section 4).
_USERS_END = ("givenName familyName middleName identifier email sms phone agentSourcedIds grades "
              "password")  # fmt: skip
_COLUMNS = {
    "orgs.csv": "name type identifier parentSourcedId",
    "academicSessions.csv": "title type startDate endDate parentSourcedId schoolYear",
    "courses.csv": "schoolYearSourcedId title courseCode grades orgSourcedId subjects subjectCodes",
    "categories.csv": "title weight",
    "users.csv": f"enabledUser username userIds {_USERS_END} userMasterIdentifier "
    "preferredGivenName preferredMiddleName preferredFamilyName primaryOrgSourcedId pronouns",
    "roles.csv": "userSourcedId roleType role beginDate endDate orgSourcedId userProfileSourcedId",
    "classes.csv": "title grades courseSourcedId classCode classType location schoolSourcedId "
    "termSourcedIds subjects subjectCodes periods",
    "enrollments.csv": "classSourcedId schoolSourcedId userSourcedId role primary beginDate "
    "endDate",
    "lineItems.csv": "title description assignDate dueDate classSourcedId categorySourcedId "
    "academicSessionSourcedId resultValueMin resultValueMax schoolSourcedId",
    "results.csv": "lineItemSourcedId studentSourcedId scoreStatus score scoreDate comment "
    "textScore classSourcedId inProgress incomplete late missing",
}
_OLD_COLUMNS = {
    **_COLUMNS,
    "categories.csv": "title",
    "users.csv": f"enabledUser orgSourcedIds role username userIds {_USERS_END}",
    "lineItems.csv": "title description assignDate dueDate classSourcedId categorySourcedId "
    "gradingPeriodSourcedId resultValueMin resultValueMax",
    "results.csv": "lineItemSourcedId studentSourcedId scoreStatus score scoreDate comment",
}


def known_name(path: str) -> str | None:
    """Return the name, as the standard writes it, of a file that we read; else None."""
    return _BY_FOLDED_NAME.get(base_name(path).casefold())


def columns_of(name: str, *, version: str) -> tuple[str, ...]:
    """Return the columns that the standard gives a file, in its order."""
    columns = _OLD_COLUMNS if version == OLD else _COLUMNS
    return (*LIFE_COLUMNS, *columns[name].split())
