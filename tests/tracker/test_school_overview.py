"""The school in counts: none that betrays anybody, and the same rules as for one student."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from itertools import permutations
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from tests.world import World
from tracker import school_lists
from tracker.db import new_id, unit_of_work
from tracker.errors import NotAllowed
from tracker.facts import Rater
from tracker.holidays import add_holiday
from tracker.models import (
    Absence,
    Audience,
    Conversation,
    Evidence,
    EvidenceShare,
    EvidenceState,
    FeedbackRequest,
    Goal,
    Judgement,
    LearningPlan,
    LearningQuestion,
    Person,
    PersonRole,
    Placement,
    PlanMember,
    PlanRole,
    School,
)
from tracker.overview import rows_for
from tracker.school_overview import SchoolFigures, for_school
from tracker.signals import Rule
from tracker.small_counts import LEAST, divided, shown

COUNTS = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 40), min_size=1)


@given(COUNTS)
def test_no_part_below_ten_is_shown_nor_a_whole_below_ten(parts: dict[str, int]) -> None:
    told = divided(parts)
    assert all(count is None or count == parts[key] >= LEAST for key, count in told.parts.items())
    assert told.whole is None or told.whole == sum(parts.values()) >= LEAST


@given(COUNTS)
def test_what_is_kept_back_cannot_be_found_by_subtraction(parts: dict[str, int]) -> None:
    """Another school, in which such a part is another number, looks just the same."""
    told = divided(parts)
    hidden = [key for key, count in told.parts.items() if count is None]
    if told.whole is None:
        return
    assert not hidden or sum(parts[key] for key in hidden) >= LEAST
    for key in hidden:
        others = [
            {**parts, key: parts[other], other: parts[key]}
            for other in hidden
            if parts[other] != parts[key]
        ]
        assert others
        assert all(divided(other) == told for other in others)


def test_one_small_programme_takes_the_next_one_with_it() -> None:
    told = divided({"zorg": 120, "kok": 4, "bouw": 31})
    assert told.whole == 155
    assert told.parts == {"zorg": 120, "kok": None, "bouw": None}


def test_parts_that_are_all_the_same_and_small_take_the_whole_with_them() -> None:
    for order in permutations([9, 9]):
        told = divided(dict(zip("ab", order, strict=True)))
        assert (told.whole, set(told.parts.values())) == (None, {None})


def test_a_part_is_kept_back_when_the_rest_of_its_whole_is_small() -> None:
    assert shown(40, 100) == 40
    assert shown(95, 100) is None
    assert shown(100, 100) is None
    assert shown(9) is None
    assert shown(12, None) == 12


def figures(engine: sa.Engine, world: World) -> SchoolFigures:
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        return for_school(session, by=world.administrator, school=world.school, on=world.on)


def test_a_small_school_is_told_nothing(engine: sa.Engine, world: World) -> None:
    told = figures(engine, world)
    assert told.plans.whole is None
    assert set(told.plans.parts.values()) == {None}
    numbers = [told.without_plan, told.without_coach, told.placements_ending, told.shared_pieces]
    assert [*numbers, *told.signals.values(), *told.waiting.values()] == [None] * 9


@pytest.mark.parametrize("who", ["student", "coach", "supervisor", "teacher"])
def test_only_an_administrator_is_told(engine: sa.Engine, world: World, who: str) -> None:
    reader = getattr(world, who)
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        with pytest.raises(NotAllowed):
            for_school(session, by=reader, school=world.school, on=world.on)
        with pytest.raises(NotAllowed):
            school_lists.uncoached(
                session, by=reader, school=world.school, on=world.on, offset=0, limit=9
            )


# A school of three hundred, in which everything differs by a student's number.


@pytest.fixture
def crowd(engine: sa.Engine, world: World) -> list[UUID]:
    """Add three hundred students whose placements, pieces, talks and questions differ."""
    return add_crowd(engine, world, 300)


class Crowd:
    """Rows of students who differ by their number, to be added at once."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.rows: dict[type, list[dict[str, object]]] = defaultdict(list)

    def add(self, model: type, **values: object) -> UUID:
        key = new_id()
        self.rows[model].append({"school_id": self.world.school.id, "id": key, **values})
        return key

    def day(self, days: int) -> date:
        return self.world.on - timedelta(days=days)

    def at(self, days: int) -> datetime:
        return datetime.combine(self.day(days), time(12), self.world.at.tzinfo)

    def add_student(self, number: int) -> UUID | None:
        """Add a student; every tenth has no plan, every eighth plan no coach."""
        name = f"Student {number:03}"
        told = {"name": name, "given_name": "Student", "state": "active"}
        student = self.add(Person, **told, created_at=self.world.at)
        self.add(PersonRole, person_id=student, role="student", from_on=self.day(400))
        if number % 10 == 9:
            return None
        plan = self.add(
            LearningPlan,
            student_id=student,
            framework_id=self.world.framework.id if number % 3 else None,
            state="active",
            starts_on=self.day(300),
            created_at=self.at(300),
        )
        self.add_around(number, plan, student)
        self.add_work(number, plan, student)
        self.add_questions(number, plan, student)
        return plan

    def add_around(self, number: int, plan: UUID, student: UUID) -> None:
        """Add who guides, and for two in six absence: in the last weeks, or into them."""
        since = {"plan_id": plan, "from_on": self.day(300), "created_at": self.at(300)}
        if number % 8:
            self.add(PlanMember, person_id=self.world.coach.id, role=PlanRole.COACH, **since)
        supervisor = self.world.supervisor.id
        self.add(PlanMember, person_id=supervisor, role=PlanRole.SUPERVISOR, **since)
        away = {1: (25, 24 - number % 20), 3: (60, 45 - number % 30)}.get(number % 6)
        if away is not None:
            self.add(
                Absence,
                plan_id=plan,
                by_id=student,
                from_on=self.day(away[0]),
                until_on=self.day(away[1]),
                created_at=self.at(away[0]),
            )

    def add_work(self, number: int, plan: UUID, student: UUID) -> None:
        """Add a placement and a piece, shown to the coaches, to the placement or to nobody."""
        placement = self.add(
            Placement,
            plan_id=plan,
            company_id=self.world.company.id,
            from_on=self.day(10 + number % 90),
            until_on=self.day(-(number % 70)),
            created_at=self.at(100),
        )
        piece = self.add(
            Evidence,
            plan_id=plan,
            author_id=student,
            key=new_id(),
            placement_id=placement,
            state=EvidenceState.SHARED,
            happened_on=self.day(60),
            received_at=self.at(60),
            has_people=False,
        )
        if number % 4 < 3:
            self.add(
                EvidenceShare,
                evidence_id=piece,
                audience=Audience.COACHES if number % 4 else Audience.PLACEMENT,
                placement_id=None if number % 4 else placement,
                shared_at=self.at(number % 45),
                ended_at=self.at(0) if number % 13 == 0 else None,
            )
        if number % 5 == 0:
            self.add(
                Judgement,
                plan_id=plan,
                evidence_id=piece,
                by_id=self.world.supervisor.id,
                observed_on=self.day(3),
                role=PlanRole.SUPERVISOR,
                placement_id=placement,
                level_id=self.world.levels[1].id,
                recorded_at=self.at(3),
            )
        if number % 6 == 0:
            self.add(
                Conversation,
                plan_id=plan,
                by_id=self.world.coach.id,
                role=PlanRole.COACH,
                held_on=self.day(number % 50),
                words="We spraken.",
                recorded_at=self.at(0),
            )

    def add_questions(self, number: int, plan: UUID, student: UUID) -> None:
        """Add what was asked, and what is only wondered about."""
        goal = self.add(
            Goal,
            plan_id=plan,
            title="Ik kan het",
            question="Hoe?",
            success="Zo.",
            state="active",
            created_at=self.at(50),
            changed_at=self.at(50),
        )
        asked = self.world.coach if number % 4 else self.world.supervisor
        if number % 2 == 0:
            self.add(
                FeedbackRequest,
                plan_id=plan,
                goal_id=goal,
                by_id=student,
                to_id=asked.id,
                state="open",
                asked_at=self.at(number % 20),
            )
        if number % 7 == 0:
            self.add(
                LearningQuestion,
                plan_id=plan,
                by_id=student,
                words="Waarom?",
                state="open",
                asked_at=self.at(number % 30),
            )


