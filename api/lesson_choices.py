"""Which support lessons students chose, for which goal and why, and that they were followed."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import g, url_for
from marshmallow import fields

from api.blueprint import Blueprint
from api.fields import Choice, Contract, Id, Moment, Text
from api.me import NamedPersonSchema
from api.paging import Answer, PageQuery, find_if, page, page_of
from identity.access import allows
from tracker.lengths import MAX_WORDS
from tracker.lesson_lists import choices_seen
from tracker.lessons import choose_lesson, confirm_choice, drop_choice
from tracker.models import Goal, LearningPlan, LessonChoice, LessonKind, SupportLesson
from tracker.permissions import Action, find

blp = Blueprint("lesson-choices", about="Support lessons that students chose for their plans")


class NewChoiceSchema(Contract):
    """A lesson as a student chooses it."""

    lesson_id = Id(
        required=True, about="The lesson", example="019aab4e-a100-7aaa-8bbb-000000000001"
    )
    goal_id = Id(
        load_default=None,
        allow_none=True,
        about="For this goal of the plan, if it is for one",
        example="019aab4e-5000-7aaa-8bbb-000000000001",
    )
    kind = Choice(
        LessonKind,
        required=True,
        about="Herhalen (repeat), verdiepen (deepen) or verrijken (enrich)",
        example="repeat",
    )
    reason = Text(
        longest=MAX_WORDS,
        load_default=None,
        allow_none=True,
        about="Why; its teacher reads this too",
        example="Mijn rapportages zijn nog te lang.",
    )


class ChoiceSchema(NewChoiceSchema):
    """A chosen lesson."""

    id = Id(about="The choice", example="019aab4e-a200-7aaa-8bbb-000000000001")
    plan_id = Id(about="The student's plan", example="019aab4e-4000-7aaa-8bbb-000000000001")
    student = fields.Nested(NamedPersonSchema)
    lesson_title = Text(longest=200, about="The lesson", example="Rapporteren in drie zinnen")
    goal_id = Id(
        allow_none=True,
        about="For this goal; null for who may not see it",
        example="019aab4e-5000-7aaa-8bbb-000000000001",
    )
    chosen_at = Moment(about="When it was chosen", example="2026-11-02T10:15:00Z")
    dropped_at = Moment(allow_none=True, about="When the student took it back")
    confirmed_at = Moment(
        allow_none=True,
        about="When somebody said that it was followed",
        example="2026-11-17T14:00:00Z",
    )
    confirmed_by = Text(
        longest=200, allow_none=True, about="The name of who said so", example="Tess Willems"
    )


class ChoicePageSchema(Contract):
    """A page of chosen lessons."""

    items = fields.List(fields.Nested(ChoiceSchema))


@blp.get("/plans/<uuid:plan_id>/lessons")
@allows(Action.SEE_LESSON)
@blp.arguments(PageQuery, location="query")
@blp.response(200, ChoicePageSchema)
def list_plan_lessons(query: dict[str, Any], plan_id: UUID) -> Answer:
    """List the lessons that were chosen in a plan.

    Also those that were taken back. They stay in the school: a supervisor or a peer sees none.
    """
    plan = find(g.session, LearningPlan, plan_id, person=g.person, on=g.today)
    return _list(LessonChoice.plan_id == plan.id, query, plan.id)


@blp.post("/plans/<uuid:plan_id>/lessons")
@allows(Action.CHOOSE_LESSON)
@blp.arguments(NewChoiceSchema)
@blp.response(201, ChoiceSchema)
@blp.alt_response(409, description="It is not on offer, or chosen already")
def choose_plan_lesson(
    body: dict[str, Any], plan_id: UUID
) -> tuple[dict[str, Any], dict[str, str]]:
    """Choose a lesson for your own plan.

    Coach, core team and the lesson's teacher see it. It can be chosen again once it was followed.
    """
    plan = find(g.session, LearningPlan, plan_id, person=g.person, on=g.today)
    lesson = find(g.session, SupportLesson, body.pop("lesson_id"), person=g.person, on=g.today)
    goal = find_if(Goal, body.pop("goal_id"))
    choice = choose_lesson(
        g.session,
        by=g.person,
        plan=plan,
        lesson=lesson,
        goal=goal,
        on=g.today,
        at=g.now,
        **body,
    )
    where = url_for("api-lesson-choices.get_lesson_choice", choice_id=choice.id)
    return _shown([choice.id], choice.plan_id)[0], {"Location": where}


@blp.get("/lessons/<uuid:lesson_id>/choices")
@allows(Action.SEE_LESSON)
@blp.arguments(PageQuery, location="query")
@blp.response(200, ChoicePageSchema)
def list_lesson_choices(query: dict[str, Any], lesson_id: UUID) -> Answer:
    """List who chose a lesson.

    Its teacher sees everybody who did; others see the students whose plans they see.
    """
    lesson = find(g.session, SupportLesson, lesson_id, person=g.person, on=g.today)
    return _list(LessonChoice.lesson_id == lesson.id, query)


@blp.get("/lesson-choices/<uuid:choice_id>")
@allows(Action.SEE_LESSON)
@blp.response(200, ChoiceSchema)
def get_lesson_choice(choice_id: UUID) -> dict[str, Any]:
    """Show one chosen lesson.

    For student, coach and core team, and for the lesson's own teacher.
    """
    choice = _find(choice_id)
    return _shown([choice.id], choice.plan_id)[0]


@blp.delete("/lesson-choices/<uuid:choice_id>")
@allows(Action.CHOOSE_LESSON)
@blp.response(204)
@blp.alt_response(409, description="It was taken back or followed already")
def take_back_lesson_choice(choice_id: UUID) -> None:
    """Take back your own choice.

    As long as nobody said that you followed the lesson. Its teacher no longer sees it.
    """
    drop_choice(g.session, by=g.person, choice=_find(choice_id), on=g.today, at=g.now)


@blp.post("/lesson-choices/<uuid:choice_id>/confirmation")
@allows(Action.CONFIRM_LESSON)
@blp.response(201, ChoiceSchema)
@blp.alt_response(409, description="It was taken back or followed already")
def confirm_lesson_choice(choice_id: UUID) -> dict[str, Any]:
    """Say that the student followed the lesson.

    Once, by its teacher, the coach or the core team; never by the student.
    """
    choice = _find(choice_id)
    confirm_choice(g.session, by=g.person, choice=choice, on=g.today, at=g.now)
    return _shown([choice.id], choice.plan_id)[0]


def _find(choice_id: UUID) -> LessonChoice:
    return find(g.session, LessonChoice, choice_id, person=g.person, on=g.today)


def _list(
    condition: sa.ColumnElement[bool], query: dict[str, Any], plan_id: UUID | None = None
) -> Answer:
    found, end = page_of(LessonChoice, condition, **query)
    return page(_shown([choice.id for choice in found], plan_id), end)


def _shown(ids: Sequence[UUID], plan_id: UUID | None) -> list[dict[str, Any]]:
    """Return choices with the names around them, in the order of their ids; in one query."""
    condition: sa.ColumnElement[bool] = LessonChoice.id.in_(ids)
    found = choices_seen(g.session, person=g.person, on=g.today, where=[condition], plan_id=plan_id)
    return [
        {
            "id": seen.choice.id,
            "plan_id": seen.choice.plan_id,
            "student": {"id": seen.student_id, "name": seen.student},
            "lesson_id": seen.lesson.id,
            "lesson_title": seen.lesson.title,
            "goal_id": seen.choice.goal_id if seen.goal_title is not None else None,
            "kind": seen.choice.kind,
            "reason": seen.choice.reason,
            "chosen_at": seen.choice.chosen_at,
            "dropped_at": seen.choice.dropped_at,
            "confirmed_at": seen.choice.confirmed_at,
            "confirmed_by": seen.confirmed_by,
        }
        for seen in sorted(found, key=lambda seen: seen.choice.id)
    ]
