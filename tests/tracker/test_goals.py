"""Goals: a student's own, in the own plan, towards an anchor and a day that make sense."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.world import World
from tracker.db import unit_of_work
from tracker.errors import Conflict, Invalid, NotAllowed
from tracker.goals import add_goal
from tracker.models import Framework, FrameworkItem, FrameworkItemKind, GoalItem, PlanState


@pytest.fixture
def work(engine: sa.Engine, world: World) -> Iterator[Session]:
    """Open a writing unit of work in the world's school."""
    with unit_of_work(engine, school_id=world.school.id) as session:
        yield session


def written(world: World, **changed: Any) -> dict[str, Any]:
    """Return what a student writes, with some of it changed."""
    return {
        "by": world.student,
        "plan": world.plan,
        "question": "Hoe vraag ik door?",
        "title": "Ik vraag door",
        "success": "Ik weet wat iemand wil.",
        "target_anchor": 2,
        "target_on": world.on,
        "items": [world.items[1]],
        "on": world.on,
        "at": world.at,
        **changed,
    }


def test_a_goal_serves_each_item_once(work: Session, world: World) -> None:
    goal = add_goal(work, **written(world, items=[world.items[1], world.items[0], world.items[1]]))
    served = work.scalars(sa.select(GoalItem.item_id).where(GoalItem.goal_id == goal.id))
    assert set(served) == {item.id for item in world.items}


@pytest.mark.parametrize("name", ["coach", "supervisor", "administrator", "other_student"])
def test_nobody_sets_a_goal_for_the_student(work: Session, world: World, name: str) -> None:
    with pytest.raises(NotAllowed):
        add_goal(work, **written(world, by=getattr(world, name)))


@pytest.mark.parametrize("anchor", [-1, 4, 10])
def test_a_target_is_one_of_the_four_anchors(work: Session, world: World, anchor: int) -> None:
    with pytest.raises(Invalid) as refusal:
        add_goal(work, **written(world, target_anchor=anchor))
    assert refusal.value.fields == {"target_anchor": "anchor.unknown"}


def test_a_goal_may_do_without_target_and_items(work: Session, world: World) -> None:
    sent = written(world, target_anchor=None, target_on=None, items=[])
    assert add_goal(work, **sent).target_anchor is None


def test_a_goal_aims_at_today_or_later(work: Session, world: World) -> None:
    assert add_goal(work, **written(world, target_on=world.on))
    with pytest.raises(Invalid) as refusal:
        add_goal(work, **written(world, target_on=world.on - timedelta(days=1)))
    assert refusal.value.fields == {"target_on": "date.in_past"}


def test_an_item_of_another_framework_is_refused(work: Session, world: World) -> None:
    other = Framework(
        school_id=world.school.id,
        source="proef",
        code="25655",
        edition="2026",
        title=None,
        level=None,
        crebo=None,
        created_at=world.at,
    )
    work.add(other)
    work.flush()
    item = FrameworkItem(
        school_id=world.school.id,
        framework_id=other.id,
        kind=FrameworkItemKind.WERKPROCES,
        code="B1-K1-W1",
        title="Iets anders",
        position=0,
    )
    work.add(item)
    work.flush()
    with pytest.raises(Invalid) as refusal:
        add_goal(work, **written(world, items=[world.items[1], item]))
    assert refusal.value.fields == {"item_ids": "item.of_other_framework"}


def test_a_closed_plan_takes_no_goal(work: Session, world: World) -> None:
    plan = work.merge(world.plan)
    plan.state = PlanState.CLOSED
    work.flush()
    with pytest.raises(Conflict, match=r"plan\.closed"):
        add_goal(work, **written(world, plan=plan))
