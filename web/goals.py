"""Forms about a student's goals: setting one, editing it, and the steps in its life."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from marshmallow import fields, validate
from werkzeug.wrappers import Response

from identity.access import allows
from tracker import goal_states
from tracker.errors import Conflict, Invalid
from tracker.frameworks import items_of
from tracker.goal_lists import goals_seen
from tracker.goals import add_goal, edit_goal
from tracker.lengths import MAX_TEXT, MAX_TITLE
from tracker.models import (
    Control,
    FrameworkItemKind,
    Goal,
    GoalKind,
    GoalState,
    LearningPlan,
    LearningQuestion,
    Outcome,
    QuestionState,
    Tailoring,
)
from tracker.permissions import Action, find
from tracker.plans import check_open, current_plan, plan_of
from tracker.questions import become_goal
from tracker.units import units_of
from web.forms import CHOICE, CODES, Filled, Form, day, fill, words
from web.goal_pages import goal_page, own_goal
from web.student import plan_at_hand

blp = Blueprint("goals", __name__, url_prefix="/student/goals")


class GoalForm(Form):
    """A goal in the student's own words."""

    question = words(MAX_TEXT)
    title = words(MAX_TITLE)
    success = words(MAX_TEXT)
    approach = words(MAX_TEXT, required=False)
    target_anchor = fields.Integer(
        required=True,
        validate=validate.Range(0, 3, error="not_a_choice"),
        error_messages=CHOICE,
    )
    target_on = day()
    item_ids = fields.List(fields.UUID(error_messages=CODES), load_default=list)
    control = fields.Enum(
        Control, by_value=True, load_default=Control.STUDENT, error_messages=CHOICE
    )
    tailoring = fields.Enum(
        Tailoring, by_value=True, load_default=Tailoring.INDIVIDUAL, error_messages=CHOICE
    )
    parent_id = fields.UUID(load_default=None, error_messages=CODES)
    unit_id = fields.UUID(load_default=None, error_messages=CODES)


class NewGoalForm(GoalForm):
    """A new goal, or a leerwerkprestatie; perhaps to write on later."""

    kind = fields.Enum(GoalKind, by_value=True, load_default=GoalKind.GOAL, error_messages=CHOICE)
    draft = fields.Boolean(load_default=False, error_messages=CODES)


class EditedGoalForm(GoalForm):
    """A goal that was read as this version."""

    version = fields.Integer(required=True, error_messages=CODES)


class ClosingForm(Form):
    """How a goal ends."""

    outcome = fields.Enum(Outcome, by_value=True, required=True, error_messages=CHOICE)
    words = words(MAX_TEXT, required=False)


@blp.get("/new")
@allows(Action.ADD_GOAL)
def new_goal() -> str:
    """Show the form for a goal, perhaps begun with an example, a question, or as a part."""
    question = _asked()
    values = {
        "title": request.args.get("title", "")[:MAX_TITLE],
        "question": question.words if question else "",
        "kind": request.args.get("kind", GoalKind.GOAL),
        "parent_id": request.args.get("parent", ""),
        "control": Control.STUDENT,
        "tailoring": Tailoring.INDIVIDUAL,
    }
    plan = _plan_named(question)
    if plan is not None:
        check_open(plan)
    return _form(plan, Filled(values))


@blp.post("/new")
@allows(Action.ADD_GOAL)
def save_goal() -> Response | tuple[str, int]:
    """Save a goal; who has no plan yet begins one."""
    question = _asked()
    named = _plan_named(question)
    filled = fill(NewGoalForm(), request.form, lists=("item_ids",))
    if not filled.errors:
        try:
            # With a goal that is refused no plan begins either.
            with g.session.begin_nested():
                plan = named or current_plan(g.session, student=g.person, on=g.today, at=g.now)
                said = _with_records(plan, filled.data)
                goal = add_goal(g.session, by=g.person, plan=plan, on=g.today, at=g.now, **said)
        except Invalid as refusal:
            filled.refuse(refusal)
        else:
            if question is not None:
                become_goal(
                    g.session, by=g.person, question=question, goal=goal, on=g.today, at=g.now
                )
            return redirect(url_for("goal_pages.goal", goal_id=goal.id), 303)
    return _form(named, filled), 422


def _asked() -> LearningQuestion | None:
    """Return the open learning question that the address names, for it to become a goal."""
    named = request.args.get("question", type=UUID)
    if named is None:
        return None
    question = find(g.session, LearningQuestion, named, person=g.person, on=g.today)
    return question if question.state is QuestionState.OPEN else None


def _plan_named(question: LearningQuestion | None) -> LearningPlan | None:
    return plan_of(g.session, question) if question else plan_at_hand()


@blp.get("/<uuid:goal_id>/edit")
@allows(Action.EDIT_GOAL)
def edit(goal_id: UUID) -> str:
    """Show the form of a goal that there is."""
    goal = own_goal(goal_id)
    _check_may_change(goal)
    return _form(plan_of(g.session, goal), Filled(_values(goal)), goal=goal)


