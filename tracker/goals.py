"""Leerdoelen, in the student's own words."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy.orm import Session

from tracker import audit
from tracker.errors import Invalid
from tracker.models import FrameworkItem, Goal, GoalItem, GoalState, LearningPlan, Person
from tracker.permissions import Action, require


def add_goal(
    session: Session,
    *,
    by: Person,
    plan: LearningPlan,
    question: str,
    title: str,
    success: str,
    target_anchor: int | None,
    target_on: date | None,
    items: Sequence[FrameworkItem],
    on: date,
    at: datetime,
) -> Goal:
    """Add a goal to the student's own plan; `items` are of the plan's framework."""
    require(session, by, Action.ADD_GOAL, on=on, plan_id=plan.id)
    if target_on is not None and target_on < on:
        raise Invalid(target_on="date.in_past")
    if any(item.framework_id != plan.framework_id for item in items):
        raise Invalid(item_ids="item.of_other_framework")
    goal = Goal(
        school_id=plan.school_id,
        plan_id=plan.id,
        title=title,
        question=question,
        success=success,
        target_anchor=target_anchor,
        target_on=target_on,
        state=GoalState.ACTIVE,
        created_at=at,
        changed_at=at,
    )
    session.add(goal)
    session.flush()
    session.add_all(
        GoalItem(school_id=plan.school_id, goal_id=goal.id, item_id=item.id) for item in items
    )
    audit.record(session, by=by, verb="added goal", subject=goal, plan_id=plan.id, at=at)
    session.flush()
    return goal
