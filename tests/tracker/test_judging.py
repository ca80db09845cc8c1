"""What may never matter when progress is judged, whatever is known of a plan."""

import ast
import inspect
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.known import ITEMS, KERNTAAK, ON, absence, ago, holiday, momenta, plans
from tracker import facts as known
from tracker import figures as reckoned
from tracker import progress, rules, scopes
from tracker import signals as told_of
from tracker.facts import GoalFact, PlanFacts, Rater
from tracker.figures import Covered, Measure, figures
from tracker.progress import Momentum, measures, standing
from tracker.rules import signals
from tracker.scopes import Kind
from tracker.signals import Fact, FactKind, Rule

PLANNED = (FactKind.PLACEMENT_ENDS, FactKind.TARGET)  # days to come that are known today
NO_JUDGEMENT_NEEDED = {
    Rule.UNANSWERED,
    Rule.NOTHING_SHARED,
    Rule.GOAL_UNTOUCHED,
    Rule.PLACEMENT_ENDS,
    Rule.NO_WORKPLACE,
}


def told(facts: PlanFacts, on: date = ON) -> tuple[object, ...]:
    """Return everything that is said of a plan on a day."""
    return (
        signals(facts, on=on),
        measures(facts, on=on),
        momenta(facts, on=on),
        standing(facts.judgements, on=on),
        figures(facts, on=on),
    )


def facts_told(facts: PlanFacts) -> list[Fact]:
    """Return every fact that a signal or a figure tells."""
    behind = [fact for signal in signals(facts, on=ON) for fact in signal.facts]
    for found in figures(facts, on=ON).values():
        behind += [fact for figure in found for fact in figure.facts]
    return behind


@given(plans, st.randoms())
def test_the_order_of_facts_never_matters(facts: PlanFacts, shaken: Random) -> None:
    lists = {
        name: getattr(facts, name)
        for name in PlanFacts.__dataclass_fields__
        if name not in ("plan_id", "starts_on")
    }
    shuffled = {name: shaken.sample(list(found), len(found)) for name, found in lists.items()}
    assert told(replace(facts, **shuffled)) == told(facts)


@given(plans)
def test_a_future_fact_changes_nothing_today(facts: PlanFacts) -> None:
    past = replace(
        facts,
        goals=[
            replace(goal, touched_on=min(goal.touched_on or ON, ON) if was_touched(goal) else None)
            for goal in facts.goals
            if goal.since <= ON
        ],
        judgements=[j for j in facts.judgements if j.observed_on <= ON],
        shared=[piece for piece in facts.shared if piece.shared_on <= ON],
        talked_on=[day for day in facts.talked_on if day <= ON],
        opportunities=[word for word in facts.opportunities if word.said_on <= ON],
        requests=[request for request in facts.requests if request.asked_on <= ON],
        pauses=[pause for pause in facts.pauses if pause.from_on < ON],
        sources=[
            replace(
                source,
                last_activity_on=heard(source.last_activity_on),
                last_import_on=heard(source.last_import_on),
            )
            for source in facts.sources
        ],
    )
    assert told(past) == told(facts)


def was_touched(goal: GoalFact) -> bool:
    return goal.touched_on is not None and goal.touched_on <= ON


def heard(day: date | None) -> date | None:
    return day if day and day <= ON else None


@given(plans)
def test_a_placement_to_come_matters_only_to_where_work_can_be_done(facts: PlanFacts) -> None:
    here = replace(facts, placements=[stay for stay in facts.placements if stay.from_on <= ON])
    now, then = signals(here, on=ON), signals(facts, on=ON)
    assert [s for s in now if s.rule is not Rule.NO_WORKPLACE] == [
        s for s in then if s.rule is not Rule.NO_WORKPLACE
    ]
    for scope, found in figures(here, on=ON).items():
        rest = figures(facts, on=ON)[scope]
        differ = {a.measure for a, b in zip(found, rest, strict=True) if a != b}
        assert differ <= {Measure.OPPORTUNITY_GAP}


