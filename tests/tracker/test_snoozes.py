"""Putting a signal off: this one, for oneself, until a day, with a reason."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.tracker.signalled import days
from tests.world import World
from tracker.db import new_id
from tracker.errors import Conflict, Invalid, NotAllowed, NotFound
from tracker.goals import add_goal
from tracker.models import (
    AuditEvent,
    Evidence,
    FrameworkItem,
    LearningPlan,
    Person,
    Placement,
    PlanMember,
    PlanRole,
    PlanState,
    Snooze,
)
from tracker.opportunities import say_opportunity
from tracker.overview import Row, rows_for
from tracker.permissions import find
from tracker.plans import add_member
from tracker.questions import ask_question
from tracker.requests import ask
from tracker.signals import Rule
from tracker.snoozes import ABOUT, LONGEST_DAYS, end_snooze, snooze


def plan_in(work: Session, world: World) -> LearningPlan:
    return work.get_one(LearningPlan, (world.school.id, world.plan.id))


def put(
    work: Session,
    world: World,
    by: Person,
    rule: Rule = Rule.RATERS_APART,
    about: UUID | None = None,
    *,
    until: int = 7,
    on: int = 0,
) -> Snooze:
    """Put a signal off; about the world's goal unless told otherwise."""
    return snooze(
        work,
        by=by,
        plan=plan_in(work, world),
        rule=rule,
        about=world.goal.id if about is None and ABOUT[rule] else about,
        until_on=days(world, until),
        reason="We spreken elkaar vrijdag.",
        on=days(world, on),
        at=world.at + timedelta(days=on),
    )


def end(work: Session, world: World, by: Person, put_off: Snooze, *, on: int = 0) -> None:
    end_snooze(work, by=by, snooze=put_off, on=days(world, on), at=world.at + timedelta(days=on))


def row(work: Session, world: World, reader: Person, count: int = 0) -> Row:
    """Return what a reader sees of the plan so many days from now."""
    on = days(world, count)
    (found,) = rows_for(work, reader=reader, school=world.school, on=on, plan_id=world.plan.id)
    return found


def rules(work: Session, world: World, reader: Person, count: int = 0) -> set[Rule]:
    return {signal.rule for signal in row(work, world, reader, count).signals}


def placed(work: Session, world: World, person: Person, role: PlanRole) -> PlanMember:
    return add_member(
        work,
        by=None,
        plan=plan_in(work, world),
        person=person,
        role=role,
        from_on=world.on - timedelta(days=1),
        at=world.at,
    )


def test_what_is_put_off_is_silent_until_its_day_and_speaks_again_then(
    work: Session, world: World
) -> None:
    assert Rule.RATERS_APART in rules(work, world, world.coach)
    put(work, world, world.coach, until=7)
    assert Rule.RATERS_APART not in rules(work, world, world.coach, 0)
    assert Rule.RATERS_APART not in rules(work, world, world.coach, 6)
    assert Rule.RATERS_APART in rules(work, world, world.coach, 7)


def test_what_is_put_off_is_told_apart_with_its_reason(work: Session, world: World) -> None:
    put_off = put(work, world, world.coach, until=7)
    (told,) = row(work, world, world.coach).put_off
    assert (told.id, told.until_on, told.reason) == (
        put_off.id,
        days(world, 7),
        "We spreken elkaar vrijdag.",
    )
    assert (told.signal.rule, told.signal.goal_id) == (Rule.RATERS_APART, world.goal.id)
    assert row(work, world, world.coach, 7).put_off == ()


def test_others_still_see_what_one_put_off(work: Session, world: World) -> None:
    placed(work, world, world.other_coach, PlanRole.COACH)
    put(work, world, world.coach)
    for other in (world.other_coach, world.student):
        assert Rule.RATERS_APART in rules(work, world, other)
        assert row(work, world, other).put_off == ()


def test_only_the_goal_that_was_named_is_put_off(work: Session, world: World) -> None:
    second = add_goal(
        work,
        by=world.student,
        plan=plan_in(work, world),
        question="Hoe dan?",
        title="Ik durf te bellen",
        success="Ik belde.",
        target_anchor=None,
        target_on=None,
        items=[],
        on=world.on,
        at=world.at,
    )
    put(work, world, world.coach, Rule.GOAL_UNTOUCHED, second.id, on=42, until=50)
    speaking = row(work, world, world.coach, 42).signals
    untouched = [signal.goal_id for signal in speaking if signal.rule is Rule.GOAL_UNTOUCHED]
    assert untouched == [world.goal.id]


