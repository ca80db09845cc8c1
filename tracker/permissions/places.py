"""Where a person stands on a day: in which plans, at which placements, in the school."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from tracker.models import (
    LearningPlan,
    Person,
    PersonRole,
    Placement,
    PlanMember,
    PlanRole,
    SchoolRole,
)
from tracker.permissions.actions import RATING_IN_SCHOOL
from tracker.permissions.conditions import (
    TODAY,
    Condition,
    given,
    holds,
    once_for_reader,
    one_of,
    stand_in,
)


@once_for_reader
def is_administrator(person: Person, on: date) -> Condition:
    """Whether the reader is an administrator, and not by an LMS's word."""
    if person.is_from_lms:
        return sa.false()
    return sa.exists().where(
        PersonRole.school_id == person.school_id,
        PersonRole.person_id == person.id,
        PersonRole.role == SchoolRole.ADMINISTRATOR,
        holds(PersonRole, on),
    )


@once_for_reader
def plans_as(person: Person, on: date, *roles: PlanRole) -> sa.Select[UUID]:
    """Select the plans in which the person has one of these roles on this day."""
    return sa.select(PlanMember.plan_id).where(
        PlanMember.school_id == person.school_id,
        PlanMember.person_id == person.id,
        one_of(PlanMember.role, roles),
        holds(PlanMember, on),
        within_session(person, PlanMember.plan_id),
    )


def within_session(person: Person, plan_id: InstrumentedAttribute[UUID]) -> Condition:
    """Whether a plan is of the students to whom this session is narrowed, if it is."""
    if person.only_students is None:
        return sa.true()
    if not person.only_students:  # an empty IN nests deeper than SQLite reads
        return sa.false()
    plans = sa.select(LearningPlan.id).where(
        LearningPlan.school_id == person.school_id,
        LearningPlan.student_id.in_(person.only_students),
    )
    return plan_id.in_(plans)


@once_for_reader
def placements_as_supervisor(person: Person, on: date) -> sa.Select[UUID]:
    """Select the placements this person supervises; the row and the placement must both hold."""
    return (
        sa.select(Placement.id)
        .join(
            PlanMember,
            sa.and_(
                PlanMember.school_id == Placement.school_id,
                PlanMember.placement_id == Placement.id,
            ),
        )
        .where(
            Placement.school_id == person.school_id,
            PlanMember.person_id == person.id,
            PlanMember.role == PlanRole.SUPERVISOR,
            holds(PlanMember, on),
            holds(Placement, on),
            within_session(person, PlanMember.plan_id),
        )
    )


@once_for_reader
def plans_in_school(person: Person, on: date) -> sa.CompoundSelect[UUID]:
    """Select the plans seen as student, coach, core team or administrator; not as supervisor.

    One IN over a union, not an OR of INs: PostgreSQL then starts from the person's few rows.
    """
    everything = sa.select(LearningPlan.id).where(
        LearningPlan.school_id == person.school_id,
        is_administrator(person, on),
        within_session(person, LearningPlan.id),
    )
    roles = (PlanRole.STUDENT, PlanRole.COACH, PlanRole.TEAM)
    return sa.union_all(plans_as(person, on, *roles), everything)


def is_in_school(person: Person, on: date, plan_id: InstrumentedAttribute[UUID]) -> Condition:
    """Whether a plan is one of those that the reader sees from inside the school."""
    return plan_id.in_(plans_in_school(person, on))


@dataclass(frozen=True)
class Places:
    """What a person is on a day: to each plan they take part in, and whether administrator."""

    in_plans: Mapping[UUID, frozenset[PlanRole]]
    is_administrator: bool

    def guides(self, plan_id: UUID) -> bool:
        """Whether the person sees a plan as the school's circle does."""
        roles = self.in_plans.get(plan_id, frozenset())
        return self.is_administrator or not roles.isdisjoint(RATING_IN_SCHOOL)

    def only_guides(self, plan_ids: Iterable[UUID]) -> bool:
        """Whether `CIRCLE` is all that the person sees of these plans: there is no other ground."""
        return all(
            self.guides(key) and self.in_plans.get(key, frozenset()) <= set(RATING_IN_SCHOOL)
            for key in plan_ids
        )


def places_of(session: Session, person: Person, *, on: date) -> Places:
    """Return what a person is to plans, and whether administrator, on this day."""
    here = stand_in(person)
    rows = session.connection().execute(_places(here, TODAY), given(person, on))
    in_plans: dict[UUID, frozenset[PlanRole]] = {}
    is_administrator = False
    for plan_id, role in rows:
        if plan_id is None:
            is_administrator = True
        else:
            in_plans[plan_id] = in_plans.get(plan_id, frozenset()) | {role}
    return Places(in_plans, is_administrator)


@once_for_reader
def _places(person: Person, on: date) -> sa.CompoundSelect[Any]:
    member = sa.select(PlanMember.plan_id, PlanMember.role).where(
        PlanMember.school_id == person.school_id,
        PlanMember.person_id == person.id,
        holds(PlanMember, on),
        within_session(person, PlanMember.plan_id),
    )
    none = sa.null()
    administrator = sa.select(
        sa.type_coerce(none, PlanMember.plan_id.type), sa.type_coerce(none, PlanMember.role.type)
    ).where(is_administrator(person, on))
    return sa.union_all(member, administrator)
