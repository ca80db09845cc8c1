"""What a signal is: a rule that fired, the facts it fired on, and its place on a page.

No sentence stands here: pages and programs make their own of the codes.
"""

from dataclasses import dataclass
from datetime import date
from enum import IntEnum, StrEnum
from typing import Any
from uuid import UUID

from tracker.facts import JudgementFact, OpportunityFact, Rater


class Rule(StrEnum):
    """The rules that can fire (product.md section 4)."""

    UNANSWERED = "unanswered"
    RATERS_APART = "raters_apart"
    NOTHING_SHARED = "nothing_shared"
    GOAL_UNTOUCHED = "goal_untouched"
    PLACEMENT_ENDS = "placement_ends"
    NO_WORKPLACE = "no_workplace"
    FIRST_INDEPENDENT = "first_independent"
    TRANSFER_SHOWN = "transfer_shown"


class Group(IntEnum):
    """The kinds of attention, in the order of the page."""

    WAITS_FOR_YOU = 0
    TO_TALK_ABOUT = 1
    WAITS_FOR_OTHERS = 2
    SILENCE = 3
    ENDING = 4
    GOOD_NEWS = 5


GROUPS = {
    Rule.UNANSWERED: Group.WAITS_FOR_OTHERS,
    Rule.RATERS_APART: Group.TO_TALK_ABOUT,
    Rule.NOTHING_SHARED: Group.SILENCE,
    Rule.GOAL_UNTOUCHED: Group.SILENCE,
    Rule.PLACEMENT_ENDS: Group.ENDING,
    Rule.NO_WORKPLACE: Group.ENDING,
    Rule.FIRST_INDEPENDENT: Group.GOOD_NEWS,
    Rule.TRANSFER_SHOWN: Group.GOOD_NEWS,
}


class FactKind(StrEnum):
    """What a fact behind a signal or a figure says, and with which values."""

    JUDGED = "judged"  # on, days, by, by_id, anchor, label, placement_id
    LAST_SHARED = "last_shared"  # on, days; absent when nothing was ever shared
    LAST_TALK = "last_talk"  # on, days; absent when there never was one
    LAST_ACTIVITY = "last_activity"  # source, on, days; absent when it told nothing
    LAST_IMPORT = "last_import"  # source, on, days: how old what it told is; absent when never
    IN_PLACEMENT = "in_placement"  # on (its first day), days, placement_id
    PLACEMENT_ENDS = "placement_ends"  # on (its last day), days until then, placement_id
    GOAL_SET = "goal_set"  # on, days
    GOAL_EDITED = "goal_edited"  # on, days
    LAST_JUDGED = "last_judged"  # on, days
    ASKED = "asked"  # on, days, by_id (who asked; absent for a learning question)
    OWED_BY = "owed_by"  # by, by_id (who owes the answer; absent when it is any coach)
    NOT_POSSIBLE = "not_possible"  # on, days, placement_id, item_id
    PAUSED = "paused"  # days in which the clock stood still
    TARGET = "target"  # goal_id, anchor, on, days until then (less than 0: passed); own target
    THRESHOLD = "threshold"  # days, anchors, contexts: those of the school that the rule uses


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact behind a signal or a figure, as a code and values: the page makes the sentence.

    `goal_id` is there only in a figure of several goals.
    """

    kind: FactKind
    on: date | None = None
    days: int | None = None
    anchors: int | None = None
    contexts: int | None = None
    by: Rater | None = None
    by_id: UUID | None = None
    anchor: int | None = None
    label: str | None = None
    goal_id: UUID | None = None
    placement_id: UUID | None = None
    item_id: UUID | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Signal:
    """A rule that fired, the day since which that waits, and the facts it fired on.

    It is about the goal, placement, item or request that it names, else about the plan. `owed_by`
    is to the plan who owes an answer, and `owed_by_id` who that is, when it is one person.
    """

    rule: Rule
    since: date
    facts: tuple[Fact, ...]
    good_news: bool = False
    goal_id: UUID | None = None
    placement_id: UUID | None = None
    item_id: UUID | None = None
    request_id: UUID | None = None
    owed_by: Rater | None = None
    owed_by_id: UUID | None = None

    @property
    def about(self) -> UUID | None:
        """Return the one thing it is about, which tells it from others of its rule and plan."""
        return self.request_id or self.item_id or self.placement_id or self.goal_id


def judged(judgement: JudgementFact, *, on: date, goal_id: UUID | None = None) -> Fact:
    """Return the fact that somebody judged: who, which anchor and word, where, how long ago."""
    return Fact(
        FactKind.JUDGED,
        on=judgement.observed_on,
        days=(on - judgement.observed_on).days,
        by=judgement.by,
        by_id=judgement.by_id,
        anchor=judgement.anchor,
        label=judgement.label,
        goal_id=goal_id,
        placement_id=judgement.context,
    )


def not_possible(word: OpportunityFact, *, on: date) -> Fact:
    """Return the fact that a placement was said not to offer a werkproces."""
    return Fact(
        FactKind.NOT_POSSIBLE,
        on=word.said_on,
        days=(on - word.said_on).days,
        placement_id=word.placement_id,
        item_id=word.item_id,
    )


def dated(kind: FactKind, day: date | None, *, on: date, **values: Any) -> list[Fact]:
    """Return the fact that something happened on a day; nothing when it had not, up to then."""
    if day is None or day > on:
        return []
    return [Fact(kind, on=day, days=(on - day).days, **values)]


def group_of(
    signal: Signal, *, reader_id: UUID | None = None, reader: Rater | None = None
) -> Group:
    """Return a signal's kind of attention; what the reader owes comes before all else."""
    if signal.rule is Rule.UNANSWERED:
        owed, mine = (
            (signal.owed_by_id, reader_id) if signal.owed_by_id else (signal.owed_by, reader)
        )
        if owed is not None and owed == mine:
            return Group.WAITS_FOR_YOU
    return GROUPS[signal.rule]


def place(
    signal: Signal,
    name: str = "",
    *,
    reader_id: UUID | None = None,
    reader: Rater | None = None,
) -> tuple[int, date, str]:
    """Return the sort key of a signal on a page: group, waiting since, name of the student."""
    group = group_of(signal, reader_id=reader_id, reader=reader)
    return group, signal.since, name.casefold()
