"""Pages of the administrator: after how long a signal speaks, and the school's holidays."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from marshmallow import fields
from werkzeug.wrappers import Response

from identity.access import allows
from tracker.errors import Conflict, Invalid, NotFound
from tracker.facts import DEFAULTS
from tracker.holidays import add_holiday, change_holiday, holidays_of, remove_holiday
from tracker.lengths import MAX_TITLE
from tracker.models import Holiday
from tracker.permissions import Action, find, require
from tracker.thresholds import LIMITS, set_thresholds, thresholds_of
from web import trails
from web.forms import CODES, Filled, Form, day, fill, words
from web.words import sentence

blp = Blueprint("rules", __name__, url_prefix="/school/rules")


class HolidayForm(Form):
    """A holiday, from its first day up to and including its last."""

    name = words(MAX_TITLE)
    from_on = day()
    last_on = day()


LimitsForm = Form.from_dict(
    {
        name: fields.Integer(
            required=True, error_messages={**CODES, "invalid": "threshold.out_of_bounds"}
        )
        for name in LIMITS
    },
    name="LimitsForm",
)


@blp.get("")
@allows(Action.KEEP_RULES)
def rules() -> str:
    """Show the limits with their bounds, and the holidays."""
    require(g.session, g.person, Action.KEEP_RULES, on=g.today)
    return _page()


@blp.post("")
@allows(Action.KEEP_RULES)
def save() -> Response | tuple[str, int]:
    """Change limits of the school."""
    filled = fill(LimitsForm(), request.form)
    if not filled.errors:
        try:
            set_thresholds(
                g.session,
                by=g.person,
                school=g.school,
                values=filled.data,
                on=g.today,
                at=g.now,
            )
            flash(gettext("This holds from now on."), "ok")
            return redirect(url_for("rules.rules"), 303)
        except Invalid as refusal:
            filled.refuse(refusal)
    return _page(limits=filled), 422


@blp.post("/holidays")
@allows(Action.KEEP_RULES)
def add() -> Response | tuple[str, int]:
    """Add a holiday."""
    return _keep(add_holiday)


@blp.get("/holidays/<uuid:holiday_id>")
@allows(Action.KEEP_RULES)
def holiday(holiday_id: UUID) -> str:
    """Show a holiday in the form, to change it."""
    require(g.session, g.person, Action.KEEP_RULES, on=g.today)
    found = _find(holiday_id)
    values = {
        "name": found.name,
        "from_on": found.from_on.isoformat(),
        "last_on": trails.last_day(found.until_on).isoformat(),
    }
    return _page(holiday=Filled(values), changing=found)


@blp.post("/holidays/<uuid:holiday_id>")
@allows(Action.KEEP_RULES)
def change(holiday_id: UUID) -> Response | tuple[str, int]:
    """Change the name or the days of a holiday."""
    found = _find(holiday_id)
    return _keep(partial(change_holiday, holiday=found), changing=found)


def _find(holiday_id: UUID) -> Holiday:
    found = find(g.session, Holiday, holiday_id, person=g.person, on=g.today)
    if found.removed_at is not None:
        raise NotFound("holiday not found")
    return found


def _keep(
    keep: Callable[..., Holiday], *, changing: Holiday | None = None
) -> Response | tuple[str, int]:
    """Keep the holiday of the form, or give the form back."""
    filled = fill(HolidayForm(), request.form)
    if not filled.errors:
        try:
            keep(
                g.session,
                by=g.person,
                school=g.school,
                name=filled.data["name"],
                from_on=filled.data["from_on"],
                until_on=filled.data["last_on"] + timedelta(days=1),
                on=g.today,
                at=g.now,
            )
            flash(gettext("No clock runs on these days."), "ok")
            return redirect(url_for("rules.rules", _anchor="holidays"), 303)
        except Invalid as refusal:
            filled.refuse(refusal)
            if code := filled.errors.pop("until_on", None):  # people read and write the last day
                filled.errors["last_on"] = code
        except Conflict as refusal:
            filled.errors["from_on"] = refusal.code
    return _page(holiday=filled, changing=changing), 422


@blp.post("/holidays/<uuid:holiday_id>/remove")
@allows(Action.KEEP_RULES)
def remove(holiday_id: UUID) -> Response:
    """Take a holiday back."""
    holiday = find(g.session, Holiday, holiday_id, person=g.person, on=g.today)
    try:
        remove_holiday(g.session, by=g.person, holiday=holiday, on=g.today, at=g.now)
        flash(gettext("Taken back. The clocks run on these days again."), "ok")
    except Conflict as refusal:
        flash(sentence(refusal.code), "error")
    return redirect(url_for("rules.rules", _anchor="holidays"), 303)


def _page(
    *,
    limits: Filled | None = None,
    holiday: Filled | None = None,
    changing: Holiday | None = None,
) -> str:
    now = thresholds_of(g.session, school=g.school)
    limits = limits or Filled({name: getattr(now, name) for name in LIMITS})
    holiday = holiday or Filled({})
    known: list[dict[str, Any]] = [
        {
            "id": each.id,
            "name": each.name,
            "from_on": each.from_on,
            "last_on": trails.last_day(each.until_on),
        }
        for each in holidays_of(g.session, school=g.school)
    ]
    return render_template(
        "school/rules.html",
        limits={
            name: {"least": least, "most": most, "ours": getattr(DEFAULTS, name)}
            for name, (least, most) in LIMITS.items()
        },
        holidays=known,
        values=limits.values,
        errors=limits.sentences(),
        changing={"id": changing.id, "name": changing.name} if changing else None,
        holiday_values=holiday.values,
        holiday_errors=holiday.sentences(),
    )
