"""The access log: who changed and who looked. Rows are only ever added."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from tracker.db import Record, insert_missing, new_id
from tracker.models import AuditEvent, Person

LOOK_SECONDS = 15 * 60


def record(
    session: Session,
    *,
    by: Person | None,
    verb: str,
    subject: Record,
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
    """Remember that somebody looks at something; the edge writes it after the page (`write_looks`)."""
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


def write_looks(session: Session, looks: Sequence[dict[str, Any]], *, at: datetime) -> None:
    """Write what was looked at: one row per reader, subject and quarter of an hour."""
    slot = int(at.timestamp()) // LOOK_SECONDS
    insert_missing(
        session, AuditEvent, [{**seen, "id": new_id(), "at": at, "slot": slot} for seen in looks]
    )
