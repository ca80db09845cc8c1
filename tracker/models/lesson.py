"""Ondersteunende lessen: what the school offers, and what a student chose from it."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Mapped

from tracker.columns import FreeText, Label, Prose, Record, Url, ref


class LessonKind(StrEnum):
    """Why a student chooses a lesson: herhalen, verdiepen, verrijken."""

    REPEAT = "repeat"
    DEEPEN = "deepen"
    ENRICH = "enrich"


class SupportLesson(Record):
    """A lesson or module that students may choose, from a day on, until a day (exclusive).

    It says nothing about a student. `teacher_id` gives it, and sees who chose it.
    """

    __tablename__ = "support_lesson"

    title: Mapped[Label]
    about: Mapped[Prose | None]
    url: Mapped[Url | None]
    teacher_id: Mapped[UUID | None] = ref("person")
    from_on: Mapped[date]
    until_on: Mapped[date | None]
    created_at: Mapped[datetime]


class LessonChoice(Record):
    """A student chose a lesson for the plan, perhaps for one goal, with the reason in own words.

    `confirmed_at` is when its teacher, the coach or the core team said that it was followed;
    `dropped_at` when the student took the choice back before that.
    """

    __tablename__ = "lesson_choice"
    __person_path__ = "plan_id.student_id"

    plan_id: Mapped[UUID] = ref("learning_plan")
    lesson_id: Mapped[UUID] = ref("support_lesson")
    goal_id: Mapped[UUID | None] = ref("goal")
    kind: Mapped[LessonKind]
    reason: Mapped[FreeText | None]
    chosen_at: Mapped[datetime]
    dropped_at: Mapped[datetime | None]
    confirmed_by_id: Mapped[UUID | None] = ref("person", index=False)
    confirmed_at: Mapped[datetime | None]
