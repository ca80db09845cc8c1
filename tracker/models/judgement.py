"""Scales, and dated judgements on them: never overwritten, never averaged."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from tracker.db import Code, FreeText, Label, Record, ref
from tracker.models.plan import PlanRole


class Scale(Record):
    """A scale of one version; a change is a new version, so that old judgements stay unharmed."""

    __tablename__ = "scale"
    __table_args__ = (sa.UniqueConstraint("school_id", "code", "version"),)

    code: Mapped[Code]
    version: Mapped[int]
    name: Mapped[Label]
    is_default: Mapped[bool]
    created_at: Mapped[datetime]


class ScaleLevel(Record):
    """A level in the school's word, mapped to one of the four anchors (0-3)."""

    __tablename__ = "scale_level"
    __table_args__ = (
        sa.UniqueConstraint("school_id", "scale_id", "position"),
        sa.CheckConstraint("anchor BETWEEN 0 AND 3", name="anchor"),
    )

    scale_id: Mapped[UUID] = ref("scale", index=False)
    position: Mapped[int]
    label: Mapped[Label]
    anchor: Mapped[int]


class Aspect(StrEnum):
    """What a judgement is about."""

    KNOWLEDGE = "knowledge"
    SKILL = "skill"
    ATTITUDE = "attitude"


class Purpose(StrEnum):
    """Formative by default; qualifying only by an explicit, logged promotion."""

    FORMATIVE = "formative"
    QUALIFYING = "qualifying"


class Judgement(Record):
    """What one person in one role saw, on a day: a level on a scale, perhaps with words.

    About a goal, a framework item or a piece of evidence (at least one). Append-only.
    """

    __tablename__ = "judgement"
    __person_path__ = "plan_id.student_id"
    __table_args__ = (
        sa.CheckConstraint(
            "goal_id IS NOT NULL OR item_id IS NOT NULL OR evidence_id IS NOT NULL", name="about"
        ),
        sa.Index(None, "school_id", "plan_id", "observed_on"),
    )

    plan_id: Mapped[UUID] = ref("learning_plan", index=False)
    goal_id: Mapped[UUID | None] = ref("goal")
    item_id: Mapped[UUID | None] = ref("framework_item")
    evidence_id: Mapped[UUID | None] = ref("evidence")
    by_id: Mapped[UUID] = ref("person")
    role: Mapped[PlanRole]
    placement_id: Mapped[UUID | None] = ref("placement")
    level_id: Mapped[UUID] = ref("scale_level")
    aspect: Mapped[Aspect | None]
    purpose: Mapped[Purpose]
    words: Mapped[FreeText | None]
    observed_on: Mapped[date]
    recorded_at: Mapped[datetime]
