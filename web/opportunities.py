"""What a workplace offers: "kan dit hier?", for each werkproces that the goals are about."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from marshmallow import fields
from werkzeug.wrappers import Response

from identity.access import allows
from tracker.errors import Conflict, Invalid
from tracker.goal_lists import goals_seen
from tracker.models import (
    Company,
    FrameworkItem,
    FrameworkItemKind,
    GoalState,
    Opportunity,
    Placement,
    PlanRole,
)
from tracker.opportunities import opportunities_of, say_opportunity
from tracker.permissions import Action, find, require
from tracker.plans import members_of, plan_of
from web import talk, trails
from web.forms import CODES, Form, fill
from web.words import sentence

blp = Blueprint("opportunities", __name__)


class SaidForm(Form):
    """Whether one werkproces can be practised here."""

    item = fields.UUID(required=True, error_messages=CODES)
    is_possible = fields.Boolean(required=True, error_messages=CODES)


@blp.get("/placements/<uuid:placement_id>/opportunities")
@allows(Action.SAY_OPPORTUNITY)
def opportunities(placement_id: UUID) -> str:
    """Show each werkproces of the goals that the reader sees, and what was said about it here."""
    placement = find(g.session, Placement, placement_id, person=g.person, on=g.today)
    plan = plan_of(g.session, placement)
    roles = require(g.session, g.person, Action.SAY_OPPORTUNITY, on=g.today, plan_id=plan.id)
    members = members_of(g.session, plan=plan, on=g.today)
    company = g.session.get_one(Company, (g.school.id, placement.company_id))
    student = next(m.given_name for m in members if m.role is PlanRole.STUDENT)
    return render_template(
        "plan/opportunities.html",
        placement={
            "id": placement.id,
            "company": company.name,
            "from_on": placement.from_on,
            "last_on": trails.last_day(placement.until_on),
            "is_over": placement.until_on <= g.today,
        },
        plan_id=plan.id,
        reader_is=next(role for role in PlanRole if role in roles),
        student=student,
        items=_items(placement, {m.person_id: m.given_name for m in members}),
    )


def _items(placement: Placement, names: dict[UUID, str]) -> list[dict[str, Any]]:
    """Return each werkproces once, in the order of the kwalificatie, with the word that holds."""
    seen = goals_seen(g.session, plan_id=placement.plan_id, person=g.person, on=g.today)
    served: dict[UUID, FrameworkItem] = {}
    goals: dict[UUID, list[str]] = {}
    for goal in seen.values():
        for item in goal.items if goal.goal.state is GoalState.ACTIVE else ():
            if item.kind is FrameworkItemKind.WERKPROCES:
                served[item.id] = item
                goals.setdefault(item.id, []).append(goal.goal.title)
    said: dict[UUID, Opportunity] = {
        word.item_id: word
        for word in opportunities_of(
            g.session, placement_ids=[placement.id], person=g.person, on=g.today
        )
    }
    return [
        {
            "id": item.id,
            "code": item.code,
            "title": item.title,
            "goals": goals[item.id],
            "said": _told(said[item.id], names) if item.id in said else None,
        }
        for item in sorted(served.values(), key=lambda item: (item.position, item.id))
    ]


def _told(word: Opportunity, names: dict[UUID, str]) -> dict[str, Any]:
    return {
        "is_possible": word.is_possible,
        "by": names.get(word.by_id),
        "said_at": word.said_at,
    }


@blp.post("/placements/<uuid:placement_id>/opportunities")
@allows(Action.SAY_OPPORTUNITY)
def say(placement_id: UUID) -> Response:
    """Say whether one werkproces can be practised here."""
    placement = _say(placement_id, gettext("Noted. You can say it again when it changes."))
    item = request.form.get("item", type=UUID)
    here = url_for(
        "opportunities.opportunities",
        placement_id=placement.id,
        _anchor=f"work-{item}" if item else None,
    )
    return redirect(here, 303)


@blp.post("/coach/placements/<uuid:placement_id>/opportunities")
@allows(Action.SAY_OPPORTUNITY)
def say_by_coach(placement_id: UUID) -> Response:
    """Say what was heard in a talk: whether one werkproces can be practised there."""
    placement = _say(placement_id, gettext("This is written down for the workplace."))
    return talk.back_to(placement.plan_id, "workplaces")


def _say(placement_id: UUID, thanks: str) -> Placement:
    placement = find(g.session, Placement, placement_id, person=g.person, on=g.today)
    filled = fill(SaidForm(), request.form)
    try:
        if filled.errors:
            raise Invalid(**filled.errors)
        item = find(g.session, FrameworkItem, filled.data["item"], person=g.person, on=g.today)
        say_opportunity(
            g.session,
            by=g.person,
            placement=placement,
            item=item,
            is_possible=filled.data["is_possible"],
            on=g.today,
            at=g.now,
        )
        flash(thanks, "ok")
    except Invalid as refusal:
        flash(sentence(next(iter(refusal.fields.values()))), "error")
    except Conflict as refusal:
        flash(sentence(refusal.code), "error")
    return placement
