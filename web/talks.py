"""The talks of a plan, newest first, as student and coach both read them."""

from uuid import UUID

from flask import Blueprint, g, render_template, request

from identity.access import allows
from tracker.conversations import talks_of
from tracker.permissions import Action
from web.group_table import kept
from web.paging import part_of
from web.tailoring import from_inside, way_back

blp = Blueprint("talks", __name__)
SHOWN = 20


@blp.get("/plans/<uuid:plan_id>/talks")
@allows(Action.SEE_PLAN)
def talks(plan_id: UUID) -> str:
    """Show what was said in each talk, to who takes part in them."""
    plan, is_own = from_inside(plan_id)
    part = part_of(
        talks_of(g.session, plan_id=plan.id, person=g.person, on=g.today),
        size=SHOWN,
        asked=request.args.get("at", ""),
    )
    return render_template(
        "plan/talks.html",
        is_own=is_own,
        back=way_back(plan, is_own=is_own),
        talks=part.shown,
        page=part.page,
        pages=part.pages,
        plan_id=plan.id,
        kept={} if is_own else kept(),
    )
