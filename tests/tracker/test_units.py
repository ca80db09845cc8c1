"""Learning units: some weeks of a student's own plan."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.world import World
from tracker.errors import Conflict, Invalid, NotAllowed
from tracker.models import LearningUnit, PlanState
from tracker.units import add_unit, units_of


def added(work: Session, world: World, **changed: Any) -> LearningUnit:
    return add_unit(
        work,
        **{
            "by": world.student,
            "plan": world.plan,
            "title": "Periode 2",
            "from_on": world.on,
            "weeks": 10,
            "on": world.on,
            "at": world.at,
            **changed,
        },
    )


@pytest.mark.parametrize("weeks", [1, 10, 52])
def test_a_unit_lasts_whole_weeks(work: Session, world: World, weeks: int) -> None:
    unit = added(work, world, weeks=weeks)
    assert unit.until_on - unit.from_on == timedelta(weeks=weeks)


@pytest.mark.parametrize("weeks", [0, 53, -1, 10**9])
def test_a_unit_lasts_one_to_fifty_two_weeks(work: Session, world: World, weeks: int) -> None:
    with pytest.raises(Invalid) as refusal:
        added(work, world, weeks=weeks)
    assert refusal.value.fields == {"weeks": "unit.weeks"}


def test_a_unit_lies_within_reach_of_its_plan(work: Session, world: World) -> None:
    before = world.plan.starts_on - timedelta(days=1)
    after = world.on + timedelta(days=3000)
    for day, code in ((before, "unit.before_plan"), (after, "date.too_far")):
        with pytest.raises(Invalid) as refusal:
            added(work, world, from_on=day)
        assert refusal.value.fields == {"from_on": code}


def test_units_come_first_to_last_and_may_overlap(work: Session, world: World) -> None:
    later = added(work, world, from_on=world.on + timedelta(weeks=1))
    earlier = added(work, world)
    seen = units_of(work, plan_id=world.plan.id, person=world.student, on=world.on)
    assert [unit.id for unit in seen] == [earlier.id, later.id]


@pytest.mark.parametrize(
    ("name", "count"),
    [("coach", 1), ("administrator", 1), ("supervisor", 0), ("other_student", 0)],
)
def test_units_are_for_the_student_and_the_school(
    work: Session, world: World, name: str, count: int
) -> None:
    added(work, world)
    person = getattr(world, name)
    assert len(units_of(work, plan_id=world.plan.id, person=person, on=world.on)) == count


@pytest.mark.parametrize("name", ["coach", "supervisor", "administrator", "other_student"])
def test_nobody_but_the_student_adds_a_unit(work: Session, world: World, name: str) -> None:
    with pytest.raises(NotAllowed):
        added(work, world, by=getattr(world, name))


def test_a_closed_plan_takes_no_unit(work: Session, world: World) -> None:
    plan = work.merge(world.plan)
    plan.state = PlanState.CLOSED
    work.flush()
    with pytest.raises(Conflict, match=r"plan\.closed"):
        added(work, world, plan=plan)
