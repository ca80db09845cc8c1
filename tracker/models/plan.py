"""A student's own programme and the people around it."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from tracker.columns import Record, Title, ref


class PlanState(StrEnum):
    """Where a plan is in its life."""

    DRAFT = "draft"
    ACTIVE = "active"
    CLOSED = "closed"


class PlanRole(StrEnum):
    """What somebody is to a plan; a peer is a fellow student who was asked to look at a piece."""

    STUDENT = "student"
    COACH = "coach"
    TEAM = "team"
    SUPERVISOR = "supervisor"
    PEER = "peer"


class LearningPlan(Record):
    """Leerroute: one student's own programme, with its own start; the framework may be absent."""

    __tablename__ = "learning_plan"
    __person_path__ = "student_id"

    student_id: Mapped[UUID] = ref("person")
    framework_id: Mapped[UUID | None] = ref("framework")
    title: Mapped[Title | None]
    state: Mapped[PlanState]
    starts_on: Mapped[date]
    created_at: Mapped[datetime]


class LearningUnit(Record):
    """A stretch of some weeks within a plan, until a day (exclusive); goals may belong to it."""

    __tablename__ = "learning_unit"
    __person_path__ = "plan_id.student_id"

    plan_id: Mapped[UUID] = ref("learning_plan")
    title: Mapped[Title]
    from_on: Mapped[date]
    until_on: Mapped[date]
    created_at: Mapped[datetime]


class PlanMember(Record):
    """A person's place in a plan from a day on, until a day (exclusive): the ground for seeing it.

    The student is a member too. A supervisor's row names the placement it is bound to. A row that
    a confirmed coach group opened names that confirmation, and closes with the roster.
    """

    __tablename__ = "plan_member"
    __table_args__ = (sa.Index(None, "school_id", "person_id", "plan_id"),)

    plan_id: Mapped[UUID] = ref("learning_plan")
    person_id: Mapped[UUID] = ref("person", index=False)
    role: Mapped[PlanRole]
    placement_id: Mapped[UUID | None] = ref("placement")
    coach_group_id: Mapped[UUID | None] = ref("coach_group")
    from_on: Mapped[date]
    until_on: Mapped[date | None]
    created_at: Mapped[datetime]
