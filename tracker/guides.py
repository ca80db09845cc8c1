"""Guides of a plan: whoever guides a group of its student has a place in it, while both last.

Who opens or closes such a place holds the group until the unit of work ends, so that two never
double a row.
"""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker import audit
from tracker.models import CoachGroup, Group, GroupRole, LearningPlan, Membership, PlanMember
from tracker.permissions import holds


def hold_group(session: Session, *, school_id: UUID, group_id: UUID) -> None:
    """Let nobody else change who is in this group, or who guides it, until this unit ends."""
    session.execute(
        sa.select(Group.id)
        .where(Group.school_id == school_id, Group.id == group_id)
        .with_for_update(key_share=True)
    )


def let_guides_in(session: Session, *, plan: LearningPlan, on: date, at: datetime) -> None:
    """Give who guides a group of the plan's student a place in it, as the next roster would."""
    in_groups = sa.select(Membership.group_id).where(
        Membership.school_id == plan.school_id,
        Membership.person_id == plan.student_id,
        Membership.role == GroupRole.STUDENT,
        holds(Membership, on),
    )
    guided = (
        sa.select(CoachGroup)
        .where(
            CoachGroup.school_id == plan.school_id,
            CoachGroup.group_id.in_(in_groups),
            CoachGroup.coach_id != plan.student_id,
            holds(CoachGroup, on),
        )
        .order_by(CoachGroup.group_id, CoachGroup.id)
    )
    for group_id in dict.fromkeys(found.group_id for found in session.scalars(guided)):
        hold_group(session, school_id=plan.school_id, group_id=group_id)
    has_place = set(
        session.scalars(
            sa.select(PlanMember.coach_group_id).where(
                PlanMember.school_id == plan.school_id,
                PlanMember.plan_id == plan.id,
                PlanMember.until_on.is_(None),
            )
        )
    )
    for coach_group in session.scalars(guided):
        if coach_group.id not in has_place:
            open_place(session, coach_group=coach_group, plan_id=plan.id, on=on, at=at)
    session.flush()


def open_place(
    session: Session, *, coach_group: CoachGroup, plan_id: UUID, on: date, at: datetime
) -> None:
    """Give the guide of a group a place in a plan from today on; the caller holds the group."""
    place = PlanMember(
        school_id=coach_group.school_id,
        plan_id=plan_id,
        person_id=coach_group.coach_id,
        role=coach_group.role,
        coach_group_id=coach_group.id,
        from_on=on,
        until_on=None,
        created_at=at,
    )
    session.add(place)
    audit.record(session, by=None, verb="added member", subject=place, plan_id=plan_id, at=at)
