"""Goals as one reader sees them: with the items that they serve, and who stands behind them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker.db import among
from tracker.goal_versions import Agreed, agreements_of, by_coach
from tracker.models import FrameworkItem, Goal, GoalItem, Person
from tracker.permissions import TODAY, given, once_for_reader, stand_in, visible


@dataclass(frozen=True, slots=True)
class SeenGoal:
    """A goal with the framework items it serves, and what belongs to it for this reader.

    `agreed` is the coach who stands behind the newest version, with the student who wrote it;
    `parent_id` and `parts` (its own goals, oldest first) name what the reader may see only.
    """

    goal: Goal
    items: Sequence[FrameworkItem]
    agreed: Agreed | None = None
    parent_id: UUID | None = None
    parts: Sequence[UUID] = ()


def goals_seen(
    session: Session, *, plan_id: UUID, person: Person, on: date
) -> dict[UUID, SeenGoal]:
    """Return the goals of a plan that this person may see, by id, oldest first: three queries."""
    asked = {**given(person, on), "plan": plan_id}
    goals = session.scalars(_oldest_first(stand_in(person), TODAY), asked).all()
    ids = {goal.id for goal in goals}
    items = _items(session, person.school_id, ids)
    agreements = agreements_of(session, person.school_id, ids)
    parts: dict[UUID, list[UUID]] = defaultdict(list)
    for goal in goals:
        if goal.parent_id is not None:
            parts[goal.parent_id].append(goal.id)
    return {
        goal.id: SeenGoal(
            goal,
            items[goal.id],
            agreed=by_coach([a for a in agreements[goal.id] if a.version == goal.version]),
            parent_id=goal.parent_id if goal.parent_id in ids else None,
            parts=parts[goal.id],
        )
        for goal in goals
    }


@once_for_reader
def _oldest_first(person: Person, on: date) -> sa.Select[Goal]:
    """Select the goals of a plan, its id given as `plan`."""
    return (
        visible(Goal, person=person, on=on)
        .where(Goal.plan_id == sa.bindparam("plan", type_=sa.Uuid()))
        .order_by(Goal.id)
    )


def _items(
    session: Session, school_id: UUID, goal_ids: set[UUID]
) -> dict[UUID, list[FrameworkItem]]:
    """Return the framework items of goals that the caller holds, by goal, in their own order."""
    query = _items_served(session.get_bind().dialect.name)
    found: dict[UUID, list[FrameworkItem]] = defaultdict(list)
    for goal_id, item in session.execute(query, {"school": school_id, "goals": list(goal_ids)}):
        found[goal_id].append(item)
    return found


@cache
def _items_served(dialect: str) -> sa.Select[UUID, FrameworkItem]:
    """Select the items of goals, whose ids are given as `goals`."""
    return (
        sa.select(GoalItem.goal_id, FrameworkItem)
        .join(
            FrameworkItem,
            sa.and_(
                FrameworkItem.school_id == GoalItem.school_id, FrameworkItem.id == GoalItem.item_id
            ),
        )
        .where(
            GoalItem.school_id == sa.bindparam("school", type_=sa.Uuid()),
            among(GoalItem.goal_id, "goals", dialect),
        )
        .order_by(FrameworkItem.position)
    )
