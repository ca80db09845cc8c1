"""Leerdoelen: what a student wants to be able to do, in own words."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from tracker.columns import FreeText, Plain, Record, SchoolOwned, Title, ref
from tracker.models.plan import PlanRole


class GoalState(StrEnum):
    """Where a goal is in its life; observations may go on after it is closed."""

    DRAFT = "draft"
    ACTIVE = "active"
    CLOSED = "closed"


class GoalKind(StrEnum):
    """A goal, or a leerwerkprestatie: a larger one with goals, evidence and a talk of its own."""

    GOAL = "goal"
    PERFORMANCE = "performance"


class Outcome(StrEnum):
    """How a goal was closed."""

    REACHED = "reached"
    STOPPED = "stopped"
    MOVED = "moved"


class Control(StrEnum):
    """Who decides about a goal (Van Loon, Van der Neut, De Ries & Kral 2016)."""

    SCHOOL = "school"
    SHARED = "shared"
    STUDENT = "student"


class Tailoring(StrEnum):
    """How much a goal is this student's own (same source)."""

    SAME = "same"
    VARIANT = "variant"
    INDIVIDUAL = "individual"


class Goal(Record):
    """A leerdoel; begins with a question, aims at an anchor (0-3) by a day the student sets.

    The row holds what its newest version says and, while it is closed, its last closing;
    `approach` is how the student goes about it.
    """

    __tablename__ = "goal"
    __person_path__ = "plan_id.student_id"

    plan_id: Mapped[UUID] = ref("learning_plan")
    parent_id: Mapped[UUID | None] = ref("goal")
    unit_id: Mapped[UUID | None] = ref("learning_unit")
    kind: Mapped[GoalKind] = mapped_column(default=GoalKind.GOAL, server_default="goal")
    title: Mapped[Title]
    question: Mapped[FreeText]
    success: Mapped[FreeText]
    approach: Mapped[FreeText | None]
    target_anchor: Mapped[int | None]
    target_on: Mapped[date | None]
    control: Mapped[Control] = mapped_column(default=Control.STUDENT, server_default="student")
    tailoring: Mapped[Tailoring] = mapped_column(
        default=Tailoring.INDIVIDUAL, server_default="individual"
    )
    state: Mapped[GoalState]
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    outcome: Mapped[Outcome | None]
    closing_words: Mapped[FreeText | None]
    closed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class GoalVersion(Record):
    """What a goal said from a moment on, until its next version. Rows are only ever added.

    `items` is {"ids": [...]}: the framework items that it served then.
    """

    __tablename__ = "goal_version"
    __person_path__ = "goal_id.plan_id.student_id"
    __table_args__ = (sa.UniqueConstraint("school_id", "goal_id", "number"),)

    goal_id: Mapped[UUID] = ref("goal", index=False)
    number: Mapped[int]
    by_id: Mapped[UUID] = ref("person")
    title: Mapped[Title]
    question: Mapped[FreeText]
    success: Mapped[FreeText]
    approach: Mapped[FreeText | None]
    target_anchor: Mapped[int | None]
    target_on: Mapped[date | None]
    control: Mapped[Control]
    tailoring: Mapped[Tailoring]
    items: Mapped[Plain]
    written_at: Mapped[datetime]


class GoalAgreement(Record):
    """Somebody stands behind one version of a goal. Rows are only ever added.

    A version is agreed when its student and a coach do; writing it counts.
    """

    __tablename__ = "goal_agreement"
    __person_path__ = "goal_id.plan_id.student_id"
    __table_args__ = (sa.UniqueConstraint("school_id", "goal_id", "version", "by_id"),)

    goal_id: Mapped[UUID] = ref("goal", index=False)
    version: Mapped[int]
    by_id: Mapped[UUID] = ref("person")
    role: Mapped[PlanRole]
    agreed_at: Mapped[datetime]


class GoalClosing(Record):
    """A goal was closed on a moment, with what its student said then. Rows are only ever added."""

    __tablename__ = "goal_closing"
    __person_path__ = "goal_id.plan_id.student_id"

    goal_id: Mapped[UUID] = ref("goal")
    outcome: Mapped[Outcome]
    words: Mapped[FreeText | None]
    closed_at: Mapped[datetime]


class GoalItem(SchoolOwned):
    """A goal serves a framework item; several of either may go together."""

    __tablename__ = "goal_item"

    goal_id: Mapped[UUID] = ref("goal", primary_key=True)
    item_id: Mapped[UUID] = ref("framework_item", primary_key=True)
