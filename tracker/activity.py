"""LMS-signalen: taking in what happened elsewhere, once; never a judgement."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker.db import insert_missing, new_id
from tracker.models import Activity, ActivityItem, ActivitySource, Person
from tracker.permissions import visible

AGES = (
    sa.select(ActivitySource.name, ActivitySource.last_import_at)
    .where(ActivitySource.school_id == sa.bindparam("school", type_=sa.Uuid()))
    .order_by(ActivitySource.name)
)


def source_named(session: Session, *, school_id: UUID, name: str) -> ActivitySource:
    """Return the source under the name that readers see; makes it the first time."""
    same = sa.select(ActivitySource).where(
        ActivitySource.school_id == school_id, ActivitySource.name == name
    )
    found = session.scalar(same)
    if found is not None:
        return found
    rows = [{"id": new_id(), "school_id": school_id, "name": name}]
    insert_missing(session, ActivitySource, rows)
    return session.scalars(same).one()


def take_in(session: Session, rows: Iterable[Mapping[str, Any]]) -> int:
    """Add activity rows (columns of Activity, ids made by the caller) that are not there yet.

    Returns how many were new: the same id again changes nothing.
    """
    return insert_missing(session, Activity, rows)


def recent_activity(
    session: Session, *, student_id: UUID, person: Person, on: date, limit: int
) -> Sequence[tuple[Activity, ActivityItem | None, ActivitySource]]:
    """Return a student's newest signals that `person` may see, with their item and source."""
    rows = session.execute(
        visible(Activity, person=person, on=on)
        .add_columns(ActivityItem, ActivitySource)
        .outerjoin(
            ActivityItem,
            sa.and_(
                ActivityItem.school_id == Activity.school_id, ActivityItem.id == Activity.item_id
            ),
        )
        .join(
            ActivitySource,
            sa.and_(
                ActivitySource.school_id == Activity.school_id,
                ActivitySource.id == Activity.source_id,
            ),
        )
        .where(
            Activity.person_id == student_id,
            Activity.ended_at.is_(None),
            Activity.occurred_on <= on,
        )
        .order_by(Activity.occurred_on.desc(), Activity.id.desc())
        .limit(limit)
    )
    return [(signal, item, source) for signal, item, source in rows]


def source_ages(session: Session, *, school_id: UUID) -> Sequence[tuple[str, datetime | None]]:
    """Return each source's name and when it was last heard of, by name."""
    rows = session.connection().execute(AGES, {"school": school_id})
    return [(name, last) for name, last in rows]
