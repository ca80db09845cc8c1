"""Pages of the student's plans: all of them, and one with its learning units."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, g, redirect, render_template, request, url_for
from marshmallow import fields
from werkzeug.wrappers import Response

from identity.access import allows
from tracker.errors import Invalid
from tracker.frameworks import frameworks
from tracker.lengths import MAX_TITLE
from tracker.models import Framework, LearningPlan
from tracker.permissions import Action, find, require
from tracker.plans import edit_plan, is_open, own_plans, start_own_plan
from tracker.units import add_unit, units_of
from web import trails
from web.forms import CODES, Filled, Form, day, fill, words
from web.student import plan_lines, workplaces

blp = Blueprint("plans", __name__, url_prefix="/student/plans")
WEEKS = 10


class NewPlanForm(Form):
    """A plan, perhaps after a kwalificatie."""

    title = words(MAX_TITLE)
    framework_id = fields.UUID(load_default=None, error_messages=CODES)
    starts_on = day()


class PlanForm(Form):
    """The student's name for a plan."""

    title = words(MAX_TITLE)


class UnitForm(Form):
    """Some weeks of a plan."""

    title = words(MAX_TITLE)
    from_on = day()
    weeks = fields.Integer(required=True, error_messages={**CODES, "invalid": "unit.weeks"})


@blp.get("")
@allows(Action.SEE_PLAN)
def plans() -> str:
    """Show the student's own plans, and the form for another one."""
    return _plans_page(Filled({"starts_on": g.today.isoformat()}))


@blp.post("")
@allows(Action.START_PLAN)
def save_plan() -> Response | tuple[str, int]:
    """Start a plan."""
    filled = fill(NewPlanForm(), request.form)
    known = {each.id: each for each in frameworks(g.session, person=g.person)}
    framework_id = filled.data.pop("framework_id", None)
    if framework_id is not None and framework_id not in known:
        filled.errors["framework_id"] = "not_a_choice"
    if not filled.errors:
        try:
            plan = start_own_plan(
                g.session,
                by=g.person,
                framework=known[framework_id] if framework_id else None,
                on=g.today,
                at=g.now,
                **filled.data,
            )
        except Invalid as refusal:
            filled.refuse(refusal)
        else:
            return redirect(url_for("student.start", plan=plan.id), 303)
    return _plans_page(filled), 422


@blp.get("/<uuid:plan_id>")
@allows(Action.EDIT_PLAN)
def plan(plan_id: UUID) -> str:
    """Show one plan: its name, its learning units, and whether it goes on."""
    return _plan_page(_own_plan(plan_id))


@blp.post("/<uuid:plan_id>")
@allows(Action.EDIT_PLAN)
def rename(plan_id: UUID) -> Response | tuple[str, int]:
    """Give a plan another name."""
    found = _own_plan(plan_id)
    filled = fill(PlanForm(), request.form)
    if filled.errors:
        return _plan_page(found, named=filled), 422
    return _changed(found, title=filled.data["title"], goes_on=is_open(found))


@blp.post("/<uuid:plan_id>/close")
@allows(Action.EDIT_PLAN)
def close(plan_id: UUID) -> Response:
    """Close a plan; what is in it stays."""
    found = _own_plan(plan_id)
    return _changed(found, title=found.title, goes_on=False)


@blp.post("/<uuid:plan_id>/reopen")
@allows(Action.EDIT_PLAN)
def reopen(plan_id: UUID) -> Response:
    """Go on with a closed plan."""
    found = _own_plan(plan_id)
    return _changed(found, title=found.title, goes_on=True)


@blp.post("/<uuid:plan_id>/units")
@allows(Action.EDIT_PLAN)
def save_unit(plan_id: UUID) -> Response | tuple[str, int]:
    """Add a learning unit."""
    found = _own_plan(plan_id)
    filled = fill(UnitForm(), request.form)
    if not filled.errors:
        try:
            add_unit(g.session, by=g.person, plan=found, on=g.today, at=g.now, **filled.data)
        except Invalid as refusal:
            filled.refuse(refusal)
        else:
            return redirect(url_for("plans.plan", plan_id=found.id), 303)
    return _plan_page(found, unit=filled), 422


def _own_plan(plan_id: UUID) -> LearningPlan:
    found = find(g.session, LearningPlan, plan_id, person=g.person, on=g.today)
    require(g.session, g.person, Action.EDIT_PLAN, on=g.today, plan_id=found.id)
    return found


def _changed(found: LearningPlan, *, title: str | None, goes_on: bool) -> Response:
    edit_plan(
        g.session,
        by=g.person,
        plan=found,
        title=title,
        goes_on=goes_on,
        on=g.today,
        at=g.now,
    )
    return redirect(url_for("plans.plan", plan_id=found.id), 303)


def _plans_page(filled: Filled) -> str:
    return render_template(
        "student/plans.html",
        plans=plan_lines(own_plans(g.session, person=g.person, on=g.today)),
        frameworks=_by_title(frameworks(g.session, person=g.person)),
        values=filled.values,
        errors=filled.sentences(),
        today=g.today,
    )


def _by_title(known: Sequence[Framework]) -> list[Framework]:
    """Return kwalificaties by title, as a student looks for them; those without one last."""
    return sorted(known, key=lambda one: (not one.title, (one.title or one.code).casefold()))


def _plan_page(
    found: LearningPlan, *, named: Filled | None = None, unit: Filled | None = None
) -> str:
    named = named or Filled({"title": found.title or ""})
    unit = unit or Filled({"from_on": g.today.isoformat(), "weeks": WEEKS})
    units: list[dict[str, Any]] = [
        {"title": u.title, "from_on": u.from_on, "last_on": trails.last_day(u.until_on)}
        for u in units_of(g.session, plan_id=found.id, person=g.person, on=g.today)
    ]
    return render_template(
        "student/plan.html",
        plan=plan_lines([found])[0],
        units=units,
        workplaces=workplaces(found),
        values=named.values,
        errors=named.sentences(),
        unit_values=unit.values,
        unit_errors=unit.sentences(),
    )
