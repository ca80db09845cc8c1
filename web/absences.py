"""Days away, never with a reason: the student's own page, and the same by the coach."""

from datetime import timedelta
from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from identity.access import allows
from tracker.absences import absences_of, declare_absence, withdraw_absence
from tracker.errors import Conflict, Invalid
from tracker.models import Absence, LearningPlan
from tracker.permissions import Action, find, require
from web import talk, trails
from web.forms import Filled, Form, day, fill
from web.student import plan_lines
from web.words import sentence

blp = Blueprint("absences", __name__)
SHOWN = 20


class AbsenceForm(Form):
    """The first and the last day of an absence."""

    from_on = day()
    last_on = day()


@blp.get("/student/plans/<uuid:plan_id>/absences")
@allows(Action.DECLARE_ABSENCE)
def absences(plan_id: UUID) -> str:
    """Show the declared days, and the form for more."""
    return _page(_plan(plan_id), Filled({"from_on": g.today.isoformat()}))


@blp.post("/student/plans/<uuid:plan_id>/absences")
@allows(Action.DECLARE_ABSENCE)
def declare(plan_id: UUID) -> Response | tuple[str, int]:
    """Say on which days I am away."""
    plan = _plan(plan_id)
    filled = _declare(plan, gettext("Noted. No clock runs for you on these days."))
    if filled.errors:
        return _page(plan, filled), 422
    return redirect(url_for("absences.absences", plan_id=plan.id), 303)


@blp.post("/coach/plans/<uuid:plan_id>/absences")
@allows(Action.DECLARE_ABSENCE)
def declare_by_coach(plan_id: UUID) -> Response | tuple[str, int]:
    """Say that the student is away; clocks that wait for the student stand still."""
    plan = talk.plan_seen(plan_id)
    filled = _declare(plan, gettext("These days do not count as silence."))
    if filled.errors:
        return talk.page(plan, filled), 422
    return talk.back_to(plan.id, "absences")


@blp.post("/student/absences/<uuid:absence_id>/withdraw")
@allows(Action.DECLARE_ABSENCE)
def withdraw(absence_id: UUID) -> Response:
    """Take declared days back."""
    absence = _withdraw(absence_id)
    return redirect(url_for("absences.absences", plan_id=absence.plan_id), 303)


@blp.post("/coach/absences/<uuid:absence_id>/withdraw")
@allows(Action.DECLARE_ABSENCE)
def withdraw_by_coach(absence_id: UUID) -> Response:
    """Take a student's declared days back."""
    return talk.back_to(_withdraw(absence_id).plan_id, "absences")


def _plan(plan_id: UUID) -> LearningPlan:
    plan = find(g.session, LearningPlan, plan_id, person=g.person, on=g.today)
    require(g.session, g.person, Action.DECLARE_ABSENCE, on=g.today, plan_id=plan.id)
    return plan


def _declare(plan: LearningPlan, thanks: str) -> Filled:
    """Declare the days of the form; what comes back has errors when that was refused."""
    filled = fill(AbsenceForm(), request.form)
    if filled.errors:
        return filled
    try:
        declare_absence(
            g.session,
            by=g.person,
            plan=plan,
            from_on=filled.data["from_on"],
            until_on=filled.data["last_on"] + timedelta(days=1),
            on=g.today,
            at=g.now,
        )
        flash(thanks, "ok")
    except Invalid as refusal:
        filled.refuse(refusal)
        if code := filled.errors.pop("until_on", None):  # people read and write the last day
            filled.errors["last_on"] = code
    except Conflict as refusal:
        filled.errors["from_on"] = refusal.code
    return filled


def _withdraw(absence_id: UUID) -> Absence:
    absence = find(g.session, Absence, absence_id, person=g.person, on=g.today)
    try:
        withdraw_absence(g.session, by=g.person, absence=absence, on=g.today, at=g.now)
        flash(gettext("These days count again."), "ok")
    except Conflict as refusal:
        flash(sentence(refusal.code), "error")
    return absence


def _page(plan: LearningPlan, filled: Filled) -> str:
    known = absences_of(g.session, plan_id=plan.id, person=g.person, on=g.today, limit=SHOWN)
    return render_template(
        "student/absences.html",
        plan=plan_lines([plan])[0],
        absences=[
            {
                "id": each.id,
                "from_on": each.from_on,
                "last_on": trails.last_day(each.until_on),
                "is_over": each.until_on <= g.today,
            }
            for each in known
        ],
        values=filled.values,
        errors=filled.sentences(),
    )
