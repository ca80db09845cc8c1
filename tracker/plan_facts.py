"""Facts of many plans, as one reader may see them, from a fixed number of grouped queries.

The number of queries does not depend on the number of plans. What is not visible to the reader is
not read (tracker/plan_queries.py), so it moves nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from tracker import plan_queries
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
Grouped = dict[UUID, list[Any]]
Rows = Iterable[Any]
Day = Callable[[datetime], date]


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
    activity, sources = _activity(ask(plan_queries.activity), first_monday(on), day)
    holidays = pauses_of(session, school=school)
    placements = _grouped(ask(plan_queries.placements), PlacementFact)
    opportunities = _opportunities(ask(plan_queries.opportunities), day)
    requests = _grouped(ask(plan_queries.requests), partial(_request, day))
    questions = _grouped(ask(plan_queries.questions), partial(_question, day))
    talks = _grouped(ask(plan_queries.talks), lambda held_on: held_on)
    absences = _grouped(ask(plan_queries.absences), partial(Pause, PauseKind.ABSENCE))
    facts = {
        plan.id: PlanFacts(
            plan_id=plan.id,
            starts_on=plan.starts_on,
            goals=goals[plan.id],
            judgements=judgements[plan.id],
            shared=shared[plan.id],
            placements=placements[plan.id],
            talked_on=talks[plan.id],
            items=items[plan.id],
            opportunities=opportunities[plan.id],
            requests=[*requests[plan.id], *questions[plan.id]],
            sources=sources[plan.student_id],
            pauses=(*holidays, *absences[plan.id]),
        )
        for plan in plans
    }
    return Known(facts, activity, names)


def _grouped(rows: Rows, make: Callable[..., Any]) -> Grouped:
    """Return what is made of rows, by their first column."""
    found: Grouped = defaultdict(list)
    for key, *rest in rows:
        found[key].append(make(*rest))
    return found


def _day(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()


# --- goals and what they serve ---------------------------------------------------------------


def _goals(rows: Rows, day: Day) -> Grouped:
    """Return goals by plan; a goal has a row for each item that it serves."""
    serves: dict[UUID, list[UUID]] = defaultdict(list)
    one_each = {}
    for row in rows:
        one_each[row.id] = row
        if row.item_id is not None:
            serves[row.id].append(row.item_id)
    found: Grouped = defaultdict(list)
    for row in one_each.values():
        goal = GoalFact(
            id=row.id,
            title=row.title,
            is_active=row.state is GoalState.ACTIVE,
            since=day(row.created_at),
            touched_on=day(row.changed_at),
            target_anchor=row.target_anchor,
            target_on=row.target_on,
            item_ids=frozenset(serves[row.id]),
            control=row.control,
            tailoring=row.tailoring,
        )
        found[row.plan_id].append(goal)
    return found


def _items(ask: Asking, goals: Grouped, judgements: Grouped) -> Grouped:
    """Return each plan's items, in the framework's order: served or judged, and their wholes."""
    asked: dict[UUID, set[UUID]] = defaultdict(set)
    for plan_id, of_plan in goals.items():
        asked[plan_id].update(*(goal.item_ids for goal in of_plan))
    for plan_id, of_plan in judgements.items():
        asked[plan_id].update(j.item_id for j in of_plan if j.item_id is not None)
    ids = set().union(*asked.values())
    rows = ask(plan_queries.items, **{ITEMS: list(ids)})
    known = {key: ItemFact(key, kind, *rest) for key, kind, *rest in rows}
    rank = {item_id: place for place, item_id in enumerate(known)}
    found: Grouped = defaultdict(list)
    for plan_id, item_ids in asked.items():
        wholes = {known[item_id].parent_id for item_id in item_ids} - {None}
        found[plan_id] = [known[key] for key in sorted(item_ids | wholes, key=rank.__getitem__)]
    return found


# --- judgements, and what was shared ---------------------------------------------------------


def _pieces(rows: Rows, day: Day) -> tuple[Grouped, dict[UUID, list[UUID]]]:
    """Return when a piece was last shared, towards each goal and none, and each piece's goals."""
    towards: dict[UUID, tuple[UUID, datetime]] = {}
    towards_none: dict[UUID, datetime] = {}
    shows: dict[UUID, list[UUID]] = defaultdict(list)
    for plan_id, evidence_id, goal_id, shared_at in rows:  # oldest first: the newest stays
        if goal_id is None:
            towards_none[plan_id] = shared_at
        else:
            towards[goal_id] = plan_id, shared_at
            shows[evidence_id].append(goal_id)
    shared: Grouped = defaultdict(list)
    for plan_id, shared_at in towards_none.items():
        shared[plan_id].append(SharedFact(day(shared_at.replace(tzinfo=UTC))))
    for goal_id, (plan_id, shared_at) in towards.items():
        shared[plan_id].append(SharedFact(day(shared_at.replace(tzinfo=UTC)), goal_id))
    return shared, shows


def _judgements(
    rows: Rows, shows: Mapping[UUID, Sequence[UUID]]
) -> tuple[Grouped, dict[UUID, str]]:
    """Return judgements by plan, and the given names of who gave them.

    What was said of a piece is said of the goals that it shows.
    """
    found: Grouped = defaultdict(list)
    names: dict[UUID, str] = {}
    for (
        plan_id,
        id_,
        role,
        by_id,
        observed_on,
        recorded_at,
        goal_id,
        item_id,
        evidence_id,
        placement_id,
        anchor,
        label,
        given_name,
    ) in rows:
        names[by_id] = given_name
        about = frozenset((goal_id,) if goal_id else shows.get(evidence_id, ()))
        fact = JudgementFact(
            id_,
            RATERS[role],
            by_id,
            anchor,
            label,
            observed_on,
            recorded_at.replace(tzinfo=UTC),
            about,
            item_id,
            placement_id,
        )
        found[plan_id].append(fact)
    return found, names


# --- placements, what waits, and what was heard ----------------------------------------------


def _opportunities(rows: Rows, day: Day) -> Grouped:
    """Return the newest word on each placement and item, by plan."""
    newest = {(row.placement_id, row.item_id): row for row in rows}
    found: Grouped = defaultdict(list)
    for plan_id, placement_id, item_id, is_possible, said_at in newest.values():
        said = OpportunityFact(placement_id, item_id, is_possible, day(said_at))
        found[plan_id].append(said)
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


def _activity(rows: Rows, first: date, day: Day) -> tuple[Grouped, Grouped]:
    """Return what each source told of each student, and how old its news is."""
    activity: Grouped = defaultdict(list)
    sources: Grouped = defaultdict(list)
    mondays = [first + timedelta(weeks=number) for number in range(ACTIVITY_WEEKS + 1)]
    for student_id, name, last_on, count, bits, imported_at in rows:
        weeks = tuple(monday for number, monday in enumerate(mondays) if bits >> number & 1)
        activity[student_id].append(SourceActivity(name, last_on, count, weeks))
        imported_on = day(imported_at) if imported_at else None
        sources[student_id].append(SourceFact(name, last_on, imported_on))
    return activity, sources
