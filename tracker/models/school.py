"""The school: everything else belongs to one."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from tracker.db import Base, Code, Label


class School(Base):
    """One school; a gate table, so outside the wall."""

    __tablename__ = "school"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    slug: Mapped[Code] = mapped_column(unique=True)
    name: Mapped[Label]
    timezone: Mapped[Code]
    created_at: Mapped[datetime]
