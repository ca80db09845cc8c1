"""Leerdoelen, in the student's own words."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker import audit
from tracker.errors import Invalid
from tracker.models import FrameworkItem, Goal, GoalItem, GoalState, LearningPlan, Person
from tracker.permissions import Action, require, visible
from tracker.plans import check_open
from tracker.scales import ANCHORS


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
    check_open(plan)
    if target_anchor is not None and target_anchor not in range(len(ANCHORS)):
        raise Invalid(target_anchor="anchor.unknown")
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
        GoalItem(school_id=plan.school_id, goal_id=goal.id, item_id=item_id)
        for item_id in dict.fromkeys(item.id for item in items)
    )
    audit.record(session, by=by, verb="added goal", subject=goal, plan_id=plan.id, at=at)
    session.flush()
    return goal


@dataclass(frozen=True, slots=True)
class SeenGoal:
    """A goal with the framework items it serves."""

    goal: Goal
    items: Sequence[FrameworkItem]


def goals_seen(
    session: Session, *, plan_id: UUID, person: Person, on: date
) -> dict[UUID, SeenGoal]:
    """Return the goals of a plan that this person may see, by id, oldest first."""
    goals = session.scalars(
        visible(Goal, person=person, on=on).where(Goal.plan_id == plan_id).order_by(Goal.id)
    ).all()
    rows = session.execute(
        sa.select(GoalItem.goal_id, FrameworkItem)
        .join(
            FrameworkItem,
            sa.and_(
                FrameworkItem.school_id == GoalItem.school_id, FrameworkItem.id == GoalItem.item_id
            ),
        )
        .where(
            GoalItem.school_id == person.school_id,
            GoalItem.goal_id.in_([goal.id for goal in goals]),
        )
        .order_by(FrameworkItem.position)
    )
    items: dict[UUID, list[FrameworkItem]] = defaultdict(list)
    for goal_id, item in rows:
        items[goal_id].append(item)
    return {goal.id: SeenGoal(goal, items[goal.id]) for goal in goals}
