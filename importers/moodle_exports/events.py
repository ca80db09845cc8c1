"""Rows of Moodle's log table, and what a student did in an activity according to one of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from importers.readers.tabular import Table

NEEDED = ("eventname", "action", "contextlevel", "contextinstanceid", "userid", "timecreated")
MORE = ("relateduserid", "edulevel", "origin", "other", "realuserid")
MODULE_LEVEL = "70"
TEACHING = "1"  # edulevel: who does such things is no student
COMPLETED = r"\core\event\course_module_completion_updated"
CREATED = r"\core\event\course_module_created"
MACHINES = {"cli", "restore", "cron"}
LONGEST_ID = 12  # digits
SPAN = range(946_684_800, 4_102_444_800)  # 2000 to 2100, in seconds since 1970


@dataclass(frozen=True, slots=True)
class Event:
    """A row as far as it is used: ids are 0 where there is none, `at` is seconds since 1970."""

    row: int
    name: str
    action: str
    module: int
    person: int
    related: int
    is_teaching: bool
    is_own: bool
    at: int
    other: str

    @property
    def student(self) -> int:
        """Return who did something in an activity that we use, by Moodle's number; 0 for nobody."""
        if not self.module:
            return 0
        if self.name == COMPLETED:
            return self.related
        is_visit = self.action == "viewed" and self.is_own and not self.is_teaching
        return self.person if is_visit else 0

    @property
    def details(self) -> dict[str, Any]:
        """Return what Moodle noted beside the columns."""
        try:
            found = orjson.loads(self.other)
        except orjson.JSONDecodeError:
            return {}
        return found if isinstance(found, dict) else {}


def events(table: Table) -> Iterator[Event | None]:
    """Yield each row; None for one that is not whole or not dated."""
    places = [table.place(name) or 0 for name in NEEDED]
    others = [table.place(name) for name in MORE]
    width = len(table.headers)
    for row in table.lines:
        cells = row.cells
        if cells is None or len(cells) != width or not _is_moment(cells[places[-1]]):
            yield None
            continue
        name, action, level, module, person, at = (cells[place] for place in places)
        related, edulevel, origin, other, real = (
            "" if place is None else cells[place] for place in others
        )
        yield Event(
            row=row.number,
            name=name,
            action=action,
            module=_id(module) if level == MODULE_LEVEL else 0,
            person=_id(person),
            related=_id(related),
            is_teaching=edulevel == TEACHING,
            # Not what a machine did in somebody's name, or somebody else signed in as them.
            is_own=origin not in MACHINES and not _id(real),
            at=int(at),
            other=other,
        )


def _is_moment(cell: str) -> bool:
    return bool(_id(cell)) and int(cell) in SPAN


def _id(cell: str) -> int:
    """Return a positive number; 0 for anything else."""
    is_number = cell.isascii() and cell.isdigit() and len(cell) <= LONGEST_ID
    return int(cell) if is_number else 0
