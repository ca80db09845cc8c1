"""One judgement: signing it, and letting a signed one count for the exam."""

from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from identity.access import allows
from tracker.errors import Conflict
from tracker.judged import judgements_seen
from tracker.lengths import MAX_WORDS
from tracker.models import Goal, Judgement, PlanRole
from tracker.permissions import ALLOWED, Action, find, roles_of
from tracker.plans import plan_of
from tracker.signing import promote, sign
from web import trails
from web.forms import Filled, Form, fill, words
from web.subjects import home, student_of, told_goal
from web.words import sentence

blp = Blueprint("signing", __name__, url_prefix="/judge")


class ReasonForm(Form):
    """Why a judgement counts."""

    reason = words(MAX_WORDS)


@blp.get("/judgements/<uuid:judgement_id>")
@allows(Action.SEE_JUDGEMENT)
def judgement(judgement_id: UUID) -> str:
    """Show one judgement, to sign it or to let it count."""
    return _judgement_page(_judgement(judgement_id), Filled({}))


@blp.post("/judgements/<uuid:judgement_id>/signature")
@allows(Action.JUDGE)
def sign_judgement(judgement_id: UUID) -> Response:
    """Sign an own judgement."""
    found = _judgement(judgement_id)
    sign(g.session, by=g.person, judgement=found, on=g.today, at=g.now)
    flash(gettext("You signed this view."), "ok")
    return redirect(url_for("signing.judgement", judgement_id=found.id), 303)


@blp.post("/judgements/<uuid:judgement_id>/promotion")
@allows(Action.PROMOTE_JUDGEMENT)
def promote_judgement(judgement_id: UUID) -> Response | tuple[str, int]:
    """Let a signed judgement count for the exam."""
    found = _judgement(judgement_id)
    filled = fill(ReasonForm(), request.form)
    if filled.errors:
        return _judgement_page(found, filled), 422
    reason = filled.data["reason"]
    try:
        promote(g.session, by=g.person, judgement=found, reason=reason, on=g.today, at=g.now)
        flash(gettext("This view now counts for the exam."), "ok")
    except Conflict as refusal:
        flash(sentence(refusal.code), "error")
    return redirect(url_for("signing.judgement", judgement_id=found.id), 303)


def _judgement(judgement_id: UUID) -> Judgement:
    return find(g.session, Judgement, judgement_id, person=g.person, on=g.today)


def _judgement_page(found: Judgement, filled: Filled) -> str:
    plan = plan_of(g.session, found)
    (seen,) = judgements_seen(
        g.session, plan_id=plan.id, person=g.person, on=g.today, ids=[found.id]
    )
    roles = roles_of(g.session, g.person, on=g.today, plan_id=plan.id)
    may_promote = bool(roles & ALLOWED[Action.PROMOTE_JUDGEMENT])
    return render_template(
        "coach/judgement.html",
        student={"given_name": student_of(plan).given_name},
        back=home(plan),
        judgement=trails.timeline([seen])[0],
        seen=seen,
        goal=told_goal(_goal(found)),
        may_sign=found.by_id == g.person.id and seen.signed_at is None,
        may_promote=may_promote
        and seen.signed_at is not None
        and seen.promoted_at is None
        and seen.role is not PlanRole.STUDENT,
        values=filled.values,
        errors=filled.sentences(),
    )


def _goal(found: Judgement) -> Goal | None:
    if found.goal_id is None:
        return None
    return find(g.session, Goal, found.goal_id, person=g.person, on=g.today)
