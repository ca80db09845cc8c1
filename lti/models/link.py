"""Links that teachers place in their courses, and what each tells the gradebook."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from tracker.columns import Code, Label, Prose, Raw, Record, Url, ref


class GradeMode(StrEnum):
    """What a placed link tells the LMS's gradebook; off until a teacher chooses."""

    OFF = "off"
    STATUS = "status"
    PROGRESS = "progress"
    EVIDENCE = "evidence"
    LESSON = "lesson"


class ResourceLink(Record):
    """A link that a teacher placed in the LMS; `page` and `lesson_id` say what it opens.

    `lineitem_url` is the gradebook column that the platform itself tied to the link.
    `pieces` is the agreed number of pieces when `mode` is evidence.
    """

    __tablename__ = "lti_resource_link"
    __table_args__ = (sa.UniqueConstraint("school_id", "deployment_id", "lti_id"),)

    deployment_id: Mapped[UUID] = ref("lti_deployment", index=False)
    context_id: Mapped[UUID | None] = ref("lti_context")
    lti_id: Mapped[Prose]
    title: Mapped[Label | None]
    page: Mapped[Code | None]
    lesson_id: Mapped[UUID | None] = ref("support_lesson")
    lineitem_url: Mapped[Url | None]
    mode: Mapped[GradeMode]
    pieces: Mapped[int | None]
    chosen_by_id: Mapped[UUID | None] = ref("person", index=False)
    chosen_at: Mapped[datetime | None]
    launched_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class DeepLinkRequest(Record):
    """A teacher is choosing what to place: what the platform asked for, answered once."""

    __tablename__ = "lti_deep_link"
    __person_path__ = "person_id"

    registration_id: Mapped[UUID] = ref("lti_registration", index=False)
    deployment_id: Mapped[UUID] = ref("lti_deployment", index=False)
    context_id: Mapped[UUID | None] = ref("lti_context", index=False)
    person_id: Mapped[UUID] = ref("person")
    settings: Mapped[Raw]
    expires_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
