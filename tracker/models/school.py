"""The school: everything else belongs to one."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from tracker.columns import Base, Code, Label


class School(Base):
    """One school; a gate table, so outside the wall.

    `blind_rating`: who judges sees what others judged of the same thing only after doing so.
    """

    __tablename__ = "school"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    slug: Mapped[Code] = mapped_column(unique=True)
    name: Mapped[Label]
    timezone: Mapped[Code]
    blind_rating: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    created_at: Mapped[datetime]
