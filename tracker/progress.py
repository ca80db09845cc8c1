"""What the facts of a plan amount to on a day: trails, standings and measures.

Pure: no session, no clock, no sentence. Facts dated after the day are ignored until then, and the
order of facts never matters. What nobody has seen is missing, never a low anchor.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from tracker.facts import (
    DEFAULTS,
    INDEPENDENT,
    GoalFact,
    JudgementFact,
    OpportunityFact,
    PlanFacts,
    Rater,
    Thresholds,
)


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

    @property
    def heard_on(self) -> date:
        """Return the day on which it was set, or on which something was shared since."""
        return max(self.goal.since, self.shared_on or self.goal.since)


def trails(facts: PlanFacts, *, on: date) -> list[Trail]:
    """Return what is known of each active goal, by its id."""
    judgements: dict[UUID, list[JudgementFact]] = defaultdict(list)
    for judgement in oldest_first(facts.judgements, on=on):
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
    gaps = [gap(trail.judgements, on=on, thresholds=thresholds) for trail in known]
    newest = max((j.observed_on for j in facts.judgements if j.observed_on <= on), default=None)
    return Measures(
        coverage=_coverage(known),
        momentum=_plan_momentum(facts, known, on, thresholds),
        freshness_days=(on - newest).days if newest else None,
        agreement=max((apart for apart in gaps if apart is not None), default=None),
    )


def momenta(
    facts: PlanFacts, *, on: date, thresholds: Thresholds = DEFAULTS
) -> dict[UUID, Momentum]:
    """Return how each active goal moves on a day, by goal id."""
    return {
        trail.goal.id: momentum(
            trail.judgements, heard_on=trail.heard_on, on=on, thresholds=thresholds
        )
        for trail in trails(facts, on=on)
    }


def standing(judgements: Iterable[JudgementFact], *, on: date) -> tuple[Standing, ...]:
    """Return each rater's best and last judgement of one thing, up to a day.

    Of equal bests the newest, so that its age is not made worse than it is.
    """
    by_rater: dict[tuple[Rater, UUID], list[JudgementFact]] = defaultdict(list)
    for judgement in oldest_first(judgements, on=on):
        by_rater[judgement.by, judgement.by_id].append(judgement)
    return tuple(
        Standing(by, by_id, max(reversed(said), key=lambda j: j.anchor), said[-1])
        for (by, by_id), said in sorted(by_rater.items(), key=lambda item: _shown(item[0]))
    )


def oldest_first(judgements: Iterable[JudgementFact], *, on: date) -> list[JudgementFact]:
    """Return what was observed up to a day; one day's in the order in which it was recorded."""
    known = [judgement for judgement in judgements if judgement.observed_on <= on]
    return sorted(known, key=lambda j: (j.observed_on, j.recorded_at, j.id))


def _shown(rater: tuple[Rater, UUID]) -> tuple[int, UUID]:
    return list(Rater).index(rater[0]), rater[1]


# --- what follows is told of judgements of one thing, oldest first, none after the day ---------


def extremes(
    judgements: Sequence[JudgementFact], *, on: date, thresholds: Thresholds
) -> tuple[JudgementFact, JudgementFact] | None:
    """Return the lowest and the highest of what each rater said last; None with fewer than two.

    What is older than `counting_days` does not count. Of equals it is the oldest.
    """
    latest = {(j.by, j.by_id): j for j in judgements}.values()
    counting = [j for j in latest if (on - j.observed_on).days <= thresholds.counting_days]
    if len(counting) < 2:  # noqa: PLR2004 - one rater agrees and disagrees with nobody
        return None
    counting.sort(key=lambda j: (j.observed_on, j.recorded_at, j.id))
    return min(counting, key=lambda j: j.anchor), max(counting, key=lambda j: j.anchor)


def gap(judgements: Sequence[JudgementFact], *, on: date, thresholds: Thresholds) -> int | None:
    """Return how many anchors the raters are apart now; None with fewer than two raters."""
    apart = extremes(judgements, on=on, thresholds=thresholds)
    return apart[1].anchor - apart[0].anchor if apart else None


