"""Figures that explain themselves: what is known of a plan and of each of its parts on a day.

Each figure names the rule that made it and the facts behind it. Nothing is averaged, nothing is a
percentage and nothing is ever done. What nobody has seen or said is None, never 0. Pure: no
session, no clock, no sentence; the order of facts never matters.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tracker.facts import DEFAULTS, PlanFacts, Rater, Thresholds, no_workplace, said_of_placements
from tracker.progress import (
    Momentum,
    changed,
    extremes,
    first_in_each_placement,
    momentum,
    oldest_first,
    standing,
)
from tracker.scopes import Kind, Scope, Thing, Thread, things
from tracker.signals import Fact, FactKind, dated, judged, not_possible


class Measure(StrEnum):
    """What a figure is about (product.md section 4)."""

    COVERAGE = "coverage"  # Covered: who has seen how much of it
    MOMENTUM = "momentum"  # Momentum
    FRESHNESS = "freshness"  # days since anybody last judged it
    AGREEMENT = "agreement"  # anchors between the raters; 0 when they agree
    BEST = "best"  # an anchor; only of one goal or one werkproces
    LAST = "last"  # an anchor; only of one goal or one werkproces
    PACE = "pace"  # days until the student's own target day; less than 0: passed
    TRANSFER = "transfer"  # placements where it was shown; of a whole: how many of its parts
    OPPORTUNITY_GAP = "opportunity_gap"  # how many of its werkprocessen have no workplace


class Reckoning(StrEnum):
    """The rule by which a figure was made: a page names it beside the figure."""

    SEEN_BY_ANYBODY = "seen_by_anybody"  # judged at all, whatever the anchor
    FIRST_THAT_STANDS_OUT = "first_that_stands_out"  # of its goals, in the order of Momentum
    NEWEST_BY_ANYBODY = "newest_by_anybody"
    LATEST_OF_EACH_RATER = "latest_of_each_rater"  # the goal in which they are furthest apart
    BEST_BY_ANOTHER = "best_by_another"  # the student's own word stands in the facts only
    NEWEST_BY_ANOTHER = "newest_by_another"
    OWN_TARGET_DAY = "own_target_day"
    NEXT_TARGET_DAY = "next_target_day"  # of its goals, the nearest that has not passed
    INDEPENDENT_BY_ANOTHER = "independent_by_another"  # in how many placements
    SHOWN_IN_ENOUGH_PLACEMENTS = "shown_in_enough_placements"  # how many of its parts
    SAID_OF_EVERY_PLACEMENT = "said_of_every_placement"  # none that runs or comes offers it


@dataclass(frozen=True, slots=True)
class Covered:
    """How many parts a thing has, how many anybody saw, and each kind of rater; and where.

    The parts of a plan are its active goals, of a kerntaak the werkprocessen that are in the plan;
    a werkproces and a goal are one part. `by` holds only who saw something, in the order of
    `Rater`; `contexts` counts the placements where something was seen.
    """

    parts: int
    seen: int
    by: tuple[tuple[Rater, int], ...]
    contexts: int


@dataclass(frozen=True, slots=True)
class Figure:
    """One measure: its value, None when there is nothing to say, its rule and the facts behind."""

    measure: Measure
    rule: Reckoning
    value: int | Momentum | Covered | None
    facts: tuple[Fact, ...] = ()


def figures(
    facts: PlanFacts, *, on: date, thresholds: Thresholds = DEFAULTS
) -> dict[Scope, tuple[Figure, ...]]:
    """Return what is known of the plan, its framework items and its active goals on a day.

    A werkproces is seen through the goals that serve it, and by what was judged of itself; a
    kerntaak through its werkprocessen.
    """
    found = {}
    for scope, thing in things(facts, on=on, thresholds=thresholds).items():
        told = [
            _coverage(thing, on),
            _momentum(thing, on, thresholds),
            _freshness(thing, on),
            _agreement(thing, on, thresholds),
            _pace(scope, thing, on),
            _transfer(thing, on, thresholds),
            _opportunity_gap(thing, facts, on),
        ]
        if not thing.is_whole:  # what was seen of one thing says nothing of another
            told += _best_and_last(thing, on)
        found[scope] = tuple(told)
    return found


# --- the figures -----------------------------------------------------------------------------


def _coverage(thing: Thing, on: date) -> Figure:
    seen_by = [{j.by for j in part} for part in thing.parts]
    counts = [(rater, sum(rater in raters for raters in seen_by)) for rater in Rater]
    seen = oldest_first((j for part in thing.parts for j in part), on=on)
    newest = {j.by: j for j in seen}
    return Figure(
        Measure.COVERAGE,
        Reckoning.SEEN_BY_ANYBODY,
        Covered(
            parts=len(thing.parts),
            seen=sum(1 for raters in seen_by if raters),
            by=tuple((rater, count) for rater, count in counts if count),
            contexts=len({j.context for j in seen} - {None}),
        ),
        tuple(judged(newest[rater], on=on) for rater in Rater if rater in newest),
    )


def _momentum(thing: Thing, on: date, thresholds: Thresholds) -> Figure:
    """Return the first momentum that any of its goals has, and the facts of that goal."""
    moments = [
        momentum(thread.judgements, heard_on=thread.heard_on, on=on, thresholds=thresholds)
        for thread in thing.threads
    ]
    for moment in Momentum:
        if moment in moments:
            thread = thing.threads[moments.index(moment)]
            behind = _behind(moment, thread, on, thresholds)
            return Figure(Measure.MOMENTUM, Reckoning.FIRST_THAT_STANDS_OUT, moment, behind)
    return Figure(Measure.MOMENTUM, Reckoning.FIRST_THAT_STANDS_OUT, None)


def _behind(moment: Momentum, thread: Thread, on: date, thresholds: Thresholds) -> tuple[Fact, ...]:
    if moment is Momentum.DIFFERS:
        pair = extremes(thread.judgements, on=on, thresholds=thresholds)
        limit = Fact(FactKind.THRESHOLD, days=thresholds.counting_days, anchors=thresholds.gap)
    elif moment is Momentum.MOVES:
        pair = changed(thread.judgements, on=on, thresholds=thresholds)
        limit = Fact(FactKind.THRESHOLD, days=thresholds.counting_days)
    else:
        pair = None
        limit = Fact(FactKind.THRESHOLD, days=thresholds.quiet_days)
    told = reversed(pair) if pair else thread.judgements[-1:]
    behind = [judged(judgement, on=on, goal_id=thread.goal_id) for judgement in told]
    if thread.trail and not pair:
        behind += [
            *dated(FactKind.LAST_SHARED, thread.trail.shared_on, on=on, goal_id=thread.goal_id),
            *dated(FactKind.GOAL_SET, thread.trail.goal.since, on=on, goal_id=thread.goal_id),
        ]
    return (*behind, limit)


def _freshness(thing: Thing, on: date) -> Figure:
    newest = [judged(judgement, on=on) for judgement in thing.judgements[-1:]]
    days = newest[0].days if newest else None
    return Figure(Measure.FRESHNESS, Reckoning.NEWEST_BY_ANYBODY, days, tuple(newest))


def _agreement(thing: Thing, on: date, thresholds: Thresholds) -> Figure:
    widest: int | None = None
    behind: tuple[Fact, ...] = ()
    for thread in thing.threads:
        pair = extremes(thread.judgements, on=on, thresholds=thresholds)
        if pair and (widest is None or pair[1].anchor - pair[0].anchor > widest):
            widest = pair[1].anchor - pair[0].anchor
            behind = (
                *(judged(j, on=on, goal_id=thread.goal_id) for j in reversed(pair)),
                Fact(FactKind.THRESHOLD, days=thresholds.counting_days, anchors=thresholds.gap),
            )
    return Figure(Measure.AGREEMENT, Reckoning.LATEST_OF_EACH_RATER, widest, behind)


def _best_and_last(thing: Thing, on: date) -> list[Figure]:
    """Return the highest and the newest anchor by others; each rater's own in the facts."""
    raters = standing(thing.judgements, on=on)
    others = [rater for rater in raters if rater.by is not Rater.SELF]
    newest = oldest_first((rater.last for rater in others), on=on)
    return [
        Figure(
            Measure.BEST,
            Reckoning.BEST_BY_ANOTHER,
            max((rater.best.anchor for rater in others), default=None),
            tuple(judged(rater.best, on=on) for rater in raters),
        ),
        Figure(
            Measure.LAST,
            Reckoning.NEWEST_BY_ANOTHER,
            newest[-1].anchor if newest else None,
            tuple(judged(rater.last, on=on) for rater in raters),
        ),
    ]


