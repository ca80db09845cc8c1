"""The statements that read goals and judgements of many plans: one for each kind of fact, grouped.

Each is made once and kept: who reads, the day and the plans are parameters. What a reader may see
is a condition of permissions/ in each of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from tracker.columns import Record, UtcDateTime
from tracker.db import among
from tracker.models import (
    Evidence,
    EvidenceGoal,
    EvidenceShare,
    FrameworkItem,
    Goal,
    GoalItem,
    Judgement,
    Person,
    ScaleLevel,
    School,
)
from tracker.permissions import CIRCLE, TODAY, VISIBLE, given, stand_in

ACTIVITY_WEEKS = 26  # and the one that runs
PLANS, STUDENTS, ITEMS = "plan_ids", "student_ids", "item_ids"
MIDNIGHT = sa.bindparam("midnight", type_=UtcDateTime())  # at the end of the day
FIRST_MONDAY: Any = sa.bindparam("first_monday", type_=sa.Date())
Statement = sa.Select[*tuple[Any, ...]]


@dataclass(frozen=True)
class Reading:
    """For whom a statement is: who reads, whether as the school's circle, on which database."""

    reader: Any
    in_circle: bool
    dialect: str

    def sees(self, model: type[Record]) -> sa.ColumnElement[bool]:
        """Whether the reader sees a record of this kind on the day."""
        grounds = CIRCLE if self.in_circle else VISIBLE
        return grounds[model](self.reader, TODAY)

    def of(self, model: Any, of_plan: Any) -> list[sa.ColumnElement[bool]]:
        """Return what limits a kind of record to what the reader sees of the plans."""
        return [
            model.school_id == self.reader.school_id,
            self.among(of_plan, PLANS),
            self.sees(model),
        ]

    def among(self, column: Any, name: str) -> sa.ColumnElement[bool]:
        """Whether a column holds one of the ids that are given under a name."""
        return among(column, name, self.dialect)

    @property
    def on_postgresql(self) -> bool:
        """Whether the database is PostgreSQL, which counts and keeps time in its own words."""
        return self.dialect == "postgresql"

    def in_utc(self, moment: Any) -> sa.ColumnElement[datetime]:
        """Return a moment of which every row has one, in UTC without saying so.

        Reading the zone of each cost a third of the rows of judgements.
        """
        if self.on_postgresql:
            return sa.func.timezone("UTC", moment, type_=sa.DateTime())
        return sa.type_coerce(moment, sa.DateTime())


Build = Callable[[Reading], Statement]


class Asking:
    """One look at plans: runs the statements for a reader on a day."""

    def __init__(
        self,
        session: Session,
        *,
        reader: Person,
        school: School,
        on: date,
        plan_ids: list[UUID],
        student_ids: list[UUID],
        in_circle: bool,
    ) -> None:
        """Begin; `in_circle` says that the reader sees these plans as the school's circle only."""
        # Not by the session: no record is loaded, and its rows would be made twice.
        self._connection = session.connection()
        self._reading = Reading(stand_in(reader), in_circle, self._connection.dialect.name)
        midnight = datetime.combine(on + timedelta(days=1), time(), ZoneInfo(school.timezone))
        self._given = {
            **given(reader, on),
            PLANS: plan_ids,
            STUDENTS: student_ids,
            "midnight": midnight,
            "first_monday": first_monday(on),
        }

    def __call__(self, build: Build, **more: Any) -> Sequence[Any]:
        """Return the rows of a statement."""
        statement = _made(build, self._reading)
        return self._connection.execute(statement, {**self._given, **more}).all()


@lru_cache(maxsize=256)
def _made(build: Build, reading: Reading) -> Statement:
    return build(reading)


def first_monday(on: date) -> date:
    """Return where the weeks of activity begin, as `activity` counts them."""
    return on - timedelta(days=on.weekday(), weeks=ACTIVITY_WEEKS)


