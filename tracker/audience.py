"""Who can see a piece of evidence or a goal now, by name: the answer to "who can see this?"."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker.columns import Record
from tracker.models import (
    Audience,
    Evidence,
    EvidenceGoal,
    EvidenceShare,
    Goal,
    GoalState,
    Person,
    Placement,
    PlanMember,
    PlanRole,
)
from tracker.permissions import RATING_IN_SCHOOL, VISIBLE, holds


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who can see a thing now, besides its student; `until_on` is exclusive.

    Administrators of the school are no viewers by name: they see what the school's circle sees.
    """

    person_id: UUID
    name: str
    given_name: str
    role: PlanRole
    until_on: date | None

    @property
    def last_on(self) -> date | None:
        """Return the last day on which they can see it, if there is one."""
        return self.until_on - timedelta(days=1) if self.until_on else None


def who_see(
    session: Session, *, people: Sequence[Person], record: Record, on: date
) -> Sequence[Person]:
    """Return those of these people who can see a thing on this day, by the rules; in one query."""
    model = type(record)
    seeing = [
        sa.select(Person.id).where(
            Person.school_id == record.school_id,
            Person.id == person.id,
            sa.exists().where(
                model.school_id == record.school_id,
                model.id == record.id,
                VISIBLE[model](person, on),
            ),
        )
        for person in people
    ]
    if not seeing:
        return []
    found = set(session.scalars(sa.union_all(*seeing)))
    return [person for person in people if person.id in found]


def viewers_of_evidence(
    session: Session, *, school_id: UUID, evidence_ids: Sequence[UUID], on: date
) -> dict[UUID, list[Viewer]]:
    """Return who can see each piece on this day: those of its plan whom it is shared with.

    The same answer as `permissions.VISIBLE`, from the other end; in one query.
    """
    rows = session.execute(
        _members(on, EvidenceShare.evidence_id)
        .join_from(
            PlanMember,
            Evidence,
            sa.and_(
                Evidence.school_id == PlanMember.school_id, Evidence.plan_id == PlanMember.plan_id
            ),
        )
        .join(
            EvidenceShare,
            sa.and_(
                EvidenceShare.school_id == Evidence.school_id,
                EvidenceShare.evidence_id == Evidence.id,
                _is_for_member(),
            ),
        )
        .where(
            EvidenceShare.school_id == school_id,
            EvidenceShare.evidence_id.in_(evidence_ids),
            EvidenceShare.ended_at.is_(None),
        )
    )
    found: dict[UUID, list[Viewer]] = defaultdict(list)
    for evidence_id, *viewer in rows:
        found[evidence_id].append(_viewer(*viewer))
    return {evidence_id: _once_each(viewers) for evidence_id, viewers in found.items()}


def viewers_of_goal(session: Session, goal: Goal, on: date) -> list[Viewer]:
    """Return who can see a goal on this day: coach, core team, and whom evidence of it is shown."""
    in_school = session.execute(
        _members(on).where(
            PlanMember.school_id == goal.school_id,
            PlanMember.plan_id == goal.plan_id,
            PlanMember.role.in_(RATING_IN_SCHOOL),
        )
    )
    if goal.state is GoalState.DRAFT:  # it stays in the school, whatever is shown
        return _once_each(_viewer(*row) for row in in_school)
    towards = session.scalars(
        sa.select(EvidenceGoal.evidence_id).where(
            EvidenceGoal.school_id == goal.school_id, EvidenceGoal.goal_id == goal.id
        )
    ).all()
    shown = viewers_of_evidence(session, school_id=goal.school_id, evidence_ids=towards, on=on)
    everybody = [_viewer(*row) for row in in_school]
    for viewers in shown.values():
        everybody.extend(viewers)
    return _once_each(everybody)


def given_names(viewers: Iterable[Viewer]) -> list[str]:
    """Return how these people are called; who is there in two roles is named once."""
    return list({viewer.person_id: viewer.given_name for viewer in viewers}.values())


def _members(on: date, *columns: Any) -> sa.Select[Any]:
    """Select who takes part in a plan on this day, and until when; a placement ends it too."""
    return (
        sa.select(
            *columns,
            PlanMember.person_id,
            Person.name,
            Person.given_name,
            PlanMember.role,
            PlanMember.until_on,
            Placement.until_on,
        )
        .select_from(PlanMember)
        .join(
            Person,
            sa.and_(Person.school_id == PlanMember.school_id, Person.id == PlanMember.person_id),
        )
        .outerjoin(
            Placement,
            sa.and_(
                Placement.school_id == PlanMember.school_id,
                Placement.id == PlanMember.placement_id,
            ),
        )
        .where(
            holds(PlanMember, on),
            sa.or_(PlanMember.role != PlanRole.SUPERVISOR, holds(Placement, on)),
        )
    )


def _is_for_member() -> sa.ColumnElement[bool]:
    return sa.or_(
        sa.and_(
            EvidenceShare.audience == Audience.COACHES,
            PlanMember.role.in_(RATING_IN_SCHOOL),
        ),
        sa.and_(
            EvidenceShare.audience == Audience.PLACEMENT,
            PlanMember.role == PlanRole.SUPERVISOR,
            PlanMember.placement_id == EvidenceShare.placement_id,
        ),
        sa.and_(
            EvidenceShare.audience == Audience.PERSON,
            PlanMember.role == PlanRole.PEER,
            PlanMember.person_id == EvidenceShare.person_id,
        ),
    )


def _viewer(
    person_id: UUID,
    name: str,
    given_name: str,
    role: PlanRole,
    member_until_on: date | None,
    placement_until_on: date | None,
) -> Viewer:
    ends = [day for day in (member_until_on, placement_until_on) if day is not None]
    return Viewer(person_id, name, given_name, role, min(ends, default=None))


def _once_each(viewers: Iterable[Viewer]) -> list[Viewer]:
    """Return each person once in each role, as long as the longest ground lasts."""
    longest: dict[tuple[UUID, PlanRole], Viewer] = {}
    for viewer in viewers:
        known = longest.setdefault((viewer.person_id, viewer.role), viewer)
        ends = {known.until_on, viewer.until_on} - {None}
        is_open = known.until_on is None or viewer.until_on is None
        until_on = None if is_open else max(day for day in ends if day is not None)
        longest[viewer.person_id, viewer.role] = replace(known, until_on=until_on)
    order = list(PlanRole)
    return sorted(longest.values(), key=lambda viewer: (order.index(viewer.role), viewer.name))
