"""Our own keys (a gate table): one set for the whole installation."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from tracker.columns import Base, Code, Plain, Prose


class KeyState(StrEnum):
    """A key is published before it signs, and stays published after."""

    NEXT = "next"
    ACTIVE = "active"
    RETIRED = "retired"


class Key(Base):
    """A key pair of this installation, for all its schools; `private` is encrypted."""

    __tablename__ = "lti_key"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kid: Mapped[Code] = mapped_column(unique=True)
    state: Mapped[KeyState]
    public: Mapped[Plain]
    private: Mapped[Prose]
    published_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]
