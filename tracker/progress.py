"""Judging progress: the dated facts of one plan and a day in, signals and measures out.

Pure: no session, no clock, no sentence. The caller has already left out what the reader may not
see, so a private piece moves nothing here. Facts dated after the day are ignored until then, and
the order of facts never matters. What nobody has seen is missing, never a low anchor.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

INDEPENDENT = 2  # the anchor "zelfstandig"


class Rater(StrEnum):
    """Who judged, as seen from the student; always shown in this order."""

    SELF = "self"
    COACH = "coach"
    SUPERVISOR = "supervisor"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class JudgementFact:
    """What one rater saw on a day: the raw word of the scale, and its anchor (0-3).

    `context` is the placement where it was seen; None at school or when not known.
    """

    id: UUID
    by: Rater
    by_id: UUID
    anchor: int
    label: str
    observed_on: date
    recorded_at: datetime
    goal_id: UUID | None = None
    item_id: UUID | None = None
    evidence_id: UUID | None = None
    context: UUID | None = None


@dataclass(frozen=True, slots=True)
class EvidenceFact:
    """A piece of evidence that the reader may see, and the day it was shared."""

    id: UUID
    goal_ids: frozenset[UUID]
    shared_on: date
    happened_on: date
    placement_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class GoalFact:
    """A goal (leerdoel): set on a day, last edited on a day, aiming at an anchor by a day."""

    id: UUID
    title: str
    is_active: bool
    since: date
    touched_on: date | None = None
    target_anchor: int | None = None
    target_on: date | None = None


@dataclass(frozen=True, slots=True)
class PlacementFact:
    """A placement (bpv) at a company, from a day on, until a day (exclusive)."""

    id: UUID
    company: str
    from_on: date
    until_on: date


@dataclass(frozen=True, slots=True)
class ActivityFact:
    """A signal from a learning environment: shown, and never judged by."""

    occurred_on: date
    kind: str
    title: str
    source: str


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """All dated facts of one plan that one reader may see."""

    plan_id: UUID
    starts_on: date
    goals: Sequence[GoalFact] = ()
    judgements: Sequence[JudgementFact] = ()
    evidence: Sequence[EvidenceFact] = ()
    placements: Sequence[PlacementFact] = ()
    activity: Sequence[ActivityFact] = ()
    talked_on: Sequence[date] = ()


@dataclass(frozen=True, slots=True)
class Thresholds:
    """A school's own limits, in days; `gap` is in anchors."""

    nothing_shared_days: int = 21
    goal_untouched_days: int = 42
    news_days: int = 14  # good news stays news
    quiet_days: int = 28  # after this long without a word a trail is quiet
    counting_days: int = 84  # a rater's latest judgement counts this long
    drawn_days: int = 730  # older judgements leave the drawing, never the table
    gap: int = 2


DEFAULTS = Thresholds()


class Rule(StrEnum):
    """The rules that can fire."""

    RATERS_APART = "raters_apart"
    NOTHING_SHARED = "nothing_shared"
    GOAL_UNTOUCHED = "goal_untouched"
    FIRST_INDEPENDENT = "first_independent"
    TRANSFER_SHOWN = "transfer_shown"


# First what asks for a talk, then silence, then good news.
GROUPS = {
    Rule.RATERS_APART: 0,
    Rule.NOTHING_SHARED: 1,
    Rule.GOAL_UNTOUCHED: 1,
    Rule.FIRST_INDEPENDENT: 2,
    Rule.TRANSFER_SHOWN: 2,
}


