"""Columns in the LMS's gradebook, and the scores that go there."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from tracker.columns import Code, FreeText, Identifier, Label, Record, Url, ref


class LineItemState(StrEnum):
    """Where a gradebook column is: what is still to be told to the LMS, or how it ended."""

    WANTED = "wanted"
    CHANGED = "changed"
    ACTIVE = "active"
    REMOVING = "removing"
    GONE = "gone"
    PARKED = "parked"


class LineItem(Record):
    """A column in the LMS's gradebook for one placed link (Assignment and Grade Services 2.0).

    `due_at` is when the next step is due: telling the LMS, or looking again at the values.
    """

    __tablename__ = "lti_line_item"
    __table_args__ = (sa.Index(None, "school_id", "due_at"),)

    context_id: Mapped[UUID] = ref("lti_context")
    resource_link_id: Mapped[UUID] = ref("lti_resource_link")
    url: Mapped[Url | None]
    label: Mapped[Label]
    tag: Mapped[Code]
    maximum: Mapped[Decimal]
    state: Mapped[LineItemState]
    is_ours: Mapped[bool]
    due_at: Mapped[datetime | None]
    tried_at: Mapped[datetime | None]
    attempts: Mapped[int]
    error: Mapped[Code | None]
    created_at: Mapped[datetime]


class ScoreState(StrEnum):
    """Whether the LMS knows the latest wish, and if not, why."""

    WAITING = "waiting"
    SENT = "sent"
    SUPERSEDED = "superseded"
    INACTIVE = "inactive"
    PARKED = "parked"


class ScorePush(Record):
    """The latest score that one student's column should hold; older wishes are not sent.

    `wish` counts the wishes, `sent_wish` is the one that the LMS took; `stamped_at` is the last
    timestamp that was sent, and each next one is at least a second later.
    """

    __tablename__ = "lti_score"
    __person_path__ = "person_id"
    __table_args__ = (
        sa.UniqueConstraint("school_id", "line_item_id", "person_id"),
        sa.Index(None, "school_id", "state", "due_at"),
    )

    line_item_id: Mapped[UUID] = ref("lti_line_item", index=False)
    person_id: Mapped[UUID] = ref("person")
    subject: Mapped[Identifier]
    value: Mapped[Decimal]
    maximum: Mapped[Decimal]
    activity_progress: Mapped[Code]
    comment: Mapped[FreeText | None]
    wish: Mapped[int]
    sent_wish: Mapped[int]
    stamped_at: Mapped[datetime | None]
    state: Mapped[ScoreState]
    due_at: Mapped[datetime | None]
    tried_at: Mapped[datetime | None]
    attempts: Mapped[int]
    error: Mapped[Code | None]