def momentum(
    judgements: Sequence[JudgementFact], *, heard_on: date, on: date, thresholds: Thresholds
) -> Momentum:
    """Return how one thing moves; `heard_on` is when it was set or shared about last."""
    apart = gap(judgements, on=on, thresholds=thresholds)
    if apart is not None and apart >= thresholds.gap:
        return Momentum.DIFFERS
    newest = max(heard_on, judgements[-1].observed_on) if judgements else heard_on
    if (on - newest).days > thresholds.quiet_days:
        return Momentum.QUIET
    if changed(judgements, on=on, thresholds=thresholds):
        return Momentum.MOVES
    if not judgements or (on - judgements[0].observed_on).days <= thresholds.quiet_days:
        return Momentum.NEW
    return Momentum.PRACTISES


def changed(
    judgements: Sequence[JudgementFact], *, on: date, thresholds: Thresholds
) -> tuple[JudgementFact, JudgementFact] | None:
    """Return the last change of a rater's anchor, before and after; None when none changed.

    A change of longer than `counting_days` ago does not count.
    """
    previous: dict[tuple[Rater, UUID], JudgementFact] = {}
    found = None
    for judgement in judgements:
        before = previous.get((judgement.by, judgement.by_id), judgement)
        is_lately = (on - judgement.observed_on).days <= thresholds.counting_days
        if before.anchor != judgement.anchor and is_lately:
            found = before, judgement
        previous[judgement.by, judgement.by_id] = judgement
    return found


def independent(judgements: Iterable[JudgementFact]) -> list[JudgementFact]:
    """Return the judgements with which somebody else than the student saw it independently."""
    return [j for j in judgements if j.by != Rater.SELF and j.anchor >= INDEPENDENT]


def first_in_each_placement(judgements: Iterable[JudgementFact]) -> list[JudgementFact]:
    """Return the first judgement of each placement where it was seen independently by another."""
    first: dict[UUID, JudgementFact] = {}
    for judgement in independent(judgements):
        if judgement.context is not None:
            first.setdefault(judgement.context, judgement)
    return list(first.values())


# --- workplaces ------------------------------------------------------------------------------


def said_of_placements(
    facts: PlanFacts, item_id: UUID, *, on: date
) -> dict[UUID, OpportunityFact | None]:
    """Return what was said last of an item, by each placement that runs or comes; None: nothing."""
    said: dict[UUID, OpportunityFact | None] = {
        placement.id: None for placement in facts.placements if placement.until_on > on
    }
    for word in sorted(facts.opportunities, key=lambda o: (o.said_on, o.is_possible)):
        if word.item_id == item_id and word.said_on <= on and word.placement_id in said:
            said[word.placement_id] = word
    return said


def no_workplace(facts: PlanFacts, item_id: UUID, *, on: date) -> list[OpportunityFact]:
    """Return the words which together say that no placement offers an item, oldest first.

    Nothing unless every placement that runs or comes was said not to offer it.
    """
    said = said_of_placements(facts, item_id, on=on).values()
    gaps = [word for word in said if word is not None and not word.is_possible]
    if len(gaps) < len(said):
        return []
    return sorted(gaps, key=lambda word: (word.said_on, word.placement_id))


# --- the plan --------------------------------------------------------------------------------


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


def _plan_momentum(
    facts: PlanFacts, trails: list[Trail], on: date, thresholds: Thresholds
) -> Momentum:
    """Return the first momentum, in the order of `Momentum`, that any active goal has.

    A plan without active goals is new, and quiet once nothing was shared or judged for long.
    """
    moments = {
        momentum(trail.judgements, heard_on=trail.heard_on, on=on, thresholds=thresholds)
        for trail in trails
    }
    for moment in Momentum:
        if moment in moments:
            return moment
    days = [facts.starts_on]
    days += [j.observed_on for j in facts.judgements if j.observed_on <= on]
    days += [e.shared_on for e in facts.shared if e.shared_on <= on]
    return momentum((), heard_on=max(days), on=on, thresholds=thresholds)
