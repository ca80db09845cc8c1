"""Who sees a question, a request for feedback and a comment."""

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from tracker.models import (
    Comment,
    FeedbackRequest,
    Goal,
    LearningQuestion,
    Person,
    PlanMember,
    PlanRole,
)
from tracker.permissions.conditions import Condition, is_any, once_for_reader
from tracker.permissions.evidence import is_piece_seen, is_shared
from tracker.permissions.places import is_in_school, placements_as_supervisor, plans_as
from tracker.permissions.plans import see_goal


@once_for_reader
def see_question(person: Person, on: date) -> Condition:
    """See it in the school as its plan, and as supervisor of its placement."""
    return sa.or_(
        is_in_school(person, on, LearningQuestion.plan_id),
        LearningQuestion.placement_id.in_(placements_as_supervisor(person, on)),
    )


def _is_question_seen(
    person: Person, on: date, question_id: InstrumentedAttribute[Any]
) -> Condition:
    return is_any(
        LearningQuestion,
        LearningQuestion.school_id == person.school_id,
        LearningQuestion.id == question_id,
        see_question(person, on),
    )


@once_for_reader
def see_request(person: Person, on: date) -> Condition:
    """In the school as what it is about; else who asks and who is asked, while they take part."""
    seen = sa.or_(
        is_any(
            Goal,
            Goal.school_id == person.school_id,
            Goal.id == FeedbackRequest.goal_id,
            see_goal(person, on),
        ),
        is_piece_seen(person, on, FeedbackRequest.evidence_id),
        _is_question_seen(person, on, FeedbackRequest.question_id),
    )
    own = FeedbackRequest.plan_id.in_(plans_as(person, on, PlanRole.STUDENT))
    in_school = sa.and_(
        is_in_school(person, on, FeedbackRequest.plan_id), sa.or_(own, ~_is_to_peer(person))
    )
    return sa.and_(sa.or_(in_school, _is_between(person, on)), seen)


def request_in_circle(person: Person, on: date) -> Condition:
    """Whether the school's circle sees a request: as what it is about."""
    about = sa.or_(
        FeedbackRequest.goal_id.is_not(None),
        FeedbackRequest.question_id.is_not(None),
        is_shared(person, on, FeedbackRequest.evidence_id),
    )
    return sa.and_(about, sa.or_(~_is_to_peer(person), _is_between(person, on)))


@once_for_reader
def _is_to_peer(person: Person) -> Condition:
    """Whether a fellow student is asked: what a student asks one is between the two of them."""
    return is_any(
        PlanMember,
        PlanMember.school_id == person.school_id,
        PlanMember.plan_id == FeedbackRequest.plan_id,
        PlanMember.person_id == FeedbackRequest.to_id,
        PlanMember.role == PlanRole.PEER,
    )


@once_for_reader
def _is_between(person: Person, on: date) -> Condition:
    """Whether this person asks or is asked, and takes part."""
    return sa.and_(
        sa.or_(FeedbackRequest.by_id == person.id, FeedbackRequest.to_id == person.id),
        FeedbackRequest.plan_id.in_(plans_as(person, on, *PlanRole)),
    )


@once_for_reader
def see_comment(person: Person, on: date) -> Condition:
    """As what it is about; about a goal in the school only. A peer sees own words only."""
    own = Comment.by_id == person.id
    is_peer = Comment.plan_id.in_(plans_as(person, on, PlanRole.PEER))
    return sa.or_(
        sa.and_(Comment.goal_id.is_not(None), is_in_school(person, on, Comment.plan_id)),
        sa.and_(is_piece_seen(person, on, Comment.evidence_id), sa.or_(own, ~is_peer)),
        _is_question_seen(person, on, Comment.question_id),
    )
