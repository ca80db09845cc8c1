"""Sharing evidence: whom the student shows a piece to, and taking it back."""

from typing import Any
from uuid import UUID

from flask import g

from api.blueprint import Blueprint
from api.paging import find_if
from api.pieces import (
    EvidenceSchema,
    NewShareSchema,
    ShareSchema,
    found_piece,
    shown_pieces,
    tagged,
)
from identity.access import allows
from tracker.errors import NotFound
from tracker.models import (
    Evidence,
    EvidenceShare,
    Person,
    Placement,
)
from tracker.permissions import Action, require
from tracker.shares import open_shares
from tracker.sharing import share_evidence, stop_sharing, withdraw

blp = Blueprint("shares", about="Shares: whom the student shows evidence to, until they stop")


@blp.post("/evidence/<uuid:evidence_id>/shares")
@allows(Action.EDIT_EVIDENCE)
@blp.arguments(NewShareSchema)
@blp.response(201, EvidenceSchema)
def create_share(body: dict[str, Any], evidence_id: UUID) -> tuple[dict[str, Any], dict[str, str]]:
    """Show your piece to your coaches, or to the supervisors of a placement.

    Shown already is shown: sending it twice is safe. A fellow student sees a piece by being asked
    for feedback. What was withdrawn may be shown again.
    """
    evidence = found_piece(evidence_id)
    share_evidence(
        g.session,
        by=g.person,
        evidence=evidence,
        audience=body["audience"],
        placement=find_if(Placement, body["placement_id"]),
        person=find_if(Person, body["person_id"]),
        on=g.today,
        at=g.now,
    )
    return tagged(shown_pieces([evidence])[0])


@blp.delete("/evidence/<uuid:evidence_id>/shares")
@allows(Action.EDIT_EVIDENCE)
@blp.response(200, EvidenceSchema)
def delete_shares(evidence_id: UUID) -> tuple[dict[str, Any], dict[str, str]]:
    """Take your piece back from everybody.

    It is private again; once somebody else judged it, it is withdrawn and the judgement stays.
    """
    evidence = found_piece(evidence_id)
    withdraw(g.session, by=g.person, evidence=evidence, on=g.today, at=g.now)
    return tagged(shown_pieces([evidence])[0])


@blp.get("/evidence/<uuid:evidence_id>/shares/<uuid:share_id>")
@allows(Action.EDIT_EVIDENCE)
@blp.response(200, ShareSchema)
def get_share(evidence_id: UUID, share_id: UUID) -> EvidenceShare:
    """Show one share of your piece, as long as it goes on.

    Only its student sees whom it is shown to.
    """
    return _share(found_piece(evidence_id), share_id)


@blp.delete("/evidence/<uuid:evidence_id>/shares/<uuid:share_id>")
@allows(Action.EDIT_EVIDENCE)
@blp.response(200, EvidenceSchema)
def delete_share(evidence_id: UUID, share_id: UUID) -> tuple[dict[str, Any], dict[str, str]]:
    """End one share of your piece.

    With the last one it is taken back, and so it is with the coaches' own once somebody judged it.
    """
    evidence = found_piece(evidence_id)
    stop_sharing(
        g.session,
        by=g.person,
        evidence=evidence,
        share=_share(evidence, share_id),
        on=g.today,
        at=g.now,
    )
    return tagged(shown_pieces([evidence])[0])


def _share(evidence: Evidence, share_id: UUID) -> EvidenceShare:
    require(g.session, g.person, Action.EDIT_EVIDENCE, on=g.today, plan_id=evidence.plan_id)
    found = {known.id: known for known in open_shares(g.session, evidence, on=g.today)}
    if share_id not in found:
        raise NotFound("no such share")
    return found[share_id]
