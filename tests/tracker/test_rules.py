"""The rules about what waits and what is silent: from which day on, and with which facts."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from tests.known import (
    COACH,
    GOAL,
    HERE,
    ON,
    OTHER_GOAL,
    SELF,
    SUPERVISOR,
    TEACHER,
    THERE,
    absence,
    ago,
    asked,
    fired,
    goal,
    holiday,
    judgement,
    piece,
    placement,
    plan,
)
from tracker.facts import Pause, PlacementFact, Rater, SourceFact, Thresholds
from tracker.rules import signals
from tracker.signals import Fact, FactKind, Group, Rule, Signal, group_of, place

# --- unanswered ------------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "fires"), [(-1, False), (0, False), (7, False), (8, True)])
def test_a_request_that_waits_for_more_than_a_week_fires_and_names_who_owes_it(
    days: int, fires: bool
) -> None:
    request = asked(days, SUPERVISOR, by_id=SELF, goal_id=GOAL)
    signal = fired(plan(requests=[request]), Rule.UNANSWERED)
    assert (signal is not None) is fires
    if signal:
        assert (signal.since, signal.goal_id, signal.about) == (ago(days), GOAL, request.id)
        assert (signal.owed_by, signal.owed_by_id) == (Rater.SUPERVISOR, SUPERVISOR)
        assert signal.facts == (
            Fact(FactKind.ASKED, on=ago(days), days=days, by_id=SELF),
            Fact(FactKind.OWED_BY, by=Rater.SUPERVISOR, by_id=SUPERVISOR),
            Fact(FactKind.THRESHOLD, days=7),
        )


def test_a_question_to_nobody_in_particular_is_one_for_any_coach() -> None:
    signal = fired(plan(requests=[asked(9, None, is_question=True)]), Rule.UNANSWERED)
    assert signal is not None
    assert (signal.owed_by, signal.owed_by_id) == (Rater.COACH, None)
    assert group_of(signal, reader_id=COACH, reader=Rater.COACH) is Group.WAITS_FOR_YOU
    assert group_of(signal, reader_id=TEACHER, reader=Rater.OTHER) is Group.WAITS_FOR_OTHERS
    assert group_of(signal) is Group.WAITS_FOR_OTHERS
    assert group_of(Signal(Rule.UNANSWERED, ON, ())) is Group.WAITS_FOR_OTHERS


def test_what_one_person_owes_waits_for_that_person_only() -> None:
    signal = fired(plan(requests=[asked(9, COACH)]), Rule.UNANSWERED)
    assert signal is not None
    assert group_of(signal, reader_id=COACH, reader=Rater.COACH) is Group.WAITS_FOR_YOU
    assert group_of(signal, reader_id=UUID(int=99), reader=Rater.COACH) is Group.WAITS_FOR_OTHERS
    assert group_of(signal, reader=Rater.COACH) is Group.WAITS_FOR_OTHERS


@pytest.mark.parametrize(
    ("days", "to", "pauses", "fires"),
    [
        (12, COACH, [holiday(10, 5)], False),
        (13, COACH, [holiday(10, 5)], True),
        (12, SUPERVISOR, [absence(10, 5)], True),  # that the student is away stops nobody else
        (15, SUPERVISOR, [holiday(10, 5), absence(12, 3)], True),
        (12, SELF, [absence(10, 5)], False),  # the student's own answer
    ],
)
def test_an_answer_may_wait_in_the_holidays_of_who_owes_it(
    days: int, to: UUID, pauses: list[Pause], fires: bool
) -> None:
    facts = plan(requests=[asked(days, to)], pauses=pauses)
    assert (fired(facts, Rule.UNANSWERED) is not None) is fires


def test_a_clock_that_stood_still_says_for_how_long() -> None:
    facts = plan(requests=[asked(20, COACH)], pauses=[holiday(10, 5), absence(20, 0)])
    signal = fired(facts, Rule.UNANSWERED)
    assert signal is not None
    assert Fact(FactKind.PAUSED, days=5) in signal.facts
    assert signal.since == ago(20)


def test_each_request_waits_by_itself_and_the_longest_comes_first() -> None:
    requests = [asked(9, COACH), asked(30, SUPERVISOR, id=UUID(int=91)), asked(2, COACH)]
    found = signals(plan(requests=requests), on=ON)
    assert [signal.about for signal in found] == [UUID(int=91), UUID(int=90)]


# --- nothing shared --------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "fires"), [(20, False), (21, True), (40, True)])
def test_nothing_shared_fires_after_three_weeks_of_a_running_placement(
    days: int, fires: bool
) -> None:
    signal = fired(plan(placements=[placement(days, -60)]), Rule.NOTHING_SHARED)
    assert (signal is not None) is fires
    if signal:
        assert signal.since == ago(days)
        assert signal.facts == (
            Fact(FactKind.IN_PLACEMENT, on=ago(days), days=days, placement_id=HERE),
            Fact(FactKind.THRESHOLD, days=21),
        )


def test_a_shared_piece_starts_the_clock_again() -> None:
    facts = plan(placements=[placement(90, -60)], shared=[piece(20, GOAL)])
    assert fired(facts, Rule.NOTHING_SHARED) is None
    signal = fired(replace(facts, shared=[piece(25, GOAL)]), Rule.NOTHING_SHARED)
    assert signal is not None
    assert signal.since == ago(25)
    assert Fact(FactKind.LAST_SHARED, on=ago(25), days=25) in signal.facts


def test_a_talk_starts_the_clock_again_and_is_told() -> None:
    facts = plan(placements=[placement(90, -60)], talked_on=[ago(5)])
    assert fired(facts, Rule.NOTHING_SHARED) is None
    signal = fired(replace(facts, talked_on=[ago(30), ago(22)]), Rule.NOTHING_SHARED)
    assert signal is not None
    assert Fact(FactKind.LAST_TALK, on=ago(22), days=22) in signal.facts


def test_the_clock_starts_at_the_placement_when_the_last_piece_is_older() -> None:
    facts = plan(placements=[placement(10, -60)], shared=[piece(80, GOAL)])
    assert fired(facts, Rule.NOTHING_SHARED) is None


@pytest.mark.parametrize("running", [[], [placement(90, 0)], [placement(-1, -60)]])
def test_nothing_shared_is_silent_outside_a_placement(running: list[PlacementFact]) -> None:
    assert fired(plan(placements=running), Rule.NOTHING_SHARED) is None


def test_a_placement_counts_until_its_last_day() -> None:
    assert fired(plan(placements=[placement(30, -1)]), Rule.NOTHING_SHARED) is not None
    assert fired(plan(placements=[placement(30, 0)]), Rule.NOTHING_SHARED) is None


def test_of_two_placements_the_first_is_told() -> None:
    facts = plan(placements=[placement(3, -60, THERE), placement(40, -60)])
    signal = fired(facts, Rule.NOTHING_SHARED)
    assert signal is not None
    assert (signal.since, signal.facts[0].placement_id) == (ago(40), HERE)


@pytest.mark.parametrize(
    ("days", "pauses", "fires"),
    [
        (35, [holiday(20, 10), absence(15, 5)], False),  # fifteen days, for five count once
        (36, [holiday(20, 10), absence(15, 5)], True),
        (27, [absence(10, 3)], False),
        (28, [absence(10, 3)], True),
        (28, [absence(3, -9)], True),  # it had fired before the absence began
        (22, [absence(3, -9)], False),
    ],
)
def test_holidays_and_absence_stop_the_clock_of_a_silence(
    days: int, pauses: list[Pause], fires: bool
) -> None:
    silence = plan(placements=[placement(days, -60)], pauses=pauses)
    assert (fired(silence, Rule.NOTHING_SHARED) is not None) is fires
    untouched = plan(goals=[goal(days + 21)], pauses=pauses)
    assert (fired(untouched, Rule.GOAL_UNTOUCHED) is not None) is fires


def test_a_silence_says_how_old_the_news_of_each_source_is() -> None:
    sources = [
        SourceFact("Toetsen", None, ago(3)),
        SourceFact("Leeromgeving", ago(9), ago(2)),
        SourceFact("Rooster", ago(-1), ago(-1)),  # not yet
        SourceFact("Roostermaker", None, None),
    ]
    facts = plan(placements=[placement(30, -60)], sources=sources)
    signal = fired(facts, Rule.NOTHING_SHARED)
    assert signal is not None
    assert [fact for fact in signal.facts if fact.source] == [
        Fact(FactKind.LAST_ACTIVITY, on=ago(9), days=9, source="Leeromgeving"),
        Fact(FactKind.LAST_IMPORT, on=ago(2), days=2, source="Leeromgeving"),
        Fact(FactKind.LAST_IMPORT, on=ago(3), days=3, source="Toetsen"),
    ]


def test_what_a_source_told_neither_wakes_nor_breaks_a_silence() -> None:
    told = [SourceFact("Leeromgeving", ON, ON)]
    assert fired(plan(placements=[placement(30, -60)], sources=told), Rule.NOTHING_SHARED)
    assert signals(plan(placements=[placement(5, -60)], sources=told), on=ON) == ()


def test_a_school_sets_its_own_days() -> None:
    limits = Thresholds(unanswered_days=3, nothing_shared_days=10, goal_untouched_days=20)
    facts = plan(placements=[placement(10, -60)], goals=[goal(20)], requests=[asked(4, COACH)])
    assert signals(facts, on=ON) == ()
    found = signals(facts, on=ON, thresholds=limits)
    assert {signal.rule: signal.facts[-1].days for signal in found} == {
        Rule.UNANSWERED: 3,
        Rule.NOTHING_SHARED: 10,
        Rule.GOAL_UNTOUCHED: 20,
    }


# --- goal untouched --------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "fires"), [(41, False), (42, True)])
def test_a_goal_that_nobody_touches_fires_after_six_weeks(days: int, fires: bool) -> None:
    signal = fired(plan(goals=[goal(days)]), Rule.GOAL_UNTOUCHED)
    assert (signal is not None) is fires
    if signal:
        assert signal.since == ago(days)
        assert signal.goal_id == GOAL
        assert signal.facts[0] == Fact(FactKind.GOAL_SET, on=ago(days), days=days)


@pytest.mark.parametrize(
    "touch",
    [
        {"goals": [goal(100, touched_on=ago(10))]},
        {"judgements": [judgement(SELF, 0, 10)]},
        {"shared": [piece(10, GOAL)]},
    ],
)
def test_an_edit_a_judgement_or_a_shared_piece_touches_a_goal(touch: dict[str, Any]) -> None:
    facts = plan(**({"goals": [goal(100)]} | touch))
    assert fired(facts, Rule.GOAL_UNTOUCHED) is None


def test_a_piece_for_another_goal_does_not_touch_this_one() -> None:
    facts = plan(goals=[goal(100)], shared=[piece(10, OTHER_GOAL)])
    assert fired(facts, Rule.GOAL_UNTOUCHED) is not None


def test_a_goal_that_is_not_active_asks_for_nothing() -> None:
    facts = plan(
        goals=[goal(100, is_active=False)],
        judgements=[judgement(SELF, 3, 9), judgement(COACH, 0, 9)],
    )
    assert signals(facts, on=ON) == ()


# --- order -----------------------------------------------------------------------------------


def test_signals_stand_by_group_then_by_how_long_they_wait() -> None:
    facts = plan(
        goals=[goal(50), goal(70, id=OTHER_GOAL)],
        placements=[placement(60, -60)],
        judgements=[
            judgement(SELF, 0, 9, goal_ids=frozenset({UUID(int=9)})),
            judgement(SELF, 0, 9, goal_ids=frozenset({UUID(int=8)})),
            judgement(COACH, 2, 9, goal_ids=frozenset({UUID(int=8)})),
        ],
    )
    facts = replace(facts, goals=[*facts.goals, goal(60, id=UUID(int=8))])
    assert [signal.rule for signal in signals(facts, on=ON)] == [
        Rule.RATERS_APART,
        Rule.GOAL_UNTOUCHED,
        Rule.NOTHING_SHARED,
        Rule.GOAL_UNTOUCHED,
        Rule.FIRST_INDEPENDENT,
    ]


def test_a_page_is_ordered_by_group_then_waiting_then_name() -> None:
    apart = Signal(Rule.RATERS_APART, ago(2), ())
    silent = Signal(Rule.NOTHING_SHARED, ago(40), ())
    untouched = Signal(Rule.GOAL_UNTOUCHED, ago(50), ())
    news = Signal(Rule.FIRST_INDEPENDENT, ago(9), (), good_news=True)
    rows = [(news, "Ada"), (silent, "bram"), (silent, "Amira"), (untouched, "Zoë"), (apart, "Zoë")]
    assert sorted(rows, key=lambda row: place(*row)) == [
        (apart, "Zoë"),
        (untouched, "Zoë"),
        (silent, "Amira"),
        (silent, "bram"),
        (news, "Ada"),
    ]
