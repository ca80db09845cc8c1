"""What a placement offers: whether a werkproces can be practised there, said by who is there."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from tracker import audit
from tracker.errors import Invalid
from tracker.models import (
    FrameworkItem,
    FrameworkItemKind,
    LearningPlan,
    Opportunity,
    Person,
    Placement,
)
from tracker.permissions import Action, require, visible


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
    """Say whether a placement offers a werkproces; the newest word holds.

    Student, coach and supervisor may. Raises Invalid for a part of another kwalificatie.
    """
    plan = session.get_one(LearningPlan, (placement.school_id, placement.plan_id))
    require(session, by, Action.SAY_OPPORTUNITY, on=on, plan_id=plan.id)
    if item.kind is not FrameworkItemKind.WERKPROCES or item.framework_id != plan.framework_id:
        raise Invalid(item_id="item.of_other_framework")
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
