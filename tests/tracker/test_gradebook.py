"""The number in a gradebook: it depends on what others said of the own goals, on nothing else."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid5

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from tests.world import World
from tracker.db import new_id, unit_of_work, utc_now
from tracker.evidence import log_evidence
from tracker.gradebook import CONFIRMERS, PlanFacts, Said, evidence, facts_of, lesson, progress
from tracker.judgements import judge
from tracker.models import (
    Audience,
    EvidenceShare,
    EvidenceState,
    Goal,
    GoalState,
    LearningPlan,
    LessonChoice,
    LessonKind,
    Outcome,
    Person,
    Placement,
    PlanRole,
    PlanState,
    ScaleLevel,
    SupportLesson,
)
from tracker.models import Evidence as Piece

PLAN, STUDENT = UUID(int=1), UUID(int=2)
GOALS = [UUID(int=10 + n) for n in range(4)]
PIECES = [UUID(int=20 + n) for n in range(4)]
PEOPLE = [UUID(int=30 + n) for n in range(3)]
MONDAY = date(2026, 11, 16)
NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)


def said(number: int, **other: object) -> Said:
    plain = Said(
        id=UUID(int=100 + number),
        by_id=PEOPLE[0],
        role=PlanRole.COACH,
        anchor=2,
        observed_on=MONDAY,
        recorded_at=NOON + timedelta(minutes=number),
    )
    return replace(plain, **other)  # type: ignore[arg-type]  # fields of Said


def facts(*spoken: Said) -> PlanFacts:
    return PlanFacts(
        plan_id=PLAN,
        student_id=STUDENT,
        is_closed=False,
        goal_ids=frozenset(GOALS),
        piece_ids=frozenset(PIECES),
        said=spoken,
    )


SAID = st.builds(
    Said,
    id=st.uuids(),
    by_id=st.sampled_from(PEOPLE),
    role=st.sampled_from(list(PlanRole)),
    anchor=st.integers(0, 3),
    observed_on=st.dates(MONDAY, MONDAY + timedelta(days=3)),
    recorded_at=st.integers(0, 600).map(lambda n: NOON + timedelta(minutes=n)),
    goal_id=st.none() | st.sampled_from([*GOALS, UUID(int=99)]),
    evidence_id=st.none() | st.sampled_from([*PIECES, UUID(int=98)]),
)
ALL = st.lists(SAID, max_size=12, unique_by=lambda one: one.id)


def numbers(spoken: Sequence[Said]) -> tuple[object, ...]:
    found = facts(*spoken)
    return progress(found), evidence(found, pieces=3)


@given(ALL, st.randoms(use_true_random=False))
def test_the_order_in_which_things_were_said_does_not_matter(spoken, random):
    mixed = list(spoken)
    random.shuffle(mixed)
    assert numbers(mixed) == numbers(spoken)


@given(ALL)
def test_only_what_coach_and_supervisor_say_moves_the_number(spoken):
    heard = [one for one in spoken if one.role in CONFIRMERS]
    assert numbers(heard) == numbers(spoken)


@given(ALL)
def test_a_number_is_a_share_of_what_there_is(spoken):
    found = facts(*spoken)
    count = progress(found)
    assert 0 <= count.confirmed <= count.of == len(GOALS)
    assert 0 <= count.percentage <= 100
    assert (count.percentage == 100) == (count.confirmed == count.of)
    assert evidence(found, pieces=3).confirmed <= 3
    assert count.is_seen or count.confirmed == 0


@given(ALL, SAID)
def test_one_more_word_moves_its_own_goal_only(spoken, more):
    before, after = progress(facts(*spoken)), progress(facts(*spoken, more))
    assert abs(after.confirmed - before.confirmed) <= 1
    if more.role not in CONFIRMERS or more.goal_id not in GOALS:
        assert after == before


def test_who_changes_their_mind_counts_as_they_see_it_now():
    then = said(1, goal_id=GOALS[0], anchor=3)
    now = said(2, goal_id=GOALS[0], anchor=1)
    assert progress(facts(then)).confirmed == 1
    assert progress(facts(now, then)).confirmed == 0


def test_one_of_two_is_enough_for_who_left_can_say_nothing_any_more():
    former = said(1, goal_id=GOALS[0], anchor=1, by_id=PEOPLE[1], role=PlanRole.SUPERVISOR)
    coach = said(2, goal_id=GOALS[0], anchor=2)
    assert progress(facts(former, coach)).confirmed == 1


def test_a_piece_that_shows_two_goals_is_confirmed_by_a_word_as_to_one():
    shown = {"evidence_id": PIECES[0]}
    one = said(1, goal_id=GOALS[0], anchor=2, **shown)
    other = said(2, goal_id=GOALS[1], anchor=0, **shown)
    assert evidence(facts(one, other), pieces=2).confirmed == 1


def test_what_nobody_looked_at_is_not_seen_and_what_is_looked_at_may_be_nought():
    assert progress(facts()).is_seen is False
    looked = progress(facts(said(1, goal_id=GOALS[0], anchor=0)))
    assert (looked.is_seen, looked.percentage) == (True, 0)
    assert lesson(facts(), lesson_id=UUID(int=7)).is_seen is False


def test_two_of_three_goals_are_66_and_all_but_one_of_many_are_never_100():
    three = replace(facts(*(said(n, goal_id=GOALS[n]) for n in range(2))))
    assert progress(replace(three, goal_ids=frozenset(GOALS[:3]))).percentage == 66
    many = [uuid5(PLAN, str(n)) for n in range(201)]
    spoken = [said(n, goal_id=goal) for n, goal in enumerate(many[1:])]
    assert progress(replace(facts(*spoken), goal_ids=frozenset(many))).percentage == 99


# From the database


def goal_of(world: World, number: int, **values: object) -> Goal:
    return Goal(
        school_id=world.school.id,
        plan_id=world.plan.id,
        title=f"Doel {number}",
        question="?",
        success=".",
        created_at=world.at,
        changed_at=world.at,
        **values,
    )


def test_drafts_and_goals_that_were_stopped_or_moved_do_not_count(engine: sa.Engine, world: World):
    with unit_of_work(engine, school_id=world.school.id) as session:
        reached = goal_of(world, 1, state=GoalState.CLOSED, outcome=Outcome.REACHED)
        session.add_all(
            [
                reached,
                goal_of(world, 2, state=GoalState.DRAFT),
                goal_of(world, 3, state=GoalState.CLOSED, outcome=Outcome.STOPPED),
                goal_of(world, 4, state=GoalState.CLOSED, outcome=Outcome.MOVED),
            ]
        )
        session.get_one(Goal, (world.school.id, world.goal.id)).state = GoalState.ACTIVE
        session.flush()
        found = facts_of(session, school_id=world.school.id, student_ids=[world.student.id])
    assert found[world.student.id].goal_ids == {world.goal.id, reached.id}


def test_private_and_withdrawn_pieces_do_not_count(engine: sa.Engine, world: World):
    def pieces() -> frozenset[UUID]:
        with unit_of_work(engine, school_id=world.school.id) as session:
            found = facts_of(session, school_id=world.school.id, student_ids=[world.student.id])
            return found[world.student.id].piece_ids

    assert pieces() == {world.shared.id}
    with unit_of_work(engine, school_id=world.school.id) as session:
        piece = session.get_one(Piece, (world.school.id, world.shared.id))
        piece.state = EvidenceState.WITHDRAWN
    assert pieces() == frozenset()


def test_what_only_the_workplace_sees_moves_no_number_that_teachers_read(
    engine: sa.Engine, world: World
):
    at = utc_now()

    def judged(number: int, audience: Audience, *, ended_at: datetime | None = None) -> UUID:
        """Have the supervisor confirm a goal of its own by a piece that is shown so."""
        with unit_of_work(engine, school_id=world.school.id) as session:
            goal = goal_of(world, number, state=GoalState.ACTIVE)
            session.add(goal)
            session.flush()
            piece = log_evidence(
                session,
                key=new_id(),
                by=session.get_one(Person, (world.school.id, world.student.id)),
                plan=session.get_one(LearningPlan, (world.school.id, world.plan.id)),
                goals=[goal],
                text="Ik hielp.",
                happened_on=world.on,
                has_people=False,
                placement=session.get_one(Placement, (world.school.id, world.placement.id)),
                share_with=sorted({Audience.PLACEMENT, audience}),
                on=world.on,
                at=at,
            )
            judge(
                session,
                by=session.get_one(Person, (world.school.id, world.supervisor.id)),
                plan=session.get_one(LearningPlan, (world.school.id, world.plan.id)),
                goal=goal,
                evidence=piece,
                level=session.get_one(ScaleLevel, (world.school.id, world.levels[3].id)),
                observed_on=world.on,
                on=world.on,
                at=at,
            )
            if ended_at is not None:
                session.execute(
                    sa.update(EvidenceShare)
                    .where(
                        EvidenceShare.evidence_id == piece.id,
                        EvidenceShare.audience == audience,
                    )
                    .values(ended_at=ended_at)
                )
            return piece.id

    hidden = judged(1, Audience.PLACEMENT)
    open_piece = judged(2, Audience.COACHES)
    taken_back = judged(3, Audience.COACHES, ended_at=at + timedelta(hours=1))
    with unit_of_work(engine, school_id=world.school.id) as session:
        found = facts_of(session, school_id=world.school.id, student_ids=[world.student.id])
    facts = found[world.student.id]
    assert facts.piece_ids >= {open_piece}
    assert not facts.piece_ids & {hidden, taken_back}
    # What the school saw once was said.
    assert {said.evidence_id for said in facts.said} >= {open_piece, taken_back}
    assert hidden not in {said.evidence_id for said in facts.said}


def test_only_a_confirmed_choice_of_a_lesson_counts(engine: sa.Engine, world: World):
    with unit_of_work(engine, school_id=world.school.id) as session:
        lessons = [
            SupportLesson(
                school_id=world.school.id, title=title, from_on=world.on, created_at=world.at
            )
            for title in ("Gevolgd", "Gekozen")
        ]
        session.add_all(lessons)
        session.flush()
        session.add_all(
            LessonChoice(
                school_id=world.school.id,
                plan_id=world.plan.id,
                lesson_id=given_lesson.id,
                kind=LessonKind.DEEPEN,
                chosen_at=world.at,
                confirmed_at=confirmed_at,
            )
            for given_lesson, confirmed_at in zip(lessons, (world.at, None), strict=True)
        )
        session.flush()
        found = facts_of(session, school_id=world.school.id, student_ids=[world.student.id])
    assert found[world.student.id].lesson_ids == {lessons[0].id}


@pytest.mark.parametrize(
    ("states", "wanted"),
    [
        ([PlanState.ACTIVE, PlanState.CLOSED], 0),
        ([PlanState.CLOSED, PlanState.CLOSED], 1),
        ([PlanState.ACTIVE, PlanState.DRAFT], 0),
        ([PlanState.DRAFT, PlanState.DRAFT], None),
    ],
)
def test_the_plan_that_runs_counts_and_else_the_newest_that_was_closed(
    engine: sa.Engine, world: World, states: list[PlanState], wanted: int | None
):
    with unit_of_work(engine, school_id=world.school.id) as session:
        first = session.get_one(LearningPlan, (world.school.id, world.plan.id))
        second = LearningPlan(
            school_id=world.school.id,
            student_id=world.student.id,
            state=states[1],
            starts_on=world.on,
            created_at=world.at,
        )
        first.state = states[0]
        session.add(second)
        session.flush()
        found = facts_of(session, school_id=world.school.id, student_ids=[world.student.id])
    if wanted is None:
        assert found == {}
        return
    plan = found[world.student.id]
    assert plan.plan_id == (first, second)[wanted].id
    assert plan.is_closed is (states[wanted] is PlanState.CLOSED)


def test_the_facts_of_many_students_take_as_many_queries_as_of_one(engine: sa.Engine, world: World):
    def queries(*student_ids: UUID) -> int:
        asked: list[str] = []

        def count(*execution: object) -> None:
            asked.append(str(execution[2]))

        with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
            session.connection()
            sa.event.listen(engine, "before_cursor_execute", count)
            try:
                facts_of(session, school_id=world.school.id, student_ids=student_ids)
            finally:
                sa.event.remove(engine, "before_cursor_execute", count)
        return len(asked)

    assert queries(world.student.id) == queries(world.student.id, world.other_student.id) == 5
