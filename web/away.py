"""Days on which a student is away, as the coach declares them; never why."""

from datetime import timedelta
from uuid import UUID

from flask import Blueprint, flash, g, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from identity.access import allows
from tracker.absences import declare_absence, withdraw_absence
from tracker.errors import Conflict, Invalid
from tracker.models import Absence
from tracker.permissions import Action, find
from web.absences import AbsenceForm
from web.forms import fill
from web.talk import back_to, page, plan_seen
from web.words import sentence

blp = Blueprint("away", __name__, url_prefix="/coach")


@blp.post("/plans/<uuid:plan_id>/absences")
@allows(Action.DECLARE_ABSENCE)
def declare(plan_id: UUID) -> Response | tuple[str, int]:
    """Say that the student is away; clocks that wait for the student stand still."""
    plan = plan_seen(plan_id)
    filled = fill(AbsenceForm(), request.form)
    if filled.errors:
        return page(plan, filled), 422
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
        flash(gettext("These days do not count as silence."), "ok")
    except Invalid as refusal:
        # People say the last day, the tracker the day after it.
        names = {"until_on": "last_on"}
        filled.errors.update({names.get(k, k): code for k, code in refusal.fields.items()})
        return page(plan, filled), 422
    except Conflict as refusal:
        flash(sentence(refusal.code), "error")
    return back_to(plan.id, "absences")


@blp.post("/absences/<uuid:absence_id>/withdraw")
@allows(Action.DECLARE_ABSENCE)
def withdraw(absence_id: UUID) -> Response:
    """Take a declared absence back."""
    absence = find(g.session, Absence, absence_id, person=g.person, on=g.today)
    try:
        withdraw_absence(g.session, by=g.person, absence=absence, on=g.today, at=g.now)
        flash(gettext("These days count again."), "ok")
    except Conflict as refusal:
        flash(sentence(refusal.code), "error")
    return back_to(absence.plan_id, "absences")
