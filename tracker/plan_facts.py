"""Facts of many plans, as one reader may see them, from a fixed number of grouped queries.

The number of queries does not depend on the number of plans. What is not visible to the reader is
not read (tracker/plan_queries.py), so it moves nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import Any, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from tracker import plan_queries, plan_surroundings
from tracker.facts import (
    GoalFact,
    ItemFact,
    JudgementFact,
    OpportunityFact,
    Pause,
    PauseKind,
    PlacementFact,
    PlanFacts,
    Rater,
    RequestFact,
    SharedFact,
    SourceFact,
)
from tracker.holidays import pauses_of
from tracker.models import GoalState, Person, PlanRole, School
from tracker.plan_queries import ACTIVITY_WEEKS, ITEMS, Asking, first_monday

RATERS = {
    PlanRole.STUDENT: Rater.SELF,
    PlanRole.COACH: Rater.COACH,
    PlanRole.SUPERVISOR: Rater.SUPERVISOR,
    PlanRole.TEAM: Rater.OTHER,
    PlanRole.PEER: Rater.OTHER,
}
# By the number of a UUID: the UUID itself is slow to look up, and a page asks it for thousands.
Grouped = dict[int, list[Any]]
Rows = Iterable[Any]
Day = Callable[[datetime], date]
Shows = Mapping[int, frozenset[UUID]]  # the goals of a piece
NOTHING: frozenset[UUID] = frozenset()
_GOAL_NUMBER = attrgetter("id.int")


class OfStudent(Protocol):
    """A plan whose facts are asked."""

    @property
    def id(self) -> UUID: ...  # noqa: D102 - the plan's
    @property
    def student_id(self) -> UUID: ...  # noqa: D102 - whose it is
    @property
    def starts_on(self) -> date: ...  # noqa: D102 - its first day


@dataclass(frozen=True, slots=True)
class SourceActivity:
    """What one source told of a student in the last half year: how many signals, the last day.

    `weeks` are the Mondays of the weeks in which it told something, oldest first.
    """

    source: str
    last_on: date
    count: int
    weeks: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """The facts of plans by id, the activity by student, and raters' given names by id."""

    facts: Mapping[UUID, PlanFacts]
    activity: Mapping[UUID, Sequence[SourceActivity]]
    names: Mapping[UUID, str]


def facts_of(
    session: Session,
    *,
    reader: Person,
    school: School,
    on: date,
    plans: Sequence[OfStudent],
    in_circle: bool,
) -> Known:
    """Return what this reader may know of these plans on a day.

    `in_circle` says that `permissions.Places.only_guides` holds for the plans: the same is read
    then, cheaper.
    """
    ask = Asking(
        session,
        reader=reader,
        school=school,
        on=on,
        plan_ids=[plan.id for plan in plans],
        student_ids=[plan.student_id for plan in plans],
        in_circle=in_circle,
    )
    day: Day = partial(_day, zone=ZoneInfo(school.timezone))
    goals = _goals(ask(plan_queries.goals), day)
    shared, shows = _pieces(ask(plan_queries.pieces), day)
    judgements, names = _judgements(ask(plan_queries.judgements), shows)
    items = _items(ask, goals, judgements)
    activity, sources = _activity(ask(plan_surroundings.activity), first_monday(on), day)
    holidays = pauses_of(session, school=school)
    placements = _grouped(ask(plan_surroundings.placements), PlacementFact)
    opportunities = _opportunities(ask(plan_surroundings.opportunities), day)
    requests = _grouped(ask(plan_surroundings.requests), partial(_request, day))
    questions = _grouped(ask(plan_surroundings.questions), partial(_question, day))
    talks = _grouped(ask(plan_surroundings.talks), lambda held_on: held_on)
    absences = _grouped(ask(plan_surroundings.absences), partial(Pause, PauseKind.ABSENCE))
    facts = {
        plan.id: PlanFacts(
            plan_id=plan.id,
            starts_on=plan.starts_on,
            goals=goals[plan.id.int],
            judgements=judgements[plan.id.int],
            shared=shared[plan.id.int],
            placements=placements[plan.id.int],
            talked_on=talks[plan.id.int],
            items=items[plan.id.int],
            opportunities=opportunities[plan.id.int],
            requests=[*requests[plan.id.int], *questions[plan.id.int]],
            sources=sources[plan.student_id.int],
            pauses=(*holidays, *absences[plan.id.int]),
        )
        for plan in plans
    }
    return Known(facts, activity, names)


def _grouped(rows: Rows, make: Callable[..., Any]) -> Grouped:
    """Return what is made of rows, by their first column."""
    found: Grouped = defaultdict(list)
    for key, *rest in rows:
        found[key.int].append(make(*rest))
    return found


def _day(moment: datetime, zone: ZoneInfo) -> date:
    """Return the day of a moment in UTC, which need not say so, in a school's zone."""
    return moment.replace(tzinfo=UTC).astimezone(zone).date()


# --- goals and what they serve ---------------------------------------------------------------


def _goals(rows: Rows, day: Day) -> Grouped:
    """Return goals by plan; a goal has a row for each item that it serves, one after another."""
    found: Grouped = defaultdict(list)
    for _, of_goal in groupby(rows, key=_GOAL_NUMBER):
        served = list(of_goal)
        plan_id, id_, title, state, set_at, changed_at, *aims, _ = served[0]
        anchor, target_on, control, tailoring = aims
        goal = GoalFact(
            id_,
            title,
            state == GoalState.ACTIVE,
            day(set_at),
            day(changed_at),
            anchor,
            target_on,
            frozenset([row[-1] for row in served if row[-1] is not None]),
            control,
            tailoring,
        )
        found[plan_id.int].append(goal)
    return found


