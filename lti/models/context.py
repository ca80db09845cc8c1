"""Courses of the LMS: their roster, what is read of them, and who asks to see their learners."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from tracker.columns import Code, Label, Plain, Prose, Record, Url, ref
from tracker.models.plan import PlanRole


class Context(Record):
    """A course, or another place in the LMS, from which somebody launched us.

    Its roster is the group `group_id`. `instructors_are` is what the school confirmed its
    instructors to be to its learners; `scopes` what the platform granted for grades here.
    """

    __tablename__ = "lti_context"
    __table_args__ = (sa.UniqueConstraint("school_id", "deployment_id", "lti_id"),)

    deployment_id: Mapped[UUID] = ref("lti_deployment", index=False)
    lti_id: Mapped[Prose]
    title: Mapped[Label | None]
    label: Mapped[Label | None]
    group_id: Mapped[UUID | None] = ref("school_group")
    memberships_url: Mapped[Url | None]
    lineitems_url: Mapped[Url | None]
    scopes: Mapped[Prose | None]
    instructors_are: Mapped[PlanRole | None]
    confirmed_by_id: Mapped[UUID | None] = ref("person", index=False)
    confirmed_at: Mapped[datetime | None]
    launched_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class ContextPullKind(StrEnum):
    """What is read from the LMS for a context."""

    ROSTER = "roster"
    RESULTS = "results"


class ContextPull(Record):
    """Reading a context's roster or results: due at a moment, and how the last times went.

    `held` is set when so many people would go that the school must say yes first:
    `{"closes": n, "of": m}`; `released_at` is when it said so.
    """

    __tablename__ = "lti_context_pull"
    __table_args__ = (sa.UniqueConstraint("school_id", "context_id", "kind"),)

    context_id: Mapped[UUID] = ref("lti_context", index=False)
    kind: Mapped[ContextPullKind]
    due_at: Mapped[datetime | None]
    tried_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    attempts: Mapped[int]
    error: Mapped[Code | None]
    held: Mapped[Plain | None]
    released_at: Mapped[datetime | None]


class AccessRequestState(StrEnum):
    """What the school answered."""

    WAITING = "waiting"
    GIVEN = "given"
    DECLINED = "declined"


class AccessRequest(Record):
    """An instructor asks the school to see the learners of a context; answered by confirming it."""

    __tablename__ = "lti_access_request"
    __person_path__ = "person_id"

    context_id: Mapped[UUID] = ref("lti_context")
    person_id: Mapped[UUID] = ref("person")
    state: Mapped[AccessRequestState]
    asked_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[UUID | None] = ref("person", index=False)
