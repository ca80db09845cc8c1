"""Scales, and dated judgements on them: never overwritten, never averaged."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from tracker.columns import Code, FreeText, Label, Prose, Record, SchoolOwned, ref
from tracker.models.plan import PlanRole


class Scale(Record):
    """A scale of one version; a change is a new version, so that old judgements stay unharmed.

    It holds for plans that start on or after `for_plans_from` (None: for all), until a newer
    version of the same code does. `is_default`: pages offer it.
    """

    __tablename__ = "scale"
    __table_args__ = (sa.UniqueConstraint("school_id", "code", "version"),)

    code: Mapped[Code]
    version: Mapped[int]
    name: Mapped[Label]
    is_default: Mapped[bool]
    for_plans_from: Mapped[date | None]
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
    description: Mapped[Prose | None]
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


class About:
    """What a judgement is about, and what it says; the same for a draft."""

    plan_id: Mapped[UUID] = ref("learning_plan", index=False)
    goal_id: Mapped[UUID | None] = ref("goal")
    item_id: Mapped[UUID | None] = ref("framework_item")
    evidence_id: Mapped[UUID | None] = ref("evidence")
    by_id: Mapped[UUID] = ref("person")
    aspect: Mapped[Aspect | None]
    words: Mapped[FreeText | None]
    observed_on: Mapped[date]


ABOUT = "goal_id IS NOT NULL OR item_id IS NOT NULL OR evidence_id IS NOT NULL"


class JudgementDraft(About, Record):
    """A judgement that its author still works on: nobody else's, and gone when it is sent."""

    __tablename__ = "judgement_draft"
    __person_path__ = "plan_id.student_id"
    __table_args__ = (
        sa.CheckConstraint(ABOUT, name="about"),
        sa.Index(None, "school_id", "plan_id"),
    )

    level_id: Mapped[UUID | None] = ref("scale_level")
    changed_at: Mapped[datetime]


class Judgement(About, Record):
    """What one person in one role saw, on a day: a level on a scale, perhaps with words or voice.

    About a goal, a framework item or a piece of evidence (at least one); `evidence_version` is
    what the evidence said then. Rows are only ever added, and never changed. Formative, until it
    has a promotion.
    """

    __tablename__ = "judgement"
    __person_path__ = "plan_id.student_id"
    __table_args__ = (
        sa.CheckConstraint(ABOUT, name="about"),
        sa.Index(None, "school_id", "plan_id", "observed_on"),
    )

    role: Mapped[PlanRole]
    placement_id: Mapped[UUID | None] = ref("placement")
    evidence_version: Mapped[int | None]
    level_id: Mapped[UUID] = ref("scale_level")
    recorded_at: Mapped[datetime]


class JudgementSignature(SchoolOwned):
    """The author signed a judgement. Rows are only ever added."""

    __tablename__ = "judgement_signature"

    judgement_id: Mapped[UUID] = ref("judgement", primary_key=True)
    signed_at: Mapped[datetime]


class JudgementPromotion(SchoolOwned):
    """Somebody let a signed judgement count for the exam, and said why. Rows are only added."""

    __tablename__ = "judgement_promotion"
    __person_path__ = "judgement_id.plan_id.student_id"

    judgement_id: Mapped[UUID] = ref("judgement", primary_key=True)
    by_id: Mapped[UUID] = ref("person")
    reason: Mapped[FreeText]
    promoted_at: Mapped[datetime]
