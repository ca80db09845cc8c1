"""Sharing evidence: whom a piece is shown to, from when, and every way in which that ends."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker import audit
from tracker.audience import who_see
from tracker.errors import Invalid
from tracker.models import (
    Audience,
    Evidence,
    EvidenceShare,
    EvidenceState,
    FeedbackRequest,
    Person,
    Placement,
    RequestState,
)
from tracker.permissions import Action, lock, require
from tracker.plans import check_open, plan_of
from tracker.shares import goes_on, is_judged, of_piece, open_shares, peer_place


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
    hold(session, evidence, on=on, at=at)
    check_open(plan_of(session, evidence))
    placement_id = person_id = None
    if audience is Audience.PLACEMENT:
        placement_id = _checked_placement(evidence, placement)
    if audience is Audience.PERSON:
        person_id = _checked_peer(session, evidence, person, on)
    return show(
        session,
        by=by,
        evidence=evidence,
        audience=audience,
        placement_id=placement_id,
        person_id=person_id,
        on=on,
        at=at,
    )


def show(
    session: Session,
    *,
    by: Person,
    evidence: Evidence,
    audience: Audience,
    placement_id: UUID | None = None,
    person_id: UUID | None = None,
    on: date,
    at: datetime,
) -> EvidenceShare:
    """Show a piece that the caller holds to an audience that the caller checked; once."""
    wanted = (audience, placement_id, person_id)
    for share in open_shares(session, evidence, on=on):
        if (share.audience, share.placement_id, share.person_id) == wanted:
            return share
    evidence.state = EvidenceState.SHARED
    evidence.withdrawn_at = None
    share = add_share(
        session, evidence, audience, placement_id=placement_id, person_id=person_id, at=at
    )
    _record(session, by, "shared evidence", evidence, at, audience=audience.value)
    return share


def hold(session: Session, evidence: Evidence, *, on: date, at: datetime) -> None:
    """Hold a piece for a change, and end what ran out by itself: a peer's four weeks."""
    lock(session, evidence)
    ran_out = session.scalars(
        sa.select(EvidenceShare)
        .where(*of_piece(EvidenceShare, evidence), EvidenceShare.ended_at.is_(None), ~goes_on(on))
        .order_by(EvidenceShare.id)
    ).all()
    if ran_out:
        _end(session, None, evidence, ran_out, on, at)


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
    hold(session, evidence, on=on, at=at)
    shares = open_shares(session, evidence, on=on)
    ending = [known for known in shares if known.id == share.id]
    if ending and share.audience is Audience.COACHES and is_judged(session, evidence):
        ending = list(shares)
    _end(session, by, evidence, ending, on, at)


def stop_showing(
    session: Session, *, by: Person, evidence: Evidence, person_id: UUID, on: date, at: datetime
) -> None:
    """Show a piece that the caller holds to this one person no more, if it was shown by name."""
    shares = open_shares(session, evidence, on=on)
    ending = [share for share in shares if share.person_id == person_id]
    _end(session, by, evidence, ending, on, at)


def withdraw(session: Session, *, by: Person, evidence: Evidence, on: date, at: datetime) -> None:
    """Show a piece to nobody any more: private again, or withdrawn when others judged it."""
    require(session, by, Action.EDIT_EVIDENCE, on=on, plan_id=evidence.plan_id)
    hold(session, evidence, on=on, at=at)
    _end(session, by, evidence, open_shares(session, evidence, on=on), on, at)


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
    if peer_place(session, evidence, person.id, on) is None:
        raise Invalid(person_id="share.not_a_peer")
    return person.id


def _end(
    session: Session,
    by: Person | None,
    evidence: Evidence,
    ending: Sequence[EvidenceShare],
    on: date,
    at: datetime,
) -> None:
    """End shares of a piece: the one place where showing ends. `by` is None when time did it."""
    if not ending:
        return
    for share in ending:
        share.ended_at = at
        session.flush()
        if share.person_id is not None:
            _close_place(session, by, evidence, share.person_id, on, at)
        audience = share.audience.value
        _record(session, by, "stopped sharing evidence", evidence, at, audience=audience)
    if not open_shares(session, evidence, on=on):
        judged = is_judged(session, evidence)
        evidence.state = EvidenceState.WITHDRAWN if judged else EvidenceState.PRIVATE
        evidence.withdrawn_at = at if judged and by is not None else None
        _record(session, by, "withdrew evidence", evidence, at)
    _drop_requests(session, evidence, on, at)


def _close_place(
    session: Session,
    by: Person | None,
    evidence: Evidence,
    person_id: UUID,
    on: date,
    at: datetime,
) -> None:
    """End a peer's place in the plan when nothing of it is shown to them any more."""
    place = peer_place(session, evidence, person_id, on)
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
    if place is not None and session.scalars(shown).first() is None:
        place.until_on = on
        audit.record(
            session, by=by, verb="closed member", subject=place, plan_id=place.plan_id, at=at
        )


def _drop_requests(session: Session, evidence: Evidence, on: date, at: datetime) -> None:
    """Withdraw what is asked about a piece by or from somebody who cannot see it any more."""
    still_open = (
        *of_piece(FeedbackRequest, evidence),
        FeedbackRequest.state == RequestState.OPEN,
    )
    asked = session.execute(
        sa.select(FeedbackRequest.id, FeedbackRequest.by_id, FeedbackRequest.to_id).where(
            *still_open
        )
    ).all()
    if not asked:
        return
    ids = {person_id for _, *both in asked for person_id in both}
    people = session.scalars(
        sa.select(Person).where(Person.school_id == evidence.school_id, Person.id.in_(ids))
    ).all()
    seeing = {person.id for person in who_see(session, people=people, record=evidence, on=on)}
    unseen = [key for key, *both in asked if not seeing.issuperset(both)]
    session.execute(
        sa.update(FeedbackRequest)
        .where(*still_open, FeedbackRequest.id.in_(unseen))
        .values(state=RequestState.WITHDRAWN, closed_at=at)
    )


def _record(
    session: Session,
    by: Person | None,
    verb: str,
    evidence: Evidence,
    at: datetime,
    **details: str,
) -> None:
    session.flush()
    audit.record(
        session, by=by, verb=verb, subject=evidence, plan_id=evidence.plan_id, at=at, **details
    )
