"""People, and what they are in the school."""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from tracker.columns import Code, Email, Identifier, PersonName, Record, ref


class PersonState(StrEnum):
    """Whether somebody takes part; pending is known from a roster and never came in yet."""

    PENDING = "pending"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    LEFT = "left"


class SchoolRole(StrEnum):
    """What somebody is in the school; by itself it shows no plan, except to an administrator."""

    STUDENT = "student"
    COACH = "coach"
    TEACHER = "teacher"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"


class Person(Record):
    """A student, coach, teacher, praktijkopleider or administrator; or a program with a token.

    `only_students` is no column: it narrows what a person who asks may see in this session to
    these students (None: it does not), when the LMS says whom a mentor comes for. `is_from_lms` is
    none either: an LMS said who asks, and nobody is an administrator by an LMS's word.
    """

    __tablename__ = "person"
    __person_path__ = "id"
    __table_args__ = (
        sa.UniqueConstraint("school_id", "number"),
        sa.Index(None, "school_id", "email"),
    )

    only_students: ClassVar[frozenset[UUID] | None] = None
    is_from_lms: ClassVar[bool] = False

    name: Mapped[PersonName]
    given_name: Mapped[PersonName]
    email: Mapped[Email | None]
    number: Mapped[Identifier | None]
    locale: Mapped[Code | None]
    state: Mapped[PersonState]
    created_at: Mapped[datetime]


class PersonRole(Record):
    """A role in the school, from a day on, until a day (exclusive)."""

    __tablename__ = "person_role"
    __table_args__ = (sa.UniqueConstraint("school_id", "person_id", "role", "from_on"),)

    person_id: Mapped[UUID] = ref("person", index=False)
    role: Mapped[SchoolRole]
    from_on: Mapped[date]
    until_on: Mapped[date | None]
