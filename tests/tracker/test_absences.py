"""Declared absence: days and never a reason, and the student's own clocks stand still."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.tracker.signalled import days, fired
from tests.world import World
from tracker.absences import (
    AHEAD_DAYS,
    LONGEST_DAYS,
    absences_of,
    declare_absence,
    withdraw_absence,
)
from tracker.errors import Conflict, Invalid, NotAllowed, NotFound
from tracker.models import (
    Absence,
    AuditEvent,
    Evidence,
    LearningPlan,
    Person,
    PlanRole,
    PlanState,
)
from tracker.permissions import find
from tracker.plans import add_member
from tracker.requests import ask
from tracker.signals import FactKind, Rule


def plan_in(work: Session, world: World) -> LearningPlan:
    return work.get_one(LearningPlan, (world.school.id, world.plan.id))


def declare(work: Session, world: World, by: Person, from_day: int, until_day: int) -> Absence:
    return declare_absence(
        work,
        by=by,
        plan=plan_in(work, world),
        from_on=days(world, from_day),
        until_on=days(world, until_day),
        on=world.on,
        at=world.at,
    )


def withdraw(work: Session, world: World, by: Person, absence: Absence) -> None:
    withdraw_absence(work, by=by, absence=absence, on=world.on, at=world.at)


def seen(work: Session, world: World, person: Person) -> list[Absence]:
    found = absences_of(work, plan_id=world.plan.id, person=person, on=world.on, limit=50)
    return list(found)


@pytest.mark.parametrize("who", ["student", "coach"])
def test_the_student_or_the_coach_says_that_the_student_is_away(
    work: Session, world: World, who: str
) -> None:
    by = getattr(world, who)
    absence = declare(work, world, by, 1, 8)
    assert (absence.by_id, absence.from_on, absence.until_on) == (
        by.id,
        days(world, 1),
        days(world, 8),
    )
    for reader in (world.student, world.coach, world.administrator):
        assert seen(work, world, reader) == [absence]


@pytest.mark.parametrize("who", ["supervisor", "administrator", "teacher", "other_coach"])
def test_nobody_else_declares_or_takes_back_absence(work: Session, world: World, who: str) -> None:
    absence = declare(work, world, world.student, 1, 8)
    with pytest.raises(NotAllowed):
        declare(work, world, getattr(world, who), 20, 28)
    with pytest.raises(NotAllowed):
        withdraw(work, world, getattr(world, who), absence)
    assert seen(work, world, world.student) == [absence]


def test_the_core_team_sees_absence_and_does_not_declare_it(work: Session, world: World) -> None:
    add_member(
        work,
        by=None,
        plan=plan_in(work, world),
        person=world.teacher,
        role=PlanRole.TEAM,
        from_on=world.on,
        at=world.at,
    )
    absence = declare(work, world, world.student, 1, 8)
    assert seen(work, world, world.teacher) == [absence]
    with pytest.raises(NotAllowed):
        declare(work, world, world.teacher, 20, 28)


@pytest.mark.parametrize("who", ["supervisor", "other_student", "other_coach", "teacher"])
def test_absence_stays_between_the_student_and_the_school(
    work: Session, world: World, who: str
) -> None:
    absence = declare(work, world, world.student, 1, 8)
    reader = getattr(world, who)
    assert seen(work, world, reader) == []
    with pytest.raises(NotFound):
        find(work, Absence, absence.id, person=reader, on=world.on)


def test_absence_has_no_place_for_a_reason() -> None:
    kinds = {type(column.type) for column in Absence.__table__.columns}
    assert not [kind for kind in kinds if issubclass(kind, sa.String)]


@pytest.mark.parametrize(
    ("from_day", "until_day", "fields"),
    [
        (5, 5, {"until_on": "date.before_start"}),
        (5, 4, {"until_on": "date.before_start"}),
        (5, 5 + LONGEST_DAYS + 1, {"until_on": "absence.too_long"}),
        (AHEAD_DAYS + 1, AHEAD_DAYS + 2, {"from_on": "date.too_far"}),
    ],
)
def test_absence_begins_before_it_ends_and_within_bounds(
    work: Session, world: World, from_day: int, until_day: int, fields: dict[str, str]
) -> None:
    with pytest.raises(Invalid) as refusal:
        declare(work, world, world.student, from_day, until_day)
    assert refusal.value.fields == fields
    assert seen(work, world, world.student) == []


def test_absence_may_lie_behind_us_and_last_a_year(work: Session, world: World) -> None:
    behind = declare(work, world, world.student, -20, -10)
    longest = declare(work, world, world.student, 0, LONGEST_DAYS)
    assert seen(work, world, world.coach) == [longest, behind]


@pytest.mark.parametrize(("from_day", "until_day"), [(1, 8), (2, 7), (1, 2)])
def test_days_that_were_declared_are_not_declared_again(
    work: Session, world: World, from_day: int, until_day: int
) -> None:
    absence = declare(work, world, world.student, 1, 8)
    with pytest.raises(Conflict) as refusal:
        declare(work, world, world.coach, from_day, until_day)
    assert refusal.value.code == "absence.declared_already"
    assert seen(work, world, world.student) == [absence]


def test_who_stays_away_longer_declares_more_days(work: Session, world: World) -> None:
    first = declare(work, world, world.student, 1, 8)
    more = declare(work, world, world.student, 5, 12)
    assert seen(work, world, world.student) == [more, first]
    assert Rule.NOTHING_SHARED not in fired(work, world, world.coach, 31)
    assert Rule.NOTHING_SHARED in fired(work, world, world.coach, 32)


def test_absence_is_taken_back_once_by_either_and_may_be_declared_again(
    work: Session, world: World
) -> None:
    absence = declare(work, world, world.student, 1, 8)
    withdraw(work, world, world.coach, absence)
    assert seen(work, world, world.student) == []
    with pytest.raises(Conflict) as refusal:
        withdraw(work, world, world.student, absence)
    assert refusal.value.code == "absence.withdrawn"
    again = declare(work, world, world.student, 1, 8)
    assert seen(work, world, world.student) == [again]


def test_a_closed_plan_takes_no_absence_and_lets_one_go(work: Session, world: World) -> None:
    absence = declare(work, world, world.student, 1, 8)
    plan_in(work, world).state = PlanState.CLOSED
    work.flush()
    with pytest.raises(Conflict) as refusal:
        declare(work, world, world.student, 20, 28)
    assert refusal.value.code == "plan.closed"
    withdraw(work, world, world.student, absence)
    assert seen(work, world, world.student) == []


def test_declaring_and_taking_back_are_remembered_with_the_plan(
    work: Session, world: World
) -> None:
    absence = declare(work, world, world.student, 1, 8)
    withdraw(work, world, world.coach, absence)
    said = work.scalars(
        sa.select(AuditEvent).where(AuditEvent.subject_id == absence.id).order_by(AuditEvent.id)
    )
    assert [(event.verb, event.by_id, event.plan_id) for event in said] == [
        ("declared absence", world.student.id, world.plan.id),
        ("withdrew absence", world.coach.id, world.plan.id),
    ]


def test_who_is_away_is_not_silent(work: Session, world: World) -> None:
    absence = declare(work, world, world.student, 5, 15)
    assert Rule.NOTHING_SHARED not in fired(work, world, world.coach, 30)
    silence = fired(work, world, world.coach, 31)[Rule.NOTHING_SHARED]
    still = next(fact for fact in silence.facts if fact.kind is FactKind.PAUSED)
    assert still.days == 10
    withdraw(work, world, world.student, absence)
    assert Rule.NOTHING_SHARED in fired(work, world, world.coach, 21)


def test_absence_ahead_stops_no_clock_yet(work: Session, world: World) -> None:
    declare(work, world, world.student, 21, 40)
    assert Rule.NOTHING_SHARED in fired(work, world, world.coach, 21)


def test_a_goal_rests_while_the_student_is_away(work: Session, world: World) -> None:
    declare(work, world, world.student, 5, 15)
    assert Rule.GOAL_UNTOUCHED not in fired(work, world, world.coach, 51)
    assert Rule.GOAL_UNTOUCHED in fired(work, world, world.coach, 52)


def test_who_owes_the_student_an_answer_is_not_away(work: Session, world: World) -> None:
    piece = work.get_one(Evidence, (world.school.id, world.shared.id))
    ask(
        work,
        by=world.student,
        to=world.coach,
        subject=piece,
        words=None,
        on=world.on,
        at=world.at,
    )
    declare(work, world, world.student, 0, 30)
    assert Rule.UNANSWERED in fired(work, world, world.coach, 8)


def test_the_clocks_of_another_student_run_on(work: Session, world: World) -> None:
    declare(work, world, world.student, 0, 30)
    assert Rule.GOAL_UNTOUCHED in fired(work, world, world.other_coach, 42)
