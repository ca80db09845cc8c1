"""Sharing evidence: whom a piece is shown to, from when, and taking it back."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker import audit
from tracker.errors import Invalid
from tracker.models import (
    Audience,
    Evidence,
    EvidenceShare,
    EvidenceState,
    FeedbackRequest,
    Judgement,
    Person,
    Placement,
    PlanMember,
    PlanRole,
    RequestState,
)
from tracker.permissions import Action, holds, lock, require
from tracker.plans import check_open, plan_of


def share_evidence(
    session: Session,
    *,
    by: Person,
    evidence: Evidence,
    audience: Audience,
    placement: Placement | None = None,
    person: Person | None = None,
    on: date,
    at: datetime,
) -> EvidenceShare:
    """Show a piece to an audience from now on; shown to it already, that share is returned.

    A share with a placement is for its supervisors, as long as it lasts.
    By name it is shown to a peer: a fellow student who takes part in the plan because of it.
    """
    require(session, by, Action.EDIT_EVIDENCE, on=on, plan_id=evidence.plan_id)
    lock(session, evidence)
    check_open(plan_of(session, evidence))
    placement_id = person_id = None
    if audience is Audience.PLACEMENT:
        placement_id = _checked_placement(evidence, placement)
    if audience is Audience.PERSON:
        person_id = _checked_peer(session, evidence, person, on)
    for share in open_shares(session, evidence):
        if (share.audience, share.placement_id, share.person_id) == (
            audience,
            placement_id,
            person_id,
        ):
            return share
    evidence.state = EvidenceState.SHARED
    evidence.withdrawn_at = None
    share = add_share(
        session, evidence, audience, placement_id=placement_id, person_id=person_id, at=at
    )
    _record(session, by, "shared evidence", evidence, at, audience=audience.value)
    return share


def stop_sharing(
    session: Session,
    *,
    by: Person,
    evidence: Evidence,
    share: EvidenceShare,
    on: date,
    at: datetime,
) -> None:
    """End one share. What ends the last one, or the school's own once judged, takes it all back.

    Judgements by others stay in the school, so a judged piece is either shown there or withdrawn.
    """
    require(session, by, Action.EDIT_EVIDENCE, on=on, plan_id=evidence.plan_id)
    lock(session, evidence)
    session.refresh(share)
    if share.ended_at is not None:
        return
    others = [known for known in open_shares(session, evidence) if known.id != share.id]
    in_school = share.audience is Audience.COACHES
    if not others or (in_school and is_judged(session, evidence)):
        _take_back(session, by, evidence, on, at)
    else:
        _end(session, by, evidence, share, on, at)


def withdraw(session: Session, *, by: Person, evidence: Evidence, on: date, at: datetime) -> None:
    """Show a piece to nobody any more: private again, or withdrawn when others judged it."""
    require(session, by, Action.EDIT_EVIDENCE, on=on, plan_id=evidence.plan_id)
    lock(session, evidence)
    if evidence.state is EvidenceState.SHARED:
        _take_back(session, by, evidence, on, at)


def open_shares(session: Session, evidence: Evidence) -> Sequence[EvidenceShare]:
    """Return whom a piece is shown to now, oldest first."""
    return session.scalars(
        sa.select(EvidenceShare)
        .where(*_about(EvidenceShare, evidence), EvidenceShare.ended_at.is_(None))
        .order_by(EvidenceShare.shared_at, EvidenceShare.id)
    ).all()


def is_judged(session: Session, evidence: Evidence) -> bool:
    """Whether somebody else than its student judged a piece."""
    return bool(
        session.scalar(
            sa.select(
                sa.exists().where(
                    *_about(Judgement, evidence), Judgement.by_id != evidence.author_id
                )
            )
        )
    )


def add_share(
    session: Session,
    evidence: Evidence,
    audience: Audience,
    *,
    placement_id: UUID | None = None,
    person_id: UUID | None = None,
    at: datetime,
) -> EvidenceShare:
    """Add the row of a share; whoever calls has checked it."""
    share = EvidenceShare(
        school_id=evidence.school_id,
        evidence_id=evidence.id,
        audience=audience,
        placement_id=placement_id,
        person_id=person_id,
        shared_at=at,
        ended_at=None,
    )
    session.add(share)
    session.flush()
    return share


def _checked_placement(evidence: Evidence, placement: Placement | None) -> UUID:
    if placement is None:
        raise Invalid(placement_id="share.needs_placement")
    if placement.plan_id != evidence.plan_id:
        raise Invalid(placement_id="placement.of_other_plan")
    return placement.id


def _checked_peer(session: Session, evidence: Evidence, person: Person | None, on: date) -> UUID:
    if person is None:
        raise Invalid(person_id="share.needs_person")
    if evidence.has_people:
        raise Invalid(person_id="share.has_people")
    query = sa.select(PlanMember.id).where(*_as_peer(evidence, person.id), holds(PlanMember, on))
    if session.scalars(query).first() is None:
        raise Invalid(person_id="share.not_a_peer")
    return person.id


def _as_peer(evidence: Evidence, person_id: UUID) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        PlanMember.school_id == evidence.school_id,
        PlanMember.plan_id == evidence.plan_id,
        PlanMember.person_id == person_id,
        PlanMember.role == PlanRole.PEER,
    )


def _take_back(session: Session, by: Person, evidence: Evidence, on: date, at: datetime) -> None:
    for share in open_shares(session, evidence):
        _end(session, by, evidence, share, on, at)
    judged = is_judged(session, evidence)
    evidence.state = EvidenceState.WITHDRAWN if judged else EvidenceState.PRIVATE
    evidence.withdrawn_at = at if judged else None
    # Nobody can answer about what is not shown any more.
    session.execute(
        sa.update(FeedbackRequest)
        .where(*_about(FeedbackRequest, evidence), FeedbackRequest.state == RequestState.OPEN)
        .values(state=RequestState.WITHDRAWN, closed_at=at)
    )
    _record(session, by, "withdrew evidence", evidence, at)


def _end(
    session: Session, by: Person, evidence: Evidence, share: EvidenceShare, on: date, at: datetime
) -> None:
    share.ended_at = at
    session.flush()
    if share.person_id is not None:
        _close_place(session, evidence, share.person_id, on)
    _record(session, by, "stopped sharing evidence", evidence, at, audience=share.audience.value)


def _close_place(session: Session, evidence: Evidence, person_id: UUID, on: date) -> None:
    """End a peer's place in the plan when nothing of it is shown to them any more."""
    shown = (
        sa.select(EvidenceShare.id)
        .join(
            Evidence,
            sa.and_(
                Evidence.school_id == EvidenceShare.school_id,
                Evidence.id == EvidenceShare.evidence_id,
            ),
        )
        .where(
            EvidenceShare.school_id == evidence.school_id,
            EvidenceShare.person_id == person_id,
            EvidenceShare.ended_at.is_(None),
            Evidence.plan_id == evidence.plan_id,
        )
    )
    if session.scalars(shown).first() is None:
        session.execute(
            sa.update(PlanMember)
            .where(*_as_peer(evidence, person_id), holds(PlanMember, on))
            .values(until_on=on)
        )


def _about(table: Any, evidence: Evidence) -> tuple[sa.ColumnElement[bool], ...]:
    return table.school_id == evidence.school_id, table.evidence_id == evidence.id


def _record(
    session: Session, by: Person, verb: str, evidence: Evidence, at: datetime, **details: str
) -> None:
    session.flush()
    audit.record(
        session, by=by, verb=verb, subject=evidence, plan_id=evidence.plan_id, at=at, **details
    )
