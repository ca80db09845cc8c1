"""Where goals stand between school and student, and how that moves."""

from datetime import date, datetime, time, timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from tests.world import World
from tracker.db import new_id, unit_of_work
from tracker.errors import NotAllowed
from tracker.goal_states import close_goal
from tracker.models import (
    Control,
    Goal,
    GoalVersion,
    LearningPlan,
    Outcome,
    Person,
    Tailoring,
)
from tracker.small_counts import LEAST
from tracker.tailoring import (
    Cell,
    Standing,
    Version,
    moments,
    movement,
    of_plan,
    of_programme,
    programmes,
)

SEPTEMBER, FEBRUARY, NOVEMBER = date(2025, 9, 1), date(2026, 2, 1), date(2026, 11, 19)
SCHOOL, OWN = (Control.SCHOOL, Tailoring.SAME), (Control.STUDENT, Tailoring.INDIVIDUAL)
ONE, OTHER, PLAN = uuid4(), uuid4(), uuid4()


def version(
    goal: UUID,
    number: int,
    from_on: date,
    cell: tuple[Control, Tailoring],
    ended_on: date | None = None,
) -> Version:
    return Version(goal, PLAN, number, from_on, *cell, ended_on=ended_on)


def test_a_goal_stands_where_its_version_of_that_day_said() -> None:
    versions = [version(ONE, 2, FEBRUARY, OWN), version(ONE, 1, SEPTEMBER, SCHOOL)]
    before, then, now = movement(versions, on=[SEPTEMBER - timedelta(days=1), SEPTEMBER, NOVEMBER])
    assert before.total == 0
    assert then.goals == {SCHOOL: 1}
    assert now.goals == {OWN: 1}


def test_the_last_word_of_a_day_holds() -> None:
    versions = [version(ONE, number, FEBRUARY, cell) for number, cell in ((2, SCHOOL), (1, OWN))]
    assert movement(versions, on=[FEBRUARY])[0].goals == {SCHOOL: 1}


def test_a_closed_goal_stands_nowhere_from_that_day_on() -> None:
    versions = [version(ONE, 1, SEPTEMBER, OWN, ended_on=FEBRUARY)]
    totals = [s.total for s in movement(versions, on=[SEPTEMBER, FEBRUARY])]
    assert totals == [1, 0]


def test_a_goal_is_new_only_when_it_was_not_there_the_moment_before() -> None:
    versions = [
        version(ONE, 1, SEPTEMBER, SCHOOL),
        version(ONE, 2, FEBRUARY, OWN),
        version(OTHER, 1, FEBRUARY, OWN),
    ]
    first, second = movement(versions, on=[SEPTEMBER, FEBRUARY])
    assert first.new == {}
    assert (second.goals, second.new) == ({OWN: 2}, {OWN: 1})


def test_moments_are_today_and_the_half_years_of_school_before_it() -> None:
    september = date(2026, 9, 1)
    assert moments(since=None, on=NOVEMBER) == [NOVEMBER]
    assert moments(since=SEPTEMBER, on=NOVEMBER) == [FEBRUARY, september, NOVEMBER]
    assert moments(since=date(2026, 3, 1), on=NOVEMBER) == [september, NOVEMBER]
    assert moments(since=date(2025, 1, 1), on=FEBRUARY) == [date(2025, 2, 1), SEPTEMBER, FEBRUARY]


def standings(engine: sa.Engine, world: World, person: Person) -> list[Standing]:
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        plan = session.get_one(LearningPlan, (world.school.id, world.plan.id))
        return of_plan(session, plan=plan, person=person, school=world.school, on=world.on)


def test_student_and_coach_see_the_goals_of_the_plan(engine: sa.Engine, world: World) -> None:
    for person in (world.student, world.coach):
        assert standings(engine, world, person)[-1].goals == {OWN: 1}


def test_a_goal_that_was_closed_leaves_the_plans_cells(engine: sa.Engine, world: World) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        goal = session.get_one(Goal, (world.school.id, world.goal.id))
        told = {"outcome": Outcome.REACHED, "words": None}
        close_goal(session, by=world.student, goal=goal, on=world.on, at=world.at, **told)
    assert standings(engine, world, world.student)[-1].total == 0


def add_plans(engine: sa.Engine, world: World, number: int, cell: Cell) -> None:
    """Add so many plans of the world's programme, each with two goals in a cell since last week."""
    school_id = world.school.id
    since = datetime.combine(world.on - timedelta(days=7), time(12), world.at.tzinfo)
    plans, goals, versions = [], [], []
    for _ in range(number):
        plan_id = new_id()
        plans.append(
            {
                "school_id": school_id,
                "id": plan_id,
                "student_id": world.other_student.id,
                "framework_id": world.framework.id,
                "state": "active",
                "starts_on": world.on,
                "created_at": since,
            }
        )
        said = {
            "title": "Ik kan het",
            "question": "Hoe?",
            "success": "Zo.",
            "control": cell[0],
            "tailoring": cell[1],
        }
        for key in (new_id(), new_id()):
            base = {"school_id": school_id, **said}
            goals.append(
                {
                    **base,
                    "id": key,
                    "plan_id": plan_id,
                    "state": "active",
                    "created_at": since,
                    "changed_at": since,
                }
            )
            versions.append(
                {
                    **base,
                    "id": new_id(),
                    "goal_id": key,
                    "number": 1,
                    "by_id": world.other_student.id,
                    "items": {"ids": []},
                    "written_at": since,
                }
            )
    with unit_of_work(engine, school_id=school_id) as session:
        session.execute(sa.insert(LearningPlan), plans)
        session.execute(sa.insert(Goal), goals)
        session.execute(sa.insert(GoalVersion), versions)


def test_a_programme_shows_no_cell_with_goals_of_fewer_than_ten_students(
    engine: sa.Engine, world: World
) -> None:
    add_plans(engine, world, LEAST, SCHOOL)
    add_plans(engine, world, LEAST - 2, (Control.SHARED, Tailoring.VARIANT))
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        told = {"by": world.administrator, "school": world.school, "on": world.on}
        assert [one.id for one in programmes(session, **told)] == [world.framework.id]
        *_, now = of_programme(session, framework_id=world.framework.id, **told)
    assert now.goals == {SCHOOL: 2 * LEAST}
    assert not now.new
    assert not now.students


@pytest.mark.parametrize("who", ["student", "coach", "supervisor", "teacher"])
def test_only_an_administrator_sees_a_whole_programme(
    engine: sa.Engine, world: World, who: str
) -> None:
    told = {"by": getattr(world, who), "school": world.school, "on": world.on}
    with (
        unit_of_work(engine, school_id=world.school.id, writes=False) as session,
        pytest.raises(NotAllowed),
    ):
        of_programme(session, framework_id=world.framework.id, **told)