def shifted(value: Any, by: timedelta) -> Any:
    """Move every day in a fact, a signal or a collection of them."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value + by
    if hasattr(value, "_fields"):
        return type(value)(*(shifted(part, by) for part in value))
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
    assert {signal.rule for signal in signals(unjudged, on=ON)} <= NO_JUDGEMENT_NEEDED
    measured = measures(unjudged, on=ON)
    assert (measured.agreement, measured.freshness_days, measured.coverage.seen) == (None, None, 0)
    assert measured.momentum in (Momentum.NEW, Momentum.QUIET)
    for found in figures(unjudged, on=ON).values():
        values = {figure.measure: figure.value for figure in found}
        silent = (Measure.FRESHNESS, Measure.AGREEMENT, Measure.TRANSFER)
        silent += (Measure.BEST, Measure.LAST)
        assert all(values.get(measure) is None for measure in silent)
        covered = values[Measure.COVERAGE]
        assert isinstance(covered, Covered)
        assert (covered.seen, covered.by, covered.contexts) == (0, (), 0)
    assert all(fact.kind is not FactKind.JUDGED for fact in facts_told(unjudged))


@given(plans)
def test_what_nobody_said_of_a_workplace_is_no_gap(facts: PlanFacts) -> None:
    unsaid = replace(facts, opportunities=[])
    assert all(signal.rule is not Rule.NO_WORKPLACE for signal in signals(unsaid, on=ON))
    for found in figures(unsaid, on=ON).values():
        gap = next(figure for figure in found if figure.measure is Measure.OPPORTUNITY_GAP)
        assert (gap.value, gap.facts) == (None, ())


@given(plans)
def test_a_gap_that_is_counted_is_one_that_is_signalled(facts: PlanFacts) -> None:
    found = signals(facts, on=ON)
    fired = {signal.item_id for signal in found if signal.rule is Rule.NO_WORKPLACE}
    whole, *_ = figures(facts, on=ON).values()
    gap = next(figure for figure in whole if figure.measure is Measure.OPPORTUNITY_GAP)
    assert (gap.value or 0) == len(fired - {KERNTAAK})
    assert {fact.item_id for fact in gap.facts} == fired - {KERNTAAK}


@given(plans)
def test_every_anchor_that_is_told_was_given_by_somebody_or_is_the_students_own_aim(
    facts: PlanFacts,
) -> None:
    given_by = {(j.by_id, j.anchor, j.observed_on) for j in facts.judgements}
    aims = {(goal.id, goal.target_anchor, goal.target_on) for goal in facts.goals}
    for fact in facts_told(facts):
        if fact.kind is FactKind.JUDGED:
            assert (fact.by_id, fact.anchor, fact.on) in given_by
        elif fact.kind is FactKind.TARGET:
            assert (fact.goal_id, fact.anchor, fact.on) in aims
        else:
            assert fact.anchor is None
    by_others = {j.anchor for j in facts.judgements if j.by is not Rater.SELF}
    for found in figures(facts, on=ON).values():
        for figure in found:
            if figure.measure in (Measure.BEST, Measure.LAST):
                assert figure.value is None or figure.value in by_others


@given(plans)
def test_a_goal_that_nobody_judged_moves_no_gap_and_no_good_news(facts: PlanFacts) -> None:
    fresh = GoalFact(UUID(int=99), "", is_active=True, since=ago(1))
    more = replace(facts, goals=[*facts.goals, fresh])
    assert signals(more, on=ON) == signals(facts, on=ON)
    assert measures(more, on=ON).agreement == measures(facts, on=ON).agreement
    others = figures(facts, on=ON)
    assert all(
        found == others[scope]
        for scope, found in figures(more, on=ON).items()
        if scope.kind is not Kind.PLAN and scope.id != fresh.id
    )


@given(plans)
def test_what_is_known_of_one_source_moves_no_judgement_and_no_clock(facts: PlanFacts) -> None:
    silent = replace(facts, sources=[])
    assert measures(silent, on=ON) == measures(facts, on=ON)
    assert figures(silent, on=ON) == figures(facts, on=ON)
    assert [(s.rule, s.since, s.about) for s in signals(silent, on=ON)] == [
        (s.rule, s.since, s.about) for s in signals(facts, on=ON)
    ]


@given(plans)
def test_a_pause_wakes_nobody_and_absence_speaks_of_nobody_else(facts: PlanFacts) -> None:
    def waiting(more: PlanFacts) -> set[tuple[Rule, UUID | None]]:
        return {(signal.rule, signal.about) for signal in signals(more, on=ON)}

    away = replace(facts, pauses=[*facts.pauses, absence(400, -1)])
    closed = replace(facts, pauses=[*facts.pauses, holiday(400, -1)])
    assert waiting(closed) <= waiting(away) <= waiting(facts)
    owed = {(s.rule, s.about) for s in signals(facts, on=ON) if s.owed_by not in (None, Rater.SELF)}
    assert owed <= waiting(away)
    assert not {rule for rule, _ in waiting(closed)} & {
        Rule.UNANSWERED,
        Rule.NOTHING_SHARED,
        Rule.GOAL_UNTOUCHED,
    }


@given(plans)
def test_nothing_that_is_told_is_dated_in_the_future_and_no_signal_is_without_facts(
    facts: PlanFacts,
) -> None:
    for signal in signals(facts, on=ON):
        assert signal.since <= ON
        has_limit = signal.rule is not Rule.NO_WORKPLACE
        assert signal.facts[-1].kind is (FactKind.THRESHOLD if has_limit else FactKind.NOT_POSSIBLE)
    for fact in facts_told(facts):
        assert fact.kind in PLANNED or fact.on is None or fact.on <= ON
        assert fact.kind in PLANNED or fact.days is None or fact.days >= 0


@given(plans)
def test_the_figures_of_a_plan_say_what_its_measures_say(facts: PlanFacts) -> None:
    measured = measures(facts, on=ON)
    found = figures(facts, on=ON)
    (scope, whole), *rest = found.items()
    values = {figure.measure: figure.value for figure in whole}
    assert scope.kind is Kind.PLAN
    assert values[Measure.MOMENTUM] is measured.momentum
    assert values[Measure.FRESHNESS] == measured.freshness_days
    assert values[Measure.AGREEMENT] == measured.agreement
    covered = values[Measure.COVERAGE]
    assert isinstance(covered, Covered)
    told = measured.coverage
    assert (covered.parts, covered.seen, covered.contexts) == (told.goals, told.seen, told.contexts)
    by = (told.by_self, told.by_coach, told.by_supervisor, told.by_other)
    assert covered.by == tuple((rater, n) for rater, n in zip(Rater, by, strict=True) if n)
    moves = {s.id: figs[1].value for s, figs in rest if s.kind is Kind.GOAL}
    assert moves == momenta(facts, on=ON)
    assert {s.id for s, _ in rest if s.kind is not Kind.GOAL} == {item.id for item in ITEMS}


@pytest.mark.parametrize("module", [known, progress, reckoned, rules, scopes, told_of])
def test_judging_reads_no_clock_and_knows_no_session(module: ModuleType) -> None:
    tree = ast.parse(inspect.getsource(module))
    called = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert called.isdisjoint({"today", "now", "utcnow", "time", "monotonic"})
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    plain = {"collections", "collections.abc", "dataclasses", "datetime", "enum", "operator"}
    plain |= {"typing", "uuid"}
    pure = {f"tracker.{name}" for name in ("facts", "progress", "scopes", "signals")}
    assert imported <= plain | pure
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Import)]