def same(model: Any, key: Any, school_id: Any) -> sa.ColumnElement[bool]:
    """Whether a row is the one of a school that a key names."""
    return sa.and_(model.school_id == school_id, model.id == key)


# --- goals and what they serve ---------------------------------------------------------------


def goals(to: Reading) -> Statement:
    """Select goals: a row for each item that it serves, or one without."""
    serves = sa.and_(GoalItem.school_id == Goal.school_id, GoalItem.goal_id == Goal.id)
    return (
        sa.select(
            Goal.plan_id,
            Goal.id,
            Goal.title,
            Goal.state,
            to.in_utc(Goal.created_at),
            to.in_utc(Goal.changed_at),
            Goal.target_anchor,
            Goal.target_on,
            Goal.control,
            Goal.tailoring,
            GoalItem.item_id,
        )
        .outerjoin(GoalItem, serves)
        .where(*to.of(Goal, Goal.plan_id))
        .order_by(Goal.id)
    )


def items(to: Reading) -> Statement:
    """Select framework items by id, and what they are part of, in the framework's order."""
    part = aliased(FrameworkItem)
    wholes = sa.select(part.parent_id).where(
        part.school_id == to.reader.school_id, to.among(part.id, ITEMS)
    )
    return (
        sa.select(
            FrameworkItem.id,
            FrameworkItem.kind,
            FrameworkItem.code,
            FrameworkItem.title,
            FrameworkItem.parent_id,
            FrameworkItem.framework_id,
            FrameworkItem.position,
        )
        .where(
            FrameworkItem.school_id == to.reader.school_id,
            sa.or_(to.among(FrameworkItem.id, ITEMS), FrameworkItem.id.in_(wholes)),
        )
        .order_by(FrameworkItem.position, FrameworkItem.id)
    )


# --- judgements, and what was shared ---------------------------------------------------------


def judgements(to: Reading) -> Statement:
    """Select judgements with the word and anchor of their level, and who gave them."""
    return (
        sa.select(
            Judgement.plan_id,
            Judgement.id,
            sa.type_coerce(Judgement.role, sa.String()).label("role"),
            Judgement.by_id,
            Judgement.observed_on,
            to.in_utc(Judgement.recorded_at).label("recorded_at"),
            Judgement.goal_id,
            Judgement.item_id,
            Judgement.evidence_id,
            Judgement.placement_id,
            ScaleLevel.anchor,
            ScaleLevel.label,
            Person.given_name,
        )
        .join(ScaleLevel, same(ScaleLevel, Judgement.level_id, Judgement.school_id))
        .join(Person, same(Person, Judgement.by_id, Judgement.school_id))
        .where(*to.of(Judgement, Judgement.plan_id))
    )


def pieces(to: Reading) -> Statement:
    """Select when each shared piece was first shared: a row for each of its goals, or one.

    Oldest first. Who sees a share sees its piece.
    """
    of_piece = sa.and_(
        EvidenceShare.school_id == Evidence.school_id, EvidenceShare.evidence_id == Evidence.id
    )
    shown = (
        sa.select(
            Evidence.plan_id,
            Evidence.school_id,
            Evidence.id,
            sa.func.min(EvidenceShare.shared_at).label("shared_at"),
        )
        .join(EvidenceShare, of_piece)
        .where(
            Evidence.school_id == to.reader.school_id,
            to.among(Evidence.plan_id, PLANS),
            EvidenceShare.ended_at.is_(None),
            EvidenceShare.shared_at < MIDNIGHT,
            to.sees(EvidenceShare),
        )
        .group_by(Evidence.plan_id, Evidence.school_id, Evidence.id)
        .subquery()
    )
    to_goals = sa.and_(
        EvidenceGoal.school_id == shown.c.school_id, EvidenceGoal.evidence_id == shown.c.id
    )
    return (
        sa.select(shown.c.plan_id, shown.c.id, EvidenceGoal.goal_id, to.in_utc(shown.c.shared_at))
        .outerjoin(EvidenceGoal, to_goals)
        .order_by(shown.c.shared_at)
    )
