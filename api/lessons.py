"""Ondersteunende lessen: what the school offers."""

from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import g, url_for
from marshmallow import fields

from api.blueprint import Blueprint
from api.etags import IF_MATCH, check_match, known_to_reader, with_tag
from api.fields import Choice, Contract, Day, Id, Moment, Text
from api.paging import Answer, PageQuery, by_id, find_if, page, page_of
from identity.access import allows
from tracker import lessons as keeping
from tracker.lengths import MAX_TEXT, MAX_TITLE
from tracker.lessons import LONGEST_URL, add_lesson, edit_lesson, hold_lesson, offered
from tracker.models import Person, SupportLesson
from tracker.permissions import Action, find

blp = Blueprint("lessons", about="Support lessons (ondersteunende lessen): what the school offers")


class LessonState(StrEnum):
    """Whether a lesson can be chosen today."""

    OFFERED = "offered"
    CLOSED = "closed"


class LessonWordsSchema(Contract):
    """What a lesson says, and who gives it."""

    title = Text(
        longest=MAX_TITLE, required=True, about="The lesson", example="Rapporteren in drie zinnen"
    )
    about = Text(
        longest=MAX_TEXT,
        load_default=None,
        allow_none=True,
        about="What one learns there, and when it is",
        example="Elke dinsdag, lokaal 2.14. Neem een eigen rapportage mee.",
    )
    url = Text(
        longest=LONGEST_URL,
        load_default=None,
        allow_none=True,
        about="Where it is found: a whole web address",
        example="https://leren.example/rapporteren",
    )
    teacher_id = Id(
        load_default=None,
        allow_none=True,
        about="Who gives it, a coach or teacher; this person sees who chose it",
        example="019aab4e-1f30-7c2a-9a51-3f0a6c1d2e02",
    )


class LessonSchema(LessonWordsSchema):
    """A lesson."""

    id = Id(about="The lesson", example="019aab4e-a100-7aaa-8bbb-000000000001")
    teacher_name = Text(
        longest=200, allow_none=True, about="The name of who gives it", example="Tess Willems"
    )
    from_on = Day(about="From this day on it can be chosen", example="2026-09-01")
    until_on = Day(
        allow_none=True, about="The first day on which it no longer can", example="2027-02-01"
    )
    created_at = Moment(about="When it was added", example="2026-08-28T09:00:00Z")


class LessonPageSchema(Contract):
    """A page of lessons."""

    items = fields.List(fields.Nested(LessonSchema))


class LessonQuery(PageQuery):
    """Which lessons."""

    state = Choice(LessonState, load_default=None, about="Only those on offer today, or the others")


@blp.get("/lessons")
@allows(Action.SEE_LESSON)
@blp.arguments(LessonQuery, location="query")
@blp.response(200, LessonPageSchema)
def list_lessons(query: dict[str, Any]) -> Answer:
    """List the lessons of your school.

    Those on offer can be chosen; the others are kept for who chose them before.
    """
    state = query.pop("state")
    holding = offered(g.today)
    only = {LessonState.OFFERED: [holding], LessonState.CLOSED: [sa.not_(holding)]}.get(state, [])
    found, end = page_of(SupportLesson, *only, **query)
    teachers = by_id(Person, [lesson.teacher_id for lesson in found])
    return page([_shown(lesson, teachers) for lesson in found], end)


@blp.post("/lessons")
@allows(Action.KEEP_LESSONS)
@blp.arguments(LessonWordsSchema)
@blp.response(201, LessonSchema)
def create_lesson(body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Add a lesson that students may choose.

    From today on. Without a teacher only an administrator can change it.
    """
    lesson = add_lesson(g.session, by=g.person, on=g.today, at=g.now, **_named(body))
    shown, headers = _tagged(lesson)
    where = url_for("api-lessons.get_lesson", lesson_id=lesson.id)
    return shown, {**headers, "Location": where}


@blp.get("/lessons/<uuid:lesson_id>")
@allows(Action.SEE_LESSON)
@blp.response(200, LessonSchema)
@blp.alt_response(304, description="You have it already")
def get_lesson(lesson_id: UUID) -> Any:
    """Show one lesson.

    Its `ETag` goes into `If-Match` when you edit it, or into `If-None-Match` when you ask again.
    """
    lesson = _find(lesson_id)
    return known_to_reader(LessonSchema(), _one(lesson)) or _tagged(lesson)


@blp.put("/lessons/<uuid:lesson_id>")
@allows(Action.KEEP_LESSONS)
@blp.arguments(LessonWordsSchema)
@blp.response(200, LessonSchema)
@blp.doc(parameters=[IF_MATCH])
def replace_lesson(body: dict[str, Any], lesson_id: UUID) -> tuple[dict[str, Any], dict[str, str]]:
    """Change what a lesson says, or who gives it.

    By its teacher or an administrator. What is left out becomes empty. When somebody was first,
    the answer holds what is there now and what you sent.
    """
    lesson = _find(lesson_id)
    hold_lesson(g.session, by=g.person, lesson=lesson, on=g.today)
    check_match(LessonSchema(), _one(lesson), LessonWordsSchema().dump(body))
    edit_lesson(g.session, by=g.person, lesson=lesson, on=g.today, at=g.now, **_named(body))
    return _tagged(lesson)


@blp.post("/lessons/<uuid:lesson_id>/closing")
@allows(Action.KEEP_LESSONS)
@blp.response(200, LessonSchema)
def close_lesson(lesson_id: UUID) -> tuple[dict[str, Any], dict[str, str]]:
    """Take a lesson off the list.

    From today on nobody can choose it. Who chose it before keeps it.
    """
    lesson = _find(lesson_id)
    keeping.close_lesson(g.session, by=g.person, lesson=lesson, on=g.today, at=g.now)
    return _tagged(lesson)


@blp.delete("/lessons/<uuid:lesson_id>/closing")
@allows(Action.KEEP_LESSONS)
@blp.response(200, LessonSchema)
def reopen_lesson(lesson_id: UUID) -> tuple[dict[str, Any], dict[str, str]]:
    """Offer a closed lesson again.

    Students can choose it from today on.
    """
    lesson = _find(lesson_id)
    keeping.reopen_lesson(g.session, by=g.person, lesson=lesson, on=g.today, at=g.now)
    return _tagged(lesson)


def _find(lesson_id: UUID) -> SupportLesson:
    return find(g.session, SupportLesson, lesson_id, person=g.person, on=g.today)


def _named(body: dict[str, Any]) -> dict[str, Any]:
    """Take the teacher's id out of a body; return the body with the person whom it names."""
    teacher = find_if(Person, body.pop("teacher_id"))
    return {**body, "teacher": teacher}


def _one(lesson: SupportLesson) -> dict[str, Any]:
    return _shown(lesson, by_id(Person, [lesson.teacher_id]))


def _shown(lesson: SupportLesson, teachers: dict[UUID, Person]) -> dict[str, Any]:
    said = {name: getattr(lesson, name) for name in LessonSchema().fields if hasattr(lesson, name)}
    teacher = teachers.get(lesson.teacher_id) if lesson.teacher_id else None
    return {**said, "teacher_name": teacher.name if teacher else None}


def _tagged(lesson: SupportLesson) -> tuple[dict[str, Any], dict[str, str]]:
    return with_tag(LessonSchema(), _one(lesson))
