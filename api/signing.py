"""Signing a judgement, and letting a signed one count for the exam."""

from typing import Any
from uuid import UUID

from flask import g

from api.blueprint import Blueprint
from api.fields import Contract, Text
from api.judgements import JudgementSchema, told
from identity.access import allows
from tracker.lengths import MAX_WORDS
from tracker.models import Judgement
from tracker.permissions import Action, find
from tracker.signing import promote, sign

blp = Blueprint("signing", about="Signatures and promotions: what makes a judgement count")


class PromotionSchema(Contract):
    """Why a judgement counts for the exam."""

    reason = Text(
        longest=MAX_WORDS,
        required=True,
        about="Why it counts",
        example="Gezien in een echte dienst.",
    )


@blp.post("/judgements/<uuid:judgement_id>/signature")
@allows(Action.JUDGE)
@blp.response(201, JudgementSchema)
def sign_judgement(judgement_id: UUID) -> dict[str, Any]:
    """Sign your own judgement.

    Signing twice is signing once.
    """
    judgement = _found(judgement_id)
    sign(g.session, by=g.person, judgement=judgement, on=g.today, at=g.now)
    return told(judgement)


@blp.post("/judgements/<uuid:judgement_id>/promotion")
@allows(Action.PROMOTE_JUDGEMENT)
@blp.arguments(PromotionSchema)
@blp.response(201, JudgementSchema)
@blp.alt_response(409, description="It is not signed, or counts already")
def promote_judgement(body: dict[str, Any], judgement_id: UUID) -> dict[str, Any]:
    """Let a signed judgement count for the exam.

    Only a coach does, with the reason, and once; never a judgement of the student's own. It is
    logged.
    """
    judgement = _found(judgement_id)
    promote(g.session, by=g.person, judgement=judgement, on=g.today, at=g.now, **body)
    return told(judgement)


def _found(judgement_id: UUID) -> Judgement:
    return find(g.session, Judgement, judgement_id, person=g.person, on=g.today)
