"""Pages of support lessons for students: what is on offer, one lesson, choosing it or not."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from marshmallow import fields
from werkzeug.wrappers import Response

from identity.access import allows
from tracker.errors import Conflict, Invalid
from tracker.goal_lists import goals_seen
from tracker.lesson_lists import SeenChoice, SeenLesson, choices_seen, lessons_seen
from tracker.lessons import choose_lesson, drop_choice, offered
from tracker.models import (
    Goal,
    GoalState,
    LearningPlan,
    LessonChoice,
    LessonKind,
    SchoolRole,
    SupportLesson,
)
from tracker.people import today_at
from tracker.permissions import ALLOWED, Action, Condition, find, roles_of
from tracker.plans import current_plan, is_open
from tracker.spoor import Moment
from web.forms import CHOICE, CODES, Filled, Form, fill, words
from web.student import open_plans, plan_at_hand, plan_lines, plan_to_read
from web.words import sentence

blp = Blueprint("lessons", __name__, url_prefix="/student/lessons")
LONGEST_REASON = 2000


class ChoiceForm(Form):
    """Why a student chooses a lesson, and for which goal."""

    kind = fields.Enum(LessonKind, by_value=True, required=True, error_messages=CHOICE)
    goal_id = fields.UUID(load_default=None, error_messages=CODES)
    reason = words(LONGEST_REASON, required=False)


@blp.get("")
@allows(Action.SEE_LESSON)
def lessons() -> str:
    """Show what I chose in one plan, and what is on offer."""
    plan = plan_to_read()
    return render_template(
        "student/lessons.html",
        plan=plan_lines([plan])[0] if plan else None,
        plans=plan_lines(open_plans()),
        plan_id=_plan_named(),
        goal_id=request.args.get("goal"),
        chosen=choices(plan_id=plan.id) if plan else [],
        lessons=lessons_where(offered(g.today)),
    )


@blp.get("/<uuid:lesson_id>")
@allows(Action.SEE_LESSON)
def lesson(lesson_id: UUID) -> str:
    """Show one lesson, and the form to choose it."""
    found = find(g.session, SupportLesson, lesson_id, person=g.person, on=g.today)
    return _page(found, Filled({"goal_id": request.args.get("goal", "")}))


@blp.post("/<uuid:lesson_id>")
@allows(Action.CHOOSE_LESSON)
def choose(lesson_id: UUID) -> Response | tuple[str, int]:
    """Choose a lesson in the plan at hand; who has no plan yet begins one."""
    found = find(g.session, SupportLesson, lesson_id, person=g.person, on=g.today)
    filled = fill(ChoiceForm(), request.form)
    status = 422
    if not filled.errors:
        try:
            with g.session.begin_nested():  # a plan begun for what is refused goes too
                plan = plan_at_hand() or current_plan(
                    g.session, student=g.person, on=g.today, at=g.now
                )
                choose_lesson(
                    g.session,
                    by=g.person,
                    plan=plan,
                    lesson=found,
                    goal=_goal(plan, filled.data.pop("goal_id")),
                    on=g.today,
                    at=g.now,
                    **filled.data,
                )
            flash(gettext("You chose this lesson."), "ok")
            return redirect(url_for("lessons.lesson", lesson_id=found.id, plan=_plan_named()), 303)
        except Invalid as refusal:
            filled.refuse(refusal)
        except Conflict as refusal:
            flash(sentence(refusal.code), "error")
            status = 409
    return _page(found, filled), status


@blp.post("/choices/<uuid:choice_id>/drop")
@allows(Action.CHOOSE_LESSON)
def drop(choice_id: UUID) -> Response:
    """Take back an own choice."""
    choice = find(g.session, LessonChoice, choice_id, person=g.person, on=g.today)
    try:
        drop_choice(g.session, by=g.person, choice=choice, on=g.today, at=g.now)
        flash(gettext("You took your choice back."), "ok")
    except Conflict as refusal:
        flash(sentence(refusal.code), "error")
    return redirect(url_for("lessons.lessons", plan=choice.plan_id), 303)


def choices(*where: Condition, plan_id: UUID | None = None) -> list[dict[str, Any]]:
    """Return the standing choices that the reader may see, newest first: of one plan or of all."""
    found = choices_seen(
        g.session,
        person=g.person,
        on=g.today,
        where=[LessonChoice.dropped_at.is_(None), *where],
        plan_id=plan_id,
    )
    return [told_choice(seen) for seen in found]


def moments(chosen: Iterable[Mapping[str, Any]]) -> dict[UUID, list[Moment]]:
    """Return the days on which lessons were chosen, by the goal that each was chosen for."""
    found: dict[UUID, list[Moment]] = defaultdict(list)
    for choice in chosen:
        on = today_at(g.school, choice["chosen_at"])
        found[choice["goal_id"]].append(Moment(on, gettext("lesson")))
    return found


def told_choice(seen: SeenChoice) -> dict[str, Any]:
    """Return a choice as pages show it."""
    return {
        "id": seen.choice.id,
        "lesson_id": seen.lesson.id,
        "title": seen.lesson.title,
        "student": seen.student,
        "kind": seen.choice.kind,
        "reason": seen.choice.reason,
        "goal_id": seen.choice.goal_id,
        "goal_title": seen.goal_title,
        "chosen_at": seen.choice.chosen_at,
        "confirmed_at": seen.choice.confirmed_at,
        "confirmed_by": seen.confirmed_by,
        "may_confirm": seen.may_confirm,
    }


def told(seen: SeenLesson) -> dict[str, Any]:
    """Return a lesson as pages show it; `host` says where its address leads."""
    found = seen.lesson
    return {
        "id": found.id,
        "title": found.title,
        "about": found.about,
        "url": found.url,
        "host": urlsplit(found.url).hostname if found.url else None,
        "teacher": seen.teacher,
        "is_offered": seen.is_offered,
    }


def lessons_where(*where: Condition) -> list[dict[str, Any]]:
    """Return lessons of the school as pages show them, by title."""
    return [
        told(seen) for seen in lessons_seen(g.session, person=g.person, on=g.today, where=where)
    ]


def _goal(plan: LearningPlan, key: UUID | None) -> Goal | None:
    if key is None:
        return None
    seen = goals_seen(g.session, plan_id=plan.id, person=g.person, on=g.today).get(key)
    if seen is None:
        raise Invalid(goal_id="not_a_choice")
    return seen.goal


def _plan_named() -> UUID | None:
    """Return the plan that the address names; it goes along to the next page."""
    plan = plan_at_hand()
    return plan.id if plan and "plan" in request.args else None


def _page(found: SupportLesson, filled: Filled) -> str:
    plan = plan_at_hand()
    roles = roles_of(g.session, g.person, on=g.today)
    goals: list[Goal] = []
    chosen: list[dict[str, Any]] = []
    if plan is not None:
        seen = goals_seen(g.session, plan_id=plan.id, person=g.person, on=g.today)
        goals = [each.goal for each in seen.values() if each.goal.state is not GoalState.CLOSED]
        chosen = choices(LessonChoice.lesson_id == found.id, plan_id=plan.id)
    return render_template(
        "student/lesson.html",
        lesson=lessons_where(SupportLesson.id == found.id)[0],
        plan_id=_plan_named(),
        chosen=chosen,
        is_student=plan is not None or SchoolRole.STUDENT in roles,
        is_staff=bool(roles & ALLOWED[Action.KEEP_LESSONS]),
        plan_is_open=plan is None or is_open(plan),
        goals=[{"value": goal.id, "label": goal.title} for goal in goals],
        values=filled.values,
        errors=filled.sentences(),
    )
