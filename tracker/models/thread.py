"""Asking and answering: requests, comments, learning questions, and talks."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from tracker.columns import FreeText, Record, ref
from tracker.models.plan import PlanRole

ABOUT_ONE = (
    "(CASE WHEN goal_id IS NULL THEN 0 ELSE 1 END)"
    " + (CASE WHEN evidence_id IS NULL THEN 0 ELSE 1 END)"
    " + (CASE WHEN question_id IS NULL THEN 0 ELSE 1 END) = 1"
)


class QuestionState(StrEnum):
    """What became of a learning question."""

    OPEN = "open"
    GOAL = "goal"
    CLOSED = "closed"


class LearningQuestion(Record):
    """Leervraag: something a student wonders about, often at work; it may become a goal.

    With a placement its supervisors see it too.
    """

    __tablename__ = "learning_question"
    __person_path__ = "plan_id.student_id"

    plan_id: Mapped[UUID] = ref("learning_plan")
    by_id: Mapped[UUID] = ref("person")
    placement_id: Mapped[UUID | None] = ref("placement")
    words: Mapped[FreeText]
    state: Mapped[QuestionState]
    goal_id: Mapped[UUID | None] = ref("goal")
    asked_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class RequestState(StrEnum):
    """Where a request stands."""

    OPEN = "open"
    ANSWERED = "answered"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class FeedbackRequest(Record):
    """One person asks another to look at a goal, a piece of evidence or a learning question.

    Its reply clock runs from `asked_at` until `closed_at`. `reply` holds why it was declined.
    """

    __tablename__ = "feedback_request"
    __person_path__ = "plan_id.student_id"
    __table_args__ = (
        sa.CheckConstraint(ABOUT_ONE, name="about_one"),
        sa.Index(None, "school_id", "to_id", "state"),
    )

    plan_id: Mapped[UUID] = ref("learning_plan")
    goal_id: Mapped[UUID | None] = ref("goal")
    evidence_id: Mapped[UUID | None] = ref("evidence")
    question_id: Mapped[UUID | None] = ref("learning_question")
    by_id: Mapped[UUID] = ref("person")
    to_id: Mapped[UUID] = ref("person", index=False)
    words: Mapped[FreeText | None]
    state: Mapped[RequestState]
    asked_at: Mapped[datetime]
    reminded_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    reply: Mapped[FreeText | None]


class Comment(Record):
    """What somebody says about a goal, a piece of evidence or a learning question.

    Never changed; its writer may take it back, and then its words are shown to nobody.
    """

    __tablename__ = "comment"
    __person_path__ = "plan_id.student_id"
    __table_args__ = (sa.CheckConstraint(ABOUT_ONE, name="about_one"),)

    plan_id: Mapped[UUID] = ref("learning_plan")
    goal_id: Mapped[UUID | None] = ref("goal")
    evidence_id: Mapped[UUID | None] = ref("evidence")
    question_id: Mapped[UUID | None] = ref("learning_question")
    by_id: Mapped[UUID] = ref("person")
    role: Mapped[PlanRole]
    words: Mapped[FreeText]
    written_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class Conversation(Record):
    """Gesprek: student and coach talked on a day, perhaps about one goal. Rows are only added."""

    __tablename__ = "conversation"
    __person_path__ = "plan_id.student_id"
    __table_args__ = (sa.Index(None, "school_id", "held_on"),)

    plan_id: Mapped[UUID] = ref("learning_plan")
    goal_id: Mapped[UUID | None] = ref("goal")
    by_id: Mapped[UUID] = ref("person")
    role: Mapped[PlanRole]
    held_on: Mapped[date]
    words: Mapped[FreeText]
    recorded_at: Mapped[datetime]
