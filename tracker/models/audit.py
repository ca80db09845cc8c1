"""Who changed and who looked: append-only."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from tracker.columns import Code, Plain, Record, ref


class AuditEvent(Record):
    """One change or one look. `subject_id` has no foreign key: the log outlives its subjects.

    Looks carry the quarter of an hour they fell in (`slot`), so that one reader leaves one row
    per subject and quarter; changes and looks at a list have no slot.
    """

    __tablename__ = "audit_event"
    __table_args__ = (
        sa.UniqueConstraint("school_id", "subject_id", "by_id", "verb", "slot"),
        sa.Index(None, "school_id", "plan_id", "at"),
    )

    at: Mapped[datetime]
    by_id: Mapped[UUID | None] = ref("person")
    verb: Mapped[Code]
    subject_kind: Mapped[Code]
    subject_id: Mapped[UUID]
    plan_id: Mapped[UUID | None]
    details: Mapped[Plain | None]
    slot: Mapped[int | None]
