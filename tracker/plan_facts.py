"""Facts of many plans, as one reader may see them, in a fixed number of grouped queries.

The number of queries does not depend on the number of plans. What is not visible to the reader is
not read, so it moves nothing. Each statement is built once for a reader and a day: building them
was a third of a page.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session, aliased

from tracker.db import UtcDateTime
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
from tracker.models import (
    Absence,
    Activity,
    ActivityKind,
    ActivitySource,
    Comment,
    Company,
    Conversation,
    Evidence,
    EvidenceGoal,
    EvidenceShare,
    FeedbackRequest,
    FrameworkItem,
    Goal,
    GoalItem,
    GoalState,
    Judgement,
    LearningQuestion,
    Opportunity,
    Person,
    Placement,
    PlanMember,
    PlanRole,
    QuestionState,
    RequestState,
    ScaleLevel,
    School,
)
from tracker.permissions import VISIBLE, holds, once_for_reader

RATERS = {
    PlanRole.STUDENT: Rater.SELF,
    PlanRole.COACH: Rater.COACH,
    PlanRole.SUPERVISOR: Rater.SUPERVISOR,
    PlanRole.TEAM: Rater.OTHER,
    PlanRole.PEER: Rater.OTHER,
}
ACTIVITY_WEEKS = 26
PLANS, STUDENTS = "plan_ids", "student_ids"
MIDNIGHT = sa.bindparam("midnight", type_=UtcDateTime())  # at the end of the day
Grouped = dict[UUID, list[Any]]
Statement = sa.Select[*tuple[Any, ...]]


class OfStudent(Protocol):
    """A plan whose facts are asked."""

    @property
    def id(self) -> UUID: ...  # noqa: D102 - the plan's
    @property
    def student_id(self) -> UUID: ...  # noqa: D102 - whose it is
    @property
    def starts_on(self) -> date: ...  # noqa: D102 - its first day


@dataclass(slots=True)  # not frozen: that makes each three times as dear, and a page has thousands
class ActivityDay:
    """How many signals one source gave about a student on one day; nobody changes it."""

    occurred_on: date
    source: str
    count: int


@dataclass(frozen=True, slots=True)
class Known:
    """The facts of plans by id, the days of activity by student, and raters' given names by id."""

    facts: Mapping[UUID, PlanFacts]
    activity: Mapping[UUID, Sequence[ActivityDay]]
    names: Mapping[UUID, str]


def facts_of(
    session: Session, *, reader: Person, school: School, on: date, plans: Sequence[OfStudent]
) -> Known:
    """Return what this reader may know of these plans on a day."""
    ids = [plan.id for plan in plans]
    students = [plan.student_id for plan in plans]
    zone = ZoneInfo(school.timezone)
    midnight = datetime.combine(on + timedelta(days=1), time(), zone)
    asked = {"plan_ids": ids, "student_ids": students, "midnight": midnight}
    arrays = session.get_bind().dialect.name == "postgresql"

    def ask(build: Callable[..., Statement]) -> sa.Result[Any]:
        return session.execute(build(reader, on, arrays=arrays), asked)

    day = partial(_day, zone=zone)
    items, served = _items(ask(_items_served))
    goals = _grouped(ask(_goals_seen), partial(_goal, served=served, day=day))
    shared, shows = _pieces(ask(_pieces_shown), day)
    judgements, names = _judgements(ask(_judgements_seen), shows)
    activity = _grouped(ask(_activity), lambda row: ActivityDay(*row[1:]))
    imported = _imported(session, school, day)
    holidays = pauses_of(session, school=school)
    placements = _grouped(
        ask(_placements),
        lambda row: PlacementFact(row.id, row.name, row.from_on, row.until_on),
    )
    opportunities = _opportunities(ask(_opportunities_seen), day)
    requests = _grouped(ask(_requests), partial(_request, day=day))
    questions = _grouped(ask(_questions), partial(_question, day=day))
    talks = _grouped(ask(_talks), lambda row: row.held_on)
    absences = _grouped(
        ask(_absences),
        lambda row: Pause(PauseKind.ABSENCE, row.from_on, row.until_on),
    )
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
            sources=_sources(activity[plan.student_id], imported),
            pauses=(*holidays, *absences[plan.id]),
        )
        for plan in plans
    }
    return Known(facts, activity, names)


def _grouped(rows: Iterable[Any], make: Any) -> Grouped:
    """Return what is made of rows, by their first column."""
    found: Grouped = defaultdict(list)
    for row in rows:
        found[row[0]].append(make(row))
    return found


def _among(column: Any, name: str, *, arrays: bool) -> sa.ColumnElement[bool]:
    """Whether a column holds one of the ids that are given under a name.

    As one array where the database has these: two hundred values in a dozen statements cost more
    than all that is read.
    """
    if arrays:
        every = sa.bindparam(name, type_=postgresql.ARRAY(sa.Uuid()))
        return column == sa.any_(every)  # type: ignore[no-any-return]  # a column of any model
    return column.in_(sa.bindparam(name, expanding=True))  # type: ignore[no-any-return]  # as above


