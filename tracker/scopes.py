"""What figures are about: the plan, its framework items and its goals, with what is known of each.

Pure: no session, no clock, no sentence; the order of facts never matters.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from tracker.facts import ItemFact, JudgementFact, PlanFacts, Thresholds
from tracker.progress import Trail, oldest_first, trails


class Kind(StrEnum):
    """The kinds of things that figures are about."""

    PLAN = "plan"
    KERNTAAK = "kerntaak"
    WERKPROCES = "werkproces"
    KEUZEDEEL = "keuzedeel"
    GOAL = "goal"


@dataclass(frozen=True, slots=True)
class Scope:
    """The one thing that figures are about: its kind and id."""

    kind: Kind
    id: UUID


@dataclass(frozen=True, slots=True)
class Thread:
    """Judgements of one and the same thing, oldest first: of a goal, or of a framework item.

    `heard_on` is when it was set or shared about last.
    """

    judgements: Sequence[JudgementFact]
    heard_on: date
    trail: Trail | None = None

    @property
    def goal_id(self) -> UUID | None:
        """Return the goal that it is about, if it is about one."""
        return self.trail.goal.id if self.trail else None


@dataclass(frozen=True, slots=True)
class Thing:
    """All that is known of a scope; judgements oldest first, those of each part apart too.

    `threads` are what can move and what raters can agree on; `goals` are the active ones in it,
    `item_ids` its werkprocessen. A whole has parts that are something else than itself.
    """

    judgements: Sequence[JudgementFact]
    parts: Sequence[Sequence[JudgementFact]]
    threads: Sequence[Thread]
    goals: Sequence[Trail]
    item_ids: Sequence[UUID]
    is_whole: bool = False


def things(facts: PlanFacts, *, on: date, thresholds: Thresholds) -> dict[Scope, Thing]:
    """Return what is known of the plan, then of its items, then of its active goals by id.

    A goal that was closed says no longer what moves, but what was seen through it was seen.
    """
    known = oldest_first(facts.judgements, on=on)
    active = trails(facts, on=on, thresholds=thresholds)
    serves = {goal.id: goal.item_ids for goal in facts.goals if goal.since <= on}
    about = {
        j.id: {j.item_id}.union(*(serves.get(goal_id, ()) for goal_id in j.goal_ids)) for j in known
    }
    heard = [facts.starts_on, *(e.shared_on for e in facts.shared if e.shared_on <= on)]
    whole = Thread((), max([*heard, *(j.observed_on for j in known)]))
    below = _below(facts.items)
    leaves = [item_id for (_, item_id), item_ids in below.items() if item_ids == [item_id]]
    found = {
        Scope(Kind.PLAN, facts.plan_id): Thing(
            known,
            [trail.judgements for trail in active],
            [_thread(trail) for trail in active] or [whole],
            active,
            leaves,
            is_whole=True,
        )
    }
    for (kind, item_id), item_ids in below.items():
        ids = {item_id, *item_ids}
        goals = [trail for trail in active if not ids.isdisjoint(trail.goal.item_ids)]
        own = [
            [j for j in known if j.item_id == one] for one in dict.fromkeys([item_id, *item_ids])
        ]
        found[Scope(Kind(kind), item_id)] = Thing(
            [j for j in known if not ids.isdisjoint(about[j.id])],
            [[j for j in known if one in about[j.id]] for one in item_ids],
            [*map(_thread, goals), *(Thread(said, said[0].observed_on) for said in own if said)],
            goals,
            item_ids,
            is_whole=item_ids != [item_id],
        )
    for trail in active:
        served = [item_id for item_id in leaves if item_id in trail.goal.item_ids]
        found[Scope(Kind.GOAL, trail.goal.id)] = Thing(
            trail.judgements, [trail.judgements], [_thread(trail)], [trail], served
        )
    return found


def _thread(trail: Trail) -> Thread:
    return Thread(trail.judgements, trail.heard_on, trail)


def _below(items: Sequence[ItemFact]) -> dict[tuple[str, UUID], list[UUID]]:
    """Return the kind and id of each item, with the lowest items below it: itself, or its parts.

    What a werkproces is part of is a kerntaak, also when nothing else is known of that.
    """
    by_id = {item.id: item for item in items}
    wholes = {item.parent_id for item in items}
    below: dict[tuple[str, UUID], list[UUID]] = defaultdict(list)
    for item in sorted(items, key=lambda item: (item.code, item.id)):
        if item.id in wholes:
            continue
        below[item.kind, item.id].append(item.id)
        above = item.parent_id
        while above is not None:
            is_known = above in by_id
            below[by_id[above].kind if is_known else Kind.KERNTAAK, above].append(item.id)
            above = by_id[above].parent_id if is_known else None
    return below
