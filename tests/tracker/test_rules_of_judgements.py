"""The rules about what was judged: raters who differ, and good news."""

from uuid import UUID

import pytest

from tests.known import (
    COACH,
    FIRST_PROCESS,
    GOAL,
    HERE,
    ON,
    OTHER_GOAL,
    SECOND_PROCESS,
    SECOND_SUPERVISOR,
    SELF,
    SUPERVISOR,
    TEACHER,
    THERE,
    ago,
    fired,
    goal,
    judged,
    judgement,
    plan,
)
from tracker.facts import JudgementFact, Rater, Thresholds
from tracker.rules import signals
from tracker.signals import Fact, FactKind, Rule

# --- raters apart ----------------------------------------------------------------------------


def test_raters_two_anchors_apart_are_something_to_talk_about() -> None:
    signal = fired(judged(judgement(SELF, 3, 21), judgement(SUPERVISOR, 1, 7)), Rule.RATERS_APART)
    assert signal is not None
    assert signal.since == ago(7)
    assert signal.goal_id == GOAL
    assert not signal.good_news
    high, low, threshold = signal.facts
    assert (high.by, high.by_id, high.anchor, high.label) == (Rater.SELF, SELF, 3, "goed")
    assert (low.by, low.anchor, low.label, low.on, low.days) == (
        Rater.SUPERVISOR,
        1,
        "oefenen",
        ago(7),
        7,
    )
    assert threshold == Fact(FactKind.THRESHOLD, anchors=2)


def test_raters_one_anchor_apart_are_not() -> None:
    assert fired(judged(judgement(SELF, 2, 21), judgement(COACH, 1, 7)), Rule.RATERS_APART) is None


def test_a_newer_judgement_by_the_same_rater_settles_it() -> None:
    facts = judged(judgement(SELF, 3, 21), judgement(COACH, 1, 9), judgement(COACH, 2, 3))
    assert fired(facts, Rule.RATERS_APART) is None


def test_of_one_day_the_judgement_recorded_last_is_the_latest() -> None:
    first, second = judgement(COACH, 1, 3), judgement(COACH, 2, 3)
    for said in ([first, second], [second, first]):
        assert fired(judged(judgement(SELF, 3, 21), *said), Rule.RATERS_APART) is None


@pytest.mark.parametrize(("days", "fires"), [(84, True), (85, False)])
def test_a_judgement_counts_for_twelve_weeks(days: int, fires: bool) -> None:
    facts = judged(judgement(SELF, 3, 5), judgement(COACH, 0, days))
    assert (fired(facts, Rule.RATERS_APART) is not None) is fires


def test_one_rater_who_moves_two_anchors_is_not_apart_from_anybody() -> None:
    assert fired(judged(judgement(SELF, 0, 21), judgement(SELF, 3, 2)), Rule.RATERS_APART) is None


def test_two_supervisors_are_two_raters() -> None:
    facts = judged(judgement(SUPERVISOR, 3, 9), judgement(SECOND_SUPERVISOR, 1, 3))
    assert fired(facts, Rule.RATERS_APART) is not None


def test_raters_of_different_goals_are_not_apart() -> None:
    facts = plan(
        goals=[goal(30), goal(30, id=OTHER_GOAL)],
        judgements=[
            judgement(SELF, 3, 5),
            judgement(COACH, 0, 5, goal_ids=frozenset({OTHER_GOAL})),
        ],
    )
    assert fired(facts, Rule.RATERS_APART) is None


def test_of_more_than_two_raters_the_furthest_apart_are_told() -> None:
    said = [judgement(by, anchor, 9) for by, anchor in ((SELF, 3), (COACH, 1), (TEACHER, 0))]
    signal = fired(judged(*said), Rule.RATERS_APART)
    assert signal is not None
    assert [fact.by for fact in signal.facts[:2]] == [Rater.SELF, Rater.OTHER]


def test_a_school_sets_its_own_thresholds() -> None:
    facts = judged(judgement(SELF, 2, 9), judgement(COACH, 1, 9))
    strict = Thresholds(gap=1)
    assert [s.rule for s in signals(facts, on=ON, thresholds=strict)] == [Rule.RATERS_APART]


def test_raters_of_an_item_by_itself_can_be_apart_too_and_the_item_is_named() -> None:
    about = {"goal_ids": frozenset(), "item_id": FIRST_PROCESS}
    said = [judgement(SELF, 3, 21, **about), judgement(COACH, 1, 7, **about)]
    signal = fired(judged(*said), Rule.RATERS_APART)
    assert signal is not None
    assert (signal.goal_id, signal.item_id, signal.about) == (None, FIRST_PROCESS, FIRST_PROCESS)
    assert [fact.anchor for fact in signal.facts] == [3, 1, None]