def _same(model: Any, key: Any, school_id: Any) -> sa.ColumnElement[bool]:
    return sa.and_(model.school_id == school_id, model.id == key)


def _day(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()


# --- goals and what they serve ---------------------------------------------------------------


@once_for_reader
def _goals_seen(reader: Person, on: date, *, arrays: bool) -> Statement:
    return (
        sa.select(
            Goal.plan_id,
            Goal.id,
            Goal.title,
            Goal.state,
            Goal.created_at,
            Goal.changed_at,
            Goal.target_anchor,
            Goal.target_on,
            Goal.control,
            Goal.tailoring,
        )
        .where(
            Goal.school_id == reader.school_id,
            _among(Goal.plan_id, PLANS, arrays=arrays),
            VISIBLE[Goal](reader, on),
        )
        .order_by(Goal.id)
    )


def _goal(row: Any, served: Mapping[UUID, list[UUID]], day: Any) -> GoalFact:
    return GoalFact(
        id=row.id,
        title=row.title,
        is_active=row.state is GoalState.ACTIVE,
        since=day(row.created_at),
        touched_on=day(row.changed_at),
        target_anchor=row.target_anchor,
        target_on=row.target_on,
        item_ids=frozenset(served.get(row.id, ())),
        control=row.control,
        tailoring=row.tailoring,
    )


@once_for_reader
def _items_served(reader: Person, on: date, *, arrays: bool) -> Statement:
    """Select the framework items that goals serve: one row for each goal and item."""
    return (
        sa.select(
            Goal.plan_id,
            GoalItem.goal_id,
            FrameworkItem.id,
            FrameworkItem.kind,
            FrameworkItem.code,
            FrameworkItem.title,
            FrameworkItem.parent_id,
        )
        .join(GoalItem, sa.and_(GoalItem.school_id == Goal.school_id, GoalItem.goal_id == Goal.id))
        .join(FrameworkItem, _same(FrameworkItem, GoalItem.item_id, GoalItem.school_id))
        .where(
            Goal.school_id == reader.school_id,
            _among(Goal.plan_id, PLANS, arrays=arrays),
            VISIBLE[Goal](reader, on),
        )
        .order_by(FrameworkItem.position, FrameworkItem.id)
    )


def _items(rows: Iterable[Any]) -> tuple[Grouped, dict[UUID, list[UUID]]]:
    """Return the items of each plan, each once, and the ids of those that each goal serves."""
    found: dict[UUID, dict[UUID, ItemFact]] = defaultdict(dict)
    served: dict[UUID, list[UUID]] = defaultdict(list)
    for row in rows:
        served[row.goal_id].append(row.id)
        found[row.plan_id][row.id] = ItemFact(row.id, row.kind, row.code, row.title, row.parent_id)
    items: Grouped = defaultdict(list)
    items.update({plan_id: list(by_id.values()) for plan_id, by_id in found.items()})
    return items, served


# --- judgements, and what was shared ---------------------------------------------------------


@once_for_reader
def _judgements_seen(reader: Person, on: date, *, arrays: bool) -> Statement:
    return (
        sa.select(
            Judgement.plan_id,
            Judgement.id,
            Judgement.role,
            Judgement.by_id,
            Judgement.observed_on,
            Judgement.recorded_at,
            Judgement.goal_id,
            Judgement.item_id,
            Judgement.evidence_id,
            Judgement.placement_id,
            ScaleLevel.anchor,
            ScaleLevel.label,
            Person.given_name,
        )
        .join(ScaleLevel, _same(ScaleLevel, Judgement.level_id, Judgement.school_id))
        .join(Person, _same(Person, Judgement.by_id, Judgement.school_id))
        .where(
            Judgement.school_id == reader.school_id,
            _among(Judgement.plan_id, PLANS, arrays=arrays),
            VISIBLE[Judgement](reader, on),
        )
    )


def _is_shown(reader: Person, on: date, *, arrays: bool) -> list[sa.ColumnElement[bool]]:
    """Return when a piece is shared, and this reader is among those who see it."""
    return [
        Evidence.school_id == reader.school_id,
        _among(Evidence.plan_id, PLANS, arrays=arrays),
        VISIBLE[Evidence](reader, on),
        EvidenceShare.ended_at.is_(None),
        EvidenceShare.shared_at < MIDNIGHT,
        VISIBLE[EvidenceShare](reader, on),
    ]


OF_PIECE = sa.and_(
    EvidenceShare.school_id == Evidence.school_id, EvidenceShare.evidence_id == Evidence.id
)


@once_for_reader
def _pieces_shown(reader: Person, on: date, *, arrays: bool) -> Statement:
    """Select when each shared piece was first shared: a row for each of its goals, or one."""
    first = (
        sa.select(
            Evidence.plan_id,
            Evidence.school_id,
            Evidence.id,
            sa.func.min(EvidenceShare.shared_at).label("shared_at"),
        )
        .join(EvidenceShare, OF_PIECE)
        .where(*_is_shown(reader, on, arrays=arrays))
        .group_by(Evidence.plan_id, Evidence.school_id, Evidence.id)
        .subquery()
    )
    to_goals = sa.and_(
        EvidenceGoal.school_id == first.c.school_id, EvidenceGoal.evidence_id == first.c.id
    )
    return sa.select(
        first.c.plan_id, first.c.id, EvidenceGoal.goal_id, first.c.shared_at
    ).outerjoin(EvidenceGoal, to_goals)


def _pieces(rows: Iterable[Any], day: Any) -> tuple[Grouped, dict[UUID, list[UUID]]]:
    """Return when a piece was last shared, towards each goal and none, and each piece's goals."""
    newest: dict[tuple[UUID, UUID | None], datetime] = {}
    shows: dict[UUID, list[UUID]] = defaultdict(list)
    for plan_id, evidence_id, goal_id, shared_at in rows:
        place = plan_id, goal_id
        if place not in newest or shared_at > newest[place]:
            newest[place] = shared_at
        if goal_id is not None:
            shows[evidence_id].append(goal_id)
    shared: Grouped = defaultdict(list)
    for (plan_id, goal_id), shared_at in newest.items():
        shared[plan_id].append(SharedFact(day(shared_at), goal_id))
    return shared, shows


def _judgements(
    rows: Iterable[Any], shows: Mapping[UUID, Sequence[UUID]]
) -> tuple[Grouped, dict[UUID, str]]:
    """Return judgements by plan, and the given names of who gave them.

    What was said of a piece is said of the goals that it shows.
    """
    found: Grouped = defaultdict(list)
    names: dict[UUID, str] = {}
    for row in rows:
        names[row.by_id] = row.given_name
        about = [row.goal_id] if row.goal_id else shows.get(row.evidence_id, ())
        found[row.plan_id].append(
            JudgementFact(
                id=row.id,
                by=RATERS[row.role],
                by_id=row.by_id,
                anchor=row.anchor,
                label=row.label,
                observed_on=row.observed_on,
                recorded_at=row.recorded_at,
                goal_ids=frozenset(about),
                item_id=row.item_id,
                context=row.placement_id,
            )
        )
    return found, names


# --- placements, and what they offer ---------------------------------------------------------


@once_for_reader
def _placements(reader: Person, on: date, *, arrays: bool) -> Statement:
    return (
        sa.select(
            Placement.plan_id, Placement.id, Company.name, Placement.from_on, Placement.until_on
        )
        .join(Company, _same(Company, Placement.company_id, Placement.school_id))
        .where(
            Placement.school_id == reader.school_id,
            _among(Placement.plan_id, PLANS, arrays=arrays),
            VISIBLE[Placement](reader, on),
        )
        .order_by(Placement.from_on, Placement.id)
    )


@once_for_reader
def _opportunities_seen(reader: Person, on: date, *, arrays: bool) -> Statement:
    return (
        sa.select(
            Placement.plan_id,
            Opportunity.placement_id,
            Opportunity.item_id,
            Opportunity.is_possible,
            Opportunity.said_at,
        )
        .join(Placement, _same(Placement, Opportunity.placement_id, Opportunity.school_id))
        .where(
            Opportunity.school_id == reader.school_id,
            _among(Placement.plan_id, PLANS, arrays=arrays),
            VISIBLE[Opportunity](reader, on),
        )
        .order_by(Opportunity.said_at, Opportunity.id)
    )


def _opportunities(rows: Iterable[Any], day: Any) -> Grouped:
    """Return the newest word on each placement and item, by plan."""
    newest = {(row.placement_id, row.item_id): row for row in rows}
    return _grouped(
        newest.values(),
        lambda row: OpportunityFact(
            row.placement_id, row.item_id, row.is_possible, day(row.said_at)
        ),
    )


# --- what waits, and what was heard ----------------------------------------------------------


@once_for_reader
def _requests(reader: Person, on: date, *, arrays: bool) -> Statement:
    """Select the open requests, with what the asked person is to the plan today."""
    role = (
        sa.select(sa.func.min(PlanMember.role, type_=PlanMember.role.type))
        .where(
            PlanMember.school_id == FeedbackRequest.school_id,
            PlanMember.plan_id == FeedbackRequest.plan_id,
            PlanMember.person_id == FeedbackRequest.to_id,
            holds(PlanMember, on),
        )
        .scalar_subquery()
    )
    return sa.select(
        FeedbackRequest.plan_id,
        FeedbackRequest.id,
        FeedbackRequest.goal_id,
        FeedbackRequest.by_id,
        FeedbackRequest.to_id,
        FeedbackRequest.asked_at,
        role.label("role"),
    ).where(
        FeedbackRequest.school_id == reader.school_id,
        _among(FeedbackRequest.plan_id, PLANS, arrays=arrays),
        FeedbackRequest.state == RequestState.OPEN,
        VISIBLE[FeedbackRequest](reader, on),
    )


def _request(row: Any, day: Any) -> RequestFact:
    return RequestFact(
        id=row.id,
        asked_on=day(row.asked_at),
        to=RATERS[row.role] if row.role else Rater.OTHER,
        to_id=row.to_id,
        by_id=row.by_id,
        goal_id=row.goal_id,
    )


@once_for_reader
def _questions(reader: Person, on: date, *, arrays: bool) -> Statement:
    """Select the open learning questions to which nobody said anything, nor was asked to."""
    asked, said = aliased(FeedbackRequest), aliased(Comment)
    return sa.select(
        LearningQuestion.plan_id,
        LearningQuestion.id,
        LearningQuestion.asked_at,
        LearningQuestion.placement_id,
    ).where(
        LearningQuestion.school_id == reader.school_id,
        _among(LearningQuestion.plan_id, PLANS, arrays=arrays),
        LearningQuestion.state == QuestionState.OPEN,
        VISIBLE[LearningQuestion](reader, on),
        ~sa.exists().where(
            asked.school_id == LearningQuestion.school_id,
            asked.question_id == LearningQuestion.id,
            asked.state.in_((RequestState.OPEN, RequestState.ANSWERED)),
        ),
        ~sa.exists().where(
            said.school_id == LearningQuestion.school_id,
            said.question_id == LearningQuestion.id,
            said.by_id != LearningQuestion.by_id,
            said.withdrawn_at.is_(None),
        ),
    )


def _question(row: Any, day: Any) -> RequestFact:
    return RequestFact(
        id=row.id,
        asked_on=day(row.asked_at),
        to=Rater.COACH,
        placement_id=row.placement_id,
        is_question=True,
    )


@once_for_reader
def _talks(reader: Person, on: date, *, arrays: bool) -> Statement:
    return (
        sa.select(Conversation.plan_id, sa.func.max(Conversation.held_on).label("held_on"))
        .where(
            Conversation.school_id == reader.school_id,
            _among(Conversation.plan_id, PLANS, arrays=arrays),
            Conversation.held_on <= on,
            VISIBLE[Conversation](reader, on),
        )
        .group_by(Conversation.plan_id)
    )


@once_for_reader
def _absences(reader: Person, on: date, *, arrays: bool) -> Statement:
    return sa.select(Absence.plan_id, Absence.from_on, Absence.until_on).where(
        Absence.school_id == reader.school_id,
        _among(Absence.plan_id, PLANS, arrays=arrays),
        Absence.withdrawn_at.is_(None),
        VISIBLE[Absence](reader, on),
    )


@once_for_reader
def _activity(reader: Person, on: date, *, arrays: bool) -> Statement:
    return (
        sa.select(
            Activity.person_id,
            Activity.occurred_on,
            ActivitySource.name,
            sa.func.count().label("signals"),
        )
        .join(ActivitySource, _same(ActivitySource, Activity.source_id, Activity.school_id))
        .where(
            Activity.school_id == reader.school_id,
            _among(Activity.person_id, STUDENTS, arrays=arrays),
            Activity.ended_at.is_(None),
            # To be enrolled, or to be absent, is nothing that a student did.
            Activity.kind != ActivityKind.PARTICIPATION,
            sa.or_(Activity.kind != ActivityKind.ATTENDANCE, Activity.value != 0),
            Activity.occurred_on.between(on - timedelta(weeks=ACTIVITY_WEEKS), on),
            VISIBLE[Activity](reader, on),
        )
        .group_by(Activity.person_id, Activity.occurred_on, ActivitySource.name)
        .order_by(Activity.occurred_on, ActivitySource.name)
    )


def _imported(session: Session, school: School, day: Any) -> dict[str, date | None]:
    """Return the day on which each source was last heard of."""
    rows = session.execute(
        sa.select(ActivitySource.name, ActivitySource.last_import_at).where(
            ActivitySource.school_id == school.id
        )
    )
    return {name: day(last) if last else None for name, last in rows}


def _sources(
    days: Sequence[ActivityDay], imported: Mapping[str, date | None]
) -> Sequence[SourceFact]:
    """Return when each source that told of this student did so last, and how old its news is."""
    newest = {day.source: day.occurred_on for day in days}  # oldest first
    return [SourceFact(name, last_on, imported.get(name)) for name, last_on in newest.items()]
