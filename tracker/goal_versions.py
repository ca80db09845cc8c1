"""What a goal said from version to version, and who stood behind each."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker.db import among
from tracker.models import (
    FrameworkItem,
    Goal,
    GoalAgreement,
    GoalItem,
    GoalVersion,
    Person,
    PlanRole,
)
from tracker.permissions import roles_of


@dataclass(frozen=True, slots=True)
class Agreed:
    """Somebody stands behind a version of a goal."""

    version: int
    person_id: UUID
    name: str
    given_name: str
    role: PlanRole
    at: datetime


@dataclass(frozen=True, slots=True)
class SeenVersion:
    """What a goal said from a moment on, which items it served, and who stood behind it."""

    version: GoalVersion
    items: Sequence[FrameworkItem]
    agreements: Sequence[Agreed]

    @property
    def agreed(self) -> Agreed | None:
        """Return the first coach who stood behind it."""
        return by_coach(self.agreements)


def versions_of(session: Session, *, goal: Goal, person: Person, on: date) -> Sequence[SeenVersion]:
    """Return the versions of a goal that this person holds, newest first; in four queries.

    Who looks from outside the school reads what it says now, and not what it said before.
    """
    query = sa.select(GoalVersion).where(
        GoalVersion.school_id == goal.school_id, GoalVersion.goal_id == goal.id
    )
    roles = roles_of(session, person, on=on, plan_id=goal.plan_id)
    if roles <= {PlanRole.SUPERVISOR, PlanRole.PEER}:
        query = query.where(GoalVersion.number == goal.version)
    versions = session.scalars(query.order_by(GoalVersion.number.desc())).all()
    agreements = agreements_of(session, goal.school_id, {goal.id})[goal.id]
    wanted = {UUID(key) for version in versions for key in version.items["ids"]}
    found = sa.select(FrameworkItem).where(
        FrameworkItem.school_id == goal.school_id, FrameworkItem.id.in_(wanted)
    )
    items = session.scalars(found.order_by(FrameworkItem.position)).all()
    return [
        SeenVersion(
            version,
            [item for item in items if str(item.id) in version.items["ids"]],
            [a for a in agreements if a.version == version.number],
        )
        for version in versions
    ]


def write_version(
    session: Session, goal: Goal, by: Person, items: Sequence[FrameworkItem], at: datetime
) -> None:
    """Keep what the goal says now; who wrote it stands behind it."""
    item_ids = list(dict.fromkeys(item.id for item in items))
    session.execute(
        sa.delete(GoalItem).where(GoalItem.school_id == goal.school_id, GoalItem.goal_id == goal.id)
    )
    session.add_all(
        GoalItem(school_id=goal.school_id, goal_id=goal.id, item_id=item_id) for item_id in item_ids
    )
    session.add(
        GoalVersion(
            school_id=goal.school_id,
            goal_id=goal.id,
            number=goal.version,
            by_id=by.id,
            title=goal.title,
            question=goal.question,
            success=goal.success,
            approach=goal.approach,
            target_anchor=goal.target_anchor,
            target_on=goal.target_on,
            control=goal.control,
            tailoring=goal.tailoring,
            items={"ids": [str(item_id) for item_id in item_ids]},
            written_at=at,
        )
    )
    stand_behind(session, goal, by, PlanRole.STUDENT, at)


def stand_behind(
    session: Session, goal: Goal, by: Person, role: PlanRole, at: datetime
) -> GoalAgreement:
    """Add that somebody stands behind the newest version."""
    agreement = GoalAgreement(
        school_id=goal.school_id,
        goal_id=goal.id,
        version=goal.version,
        by_id=by.id,
        role=role,
        agreed_at=at,
    )
    session.add(agreement)
    session.flush()
    return agreement


def agreements_to(goal: Goal) -> sa.Select[GoalAgreement]:
    """Select who stood behind any version of a goal."""
    return sa.select(GoalAgreement).where(
        GoalAgreement.school_id == goal.school_id, GoalAgreement.goal_id == goal.id
    )


def is_agreed(session: Session, *, goal: Goal) -> bool:
    """Whether the student and a coach stand behind the newest version."""
    newest = agreements_to(goal).where(GoalAgreement.version == goal.version)
    roles = {agreement.role for agreement in session.scalars(newest)}
    return {PlanRole.STUDENT, PlanRole.COACH} <= roles


def by_coach(agreements: Sequence[Agreed]) -> Agreed | None:
    """Return the first coach; the student stands behind it by writing it."""
    return next((a for a in agreements if a.role is PlanRole.COACH), None)


def agreements_of(
    session: Session, school_id: UUID, goal_ids: set[UUID]
) -> dict[UUID, list[Agreed]]:
    """Return who stood behind which version of goals that the caller holds, oldest first."""
    query = _agreements(session.get_bind().dialect.name)
    found: dict[UUID, list[Agreed]] = defaultdict(list)
    for goal_id, *told in session.execute(query, {"school": school_id, "goals": list(goal_ids)}):
        found[goal_id].append(Agreed(*told))
    return found


@cache
def _agreements(dialect: str) -> sa.Select[*tuple[Any, ...]]:
    """Select who agreed to goals, whose ids are given as `goals`: theirs, and what `Agreed` has."""
    return (
        sa.select(
            GoalAgreement.goal_id,
            GoalAgreement.version,
            Person.id,
            Person.name,
            Person.given_name,
            GoalAgreement.role,
            GoalAgreement.agreed_at,
        )
        .join(
            Person,
            sa.and_(Person.school_id == GoalAgreement.school_id, Person.id == GoalAgreement.by_id),
        )
        .where(
            GoalAgreement.school_id == sa.bindparam("school", type_=sa.Uuid()),
            among(GoalAgreement.goal_id, "goals", dialect),
        )
        .order_by(GoalAgreement.agreed_at, GoalAgreement.id)
    )
