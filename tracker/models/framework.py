"""Kwalificaties, their kerntaken and werkprocessen: what a programme can refer to."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from tracker.columns import Code, Label, Record, ref


class FrameworkItemKind(StrEnum):
    """The parts of a kwalificatie; proper names, not translated."""

    KERNTAAK = "kerntaak"
    WERKPROCES = "werkproces"
    KEUZEDEEL = "keuzedeel"


class Framework(Record):
    """One edition of one kwalificatie, a copy owned by the school.

    Codes are strings (a crebo may begin with 0); edition, level and title are empty when the
    source does not say them, never guessed.
    """

    __tablename__ = "framework"
    __table_args__ = (sa.UniqueConstraint("school_id", "source", "code", "edition"),)

    source: Mapped[Code]
    code: Mapped[Code]
    edition: Mapped[Code]
    title: Mapped[Label | None]
    level: Mapped[int | None]
    crebo: Mapped[Code | None]
    created_at: Mapped[datetime]


class FrameworkItem(Record):
    """A kerntaak, werkproces or keuzedeel; its code is unique inside one edition only."""

    __tablename__ = "framework_item"
    __table_args__ = (sa.UniqueConstraint("school_id", "framework_id", "code"),)

    framework_id: Mapped[UUID] = ref("framework", index=False)
    parent_id: Mapped[UUID | None] = ref("framework_item")
    kind: Mapped[FrameworkItemKind]
    code: Mapped[Code]
    title: Mapped[Label]
    position: Mapped[int]
