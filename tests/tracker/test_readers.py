"""Each reader is told what is theirs: coach, supervisor, student, and the teacher of a lesson."""

from datetime import datetime, time, timedelta

import sqlalchemy as sa

from tests.world import World
from tracker.db import unit_of_work
from tracker.lessons import add_lesson, choose_lesson
from tracker.models import (
    FeedbackRequest,
    Judgement,
    LearningPlan,
    LessonKind,
    Person,
    Placement,
    RequestState,
)
from tracker.overview import Row, for_coach, for_student, for_supervisor, for_teacher, rows_for
from tracker.signals import Rule


def ask_long_ago(engine: sa.Engine, world: World, to: Person) -> None:
    """Let an answer about the shared piece wait for a month."""
    asked = datetime.combine(world.on - timedelta(days=30), time(9), world.at.tzinfo)
    with unit_of_work(engine, school_id=world.school.id) as session:
        session.add(
            FeedbackRequest(
                school_id=world.school.id,
                plan_id=world.plan.id,
                evidence_id=world.shared.id,
                by_id=world.student.id,
                to_id=to.id,
                state=RequestState.OPEN,
                asked_at=asked,
            )
        )


def end_soon(engine: sa.Engine, world: World) -> None:
    """Let the placement end within a week, without what its supervisor saw."""
    with unit_of_work(engine, school_id=world.school.id) as session:
        placement = session.get_one(Placement, (world.school.id, world.placement.id))
        placement.until_on = world.on + timedelta(days=7)


def supervisors_rows(engine: sa.Engine, world: World) -> list[Row]:
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        asked = {"school": world.school, "on": world.on}
        return for_supervisor(session, supervisor=world.supervisor, **asked)


def students_row(engine: sa.Engine, world: World) -> Row:
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        plan = session.get_one(LearningPlan, (world.school.id, world.plan.id))
        asked = {"school": world.school, "on": world.on}
        return for_student(session, plan=plan, person=world.student, **asked)


def test_coach_is_told_of_the_plans_they_guide_only(engine: sa.Engine, world: World) -> None:
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        asked = {"school": world.school, "on": world.on}
        (row,) = for_coach(session, coach=world.coach, **asked)
        assert row.plan_id == world.plan.id
        assert for_coach(session, coach=world.supervisor, **asked) == []
        assert for_coach(session, coach=world.administrator, **asked) == []


def test_supervisor_is_told_what_they_owe_and_never_what_the_coach_is_told(
    engine: sa.Engine, world: World
) -> None:
    ask_long_ago(engine, world, world.supervisor)
    (row,) = supervisors_rows(engine, world)
    assert [signal.rule for signal in row.signals] == [Rule.UNANSWERED]
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        asked = {"school": world.school, "on": world.on}
        # However the overview is asked: by a page or by a program.
        (any_plan,) = rows_for(session, reader=world.supervisor, **asked)
        (coachs,) = rows_for(session, reader=world.coach, **asked)
    assert any_plan.signals == row.signals
    assert Rule.RATERS_APART in {signal.rule for signal in coachs.signals}


def test_supervisor_is_not_told_what_the_coach_owes(engine: sa.Engine, world: World) -> None:
    ask_long_ago(engine, world, world.coach)
    (row,) = supervisors_rows(engine, world)
    assert row.signals == ()


def test_supervisor_is_told_that_a_placement_ends_without_their_view(
    engine: sa.Engine, superuser_engine: sa.Engine, world: World
) -> None:
    end_soon(engine, world)
    assert [signal.rule for signal in supervisors_rows(engine, world)[0].signals] == []
    with superuser_engine.begin() as connection:
        connection.execute(sa.delete(Judgement).where(Judgement.id == world.judgement.id))
    (row,) = supervisors_rows(engine, world)
    assert [signal.rule for signal in row.signals] == [Rule.PLACEMENT_ENDS]
    assert row.signals[0].placement_id == world.placement.id


def test_student_is_told_of_the_own_plan_and_never_of_what_others_owe(
    engine: sa.Engine, world: World
) -> None:
    for person in (world.coach, world.supervisor):
        ask_long_ago(engine, world, person)
    row = students_row(engine, world)
    assert row.plan_id == world.plan.id
    rules = {signal.rule for signal in row.signals}
    assert Rule.RATERS_APART in rules
    assert Rule.UNANSWERED not in rules


def test_teacher_of_a_chosen_lesson_is_told_that_choice_and_nothing_else(
    engine: sa.Engine, world: World
) -> None:
    told = {"on": world.on, "at": world.at}
    with unit_of_work(engine, school_id=world.school.id) as session:
        plan = session.get_one(LearningPlan, (world.school.id, world.plan.id))
        for teacher in (world.teacher, world.other_coach):
            lesson = add_lesson(
                session,
                by=teacher,
                title=f"Rapporteren bij {teacher.given_name}",
                about=None,
                url=None,
                teacher=teacher,
                **told,
            )
            choose_lesson(
                session,
                by=world.student,
                plan=plan,
                lesson=lesson,
                goal=world.goal,
                kind=LessonKind.REPEAT,
                reason="Ik schrijf te lang.",
                **told,
            )
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        (seen,) = for_teacher(session, teacher=world.teacher, on=world.on)
        assert seen.lesson.title == "Rapporteren bij Tess"
        assert (seen.student, seen.goal_title) == ("Sanne Student", None)
        asked = {"school": world.school, "on": world.on}
        assert rows_for(session, reader=world.teacher, **asked) == []
        assert for_teacher(session, teacher=world.coach, on=world.on) == []
