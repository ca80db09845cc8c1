"""What the facts of a plan amount to on a day: trails, standings and measures.

Pure: no session, no clock, no sentence. Facts dated after the day are ignored until then, and the
order of facts never matters. What nobody has seen is missing, never a low anchor.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from tracker.facts import DEFAULTS, GoalFact, JudgementFact, PlanFacts, Rater, Thresholds


class Momentum(StrEnum):
    """How the anchors move; nothing here says up or down, and nothing is ever done."""

    DIFFERS = "differs"  # raters are apart
    MOVES = "moves"  # a rater's anchor changed lately
    PRACTISES = "practises"  # keeps coming, same row
    NEW = "new"  # first seen lately, or not yet
    QUIET = "quiet"  # nothing heard


@dataclass(frozen=True, slots=True)
class Coverage:
    """Counts of active goals: all, seen by anybody, seen by each kind of rater; and contexts.

    Seen means judged, whatever the anchor; a context is a placement where a goal was judged.
    """

    goals: int
    seen: int
    by_self: int
    by_coach: int
    by_supervisor: int
    by_other: int
    contexts: int


@dataclass(frozen=True, slots=True)
class Measures:
    """What can be said of a plan on a day; None when there is nothing to say.

    `freshness_days` is the age of the newest judgement by anybody. `agreement` is the largest
    gap, in anchors, between the raters of one goal.
    """

    coverage: Coverage
    momentum: Momentum
    freshness_days: int | None
    agreement: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """One rater's best and last judgement; each shows its own day."""

    by: Rater
    by_id: UUID
    best: JudgementFact
    last: JudgementFact


@dataclass(frozen=True, slots=True)
class Trail:
    """What is known of one active goal on a day; judgements oldest first."""

    goal: GoalFact
    judgements: list[JudgementFact]
    shared_on: date | None


def trails(facts: PlanFacts, *, on: date) -> list[Trail]:
    """Return what is known of each active goal, by its id."""
    judgements: dict[UUID, list[JudgementFact]] = defaultdict(list)
    for judgement in _oldest_first(facts.judgements, on):
        for goal_id in judgement.goal_ids:
            judgements[goal_id].append(judgement)
    shared: dict[UUID | None, date] = {}
    for fact in facts.shared:
        if fact.shared_on <= on:
            shared[fact.goal_id] = max(fact.shared_on, shared.get(fact.goal_id, fact.shared_on))
    active = [goal for goal in facts.goals if goal.is_active and goal.since <= on]
    active.sort(key=lambda goal: goal.id)
    return [Trail(goal, judgements[goal.id], shared.get(goal.id)) for goal in active]


def measures(facts: PlanFacts, *, on: date, thresholds: Thresholds = DEFAULTS) -> Measures:
    """Return what a plan's facts amount to on a day; active goals only, except freshness."""
    known = trails(facts, on=on)
    observed = [j.observed_on for j in facts.judgements if j.observed_on <= on]
    gaps = [gap(trail, on=on, thresholds=thresholds) for trail in known]
    return Measures(
        coverage=_coverage(known),
        momentum=_plan_momentum(facts, known, on, thresholds),
        freshness_days=(on - max(observed)).days if observed else None,
        agreement=max((apart for apart in gaps if apart is not None), default=None),
    )


def momenta(
    facts: PlanFacts, *, on: date, thresholds: Thresholds = DEFAULTS
) -> dict[UUID, Momentum]:
    """Return how each active goal moves on a day, by goal id."""
    return {t.goal.id: _momentum(t, on, thresholds) for t in trails(facts, on=on)}


def standing(judgements: Iterable[JudgementFact], *, on: date) -> tuple[Standing, ...]:
    """Return each rater's best and last judgement of one thing, up to a day.

    Of equal bests the newest, so that its age is not made worse than it is.
    """
    by_rater: dict[tuple[Rater, UUID], list[JudgementFact]] = defaultdict(list)
    for judgement in _oldest_first(judgements, on):
        by_rater[judgement.by, judgement.by_id].append(judgement)
    return tuple(
        Standing(by, by_id, max(reversed(said), key=lambda j: j.anchor), said[-1])
        for (by, by_id), said in sorted(by_rater.items(), key=lambda item: _shown(item[0]))
    )


