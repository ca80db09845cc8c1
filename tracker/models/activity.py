"""LMS-signalen: what came in from outside about a student; dated, sourced, never a judgement."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from tracker.columns import FreeText, Label, Record, ref, unchecked_school


class ActivityKind(StrEnum):
    """What kind of signal.

    A completion is something done in the LMS; a visit counts the clicks of one day (`value`); an
    attendance says present (1) or not (0); a participation, that somebody takes part since.
    """

    RESULT = "result"
    LAUNCH = "launch"
    COMPLETION = "completion"
    VISIT = "visit"
    ATTENDANCE = "attendance"
    PARTICIPATION = "participation"


class Precision(StrEnum):
    """How exactly the source says when."""

    INSTANT = "instant"
    DAY = "day"


class ActivityItem(Record):
    """Something in the LMS that a signal is about: an assignment, a quiz."""

    __tablename__ = "activity_item"

    group_id: Mapped[UUID | None] = ref("school_group")
    title: Mapped[Label]
    value_min: Mapped[Decimal | None]
    value_max: Mapped[Decimal | None]
    due_on: Mapped[date | None]
    created_at: Mapped[datetime]


class ItemMeaning(Record):
    """The school said what an item is about: a part of a framework, or a support lesson.

    One of the two is set. It holds for what was imported before as well, until `ended_at`.
    """

    __tablename__ = "item_meaning"

    item_id: Mapped[UUID] = ref("activity_item")
    framework_item_id: Mapped[UUID | None] = ref("framework_item")
    lesson_id: Mapped[UUID | None] = ref("support_lesson")
    kept_by_id: Mapped[UUID | None] = ref("person", index=False)
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Activity(Record):
    """One dated signal about a person; `occurred_on` is the school's day of `occurred_at`.

    `value` is the source's own raw number on the item's own range, shown as such and compared
    with nothing. `ended_at` is set when the source took it back.
    """

    __tablename__ = "activity"
    __person_path__ = "person_id"
    # What the overview counts is in the index itself: a student's signals lie far apart.
    __table_args__ = (
        sa.Index(
            None,
            "school_id",
            "person_id",
            "occurred_on",
            postgresql_include=["source_id", "kind", "value", "ended_at"],
        ),
    )

    school_id: Mapped[UUID] = unchecked_school()
    person_id: Mapped[UUID] = ref("person", index=False)
    source_id: Mapped[UUID] = ref("activity_source", index=False, is_checked=False)
    item_id: Mapped[UUID | None] = ref("activity_item", is_checked=False)
    kind: Mapped[ActivityKind]
    occurred_at: Mapped[datetime]
    occurred_on: Mapped[date]
    precision: Mapped[Precision]
    value: Mapped[Decimal | None]
    text: Mapped[FreeText | None]
    ended_at: Mapped[datetime | None]


class ActivitySource(Record):
    """Where signals come from, under the name readers see, and when it was last heard of."""

    __tablename__ = "activity_source"
    __table_args__ = (sa.UniqueConstraint("school_id", "name"),)

    name: Mapped[Label]
    last_import_at: Mapped[datetime | None]
