"""The rules about placements: one that ends without a view, and work that none of them offers."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from tests.known import (
    COACH,
    FIRST_PROCESS,
    HERE,
    ITEMS,
    ON,
    SECOND_PROCESS,
    SELF,
    SUPERVISOR,
    THERE,
    ago,
    fired,
    goal,
    holiday,
    judgement,
    placement,
    plan,
    said,
)
from tracker.facts import JudgementFact, OpportunityFact, Thresholds
from tracker.rules import signals
from tracker.signals import Fact, FactKind, Rule

# --- placement ends --------------------------------------------------------------------------


@pytest.mark.parametrize(("left", "fires"), [(29, False), (28, True), (0, True), (-1, False)])
def test_a_placement_that_ends_within_four_weeks_without_a_view_of_its_supervisor_fires(
    left: int, fires: bool
) -> None:
    signal = fired(plan(placements=[placement(90, -left - 1)]), Rule.PLACEMENT_ENDS)
    assert (signal is not None) is fires
    if signal:
        last_on = ON + timedelta(left)
        assert (signal.since, signal.placement_id) == (last_on - timedelta(28), HERE)
        assert signal.facts == (
            Fact(FactKind.PLACEMENT_ENDS, on=last_on, days=left, placement_id=HERE),
            Fact(FactKind.THRESHOLD, days=28),
        )


@pytest.mark.parametrize(
    ("view", "fires"),
    [
        (judgement(SUPERVISOR, 0, 5, context=HERE), False),  # whatever was said
        (judgement(SUPERVISOR, 3, 80, context=HERE), False),
        (judgement(SUPERVISOR, 2, 5, context=HERE, goal_ids=frozenset()), False),
        (judgement(SUPERVISOR, 2, 5, context=THERE), True),
        (judgement(SUPERVISOR, 2, 5), True),
        (judgement(COACH, 2, 5, context=HERE), True),
        (judgement(SELF, 2, 5, context=HERE), True),
        (judgement(SUPERVISOR, 2, -1, context=HERE), True),
    ],
)
def test_only_a_view_of_the_supervisor_in_that_placement_will_do(
    view: JudgementFact, fires: bool
) -> None:
    facts = plan(placements=[placement(90, -10)], judgements=[view])
    assert (fired(facts, Rule.PLACEMENT_ENDS) is not None) is fires


def test_a_short_placement_waits_since_its_first_day_and_one_to_come_does_not_wait() -> None:
    signal = fired(plan(placements=[placement(3, -10)]), Rule.PLACEMENT_ENDS)
    assert signal is not None
    assert signal.since == ago(3)
    assert fired(plan(placements=[placement(-1, -10)]), Rule.PLACEMENT_ENDS) is None
    assert fired(plan(placements=[placement(0, -10)]), Rule.PLACEMENT_ENDS) is not None


def test_a_placement_ends_in_the_holidays_too() -> None:
    facts = plan(placements=[placement(90, -10)], pauses=[holiday(30, -30)])
    assert fired(facts, Rule.PLACEMENT_ENDS) is not None


def test_a_school_sets_how_long_before_the_end() -> None:
    facts = plan(placements=[placement(10, -40)])
    assert fired(facts, Rule.PLACEMENT_ENDS) is None
    assert fired(facts, Rule.PLACEMENT_ENDS, Thresholds(placement_ends_days=39)) is not None
    assert fired(facts, Rule.PLACEMENT_ENDS, Thresholds(placement_ends_days=38)) is None


# --- no workplace ----------------------------------------------------------------------------

NOW_AND_LATER = plan(
    items=ITEMS,
    goals=[goal(60, FIRST_PROCESS)],
    placements=[placement(40, -30), placement(-31, -90, THERE)],
)
NO = said(HERE, FIRST_PROCESS, 20)
NEITHER = said(THERE, FIRST_PROCESS, 9)
YES = said(THERE, FIRST_PROCESS, 9, is_possible=True)


def test_a_werkproces_that_every_placement_was_said_not_to_offer_fires() -> None:
    facts = replace(NOW_AND_LATER, opportunities=[NEITHER, NO])
    signal = fired(facts, Rule.NO_WORKPLACE)
    assert signal is not None
    assert (signal.item_id, signal.goal_id, signal.since) == (FIRST_PROCESS, None, ago(9))
    assert signal.facts == (
        Fact(FactKind.NOT_POSSIBLE, on=ago(20), days=20, placement_id=HERE, item_id=FIRST_PROCESS),
        Fact(FactKind.NOT_POSSIBLE, on=ago(9), days=9, placement_id=THERE, item_id=FIRST_PROCESS),
    )


@pytest.mark.parametrize(
    "words",
    [
        [],  # nothing said is no gap
        [NO],
        [NEITHER],
        [NO, YES],
        [NO, replace(NEITHER, said_on=ago(-1))],  # not said yet
        [NO, NEITHER, said(HERE, FIRST_PROCESS, 2, is_possible=True)],  # the newest word holds
        [NO, replace(NEITHER, item_id=SECOND_PROCESS)],
    ],
)
def test_there_is_no_gap_unless_everything_was_said(words: list[OpportunityFact]) -> None:
    for told in (words, words[::-1]):
        facts = replace(NOW_AND_LATER, opportunities=told)
        assert fired(facts, Rule.NO_WORKPLACE) is None


def test_a_newer_no_takes_the_place_of_a_yes() -> None:
    words = [NO, said(THERE, FIRST_PROCESS, 15, is_possible=True), NEITHER]
    for told in (words, words[::-1]):
        assert fired(replace(NOW_AND_LATER, opportunities=told), Rule.NO_WORKPLACE) is not None


def test_a_placement_that_is_over_offers_nothing_any_more() -> None:
    over = [placement(90, 0), placement(-1, -90, THERE)]
    facts = replace(NOW_AND_LATER, placements=over)
    yes = said(HERE, FIRST_PROCESS, 50, is_possible=True)
    assert fired(replace(facts, opportunities=[yes, NEITHER]), Rule.NO_WORKPLACE) is not None
    nowhere = replace(facts, placements=over[:1], opportunities=[NO])
    assert fired(nowhere, Rule.NO_WORKPLACE) is None


@pytest.mark.parametrize(
    "change",
    [
        {"goals": [goal(60, SECOND_PROCESS)]},
        {"goals": [goal(60, FIRST_PROCESS, is_active=False)]},
        {"goals": [goal(-1, FIRST_PROCESS)]},
        {"items": ()},
    ],
)
def test_work_that_no_active_goal_serves_needs_no_workplace(change: dict[str, object]) -> None:
    facts = replace(NOW_AND_LATER, opportunities=[NO, NEITHER], **change)
    assert fired(facts, Rule.NO_WORKPLACE) is None


def test_a_gap_waits_no_longer_than_the_first_goal_that_needs_the_work() -> None:
    later = [goal(3, FIRST_PROCESS), goal(5, FIRST_PROCESS, id=UUID(int=9))]
    signal = fired(
        replace(NOW_AND_LATER, goals=later, opportunities=[NO, NEITHER]), Rule.NO_WORKPLACE
    )
    assert signal is not None
    assert signal.since == ago(5)


def test_each_werkproces_has_a_gap_of_its_own() -> None:
    words = [said(HERE, item, 9) for item in (FIRST_PROCESS, SECOND_PROCESS)]
    facts = replace(
        NOW_AND_LATER,
        goals=[goal(30, FIRST_PROCESS, SECOND_PROCESS)],
        placements=[placement(10, -60)],
        opportunities=words,
    )
    gaps = [s.about for s in signals(facts, on=ON) if s.rule is Rule.NO_WORKPLACE]
    assert gaps == [FIRST_PROCESS, SECOND_PROCESS]
