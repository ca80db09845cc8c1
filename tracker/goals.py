"""Leerdoelen, in the student's own words: writing, agreeing, closing, and their versions.

draft -> active -> closed, and perhaps open again. Each save is a version; only the student writes.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker import audit
from tracker.errors import Conflict, Invalid
from tracker.goal_versions import agreements_to, is_agreed, stand_behind, write_version
from tracker.models import (
    Control,
    FrameworkItem,
    Goal,
    GoalAgreement,
    GoalItem,
    GoalKind,
    GoalState,
    LearningPlan,
    LearningUnit,
    Person,
    PlanRole,
    Tailoring,
)
from tracker.permissions import (
    Action,
    lock,
    require,
)
from tracker.plans import check_open, plan_of
from tracker.scales import ANCHORS

FARTHEST = timedelta(days=10 * 365)


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
    kind: GoalKind = GoalKind.GOAL,
    parent: Goal | None = None,
    unit: LearningUnit | None = None,
    approach: str | None = None,
    control: Control = Control.STUDENT,
    tailoring: Tailoring = Tailoring.INDIVIDUAL,
    draft: bool = False,
    on: date,
    at: datetime,
) -> Goal:
    """Add a goal to the student's own plan; `items` are of the plan's framework.

    It begins at once when the student decides about it, unless it is a `draft`; otherwise it
    waits for the coach to agree.
    """
    require(session, by, Action.ADD_GOAL, on=on, plan_id=plan.id)
    check_open(plan)
    _check_target(target_anchor, target_on, on)
    _check_place(plan, kind, items, parent, unit)
    starts = control is Control.STUDENT and not draft
    goal = Goal(
        school_id=plan.school_id,
        plan_id=plan.id,
        parent_id=parent.id if parent else None,
        unit_id=unit.id if unit else None,
        kind=kind,
        title=title,
        question=question,
        success=success,
        approach=approach,
        target_anchor=target_anchor,
        target_on=target_on,
        control=control,
        tailoring=tailoring,
        state=GoalState.ACTIVE if starts else GoalState.DRAFT,
        version=1,
        created_at=at,
        changed_at=at,
    )
    session.add(goal)
    session.flush()
    write_version(session, goal, by, items, at)
    audit.record(session, by=by, verb="added goal", subject=goal, plan_id=plan.id, at=at)
    session.flush()
    return goal


def edit_goal(
    session: Session,
    *,
    by: Person,
    goal: Goal,
    version: int,
    question: str,
    title: str,
    success: str,
    approach: str | None,
    target_anchor: int | None,
    target_on: date | None,
    control: Control,
    tailoring: Tailoring,
    items: Sequence[FrameworkItem],
    parent: Goal | None,
    unit: LearningUnit | None,
    on: date,
    at: datetime,
) -> Goal:
    """Save the goal as its next version; `version` is the one that was read.

    Raises Conflict when it is another one by now, and for a closed goal. Saved unchanged, it
    stays as it is.
    """
    plan = goal_held(session, by, goal, Action.EDIT_GOAL, on)
    _check_version(goal, version)
    check_not_closed(goal)
    said = {
        "parent_id": parent.id if parent else None,
        "unit_id": unit.id if unit else None,
        "title": title,
        "question": question,
        "success": success,
        "approach": approach,
        "target_anchor": target_anchor,
        "target_on": target_on,
        "control": control,
        "tailoring": tailoring,
    }
    changed = [name for name, value in said.items() if getattr(goal, name) != value]
    if not changed and {item.id for item in items} == _served(session, goal):
        return goal
    _check_target(target_anchor, target_on if "target_on" in changed else None, on)
    _check_place(plan, goal.kind, items, parent, unit)
    for name in changed:
        setattr(goal, name, said[name])
    goal.version += 1
    goal.changed_at = at
    write_version(session, goal, by, items, at)
    audit.record(
        session,
        by=by,
        verb="edited goal",
        subject=goal,
        plan_id=plan.id,
        at=at,
        version=goal.version,
        changed=changed,
    )
    session.flush()
    return goal


def agree_goal(
    session: Session, *, by: Person, goal: Goal, version: int, on: date, at: datetime
) -> GoalAgreement:
    """Let somebody stand behind the newest version of a goal; doing so again changes nothing.

    Raises Conflict when it has another version by now. A goal that waited for this begins.
    """
    granted = require(session, by, Action.AGREE_GOAL, on=on, plan_id=goal.plan_id)
    plan = goal_held(session, by, goal, Action.AGREE_GOAL, on)
    check_not_closed(goal)
    _check_version(goal, version)
    earlier = session.scalar(
        agreements_to(goal).where(GoalAgreement.by_id == by.id, GoalAgreement.version == version)
    )
    if earlier is not None:
        return earlier
    role = next(role for role in PlanRole if role in granted)
    agreement = stand_behind(session, goal, by, role, at)
    audit.record(
        session,
        by=by,
        verb="agreed goal",
        subject=goal,
        plan_id=plan.id,
        at=at,
        version=version,
    )
    if (
        goal.state is GoalState.DRAFT
        and goal.control is not Control.STUDENT
        and is_agreed(session, goal=goal)
    ):
        goal.state = GoalState.ACTIVE
        goal.changed_at = at
    session.flush()
    return agreement


def goal_held(session: Session, by: Person, goal: Goal, action: Action, on: date) -> LearningPlan:
    """Hold a goal until this unit of work ends, for one who may do this with it.

    Returns its plan, which goes on; raises NotAllowed or Conflict.
    """
    require(session, by, action, on=on, plan_id=goal.plan_id)
    lock(session, goal)
    plan = plan_of(session, goal)
    check_open(plan)
    return plan


def check_not_closed(goal: Goal) -> None:
    """Raise Conflict for a closed goal."""
    if goal.state is GoalState.CLOSED:
        raise Conflict("goal.closed")


def _check_version(goal: Goal, version: int) -> None:
    if goal.version != version:
        raise Conflict("goal.changed")


def _check_target(anchor: int | None, target_on: date | None, on: date) -> None:
    if anchor is not None and anchor not in range(len(ANCHORS)):
        raise Invalid(target_anchor="anchor.unknown")
    if target_on is not None and target_on < on:
        raise Invalid(target_on="date.in_past")
    if target_on is not None and target_on > on + FARTHEST:
        raise Invalid(target_on="date.too_far")


def _check_place(
    plan: LearningPlan,
    kind: GoalKind,
    items: Sequence[FrameworkItem],
    parent: Goal | None,
    unit: LearningUnit | None,
) -> None:
    """Check what the goal belongs to; performances hold goals only, so there is no circle."""
    if any(item.framework_id != plan.framework_id for item in items):
        raise Invalid(item_ids="item.of_other_framework")
    if unit is not None and unit.plan_id != plan.id:
        raise Invalid(unit_id="unit.of_other_plan")
    if parent is None:
        return
    if parent.plan_id != plan.id:
        raise Invalid(parent_id="goal.of_other_plan")
    if kind is GoalKind.PERFORMANCE or parent.kind is not GoalKind.PERFORMANCE:
        raise Invalid(parent_id="goal.parent_not_performance")


def _served(session: Session, goal: Goal) -> set[object]:
    return set(
        session.scalars(
            sa.select(GoalItem.item_id).where(
                GoalItem.school_id == goal.school_id, GoalItem.goal_id == goal.id
            )
        )
    )
