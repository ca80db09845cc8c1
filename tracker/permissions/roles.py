"""Whether a person's roles allow an action: `require`."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker.errors import NotAllowed
from tracker.models import Person, PersonRole, PlanMember, PlanRole, SchoolRole
from tracker.permissions.actions import ADMINISTRATOR, ALLOWED, Action, Role
from tracker.permissions.conditions import TODAY, given, holds, once_for_reader, stand_in
from tracker.permissions.places import within_session


def roles_of(
    session: Session, person: Person, *, on: date, plan_id: UUID | None = None
) -> frozenset[Role]:
    """Return the person's roles in the school and, when given, in one plan, on this day.

    Who came by an LMS's word is no administrator, whoever they are (docs/decisions/0042).
    """
    asked = given(person, on)
    # A page asks often; what only reads is short, and its roles are those of its beginning.
    known = session.info.setdefault("roles", {}) if session.info.get("writes") is False else {}
    if (person.id, on) not in known:
        known[person.id, on] = tuple(
            session.scalars(_roles_in_school(stand_in(person), TODAY), asked)
        )
    roles: set[Role] = set(known[person.id, on])
    if person.is_from_lms:
        roles.discard(ADMINISTRATOR)
    if plan_id is not None:
        asked["plan"] = plan_id
        in_plan = session.scalars(_roles_in_plan(stand_in(person), TODAY), asked)
        roles = {*(roles & {ADMINISTRATOR}), *in_plan}
    return frozenset(roles)


@once_for_reader
def _roles_in_school(person: Person, on: date) -> sa.Select[SchoolRole]:
    return sa.select(PersonRole.role).where(
        PersonRole.school_id == person.school_id,
        PersonRole.person_id == person.id,
        holds(PersonRole, on),
    )


@once_for_reader
def _roles_in_plan(person: Person, on: date) -> sa.Select[PlanRole]:
    """Select the roles in one plan, its id given as `plan`."""
    return sa.select(PlanMember.role).where(
        PlanMember.school_id == person.school_id,
        PlanMember.person_id == person.id,
        PlanMember.plan_id == sa.bindparam("plan", type_=sa.Uuid()),
        holds(PlanMember, on),
        within_session(person, PlanMember.plan_id),
    )


def require(
    session: Session, by: Person, action: Action, *, on: date, plan_id: UUID | None = None
) -> frozenset[Role]:
    """Return the roles that allow the action, in this plan or in the school; raises NotAllowed."""
    granted = roles_of(session, by, on=on, plan_id=plan_id) & ALLOWED[action]
    if not granted:
        raise NotAllowed(f"may not {action}")
    return granted
