"""Gate tables: found by an exact secret only, so outside the wall."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from tracker.columns import Base, Digest, Label, Plain


class WebSession(Base):
    """A signed-in browser, found by the SHA-256 of its cookie's secret.

    `only_students` narrows what the session shows to these students (LTI's role_scope_mentor):
    `{"ids": [person id]}`. One that an LMS vouched for (`is_from_lms`) opens no administration.
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
    is_from_lms: Mapped[bool] = mapped_column(server_default=sa.false())
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class SignInLink(Base):
    """A way in that works once, made on the server for somebody; found by its secret's SHA-256."""

    __tablename__ = "sign_in_link"
    __table_args__ = (
        sa.ForeignKeyConstraint(["school_id", "person_id"], ["person.school_id", "person.id"]),
        sa.Index(None, "school_id", "person_id"),
    )

    digest: Mapped[Digest] = mapped_column(primary_key=True)
    school_id: Mapped[UUID] = mapped_column(sa.ForeignKey("school.id"))
    person_id: Mapped[UUID]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


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
