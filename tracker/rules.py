"""Which rules fire for a plan on a day.

Pure: no session, no clock, no sentence. The order of facts never matters, and what nobody has
seen is missing, never a low anchor.
"""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from tracker.facts import (
    DEFAULTS,
    INDEPENDENT,
    ItemFact,
    JudgementFact,
    Pause,
    PauseKind,
    PlacementFact,
    PlanFacts,
    Rater,
    RequestFact,
    Thresholds,
    waited,
)
from tracker.progress import Trail, counting, gap, trails
from tracker.signals import Fact, FactKind, Rule, Signal, place


def signals(facts: PlanFacts, *, on: date, thresholds: Thresholds = DEFAULTS) -> tuple[Signal, ...]:
    """Return the rules that fire for a plan on a day: by group, then by how long they wait."""
    found = [_unanswered(request, facts, on, thresholds) for request in facts.requests]
    found += [_nothing_shared(facts, on, thresholds)]
    found += [_placement_ends(placement, facts, on, thresholds) for placement in facts.placements]
    found += [_no_workplace(item, facts, on) for item in facts.items]
    for trail in trails(facts, on=on):
        found += [
            _raters_apart(trail, on, thresholds),
            _goal_untouched(trail, facts, on, thresholds),
            _first_independent(trail, on, thresholds),
            _transfer_shown(trail, on, thresholds),
        ]
    fired = [signal for signal in found if signal is not None]
    return tuple(sorted(fired, key=lambda s: (*place(s), s.rule, str(s.about))))


def _unanswered(
    request: RequestFact, facts: PlanFacts, on: date, thresholds: Thresholds
) -> Signal | None:
    """Find a request or a learning question that waits for an answer for long."""
    days = waited(request.asked_on, on=on, pauses=_holidays(facts))
    if days <= thresholds.unanswered_days:
        return None
    asked = _dated(FactKind.ASKED, request.asked_on, on, by_id=request.by_id)
    owed = Fact(FactKind.OWED_BY, by=request.to, by_id=request.to_id)
    return Signal(
        Rule.UNANSWERED,
        request.asked_on,
        (*asked, owed, *_paused(request.asked_on, days, on), _days(thresholds.unanswered_days)),
        goal_id=request.goal_id,
        request_id=request.id,
        owed_by=request.to,
        owed_by_id=request.to_id,
    )


def _nothing_shared(facts: PlanFacts, on: date, thresholds: Thresholds) -> Signal | None:
    """Find a running placement in which nothing was shared, and no talk held, for long.

    What sources told beside it, and when they last told anything, is said with it: their silence
    is not the student's.
    """
    running = [p for p in facts.placements if p.from_on <= on < p.until_on]
    if not running:
        return None
    placement = min(running, key=lambda p: (p.from_on, p.id))
    shared = max((e.shared_on for e in facts.shared if e.shared_on <= on), default=None)
    talked = max((day for day in facts.talked_on if day <= on), default=None)
    since = max(day for day in (placement.from_on, shared, talked) if day is not None)
    days = waited(since, on=on, pauses=facts.pauses)
    if days < thresholds.nothing_shared_days:
        return None
    dated = [
        *_dated(FactKind.LAST_SHARED, shared, on),
        *_dated(FactKind.LAST_TALK, talked, on),
        *_dated(FactKind.IN_PLACEMENT, placement.from_on, on, placement_id=placement.id),
        *_paused(since, days, on),
    ]
    for source in sorted(facts.sources, key=lambda source: source.name):
        dated += [
            *_dated(FactKind.LAST_ACTIVITY, source.last_activity_on, on, source=source.name),
            *_dated(FactKind.LAST_IMPORT, source.last_import_on, on, source=source.name),
        ]
    return Signal(Rule.NOTHING_SHARED, since, (*dated, _days(thresholds.nothing_shared_days)))


def _placement_ends(
    placement: PlacementFact, facts: PlanFacts, on: date, thresholds: Thresholds
) -> Signal | None:
    """Find a placement that ends soon, in which its supervisor gave no view yet."""
    last_on = placement.until_on - timedelta(days=1)
    left = (last_on - on).days
    if placement.from_on > on or not 0 <= left <= thresholds.placement_ends_days:
        return None
    seen = any(
        judgement.by is Rater.SUPERVISOR
        and judgement.context == placement.id
        and judgement.observed_on <= on
        for judgement in facts.judgements
    )
    if seen:
        return None
    ends = Fact(FactKind.PLACEMENT_ENDS, on=last_on, days=left, placement_id=placement.id)
    since = max(placement.from_on, last_on - timedelta(thresholds.placement_ends_days))
    return Signal(
        Rule.PLACEMENT_ENDS,
        since,
        (ends, _days(thresholds.placement_ends_days)),
        placement_id=placement.id,
    )


