"""Groups as the school's systems know them, and which of them are coach groups."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from tracker.columns import Code, Label, Record, ref
from tracker.models.plan import PlanRole


class GroupRole(StrEnum):
    """What somebody is in an imported group; grants nothing by itself."""

    STUDENT = "student"
    TEACHER = "teacher"


class Group(Record):
    """An imported group or class."""

    __tablename__ = "school_group"

    code: Mapped[Code | None]
    title: Mapped[Label]
    created_at: Mapped[datetime]


class Membership(Record):
    """A person in a group from a day on, until a day (exclusive)."""

    __tablename__ = "membership"
    __table_args__ = (sa.Index(None, "school_id", "group_id", "role"),)

    group_id: Mapped[UUID] = ref("school_group", index=False)
    person_id: Mapped[UUID] = ref("person")
    role: Mapped[GroupRole]
    from_on: Mapped[date]
    until_on: Mapped[date | None]


class CoachGroup(Record):
    """The school confirmed that a person guides an imported group, until a day (exclusive).

    `role` is what the person is in each plan: the coach, or one of the core team.
    """

    __tablename__ = "coach_group"
    __table_args__ = (sa.UniqueConstraint("school_id", "group_id", "coach_id", "from_on"),)

    group_id: Mapped[UUID] = ref("school_group", index=False)
    coach_id: Mapped[UUID] = ref("person")
    role: Mapped[PlanRole] = mapped_column(server_default=PlanRole.COACH.value)
    confirmed_by_id: Mapped[UUID | None] = ref("person", index=False)
    from_on: Mapped[date]
    until_on: Mapped[date | None]
    created_at: Mapped[datetime]
