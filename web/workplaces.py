"""What a workplace offers: "Kan dit hier?", as the coach heard it."""

from uuid import UUID

from flask import Blueprint, flash, g, request
from flask_babel import gettext
from marshmallow import fields
from werkzeug.wrappers import Response

from identity.access import allows
from tracker.errors import Conflict, Invalid
from tracker.models import FrameworkItem, Placement
from tracker.opportunities import say_opportunity
from tracker.permissions import Action, find
from web.forms import CODES, Form, fill
from web.talk import back_to
from web.words import sentence

blp = Blueprint("workplaces", __name__, url_prefix="/coach")


class OpportunityForm(Form):
    """Whether a placement offers a werkproces."""

    item = fields.UUID(required=True, error_messages=CODES)
    is_possible = fields.Boolean(required=True, error_messages=CODES)


@blp.post("/placements/<uuid:placement_id>/opportunities")
@allows(Action.SAY_OPPORTUNITY)
def offer(placement_id: UUID) -> Response:
    """Say whether a placement offers a werkproces."""
    placement = find(g.session, Placement, placement_id, person=g.person, on=g.today)
    filled = fill(OpportunityForm(), request.form)
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
        flash(gettext("This is written down for the workplace."), "ok")
    except Invalid as refusal:
        flash(sentence(next(iter(refusal.fields.values()))), "error")
    except Conflict as refusal:
        flash(sentence(refusal.code), "error")
    return back_to(placement.plan_id, "workplaces")