def test_another_rule_about_the_same_goal_goes_on(work: Session, world: World) -> None:
    put(work, world, world.coach, Rule.RATERS_APART, until=60)
    assert Rule.GOAL_UNTOUCHED in rules(work, world, world.coach, 42)


def test_what_is_put_off_measures_the_same(work: Session, world: World) -> None:
    before = row(work, world, world.coach).measures
    put(work, world, world.coach)
    assert row(work, world, world.coach).measures == before


def test_what_is_brought_back_speaks_at_once(work: Session, world: World) -> None:
    put_off = put(work, world, world.coach)
    end(work, world, world.coach, put_off)
    assert Rule.RATERS_APART in rules(work, world, world.coach)
    with pytest.raises(Conflict) as refusal:
        end(work, world, world.coach, put_off)
    assert refusal.value.code == "snooze.ended"


def test_what_speaks_again_by_itself_is_not_brought_back(work: Session, world: World) -> None:
    put_off = put(work, world, world.coach, until=7)
    with pytest.raises(Conflict) as refusal:
        end(work, world, world.coach, put_off, on=7)
    assert refusal.value.code == "snooze.ended"
    assert put_off.ended_at is None


def test_putting_off_again_sets_another_day_and_one_way_back(work: Session, world: World) -> None:
    first = put(work, world, world.coach, until=30)
    second = put(work, world, world.coach, until=7)
    assert (first.ended_at, second.ended_at) == (world.at, None)
    (told,) = row(work, world, world.coach).put_off
    assert told.id == second.id
    assert Rule.RATERS_APART in rules(work, world, world.coach, 7)
    end(work, world, world.coach, second)
    assert Rule.RATERS_APART in rules(work, world, world.coach)


def test_core_team_puts_off_for_themselves_too(work: Session, world: World) -> None:
    placed(work, world, world.teacher, PlanRole.TEAM)
    put(work, world, world.teacher)
    assert Rule.RATERS_APART not in rules(work, world, world.teacher)
    assert Rule.RATERS_APART in rules(work, world, world.coach)


def test_supervisor_puts_off_the_end_of_the_own_placement(work: Session, world: World) -> None:
    put_off = put(work, world, world.supervisor, Rule.PLACEMENT_ENDS, world.placement.id)
    assert find(work, Snooze, put_off.id, person=world.supervisor, on=world.on) is put_off


@pytest.mark.parametrize("who", ["student", "administrator", "other_coach", "teacher"])
def test_nobody_else_puts_a_signal_off(work: Session, world: World, who: str) -> None:
    with pytest.raises(NotAllowed):
        put(work, world, getattr(world, who))
    assert work.scalars(sa.select(Snooze)).all() == []


def test_a_fellow_student_puts_nothing_off(work: Session, world: World) -> None:
    placed(work, world, world.other_student, PlanRole.PEER)
    with pytest.raises(NotAllowed):
        put(work, world, world.other_student)


def test_what_one_put_off_is_nobody_elses(work: Session, world: World) -> None:
    placed(work, world, world.other_coach, PlanRole.COACH)
    put_off = put(work, world, world.coach)
    assert find(work, Snooze, put_off.id, person=world.coach, on=world.on) is put_off
    for other in (world.other_coach, world.supervisor, world.student, world.administrator):
        with pytest.raises(NotFound):
            find(work, Snooze, put_off.id, person=other, on=world.on)
    with pytest.raises(NotAllowed):
        end(work, world, world.other_coach, put_off)
    assert put_off.ended_at is None


def test_who_leaves_the_plan_sees_and_ends_nothing_of_it_any_more(
    work: Session, world: World
) -> None:
    member = placed(work, world, world.other_coach, PlanRole.COACH)
    put_off = put(work, world, world.other_coach)
    member.until_on = world.on
    work.flush()
    with pytest.raises(NotFound):
        find(work, Snooze, put_off.id, person=world.other_coach, on=world.on)
    with pytest.raises(NotAllowed):
        end(work, world, world.other_coach, put_off)


