"""Peers: a fellow student who is asked to look at one piece is shown it by name, for four weeks."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from tracker.models import (
    Audience,
    Evidence,
    EvidenceShare,
    GroupRole,
    LearningPlan,
    Membership,
    Person,
    PersonState,
    PlanRole,
)
from tracker.permissions import holds
from tracker.plans import add_member
from tracker.shares import peer_place
from tracker.sharing import hold, show

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
    """Show a piece that the caller holds to a fellow student by name, for 28 days from today.

    Shown several pieces, a peer sees all of them until 28 days after the last was shown.
    """
    place = peer_place(session, evidence, peer.id, on)
    if place is None:
        # What ran out with the earlier place must not come back with the new one.
        for earlier in _shown_before(session, plan, peer):
            hold(session, earlier, on=on, at=at)
        place = add_member(
            session, by=by, plan=plan, person=peer, role=PlanRole.PEER, from_on=on, at=at
        )
    place.until_on = on + timedelta(days=PEER_DAYS)
    session.flush()
    show(
        session,
        by=by,
        evidence=evidence,
        audience=Audience.PERSON,
        person_id=peer.id,
        on=on,
        at=at,
    )


def _shown_before(session: Session, plan: LearningPlan, peer: Person) -> Sequence[Evidence]:
    """Return the pieces of a plan that were shown to this person by name, and not ended yet."""
    shown = sa.select(EvidenceShare.evidence_id).where(
        EvidenceShare.school_id == plan.school_id,
        EvidenceShare.person_id == peer.id,
        EvidenceShare.ended_at.is_(None),
    )
    return session.scalars(
        sa.select(Evidence)
        .where(
            Evidence.school_id == plan.school_id,
            Evidence.plan_id == plan.id,
            Evidence.id.in_(shown),
        )
        .order_by(Evidence.id)
    ).all()
