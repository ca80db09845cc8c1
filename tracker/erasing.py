"""Erasing evidence: its student may, as long as nobody else sees it or judged it."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker import audit
from tracker.errors import Conflict
from tracker.models import (
    Attachment,
    Comment,
    Evidence,
    EvidenceGoal,
    EvidenceItem,
    EvidenceShare,
    EvidenceState,
    EvidenceVersion,
    FeedbackRequest,
    Judgement,
    JudgementDraft,
    JudgementSignature,
    Person,
    Recording,
)
from tracker.permissions import Action, require
from tracker.shares import is_judged, of_piece
from tracker.sharing import hold


def erase(session: Session, *, by: Person, evidence: Evidence, on: date, at: datetime) -> None:
    """Erase a piece that nobody else can see or judged, with everything about it.

    The bytes of its files go within a day, with all that no row names any more.
    Raises Conflict for what is shared, or judged by somebody else.
    """
    require(session, by, Action.EDIT_EVIDENCE, on=on, plan_id=evidence.plan_id)
    hold(session, evidence, on=on, at=at)
    if is_judged(session, evidence) or _is_signed(session, evidence):
        raise Conflict("evidence.judged")
    if evidence.state is not EvidenceState.PRIVATE:
        raise Conflict("evidence.shared")
    audit.record(
        session,
        by=by,
        verb="erased evidence",
        subject=evidence,
        plan_id=evidence.plan_id,
        at=at,
    )
    own = sa.select(Judgement.id).where(*of_piece(Judgement, evidence))
    session.execute(
        sa.delete(Recording).where(
            Recording.school_id == evidence.school_id, Recording.judgement_id.in_(own)
        )
    )
    for table in (
        Judgement,
        JudgementDraft,
        Comment,
        FeedbackRequest,
        Attachment,
        EvidenceShare,
        EvidenceItem,
        EvidenceGoal,
        EvidenceVersion,
    ):
        session.execute(sa.delete(table).where(*of_piece(table, evidence)))
    session.delete(evidence)
    session.flush()


def _is_signed(session: Session, evidence: Evidence) -> bool:
    """Whether the student signed an own judgement of it: what is signed stays."""
    signed = (
        sa.select(JudgementSignature.judgement_id)
        .join(
            Judgement,
            sa.and_(
                Judgement.school_id == JudgementSignature.school_id,
                Judgement.id == JudgementSignature.judgement_id,
            ),
        )
        .where(*of_piece(Judgement, evidence))
    )
    return session.scalars(signed.limit(1)).first() is not None
