"""Scales, evidence and judgements."""

import sqlalchemy as sa
from alembic import op

from migrations.wall import raise_wall

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the tables and raise the wall."""
    op.create_table(
        "scale",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_scale_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_scale"),
        sa.UniqueConstraint("school_id", "code", "version", name="uq_scale_school_id_code_version"),
    )
    op.create_table(
        "scale_level",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("scale_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("anchor", sa.Integer(), nullable=False),
        sa.CheckConstraint("anchor BETWEEN 0 AND 3", name=op.f("ck_scale_level_anchor")),
        sa.ForeignKeyConstraint(
            ["school_id", "scale_id"],
            ["scale.school_id", "scale.id"],
            name="fk_scale_level_school_id_scale_id",
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_scale_level_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_scale_level"),
        sa.UniqueConstraint(
            "school_id", "scale_id", "position", name="uq_scale_level_school_id_scale_id_position"
        ),
    )
    op.create_table(
        "evidence",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("placement_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("captured_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("has_people", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "author_id"],
            ["person.school_id", "person.id"],
            name="fk_evidence_school_id_author_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "placement_id"],
            ["placement.school_id", "placement.id"],
            name="fk_evidence_school_id_placement_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "plan_id"],
            ["learning_plan.school_id", "learning_plan.id"],
            name="fk_evidence_school_id_plan_id",
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_evidence_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_evidence"),
    )
    op.create_index(
        "ix_evidence_school_id_author_id", "evidence", ["school_id", "author_id"], unique=False
    )
    op.create_index(
        "ix_evidence_school_id_placement_id",
        "evidence",
        ["school_id", "placement_id"],
        unique=False,
    )
    op.create_index(
        "ix_evidence_school_id_plan_id_happened_on",
        "evidence",
        ["school_id", "plan_id", "happened_on"],
        unique=False,
    )
    op.create_table(
        "attachment",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("evidence_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("media_type", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("thumbnail_digest", sa.String(length=64), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "evidence_id"],
            ["evidence.school_id", "evidence.id"],
            name="fk_attachment_school_id_evidence_id",
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_attachment_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_attachment"),
    )
    op.create_index(
        "ix_attachment_school_id_evidence_id",
        "attachment",
        ["school_id", "evidence_id"],
        unique=False,
    )
    op.create_table(
        "evidence_goal",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("evidence_id", sa.Uuid(), nullable=False),
        sa.Column("goal_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "evidence_id"],
            ["evidence.school_id", "evidence.id"],
            name="fk_evidence_goal_school_id_evidence_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "goal_id"],
            ["goal.school_id", "goal.id"],
            name="fk_evidence_goal_school_id_goal_id",
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_evidence_goal_school_id"),
        sa.PrimaryKeyConstraint("school_id", "evidence_id", "goal_id", name="pk_evidence_goal"),
    )
    op.create_index(
        "ix_evidence_goal_school_id_goal_id",
        "evidence_goal",
        ["school_id", "goal_id"],
        unique=False,
    )
    op.create_table(
        "evidence_share",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("evidence_id", sa.Uuid(), nullable=False),
        sa.Column("audience", sa.String(length=32), nullable=False),
        sa.Column("placement_id", sa.Uuid(), nullable=True),
        sa.Column("shared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["school_id", "evidence_id"],
            ["evidence.school_id", "evidence.id"],
            name="fk_evidence_share_school_id_evidence_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "placement_id"],
            ["placement.school_id", "placement.id"],
            name="fk_evidence_share_school_id_placement_id",
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_evidence_share_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_evidence_share"),
    )
    op.create_index(
        "ix_evidence_share_school_id_evidence_id",
        "evidence_share",
        ["school_id", "evidence_id"],
        unique=False,
    )
    op.create_index(
        "ix_evidence_share_school_id_placement_id",
        "evidence_share",
        ["school_id", "placement_id"],
        unique=False,
    )
    op.create_table(
        "evidence_version",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("evidence_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "evidence_id"],
            ["evidence.school_id", "evidence.id"],
            name="fk_evidence_version_school_id_evidence_id",
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_evidence_version_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_evidence_version"),
        sa.UniqueConstraint(
            "school_id",
            "evidence_id",
            "number",
            name="uq_evidence_version_school_id_evidence_id_number",
        ),
    )
    op.create_table(
        "judgement",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("goal_id", sa.Uuid(), nullable=True),
        sa.Column("item_id", sa.Uuid(), nullable=True),
        sa.Column("evidence_id", sa.Uuid(), nullable=True),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("placement_id", sa.Uuid(), nullable=True),
        sa.Column("level_id", sa.Uuid(), nullable=False),
        sa.Column("aspect", sa.String(length=32), nullable=True),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("observed_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "goal_id IS NOT NULL OR item_id IS NOT NULL OR evidence_id IS NOT NULL",
            name=op.f("ck_judgement_about"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "by_id"],
            ["person.school_id", "person.id"],
            name="fk_judgement_school_id_by_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "evidence_id"],
            ["evidence.school_id", "evidence.id"],
            name="fk_judgement_school_id_evidence_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "goal_id"],
            ["goal.school_id", "goal.id"],
            name="fk_judgement_school_id_goal_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "item_id"],
            ["framework_item.school_id", "framework_item.id"],
            name="fk_judgement_school_id_item_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "level_id"],
            ["scale_level.school_id", "scale_level.id"],
            name="fk_judgement_school_id_level_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "placement_id"],
            ["placement.school_id", "placement.id"],
            name="fk_judgement_school_id_placement_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "plan_id"],
            ["learning_plan.school_id", "learning_plan.id"],
            name="fk_judgement_school_id_plan_id",
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_judgement_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_judgement"),
    )
    op.create_index(
        "ix_judgement_school_id_by_id", "judgement", ["school_id", "by_id"], unique=False
    )
    op.create_index(
        "ix_judgement_school_id_evidence_id",
        "judgement",
        ["school_id", "evidence_id"],
        unique=False,
    )
    op.create_index(
        "ix_judgement_school_id_goal_id", "judgement", ["school_id", "goal_id"], unique=False
    )
    op.create_index(
        "ix_judgement_school_id_item_id", "judgement", ["school_id", "item_id"], unique=False
    )
    op.create_index(
        "ix_judgement_school_id_level_id", "judgement", ["school_id", "level_id"], unique=False
    )
    op.create_index(
        "ix_judgement_school_id_placement_id",
        "judgement",
        ["school_id", "placement_id"],
        unique=False,
    )
    op.create_index(
        "ix_judgement_school_id_plan_id_observed_on",
        "judgement",
        ["school_id", "plan_id", "observed_on"],
        unique=False,
    )
    raise_wall(
        "scale",
        "scale_level",
        "evidence",
        "evidence_version",
        "evidence_goal",
        "evidence_share",
        "attachment",
        "judgement",
    )
