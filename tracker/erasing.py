"""Erasing evidence: its student may, as long as nobody else sees it or judged it."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

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
from tracker.permissions import Action, lock, require
from tracker.sharing import is_judged


def erase(session: Session, *, by: Person, evidence: Evidence, on: date, at: datetime) -> list[str]:
    """Erase a piece that nobody else can see or judged, with everything about it.

    Returns the digests that no row of the school uses any more, for their bytes to be forgotten.
    Raises Conflict for what is shared, or judged by somebody else.
    """
    require(session, by, Action.EDIT_EVIDENCE, on=on, plan_id=evidence.plan_id)
    lock(session, evidence)
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
    own = _about(Judgement, evidence)
    judgement_ids = session.scalars(sa.select(Judgement.id).where(*own)).all()
    spoken = (
        Recording.school_id == evidence.school_id,
        Recording.judgement_id.in_(judgement_ids),
    )
    digests = {
        *session.scalars(sa.select(Attachment.digest).where(*_about(Attachment, evidence))),
        *session.scalars(
            sa.select(Attachment.thumbnail_digest).where(*_about(Attachment, evidence))
        ),
        *session.scalars(sa.select(Recording.digest).where(*spoken)),
    }
    session.execute(sa.delete(Recording).where(*spoken))
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
        session.execute(sa.delete(table).where(*_about(table, evidence)))
    session.delete(evidence)
    session.flush()
    return _unused(session, evidence.school_id, [digest for digest in digests if digest])


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
        .where(*_about(Judgement, evidence))
    )
    return session.scalars(signed.limit(1)).first() is not None


def _unused(session: Session, school_id: UUID, digests: list[str]) -> list[str]:
    used: set[str | None] = set()
    for column in (Attachment.digest, Attachment.thumbnail_digest, Recording.digest):
        table = column.class_
        used.update(
            session.scalars(
                sa.select(column).where(table.school_id == school_id, column.in_(digests))
            )
        )
    return sorted(set(digests) - used)


def _about(table: Any, evidence: Evidence) -> tuple[sa.ColumnElement[bool], ...]:
    return table.school_id == evidence.school_id, table.evidence_id == evidence.id