ORDER = (
    Person, PersonRole, LearningPlan, PlanMember, Placement, Goal, Evidence, EvidenceShare,
    Conversation, FeedbackRequest, LearningQuestion, Judgement, Absence,
)  # fmt: skip


def add_crowd(engine: sa.Engine, world: World, size: int) -> list[UUID]:
    crowd = Crowd(world)
    plan_ids = [crowd.add_student(number) for number in range(size)]
    with unit_of_work(engine, school_id=world.school.id) as session:
        for model in ORDER:
            session.execute(sa.insert(model), crowd.rows[model])
    return [plan_id for plan_id in plan_ids if plan_id is not None]


def fired(engine: sa.Engine, world: World, rule: Rule) -> list[tuple[UUID, Rater | None]]:
    """Return the plans in which a rule fires for the administrator, judged one by one."""
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        rows = rows_for(session, reader=world.administrator, school=world.school, on=world.on)
        return [
            (row.plan_id, signal.owed_by)
            for row in rows
            for signal in row.signals
            if signal.rule is rule
        ]


def test_the_counts_are_those_of_the_rules_for_each_student(
    engine: sa.Engine, world: World, crowd: list[UUID]
) -> None:
    told = figures(engine, world)
    assert told.plans.whole == len(crowd) + 2
    for rule in (Rule.NOTHING_SHARED, Rule.PLACEMENT_ENDS):
        plans = {plan_id for plan_id, _ in fired(engine, world, rule)}
        assert told.signals[rule] == len(plans) >= LEAST, rule
    waiting = fired(engine, world, Rule.UNANSWERED)
    assert {owed_by for _, owed_by in waiting} == {Rater.COACH, Rater.SUPERVISOR}
    for rater in (Rater.COACH, Rater.SUPERVISOR):
        plans = {plan_id for plan_id, owed_by in waiting if owed_by is rater}
        assert told.waiting[rater] == len(plans) >= LEAST, rater
    assert told.waiting[Rater.OTHER] is None
    assert Rater.SELF not in told.waiting


