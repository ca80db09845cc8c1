"""What the facts of a plan amount to on a day: trails, standings and measures.

Pure: no session, no clock, no sentence. Facts dated after the day are ignored until then, and the
order of facts never matters. What nobody has seen is missing, never a low anchor.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from operator import attrgetter
from uuid import UUID

from tracker.facts import (
    DEFAULTS,
    INDEPENDENT,
    GoalFact,
    JudgementFact,
    PlanFacts,
    Rater,
    Thresholds,
)

BY_AGE = attrgetter("observed_on", "recorded_at", "id")


class Momentum(StrEnum):
    """How the anchors move; nothing here says up or down, and nothing is ever done."""

    DIFFERS = "differs"  # raters are apart
    MOVES = "moves"  # a rater's anchor changed lately
    PRACTISES = "practises"  # keeps coming, same row
    NEW = "new"  # first seen lately, or not yet
    QUIET = "quiet"  # nothing heard


MOMENTA = tuple(Momentum)  # in the order of a plan's: the first that any goal has


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
    """What is known of one active goal on a day, and what it amounts to by the school's limits.

    Judgements are oldest first; `apart` is what `extremes` says of them. `heard_on` is the day on
    which the goal was set, or on which something was shared since.
    """

    goal: GoalFact
    judgements: list[JudgementFact]
    shared_on: date | None
    heard_on: date
    apart: tuple[JudgementFact, JudgementFact] | None
    momentum: Momentum


def trails(facts: PlanFacts, *, on: date, thresholds: Thresholds) -> list[Trail]:
    """Return what is known of each active goal, by its id."""
    # By the number of a UUID: the UUID itself is slow to look up, and a page asks it for thousands.
    judgements: dict[int, list[JudgementFact]] = defaultdict(list)
    for judgement in oldest_first(facts.judgements, on=on):
        for goal_id in judgement.goal_ids:
            judgements[goal_id.int].append(judgement)
    shared: dict[int, date] = {}
    for fact in facts.shared:
        if fact.goal_id is not None and fact.shared_on <= on:
            key = fact.goal_id.int
            shared[key] = max(fact.shared_on, shared.get(key, fact.shared_on))
    active = [goal for goal in facts.goals if goal.is_active and goal.since <= on]
    active.sort(key=lambda goal: goal.id)
    found = []
    for goal in active:
        said, shared_on = judgements[goal.id.int], shared.get(goal.id.int)
        heard_on = max(goal.since, shared_on or goal.since)
        apart = extremes(said, on=on, thresholds=thresholds)
        moves = _momentum(said, apart, heard_on, on, thresholds)
        found.append(Trail(goal, said, shared_on, heard_on, apart, moves))
    return found


def measures(
    facts: PlanFacts,
    *,
    on: date,
    thresholds: Thresholds = DEFAULTS,
    known: Sequence[Trail] | None = None,
) -> Measures:
    """Return what a plan's facts amount to on a day; active goals only, except freshness.

    `known` are its trails on that day by these limits, when the caller has them already.
    """
    if known is None:
        known = trails(facts, on=on, thresholds=thresholds)
    gaps = [trail.apart[1].anchor - trail.apart[0].anchor for trail in known if trail.apart]
    newest = max((j.observed_on for j in facts.judgements if j.observed_on <= on), default=None)
    return Measures(
        coverage=_coverage(known),
        momentum=plan_momentum(facts, known, on=on, thresholds=thresholds),
        freshness_days=(on - newest).days if newest else None,
        agreement=max(gaps, default=None),
    )


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
    return sorted(known, key=BY_AGE)


def _shown(rater: tuple[Rater, UUID]) -> tuple[int, UUID]:
    return list(Rater).index(rater[0]), rater[1]


# --- what follows is told of judgements of one thing, oldest first, none after the day ---------


def extremes(
    judgements: Sequence[JudgementFact], *, on: date, thresholds: Thresholds
) -> tuple[JudgementFact, JudgementFact] | None:
    """Return the lowest and the highest of what each rater said last; None with fewer than two.

    What is older than `counting_days` does not count. Of equals it is the oldest.
    """
    since = on - timedelta(thresholds.counting_days)
    latest: dict[tuple[Rater, int], JudgementFact] = {}
    for judgement in reversed(judgements):
        if judgement.observed_on < since:
            break
        latest.setdefault(_rater(judgement), judgement)
    if len(latest) < 2:  # noqa: PLR2004 - one rater agrees and disagrees with nobody
        return None
    counting = list(latest.values())
    counting.sort(key=BY_AGE)
    return min(counting, key=lambda j: j.anchor), max(counting, key=lambda j: j.anchor)


def momentum(
    judgements: Sequence[JudgementFact], *, heard_on: date, on: date, thresholds: Thresholds
) -> Momentum:
    """Return how one thing moves; `heard_on` is when it was set or shared about last."""
    apart = extremes(judgements, on=on, thresholds=thresholds)
    return _momentum(judgements, apart, heard_on, on, thresholds)


def _momentum(
    judgements: Sequence[JudgementFact],
    apart: tuple[JudgementFact, JudgementFact] | None,
    heard_on: date,
    on: date,
    thresholds: Thresholds,
) -> Momentum:
    if apart and apart[1].anchor - apart[0].anchor >= thresholds.gap:
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
    since = on - timedelta(thresholds.counting_days)
    previous: dict[tuple[Rater, int], JudgementFact] = {}
    found = None
    for judgement in judgements:
        rater = _rater(judgement)
        before = previous.get(rater, judgement)
        if before.anchor != judgement.anchor and judgement.observed_on >= since:
            found = before, judgement
        previous[rater] = judgement
    return found


def _rater(judgement: JudgementFact) -> tuple[Rater, int]:
    """Return who judged, as a key; by the number of the UUID, as in `trails`."""
    return judgement.by, judgement.by_id.int


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


def _coverage(trails: Sequence[Trail]) -> Coverage:
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


def plan_momentum(
    facts: PlanFacts, known: Sequence[Trail], *, on: date, thresholds: Thresholds
) -> Momentum:
    """Return the first momentum, in the order of `Momentum`, that any active goal has.

    `known` are the plan's trails. A plan without active goals is new, and quiet once nothing was
    shared or judged for long.
    """
    moments = {trail.momentum for trail in known}
    for moment in MOMENTA:
        if moment in moments:
            return moment
    days = [facts.starts_on]
    days += [j.observed_on for j in facts.judgements if j.observed_on <= on]
    days += [e.shared_on for e in facts.shared if e.shared_on <= on]
    return momentum((), heard_on=max(days), on=on, thresholds=thresholds)
