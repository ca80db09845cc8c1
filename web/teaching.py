"""Pages of support lessons for staff: the list, who chose one, and keeping the list."""

from hashlib import sha256
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from marshmallow import fields
from werkzeug.wrappers import Response

from identity.access import allows
from tracker.errors import Conflict, Invalid
from tracker.lengths import MAX_TEXT, MAX_TITLE
from tracker.lesson_lists import staff
from tracker.lessons import (
    LONGEST_URL,
    add_lesson,
    check_keeper,
    close_lesson,
    confirm_choice,
    edit_lesson,
    hold_lesson,
    may_edit,
    offered,
    reopen_lesson,
)
from tracker.models import LessonChoice, Person, SupportLesson
from tracker.overview import for_teacher
from tracker.permissions import ADMINISTRATOR, Action, find, require
from web.forms import CODES, Filled, Form, fill, words
from web.lessons import choices, lessons_where, told_choice
from web.words import sentence

blp = Blueprint("teaching", __name__, url_prefix="/lessons")


class LessonForm(Form):
    """What a lesson says; only an administrator says who gives it."""

    title = words(MAX_TITLE)
    about = words(MAX_TEXT, required=False)
    url = words(LONGEST_URL, required=False)
    teacher_id = fields.UUID(load_default=None, error_messages=CODES)
    read = words(64, required=False)


@blp.get("")
@allows(Action.KEEP_LESSONS)
def lessons() -> str:
    """Show the lessons that I give, and what else is on offer; an administrator keeps all."""
    keeps_all = _keeps_all()
    mine = SupportLesson.teacher_id == g.person.id
    not_mine = sa.or_(SupportLesson.teacher_id.is_(None), sa.not_(mine))
    return render_template(
        "coach/lessons.html",
        keeps_all=keeps_all,
        mine=lessons_where() if keeps_all else lessons_where(mine),
        others=[] if keeps_all else lessons_where(offered(g.today), not_mine),
        chosen=[told_choice(seen) for seen in for_teacher(g.session, teacher=g.person, on=g.today)],
    )


@blp.get("/<uuid:lesson_id>")
@allows(Action.KEEP_LESSONS)
def lesson(lesson_id: UUID) -> str:
    """Show one lesson, and who chose it as far as the reader may know."""
    found = _find(lesson_id)
    return render_template(
        "coach/lesson.html",
        lesson=lessons_where(SupportLesson.id == found.id)[0],
        may_edit=may_edit(g.session, by=g.person, lesson=found, on=g.today),
        is_teacher=found.teacher_id == g.person.id,
        chosen=choices(LessonChoice.lesson_id == found.id),
    )


@blp.get("/new")
@allows(Action.KEEP_LESSONS)
def new_lesson() -> str:
    """Ask for a lesson."""
    return _form_page(Filled({}))


@blp.post("/new")
@allows(Action.KEEP_LESSONS)
def save_lesson() -> Response | tuple[str, int]:
    """Add a lesson; who is no administrator gives it."""
    require(g.session, g.person, Action.KEEP_LESSONS, on=g.today)
    filled = fill(LessonForm(), request.form)
    if not filled.errors:
        try:
            lesson = add_lesson(g.session, by=g.person, on=g.today, at=g.now, **_said(filled, None))
            flash(gettext("Students can choose this lesson now."), "ok")
            return redirect(url_for("teaching.lesson", lesson_id=lesson.id), 303)
        except Invalid as refusal:
            filled.refuse(refusal)
    return _form_page(filled), 422


@blp.get("/<uuid:lesson_id>/edit")
@allows(Action.KEEP_LESSONS)
def edit(lesson_id: UUID) -> str:
    """Ask what a lesson says from now on."""
    found = _find(lesson_id)
    check_keeper(g.session, by=g.person, lesson=found, on=g.today)
    return _form_page(Filled(_values(found)), found)


