"""Leervragen: what a student wonders about, often at work; a question may become a goal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker import audit
from tracker.errors import Conflict, Invalid
from tracker.models import (
    Comment,
    FeedbackRequest,
    Goal,
    LearningPlan,
    LearningQuestion,
    Person,
    Placement,
    QuestionState,
    RequestState,
)
from tracker.permissions import VISIBLE, Action, Condition, lock, require
from tracker.plans import check_open


def ask_question(
    session: Session,
    *,
    by: Person,
    plan: LearningPlan,
    words: str,
    placement: Placement | None = None,
    on: date,
    at: datetime,
) -> LearningQuestion:
    """Write down a question in the student's own plan; with a placement its supervisors see it."""
    require(session, by, Action.ASK_QUESTION, on=on, plan_id=plan.id)
    check_open(plan)
    if placement is not None and placement.plan_id != plan.id:
        raise Invalid(placement_id="placement.of_other_plan")
    question = LearningQuestion(
        school_id=plan.school_id,
        plan_id=plan.id,
        by_id=by.id,
        placement_id=placement.id if placement else None,
        words=words,
        state=QuestionState.OPEN,
        asked_at=at,
    )
    session.add(question)
    session.flush()
    audit.record(session, by=by, verb="asked question", subject=question, plan_id=plan.id, at=at)
    session.flush()
    return question


def become_goal(
    session: Session,
    *,
    by: Person,
    question: LearningQuestion,
    goal: Goal,
    on: date,
    at: datetime,
) -> None:
    """Remember that a goal of the same plan came out of this question."""
    if goal.plan_id != question.plan_id:
        raise Invalid(goal_id="goal.of_other_plan")
    _close(session, question, QuestionState.GOAL, by=by, on=on, at=at)
    question.goal_id = goal.id
    audit.record(
        session, by=by, verb="question became goal", subject=question, plan_id=goal.plan_id, at=at
    )
    session.flush()


def close_question(
    session: Session, *, by: Person, question: LearningQuestion, on: date, at: datetime
) -> None:
    """Close a question: answered enough, or of no use any more."""
    _close(session, question, QuestionState.CLOSED, by=by, on=on, at=at)
    audit.record(
        session, by=by, verb="closed question", subject=question, plan_id=question.plan_id, at=at
    )
    session.flush()


def _close(
    session: Session,
    question: LearningQuestion,
    state: QuestionState,
    *,
    by: Person,
    on: date,
    at: datetime,
) -> None:
    require(session, by, Action.ASK_QUESTION, on=on, plan_id=question.plan_id)
    lock(session, question)
    if question.state is not QuestionState.OPEN:
        raise Conflict("question.closed")
    question.state = state
    question.closed_at = at
    # Nobody owes an answer to a question that is closed.
    session.execute(
        sa.update(FeedbackRequest)
        .where(
            FeedbackRequest.school_id == question.school_id,
            FeedbackRequest.question_id == question.id,
            FeedbackRequest.state == RequestState.OPEN,
        )
        .values(state=RequestState.WITHDRAWN, closed_at=at)
    )


@dataclass(frozen=True, slots=True)
class SeenQuestion:
    """A question with how often others reacted, and the title of the goal that came out of it."""

    question: LearningQuestion
    answers: int
    goal_title: str | None


def questions_seen(
    session: Session, *, person: Person, on: date, where: Sequence[Condition]
) -> Sequence[SeenQuestion]:
    """Return the questions that this person may see, newest first; in one query."""
    answers = (
        sa.select(sa.func.count())
        .where(
            Comment.school_id == LearningQuestion.school_id,
            Comment.question_id == LearningQuestion.id,
            Comment.by_id != LearningQuestion.by_id,
            Comment.withdrawn_at.is_(None),
        )
        .scalar_subquery()
    )
    # Who may not see the goal does not get its title either.
    title = (
        sa.select(Goal.title)
        .where(
            Goal.school_id == LearningQuestion.school_id,
            Goal.id == LearningQuestion.goal_id,
            VISIBLE[Goal](person, on),
        )
        .scalar_subquery()
    )
    rows = session.execute(
        sa.select(LearningQuestion, answers, title)
        .where(
            LearningQuestion.school_id == person.school_id,
            VISIBLE[LearningQuestion](person, on),
            *where,
        )
        .order_by(LearningQuestion.asked_at.desc(), LearningQuestion.id.desc())
    )
    return [SeenQuestion(question, count, goal_title) for question, count, goal_title in rows]
