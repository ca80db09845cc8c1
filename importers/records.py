"""What every source yields: one small record per thing, in the same shape whatever the LMS."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b
from typing import Any, NamedTuple

import orjson

from importers.issues import Finding
from tracker.models import Precision


class RecordKind(StrEnum):
    """What a record is about; in the order in which one may refer to another."""

    PERSON = "person"
    ROLE = "role"
    GROUP = "group"
    MEMBERSHIP = "membership"
    COMPANY = "company"
    PLACEMENT = "placement"
    LESSON = "lesson"
    LESSON_TASK = "lesson_task"
    PARTICIPATION = "participation"
    RESULT = "result"
    ACTIVITY = "activity"
    ATTENDANCE = "attendance"
    FRAMEWORK = "framework"
    FRAMEWORK_ITEM = "framework_item"


# Which kind a record's `person`, `target` and `parent` name.
REFERS: dict[RecordKind, dict[str, RecordKind]] = {
    RecordKind.ROLE: {"person": RecordKind.PERSON},
    RecordKind.MEMBERSHIP: {"person": RecordKind.PERSON, "target": RecordKind.GROUP},
    RecordKind.PLACEMENT: {"person": RecordKind.PERSON, "target": RecordKind.COMPANY},
    RecordKind.LESSON_TASK: {"target": RecordKind.GROUP},
    RecordKind.PARTICIPATION: {"person": RecordKind.PERSON, "target": RecordKind.LESSON_TASK},
    RecordKind.RESULT: {"person": RecordKind.PERSON, "target": RecordKind.LESSON_TASK},
    RecordKind.ACTIVITY: {"person": RecordKind.PERSON, "target": RecordKind.LESSON_TASK},
    RecordKind.ATTENDANCE: {"person": RecordKind.PERSON, "target": RecordKind.LESSON_TASK},
    RecordKind.FRAMEWORK_ITEM: {
        "target": RecordKind.FRAMEWORK,
        "parent": RecordKind.FRAMEWORK_ITEM,
    },
}


class Op(StrEnum):
    """What the source says about it: it is so, or it is no longer there.

    A LINK names a person whom the source only refers to: found among ours by the school's key or
    parked, never made and never changed. A CHANGE tells more of what the source told before, and
    of nothing else: what was never told stays out.
    """

    UPSERT = "upsert"
    CLOSE = "close"
    LINK = "link"
    CHANGE = "change"


class Standing(StrEnum):
    """What became of the row on reading: usable, set aside, or of no use to us."""

    GOOD = "good"
    BAD = "bad"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a record was read; `row` counts as Excel does, the header is row 1."""

    file: str
    row: int


# Not frozen: that would take longer than all else that is done to make one, of a million.
@dataclass(slots=True, kw_only=True)
class Record:
    """One thing as its source tells it, under the source's own key.

    `person`, `target` and `parent` are keys of the same source (see REFERS). `data` holds plain
    values: text, numbers as text, days as ISO text. Of a bad or ignored row it holds the cells.
    `match_key` is the school's own number by which a person is known in every source; a source
    that the school matches by e-mail address is matched by `data["email"]` instead. `revised_at`
    is when the source last changed it, where it sends only changes; no part of the content.
    """

    kind: RecordKind
    ext_id: str | None
    origin: Origin
    data: Mapping[str, Any]
    op: Op = Op.UPSERT
    person: str | None = None
    target: str | None = None
    parent: str | None = None
    match_key: str | None = None
    occurred_at: datetime | None = None
    precision: Precision | None = None
    revised_at: datetime | None = None
    standing: Standing = Standing.GOOD
    findings: tuple[Finding, ...] = ()

    @property
    def stored(self) -> dict[str, Any]:
        """Return what is staged of it: the data and, when it is dated, the moment."""
        if self.occurred_at is None:
            return dict(self.data)
        moment = {"occurred_at": self.occurred_at.isoformat(), "precision": self.precision}
        return {**self.data, **moment}

    @property
    def digest(self) -> str:
        """Return 32 hexadecimal digits that differ as soon as the content does."""
        # Whether it is told as a change or as a whole is no part of what is told.
        op = Op.UPSERT if self.op is Op.CHANGE else self.op
        content = [op, self.person, self.target, self.parent, self.match_key, self.stored]
        return blake2b(orjson.dumps(content), digest_size=16).hexdigest()


class Unread(NamedTuple):
    """A record that was not read yet: enough to see whether its source tells anything new.

    `raw` differs as soon as anything differs that reading depends on; a row whose `raw` is what
    its source told last is not read at all. `reader` makes the record of `row`.
    """

    kind: RecordKind
    ext_id: str
    raw: str
    reader: Callable[[Any], Record | None]
    row: Any

    def read(self) -> Record | None:
        """Return the record; None when the row tells nothing after all."""
        return self.reader(self.row)
