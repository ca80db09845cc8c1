"""Who sees a piece of evidence, its files and how it is shared."""

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from tracker.models import (
    Attachment,
    Audience,
    Evidence,
    EvidenceShare,
    Person,
    PlanRole,
    Recording,
    ScanState,
)
from tracker.permissions.conditions import Condition, is_any, once_for_reader, one_of
from tracker.permissions.places import is_in_school, placements_as_supervisor, plans_as


@once_for_reader
def see_evidence(person: Person, on: date) -> Condition:
    """See the own pieces, and those that were shared with one."""
    return sa.or_(
        Evidence.plan_id.in_(plans_as(person, on, PlanRole.STUDENT)),
        sa.and_(is_in_school(person, on, Evidence.plan_id), piece_in_circle(person, on)),
        Evidence.id.in_(shown_to(person, on)),
    )


def is_piece_seen(person: Person, on: date, evidence_id: InstrumentedAttribute[Any]) -> Condition:
    """Whether the reader sees the piece with this id."""
    return _is_piece(person, evidence_id, see_evidence(person, on))


def _is_piece(
    person: Person, evidence_id: InstrumentedAttribute[Any], condition: Condition
) -> Condition:
    """Whether this is true of the piece with this id."""
    return is_any(
        Evidence, Evidence.school_id == person.school_id, Evidence.id == evidence_id, condition
    )


@once_for_reader
def see_share(person: Person, on: date) -> Condition:
    """See every share of the own pieces; of others those through which one sees the piece."""
    own = Evidence.plan_id.in_(plans_as(person, on, PlanRole.STUDENT))
    in_school = is_in_school(person, on, Evidence.plan_id)
    return sa.or_(
        _is_piece(person, EvidenceShare.evidence_id, own),
        sa.and_(
            share_in_circle(person, on), _is_piece(person, EvidenceShare.evidence_id, in_school)
        ),
        _is_shown(person, on),
    )


@once_for_reader
def see_attachment(person: Person, on: date) -> Condition:
    """See files as their evidence; what no virus scanner passed is for its owner at most."""
    own = sa.select(Evidence.id).where(
        Evidence.school_id == person.school_id,
        Evidence.plan_id.in_(plans_as(person, on, PlanRole.STUDENT)),
    )
    return sa.and_(
        is_piece_seen(person, on, Attachment.evidence_id),
        sa.or_(is_passed(Attachment), Attachment.evidence_id.in_(own)),
    )


def is_passed(file: type[Attachment | Recording]) -> Condition:
    """Whether no scanner stopped this file."""
    return one_of(file.scan, (ScanState.NONE, ScanState.CLEAN))


@once_for_reader
def shown_to(person: Person, on: date) -> sa.CompoundSelect[UUID]:
    """Select the evidence shown to this person from outside the school's own circle.

    A union, not an OR, so that each half starts from the person's few rows.
    """
    return sa.union_all(
        *(
            sa.select(EvidenceShare.evidence_id).where(
                EvidenceShare.school_id == person.school_id, EvidenceShare.ended_at.is_(None), way
            )
            for way in _ways_of_showing(person, on)
        )
    )


@once_for_reader
def _is_shown(person: Person, on: date) -> Condition:
    """Whether a share is for this person from outside the school's own circle."""
    return sa.and_(EvidenceShare.ended_at.is_(None), sa.or_(*_ways_of_showing(person, on)))


@once_for_reader
def _ways_of_showing(person: Person, on: date) -> tuple[Condition, Condition]:
    """For a supervisor through the placement, for a peer by name; as long as they take part."""
    through_placement = sa.and_(
        EvidenceShare.audience == Audience.PLACEMENT,
        EvidenceShare.placement_id.in_(placements_as_supervisor(person, on)),
    )
    by_name = sa.and_(
        EvidenceShare.audience == Audience.PERSON,
        EvidenceShare.person_id == person.id,
        EvidenceShare.evidence_id.in_(
            sa.select(Evidence.id).where(
                Evidence.school_id == person.school_id,
                Evidence.plan_id.in_(plans_as(person, on, PlanRole.PEER)),
            )
        ),
    )
    return through_placement, by_name


def share_in_circle(_person: Person, _on: date) -> Condition:
    """Whether the school's circle sees a share: one with itself."""
    return sa.and_(EvidenceShare.audience == Audience.COACHES, EvidenceShare.ended_at.is_(None))


def piece_in_circle(person: Person, on: date) -> Condition:
    """Whether the school's circle sees a piece: one that is shared with it."""
    return is_shared(person, on, Evidence.id)


def is_shared(person: Person, on: date, evidence_id: InstrumentedAttribute[Any]) -> Condition:
    """Whether a piece is shared with the school's circle."""
    return is_any(
        EvidenceShare,
        EvidenceShare.school_id == person.school_id,
        EvidenceShare.evidence_id == evidence_id,
        share_in_circle(person, on),
    )