def test_clocks_of_the_school_stop_in_holidays(
    engine: sa.Engine, world: World, crowd: list[UUID]
) -> None:
    before = figures(engine, world)
    with unit_of_work(engine, school_id=world.school.id) as session:
        add_holiday(
            session,
            by=world.administrator,
            school=session.get_one(School, world.school.id),
            name="Herfstvakantie",
            from_on=world.on - timedelta(days=12),
            until_on=world.on - timedelta(days=3),
            on=world.on,
            at=world.at,
        )
    after = figures(engine, world)
    for rule in (Rule.NOTHING_SHARED, Rule.PLACEMENT_ENDS):
        plans = {plan_id for plan_id, _ in fired(engine, world, rule)}
        assert after.signals[rule] == (len(plans) if len(plans) >= LEAST else None), rule
    assert after.signals[Rule.NOTHING_SHARED] != before.signals[Rule.NOTHING_SHARED]
    assert after.waiting[Rater.COACH] != before.waiting[Rater.COACH]


def test_what_is_private_moves_no_figure(
    engine: sa.Engine, world: World, crowd: list[UUID]
) -> None:
    before = figures(engine, world)
    with unit_of_work(engine, school_id=world.school.id) as session:
        for plan_id in crowd:
            plan = session.get_one(LearningPlan, (world.school.id, plan_id))
            session.add(
                Evidence(
                    school_id=world.school.id,
                    plan_id=plan_id,
                    author_id=plan.student_id,
                    key=new_id(),
                    state=EvidenceState.PRIVATE,
                    happened_on=world.on,
                    received_at=world.at,
                    has_people=False,
                )
            )
    assert figures(engine, world) == before


def test_students_without_a_plan_and_plans_without_a_coach_are_counted(
    engine: sa.Engine, world: World, crowd: list[UUID]
) -> None:
    told = figures(engine, world)
    assert told.without_plan == 30
    listed = lists(engine, world, offset=0)
    assert told.without_coach == listed.total == 38
    assert told.shared_pieces is not None


def lists(
    engine: sa.Engine, world: World, offset: int
) -> school_lists.Listed[school_lists.Uncoached]:
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        found = school_lists.uncoached(
            session,
            by=world.administrator,
            school=world.school,
            on=world.on,
            offset=offset,
            limit=20,
        )
        (look,) = session.info["looks"]
        assert look["details"] == {"plan_ids": sorted(str(one.plan_id) for one in found.shown)}
        return found


def test_who_has_no_coach_is_listed_by_name_page_by_page_and_the_look_is_logged(
    engine: sa.Engine, world: World, crowd: list[UUID]
) -> None:
    first, second = lists(engine, world, 0), lists(engine, world, 20)
    names = [one.name for one in (*first.shown, *second.shown)]
    assert len(names) == first.total == second.total
    assert names == sorted(names)


def test_ending_placements_are_listed_with_their_company(
    engine: sa.Engine, world: World, crowd: list[UUID]
) -> None:
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        found = school_lists.ending(
            session, by=world.administrator, school=world.school, on=world.on, offset=0, limit=500
        )
    last = world.on + timedelta(days=29)
    assert found.total == len(found.shown) > LEAST
    assert {one.company for one in found.shown} == {"Zorghuis De Es"}
    assert all(world.on < one.until_on <= last for one in found.shown)


def test_the_number_of_queries_does_not_grow_with_the_school(
    engine: sa.Engine, world: World
) -> None:
    with counted(engine) as for_few:
        figures(engine, world)
    add_crowd(engine, world, 60)
    with counted(engine) as for_many:
        figures(engine, world)
    # Who was away is looked at in three more, however many they are.
    assert len(for_few) <= len(for_many) <= len(for_few) + 3 <= 20


@contextmanager
def counted(engine: sa.Engine) -> Iterator[list[str]]:
    seen: list[str] = []

    def see(*arguments: object) -> None:
        seen.append(str(arguments[2]))

    sa.event.listen(engine, "before_cursor_execute", see)
    yield seen
    sa.event.remove(engine, "before_cursor_execute", see)
