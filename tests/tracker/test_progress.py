"""Judging progress: which rule fires on which facts, and what may never matter."""

import ast
import inspect
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from random import Random
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker import facts as known
from tracker import progress, rules
from tracker.facts import (
    GoalFact,
    JudgementFact,
    PlacementFact,
    PlanFacts,
    Rater,
    SharedFact,
    Thresholds,
)
from tracker.progress import Coverage, Momentum, measures, momenta, standing
from tracker.rules import signals
from tracker.signals import Fact, FactKind, Rule, Signal, place

ON = date(2026, 11, 19)
PLAN, GOAL, OTHER_GOAL, HERE, THERE = (UUID(int=number) for number in range(1, 6))
SELF, COACH, SUPERVISOR, SECOND_SUPERVISOR, TEACHER = (UUID(int=number) for number in range(11, 16))
ROLES = {
    SELF: Rater.SELF,
    COACH: Rater.COACH,
    SUPERVISOR: Rater.SUPERVISOR,
    SECOND_SUPERVISOR: Rater.SUPERVISOR,
    TEACHER: Rater.OTHER,
}
WORDS = ("nooit", "oefenen", "voldoende", "goed")
numbers = count(1000)


def ago(days: int) -> date:
    return ON - timedelta(days)


def judgement(by: UUID, anchor: int, days: int, **changes: Any) -> JudgementFact:
    number = next(numbers)
    fact = JudgementFact(
        id=UUID(int=number),
        by=ROLES[by],
        by_id=by,
        anchor=anchor,
        label=WORDS[anchor],
        observed_on=ago(days),
        recorded_at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number),
        goal_ids=frozenset({GOAL}),
    )
    return replace(fact, **changes)


def goal(days: int, **changes: Any) -> GoalFact:
    return replace(GoalFact(GOAL, "Douchen", is_active=True, since=ago(days)), **changes)


def piece(days: int, goal_id: UUID) -> SharedFact:
    return SharedFact(ago(days), goal_id)


def placement(since: int, until: int) -> PlacementFact:
    return PlacementFact(HERE, "Woonzorg Het Anker", ago(since), ago(until))


def plan(**facts: Any) -> PlanFacts:
    return PlanFacts(PLAN, starts_on=ago(200), **facts)


def judged(*judgements: JudgementFact, since: int = 30) -> PlanFacts:
    return plan(goals=[goal(since)], judgements=judgements)


def fired(facts: PlanFacts, rule: Rule) -> Signal | None:
    return next((signal for signal in signals(facts, on=ON) if signal.rule is rule), None)


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
    assert measures(facts, on=ON).agreement is None


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
    assert measures(facts, on=ON).coverage.goals == 0


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
    assert measures(facts, on=ON).coverage.by_supervisor == 1


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


def test_a_school_sets_its_own_thresholds() -> None:
    facts = judged(judgement(SELF, 2, 9), judgement(COACH, 1, 9))
    strict = Thresholds(gap=1)
    assert [s.rule for s in signals(facts, on=ON, thresholds=strict)] == [Rule.RATERS_APART]
    assert measures(facts, on=ON, thresholds=strict).momentum is Momentum.DIFFERS


# --- measures --------------------------------------------------------------------------------


def test_coverage_counts_who_has_seen_which_goal_and_where() -> None:
    facts = plan(
        goals=[goal(30), goal(30, id=OTHER_GOAL), goal(30, id=UUID(int=9))],
        judgements=[
            judgement(SELF, 0, 20),
            judgement(SELF, 1, 10),
            judgement(SUPERVISOR, 1, 10, context=HERE),
            judgement(COACH, 0, 5, goal_ids=frozenset({OTHER_GOAL}), context=THERE),
            judgement(TEACHER, 3, 5, goal_ids=frozenset({OTHER_GOAL})),
        ],
    )
    assert measures(facts, on=ON).coverage == Coverage(
        goals=3, seen=2, by_self=1, by_coach=1, by_supervisor=1, by_other=1, contexts=2
    )


def test_what_nobody_has_seen_has_no_freshness_and_no_agreement() -> None:
    nothing = measures(plan(goals=[goal(10)]), on=ON)
    assert (nothing.freshness_days, nothing.agreement) == (None, None)
    alone = measures(judged(judgement(SELF, 0, 4)), on=ON)
    assert (alone.freshness_days, alone.agreement) == (4, None)


