"""Who may see a piece: the student shows it to somebody, stops, takes it back, or erases it."""

from uuid import UUID

from flask import Blueprint, flash, g, redirect, request, url_for
from flask_babel import gettext
from marshmallow import fields
from werkzeug.wrappers import Response

from identity.access import allows
from tracker.erasing import erase
from tracker.models import Audience, Evidence, EvidenceState
from tracker.permissions import Action
from tracker.placements import running_placements
from tracker.plans import plan_of
from tracker.shares import open_shares
from tracker.sharing import share_evidence, stop_sharing, withdraw
from web.forms import CODES, Form, fill, words
from web.pieces import own_piece, piece_page

blp = Blueprint("sharing", __name__, url_prefix="/student/evidence")


class ShareForm(Form):
    """Whom to show it to: coaches, or a placement's id."""

    audience = words(40)


class StopForm(Form):
    """Which share ends."""

    share_id = fields.UUID(required=True, error_messages=CODES)


@blp.post("/<uuid:evidence_id>/share")
@allows(Action.EDIT_EVIDENCE)
def share(evidence_id: UUID) -> Response | tuple[str, int]:
    """Show a piece to the coaches, or to the supervisors of a running placement."""
    evidence = own_piece(evidence_id)
    plan = plan_of(g.session, evidence)
    filled = fill(ShareForm(), request.form)
    running = running_placements(g.session, person=g.person, plan=plan, on=g.today)
    choices = {str(placement.id): placement for placement, _ in running}
    choice = filled.data.get("audience")
    if not filled.errors and choice != Audience.COACHES and choice not in choices:
        filled.errors["audience"] = "not_a_choice"
    if filled.errors:
        return piece_page(evidence, filled), 422
    share_evidence(
        g.session,
        by=g.person,
        evidence=evidence,
        audience=Audience.PLACEMENT if choice in choices else Audience.COACHES,
        placement=choices.get(str(choice)),
        on=g.today,
        at=g.now,
    )
    flash(gettext("Your evidence is shared."), "ok")
    return _back(evidence)


@blp.post("/<uuid:evidence_id>/stop")
@allows(Action.EDIT_EVIDENCE)
def stop(evidence_id: UUID) -> Response:
    """Stop showing it to one audience; stopped already is stopped."""
    evidence = own_piece(evidence_id)
    filled = fill(StopForm(), request.form)
    for found in open_shares(g.session, evidence, on=g.today):
        if found.id == filled.data.get("share_id"):
            stop_sharing(
                g.session, by=g.person, evidence=evidence, share=found, on=g.today, at=g.now
            )
            break
    _tell(evidence)
    return _back(evidence)


@blp.post("/<uuid:evidence_id>/withdraw")
@allows(Action.EDIT_EVIDENCE)
def take_back(evidence_id: UUID) -> Response:
    """Show it to nobody any more."""
    evidence = own_piece(evidence_id)
    withdraw(g.session, by=g.person, evidence=evidence, on=g.today, at=g.now)
    _tell(evidence)
    return _back(evidence)


@blp.post("/<uuid:evidence_id>/erase")
@allows(Action.EDIT_EVIDENCE)
def erase_piece(evidence_id: UUID) -> Response:
    """Erase a private piece with its files."""
    evidence = own_piece(evidence_id)
    erase(g.session, by=g.person, evidence=evidence, on=g.today, at=g.now)
    flash(gettext("Your evidence is erased."), "ok")
    return redirect(url_for("pieces.all_evidence"), 303)


def _tell(evidence: Evidence) -> None:
    said = {
        EvidenceState.PRIVATE: gettext("Only you can see it now."),
        EvidenceState.SHARED: gettext("Sharing stopped."),
        EvidenceState.WITHDRAWN: gettext("Your evidence is withdrawn."),
    }
    flash(said[evidence.state], "ok")


def _back(evidence: Evidence) -> Response:
    return redirect(url_for("evidence.evidence", evidence_id=evidence.id), 303)