@blp.post("/<uuid:lesson_id>/edit")
@allows(Action.KEEP_LESSONS)
def save_edit(lesson_id: UUID) -> Response | tuple[str, int]:
    """Change a lesson; when somebody was first, the own words stay to look at again."""
    found = _find(lesson_id)
    hold_lesson(g.session, by=g.person, lesson=found, on=g.today)
    filled = fill(LessonForm(), request.form)
    now = _values(found)["read"]
    if not filled.errors and filled.data["read"] != now:
        flash(sentence("lesson.changed"), "error")
        filled.values["read"] = now
        return _form_page(filled, found), 409
    if not filled.errors:
        try:
            edit_lesson(
                g.session,
                by=g.person,
                lesson=found,
                on=g.today,
                at=g.now,
                **_said(filled, found),
            )
            return redirect(url_for("teaching.lesson", lesson_id=found.id), 303)
        except Invalid as refusal:
            filled.refuse(refusal)
    return _form_page(filled, found), 422


@blp.post("/<uuid:lesson_id>/close")
@allows(Action.KEEP_LESSONS)
def close(lesson_id: UUID) -> Response:
    """Take a lesson off the list."""
    found = _find(lesson_id)
    close_lesson(g.session, by=g.person, lesson=found, on=g.today, at=g.now)
    return redirect(url_for("teaching.lesson", lesson_id=found.id), 303)


@blp.post("/<uuid:lesson_id>/reopen")
@allows(Action.KEEP_LESSONS)
def reopen(lesson_id: UUID) -> Response:
    """Offer a closed lesson again."""
    found = _find(lesson_id)
    reopen_lesson(g.session, by=g.person, lesson=found, on=g.today, at=g.now)
    return redirect(url_for("teaching.lesson", lesson_id=found.id), 303)


@blp.post("/choices/<uuid:choice_id>/confirm")
@allows(Action.CONFIRM_LESSON)
def confirm(choice_id: UUID) -> Response:
    """Say that a student followed a lesson, from the lesson's page or the student's."""
    choice = find(g.session, LessonChoice, choice_id, person=g.person, on=g.today)
    try:
        confirm_choice(g.session, by=g.person, choice=choice, on=g.today, at=g.now)
        flash(gettext("It is written down that this lesson was followed."), "ok")
    except Conflict as refusal:
        flash(sentence(refusal.code), "error")
    here = request.args.get("here")
    if here == "student":
        return redirect(url_for("talk.student", plan_id=choice.plan_id), 303)
    if here == "list":
        return redirect(url_for("teaching.lessons"), 303)
    return redirect(url_for("teaching.lesson", lesson_id=choice.lesson_id), 303)


def _find(lesson_id: UUID) -> SupportLesson:
    found = find(g.session, SupportLesson, lesson_id, person=g.person, on=g.today)
    require(g.session, g.person, Action.KEEP_LESSONS, on=g.today)
    return found


def _values(found: SupportLesson) -> dict[str, Any]:
    """Return what a form starts with; `read` names the words that were there."""
    said = [found.title, found.about or "", found.url or "", str(found.teacher_id or "")]
    read = sha256("\0".join(said).encode()).hexdigest()
    return {**dict(zip(("title", "about", "url", "teacher_id"), said, strict=True)), "read": read}


def _keeps_all() -> bool:
    granted = require(g.session, g.person, Action.KEEP_LESSONS, on=g.today)
    return ADMINISTRATOR in granted


def _said(filled: Filled, found: SupportLesson | None) -> dict[str, Any]:
    """Return what a form says; without an administrator a lesson stays with who gives it."""
    said = {name: filled.data[name] for name in ("title", "about", "url")}
    if not _keeps_all():
        return {**said, "teacher": g.person}
    key = filled.data["teacher_id"]
    people = {person.id: person for person in staff(g.session, by=g.person, on=g.today)}
    if found is not None and key is not None and key == found.teacher_id:  # also one who left
        return {**said, "teacher": g.session.get_one(Person, (g.school.id, key))}
    if key is not None and key not in people:
        raise Invalid(teacher_id="not_a_choice")
    return {**said, "teacher": people.get(key) if key else None}


def _form_page(filled: Filled, found: SupportLesson | None = None) -> str:
    people = staff(g.session, by=g.person, on=g.today)
    given = found.teacher_id if found else None
    if given is not None and given not in {person.id for person in people}:
        people = [*people, g.session.get_one(Person, (g.school.id, given))]
    return render_template(
        "coach/lesson_edit.html",
        lesson={"id": found.id, "title": found.title} if found else None,
        teachers=[{"value": person.id, "label": person.name} for person in people]
        if _keeps_all()
        else [],
        values=filled.values,
        errors=filled.sentences(),
    )
