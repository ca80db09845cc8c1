"""What is known of one plan: dated facts that one reader may see, and the school's limits.

The caller has left out what the reader may not see, so a private piece moves nothing anywhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

INDEPENDENT = 2  # the anchor "zelfstandig"


class Rater(StrEnum):
    """Who judged, as seen from the student; always shown in this order."""

    SELF = "self"
    COACH = "coach"
    SUPERVISOR = "supervisor"
    OTHER = "other"


class JudgementFact(NamedTuple):
    """What one rater saw on a day: the raw word of the scale, and its anchor (0-3).

    `goal_ids` are the goals it is about: its own, or those of the shared piece it was said of.
    `context` is the placement where it was seen; None at school or when not known.
    A tuple, for a page makes thousands: a frozen dataclass takes three times as long.
    """

    id: UUID
    by: Rater
    by_id: UUID
    anchor: int
    label: str
    observed_on: date
    recorded_at: datetime
    goal_ids: frozenset[UUID] = frozenset()
    item_id: UUID | None = None
    context: UUID | None = None


@dataclass(frozen=True, slots=True)
class SharedFact:
    """On a day the newest piece was shared towards a goal; None for pieces towards no goal."""

    shared_on: date
    goal_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class GoalFact:
    """A goal (leerdoel): set on a day, last edited on a day, aiming at an anchor by a day.

    `item_ids` are the framework items that it serves; `control` and `tailoring` say who decides
    and how much it is the student's own (tracker.models.Control, Tailoring).
    """

    id: UUID
    title: str
    is_active: bool
    since: date
    touched_on: date | None = None
    target_anchor: int | None = None
    target_on: date | None = None
    item_ids: frozenset[UUID] = frozenset()
    control: str | None = None
    tailoring: str | None = None


@dataclass(frozen=True, slots=True)
class ItemFact:
    """A kerntaak, werkproces or keuzedeel of a kwalificatie, at its position there."""

    id: UUID
    kind: str
    code: str
    title: str
    parent_id: UUID | None = None
    framework_id: UUID | None = None
    position: int = 0


@dataclass(frozen=True, slots=True)
class PlacementFact:
    """A placement (bpv) at a company, from a day on, until a day (exclusive)."""

    id: UUID
    company: str
    from_on: date
    until_on: date


@dataclass(frozen=True, slots=True)
class OpportunityFact:
    """What was said last about whether a placement offers a werkproces."""

    placement_id: UUID
    item_id: UUID
    is_possible: bool
    said_on: date


@dataclass(frozen=True, slots=True)
class RequestFact:
    """An open request, or an unanswered learning question: a throw that needs a catcher.

    `to_id` owes the answer, and is `to` to the plan. An unanswered question that was put to nobody
    in particular is one for the coach: `to_id` is then None. `goal_id` is the goal it is about.
    """

    id: UUID
    asked_on: date
    to: Rater
    to_id: UUID | None = None
    by_id: UUID | None = None
    goal_id: UUID | None = None
    placement_id: UUID | None = None
    is_question: bool = False


@dataclass(frozen=True, slots=True)
class SourceFact:
    """What one source told of the student last, and how old what it told the school is."""

    name: str
    last_activity_on: date | None
    last_import_on: date | None


class PauseKind(StrEnum):
    """Why a clock stands still."""

    HOLIDAY = "holiday"
    ABSENCE = "absence"


@dataclass(frozen=True, slots=True)
class Pause:
    """Days in which clocks stand still, until a day (exclusive)."""

    kind: PauseKind
    from_on: date
    until_on: date


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """All dated facts of one plan that one reader may see."""

    plan_id: UUID
    starts_on: date
    goals: Sequence[GoalFact] = ()
    judgements: Sequence[JudgementFact] = ()
    shared: Sequence[SharedFact] = ()
    placements: Sequence[PlacementFact] = ()
    talked_on: Sequence[date] = ()
    items: Sequence[ItemFact] = ()
    opportunities: Sequence[OpportunityFact] = ()
    requests: Sequence[RequestFact] = ()
    sources: Sequence[SourceFact] = ()
    pauses: Sequence[Pause] = ()


@dataclass(frozen=True, slots=True)
class Thresholds:
    """A school's own limits, in days; `gap` is in anchors, `contexts` counts placements."""

    unanswered_days: int = 7
    nothing_shared_days: int = 21
    goal_untouched_days: int = 42
    placement_ends_days: int = 28
    news_days: int = 14  # good news stays news
    quiet_days: int = 28  # after this long without a word a trail is quiet
    counting_days: int = 84  # a rater's latest judgement counts this long
    drawn_days: int = 730  # older judgements leave the drawing, never the table
    gap: int = 2
    contexts: int = 2  # seen in so many placements is transfer


DEFAULTS = Thresholds()


def waited(since: date, *, on: date, pauses: Sequence[Pause] = ()) -> int:
    """Return for how many days something waits, less the days in which clocks stand still.

    Pauses may overlap, and count once.
    """
    days = (on - since).days
    counted_to = since
    inside = [pause for pause in pauses if pause.from_on < on and since < pause.until_on]
    for pause in sorted(inside, key=lambda pause: pause.from_on):
        begin, end = max(pause.from_on, counted_to), min(pause.until_on, on)
        if begin < end:
            days -= (end - begin).days
            counted_to = end
    return days


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
