"""Who sees what."""

from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.world import World
from tracker.db import new_id, unit_of_work
from tracker.errors import NotAllowed, NotFound
from tracker.models import (
    Activity,
    Evidence,
    Goal,
    Judgement,
    LearningPlan,
    LearningQuestion,
    Person,
    Placement,
    SchoolRole,
)
from tracker.permissions import Action, find, lock, require, roles_of, visible
from tracker.questions import ask_question


def seen(engine: sa.Engine, world: World, person: Person, model: type) -> set[object]:
    with unit_of_work(engine, school_id=person.school_id, writes=False) as session:
        return {row.id for row in session.scalars(visible(model, person=person, on=world.on))}


def test_student_sees_the_own_evidence_private_and_shared(engine: sa.Engine, world: World) -> None:
    assert seen(engine, world, world.student, Evidence) == {world.private.id, world.shared.id}


def test_coach_sees_shared_evidence_only(engine: sa.Engine, world: World) -> None:
    assert seen(engine, world, world.coach, Evidence) == {world.shared.id}


def test_supervisor_sees_only_what_is_shared_with_the_own_placement(
    engine: sa.Engine, world: World
) -> None:
    assert seen(engine, world, world.supervisor, Evidence) == {world.shared.id}
    assert seen(engine, world, world.supervisor, Goal) == {world.goal.id}
    assert seen(engine, world, world.supervisor, LearningPlan) == {world.plan.id}


@pytest.mark.parametrize("name", ["other_coach", "other_student", "teacher", "elsewhere"])
def test_who_has_no_place_in_the_plan_sees_nothing_of_it(
    engine: sa.Engine, world: World, name: str
) -> None:
    stranger = getattr(world, name)
    assert world.shared.id not in seen(engine, world, stranger, Evidence)
    assert world.plan.id not in seen(engine, world, stranger, LearningPlan)
    assert world.judgement.id not in seen(engine, world, stranger, Judgement)
    with unit_of_work(engine, school_id=stranger.school_id) as session, pytest.raises(NotFound):
        find(session, LearningPlan, world.plan.id, person=stranger, on=world.on)


def test_administrator_sees_shared_but_not_private_evidence(
    engine: sa.Engine, world: World
) -> None:
    assert seen(engine, world, world.administrator, Evidence) == {world.shared.id}


def test_coach_may_see_the_plan_but_not_add_a_goal(engine: sa.Engine, world: World) -> None:
    with (
        unit_of_work(engine, school_id=world.school.id) as session,
        pytest.raises(NotAllowed),
    ):
        require(session, world.coach, Action.ADD_GOAL, on=world.on, plan_id=world.plan.id)


def test_what_went_while_one_waited_for_it_is_not_there(engine: sa.Engine, world: World) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        question = ask_question(
            session, by=world.student, plan=world.plan, words="Waarom?", on=world.on, at=world.at
        )
        gone = sa.delete(LearningQuestion).where(LearningQuestion.id == question.id)
        session.execute(gone.execution_options(synchronize_session=False))
        with pytest.raises(NotFound):
            lock(session, question)


@pytest.mark.parametrize("who", ["coach", "supervisor", "administrator"])
def test_a_session_shows_only_the_students_it_is_narrowed_to(
    engine: sa.Engine, world: World, who: str
) -> None:
    models = [LearningPlan, Goal, Evidence, Judgement, Placement, Activity]
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        person = session.get_one(Person, (world.school.id, getattr(world, who).id))

        def plans_seen(only: set[UUID] | None) -> list[set[UUID]]:
            person.only_students = None if only is None else frozenset(only)
            return [
                {row.id for row in session.scalars(visible(model, person=person, on=world.on))}
                for model in models
            ]

        unlimited = plans_seen(None)
        assert unlimited == plans_seen({world.student.id, world.other_student.id})
        assert plans_seen({world.student.id})[0] == {world.plan.id}
        assert plans_seen({new_id()}) == [set()] * len(models)
        roles = roles_of(session, person, on=world.on, plan_id=world.plan.id)
    assert any(unlimited)
    assert roles <= {SchoolRole.ADMINISTRATOR}