class FactKind(StrEnum):
    """What a fact behind a signal says, and with which values."""

    JUDGED = "judged"  # on, days, by, by_id, anchor, label, placement_id
    LAST_SHARED = "last_shared"  # on, days; absent when nothing was ever shared
    LAST_TALK = "last_talk"  # on, days; absent when there never was one
    IN_PLACEMENT = "in_placement"  # on (its first day), days, placement_id
    GOAL_SET = "goal_set"  # on, days
    GOAL_EDITED = "goal_edited"  # on, days
    LAST_JUDGED = "last_judged"  # on, days
    THRESHOLD = "threshold"  # days, or anchors


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact that a signal fired on, as a code and values: the page makes the sentence."""

    kind: FactKind
    on: date | None = None
    days: int | None = None
    anchors: int | None = None
    by: Rater | None = None
    by_id: UUID | None = None
    anchor: int | None = None
    label: str | None = None
    placement_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Signal:
    """A rule that fired, the day since which that waits, and the facts it fired on."""

    rule: Rule
    since: date
    facts: tuple[Fact, ...]
    good_news: bool = False
    goal_id: UUID | None = None


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
    """Return what is known of each active goal; what is said of a piece is said of its goals."""
    evidence = [piece for piece in facts.evidence if piece.shared_on <= on]
    serves = {piece.id: piece.goal_ids for piece in evidence}
    judgements: dict[UUID, list[JudgementFact]] = defaultdict(list)
    for judgement in _oldest_first(facts.judgements, on):
        if judgement.goal_id is not None:
            judgements[judgement.goal_id].append(judgement)
        elif judgement.evidence_id is not None:
            for goal_id in serves.get(judgement.evidence_id, ()):
                judgements[goal_id].append(judgement)
    shared: dict[UUID, date] = {}
    for piece in evidence:
        for goal_id in piece.goal_ids:
            shared[goal_id] = max(piece.shared_on, shared.get(goal_id, piece.shared_on))
    active = [goal for goal in facts.goals if goal.is_active and goal.since <= on]
    active.sort(key=lambda goal: goal.id)
    return [Trail(goal, judgements[goal.id], shared.get(goal.id)) for goal in active]


def signals(facts: PlanFacts, *, on: date, thresholds: Thresholds = DEFAULTS) -> tuple[Signal, ...]:
    """Return the rules that fire for a plan on a day: by group, then by how long they wait."""
    rules = (_raters_apart, _goal_untouched, _first_independent, _transfer_shown)
    found = [_nothing_shared(facts, on, thresholds)]
    for trail in trails(facts, on=on):
        found += [rule(trail, on, thresholds) for rule in rules]
    fired = [signal for signal in found if signal is not None]
    return tuple(sorted(fired, key=lambda s: (*place(s), s.rule, str(s.goal_id))))


def place(signal: Signal, name: str = "") -> tuple[int, date, str]:
    """Return the sort key of a signal on a page: group, waiting since, name of the student."""
    return GROUPS[signal.rule], signal.since, name.casefold()


def measures(facts: PlanFacts, *, on: date, thresholds: Thresholds = DEFAULTS) -> Measures:
    """Return what a plan's facts amount to on a day; active goals only, except freshness."""
    known = trails(facts, on=on)
    observed = [j.observed_on for j in facts.judgements if j.observed_on <= on]
    gaps = [gap for trail in known if (gap := _gap(trail, on, thresholds)) is not None]
    return Measures(
        coverage=_coverage(known),
        momentum=_plan_momentum(facts, known, on, thresholds),
        freshness_days=(on - max(observed)).days if observed else None,
        agreement=max(gaps, default=None),
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


def _counting(trail: Trail, on: date, thresholds: Thresholds) -> list[JudgementFact]:
    """Return each rater's latest judgement that is not too old to count: lowest, oldest first."""
    latest = {(j.by, j.by_id): j for j in trail.judgements}
    counting = [j for j in latest.values() if (on - j.observed_on).days <= thresholds.counting_days]
    return sorted(counting, key=lambda j: (j.anchor, j.observed_on, j.recorded_at, j.id))


def _gap(trail: Trail, on: date, thresholds: Thresholds) -> int | None:
    """Return how many anchors the raters are apart now; None with fewer than two raters."""
    counting = _counting(trail, on, thresholds)
    return counting[-1].anchor - counting[0].anchor if len(counting) > 1 else None


# --- the rules -------------------------------------------------------------------------------


def _nothing_shared(facts: PlanFacts, on: date, thresholds: Thresholds) -> Signal | None:
    """Find a running placement in which nothing was shared, and no talk held, for long."""
    running = [p for p in facts.placements if p.from_on <= on < p.until_on]
    if not running:
        return None
    placement = min(running, key=lambda p: (p.from_on, p.id))
    shared = max((e.shared_on for e in facts.evidence if e.shared_on <= on), default=None)
    talked = max((day for day in facts.talked_on if day <= on), default=None)
    since = max(day for day in (placement.from_on, shared, talked) if day is not None)
    if (on - since).days < thresholds.nothing_shared_days:
        return None
    dated = [
        *_dated(FactKind.LAST_SHARED, shared, on),
        *_dated(FactKind.LAST_TALK, talked, on),
        *_dated(FactKind.IN_PLACEMENT, placement.from_on, on, placement_id=placement.id),
    ]
    threshold = Fact(FactKind.THRESHOLD, days=thresholds.nothing_shared_days)
    return Signal(Rule.NOTHING_SHARED, since, (*dated, threshold))


def _raters_apart(trail: Trail, on: date, thresholds: Thresholds) -> Signal | None:
    """Find two raters whose latest judgements are far apart: something to talk about."""
    gap = _gap(trail, on, thresholds)
    if gap is None or gap < thresholds.gap:
        return None
    counting = _counting(trail, on, thresholds)
    lowest = counting[0]
    highest = next(j for j in counting if j.anchor == counting[-1].anchor)
    return Signal(
        Rule.RATERS_APART,
        max(lowest.observed_on, highest.observed_on),
        (
            _judged(highest, on),
            _judged(lowest, on),
            Fact(FactKind.THRESHOLD, anchors=thresholds.gap),
        ),
        goal_id=trail.goal.id,
    )


def _goal_untouched(trail: Trail, on: date, thresholds: Thresholds) -> Signal | None:
    """Find a goal that nobody edited, judged or shared evidence towards for long."""
    goal = trail.goal
    edited = goal.touched_on if goal.touched_on and goal.touched_on <= on else None
    judged = trail.judgements[-1].observed_on if trail.judgements else None
    since = max(day for day in (goal.since, edited, judged, trail.shared_on) if day is not None)
    if (on - since).days < thresholds.goal_untouched_days:
        return None
    dated = [
        *_dated(FactKind.GOAL_SET, goal.since, on),
        *_dated(FactKind.GOAL_EDITED, edited, on),
        *_dated(FactKind.LAST_JUDGED, judged, on),
        *_dated(FactKind.LAST_SHARED, trail.shared_on, on),
    ]
    threshold = Fact(FactKind.THRESHOLD, days=thresholds.goal_untouched_days)
    return Signal(Rule.GOAL_UNTOUCHED, since, (*dated, threshold), goal_id=goal.id)


def _first_independent(trail: Trail, on: date, thresholds: Thresholds) -> Signal | None:
    """Find that somebody else saw the student do it independently, for the first time, lately."""
    seen = _independent(trail)
    return _news(Rule.FIRST_INDEPENDENT, trail, seen[:1], on, thresholds)


def _transfer_shown(trail: Trail, on: date, thresholds: Thresholds) -> Signal | None:
    """Find that somebody else saw it independently in a second placement, for the first time."""
    seen = [j for j in _independent(trail) if j.context is not None]
    second = next((j for j in seen if j.context != seen[0].context), None)
    if second is None:
        return None
    return _news(Rule.TRANSFER_SHOWN, trail, [seen[0], second], on, thresholds)


def _independent(trail: Trail) -> list[JudgementFact]:
    return [j for j in trail.judgements if j.by != Rater.SELF and j.anchor >= INDEPENDENT]


def _news(
    rule: Rule, trail: Trail, seen: list[JudgementFact], on: date, thresholds: Thresholds
) -> Signal | None:
    """Tell what was seen as good news, as long as the newest of it is news."""
    if not seen or (on - seen[-1].observed_on).days > thresholds.news_days:
        return None
    threshold = Fact(FactKind.THRESHOLD, days=thresholds.news_days)
    facts = (*(_judged(j, on) for j in reversed(seen)), threshold)
    return Signal(rule, seen[-1].observed_on, facts, good_news=True, goal_id=trail.goal.id)


def _judged(judgement: JudgementFact, on: date) -> Fact:
    return Fact(
        FactKind.JUDGED,
        on=judgement.observed_on,
        days=(on - judgement.observed_on).days,
        by=judgement.by,
        by_id=judgement.by_id,
        anchor=judgement.anchor,
        label=judgement.label,
        placement_id=judgement.context,
    )


def _dated(
    kind: FactKind, day: date | None, on: date, placement_id: UUID | None = None
) -> list[Fact]:
    """Return the fact that something happened on a day, or nothing when it never did."""
    if day is None:
        return []
    return [Fact(kind, on=day, days=(on - day).days, placement_id=placement_id)]


# --- the measures ----------------------------------------------------------------------------


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
    gap = _gap(trail, on, thresholds)
    if gap is not None and gap >= thresholds.gap:
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
    days += [e.shared_on for e in facts.evidence if e.shared_on <= on]
    return Momentum.QUIET if (on - max(days)).days > thresholds.quiet_days else Momentum.NEW