@pytest.mark.parametrize(
    ("until", "code"),
    [
        (-1, "date.not_in_future"),
        (0, "date.not_in_future"),
        (LONGEST_DAYS + 1, "snooze.too_long"),
    ],
)
def test_one_puts_off_for_a_day_at_least_and_not_for_ever(
    work: Session, world: World, until: int, code: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        put(work, world, world.coach, until=until)
    assert refusal.value.fields == {"until_on": code}
    assert put(work, world, world.coach, until=1).until_on == days(world, 1)
    assert put(work, world, world.coach, until=LONGEST_DAYS).until_on == days(world, LONGEST_DAYS)


def test_a_signal_is_put_off_for_what_it_is_about_and_nothing_else(
    work: Session, world: World
) -> None:
    wrong: list[tuple[Rule, UUID | None]] = [
        (Rule.RATERS_APART, world.other_goal.id),  # of another student
        (Rule.RATERS_APART, world.placement.id),  # of another kind
        (Rule.PLACEMENT_ENDS, world.goal.id),
        (Rule.NO_WORKPLACE, world.goal.id),
        (Rule.NOTHING_SHARED, world.goal.id),  # it is about the plan
        (Rule.UNANSWERED, new_id()),
    ]
    for rule, about in wrong:
        with pytest.raises(Invalid) as refusal:
            put(work, world, world.coach, rule, about)
        assert refusal.value.fields == {"about": "signal.not_there"}, rule
    with pytest.raises(Invalid):
        snooze(
            work,
            by=world.coach,
            plan=plan_in(work, world),
            rule=Rule.RATERS_APART,
            about=None,
            until_on=days(world, 7),
            reason="Zonder leerdoel.",
            on=world.on,
            at=world.at,
        )


def test_a_supervisor_puts_nothing_off_about_a_goal_that_they_do_not_see(
    work: Session, world: World
) -> None:
    hidden = add_goal(
        work,
        by=world.student,
        plan=plan_in(work, world),
        question="Hoe dan?",
        title="Ik durf te bellen",
        success="Ik belde.",
        target_anchor=None,
        target_on=None,
        items=[],
        on=world.on,
        at=world.at,
    )
    with pytest.raises(Invalid):
        put(work, world, world.supervisor, Rule.GOAL_UNTOUCHED, hidden.id)
    assert put(work, world, world.coach, Rule.GOAL_UNTOUCHED, hidden.id).about == hidden.id


def test_in_a_closed_plan_nothing_is_put_off_and_all_may_come_back(
    work: Session, world: World
) -> None:
    put_off = put(work, world, world.coach)
    plan_in(work, world).state = PlanState.CLOSED
    work.flush()
    with pytest.raises(Conflict) as refusal:
        put(work, world, world.coach)
    assert refusal.value.code == "plan.closed"
    end(work, world, world.coach, put_off)
    assert put_off.ended_at == world.at


def test_putting_off_and_bringing_back_are_remembered_with_the_plan(
    work: Session, world: World
) -> None:
    first = put(work, world, world.coach)
    second = put(work, world, world.coach)
    end(work, world, world.coach, second)
    said = work.scalars(
        sa.select(AuditEvent).where(AuditEvent.subject_kind == "snooze").order_by(AuditEvent.id)
    ).all()
    assert {(event.by_id, event.plan_id) for event in said} == {(world.coach.id, world.plan.id)}
    by_row = {
        key: [event.verb for event in said if event.subject_id == key]
        for key in (first.id, second.id)
    }
    assert by_row == {
        first.id: ["snoozed", "ended snooze"],
        second.id: ["snoozed", "ended snooze"],
    }


def test_every_rule_says_what_it_is_about() -> None:
    assert set(ABOUT) == set(Rule)


def test_every_signal_that_speaks_can_be_put_off(work: Session, world: World) -> None:
    """Requests, questions, goals, the placement, what it does not offer, and the plan itself."""
    told: dict[str, Any] = {"by": world.student, "on": world.on, "at": world.at}
    piece = work.get_one(Evidence, (world.school.id, world.shared.id))
    ask(work, to=world.coach, subject=piece, words=None, **told)
    ask_question(work, plan=plan_in(work, world), words="Waarom?", **told)
    say_opportunity(
        work,
        placement=work.get_one(Placement, (world.school.id, world.placement.id)),
        item=work.get_one(FrameworkItem, (world.school.id, world.items[1].id)),
        is_possible=False,
        **told,
    )
    work.execute(sa.update(Placement).values(until_on=days(world, 60)))
    work.expire_all()
    placed(work, world, world.other_coach, PlanRole.COACH)
    found = set()
    for count in (0, 14, 45):
        for signal in row(work, world, world.coach, count).signals:
            put(
                work,
                world,
                world.coach,
                signal.rule,
                signal.about,
                on=count,
                until=count + 1,
            )
            found.add(signal.rule)
        assert row(work, world, world.coach, count).signals == ()
        assert row(work, world, world.other_coach, count).signals != ()
    assert found >= {
        Rule.UNANSWERED,
        Rule.RATERS_APART,
        Rule.NOTHING_SHARED,
        Rule.GOAL_UNTOUCHED,
        Rule.NO_WORKPLACE,
    }
