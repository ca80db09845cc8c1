"""Beginning with a goal, closing it, and going on with it."""

from collections.abc import Sequence
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker import audit
from tracker.errors import Conflict
from tracker.goal_versions import agreements_to, is_agreed
from tracker.goals import check_not_closed, goal_held
from tracker.models import (
    Control,
    Goal,
    GoalAgreement,
    GoalClosing,
    GoalState,
    Outcome,
    Person,
    PlanRole,
)
from tracker.permissions import Action


def start_goal(session: Session, *, by: Person, goal: Goal, on: date, at: datetime) -> None:
    """Let the student begin with a draft; raises Conflict while a coach has yet to agree."""
    plan = goal_held(session, by, goal, Action.EDIT_GOAL, on)
    check_not_closed(goal)
    if goal.state is GoalState.ACTIVE:
        return
    if goal.control is not Control.STUDENT and not is_agreed(session, goal=goal):
        raise Conflict("goal.not_agreed")
    goal.state = GoalState.ACTIVE
    goal.changed_at = at
    audit.record(session, by=by, verb="started goal", subject=goal, plan_id=plan.id, at=at)
    session.flush()


def close_goal(
    session: Session,
    *,
    by: Person,
    goal: Goal,
    outcome: Outcome,
    words: str | None = None,
    on: date,
    at: datetime,
) -> None:
    """Close a goal as reached, stopped or moved; what others see in it may still be added."""
    plan = goal_held(session, by, goal, Action.EDIT_GOAL, on)
    check_not_closed(goal)
    goal.state = GoalState.CLOSED
    goal.outcome = outcome
    goal.closing_words = words
    goal.closed_at = at
    goal.changed_at = at
    session.add(
        GoalClosing(
            school_id=goal.school_id, goal_id=goal.id, outcome=outcome, words=words, closed_at=at
        )
    )
    audit.record(
        session,
        by=by,
        verb="closed goal",
        subject=goal,
        plan_id=plan.id,
        at=at,
        outcome=outcome,
    )
    session.flush()


def reopen_goal(session: Session, *, by: Person, goal: Goal, on: date, at: datetime) -> None:
    """Go on with a closed goal; one that nobody ever agreed to is a draft again.

    How it was closed, and the words, stay (`closings_of`).
    """
    plan = goal_held(session, by, goal, Action.EDIT_GOAL, on)
    if goal.state is not GoalState.CLOSED:
        raise Conflict("goal.not_closed")
    coached = agreements_to(goal).where(GoalAgreement.role == PlanRole.COACH)
    goes_on = goal.control is Control.STUDENT or session.scalar(coached.limit(1)) is not None
    goal.state = GoalState.ACTIVE if goes_on else GoalState.DRAFT
    goal.outcome = None
    goal.closing_words = None
    goal.closed_at = None
    goal.changed_at = at
    audit.record(session, by=by, verb="reopened goal", subject=goal, plan_id=plan.id, at=at)
    session.flush()


def closings_of(session: Session, *, goal: Goal) -> Sequence[GoalClosing]:
    """Return every time that a goal was closed, newest first."""
    return session.scalars(
        sa.select(GoalClosing)
        .where(GoalClosing.school_id == goal.school_id, GoalClosing.goal_id == goal.id)
        .order_by(GoalClosing.closed_at.desc(), GoalClosing.id.desc())
    ).all()
