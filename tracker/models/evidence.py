"""Bewijs: what a student shows; visible to nobody until shared, every version kept."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from tracker.columns import Code, Digest, FileName, FreeText, Record, SchoolOwned, ref


class EvidenceState(StrEnum):
    """Who may see it: the student, the readers it is shared with, or nobody new."""

    PRIVATE = "private"
    SHARED = "shared"
    WITHDRAWN = "withdrawn"


class EvidenceKind(StrEnum):
    """What a piece is: work, a reflection, feedback from somebody, or a certificate."""

    WORK = "work"
    REFLECTION = "reflection"
    FEEDBACK = "feedback"
    CERTIFICATE = "certificate"


class EvidenceContext(StrEnum):
    """Where it happened."""

    WORKPLACE = "workplace"
    SCHOOL = "school"
    ELSEWHERE = "elsewhere"


class Audience(StrEnum):
    """Whom a share is for: coaches and core team, a placement's supervisors, or one person."""

    COACHES = "coaches"
    PLACEMENT = "placement"
    PERSON = "person"


class ScanState(StrEnum):
    """What the virus scanner said; without a scanner nothing is asked (`none`).

    Others see a file that is `none` or `clean`; its owner also sees that it waits.
    """

    NONE = "none"
    WAITING = "waiting"
    CLEAN = "clean"
    INFECTED = "infected"


class Evidence(Record):
    """One piece of evidence in a plan.

    `key` is made by whoever logs it, unique per person, so that a resend is safe. `happened_on`
    is the day it shows, `captured_at` when the device recorded it (if it says), `received_at` when
    we got it.
    """

    __tablename__ = "evidence"
    __person_path__ = "plan_id.student_id"
    __table_args__ = (
        sa.UniqueConstraint("school_id", "author_id", "key"),
        sa.Index(None, "school_id", "plan_id", "happened_on"),
    )

    plan_id: Mapped[UUID] = ref("learning_plan", index=False)
    author_id: Mapped[UUID] = ref("person", index=False)
    key: Mapped[UUID]
    kind: Mapped[EvidenceKind] = mapped_column(default=EvidenceKind.WORK, server_default="work")
    context: Mapped[EvidenceContext | None]
    placement_id: Mapped[UUID | None] = ref("placement")
    state: Mapped[EvidenceState]
    happened_on: Mapped[date]
    captured_at: Mapped[datetime | None]
    received_at: Mapped[datetime]
    has_people: Mapped[bool]
    withdrawn_at: Mapped[datetime | None]


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


class EvidenceItem(SchoolOwned):
    """A piece of evidence shows something about a framework item."""

    __tablename__ = "evidence_item"

    evidence_id: Mapped[UUID] = ref("evidence", primary_key=True)
    item_id: Mapped[UUID] = ref("framework_item", primary_key=True)

    __table_args__ = (sa.Index(None, "school_id", "item_id"),)


class EvidenceShare(Record):
    """The student shows a piece to an audience, from a moment on, until it is withdrawn.

    `placement_id` or `person_id` says which placement or person, as the audience asks.
    """

    __tablename__ = "evidence_share"
    __table_args__ = (
        sa.Index(None, "school_id", "placement_id"),
        sa.Index(None, "school_id", "shared_at"),
    )

    evidence_id: Mapped[UUID] = ref("evidence")
    audience: Mapped[Audience]
    placement_id: Mapped[UUID | None] = ref("placement", index=False)
    person_id: Mapped[UUID | None] = ref("person")
    shared_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Kept(Record):
    """What every kept file says; its bytes live under their SHA-256 in EVIDENCE_URL."""

    __abstract__ = True

    name: Mapped[FileName]
    media_type: Mapped[Code]
    size: Mapped[int]
    digest: Mapped[Digest]
    received_at: Mapped[datetime]
    scan: Mapped[ScanState] = mapped_column(default=ScanState.NONE, server_default="none")
    scanned_at: Mapped[datetime | None]


class Attachment(Kept):
    """A file with a piece of evidence; a photo also has a small picture."""

    __tablename__ = "attachment"
    __person_path__ = "evidence_id.plan_id.student_id"

    evidence_id: Mapped[UUID] = ref("evidence")
    thumbnail_digest: Mapped[Digest | None]


class Recording(Kept):
    """A voice message that goes with a judgement."""

    __tablename__ = "recording"
    __person_path__ = "judgement_id.plan_id.student_id"

    judgement_id: Mapped[UUID] = ref("judgement")
