"""What is known of a plan, made up for tests: one fact at a time, or any facts at all."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from tracker.facts import (
    DEFAULTS,
    GoalFact,
    ItemFact,
    JudgementFact,
    OpportunityFact,
    Pause,
    PauseKind,
    PlacementFact,
    PlanFacts,
    Rater,
    RequestFact,
    SharedFact,
    SourceFact,
    Thresholds,
)
from tracker.figures import Figure, Measure, figures
from tracker.progress import Momentum, trails
from tracker.rules import signals
from tracker.scopes import Scope
from tracker.signals import Rule, Signal

ON = date(2026, 11, 19)
PLAN, GOAL, OTHER_GOAL, HERE, THERE = (UUID(int=number) for number in range(1, 6))
SELF, COACH, SUPERVISOR, SECOND_SUPERVISOR, TEACHER = (UUID(int=number) for number in range(11, 16))
KERNTAAK, FIRST_PROCESS, SECOND_PROCESS, KEUZEDEEL = (UUID(int=number) for number in range(21, 25))
ROLES = {
    SELF: Rater.SELF,
    COACH: Rater.COACH,
    SUPERVISOR: Rater.SUPERVISOR,
    SECOND_SUPERVISOR: Rater.SUPERVISOR,
    TEACHER: Rater.OTHER,
}
WORDS = ("nooit", "oefenen", "voldoende", "goed")
ITEMS = (
    ItemFact(KERNTAAK, "kerntaak", "B1-K1", "Zorgen"),
    ItemFact(FIRST_PROCESS, "werkproces", "B1-K1-W1", "Wassen", KERNTAAK),
    ItemFact(SECOND_PROCESS, "werkproces", "B1-K1-W2", "Koken", KERNTAAK),
    ItemFact(KEUZEDEEL, "keuzedeel", "K0001", "Duits"),
)
numbers = count(1000)


def ago(days: int) -> date:
    return ON - timedelta(days)


def judgement(by: UUID, anchor: int, days: int, **changes: Any) -> JudgementFact:
    """Return what somebody said so many days ago, of the goal unless told otherwise."""
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
    return fact._replace(**changes)


def goal(days: int, *serves: UUID, **changes: Any) -> GoalFact:
    """Return an active goal that was set so many days ago, and the items that it serves."""
    fact = GoalFact(GOAL, "Douchen", is_active=True, since=ago(days), item_ids=frozenset(serves))
    return replace(fact, **changes)


def piece(days: int, goal_id: UUID) -> SharedFact:
    return SharedFact(ago(days), goal_id)


def placement(since: int, until: int, key: UUID = HERE) -> PlacementFact:
    return PlacementFact(key, "Woonzorg Het Anker", ago(since), ago(until))


def asked(days: int, to: UUID | None, **changes: Any) -> RequestFact:
    """Return a request that waits for somebody, or for any coach."""
    role = ROLES[to] if to else Rater.COACH
    return replace(RequestFact(UUID(int=90), ago(days), role, to), **changes)


def holiday(since: int, until: int) -> Pause:
    return Pause(PauseKind.HOLIDAY, ago(since), ago(until))


def absence(since: int, until: int) -> Pause:
    return Pause(PauseKind.ABSENCE, ago(since), ago(until))


def said(place: UUID, item: UUID, days: int, *, is_possible: bool = False) -> OpportunityFact:
    return OpportunityFact(place, item, is_possible, ago(days))


def plan(**facts: Any) -> PlanFacts:
    return PlanFacts(PLAN, starts_on=ago(200), **facts)


def judged(*judgements: JudgementFact, since: int = 30) -> PlanFacts:
    """Return a plan of one goal, with these judgements."""
    return plan(goals=[goal(since)], judgements=judgements)


def momenta(facts: PlanFacts, *, on: date) -> dict[UUID, Momentum]:
    """Return how each active goal moves on a day, by its id, by the limits that we ship."""
    return {one.goal.id: one.momentum for one in trails(facts, on=on, thresholds=DEFAULTS)}


def fired(facts: PlanFacts, rule: Rule, thresholds: Thresholds = DEFAULTS) -> Signal | None:
    """Return the one signal of a rule, if it fired."""
    found = [s for s in signals(facts, on=ON, thresholds=thresholds) if s.rule is rule]
    assert len(found) <= 1
    return found[0] if found else None


def figure(
    facts: PlanFacts, scope: Scope, measure: Measure, thresholds: Thresholds = DEFAULTS
) -> Figure:
    """Return the one figure of a scope with this measure."""
    (found,) = [
        told
        for told in figures(facts, on=ON, thresholds=thresholds)[scope]
        if told.measure is measure
    ]
    return found


# --- any facts at all ------------------------------------------------------------------------

GOALS = [GOAL, OTHER_GOAL, UUID(int=9)]
days = st.integers(-60, 150).map(ago)
lengths = st.integers(1, 60).map(timedelta)
item_ids = st.sampled_from([item.id for item in ITEMS])
goal_ids = st.sampled_from(GOALS)
people = st.sampled_from(list(ROLES))
places = st.sampled_from([HERE, THERE])
judgements = st.builds(
    lambda by, **values: JudgementFact(by=ROLES[by], by_id=by, label="", **values),
    by=people,
    id=st.uuids(),
    anchor=st.integers(0, 3),
    observed_on=days,
    recorded_at=st.sampled_from([datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2)]),
    goal_ids=st.frozensets(goal_ids, max_size=2),
    item_id=st.none() | item_ids,
    context=st.none() | places,
)
pieces = st.builds(SharedFact, days, st.none() | goal_ids)
goals = st.builds(
    GoalFact,
    id=goal_ids,
    title=st.just(""),
    is_active=st.booleans(),
    since=days,
    touched_on=st.none() | days,
    target_anchor=st.none() | st.integers(0, 3),
    target_on=st.none() | days,
    item_ids=st.frozensets(item_ids, max_size=2),
)
placements = st.builds(
    lambda key, since, length: PlacementFact(key, "", since, since + length), places, days, lengths
)
opportunities = st.builds(OpportunityFact, places, item_ids, st.booleans(), days)
requests = st.builds(
    RequestFact,
    id=st.uuids(),
    asked_on=days,
    to=st.sampled_from(Rater),
    to_id=st.none() | people,
    goal_id=st.none() | goal_ids,
)
pauses = st.builds(
    lambda kind, since, length: Pause(kind, since, since + length),
    st.sampled_from(PauseKind),
    days,
    lengths,
)
sources = st.builds(
    SourceFact, st.sampled_from(["Leeromgeving", "Toetsen"]), st.none() | days, st.none() | days
)
plans = st.builds(
    PlanFacts,
    plan_id=st.just(PLAN),
    starts_on=days,
    goals=st.lists(goals, max_size=3, unique_by=lambda fact: fact.id),
    judgements=st.lists(judgements, max_size=8, unique_by=lambda fact: fact.id),
    shared=st.lists(pieces, max_size=3),
    placements=st.lists(placements, max_size=2, unique_by=lambda fact: fact.id),
    talked_on=st.lists(days, max_size=2),
    items=st.just(ITEMS),
    opportunities=st.lists(opportunities, max_size=4),
    requests=st.lists(requests, max_size=2, unique_by=lambda fact: fact.id),
    sources=st.lists(sources, max_size=2, unique_by=lambda fact: fact.name),
    pauses=st.lists(pauses, max_size=3),
)
