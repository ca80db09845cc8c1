"""When a signal may speak: a school's limits and holidays, absence, snoozes, and opportunities."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from tracker.columns import Code, FreeText, Label, Record, ref


class Threshold(Record):
    """A limit of the school, by its name in `tracker.facts.Thresholds`. Rows are only ever added.

    The newest row of a name holds; a name without a row has its default. `value` is in days, or in
    anchors for `gap`.
    """

    __tablename__ = "threshold"
    __table_args__ = (sa.Index(None, "school_id", "name", "set_at"),)

    name: Mapped[Code]
    value: Mapped[int]
    set_by_id: Mapped[UUID] = ref("person", index=False)
    set_at: Mapped[datetime]


class Holiday(Record):
    """Days on which the school is closed, until a day (exclusive): clocks stand still.

    `removed_at` is when the school took it back; from then on it counts for nothing.
    """

    __tablename__ = "holiday"

    name: Mapped[Label]
    from_on: Mapped[date]
    until_on: Mapped[date]
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]


class Absence(Record):
    """A student said, or the coach, to be away, until a day (exclusive): days, never a reason.

    `withdrawn_at` is when it was taken back.
    """

    __tablename__ = "absence"
    __person_path__ = "plan_id.student_id"

    plan_id: Mapped[UUID] = ref("learning_plan")
    by_id: Mapped[UUID] = ref("person", index=False)
    from_on: Mapped[date]
    until_on: Mapped[date]
    created_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class Snooze(Record):
    """Somebody puts a signal off for themselves until a day (exclusive), and says why.

    It holds for this rule and for the one thing that the signal is about (`Signal.about`: the id of
    a goal, request, placement or item; None for the plan). Nobody else's signals change. `ended_at`
    is when it was taken back before that.
    """

    __tablename__ = "snooze"
    __person_path__ = "plan_id.student_id"
    __table_args__ = (sa.Index(None, "school_id", "by_id", "until_on"),)

    plan_id: Mapped[UUID] = ref("learning_plan")
    by_id: Mapped[UUID] = ref("person", index=False)
    rule: Mapped[Code]
    about: Mapped[UUID | None]
    until_on: Mapped[date]
    reason: Mapped[FreeText]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Opportunity(Record):
    """Somebody said whether a placement offers a werkproces. Rows are only ever added.

    The newest row of a placement and an item holds. Without a row nobody said anything: that is
    no gap.
    """

    __tablename__ = "opportunity"
    __person_path__ = "placement_id.plan_id.student_id"

    placement_id: Mapped[UUID] = ref("placement")
    item_id: Mapped[UUID] = ref("framework_item", index=False)
    is_possible: Mapped[bool]
    by_id: Mapped[UUID] = ref("person", index=False)
    said_at: Mapped[datetime]
