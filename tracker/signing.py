"""Signing a judgement, and letting a signed one count for the exam: rows that are only added."""

from datetime import date, datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tracker import audit
from tracker.errors import Conflict, NotAllowed
from tracker.models import (
    Judgement,
    JudgementPromotion,
    JudgementSignature,
    Person,
    PlanRole,
)
from tracker.permissions import Action, require
from tracker.plans import check_open, plan_of


def sign(
    session: Session, *, by: Person, judgement: Judgement, on: date, at: datetime
) -> JudgementSignature:
    """Sign the own judgement; signing twice is signing once."""
    require(session, by, Action.JUDGE, on=on, plan_id=judgement.plan_id)
    if judgement.by_id != by.id:
        raise NotAllowed("not the own judgement")
    check_open(plan_of(session, judgement))
    key = (judgement.school_id, judgement.id)
    signature = session.get(JudgementSignature, key)
    if signature is not None:
        return signature
    signature = JudgementSignature(
        school_id=judgement.school_id, judgement_id=judgement.id, signed_at=at
    )
    try:
        with session.begin_nested():
            session.add(signature)
    except IntegrityError:  # sent twice at once
        return session.get_one(JudgementSignature, key)
    audit.record(session, by=by, verb="signed", subject=judgement, plan_id=judgement.plan_id, at=at)
    return signature


def promote(
    session: Session, *, by: Person, judgement: Judgement, reason: str, on: date, at: datetime
) -> JudgementPromotion:
    """Let a signed judgement count for the exam, once, and say why; never the student's own."""
    require(session, by, Action.PROMOTE_JUDGEMENT, on=on, plan_id=judgement.plan_id)
    check_open(plan_of(session, judgement))
    key = (judgement.school_id, judgement.id)
    if judgement.role is PlanRole.STUDENT:
        raise Conflict("judgement.of_student")
    if session.get(JudgementSignature, key) is None:
        raise Conflict("judgement.not_signed")
    if session.get(JudgementPromotion, key) is not None:
        raise Conflict("judgement.promoted")
    promotion = JudgementPromotion(
        school_id=judgement.school_id,
        judgement_id=judgement.id,
        by_id=by.id,
        reason=reason,
        promoted_at=at,
    )
    try:
        with session.begin_nested():
            session.add(promotion)
    except IntegrityError:
        raise Conflict("judgement.promoted") from None
    audit.record(
        session, by=by, verb="promoted", subject=judgement, plan_id=judgement.plan_id, at=at
    )
    return promotion
