"""The access log: who changed and who looked. Rows are only ever added.

Nobody is logged for looking at their own things.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker.columns import Record
from tracker.db import insert_missing, new_id
from tracker.models import AuditEvent, LearningPlan, Person

LOOK_SECONDS = 15 * 60


class Subject(Protocol):
    """What a change is about: a record of the school, or a gate's row that says its school."""

    __tablename__: Any

    @property
    def id(self) -> UUID:
        """Return its id."""

    @property
    def school_id(self) -> UUID:
        """Return its school."""


def record(
    session: Session,
    *,
    by: Person | None,
    verb: str,
    subject: Subject,
    at: datetime,
    plan_id: UUID | None = None,
    **details: str | int | Sequence[str],
) -> None:
    """Log a change that this unit of work makes; `by` is None for the school's own programs."""
    session.add(
        AuditEvent(
            school_id=subject.school_id,
            at=at,
            by_id=by.id if by else None,
            verb=verb,
            subject_kind=subject.__tablename__,
            subject_id=subject.id,
            plan_id=plan_id,
            details=details or None,
        )
    )


def look(
    session: Session,
    *,
    by: Person,
    verb: str,
    subject: Record,
    plan_id: UUID | None = None,
    **details: Any,
) -> None:
    """Remember that somebody looks at something; the edge writes it after the page.

    A list is one look with its plan ids in `details`.
    """
    session.info.setdefault("looks", []).append(
        {
            "school_id": subject.school_id,
            "by_id": by.id,
            "verb": verb,
            "subject_kind": subject.__tablename__,
            "subject_id": subject.id,
            "plan_id": plan_id,
            "details": details or None,
        }
    )


def look_at_record(session: Session, *, by: Person, record: Record) -> None:
    """Remember that somebody looks at a record that says something about somebody else."""
    person_id, plan_id = person_behind(session, record)
    if person_id not in {None, by.id}:
        look(session, by=by, verb="looked", subject=record, plan_id=plan_id)


def person_behind(session: Session, record: Record) -> tuple[UUID | None, UUID | None]:
    """Return whom a record is about and in which plan, along the path its table declares."""
    path = getattr(record, "__person_path__", None)
    if path is None:
        return None, None
    table: Any = record.__table__
    key: UUID | None = record.id
    plan_id = None
    for name in path.split("."):
        if table.name == LearningPlan.__tablename__:
            plan_id = key
        column = table.c[name]
        key = (
            getattr(record, name)
            if table is record.__table__
            else session.scalar(
                sa.select(column).where(table.c.school_id == record.school_id, table.c.id == key)
            )
        )
        table = next((target.column.table for target in column.foreign_keys), table)
    return key, plan_id


def write_looks(session: Session, looks: Sequence[dict[str, Any]], *, at: datetime) -> None:
    """Write what was looked at: one row per reader, record and quarter of an hour.

    Each list is a row of its own, for the next one may show other plans.
    """
    slot = int(at.timestamp()) // LOOK_SECONDS
    insert_missing(
        session,
        AuditEvent,
        [
            {**seen, "id": new_id(), "at": at, "slot": None if seen["details"] else slot}
            for seen in looks
        ],
    )
