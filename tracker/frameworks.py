"""Kwalificaties and their parts, as the school holds them."""

from collections.abc import Collection, Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker.models import Framework, FrameworkItem, Person


def frameworks(session: Session, *, person: Person) -> Sequence[Framework]:
    """Return the school's frameworks by code and edition."""
    return session.scalars(
        sa.select(Framework)
        .where(Framework.school_id == person.school_id)
        .order_by(Framework.code, Framework.edition)
    ).all()


def items_of(
    session: Session, *, person: Person, framework_id: UUID | None
) -> Sequence[FrameworkItem]:
    """Return the parts of one framework in their own order; none without a framework."""
    return session.scalars(
        sa.select(FrameworkItem)
        .where(
            FrameworkItem.school_id == person.school_id, FrameworkItem.framework_id == framework_id
        )
        .order_by(FrameworkItem.position)
    ).all()


def items_named(
    session: Session, *, person: Person, ids: Collection[UUID]
) -> Sequence[FrameworkItem]:
    """Return these parts, of whatever framework, in their own order."""
    return session.scalars(
        sa.select(FrameworkItem)
        .where(FrameworkItem.school_id == person.school_id, FrameworkItem.id.in_(ids))
        .order_by(FrameworkItem.position, FrameworkItem.id)
    ).all()
