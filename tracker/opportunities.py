"""What a placement offers: whether a werkproces can be practised there, said by who is there."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker import audit
from tracker.errors import Conflict, Invalid, NotAllowed
from tracker.models import (
    FrameworkItem,
    FrameworkItemKind,
    LearningPlan,
    Opportunity,
    Person,
    Placement,
    PlanRole,
)
from tracker.permissions import Action, require, visible
from tracker.plans import check_open, members_of


def say_opportunity(
    session: Session,
    *,
    by: Person,
    placement: Placement,
    item: FrameworkItem,
    is_possible: bool,
    on: date,
    at: datetime,
) -> Opportunity:
    """Say whether a placement that runs or comes offers a werkproces; returns the word that holds.

    Student and coach may, and the placement's own supervisor. Saying the same again changes
    nothing: it holds since it was said first. Raises Invalid for a part of another kwalificatie,
    Conflict for a placement that is over.
    """
    plan = session.get_one(LearningPlan, (placement.school_id, placement.plan_id))
    granted = require(session, by, Action.SAY_OPPORTUNITY, on=on, plan_id=plan.id)
    if granted == {PlanRole.SUPERVISOR} and not _supervises(session, by, plan, placement, on):
        raise NotAllowed("not of the own placement")
    check_open(plan)
    if placement.until_on <= on:
        raise Conflict("placement.over")
    if item.kind is not FrameworkItemKind.WERKPROCES or item.framework_id != plan.framework_id:
        raise Invalid(item_id="item.of_other_framework")
    holding = session.scalars(
        sa.select(Opportunity)
        .where(
            Opportunity.school_id == placement.school_id,
            Opportunity.placement_id == placement.id,
            Opportunity.item_id == item.id,
        )
        .order_by(Opportunity.said_at.desc(), Opportunity.id.desc())
        .limit(1)
    ).first()
    if holding is not None and holding.is_possible is is_possible:
        return holding
    said = Opportunity(
        school_id=placement.school_id,
        placement_id=placement.id,
        item_id=item.id,
        is_possible=is_possible,
        by_id=by.id,
        said_at=at,
    )
    session.add(said)
    session.flush()
    audit.record(session, by=by, verb="said opportunity", subject=said, plan_id=plan.id, at=at)
    session.flush()
    return said


def opportunities_of(
    session: Session, *, placement_ids: Sequence[UUID], person: Person, on: date
) -> Sequence[Opportunity]:
    """Return what holds of these placements, as far as `person` may see them: one for each item."""
    rows = session.scalars(
        visible(Opportunity, person=person, on=on)
        .where(Opportunity.placement_id.in_(placement_ids))
        .order_by(Opportunity.said_at, Opportunity.id)
    )
    newest = {(row.placement_id, row.item_id): row for row in rows}
    return list(newest.values())


def _supervises(
    session: Session, by: Person, plan: LearningPlan, placement: Placement, on: date
) -> bool:
    return any(
        member.person_id == by.id and member.placement_id == placement.id
        for member in members_of(session, plan=plan, on=on)
    )