def test_two_items_or_an_item_and_a_goal_are_two_things_to_judge() -> None:
    first = {"goal_ids": frozenset(), "item_id": FIRST_PROCESS}
    second = {"goal_ids": frozenset(), "item_id": SECOND_PROCESS}
    said = [judgement(SELF, 3, 21, **first), judgement(COACH, 1, 7, **second)]
    assert fired(judged(*said, judgement(SUPERVISOR, 0, 3)), Rule.RATERS_APART) is None


def test_an_item_that_was_judged_with_a_goal_is_told_once() -> None:
    said = [
        judgement(by, anchor, 7, item_id=FIRST_PROCESS) for by, anchor in ((SELF, 3), (COACH, 1))
    ]
    found = [s for s in signals(judged(*said), on=ON) if s.rule is Rule.RATERS_APART]
    assert [(signal.goal_id, signal.item_id) for signal in found] == [(GOAL, None)]


# --- good news -------------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "fires"), [(0, True), (14, True), (15, False)])
def test_first_independent_is_news_for_two_weeks(days: int, fires: bool) -> None:
    signal = fired(judged(judgement(SUPERVISOR, 2, days)), Rule.FIRST_INDEPENDENT)
    assert (signal is not None) is fires
    if signal:
        assert signal.good_news
        assert signal.since == ago(days)
        assert (signal.facts[0].by, signal.facts[0].label) == (Rater.SUPERVISOR, "voldoende")


def test_the_students_own_word_is_not_yet_news() -> None:
    assert fired(judged(judgement(SELF, 3, 2)), Rule.FIRST_INDEPENDENT) is None


def test_what_was_seen_before_is_no_first_time() -> None:
    facts = judged(judgement(COACH, 2, 40), judgement(SUPERVISOR, 3, 2))
    assert fired(facts, Rule.FIRST_INDEPENDENT) is None


def test_transfer_is_shown_when_it_is_seen_in_a_second_placement() -> None:
    here, there = (
        judgement(SUPERVISOR, 2, 60, context=HERE),
        judgement(SECOND_SUPERVISOR, 2, 3, context=THERE),
    )
    signal = fired(judged(here, there), Rule.TRANSFER_SHOWN)
    assert signal is not None
    assert signal.good_news
    assert [fact.placement_id for fact in signal.facts[:2]] == [THERE, HERE]


@pytest.mark.parametrize(
    "second",
    [
        judgement(SUPERVISOR, 2, 3, context=HERE),
        judgement(SECOND_SUPERVISOR, 1, 3, context=THERE),
        judgement(SELF, 3, 3, context=THERE),
        judgement(COACH, 2, 3, context=None),
    ],
)
def test_transfer_needs_another_placement_and_another_eye(second: JudgementFact) -> None:
    facts = judged(judgement(SUPERVISOR, 2, 60, context=HERE), second)
    assert fired(facts, Rule.TRANSFER_SHOWN) is None


def test_a_third_placement_is_no_news_again() -> None:
    facts = judged(
        judgement(SUPERVISOR, 2, 90, context=HERE),
        judgement(SUPERVISOR, 2, 60, context=THERE),
        judgement(SUPERVISOR, 2, 3, context=UUID(int=77)),
    )
    assert fired(facts, Rule.TRANSFER_SHOWN) is None


def test_a_judgement_of_a_piece_speaks_of_the_goals_it_serves() -> None:
    of_piece = judgement(SUPERVISOR, 2, 9, goal_ids=frozenset({GOAL, OTHER_GOAL}))
    facts = plan(goals=[goal(30)], judgements=[of_piece])
    assert fired(facts, Rule.FIRST_INDEPENDENT) is not None


def test_a_school_sets_how_long_news_is_news() -> None:
    facts = judged(judgement(COACH, 2, 20))
    assert fired(facts, Rule.FIRST_INDEPENDENT) is None
    assert fired(facts, Rule.FIRST_INDEPENDENT, Thresholds(news_days=20)) is not None
    assert fired(facts, Rule.FIRST_INDEPENDENT, Thresholds(news_days=19)) is None


def test_a_school_sets_in_how_many_placements_transfer_is_shown_and_the_signal_says_so() -> None:
    seen = [
        judgement(SUPERVISOR, 2, days, context=context)
        for days, context in ((60, HERE), (9, THERE), (3, UUID(int=77)))
    ]
    facts = judged(*seen, since=90)
    two = fired(facts, Rule.TRANSFER_SHOWN)
    three = fired(facts, Rule.TRANSFER_SHOWN, Thresholds(contexts=3))
    assert two is not None
    assert three is not None
    assert (two.since, three.since) == (ago(9), ago(3))
    assert two.facts[-1] == Fact(FactKind.THRESHOLD, days=14, contexts=2)
    assert three.facts[-1] == Fact(FactKind.THRESHOLD, days=14, contexts=3)


def test_transfer_that_was_shown_long_ago_is_no_news() -> None:
    facts = judged(
        judgement(SUPERVISOR, 2, 60, context=HERE), judgement(SUPERVISOR, 2, 15, context=THERE)
    )
    assert fired(facts, Rule.TRANSFER_SHOWN) is None
