"""The overview: everybody once, explained, in a fixed number of queries."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import product

import sqlalchemy as sa

from tests.world import World
from tracker.db import new_id, unit_of_work
from tracker.evidence import log_evidence
from tracker.facts import Rater
from tracker.figures import figures
from tracker.judgements import judge
from tracker.models import (
    Activity,
    FrameworkItem,
    FrameworkItemKind,
    LearningPlan,
    Person,
    PlanMember,
    PlanRole,
)
from tracker.overview import Row, rows_for
from tracker.scopes import Kind
from tracker.signals import Rule


def rows(engine: sa.Engine, world: World, reader: Person) -> list[Row]:
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        return rows_for(session, reader=reader, school=world.school, on=world.on)


@contextmanager
def counted(engine: sa.Engine) -> Iterator[list[str]]:
    seen: list[str] = []

    def see(*arguments: object) -> None:
        seen.append(str(arguments[2]))

    sa.event.listen(engine, "before_cursor_execute", see)
    yield seen
    sa.event.remove(engine, "before_cursor_execute", see)


def test_coach_sees_the_own_student_once_with_who_judged_what_and_when(
    engine: sa.Engine, world: World
) -> None:
    (row,) = rows(engine, world, world.coach)
    assert row.name == "Sanne Student"
    raters = {(fact.by, fact.anchor, fact.observed_on) for fact in row.facts.judgements}
    assert raters == {
        (Rater.SELF, 3, world.on - timedelta(days=1)),
        (Rater.SUPERVISOR, 1, world.on),
    }
    assert row.names[world.supervisor.id] == "Piet"


def test_two_raters_two_steps_apart_are_a_signal_that_names_both(
    engine: sa.Engine, world: World
) -> None:
    (row,) = rows(engine, world, world.coach)
    apart = next(signal for signal in row.signals if signal.rule is Rule.RATERS_APART)
    assert {fact.by_id for fact in apart.facts if fact.by_id} == {
        world.student.id,
        world.supervisor.id,
    }
    assert apart.goal_id == world.goal.id


def test_activity_is_counted_beside_and_never_judged(engine: sa.Engine, world: World) -> None:
    (row,) = rows(engine, world, world.coach)
    assert [(told.source, told.count) for told in row.activity] == [("Leeromgeving", 1)]
    assert len(row.facts.judgements) == 2


def test_activity_is_told_by_week_of_the_last_half_year(engine: sa.Engine, world: World) -> None:
    monday = world.on - timedelta(days=world.on.weekday())
    with unit_of_work(engine, school_id=world.school.id) as session:
        first = session.scalars(sa.select(Activity)).one()
        days = (monday, monday - timedelta(days=1), monday - timedelta(weeks=26))
        copied = {c.name: getattr(first, c.name) for c in Activity.__table__.columns}
        for day in (*days, monday - timedelta(weeks=26, days=1)):
            session.add(Activity(**{**copied, "id": new_id(), "occurred_on": day}))
    (row,) = rows(engine, world, world.coach)
    (told,) = row.activity
    assert (told.count, told.last_on) == (4, world.on)
    assert told.weeks == (monday - timedelta(weeks=26), monday - timedelta(weeks=1), monday)
    (source,) = row.facts.sources
    assert (source.name, source.last_activity_on) == ("Leeromgeving", world.on)


def test_a_plan_knows_the_items_that_it_serves_or_was_judged_on_and_their_wholes(
    engine: sa.Engine, world: World
) -> None:
    kerntaak, werkproces = world.items
    with unit_of_work(engine, school_id=world.school.id) as session:
        other = FrameworkItem(
            school_id=world.school.id,
            framework_id=world.framework.id,
            parent_id=kerntaak.id,
            kind=FrameworkItemKind.WERKPROCES,
            code="B1-K1-W2",
            title="Rapporteert",
            position=2,
        )
        session.add(other)
        session.flush()
        judge(
            session,
            by=world.coach,
            plan=world.plan,
            item=other,
            level=world.levels[1],
            observed_on=world.on,
            on=world.on,
            at=world.at,
        )
    (row,) = rows(engine, world, world.coach)
    assert [item.id for item in row.facts.items] == [kerntaak.id, werkproces.id, other.id]
    assert row.facts.goals[0].item_ids == {werkproces.id}
    kinds = {scope.kind for scope in figures(row.facts, on=world.on)}
    assert kinds == {Kind.PLAN, Kind.KERNTAAK, Kind.WERKPROCES, Kind.GOAL}
    (row,) = rows(engine, world, world.supervisor)
    assert [item.id for item in row.facts.items] == [kerntaak.id, werkproces.id]


def test_private_evidence_moves_nothing_for_the_coach(engine: sa.Engine, world: World) -> None:
    (row,) = rows(engine, world, world.coach)
    assert {piece.goal_id for piece in row.facts.shared} == {world.goal.id}


def test_a_private_piece_changes_nothing_for_anyone_else(engine: sa.Engine, world: World) -> None:
    def told(reader: Person) -> list[object]:
        return [
            (row.signals, row.measures, row.last_shared_on, row.activity, dict(row.names))
            for row in rows(engine, world, reader)
        ]

    others = (world.coach, world.supervisor, world.other_coach, world.other_student)
    before = [told(reader) for reader in others]
    shapes = product(([], [world.goal]), (None, world.placement), (None, world.levels[0]))
    for goals, placement, own_level in shapes:
        with unit_of_work(engine, school_id=world.school.id) as session:
            log_evidence(
                session,
                key=new_id(),
                by=world.student,
                plan=world.plan,
                goals=goals,
                text="Alleen voor mij.",
                happened_on=world.on,
                has_people=False,
                placement=placement,
                own_level=own_level if goals else None,
                on=world.on,
                at=world.at,
            )
    assert [told(reader) for reader in others] == before


def test_supervisor_sees_the_placement_part_only(engine: sa.Engine, world: World) -> None:
    (row,) = rows(engine, world, world.supervisor)
    assert row.activity == []
    assert [goal.id for goal in row.facts.goals] == [world.goal.id]


def test_other_coach_sees_the_other_student_only(engine: sa.Engine, world: World) -> None:
    assert [row.name for row in rows(engine, world, world.other_coach)] == ["Olaf Ander"]


def test_the_number_of_queries_is_the_same_for_one_and_for_two_hundred_students(
    engine: sa.Engine, world: World
) -> None:
    with counted(engine) as for_one:
        assert len(rows(engine, world, world.coach)) == 1
    _add_students(engine, world, 199)
    with counted(engine) as for_many:
        assert len(rows(engine, world, world.coach)) == 200
    assert len(for_many) == len(for_one) <= 18


def test_reading_the_overview_is_remembered_with_the_plans_seen(
    engine: sa.Engine, world: World
) -> None:
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        rows_for(session, reader=world.coach, school=world.school, on=world.on)
        (look,) = session.info["looks"]
    assert look["details"] == {"plan_ids": [str(world.plan.id)]}
    assert look["subject_kind"] == "person"


def _add_students(engine: sa.Engine, world: World, count: int) -> None:
    school_id = world.school.id
    people, plans, members = [], [], []
    for number in range(count):
        person_id, plan_id = new_id(), new_id()
        people.append(
            {
                "school_id": school_id,
                "id": person_id,
                "name": f"Student {number}",
                "given_name": "Student",
                "state": "active",
                "created_at": world.at,
            }
        )
        plans.append(
            {
                "school_id": school_id,
                "id": plan_id,
                "student_id": person_id,
                "state": "active",
                "starts_on": world.on,
                "created_at": world.at,
            }
        )
        members.append(
            {
                "school_id": school_id,
                "id": new_id(),
                "plan_id": plan_id,
                "person_id": world.coach.id,
                "role": PlanRole.COACH,
                "from_on": world.on,
                "created_at": world.at,
            }
        )
    with unit_of_work(engine, school_id=school_id) as session:
        session.execute(sa.insert(Person), people)
        session.execute(sa.insert(LearningPlan), plans)
        session.execute(sa.insert(PlanMember), members)
