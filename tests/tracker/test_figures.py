"""Figures of a plan, its kerntaken, werkprocessen and goals: their values, rules and facts."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from tests.known import (
    COACH,
    FIRST_PROCESS,
    GOAL,
    HERE,
    ITEMS,
    KERNTAAK,
    KEUZEDEEL,
    ON,
    OTHER_GOAL,
    PLAN,
    SECOND_PROCESS,
    SELF,
    SUPERVISOR,
    THERE,
    ago,
    figure,
    goal,
    judged,
    judgement,
    piece,
    placement,
    plan,
    said,
)
from tracker.facts import ItemFact, PlanFacts, Rater, Thresholds
from tracker.figures import Covered, Figure, Measure, Reckoning, figures
from tracker.progress import Momentum
from tracker.scopes import Kind, Scope
from tracker.signals import Fact, FactKind

OF_PLAN, OF_GOAL = Scope(Kind.PLAN, PLAN), Scope(Kind.GOAL, GOAL)
OF_KERNTAAK, OF_KEUZEDEEL = Scope(Kind.KERNTAAK, KERNTAAK), Scope(Kind.KEUZEDEEL, KEUZEDEEL)
OF_FIRST, OF_SECOND = (Scope(Kind.WERKPROCES, key) for key in (FIRST_PROCESS, SECOND_PROCESS))
TWO_GOALS = plan(
    items=ITEMS,
    goals=[goal(90, FIRST_PROCESS), goal(90, FIRST_PROCESS, SECOND_PROCESS, id=OTHER_GOAL)],
)
OTHER = frozenset({OTHER_GOAL})


def value(facts: PlanFacts, scope: Scope, measure: Measure) -> Any:
    return figure(facts, scope, measure).value


def kinds(found: Figure) -> list[FactKind]:
    return [fact.kind for fact in found.facts]


def test_every_scope_has_every_measure_once_and_only_one_thing_has_a_best_and_a_last() -> None:
    found = figures(TWO_GOALS, on=ON)
    assert set(found) == {
        *(OF_PLAN, OF_KERNTAAK, OF_FIRST, OF_SECOND, OF_KEUZEDEEL, OF_GOAL),
        Scope(Kind.GOAL, OTHER_GOAL),
    }
    for scope, told in found.items():
        measures = [figure.measure for figure in told]
        assert len(set(measures)) == len(measures)
        wholes = {Measure.BEST, Measure.LAST} if scope in (OF_PLAN, OF_KERNTAAK) else set()
        assert set(measures) == set(Measure) - wholes


# --- who has seen it -------------------------------------------------------------------------


def test_a_werkproces_is_seen_through_its_goals_and_by_what_was_judged_of_itself() -> None:
    through_goal = replace(TWO_GOALS, judgements=[judgement(SELF, 0, 9)])
    assert value(through_goal, OF_FIRST, Measure.COVERAGE) == Covered(1, 1, ((Rater.SELF, 1),), 0)
    assert value(through_goal, OF_SECOND, Measure.COVERAGE) == Covered(1, 0, (), 0)
    itself = judgement(SUPERVISOR, 1, 9, goal_ids=frozenset(), item_id=SECOND_PROCESS, context=HERE)
    direct = replace(TWO_GOALS, judgements=[itself])
    assert value(direct, OF_SECOND, Measure.COVERAGE) == Covered(1, 1, ((Rater.SUPERVISOR, 1),), 1)
    assert value(direct, OF_FIRST, Measure.COVERAGE).seen == 0
    assert value(direct, OF_PLAN, Measure.COVERAGE).seen == 0


def test_a_kerntaak_is_seen_through_its_werkprocessen() -> None:
    facts = replace(
        TWO_GOALS,
        judgements=[judgement(SELF, 1, 9), judgement(COACH, 2, 5, goal_ids=OTHER, context=HERE)],
    )
    found = figure(facts, OF_KERNTAAK, Measure.COVERAGE)
    assert found.rule is Reckoning.SEEN_BY_ANYBODY
    assert found.value == Covered(2, 2, ((Rater.SELF, 1), (Rater.COACH, 2)), 1)
    assert [(fact.by, fact.days) for fact in found.facts] == [(Rater.SELF, 9), (Rater.COACH, 5)]
    assert value(facts, OF_PLAN, Measure.COVERAGE).parts == 2
    assert value(facts, OF_KEUZEDEEL, Measure.COVERAGE) == Covered(1, 0, (), 0)


def test_a_kerntaak_has_figures_also_when_only_its_werkproces_is_known() -> None:
    above = UUID(int=77)
    item = ItemFact(FIRST_PROCESS, "werkproces", "B1-K1-W1", "Wassen", above)
    facts = plan(items=[item], goals=[goal(30, FIRST_PROCESS)], judgements=[judgement(COACH, 0, 5)])
    assert value(facts, Scope(Kind.KERNTAAK, above), Measure.COVERAGE).seen == 1


def test_what_was_seen_through_a_goal_stays_seen_when_the_goal_is_closed() -> None:
    facts = plan(
        items=ITEMS,
        goals=[goal(90, FIRST_PROCESS, is_active=False)],
        judgements=[judgement(SUPERVISOR, 2, 50)],
    )
    assert value(facts, OF_FIRST, Measure.COVERAGE).seen == 1
    assert value(facts, OF_FIRST, Measure.FRESHNESS) == 50
    assert value(facts, OF_FIRST, Measure.BEST) == 2
    assert value(facts, OF_FIRST, Measure.MOMENTUM) is None
    assert OF_GOAL not in figures(facts, on=ON)


# --- how it moves, how old it is, and who differs --------------------------------------------


def test_freshness_is_the_age_of_the_newest_view_and_names_it() -> None:
    facts = judged(judgement(SELF, 1, 20), judgement(COACH, 2, 6))
    found = figure(facts, OF_GOAL, Measure.FRESHNESS)
    assert (found.rule, found.value) == (Reckoning.NEWEST_BY_ANYBODY, 6)
    assert [(fact.by_id, fact.label, fact.days) for fact in found.facts] == [
        (COACH, "voldoende", 6)
    ]


def test_agreement_tells_the_two_who_are_furthest_apart_of_any_one_goal() -> None:
    facts = replace(
        TWO_GOALS,
        judgements=[
            *(judgement(SELF, 2, 9), judgement(COACH, 2, 9)),
            *(judgement(SELF, 3, 9, goal_ids=OTHER), judgement(COACH, 1, 5, goal_ids=OTHER)),
        ],
    )
    assert value(facts, OF_GOAL, Measure.AGREEMENT) == 0
    for scope in (OF_PLAN, OF_KERNTAAK, OF_FIRST, OF_SECOND):
        found = figure(facts, scope, Measure.AGREEMENT)
        assert (found.rule, found.value) == (Reckoning.LATEST_OF_EACH_RATER, 2)
        assert [(fact.goal_id, fact.anchor) for fact in found.facts] == [
            (OTHER_GOAL, 3),
            (OTHER_GOAL, 1),
            (None, None),
        ]
    assert found.facts[-1] == Fact(FactKind.THRESHOLD, days=84, anchors=2)


def test_raters_of_a_werkproces_itself_may_differ_too() -> None:
    of_itself = {"goal_ids": frozenset[UUID](), "item_id": SECOND_PROCESS}
    said_of_it = [judgement(COACH, 3, 9, **of_itself), judgement(SUPERVISOR, 1, 5, **of_itself)]
    facts = replace(TWO_GOALS, judgements=said_of_it)
    assert value(facts, OF_SECOND, Measure.AGREEMENT) == 2
    assert value(facts, OF_KERNTAAK, Measure.AGREEMENT) == 2
    assert value(facts, OF_FIRST, Measure.AGREEMENT) is None


@pytest.mark.parametrize(
    ("views", "expected", "told", "limit"),
    [
        ([(SELF, 3, 9), (COACH, 1, 5)], Momentum.DIFFERS, [3, 1], {"days": 84, "anchors": 2}),
        ([(SELF, 0, 70), (SELF, 1, 50), (SELF, 2, 9)], Momentum.MOVES, [2, 1], {"days": 84}),
        ([(SELF, 1, 50), (SELF, 1, 9)], Momentum.PRACTISES, [1], {"days": 28}),
        ([(SELF, 1, 9)], Momentum.NEW, [1], {"days": 28}),
        ([(SELF, 1, 50)], Momentum.QUIET, [1], {"days": 28}),
        ([], Momentum.QUIET, [], {"days": 28}),
    ],
)
def test_momentum_tells_what_it_was_seen_by(
    views: list[tuple[UUID, int, int]], expected: Momentum, told: list[int], limit: dict[str, int]
) -> None:
    facts = judged(*(judgement(*view) for view in views), since=90)
    for scope in (OF_GOAL, OF_PLAN):
        found = figure(facts, scope, Measure.MOMENTUM)
        assert (found.rule, found.value) == (Reckoning.FIRST_THAT_STANDS_OUT, expected)
        assert [f.anchor for f in found.facts if f.kind is FactKind.JUDGED] == told
        assert found.facts[-1] == Fact(FactKind.THRESHOLD, **limit)


def test_a_quiet_goal_says_when_it_was_set_and_last_shared_about() -> None:
    facts = plan(goals=[goal(90)], shared=[piece(40, GOAL)])
    found = figure(facts, OF_GOAL, Measure.MOMENTUM)
    assert found.value is Momentum.QUIET
    assert kinds(found) == [FactKind.LAST_SHARED, FactKind.GOAL_SET, FactKind.THRESHOLD]


def test_best_and_last_are_those_of_others_and_everybodys_own_stand_behind_with_their_age() -> None:
    facts = judged(judgement(SELF, 3, 2), judgement(COACH, 2, 80), judgement(COACH, 1, 9), since=90)
    best, last = (figure(facts, OF_GOAL, measure) for measure in (Measure.BEST, Measure.LAST))
    assert (best.rule, best.value) == (Reckoning.BEST_BY_ANOTHER, 2)
    assert (last.rule, last.value) == (Reckoning.NEWEST_BY_ANOTHER, 1)
    assert [(f.by, f.anchor, f.days) for f in best.facts] == [
        (Rater.SELF, 3, 2),
        (Rater.COACH, 2, 80),
    ]
    assert [(f.by, f.anchor, f.days) for f in last.facts] == [
        (Rater.SELF, 3, 2),
        (Rater.COACH, 1, 9),
    ]
    alone = judged(judgement(SELF, 3, 2))
    assert value(alone, OF_GOAL, Measure.BEST) is value(alone, OF_GOAL, Measure.LAST) is None


# --- the student's own pace ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({"target_anchor": 2, "target_on": ago(-10)}, 10),
        ({"target_anchor": 2, "target_on": ON}, 0),
        ({"target_anchor": 2, "target_on": ago(4)}, -4),
        ({"target_anchor": 2}, None),
        ({}, None),
    ],
)
def test_pace_counts_the_days_to_the_students_own_target_day(
    target: dict[str, Any], expected: int | None
) -> None:
    facts = plan(goals=[goal(30, **target)], judgements=[judgement(SELF, 1, 5)])
    found = figure(facts, OF_GOAL, Measure.PACE)
    assert (found.rule, found.value) == (Reckoning.OWN_TARGET_DAY, expected)
    aims = [
        Fact(FactKind.TARGET, on=target.get("target_on"), days=expected, anchor=2, goal_id=GOAL)
    ]
    assert list(found.facts) == (aims if target else [])


def test_pace_tells_who_saw_what_the_student_aims_at() -> None:
    views = [judgement(SELF, 3, 40), judgement(COACH, 1, 5), judgement(SUPERVISOR, 2, 9)]
    facts = plan(goals=[goal(60, target_anchor=2, target_on=ago(-10))], judgements=views)
    seen = figure(facts, OF_GOAL, Measure.PACE).facts[1:]
    assert [(fact.by, fact.anchor, fact.days) for fact in seen] == [
        (Rater.SELF, 3, 40),
        (Rater.SUPERVISOR, 2, 9),
    ]


def test_the_pace_of_a_plan_is_the_nearest_day_to_come_and_tells_those_that_passed() -> None:
    ends = [(GOAL, -20), (OTHER_GOAL, 4), (UUID(int=9), -7)]
    goals = [goal(30, id=key, target_anchor=1, target_on=ago(days)) for key, days in ends]
    found = figure(plan(goals=goals), OF_PLAN, Measure.PACE)
    assert (found.rule, found.value) == (Reckoning.NEXT_TARGET_DAY, 7)
    assert [fact.days for fact in found.facts] == [20, -4, 7]
    assert value(plan(goals=[goals[1]]), OF_PLAN, Measure.PACE) is None
    assert value(plan(goals=[goal(30, target_on=ON)]), OF_PLAN, Measure.PACE) == 0


# --- transfer, and where work can be done ----------------------------------------------------


def test_transfer_counts_the_placements_where_others_saw_it_independently() -> None:
    facts = judged(
        judgement(SUPERVISOR, 2, 60, context=HERE),
        judgement(SUPERVISOR, 3, 50, context=HERE),
        judgement(COACH, 1, 40, context=THERE),
        judgement(SELF, 3, 30, context=THERE),
        since=90,
    )
    found = figure(facts, OF_GOAL, Measure.TRANSFER)
    assert (found.rule, found.value) == (Reckoning.INDEPENDENT_BY_ANOTHER, 1)
    assert [fact.days for fact in found.facts] == [60, None]
    assert found.facts[-1] == Fact(FactKind.THRESHOLD, contexts=2)
    assert value(judged(judgement(COACH, 1, 5)), OF_GOAL, Measure.TRANSFER) == 0
    assert value(judged(judgement(SELF, 3, 5)), OF_GOAL, Measure.TRANSFER) is None


def test_a_werkproces_is_shown_in_two_places_through_two_goals() -> None:
    facts = replace(
        TWO_GOALS,
        judgements=[
            judgement(SUPERVISOR, 2, 60, context=HERE),
            judgement(SUPERVISOR, 2, 9, context=THERE, goal_ids=OTHER),
        ],
    )
    assert value(facts, OF_FIRST, Measure.TRANSFER) == 2
    assert value(facts, OF_SECOND, Measure.TRANSFER) == 1
    whole = figure(facts, OF_KERNTAAK, Measure.TRANSFER)
    assert (whole.rule, whole.value) == (Reckoning.SHOWN_IN_ENOUGH_PLACEMENTS, 1)
    assert value(facts, OF_PLAN, Measure.TRANSFER) == 0
    once = figure(facts, OF_KERNTAAK, Measure.TRANSFER, Thresholds(contexts=3))
    assert (once.value, kinds(once)) == (0, [FactKind.THRESHOLD])


def test_an_opportunity_gap_is_counted_where_everything_was_said() -> None:
    facts = replace(TWO_GOALS, placements=[placement(40, -30), placement(-31, -90, THERE)])
    nowhere = [said(HERE, FIRST_PROCESS, 9), said(THERE, FIRST_PROCESS, 5)]
    somewhere = [said(THERE, SECOND_PROCESS, 5, is_possible=True)]
    known = replace(facts, opportunities=[*nowhere, *somewhere])
    gap = Measure.OPPORTUNITY_GAP
    assert [value(known, scope, gap) for scope in (OF_FIRST, OF_SECOND, OF_GOAL)] == [1, 0, 1]
    for scope in (OF_PLAN, OF_KERNTAAK):
        found = figure(known, scope, gap)
        assert (found.rule, found.value) == (Reckoning.SAID_OF_EVERY_PLACEMENT, 1)
        assert [(fact.placement_id, fact.days) for fact in found.facts] == [(HERE, 9), (THERE, 5)]
    half = replace(facts, opportunities=nowhere[:1])
    assert [value(half, scope, gap) for scope in (OF_FIRST, OF_KERNTAAK, OF_PLAN)] == [None] * 3
    assert value(known, OF_KEUZEDEEL, gap) is None