def _items(ask: Asking, goals: Grouped, judgements: Grouped) -> Grouped:
    """Return each plan's items, in the framework's order: served or judged, and their wholes."""
    named: dict[int, UUID] = {}
    asked: dict[int, set[int]] = defaultdict(set)
    for key, of_plan in goals.items():
        ids = {item_id.int: item_id for goal in of_plan for item_id in goal.item_ids}
        asked[key].update(ids)
        named |= ids
    for key, of_plan in judgements.items():
        ids = {j.item_id.int: j.item_id for j in of_plan if j.item_id is not None}
        asked[key].update(ids)
        named |= ids
    known = {}
    whole_of = {}
    for row in ask(plan_queries.items, **{ITEMS: list(named.values())}):
        item = ItemFact(*row)
        known[item.id.int] = item
        if item.parent_id is not None:
            whole_of[item.id.int] = item.parent_id.int
    rank = {key: place for place, key in enumerate(known)}
    found: Grouped = defaultdict(list)
    for key, items in asked.items():
        items |= {whole_of[item] for item in items if item in whole_of}
        found[key] = [known[item] for item in sorted(items, key=rank.__getitem__)]
    return found


# --- judgements, and what was shared ---------------------------------------------------------


def _pieces(rows: Rows, day: Day) -> tuple[Grouped, Shows]:
    """Return when a piece was last shared, towards each goal and none, and each piece's goals."""
    towards: dict[int, tuple[UUID, UUID, datetime]] = {}
    towards_none: dict[int, datetime] = {}
    shows: dict[int, list[UUID]] = defaultdict(list)
    for plan_id, evidence_id, goal_id, shared_at in rows:  # oldest first: the newest stays
        if goal_id is None:
            towards_none[plan_id.int] = shared_at
        else:
            towards[goal_id.int] = plan_id, goal_id, shared_at
            shows[evidence_id.int].append(goal_id)
    shared: Grouped = defaultdict(list)
    for key, shared_at in towards_none.items():
        shared[key].append(SharedFact(day(shared_at)))
    for plan_id, goal_id, shared_at in towards.values():
        shared[plan_id.int].append(SharedFact(day(shared_at), goal_id))
    return shared, {key: frozenset(goal_ids) for key, goal_ids in shows.items()}


def _judgements(rows: Rows, shows: Shows) -> tuple[Grouped, dict[UUID, str]]:
    """Return judgements by plan, and the given names of who gave them.

    What was said of a piece is said of the goals that it shows.
    """
    found: Grouped = defaultdict(list)
    names: dict[int, tuple[UUID, str]] = {}
    of_goal: dict[int, frozenset[UUID]] = {}
    for plan, id_, role, by, day, at, goal, item, piece, place, anchor, label, name in rows:
        names[by.int] = by, name
        if goal is None:
            about = NOTHING if piece is None else shows.get(piece.int, NOTHING)
        else:
            about = of_goal.get(goal.int, NOTHING)
            if not about:
                about = of_goal[goal.int] = frozenset((goal,))
        when = at.replace(tzinfo=UTC)
        found[plan.int].append(
            JudgementFact(id_, RATERS[role], by, anchor, label, day, when, about, item, place)
        )
    return found, dict(names.values())


# --- placements, what waits, and what was heard ----------------------------------------------


def _opportunities(rows: Rows, day: Day) -> Grouped:
    """Return the newest word on each placement and item, by plan."""
    newest = {(row[1].int, row[2].int): row for row in rows}
    found: Grouped = defaultdict(list)
    for plan_id, placement_id, item_id, is_possible, said_at in newest.values():
        said = OpportunityFact(placement_id, item_id, is_possible, day(said_at))
        found[plan_id.int].append(said)
    return found


def _request(
    day: Day,
    id_: UUID,
    goal_id: UUID | None,
    by_id: UUID,
    to_id: UUID,
    asked_at: datetime,
    role: PlanRole | None,
) -> RequestFact:
    to = RATERS[role] if role else Rater.OTHER
    return RequestFact(id_, day(asked_at), to, to_id=to_id, by_id=by_id, goal_id=goal_id)


def _question(day: Day, id_: UUID, asked_at: datetime, placement_id: UUID | None) -> RequestFact:
    return RequestFact(id_, day(asked_at), Rater.COACH, placement_id=placement_id, is_question=True)


def _activity(
    rows: Rows, first: date, day: Day
) -> tuple[dict[UUID, list[SourceActivity]], Grouped]:
    """Return what each source told of each student, and how old its news is."""
    activity: dict[UUID, list[SourceActivity]] = defaultdict(list)
    sources: Grouped = defaultdict(list)
    mondays = [first + timedelta(weeks=number) for number in range(ACTIVITY_WEEKS + 1)]
    for student_id, name, last_on, count, bits, imported_at in rows:
        weeks = tuple(monday for number, monday in enumerate(mondays) if bits >> number & 1)
        activity[student_id].append(SourceActivity(name, last_on, count, weeks))
        imported_on = day(imported_at) if imported_at else None
        sources[student_id.int].append(SourceFact(name, last_on, imported_on))
    return activity, sources
