"""Bewijs: what a student shows; visible to nobody until shared, every version kept."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from tracker.db import Code, Digest, FileName, FreeText, Record, SchoolOwned, ref


class EvidenceState(StrEnum):
    """Who may see it: the student, the readers it is shared with, or nobody new."""

    PRIVATE = "private"
    SHARED = "shared"
    WITHDRAWN = "withdrawn"


class Audience(StrEnum):
    """Whom a share is for: the plan's coaches and core team, or one placement's supervisors."""

    COACHES = "coaches"
    PLACEMENT = "placement"


class Evidence(Record):
    """One piece of evidence in a plan; the id is made by whoever logs it, so that a resend is safe.

    `happened_on` is the day it shows, `captured_at` when the device recorded it (if it says),
    `received_at` when we got it.
    """

    __tablename__ = "evidence"
    __person_path__ = "plan_id.student_id"
    __table_args__ = (sa.Index(None, "school_id", "plan_id", "happened_on"),)

    plan_id: Mapped[UUID] = ref("learning_plan", index=False)
    author_id: Mapped[UUID] = ref("person")
    placement_id: Mapped[UUID | None] = ref("placement")
    state: Mapped[EvidenceState]
    happened_on: Mapped[date]
    captured_at: Mapped[datetime | None]
    received_at: Mapped[datetime]
    has_people: Mapped[bool]


class EvidenceVersion(Record):
    """The student's words about a piece, as they were from a moment on."""

    __tablename__ = "evidence_version"
    __person_path__ = "evidence_id.plan_id.student_id"
    __table_args__ = (sa.UniqueConstraint("school_id", "evidence_id", "number"),)

    evidence_id: Mapped[UUID] = ref("evidence", index=False)
    number: Mapped[int]
    text: Mapped[FreeText]
    written_at: Mapped[datetime]


class EvidenceGoal(SchoolOwned):
    """A piece of evidence shows something about a goal."""

    __tablename__ = "evidence_goal"

    evidence_id: Mapped[UUID] = ref("evidence", primary_key=True)
    goal_id: Mapped[UUID] = ref("goal", primary_key=True)

    __table_args__ = (sa.Index(None, "school_id", "goal_id"),)


class EvidenceShare(Record):
    """The student shows a piece to an audience, from a moment on, until it is withdrawn."""

    __tablename__ = "evidence_share"
    __table_args__ = (sa.Index(None, "school_id", "placement_id"),)

    evidence_id: Mapped[UUID] = ref("evidence")
    audience: Mapped[Audience]
    placement_id: Mapped[UUID | None] = ref("placement", index=False)
    shared_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Attachment(Record):
    """A file with a piece of evidence; the bytes live under their SHA-256 in EVIDENCE_URL."""

    __tablename__ = "attachment"
    __person_path__ = "evidence_id.plan_id.student_id"

    evidence_id: Mapped[UUID] = ref("evidence")
    name: Mapped[FileName]
    media_type: Mapped[Code]
    size: Mapped[int]
    digest: Mapped[Digest]
    thumbnail_digest: Mapped[Digest | None]
    received_at: Mapped[datetime]
