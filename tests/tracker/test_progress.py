"""What the facts of a plan amount to: measures, momentum, and the best and last of each rater."""

from dataclasses import replace
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
    goal,
    judged,
    judgement,
    momenta,
    piece,
    plan,
)
from tracker.facts import PlanFacts, Rater, Thresholds
from tracker.progress import Coverage, Momentum, measures, standing


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


@pytest.mark.parametrize(("days", "expected"), [(84, Momentum.MOVES), (85, Momentum.PRACTISES)])
def test_a_change_of_long_ago_moves_nothing_now(days: int, expected: Momentum) -> None:
    views = [judgement(SELF, 1, 120), judgement(SELF, 2, days), judgement(SELF, 2, 5)]
    assert measures(judged(*views, since=200), on=ON).momentum is expected


def test_a_goal_that_is_closed_or_set_tomorrow_is_not_measured() -> None:
    facts = plan(goals=[goal(-1), goal(90, id=OTHER_GOAL, is_active=False)])
    assert measures(facts, on=ON).coverage.goals == 0
    assert momenta(facts, on=ON) == {}


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


def test_a_school_sets_how_far_apart_differs() -> None:
    facts = judged(judgement(SELF, 2, 9), judgement(COACH, 1, 9))
    assert measures(facts, on=ON).momentum is Momentum.NEW
    assert measures(facts, on=ON, thresholds=Thresholds(gap=1)).momentum is Momentum.DIFFERS
