"""Many plans at once, for one reader: facts in a fixed number of queries, then judged purely.

The number of queries does not depend on the number of plans. Facts are filtered to what the
reader may see before `progress` judges them.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker import audit, progress, rules
from tracker.facts import (
    EvidenceFact,
    GoalFact,
    JudgementFact,
    PlacementFact,
    PlanFacts,
    Rater,
)
from tracker.models import (
    Activity,
    ActivityKind,
    ActivitySource,
    Company,
    Evidence,
    EvidenceGoal,
    EvidenceShare,
    Framework,
    Goal,
    GoalState,
    GroupRole,
    Judgement,
    LearningPlan,
    Membership,
    Person,
    Placement,
    PlanRole,
    PlanState,
    ScaleLevel,
    School,
)
from tracker.permissions import VISIBLE, holds, plans_as
from tracker.progress import Measures
from tracker.signals import Signal

RATERS = {
    PlanRole.STUDENT: Rater.SELF,
    PlanRole.COACH: Rater.COACH,
    PlanRole.SUPERVISOR: Rater.SUPERVISOR,
    PlanRole.TEAM: Rater.OTHER,
    PlanRole.PEER: Rater.OTHER,
}
ACTIVITY_WEEKS = 26
Grouped = dict[UUID, list[Any]]


@dataclass(frozen=True, slots=True)
class ActivityDay:
    """How many signals one source gave about a student on one day."""

    occurred_on: date
    source: str
    count: int


@dataclass(frozen=True, slots=True)
class Row:
    """What a reader sees of one plan on a day; `names` are the raters' given names by id.

    `activity` holds the last half year of signals, oldest first; it never moves a judgement.
    """

    plan_id: UUID
    student_id: UUID
    name: str
    given_name: str
    programme: str | None
    facts: PlanFacts
    signals: tuple[Signal, ...]
    measures: Measures
    activity: Sequence[ActivityDay]
    names: dict[UUID, str]

    @property
    def last_shared_on(self) -> date | None:
        """Return the day on which the newest piece was shared."""
        return max((piece.shared_on for piece in self.facts.evidence), default=None)


def rows_for(
    session: Session,
    *,
    reader: Person,
    school: School,
    on: date,
    roles: Sequence[PlanRole] = (),
    plan_id: UUID | None = None,
    group_id: UUID | None = None,
    with_closed: bool = False,
    after: tuple[str, UUID] | None = None,
    limit: int | None = None,
) -> list[Row]:
    """Return what the reader may see of each open plan, by the student's name; logs the look.

    With `roles` only plans in which the reader has one of these; with `group_id` only those of its
    students today; with `plan_id` only that plan, `with_closed` also when it is closed.
    `after` is the name and plan id of the last row of an earlier page. Never sorted by how well a
    student does.
    """
    states = [state for state in PlanState if with_closed or state is not PlanState.CLOSED]
    plans = _plans(session, reader, on, states, roles, plan_id, group_id, after, limit)
    ids = [plan.id for plan in plans]
    goals = _goals(session, reader, school, on, ids)
    judgements, names = _judgements(session, reader, on, ids)
    evidence = _evidence(session, reader, school, on, ids)
    placements = _placements(session, reader, on, ids)
    activity = _activity(session, reader, on, [plan.student_id for plan in plans])
    others = [str(plan.id) for plan in plans if plan.student_id != reader.id]
    if others:
        audit.look(session, by=reader, verb="looked at overview", subject=reader, plan_ids=others)
    rows = []
    for plan in plans:
        facts = PlanFacts(
            plan_id=plan.id,
            starts_on=plan.starts_on,
            goals=goals[plan.id],
            judgements=judgements[plan.id],
            evidence=evidence[plan.id],
            placements=placements[plan.id],
        )
        rows.append(
            Row(
                plan_id=plan.id,
                student_id=plan.student_id,
                name=plan.name,
                given_name=plan.given_name,
                programme=plan.programme,
                facts=facts,
                signals=rules.signals(facts, on=on),
                measures=progress.measures(facts, on=on),
                activity=activity[plan.student_id],
                names={**names, plan.student_id: plan.given_name},
            )
        )
    return rows


def _plans(
    session: Session,
    reader: Person,
    on: date,
    states: Sequence[PlanState],
    roles: Sequence[PlanRole],
    plan_id: UUID | None,
    group_id: UUID | None,
    after: tuple[str, UUID] | None,
    limit: int | None,
) -> Sequence[Any]:
    query = (
        sa.select(
            LearningPlan.id,
            LearningPlan.student_id,
            LearningPlan.starts_on,
            Person.name,
            Person.given_name,
            sa.func.coalesce(LearningPlan.title, Framework.title, Framework.code).label(
                "programme"
            ),
        )
        .join(Person, _same(Person, LearningPlan.student_id, LearningPlan.school_id))
        .outerjoin(Framework, _same(Framework, LearningPlan.framework_id, LearningPlan.school_id))
        .where(
            LearningPlan.school_id == reader.school_id,
            LearningPlan.state.in_(states),
            VISIBLE[LearningPlan](reader, on),
        )
        .order_by(Person.name, LearningPlan.id)
    )
    if roles:
        query = query.where(LearningPlan.id.in_(plans_as(reader, on, *roles)))
    if plan_id is not None:
        query = query.where(LearningPlan.id == plan_id)
    if group_id is not None:
        students = sa.select(Membership.person_id).where(
            Membership.school_id == reader.school_id,
            Membership.group_id == group_id,
            Membership.role == GroupRole.STUDENT,
            holds(Membership, on),
        )
        query = query.where(LearningPlan.student_id.in_(students))
    if after is not None:
        query = query.where(sa.tuple_(Person.name, LearningPlan.id) > after)
    return session.execute(query.limit(limit)).all()


def _same(model: Any, key: Any, school_id: Any) -> sa.ColumnElement[bool]:
    return sa.and_(model.school_id == school_id, model.id == key)


def _goals(
    session: Session, reader: Person, school: School, on: date, plan_ids: list[UUID]
) -> Grouped:
    rows = session.execute(
        sa.select(
            Goal.plan_id,
            Goal.id,
            Goal.title,
            Goal.state,
            Goal.created_at,
            Goal.changed_at,
            Goal.target_anchor,
            Goal.target_on,
        )
        .where(
            Goal.school_id == reader.school_id,
            Goal.plan_id.in_(plan_ids),
            VISIBLE[Goal](reader, on),
        )
        .order_by(Goal.id)
    )
    found: Grouped = defaultdict(list)
    for row in rows:
        found[row.plan_id].append(
            GoalFact(
                id=row.id,
                title=row.title,
                is_active=row.state is GoalState.ACTIVE,
                since=_day(row.created_at, school),
                touched_on=_day(row.changed_at, school),
                target_anchor=row.target_anchor,
                target_on=row.target_on,
            )
        )
    return found


def _judgements(
    session: Session, reader: Person, on: date, plan_ids: list[UUID]
) -> tuple[Grouped, dict[UUID, str]]:
    rows = session.execute(
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
            Judgement.plan_id.in_(plan_ids),
            VISIBLE[Judgement](reader, on),
        )
    )
    found: Grouped = defaultdict(list)
    names: dict[UUID, str] = {}
    for row in rows:
        names[row.by_id] = row.given_name
        found[row.plan_id].append(
            JudgementFact(
                id=row.id,
                by=RATERS[row.role],
                by_id=row.by_id,
                anchor=row.anchor,
                label=row.label,
                observed_on=row.observed_on,
                recorded_at=row.recorded_at,
                goal_id=row.goal_id,
                item_id=row.item_id,
                evidence_id=row.evidence_id,
                context=row.placement_id,
            )
        )
    return found, names


def _evidence(
    session: Session, reader: Person, school: School, on: date, plan_ids: list[UUID]
) -> Grouped:
    """Return shared pieces with the first day on which this reader was shown them, and goals."""
    visible = (
        Evidence.school_id == reader.school_id,
        Evidence.plan_id.in_(plan_ids),
        VISIBLE[Evidence](reader, on),
    )
    shares = session.execute(
        sa.select(
            Evidence.plan_id,
            Evidence.id,
            Evidence.happened_on,
            Evidence.placement_id,
            sa.func.min(EvidenceShare.shared_at).label("shared_at"),
        )
        .join(
            EvidenceShare,
            sa.and_(
                EvidenceShare.school_id == Evidence.school_id,
                EvidenceShare.evidence_id == Evidence.id,
            ),
        )
        .where(*visible, EvidenceShare.ended_at.is_(None), VISIBLE[EvidenceShare](reader, on))
        .group_by(Evidence.plan_id, Evidence.id, Evidence.happened_on, Evidence.placement_id)
    )
    links = session.execute(
        sa.select(EvidenceGoal.evidence_id, EvidenceGoal.goal_id)
        .join(Evidence, _same(Evidence, EvidenceGoal.evidence_id, EvidenceGoal.school_id))
        .where(*visible)
    )
    goals: dict[UUID, set[UUID]] = defaultdict(set)
    for evidence_id, goal_id in links:
        goals[evidence_id].add(goal_id)
    found: Grouped = defaultdict(list)
    for row in shares:
        found[row.plan_id].append(
            EvidenceFact(
                id=row.id,
                goal_ids=frozenset(goals[row.id]),
                shared_on=_day(row.shared_at, school),
                happened_on=row.happened_on,
                placement_id=row.placement_id,
            )
        )
    return found


def _placements(session: Session, reader: Person, on: date, plan_ids: list[UUID]) -> Grouped:
    rows = session.execute(
        sa.select(
            Placement.plan_id, Placement.id, Company.name, Placement.from_on, Placement.until_on
        )
        .join(Company, _same(Company, Placement.company_id, Placement.school_id))
        .where(
            Placement.school_id == reader.school_id,
            Placement.plan_id.in_(plan_ids),
            VISIBLE[Placement](reader, on),
        )
        .order_by(Placement.from_on, Placement.id)
    )
    found: Grouped = defaultdict(list)
    for row in rows:
        found[row.plan_id].append(PlacementFact(row.id, row.name, row.from_on, row.until_on))
    return found


def _activity(session: Session, reader: Person, on: date, student_ids: list[UUID]) -> Grouped:
    rows = session.execute(
        sa.select(
            Activity.person_id,
            Activity.occurred_on,
            ActivitySource.name,
            sa.func.count().label("signals"),
        )
        .join(ActivitySource, _same(ActivitySource, Activity.source_id, Activity.school_id))
        .where(
            Activity.school_id == reader.school_id,
            Activity.person_id.in_(student_ids),
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
    found: Grouped = defaultdict(list)
    for row in rows:
        found[row.person_id].append(ActivityDay(row.occurred_on, row.name, row.signals))
    return found


def _day(moment: datetime, school: School) -> date:
    return moment.astimezone(ZoneInfo(school.timezone)).date()
