"""The same key again: a piece that was logged before is recognised, and never logged twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker.errors import Conflict
from tracker.models import (
    Attachment,
    Audience,
    Evidence,
    EvidenceGoal,
    EvidenceItem,
    EvidenceShare,
    EvidenceVersion,
    Judgement,
)

COLUMNS = (
    "plan_id",
    "kind",
    "context",
    "placement_id",
    "happened_on",
    "captured_at",
    "has_people",
)


@dataclass(frozen=True, slots=True)
class Sent:
    """What a piece was sent with, besides its own columns; `digests` are those of its files."""

    text: str
    goal_ids: frozenset[UUID]
    item_ids: frozenset[UUID]
    digests: Sequence[str]
    share_with: frozenset[Audience]
    own_level_id: UUID | None


def logged_before(session: Session, *, evidence: Evidence, sent: Sent) -> Evidence | None:
    """Return what this author logged under this key; raises Conflict when that is another piece.

    Compared with what it was at first: what happened to it since does not make it another one.
    """
    first = session.scalar(
        sa.select(Evidence).filter_by(
            school_id=evidence.school_id, author_id=evidence.author_id, key=evidence.key
        )
    )
    if first is None:
        return None
    is_same = all(getattr(first, name) == getattr(evidence, name) for name in COLUMNS)
    if not is_same or _at_first(session, first, sent) != sent:
        raise Conflict("evidence.key_used")
    return first


def _at_first(session: Session, first: Evidence, sent: Sent) -> Sent:
    def found(column: Any, **only: Any) -> Sequence[Any]:
        query = sa.select(column).filter_by(school_id=first.school_id, evidence_id=first.id, **only)
        return session.scalars(query).all()

    then = first.received_at
    # Goals and work may have changed with a later version; what they were at first is not kept.
    is_edited = len(found(EvidenceVersion.number)) > 1
    own_levels = found(Judgement.level_id, by_id=first.author_id, recorded_at=then)
    return Sent(
        text=found(EvidenceVersion.text, number=1)[0],
        goal_ids=sent.goal_ids if is_edited else frozenset(found(EvidenceGoal.goal_id)),
        item_ids=sent.item_ids if is_edited else frozenset(found(EvidenceItem.item_id)),
        digests=sorted(found(Attachment.digest)),
        share_with=frozenset(found(EvidenceShare.audience, shared_at=then)),
        own_level_id=own_levels[0] if own_levels else None,
    )