def test_agreement_is_the_largest_gap_of_any_goal() -> None:
    facts = plan(
        goals=[goal(30), goal(30, id=OTHER_GOAL)],
        judgements=[
            judgement(SELF, 2, 5),
            judgement(COACH, 2, 5),
            judgement(SELF, 2, 5, goal_ids=frozenset({OTHER_GOAL})),
            judgement(COACH, 1, 5, goal_ids=frozenset({OTHER_GOAL})),
        ],
    )
    assert measures(facts, on=ON).agreement == 1


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (judged(judgement(SELF, 3, 9), judgement(COACH, 1, 5)), Momentum.DIFFERS),
        (judged(judgement(SELF, 1, 60), judgement(SELF, 2, 5), since=90), Momentum.MOVES),
        (judged(judgement(SELF, 2, 60), judgement(SELF, 1, 5), since=90), Momentum.MOVES),
        (judged(judgement(SELF, 1, 60), judgement(SELF, 1, 5), since=90), Momentum.PRACTISES),
        (judged(judgement(SELF, 1, 60), judgement(COACH, 2, 5), since=90), Momentum.PRACTISES),
        (judged(judgement(SELF, 1, 5), since=90), Momentum.NEW),
        (plan(goals=[goal(3)]), Momentum.NEW),
        (plan(goals=[goal(28)]), Momentum.NEW),
        (plan(goals=[goal(29)]), Momentum.QUIET),
        (judged(judgement(SELF, 1, 60), judgement(SELF, 2, 29), since=90), Momentum.QUIET),
        (plan(), Momentum.QUIET),
        (plan(shared=[piece(5, GOAL)]), Momentum.NEW),
    ],
)
def test_momentum_says_how_the_anchors_move(facts: PlanFacts, expected: Momentum) -> None:
    assert measures(facts, on=ON).momentum is expected


def test_a_shared_piece_breaks_the_quiet() -> None:
    facts = judged(judgement(SELF, 1, 60), since=90)
    assert measures(facts, on=ON).momentum is Momentum.QUIET
    heard = replace(facts, shared=[piece(2, GOAL)])
    assert measures(heard, on=ON).momentum is Momentum.PRACTISES


def test_each_goal_has_its_own_momentum_and_the_plan_shows_the_first_that_stands_out() -> None:
    facts = plan(
        goals=[goal(90), goal(90, id=OTHER_GOAL)],
        judgements=[judgement(SELF, 1, 60), judgement(SELF, 2, 5)],
    )
    assert momenta(facts, on=ON) == {GOAL: Momentum.MOVES, OTHER_GOAL: Momentum.QUIET}
    assert measures(facts, on=ON).momentum is Momentum.MOVES


def test_best_and_last_are_told_apart_with_their_days() -> None:
    best, again, last = judgement(COACH, 2, 400), judgement(COACH, 2, 50), judgement(COACH, 1, 5)
    own = judgement(SELF, 3, 30)
    later = judgement(SELF, 0, -1)
    told = standing([last, own, best, later, again], on=ON)
    assert [(s.by, s.best, s.last) for s in told] == [
        (Rater.SELF, own, own),
        (Rater.COACH, again, last),
    ]


# --- what may never matter -------------------------------------------------------------------

GOALS = [GOAL, OTHER_GOAL, UUID(int=9)]
days = st.integers(-60, 150).map(ago)
judgements = st.builds(
    lambda by, **values: JudgementFact(by=ROLES[by], by_id=by, label="", **values),
    by=st.sampled_from(list(ROLES)),
    id=st.uuids(),
    anchor=st.integers(0, 3),
    observed_on=days,
    recorded_at=st.sampled_from([datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2)]),
    goal_ids=st.frozensets(st.sampled_from(GOALS)),
    context=st.sampled_from([HERE, THERE, None]),
)
pieces = st.builds(SharedFact, days, st.sampled_from([*GOALS, None]))
goals = st.builds(
    GoalFact,
    id=st.sampled_from(GOALS),
    title=st.just(""),
    is_active=st.booleans(),
    since=days,
    touched_on=days | st.none(),
)
placements = st.builds(
    lambda key, since, length: PlacementFact(key, "", since, since + timedelta(length)),
    st.uuids(),
    days,
    st.integers(1, 150),
)
plans = st.builds(
    PlanFacts,
    plan_id=st.just(PLAN),
    starts_on=days,
    goals=st.lists(goals, max_size=3, unique_by=lambda goal: goal.id),
    judgements=st.lists(judgements, max_size=8, unique_by=lambda j: j.id),
    shared=st.lists(pieces, max_size=3),
    placements=st.lists(placements, max_size=2),
    talked_on=st.lists(days, max_size=2),
)


