"""Pages of the student's goals: setting one."""

from flask import Blueprint, g, redirect, render_template, request, url_for
from marshmallow import fields, validate
from werkzeug.wrappers import Response

from identity.access import allows
from tracker.errors import Invalid
from tracker.frameworks import items_of
from tracker.goals import add_goal
from tracker.models import (
    FrameworkItemKind,
)
from tracker.permissions import Action
from tracker.plans import current_plan
from web.forms import (
    CODES,
    DATE_CODES,
    MAX_TEXT,
    MAX_TITLE,
    Filled,
    Form,
    fill,
    words,
)
from web.student import plan_at_hand

blp = Blueprint("goals", __name__, url_prefix="/student/goals")


class GoalForm(Form):
    """A goal in the student's own words."""

    question = words(MAX_TEXT)
    title = words(MAX_TITLE)
    success = words(MAX_TEXT)
    target_anchor = fields.Integer(
        required=True,
        validate=validate.Range(0, 3, error="not_a_choice"),
        error_messages=CODES,
    )
    target_on = fields.Date(required=True, error_messages=DATE_CODES)
    item_ids = fields.List(fields.UUID(error_messages=CODES), load_default=list)


@blp.get("/new")
@allows(Action.ADD_GOAL)
def new_goal() -> str:
    """Show the form for a goal, perhaps begun with an example."""
    return _goal_page(Filled({"title": request.args.get("title", "")[:MAX_TITLE]}))


@blp.post("/new")
@allows(Action.ADD_GOAL)
def save_goal() -> Response | tuple[str, int]:
    """Save a goal; who has no plan yet begins one."""
    filled = fill(GoalForm(), request.form, lists=("item_ids",))
    if not filled.errors:
        data = filled.data
        plan = current_plan(g.session, student=g.person, on=g.today, at=g.now)
        wanted = set(data.pop("item_ids"))
        items = items_of(g.session, person=g.person, framework_id=plan.framework_id)
        try:
            add_goal(
                g.session,
                by=g.person,
                plan=plan,
                items=[item for item in items if item.id in wanted],
                on=g.today,
                at=g.now,
                **data,
            )
            return redirect(url_for("student.start"), 303)
        except Invalid as refusal:
            filled.refuse(refusal)
    return _goal_page(filled), 422


def _goal_page(filled: Filled) -> str:
    plan = plan_at_hand()
    framework_id = plan.framework_id if plan else None
    items = items_of(g.session, person=g.person, framework_id=framework_id)
    return render_template(
        "student/goal_new.html",
        values=filled.values,
        errors=filled.sentences(),
        items=[item for item in items if item.kind is not FrameworkItemKind.KERNTAAK],
        today=g.today,
    )
