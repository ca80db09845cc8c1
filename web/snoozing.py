"""Putting a reason of the overview off until later, and letting it speak again."""

from datetime import timedelta
from uuid import UUID

from flask import Blueprint, flash, g, redirect, request, url_for
from flask_babel import gettext
from marshmallow import fields, validate
from werkzeug.wrappers import Response

from identity.access import allows
from tracker.errors import Conflict, Invalid
from tracker.models import LearningPlan, Snooze
from tracker.permissions import Action, find
from tracker.signals import Rule
from tracker.snoozes import LONGEST_REASON, end_snooze, snooze
from web import coach
from web.forms import CODES, Filled, Form, day, fill, words
from web.group_table import kept
from web.words import sentence

blp = Blueprint("snoozing", __name__, url_prefix="/coach")

DAYS = {"week": 7, "two_weeks": 14}


class LaterForm(Form):
    """Until when a reason is put off, and why."""

    until = fields.String(
        required=True,
        validate=validate.OneOf([*DAYS, "day"], error="not_a_choice"),
        error_messages=CODES,
    )
    until_on = day(required=False)
    reason = words(LONGEST_REASON)


@blp.post("/plans/<uuid:plan_id>/snoozes")
@allows(Action.SNOOZE)
def later(plan_id: UUID) -> Response | tuple[str, int]:
    """Put the reasons of one line off, for oneself."""
    plan = find(g.session, LearningPlan, plan_id, person=g.person, on=g.today)
    filled = fill(LaterForm(), request.form, lists=("signal",))
    if not filled.errors and filled.data["until"] == "day" and filled.data["until_on"] is None:
        filled.errors["until_on"] = "required"
    if not filled.errors:
        try:
            _put_off(plan, filled)
            flash(gettext("This is put off. Nobody else notices."), "ok")
            return redirect(url_for("coach.overview", **kept()), 303)
        except Invalid as refusal:
            filled.refuse(refusal)
    if "about" in filled.errors:
        flash(sentence("signal.not_there"), "error")
        return redirect(url_for("coach.overview", **kept()), 303)
    return coach.page(filled, plan.id), 422


def _put_off(plan: LearningPlan, filled: Filled) -> None:
    """Put off every signal that the line named: all of them, or none."""
    until, until_on = filled.data["until"], filled.data["until_on"]
    with g.session.begin_nested():
        for named in filled.values["signal"]:
            rule, about = _signal(named)
            snooze(
                g.session,
                by=g.person,
                plan=plan,
                rule=rule,
                about=about,
                until_on=until_on if until == "day" else g.today + timedelta(DAYS[until]),
                reason=filled.data["reason"],
                on=g.today,
                at=g.now,
            )


def _signal(named: str) -> tuple[Rule, UUID | None]:
    """Return the rule and what it is about, as the page wrote them."""
    rule, _, about = named.partition(" ")
    try:
        return Rule(rule), UUID(about) if about else None
    except ValueError:
        raise Invalid(about="signal.not_there") from None


@blp.post("/snoozes/<uuid:snooze_id>/end")
@allows(Action.SNOOZE)
def back(snooze_id: UUID) -> Response:
    """Let what was put off speak again."""
    found = find(g.session, Snooze, snooze_id, person=g.person, on=g.today)
    try:
        end_snooze(g.session, by=g.person, snooze=found, on=g.today, at=g.now)
        flash(gettext("This is back on your list."), "ok")
    except Conflict as refusal:
        flash(sentence(refusal.code), "error")
    return redirect(url_for("coach.overview", **kept()), 303)