def _pace(scope: Scope, thing: Thing, on: date) -> Figure:
    """Return the days until the target day; each target is told, and who saw it, if anybody did."""
    behind: list[Fact] = []
    for trail in thing.goals:
        goal = trail.goal
        if goal.target_anchor is None and goal.target_on is None:
            continue
        days = (goal.target_on - on).days if goal.target_on else None
        target = Fact(
            FactKind.TARGET,
            on=goal.target_on,
            days=days,
            anchor=goal.target_anchor,
            goal_id=goal.id,
        )
        behind.append(target)
        if goal.target_anchor is not None:
            behind += [
                judged(rater.best, on=on, goal_id=goal.id)
                for rater in standing(trail.judgements, on=on)
                if rater.best.anchor >= goal.target_anchor
            ]
    left = [f.days for f in behind if f.kind is FactKind.TARGET and f.days is not None]
    if scope.kind is Kind.GOAL:
        own = left[0] if left else None
        return Figure(Measure.PACE, Reckoning.OWN_TARGET_DAY, own, tuple(behind))
    nearest = min((days for days in left if days >= 0), default=None)
    return Figure(Measure.PACE, Reckoning.NEXT_TARGET_DAY, nearest, tuple(behind))


def _transfer(thing: Thing, on: date, thresholds: Thresholds) -> Figure:
    """Return where others saw it independently; None as long as no other has judged it."""
    others = [[j for j in part if j.by is not Rater.SELF] for part in thing.parts]
    shown = [first_in_each_placement(part) for part in others]
    rule, value = Reckoning.INDEPENDENT_BY_ANOTHER, sum(map(len, shown))
    if thing.is_whole:
        shown = [part for part in shown if len(part) >= thresholds.contexts]
        rule, value = Reckoning.SHOWN_IN_ENOUGH_PLACEMENTS, len(shown)
    if not any(others):
        return Figure(Measure.TRANSFER, rule, None)
    limit = Fact(FactKind.THRESHOLD, contexts=thresholds.contexts)
    behind = (*(judged(j, on=on) for part in shown for j in part), limit)
    return Figure(Measure.TRANSFER, rule, value, behind)


def _opportunity_gap(thing: Thing, facts: PlanFacts, on: date) -> Figure:
    """Return how many werkprocessen no placement offers; None when not enough was said of any."""
    served = {item_id for trail in thing.goals for item_id in trail.goal.item_ids}
    gaps = []
    is_known = False
    for item_id in (item_id for item_id in thing.item_ids if item_id in served):
        said = said_of_placements(facts, item_id, on=on).values()
        gap = no_workplace(facts, item_id, on=on)
        is_known |= bool(gap) or any(word is not None and word.is_possible for word in said)
        gaps.append(gap)
    return Figure(
        Measure.OPPORTUNITY_GAP,
        Reckoning.SAID_OF_EVERY_PLACEMENT,
        sum(1 for gap in gaps if gap) if is_known else None,
        tuple(not_possible(word, on=on) for gap in gaps for word in gap),
    )
