"""Leerdoelen: what a student wants to be able to do, in own words."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Mapped

from tracker.db import FreeText, Record, SchoolOwned, Title, ref


class GoalState(StrEnum):
    """Where a goal is in its life."""

    DRAFT = "draft"
    ACTIVE = "active"
    CLOSED = "closed"


class Goal(Record):
    """A leerdoel; begins with a question, aims at an anchor (0-3) by a day the student sets."""

    __tablename__ = "goal"
    __person_path__ = "plan_id.student_id"

    plan_id: Mapped[UUID] = ref("learning_plan")
    title: Mapped[Title]
    question: Mapped[FreeText]
    success: Mapped[FreeText]
    target_anchor: Mapped[int | None]
    target_on: Mapped[date | None]
    state: Mapped[GoalState]
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class GoalItem(SchoolOwned):
    """A goal serves a framework item; several of either may go together."""

    __tablename__ = "goal_item"

    goal_id: Mapped[UUID] = ref("goal", primary_key=True)
    item_id: Mapped[UUID] = ref("framework_item", primary_key=True)
