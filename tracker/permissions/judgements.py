"""Who sees a judgement, its draft and what was said with it."""

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from tracker.models import (
    Audience,
    Evidence,
    EvidenceShare,
    EvidenceState,
    Goal,
    GoalState,
    Judgement,
    JudgementDraft,
    LearningPlan,
    Person,
    PlanRole,
    Recording,
    School,
)
from tracker.permissions.actions import RATING_IN_SCHOOL
from tracker.permissions.conditions import Condition, is_any, once_for_reader
from tracker.permissions.evidence import is_passed, is_piece_seen, is_shared, shown_to
from tracker.permissions.places import is_in_school, plans_as
from tracker.permissions.plans import see_plan


@once_for_reader
def see_judgement(person: Person, on: date) -> Condition:
    """See it as its piece; from outside the school, only after judging the same oneself."""
    in_school = sa.and_(
        is_in_school(person, on, Judgement.plan_id),
        _judgement_within(person, on, is_piece_seen(person, on, Judgement.evidence_id)),
    )
    # Who is asked from outside never sees what others saw before looking for themselves, and
    # nothing about a goal that is not agreed yet.
    is_draft = is_any(
        Goal,
        Goal.school_id == person.school_id,
        Goal.id == Judgement.goal_id,
        Goal.state == GoalState.DRAFT,
    )
    shown = sa.and_(
        Judgement.evidence_id.in_(shown_to(person, on)),
        ~is_draft,
        _has_judged(person),
        # A fellow student sees the piece and the own view, and nothing else.
        sa.or_(
            Judgement.by_id == person.id,
            Judgement.plan_id.not_in(plans_as(person, on, PlanRole.PEER)),
        ),
    )
    return sa.or_(in_school, shown)


def judgement_in_circle(person: Person, on: date) -> Condition:
    """Whether the school's circle sees a judgement: as its piece."""
    return _judgement_within(person, on, is_shared(person, on, Judgement.evidence_id))


def _judgement_within(person: Person, on: date, is_seen: Condition) -> Condition:
    """See it as the piece it is about; raters who look for themselves first did so."""
    # A piece that was withdrawn after it was judged keeps its judgements in the school: those that
    # the school could see until then.
    piece, share = aliased(Evidence), aliased(EvidenceShare)
    seen_before = sa.exists().where(
        piece.school_id == person.school_id,
        piece.id == Judgement.evidence_id,
        piece.state == EvidenceState.WITHDRAWN,
        share.school_id == piece.school_id,
        share.evidence_id == piece.id,
        share.audience == Audience.COACHES,
        share.ended_at >= piece.withdrawn_at,
        share.ended_at >= Judgement.recorded_at,
    )
    return sa.and_(
        sa.or_(Judgement.evidence_id.is_(None), is_seen, seen_before),
        sa.or_(~_rates_blindly(person, on), _has_judged(person)),
    )


@once_for_reader
def _has_judged(person: Person) -> Condition:
    """Whether this person judged the same piece; about no piece: the same goal or item."""
    own = aliased(Judgement)
    same = sa.or_(
        own.evidence_id == Judgement.evidence_id,
        sa.and_(Judgement.evidence_id.is_(None), own.goal_id == Judgement.goal_id),
        sa.and_(
            Judgement.evidence_id.is_(None),
            Judgement.goal_id.is_(None),
            own.plan_id == Judgement.plan_id,
            own.item_id == Judgement.item_id,
        ),
    )
    return sa.exists().where(own.school_id == person.school_id, own.by_id == person.id, same)


@once_for_reader
def _rates_blindly(person: Person, on: date) -> Condition:
    """Whether the school lets raters look for themselves first, and this person is one here."""
    blind = sa.exists().where(School.id == person.school_id, School.blind_rating)
    return sa.and_(blind, Judgement.plan_id.in_(plans_as(person, on, *RATING_IN_SCHOOL)))


@once_for_reader
def see_draft(person: Person, on: date) -> Condition:
    """See what one began to say oneself, as long as one takes part."""
    seen = sa.select(LearningPlan.id).where(
        LearningPlan.school_id == person.school_id, see_plan(person, on)
    )
    peer = plans_as(person, on, PlanRole.PEER)
    return sa.and_(
        JudgementDraft.by_id == person.id,
        sa.or_(JudgementDraft.plan_id.in_(seen), JudgementDraft.plan_id.in_(peer)),
    )


@once_for_reader
def see_recording(person: Person, on: date) -> Condition:
    """See it as its judgement; what no virus scanner passed is for who spoke at most."""
    seen = sa.select(Judgement.id).where(
        Judgement.school_id == person.school_id, see_judgement(person, on)
    )
    own = sa.select(Judgement.id).where(
        Judgement.school_id == person.school_id, Judgement.by_id == person.id
    )
    return sa.and_(
        Recording.judgement_id.in_(seen),
        sa.or_(is_passed(Recording), Recording.judgement_id.in_(own)),
    )
