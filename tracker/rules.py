"""Which rules fire for a plan on a day.

Pure: no session, no clock, no sentence. The order of facts never matters, and what nobody has
seen is missing, never a low anchor.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from tracker.facts import (
    DEFAULTS,
    ItemFact,
    JudgementFact,
    Pause,
    PauseKind,
    PlacementFact,
    PlanFacts,
    Rater,
    RequestFact,
    Thresholds,
    no_workplace,
    waited,
)
from tracker.progress import (
    Trail,
    extremes,
    first_in_each_placement,
    independent,
    oldest_first,
    trails,
)
from tracker.signals import Fact, FactKind, Rule, Signal, dated, judged, not_possible, place


def signals(
    facts: PlanFacts,
    *,
    on: date,
    thresholds: Thresholds = DEFAULTS,
    known: Sequence[Trail] | None = None,
) -> tuple[Signal, ...]:
    """Return the rules that fire for a plan on a day: by group, then by how long they wait.

    `known` are its trails on that day by these limits, when the caller has them already.
    """
    if known is None:
        known = trails(facts, on=on, thresholds=thresholds)
    found = [_unanswered(request, facts, on, thresholds) for request in facts.requests]
    found += [_nothing_shared(facts, on, thresholds)]
    found += [_placement_ends(placement, facts, on, thresholds) for placement in facts.placements]
    refused = {word.item_id.int for word in facts.opportunities if not word.is_possible}
    found += [_no_workplace(item, facts, on) for item in facts.items if item.id.int in refused]
    for item_id, said in _said_of_items(facts, on).items():
        apart = extremes(said, on=on, thresholds=thresholds)
        found += [_raters_apart(apart, on, thresholds, item_id=item_id)]
    for trail in known:
        found += [
            _raters_apart(trail.apart, on, thresholds, goal_id=trail.goal.id),
            _goal_untouched(trail, facts, on, thresholds),
        ]
        if trail.judgements and not _is_old(trail.judgements[-1], on, thresholds):
            found += [
                _first_independent(trail, on, thresholds),
                _transfer_shown(trail, on, thresholds),
            ]
    fired = [signal for signal in found if signal is not None]
    return tuple(sorted(fired, key=lambda s: (*place(s), s.rule, str(s.about))))


def _unanswered(
    request: RequestFact, facts: PlanFacts, on: date, thresholds: Thresholds
) -> Signal | None:
    """Find a request or a learning question that waits for an answer for long."""
    days = waited(request.asked_on, on=on, pauses=_pauses_of(request.to, facts))
    if days <= thresholds.unanswered_days:
        return None
    asked = dated(FactKind.ASKED, request.asked_on, on=on, by_id=request.by_id)
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
    if (on - since).days < thresholds.nothing_shared_days:  # pauses only make it shorter
        return None
    days = waited(since, on=on, pauses=facts.pauses)
    if days < thresholds.nothing_shared_days:
        return None
    behind = [
        *dated(FactKind.LAST_SHARED, shared, on=on),
        *dated(FactKind.LAST_TALK, talked, on=on),
        *dated(FactKind.IN_PLACEMENT, placement.from_on, on=on, placement_id=placement.id),
        *_paused(since, days, on),
    ]
    for source in sorted(facts.sources, key=lambda source: source.name):
        behind += [
            *dated(FactKind.LAST_ACTIVITY, source.last_activity_on, on=on, source=source.name),
            *dated(FactKind.LAST_IMPORT, source.last_import_on, on=on, source=source.name),
        ]
    return Signal(Rule.NOTHING_SHARED, since, (*behind, _days(thresholds.nothing_shared_days)))


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
    gaps = no_workplace(facts, item.id, on=on)
    if not gaps:
        return None
    served_since = [
        goal.since
        for goal in facts.goals
        if goal.is_active and goal.since <= on and item.id in goal.item_ids
    ]
    if not served_since:
        return None
    return Signal(
        Rule.NO_WORKPLACE,
        max(min(served_since), gaps[-1].said_on),
        tuple(not_possible(gap, on=on) for gap in gaps),
        item_id=item.id,
    )


def _said_of_items(facts: PlanFacts, on: date) -> dict[UUID, list[JudgementFact]]:
    """Return what was judged of framework items by themselves, towards no goal, oldest first."""
    found: dict[UUID, list[JudgementFact]] = defaultdict(list)
    alone = [j for j in facts.judgements if j.item_id is not None and not j.goal_ids]
    for judgement in oldest_first(alone, on=on):
        if judgement.item_id is not None:
            found[judgement.item_id].append(judgement)
    return found


def _raters_apart(
    apart: tuple[JudgementFact, JudgementFact] | None,
    on: date,
    thresholds: Thresholds,
    *,
    goal_id: UUID | None = None,
    item_id: UUID | None = None,
) -> Signal | None:
    """Find two raters whose latest judgements of one thing are far apart: something to talk about.

    The thing is a goal, or a framework item that was judged by itself.
    """
    if apart is None or apart[1].anchor - apart[0].anchor < thresholds.gap:
        return None
    lowest, highest = apart
    return Signal(
        Rule.RATERS_APART,
        max(lowest.observed_on, highest.observed_on),
        (
            judged(highest, on=on),
            judged(lowest, on=on),
            Fact(FactKind.THRESHOLD, anchors=thresholds.gap),
        ),
        goal_id=goal_id,
        item_id=item_id,
    )


def _goal_untouched(
    trail: Trail, facts: PlanFacts, on: date, thresholds: Thresholds
) -> Signal | None:
    """Find a goal that nobody edited, judged or shared evidence towards for long."""
    goal = trail.goal
    edited = goal.touched_on if goal.touched_on and goal.touched_on <= on else None
    last = trail.judgements[-1].observed_on if trail.judgements else None
    since = max(day for day in (trail.heard_on, edited, last) if day is not None)
    if (on - since).days < thresholds.goal_untouched_days:  # pauses only make it shorter
        return None
    days = waited(since, on=on, pauses=facts.pauses)
    if days < thresholds.goal_untouched_days:
        return None
    behind = (
        *dated(FactKind.GOAL_SET, goal.since, on=on),
        *dated(FactKind.GOAL_EDITED, edited, on=on),
        *dated(FactKind.LAST_JUDGED, last, on=on),
        *dated(FactKind.LAST_SHARED, trail.shared_on, on=on),
        *_paused(since, days, on),
        _days(thresholds.goal_untouched_days),
    )
    return Signal(Rule.GOAL_UNTOUCHED, since, behind, goal_id=goal.id)


def _first_independent(trail: Trail, on: date, thresholds: Thresholds) -> Signal | None:
    """Find that somebody else saw the student do it independently, for the first time, lately."""
    first = independent(trail.judgements)[:1]
    limits = _days(thresholds.news_days)
    return _news(Rule.FIRST_INDEPENDENT, trail, first, on, thresholds, limits)


def _transfer_shown(trail: Trail, on: date, thresholds: Thresholds) -> Signal | None:
    """Find that somebody else saw it independently in one more placement: enough to be transfer."""
    seen = first_in_each_placement(trail.judgements)[: thresholds.contexts]
    if len(seen) < thresholds.contexts:
        return None
    limits = Fact(FactKind.THRESHOLD, days=thresholds.news_days, contexts=thresholds.contexts)
    return _news(Rule.TRANSFER_SHOWN, trail, seen, on, thresholds, limits)


def _news(
    rule: Rule,
    trail: Trail,
    seen: Sequence[JudgementFact],
    on: date,
    thresholds: Thresholds,
    limits: Fact,
) -> Signal | None:
    """Tell what was seen as good news, as long as the newest of it is news."""
    if not seen or _is_old(seen[-1], on, thresholds):
        return None
    facts = (*(judged(j, on=on) for j in reversed(seen)), limits)
    return Signal(rule, seen[-1].observed_on, facts, good_news=True, goal_id=trail.goal.id)


def _is_old(judgement: JudgementFact, on: date, thresholds: Thresholds) -> bool:
    return (on - judgement.observed_on).days > thresholds.news_days


def _paused(since: date, days: int, on: date) -> list[Fact]:
    """Return for how many days the clock stood still, if it did."""
    still = (on - since).days - days
    return [Fact(FactKind.PAUSED, days=still)] if still else []


def _days(threshold: int) -> Fact:
    return Fact(FactKind.THRESHOLD, days=threshold)


def _pauses_of(owed_by: Rater, facts: PlanFacts) -> Sequence[Pause]:
    """Return what stops the clock of an answer: who owes it is not away when the student is."""
    if owed_by is Rater.SELF:
        return facts.pauses
    return [pause for pause in facts.pauses if pause.kind is PauseKind.HOLIDAY]
