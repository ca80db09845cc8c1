"""Peers: a fellow student who is asked to look at one piece is shown it by name, for four weeks."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from tracker import audit
from tracker.models import (
    Audience,
    Evidence,
    EvidenceShare,
    EvidenceState,
    FeedbackRequest,
    GroupRole,
    Judgement,
    LearningPlan,
    Membership,
    Person,
    PersonState,
    PlanMember,
    PlanRole,
    RequestState,
)
from tracker.permissions import holds
from tracker.plans import add_member

PEER_DAYS = 28


def fellows(session: Session, *, student: Person, on: date) -> Sequence[Person]:
    """Return who is a student in one of this student's groups on this day, by name."""
    groups = _in_groups(student.school_id, on, Membership.group_id).where(
        Membership.person_id == student.id
    )
    fellow_ids = _in_groups(student.school_id, on, Membership.person_id).where(
        Membership.group_id.in_(groups)
    )
    return session.scalars(
        sa.select(Person)
        .where(
            Person.school_id == student.school_id,
            Person.id != student.id,
            Person.state == PersonState.ACTIVE,
            Person.id.in_(fellow_ids),
        )
        .order_by(Person.name, Person.id)
    ).all()


def _in_groups(school_id: UUID, on: date, column: InstrumentedAttribute[UUID]) -> sa.Select[UUID]:
    return sa.select(column).where(
        Membership.school_id == school_id,
        Membership.role == GroupRole.STUDENT,
        holds(Membership, on),
    )


def show_to_peer(
    session: Session,
    *,
    by: Person,
    plan: LearningPlan,
    evidence: Evidence,
    peer: Person,
    on: date,
    at: datetime,
) -> None:
    """Show a piece to a fellow student by name, for 28 days from today.

    Shown several pieces, a peer sees all of them until 28 days after the last was shown.
    """
    place = _place(session, evidence, peer, on)
    if place is None:
        # What ran out with the earlier place must not come back with the new one.
        for share in _shares(session, plan, peer):
            share.ended_at = at
        place = add_member(
            session, by=by, plan=plan, person=peer, role=PlanRole.PEER, from_on=on, at=at
        )
    place.until_on = on + timedelta(days=PEER_DAYS)
    session.flush()
    if all(share.evidence_id != evidence.id for share in _shares(session, plan, peer)):
        share = EvidenceShare(
            school_id=evidence.school_id,
            evidence_id=evidence.id,
            audience=Audience.PERSON,
            person_id=peer.id,
            shared_at=at,
        )
        session.add(share)
        audit.record(
            session, by=by, verb="shared evidence", subject=evidence, plan_id=plan.id, at=at
        )
    evidence.state = EvidenceState.SHARED
    evidence.withdrawn_at = None
    session.flush()


def stop_showing(
    session: Session,
    *,
    by: Person,
    plan: LearningPlan,
    evidence: Evidence,
    peer: Person,
    on: date,
    at: datetime,
) -> None:
    """Show a piece to this peer no more, and let them owe no answer about it.

    With the last piece their place in the plan ends too.
    """
    shares = _shares(session, plan, peer)
    ending = [share for share in shares if share.evidence_id == evidence.id]
    if not ending:
        return
    for share in ending:
        share.ended_at = at
    place = _place(session, evidence, peer, on)
    if place is not None and len(ending) == len(shares):
        place.until_on = on
        audit.record(session, by=by, verb="closed member", subject=place, plan_id=plan.id, at=at)
    session.flush()
    session.execute(
        sa.update(FeedbackRequest)
        .where(
            FeedbackRequest.school_id == evidence.school_id,
            FeedbackRequest.evidence_id == evidence.id,
            FeedbackRequest.to_id == peer.id,
            FeedbackRequest.state == RequestState.OPEN,
        )
        .values(state=RequestState.WITHDRAWN, closed_at=at)
    )
    if not _is_shared(session, evidence):
        judged = _is_judged_by_others(session, evidence)
        evidence.state = EvidenceState.WITHDRAWN if judged else EvidenceState.PRIVATE
        evidence.withdrawn_at = at if judged else None
    audit.record(
        session, by=by, verb="stopped sharing evidence", subject=evidence, plan_id=plan.id, at=at
    )
    session.flush()


def _place(session: Session, evidence: Evidence, peer: Person, on: date) -> PlanMember | None:
    return session.scalars(
        sa.select(PlanMember).where(
            PlanMember.school_id == evidence.school_id,
            PlanMember.plan_id == evidence.plan_id,
            PlanMember.person_id == peer.id,
            PlanMember.role == PlanRole.PEER,
            holds(PlanMember, on),
        )
    ).first()


def _shares(session: Session, plan: LearningPlan, peer: Person) -> Sequence[EvidenceShare]:
    """Return what is shown by name to this person in one plan."""
    return session.scalars(
        sa.select(EvidenceShare)
        .join(
            Evidence,
            sa.and_(
                Evidence.school_id == EvidenceShare.school_id,
                Evidence.id == EvidenceShare.evidence_id,
            ),
        )
        .where(
            EvidenceShare.school_id == plan.school_id,
            Evidence.plan_id == plan.id,
            EvidenceShare.audience == Audience.PERSON,
            EvidenceShare.person_id == peer.id,
            EvidenceShare.ended_at.is_(None),
        )
    ).all()


def _is_shared(session: Session, evidence: Evidence) -> bool:
    shares = sa.exists().where(
        EvidenceShare.school_id == evidence.school_id,
        EvidenceShare.evidence_id == evidence.id,
        EvidenceShare.ended_at.is_(None),
    )
    return bool(session.scalar(sa.select(shares)))


def _is_judged_by_others(session: Session, evidence: Evidence) -> bool:
    judged = sa.exists().where(
        Judgement.school_id == evidence.school_id,
        Judgement.evidence_id == evidence.id,
        Judgement.by_id != evidence.author_id,
    )
    return bool(session.scalar(sa.select(judged)))
