"""The drawings of a group stand in one window, which the goals that run decide."""

from datetime import timedelta

import sqlalchemy as sa

from tests.world import World
from tracker.db import unit_of_work
from tracker.goal_states import close_goal
from tracker.judgements import judge
from tracker.models import Goal, LearningPlan, Outcome, Person
from tracker.overview import rows_for
from web.group_table import minis_of

LONG_AGO = timedelta(days=300)


def test_a_goal_that_is_over_does_not_widen_the_window_of_the_group(
    engine: sa.Engine, world: World
) -> None:
    def begins() -> timedelta:
        rows = rows_for(session, reader=coach, school=world.school, on=world.on)
        return world.on - minis_of(rows, on=world.on).window.from_on

    with unit_of_work(engine, school_id=world.school.id) as session:
        coach = session.get_one(Person, (world.school.id, world.coach.id))
        student = session.get_one(Person, (world.school.id, world.student.id))
        goal = session.get_one(Goal, (world.school.id, world.goal.id))
        judge(
            session,
            by=student,
            plan=session.get_one(LearningPlan, (world.school.id, world.plan.id)),
            goal=goal,
            level=world.levels[0],
            observed_on=world.on - LONG_AGO,
            on=world.on,
            at=world.at,
        )
        assert begins() == LONG_AGO
        close_goal(
            session, by=student, goal=goal, outcome=Outcome.REACHED, on=world.on, at=world.at
        )
        assert begins() < LONG_AGO