def told(facts: PlanFacts, on: date = ON) -> tuple[object, ...]:
    return (
        signals(facts, on=on),
        measures(facts, on=on),
        momenta(facts, on=on),
        standing(facts.judgements, on=on),
    )


@given(plans, st.randoms())
def test_the_order_of_facts_never_matters(facts: PlanFacts, shaken: Random) -> None:
    def shuffled(given: Any) -> list[Any]:
        return shaken.sample(list(given), len(given))

    other = PlanFacts(
        facts.plan_id,
        facts.starts_on,
        goals=shuffled(facts.goals),
        judgements=shuffled(facts.judgements),
        shared=shuffled(facts.shared),
        placements=shuffled(facts.placements),
        talked_on=shuffled(facts.talked_on),
    )
    assert told(other) == told(facts)


@given(plans)
def test_the_same_facts_and_day_say_the_same_again(facts: PlanFacts) -> None:
    assert told(facts) == told(facts)


@given(plans)
def test_a_future_fact_changes_nothing_today(facts: PlanFacts) -> None:
    past = replace(
        facts,
        goals=[goal for goal in facts.goals if goal.since <= ON],
        judgements=[j for j in facts.judgements if j.observed_on <= ON],
        shared=[piece for piece in facts.shared if piece.shared_on <= ON],
        placements=[stay for stay in facts.placements if stay.from_on <= ON],
        talked_on=[day for day in facts.talked_on if day <= ON],
    )
    assert told(past) == told(facts)


def shifted(value: Any, by: timedelta) -> Any:
    """Move every day in a fact, a signal or a collection of them."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value + by
    if isinstance(value, tuple | list):
        return type(value)(shifted(part, by) for part in value)
    if isinstance(value, dict):
        return {key: shifted(part, by) for key, part in value.items()}
    if hasattr(value, "__dataclass_fields__"):
        names = value.__dataclass_fields__
        return replace(value, **{name: shifted(getattr(value, name), by) for name in names})
    return value


@given(plans, st.integers(-400, 400).map(timedelta))
def test_shifting_all_facts_and_the_day_shifts_what_is_said(
    facts: PlanFacts, by: timedelta
) -> None:
    assert told(shifted(facts, by), ON + by) == shifted(told(facts), by)


@given(plans)
def test_a_missing_judgement_never_counts_as_insufficient(facts: PlanFacts) -> None:
    unjudged = replace(facts, judgements=[])
    fired = {signal.rule for signal in signals(unjudged, on=ON)}
    assert fired <= {Rule.NOTHING_SHARED, Rule.GOAL_UNTOUCHED, Rule.PLACEMENT_ENDS}
    measured = measures(unjudged, on=ON)
    assert (measured.agreement, measured.freshness_days, measured.coverage.seen) == (None, None, 0)
    assert measured.momentum in (Momentum.NEW, Momentum.QUIET)


@given(plans)
def test_every_anchor_that_a_signal_tells_was_given_by_somebody(facts: PlanFacts) -> None:
    given_by = {(j.by_id, j.anchor, j.observed_on) for j in facts.judgements}
    for signal in signals(facts, on=ON):
        for fact in signal.facts:
            if fact.kind is FactKind.JUDGED:
                assert (fact.by_id, fact.anchor, fact.on) in given_by
            else:
                assert fact.anchor is None


@given(plans)
def test_a_goal_that_nobody_judged_moves_no_gap_and_no_good_news(facts: PlanFacts) -> None:
    fresh = GoalFact(UUID(int=99), "", is_active=True, since=ago(1))
    more = replace(facts, goals=[*facts.goals, fresh])
    assert signals(more, on=ON) == signals(facts, on=ON)
    assert measures(more, on=ON).agreement == measures(facts, on=ON).agreement


@given(plans)
def test_no_signal_is_dated_in_the_future_and_none_is_without_facts(facts: PlanFacts) -> None:
    for signal in signals(facts, on=ON):
        assert signal.since <= ON
        assert signal.facts[-1].kind is FactKind.THRESHOLD
        past = [fact for fact in signal.facts if fact.kind is not FactKind.PLACEMENT_ENDS]
        assert all(fact.on is None or fact.on <= ON for fact in past)


@pytest.mark.parametrize("module", [known, progress, rules])
def test_judging_reads_no_clock_and_knows_no_session(module: ModuleType) -> None:
    tree = ast.parse(inspect.getsource(module))
    called = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert called.isdisjoint({"today", "now", "utcnow", "time", "monotonic"})
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    plain = {"collections", "collections.abc", "dataclasses", "datetime", "enum", "typing", "uuid"}
    assert imported <= plain | {"tracker.facts", "tracker.progress", "tracker.signals"}
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Import)]
