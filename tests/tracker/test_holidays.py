"""Holidays of the school: no clock runs, for nobody."""

from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.tracker.signalled import days, fired
from tests.world import World
from tracker.db import unit_of_work
from tracker.errors import Conflict, Invalid, NotAllowed
from tracker.facts import Pause, PauseKind
from tracker.holidays import (
    AHEAD_DAYS,
    LONGEST_DAYS,
    add_holiday,
    holidays_of,
    pauses_of,
    remove_holiday,
)
from tracker.models import AuditEvent, Evidence, Holiday, Person, School
from tracker.permissions import find
from tracker.requests import ask
from tracker.signals import FactKind, Rule


def add(
    work: Session, world: World, from_on: date, until_on: date, *, by: Person | None = None
) -> Holiday:
    return add_holiday(
        work,
        by=by or world.administrator,
        school=world.school,
        name="Kerstvakantie",
        from_on=from_on,
        until_on=until_on,
        on=world.on,
        at=world.at,
    )


def remove(work: Session, world: World, holiday: Holiday, *, by: Person | None = None) -> None:
    remove_holiday(work, by=by or world.administrator, holiday=holiday, on=world.on, at=world.at)


def test_the_administrator_adds_a_holiday_that_everybody_in_school_sees(
    work: Session, world: World
) -> None:
    holiday = add(work, world, days(world, 10), days(world, 24))
    assert list(holidays_of(work, school=world.school)) == [holiday]
    for person in (world.student, world.coach, world.supervisor, world.teacher):
        assert find(work, Holiday, holiday.id, person=person, on=world.on) is holiday


@pytest.mark.parametrize("who", ["student", "coach", "supervisor", "teacher", "other_coach"])
def test_nobody_else_adds_or_takes_back_a_holiday(work: Session, world: World, who: str) -> None:
    holiday = add(work, world, days(world, 10), days(world, 24))
    with pytest.raises(NotAllowed):
        add(work, world, days(world, 30), days(world, 40), by=getattr(world, who))
    with pytest.raises(NotAllowed):
        remove(work, world, holiday, by=getattr(world, who))
    assert list(holidays_of(work, school=world.school)) == [holiday]


@pytest.mark.parametrize(
    ("from_day", "until_day", "fields"),
    [
        (5, 5, {"until_on": "date.before_start"}),
        (5, 4, {"until_on": "date.before_start"}),
        (5, 5 + LONGEST_DAYS + 1, {"until_on": "holiday.too_long"}),
        (AHEAD_DAYS + 1, AHEAD_DAYS + 2, {"from_on": "date.too_far"}),
    ],
)
def test_a_holiday_begins_before_it_ends_and_within_bounds(
    work: Session, world: World, from_day: int, until_day: int, fields: dict[str, str]
) -> None:
    with pytest.raises(Invalid) as refusal:
        add(work, world, days(world, from_day), days(world, until_day))
    assert refusal.value.fields == fields
    assert list(holidays_of(work, school=world.school)) == []


def test_the_longest_and_the_farthest_holiday_are_taken(work: Session, world: World) -> None:
    add(work, world, days(world, 0), days(world, LONGEST_DAYS))
    add(work, world, days(world, AHEAD_DAYS), days(world, AHEAD_DAYS + 1))
    assert len(holidays_of(work, school=world.school)) == 2


def test_the_same_days_are_a_holiday_once(work: Session, world: World) -> None:
    add(work, world, days(world, 10), days(world, 24))
    with pytest.raises(Conflict) as refusal:
        add(work, world, days(world, 10), days(world, 24))
    assert refusal.value.code == "holiday.known"
    add(work, world, days(world, 12), days(world, 26))


def test_a_holiday_is_taken_back_once_and_may_come_back(work: Session, world: World) -> None:
    holiday = add(work, world, days(world, 10), days(world, 24))
    remove(work, world, holiday)
    assert list(holidays_of(work, school=world.school)) == []
    with pytest.raises(Conflict) as refusal:
        remove(work, world, holiday)
    assert refusal.value.code == "holiday.removed"
    add(work, world, days(world, 10), days(world, 24))


def test_adding_and_taking_back_are_remembered(work: Session, world: World) -> None:
    holiday = add(work, world, days(world, 10), days(world, 24))
    remove(work, world, holiday)
    said = work.scalars(
        sa.select(AuditEvent).where(AuditEvent.subject_id == holiday.id).order_by(AuditEvent.id)
    )
    assert [(event.verb, event.by_id) for event in said] == [
        ("added holiday", world.administrator.id),
        ("removed holiday", world.administrator.id),
    ]


def test_holidays_come_newest_first(work: Session, world: World) -> None:
    first = add(work, world, days(world, 10), days(world, 24))
    second = add(work, world, days(world, 80), days(world, 90))
    assert list(holidays_of(work, school=world.school)) == [second, first]


def test_another_school_has_its_own_holidays(engine: sa.Engine, world: World) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        add(session, world, days(world, 10), days(world, 24))
        assert pauses_of(session, school=world.school) == (
            Pause(PauseKind.HOLIDAY, days(world, 10), days(world, 24)),
        )
    school_id = world.elsewhere.school_id
    with unit_of_work(engine, school_id=school_id, writes=False) as session:
        assert pauses_of(session, school=session.get_one(School, school_id)) == ()


def test_silence_in_a_holiday_is_no_silence(work: Session, world: World) -> None:
    assert Rule.NOTHING_SHARED in fired(work, world, world.coach, 21)
    holiday = add(work, world, days(world, 5), days(world, 15))
    assert Rule.NOTHING_SHARED not in fired(work, world, world.coach, 30)
    silence = fired(work, world, world.coach, 31)[Rule.NOTHING_SHARED]
    assert silence.since == world.on
    still = next(fact for fact in silence.facts if fact.kind is FactKind.PAUSED)
    assert still.days == 10
    remove(work, world, holiday)
    assert Rule.NOTHING_SHARED in fired(work, world, world.coach, 21)


def test_a_goal_rests_in_a_holiday(work: Session, world: World) -> None:
    assert Rule.GOAL_UNTOUCHED in fired(work, world, world.coach, 42)
    add(work, world, days(world, 5), days(world, 15))
    assert Rule.GOAL_UNTOUCHED not in fired(work, world, world.coach, 51)
    assert Rule.GOAL_UNTOUCHED in fired(work, world, world.coach, 52)


def test_who_owes_an_answer_has_holiday_too(work: Session, world: World) -> None:
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
    assert Rule.UNANSWERED in fired(work, world, world.coach, 8)
    add(work, world, days(world, 2), days(world, 6))
    assert Rule.UNANSWERED not in fired(work, world, world.coach, 11)
    assert Rule.UNANSWERED in fired(work, world, world.coach, 12)