def _no_workplace(item: ItemFact, facts: PlanFacts, on: date) -> Signal | None:
    """Find a werkproces that an active goal serves, and that no placement to come can offer.

    It fires only when something was said about every placement that runs or comes: nobody having
    said anything is no gap. The gap is the companies', never the student's.
    """
    goals = [g for g in facts.goals if g.is_active and g.since <= on and item.id in g.item_ids]
    ahead = {placement.id for placement in facts.placements if placement.until_on > on}
    said = {
        opportunity.placement_id: opportunity
        for opportunity in facts.opportunities
        if opportunity.item_id == item.id and opportunity.said_on <= on
    }
    if not goals or not ahead or not ahead <= said.keys():
        return None
    if any(said[placement_id].is_possible for placement_id in ahead):
        return None
    gaps = sorted(
        (said[placement_id] for placement_id in ahead), key=lambda o: (o.said_on, o.placement_id)
    )
    return Signal(
        Rule.NO_WORKPLACE,
        gaps[-1].said_on,
        tuple(
            Fact(
                FactKind.NOT_POSSIBLE,
                on=gap.said_on,
                days=(on - gap.said_on).days,
                placement_id=gap.placement_id,
                item_id=item.id,
            )
            for gap in gaps
        ),
        item_id=item.id,
    )


def _raters_apart(trail: Trail, on: date, thresholds: Thresholds) -> Signal | None:
    """Find two raters whose latest judgements are far apart: something to talk about."""
    apart = gap(trail, on=on, thresholds=thresholds)
    if apart is None or apart < thresholds.gap:
        return None
    known = counting(trail, on=on, thresholds=thresholds)
    lowest = known[0]
    highest = next(j for j in known if j.anchor == known[-1].anchor)
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


def _goal_untouched(
    trail: Trail, facts: PlanFacts, on: date, thresholds: Thresholds
) -> Signal | None:
    """Find a goal that nobody edited, judged or shared evidence towards for long."""
    goal = trail.goal
    edited = goal.touched_on if goal.touched_on and goal.touched_on <= on else None
    judged = trail.judgements[-1].observed_on if trail.judgements else None
    since = max(day for day in (goal.since, edited, judged, trail.shared_on) if day is not None)
    days = waited(since, on=on, pauses=facts.pauses)
    if days < thresholds.goal_untouched_days:
        return None
    dated = [
        *_dated(FactKind.GOAL_SET, goal.since, on),
        *_dated(FactKind.GOAL_EDITED, edited, on),
        *_dated(FactKind.LAST_JUDGED, judged, on),
        *_dated(FactKind.LAST_SHARED, trail.shared_on, on),
        *_paused(since, days, on),
    ]
    facts_behind = (*dated, _days(thresholds.goal_untouched_days))
    return Signal(Rule.GOAL_UNTOUCHED, since, facts_behind, goal_id=goal.id)


def _first_independent(trail: Trail, on: date, thresholds: Thresholds) -> Signal | None:
    """Find that somebody else saw the student do it independently, for the first time, lately."""
    seen = _independent(trail)
    return _news(Rule.FIRST_INDEPENDENT, trail, seen[:1], on, thresholds)


def _transfer_shown(trail: Trail, on: date, thresholds: Thresholds) -> Signal | None:
    """Find that somebody else saw it independently in one more placement: enough to be transfer."""
    first_in: dict[UUID, JudgementFact] = {}
    for judgement in _independent(trail):
        if judgement.context is not None:
            first_in.setdefault(judgement.context, judgement)
    seen = list(first_in.values())[: thresholds.contexts]
    if len(seen) < thresholds.contexts:
        return None
    return _news(Rule.TRANSFER_SHOWN, trail, seen, on, thresholds)


def _independent(trail: Trail) -> list[JudgementFact]:
    return [j for j in trail.judgements if j.by != Rater.SELF and j.anchor >= INDEPENDENT]


def _news(
    rule: Rule, trail: Trail, seen: list[JudgementFact], on: date, thresholds: Thresholds
) -> Signal | None:
    """Tell what was seen as good news, as long as the newest of it is news."""
    if not seen or (on - seen[-1].observed_on).days > thresholds.news_days:
        return None
    facts = (*(_judged(j, on) for j in reversed(seen)), _days(thresholds.news_days))
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


def _dated(kind: FactKind, day: date | None, on: date, **values: Any) -> list[Fact]:
    """Return the fact that something happened on a day, or nothing when it never did."""
    return [Fact(kind, on=day, days=(on - day).days, **values)] if day is not None else []


def _paused(since: date, days: int, on: date) -> list[Fact]:
    """Return for how many days the clock stood still, if it did."""
    still = (on - since).days - days
    return [Fact(FactKind.PAUSED, days=still)] if still else []


def _days(threshold: int) -> Fact:
    return Fact(FactKind.THRESHOLD, days=threshold)


def _holidays(facts: PlanFacts) -> list[Pause]:
    """Return the pauses of the school: who owes an answer is not away when the student is."""
    return [pause for pause in facts.pauses if pause.kind is PauseKind.HOLIDAY]