def _oldest_first(judgements: Iterable[JudgementFact], on: date) -> list[JudgementFact]:
    """Return what was observed up to a day; one day's in the order in which it was recorded."""
    known = [judgement for judgement in judgements if judgement.observed_on <= on]
    return sorted(known, key=lambda j: (j.observed_on, j.recorded_at, j.id))


def _shown(rater: tuple[Rater, UUID]) -> tuple[int, UUID]:
    return list(Rater).index(rater[0]), rater[1]


def counting(trail: Trail, *, on: date, thresholds: Thresholds) -> list[JudgementFact]:
    """Return each rater's latest judgement that is not too old to count: lowest, oldest first."""
    latest = {(j.by, j.by_id): j for j in trail.judgements}
    counting = [j for j in latest.values() if (on - j.observed_on).days <= thresholds.counting_days]
    return sorted(counting, key=lambda j: (j.anchor, j.observed_on, j.recorded_at, j.id))


def gap(trail: Trail, *, on: date, thresholds: Thresholds) -> int | None:
    """Return how many anchors the raters are apart now; None with fewer than two raters."""
    latest = counting(trail, on=on, thresholds=thresholds)
    return latest[-1].anchor - latest[0].anchor if len(latest) > 1 else None


def _coverage(trails: list[Trail]) -> Coverage:
    seen_by = [{j.by for j in trail.judgements} for trail in trails]
    contexts = {j.context for trail in trails for j in trail.judgements}
    return Coverage(
        goals=len(trails),
        seen=sum(1 for raters in seen_by if raters),
        by_self=sum(1 for raters in seen_by if Rater.SELF in raters),
        by_coach=sum(1 for raters in seen_by if Rater.COACH in raters),
        by_supervisor=sum(1 for raters in seen_by if Rater.SUPERVISOR in raters),
        by_other=sum(1 for raters in seen_by if Rater.OTHER in raters),
        contexts=len(contexts - {None}),
    )


def _momentum(trail: Trail, on: date, thresholds: Thresholds) -> Momentum:
    apart = gap(trail, on=on, thresholds=thresholds)
    if apart is not None and apart >= thresholds.gap:
        return Momentum.DIFFERS
    observed = [j.observed_on for j in trail.judgements]
    heard = max(*observed, trail.shared_on or trail.goal.since, trail.goal.since)
    if (on - heard).days > thresholds.quiet_days:
        return Momentum.QUIET
    if _moved(trail, on, thresholds):
        return Momentum.MOVES
    if not observed or (on - observed[0]).days <= thresholds.quiet_days:
        return Momentum.NEW
    return Momentum.PRACTISES


def _moved(trail: Trail, on: date, thresholds: Thresholds) -> bool:
    """Tell whether a rater's anchor, among those that count, differs from that rater's previous."""
    previous: dict[tuple[Rater, UUID], int] = {}
    for judgement in trail.judgements:
        rater = judgement.by, judgement.by_id
        changed = previous.get(rater, judgement.anchor) != judgement.anchor
        if changed and (on - judgement.observed_on).days <= thresholds.counting_days:
            return True
        previous[rater] = judgement.anchor
    return False


def _plan_momentum(
    facts: PlanFacts, trails: list[Trail], on: date, thresholds: Thresholds
) -> Momentum:
    """Return the first momentum, in the order of `Momentum`, that any active goal has.

    A plan without active goals is new, and quiet once nothing was shared or judged for long.
    """
    moments = {_momentum(trail, on, thresholds) for trail in trails}
    for moment in Momentum:
        if moment in moments:
            return moment
    days = [facts.starts_on]
    days += [j.observed_on for j in facts.judgements if j.observed_on <= on]
    days += [e.shared_on for e in facts.shared if e.shared_on <= on]
    return Momentum.QUIET if (on - max(days)).days > thresholds.quiet_days else Momentum.NEW
