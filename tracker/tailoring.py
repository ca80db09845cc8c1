"""How personal a programme is: who decides about its goals, and how much they are one's own.

Control (school, shared, student) and tailoring (same, variant, individual) make nine cells (Van
Loon, Van der Neut, De Ries & Kral 2016). It says something about a programme, never about how well
somebody does, and more is not always better.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker.models import (
    Control,
    Framework,
    Goal,
    GoalState,
    GoalVersion,
    LearningPlan,
    Person,
    PlanState,
    School,
    Tailoring,
)
from tracker.permissions import Action, require, visible
from tracker.small_counts import LEAST

MOMENTS = 3
HALF_YEARS = ((9, 1), (2, 1))  # when a half year at school begins: month, day
Cell = tuple[Control, Tailoring]


@dataclass(frozen=True, slots=True)
class Version:
    """What a goal said from a day on, until its next version; it ended on a day, if it did."""

    goal_id: UUID
    plan_id: UUID
    number: int
    from_on: date
    control: Control
    tailoring: Tailoring
    ended_on: date | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where goals stood on a day: how many in each cell, and how many of these are new there.

    `students` says of how many plans the goals of a cell are. `new` goals were not there on the
    day before this one in the row.
    """

    on: date
    goals: Mapping[Cell, int]
    new: Mapping[Cell, int]
    students: Mapping[Cell, int]

    @property
    def total(self) -> int:
        """Return how many goals there are."""
        return sum(self.goals.values())


def movement(versions: Iterable[Version], *, on: Sequence[date]) -> list[Standing]:
    """Return where goals stood on each of these days, oldest first; pure."""
    by_goal: dict[UUID, list[Version]] = defaultdict(list)
    for version in sorted(versions, key=lambda v: v.number):
        by_goal[version.goal_id].append(version)
    known: set[UUID] = set()
    found: list[Standing] = []
    for day in on:
        held = {
            goal_id: said
            for goal_id, versions_of in by_goal.items()
            if (said := _held(versions_of, day)) is not None
        }
        plans: dict[Cell, set[UUID]] = defaultdict(set)
        for said in held.values():
            plans[_cell(said)].add(said.plan_id)
        found.append(
            Standing(
                on=day,
                goals=Counter(_cell(said) for said in held.values()),
                new=Counter(
                    _cell(said) for key, said in held.items() if found and key not in known
                ),
                students={cell: len(of_cell) for cell, of_cell in plans.items()},
            )
        )
        known = set(held)
    return found


def _held(versions: Sequence[Version], day: date) -> Version | None:
    """Return the version of a goal that held on a day, oldest first; None when it did not exist."""
    held = [version for version in versions if version.from_on <= day]
    if not held or (held[-1].ended_on is not None and held[-1].ended_on <= day):
        return None
    return held[-1]


def _cell(version: Version) -> Cell:
    return version.control, version.tailoring


def moments(*, since: date | None, on: date) -> list[date]:
    """Return today and before it the half years of school that began since a day: three at most."""
    begins = [
        date(year, month, day)
        for year in range(on.year - 1, on.year + 1)
        for month, day in HALF_YEARS
    ]
    earlier = sorted(day for day in begins if since is not None and since <= day < on)
    return [*earlier[-(MOMENTS - 1) :], on]


def of_plan(
    session: Session, *, plan: LearningPlan, person: Person, school: School, on: date
) -> list[Standing]:
    """Return where the goals of a plan stood, as far as this person may see them."""
    goals = visible(Goal, person=person, on=on).where(Goal.plan_id == plan.id)
    versions = _versions(session, school, goals)
    since = min((version.from_on for version in versions), default=None)
    return movement(versions, on=moments(since=since, on=on))


@dataclass(frozen=True, slots=True)
class Programme:
    """A programme that is followed now; `key` is its framework, None for plans without one."""

    id: UUID | None
    title: str | None


def programmes(session: Session, *, by: Person, school: School, on: date) -> list[Programme]:
    """Return what open plans follow, by title; raises NotAllowed."""
    require(session, by, Action.SEE_SCHOOL, on=on)
    title = sa.func.coalesce(Framework.title, Framework.code)
    followed = sa.select(LearningPlan.framework_id).where(
        LearningPlan.school_id == school.id, LearningPlan.state != PlanState.CLOSED
    )
    rows = session.execute(
        sa.select(Framework.id, title)
        .where(Framework.school_id == school.id, Framework.id.in_(followed))
        .order_by(title, Framework.id)
    )
    return [Programme(*row) for row in rows]


def of_programme(
    session: Session, *, by: Person, school: School, framework_id: UUID | None, on: date
) -> list[Standing]:
    """Return where the goals of all open plans of a programme stood; raises NotAllowed.

    A cell with goals of fewer than ten students is left out, and so is what is new.
    """
    require(session, by, Action.SEE_SCHOOL, on=on)
    plans = sa.select(LearningPlan.id).where(
        LearningPlan.school_id == school.id,
        LearningPlan.state != PlanState.CLOSED,
        LearningPlan.framework_id == framework_id,
    )
    goals = sa.select(Goal).where(Goal.school_id == school.id, Goal.plan_id.in_(plans))
    versions = _versions(session, school, goals)
    since = min((version.from_on for version in versions), default=None)
    return [
        Standing(
            on=standing.on,
            goals={
                cell: number
                for cell, number in standing.goals.items()
                if standing.students[cell] >= LEAST
            },
            new={},
            students={},
        )
        for standing in movement(versions, on=moments(since=since, on=on))
    ]


def _versions(session: Session, school: School, goals: sa.Select[Goal]) -> list[Version]:
    """Return every version of these goals, but of drafts; a closed goal ended when it closed."""
    zone = ZoneInfo(school.timezone)
    kept = goals.where(Goal.state != GoalState.DRAFT).subquery()
    rows = session.execute(
        sa.select(
            GoalVersion.goal_id,
            kept.c.plan_id,
            GoalVersion.number,
            GoalVersion.written_at,
            GoalVersion.control,
            GoalVersion.tailoring,
            kept.c.closed_at,
            kept.c.state,
        )
        .join(
            kept,
            sa.and_(kept.c.school_id == GoalVersion.school_id, kept.c.id == GoalVersion.goal_id),
        )
        .where(GoalVersion.school_id == school.id)
        .order_by(GoalVersion.goal_id, GoalVersion.number)
    )
    return [
        Version(
            goal_id=row.goal_id,
            plan_id=row.plan_id,
            number=row.number,
            from_on=row.written_at.astimezone(zone).date(),
            control=row.control,
            tailoring=row.tailoring,
            ended_on=row.closed_at.astimezone(zone).date()
            if row.state is GoalState.CLOSED and row.closed_at
            else None,
        )
        for row in rows
    ]
