"""Gate tables: found by an exact secret only, so outside the wall."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from tracker.db import Base, Digest, Label, Plain


class WebSession(Base):
    """A signed-in browser, found by the SHA-256 of its cookie's secret.

    `only_students` narrows what the session shows to these students (LTI's role_scope_mentor):
    `{"ids": [person id]}`.
    """

    __tablename__ = "session"
    __table_args__ = (
        sa.ForeignKeyConstraint(["school_id", "person_id"], ["person.school_id", "person.id"]),
        sa.Index(None, "school_id", "person_id"),
    )

    digest: Mapped[Digest] = mapped_column(primary_key=True)
    school_id: Mapped[UUID] = mapped_column(sa.ForeignKey("school.id"))
    person_id: Mapped[UUID]
    only_students: Mapped[Plain | None]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Scope(StrEnum):
    """What a token may do."""

    READ = "read"
    WRITE = "write"


class ApiToken(Base):
    """A program's token, found by the SHA-256 of its secret; it acts as its person."""

    __tablename__ = "api_token"
    __table_args__ = (
        sa.ForeignKeyConstraint(["school_id", "person_id"], ["person.school_id", "person.id"]),
        sa.Index(None, "school_id", "person_id"),
    )

    digest: Mapped[Digest] = mapped_column(primary_key=True)
    school_id: Mapped[UUID] = mapped_column(sa.ForeignKey("school.id"))
    person_id: Mapped[UUID]
    name: Mapped[Label]
    scope: Mapped[Scope]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