@blp.post("/<uuid:goal_id>/edit")
@allows(Action.EDIT_GOAL)
def save_edit(goal_id: UUID) -> Response | tuple[str, int]:
    """Save a goal as its next version; when somebody was first, show both texts."""
    goal = own_goal(goal_id)
    _check_may_change(goal)
    plan = plan_of(g.session, goal)
    filled = fill(EditedGoalForm(), request.form, lists=("item_ids",))
    if filled.errors:
        return _form(plan, filled, goal=goal), 422
    try:
        edit_goal(
            g.session,
            by=g.person,
            goal=goal,
            on=g.today,
            at=g.now,
            **_with_records(plan, filled.data),
        )
    except Invalid as refusal:
        filled.refuse(refusal)
        return _form(plan, filled, goal=goal), 422
    except Conflict as refusal:
        if refusal.code != "goal.changed":
            raise
        current = {**_values(goal), "target_day": goal.target_on}
        filled.values["version"] = current["version"]
        return _form(plan, filled, goal=goal, current=current), 409
    return redirect(url_for("goal_pages.goal", goal_id=goal.id), 303)


@blp.post("/<uuid:goal_id>/start")
@allows(Action.EDIT_GOAL)
def start(goal_id: UUID) -> Response:
    """Begin with a draft."""
    goal = own_goal(goal_id)
    try:
        goal_states.start_goal(g.session, by=g.person, goal=goal, on=g.today, at=g.now)
    except Conflict as refusal:
        if refusal.code != "goal.not_agreed":
            raise
        flash(gettext("Your coach has to agree first."), "message")
    return redirect(url_for("goal_pages.goal", goal_id=goal.id), 303)


@blp.post("/<uuid:goal_id>/close")
@allows(Action.EDIT_GOAL)
def close(goal_id: UUID) -> Response | tuple[str, int]:
    """Close a goal, in the student's own words."""
    goal = own_goal(goal_id)
    filled = fill(ClosingForm(), request.form)
    if filled.errors:
        return goal_page(goal, filled), 422
    goal_states.close_goal(g.session, by=g.person, goal=goal, on=g.today, at=g.now, **filled.data)
    flash(gettext("Your goal is closed. Its trail stays here."), "ok")
    return redirect(url_for("goal_pages.goal", goal_id=goal.id), 303)


@blp.post("/<uuid:goal_id>/reopen")
@allows(Action.EDIT_GOAL)
def reopen(goal_id: UUID) -> Response:
    """Go on with a closed goal."""
    goal = own_goal(goal_id)
    goal_states.reopen_goal(g.session, by=g.person, goal=goal, on=g.today, at=g.now)
    return redirect(url_for("goal_pages.goal", goal_id=goal.id), 303)


def _check_may_change(goal: Goal) -> None:
    check_open(plan_of(g.session, goal))
    if goal.state is GoalState.CLOSED:
        raise Conflict("goal.closed")


def _with_records(plan: LearningPlan, data: dict[str, Any]) -> dict[str, Any]:
    """Return what was filled in, with the records that it names; raises Invalid."""
    said = dict(data)
    wanted = set(said.pop("item_ids"))
    items = items_of(g.session, person=g.person, framework_id=plan.framework_id)
    parent_id, unit_id = said.pop("parent_id"), said.pop("unit_id")
    known = goals_seen(g.session, plan_id=plan.id, person=g.person, on=g.today)
    units = units_of(g.session, plan_id=plan.id, person=g.person, on=g.today)
    unit = next((unit for unit in units if unit.id == unit_id), None)
    if wanted - {item.id for item in items}:
        raise Invalid(item_ids="not_a_choice")
    if parent_id is not None and parent_id not in known:
        raise Invalid(parent_id="not_a_choice")
    if unit_id is not None and unit is None:
        raise Invalid(unit_id="not_a_choice")
    return {
        **said,
        "items": [item for item in items if item.id in wanted],
        "parent": known[parent_id].goal if parent_id is not None else None,
        "unit": unit,
    }


def _values(goal: Goal) -> dict[str, Any]:
    """Return a goal as its form is filled in."""
    seen = goals_seen(g.session, plan_id=goal.plan_id, person=g.person, on=g.today)[goal.id]
    said = {name: getattr(goal, name) for name in EditedGoalForm().fields if hasattr(goal, name)}
    empty = {name: "" for name, value in said.items() if value is None}
    on = goal.target_on.isoformat() if goal.target_on else ""
    return {**said, **empty, "target_on": on, "item_ids": [item.id for item in seen.items]}


def _form(
    plan: LearningPlan | None,
    filled: Filled,
    *,
    goal: Goal | None = None,
    current: dict[str, Any] | None = None,
) -> str:
    """Return the form; `current` is what a goal says now that changed meanwhile."""
    items = items_of(g.session, person=g.person, framework_id=plan.framework_id if plan else None)
    chosen = {str(key) for key in filled.values.get("item_ids", [])}
    return render_template(
        "student/goal_edit.html" if goal else "student/goal_new.html",
        goal={"id": goal.id, "kind": goal.kind, "title": goal.title} if goal else None,
        current=current,
        values=filled.values,
        errors=filled.sentences(),
        items=[
            item
            for item in items
            if item.kind is not FrameworkItemKind.KERNTAAK or str(item.id) in chosen
        ],
        performances=_performances(plan, goal) if plan else [],
        units=units_of(g.session, plan_id=plan.id, person=g.person, on=g.today) if plan else [],
        today=g.today,
    )


def _performances(plan: LearningPlan, goal: Goal | None) -> list[dict[str, Any]]:
    """Return the leerwerkprestaties that a goal may be a part of; none for one itself."""
    seen = goals_seen(g.session, plan_id=plan.id, person=g.person, on=g.today)
    if goal is not None and goal.kind is GoalKind.PERFORMANCE:
        return []
    return [
        {"id": key, "title": known.goal.title}
        for key, known in seen.items()
        if known.goal.kind is GoalKind.PERFORMANCE
        and (known.goal.state is not GoalState.CLOSED or (goal and goal.parent_id == key))
    ]
