"""Whom pieces of evidence are shown to on a day: rows and dates, read in one way everywhere."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from tracker.db import among
from tracker.models import (
    Audience,
    Evidence,
    EvidenceShare,
    EvidenceState,
    Judgement,
    PlanMember,
    PlanRole,
)
from tracker.permissions import TODAY, holds


def goes_on(on: date) -> sa.ColumnElement[bool]:
    """Say in a query whether a share goes on: by name as long as that peer has a place."""
    piece = aliased(Evidence)
    has_place = sa.exists().where(
        piece.school_id == EvidenceShare.school_id,
        piece.id == EvidenceShare.evidence_id,
        PlanMember.school_id == piece.school_id,
        PlanMember.plan_id == piece.plan_id,
        PlanMember.person_id == EvidenceShare.person_id,
        PlanMember.role == PlanRole.PEER,
        holds(PlanMember, on),
    )
    return sa.and_(
        EvidenceShare.ended_at.is_(None),
        sa.or_(EvidenceShare.audience != Audience.PERSON, has_place),
    )


def open_shares(session: Session, evidence: Evidence, *, on: date) -> Sequence[EvidenceShare]:
    """Return whom a piece is shown to on this day, oldest first."""
    return shares_of(session, [evidence], on=on)[evidence.id]


def shares_of(
    session: Session, found: Sequence[Evidence], *, on: date
) -> dict[UUID, list[EvidenceShare]]:
    """Return whom each of these pieces is shown to on this day, oldest first; in one query."""
    shares: dict[UUID, list[EvidenceShare]] = defaultdict(list)
    if not found:
        return shares
    asked = {
        "school": found[0].school_id,
        "pieces": [evidence.id for evidence in found],
        "today": on,
    }
    for share in session.scalars(_that_go_on(session.get_bind().dialect.name), asked):
        shares[share.evidence_id].append(share)
    return shares


@cache
def _that_go_on(dialect: str) -> sa.Select[EvidenceShare]:
    """Select the shares that go on of pieces, whose ids are given as `pieces`."""
    return (
        sa.select(EvidenceShare)
        .where(
            EvidenceShare.school_id == sa.bindparam("school", type_=sa.Uuid()),
            among(EvidenceShare.evidence_id, "pieces", dialect),
            goes_on(TODAY),
        )
        .order_by(EvidenceShare.shared_at, EvidenceShare.id)
    )


def state_on(on: date) -> sa.ColumnElement[EvidenceState]:
    """Say in a query who may see a piece on this day; what ran out is as good as ended."""
    shown = sa.exists().where(
        EvidenceShare.school_id == Evidence.school_id,
        EvidenceShare.evidence_id == Evidence.id,
        goes_on(on),
    )
    judged = sa.exists().where(
        Judgement.school_id == Evidence.school_id,
        Judgement.evidence_id == Evidence.id,
        Judgement.by_id != Evidence.author_id,
    )
    kind = Evidence.state.type
    return sa.case(
        (sa.or_(Evidence.state != EvidenceState.SHARED, shown), Evidence.state),
        (judged, sa.literal(EvidenceState.WITHDRAWN, kind)),
        else_=sa.literal(EvidenceState.PRIVATE, kind),
    )


def is_judged(session: Session, evidence: Evidence) -> bool:
    """Whether somebody else than its student judged a piece."""
    by_others = sa.exists().where(
        *of_piece(Judgement, evidence), Judgement.by_id != evidence.author_id
    )
    return bool(session.scalar(sa.select(by_others)))


def of_piece(table: Any, evidence: Evidence) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the conditions for rows about one piece."""
    return table.school_id == evidence.school_id, table.evidence_id == evidence.id


def peer_place(
    session: Session, evidence: Evidence, person_id: UUID, on: date
) -> PlanMember | None:
    """Return somebody's place as a peer in the plan of a piece, if they have one on this day."""
    return session.scalars(
        sa.select(PlanMember).where(
            PlanMember.school_id == evidence.school_id,
            PlanMember.plan_id == evidence.plan_id,
            PlanMember.person_id == person_id,
            PlanMember.role == PlanRole.PEER,
            holds(PlanMember, on),
        )
    ).first()
