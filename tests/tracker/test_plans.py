"""Plans: a student's own, several at once, with or without a qualification, closed and reopened."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.world import World
from tracker.db import new_id, unit_of_work
from tracker.errors import Conflict, Invalid, NotAllowed
from tracker.evidence import log_evidence
from tracker.goal_lists import goals_seen
from tracker.goals import add_goal
from tracker.groups import confirm_coach_group, hold_newcomers, join
from tracker.judgements import judge
from tracker.models import GroupRole, LearningPlan, Person, PlanState, SchoolRole
from tracker.overview import rows_for
from tracker.people import add_person
from tracker.plans import (
    current_plan,
    edit_plan,
    is_open,
    own_plans,
    plan_of,
    programmes,
    start_own_plan,
)


def started(work: Session, world: World, **changed: Any) -> LearningPlan:
    return start_own_plan(
        work,
        **{
            "by": world.student,
            "title": "Mijn zaak",
            "starts_on": world.on,
            "on": world.on,
            "at": world.at,
            **changed,
        },
    )


def edited(work: Session, world: World, plan: LearningPlan, **changed: Any) -> None:
    edit_plan(
        work,
        **{
            "by": world.student,
            "plan": plan,
            "title": plan.title,
            "goes_on": True,
            "on": world.on,
            "at": world.at,
            **changed,
        },
    )


def test_a_student_has_several_plans_at_once(work: Session, world: World) -> None:
    plan = started(work, world)
    assert plan.state is PlanState.ACTIVE
    plans = own_plans(work, person=world.student, on=world.on)
    assert {found.id for found in plans} == {plan.id, world.plan.id}
    newest = current_plan(work, student=world.student, on=world.on, at=world.at)
    assert newest.id == plan.id
    assert programmes(work, plans) == {plan.id: "Mijn zaak", world.plan.id: "Verzorgende IG"}


def test_a_student_without_a_qualification_learns_all_the_same(work: Session, world: World) -> None:
    """No framework and no placement: goals, evidence and views work as for anybody else."""
    plan = work.merge(world.other_plan)
    assert plan.framework_id is None
    goal = add_goal(
        work,
        by=world.other_student,
        plan=plan,
        question="Wil ik een eigen fietsenzaak?",
        title="Ik reken uit wat een zaak kost",
        success="Ik kan het een ander uitleggen.",
        target_anchor=2,
        target_on=None,
        items=[],
        on=world.on,
        at=world.at,
    )
    piece = log_evidence(
        work,
        key=new_id(),
        by=world.other_student,
        plan=plan,
        goals=[goal],
        text="Mijn begroting.",
        happened_on=world.on,
        has_people=False,
        own_level=world.levels[1],
        on=world.on,
        at=world.at,
    )
    judge(
        work,
        by=world.other_coach,
        plan=plan,
        goal=goal,
        level=world.levels[2],
        observed_on=world.on,
        on=world.on,
        at=world.at,
    )
    (row,) = rows_for(
        work, reader=world.other_student, school=world.school, on=world.on, plan_id=plan.id
    )
    assert row.programme is None
    assert {fact.anchor for fact in row.facts.judgements if goal.id in fact.goal_ids} == {1, 2}
    assert plan_of(work, piece).id == plan.id


def test_a_plan_starts_today_or_in_the_year_before(work: Session, world: World) -> None:
    for days, code in ((1, "date.in_future"), (-400, "plan.starts_too_long_ago")):
        with pytest.raises(Invalid) as refusal:
            started(work, world, starts_on=world.on + timedelta(days=days))
        assert refusal.value.fields == {"starts_on": code}


@pytest.mark.parametrize("name", ["coach", "supervisor", "teacher", "administrator"])
def test_only_students_start_plans(work: Session, world: World, name: str) -> None:
    with pytest.raises(NotAllowed):
        started(work, world, by=getattr(world, name))


def test_a_closed_plan_takes_nothing_and_goes_on_when_it_is_reopened(
    work: Session, world: World
) -> None:
    plan = started(work, world)
    edited(work, world, plan, goes_on=False)
    assert not is_open(plan)
    with pytest.raises(Conflict, match=r"plan\.closed"):
        add_goal(
            work,
            by=world.student,
            plan=plan,
            question="?",
            title="T",
            success="S",
            target_anchor=None,
            target_on=None,
            items=[],
            on=world.on,
            at=world.at,
        )
    asked = {"reader": world.student, "school": world.school, "on": world.on, "plan_id": plan.id}
    assert rows_for(work, **asked) == []
    assert len(rows_for(work, **asked, with_closed=True)) == 1
    edited(work, world, plan)
    assert plan.state is PlanState.ACTIVE
    assert goals_seen(work, plan_id=plan.id, person=world.student, on=world.on) == {}


def test_a_student_names_an_own_plan(work: Session, world: World) -> None:
    plan = work.merge(world.plan)
    edited(work, world, plan, title="Mijn route")
    assert plan.title == "Mijn route"


@pytest.mark.parametrize("name", ["coach", "supervisor", "administrator", "other_student"])
def test_nobody_but_the_student_changes_a_plan(work: Session, world: World, name: str) -> None:
    plan = work.merge(world.plan)
    with pytest.raises(NotAllowed):
        edited(work, world, plan, by=getattr(world, name), goes_on=False)


def test_a_first_plan_is_one_however_many_ask_for_it_at_once(
    engine: sa.Engine, world: World
) -> None:
    """A student's first words, and a roster whose coach the school confirmed."""
    school_id, count = world.school.id, 4

    def open_plan(student: Person, start: Barrier, *, by_roster: bool) -> None:
        start.wait()
        with unit_of_work(engine, school_id=school_id) as session:
            if not by_roster:
                current_plan(session, student=student, on=world.on, at=world.at)
                return
            hold_newcomers(session, school_id=school_id, person_ids=[student.id])
            confirm_coach_group(
                session, by=None, group=world.group, coach=world.coach, on=world.on, at=world.at
            )

    for number in range(3):
        with unit_of_work(engine, school_id=school_id) as session:
            student = add_person(
                session,
                by=None,
                school=world.school,
                name=f"Noor {number}",
                roles=[SchoolRole.STUDENT],
                at=world.at,
            )
            join(session, group=world.group, person=student, role=GroupRole.STUDENT, on=world.on)
        start = Barrier(count, timeout=30)
        with ThreadPoolExecutor(count) as pool:
            asked = [
                pool.submit(open_plan, student, start, by_roster=number == 0)
                for number in range(count)
            ]
        for one in asked:
            one.result()
        with unit_of_work(engine, school_id=school_id, writes=False) as session:
            plans = sa.select(LearningPlan.id).where(LearningPlan.student_id == student.id)
            assert len(session.scalars(plans).all()) == 1
