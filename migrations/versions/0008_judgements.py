"""Drafts, voices, signatures and promotions of judgements; scales by cohort."""

import sqlalchemy as sa
from alembic import op

from migrations.wall import APPEND, raise_wall, revoke

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the columns and tables, and raise the wall."""
    with op.batch_alter_table("judgement") as batch_op:
        batch_op.add_column(sa.Column("evidence_version", sa.Integer(), nullable=True))
        batch_op.drop_column("purpose")

    op.create_table(
        "judgement_draft",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("level_id", sa.Uuid(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("goal_id", sa.Uuid(), nullable=True),
        sa.Column("item_id", sa.Uuid(), nullable=True),
        sa.Column("evidence_id", sa.Uuid(), nullable=True),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("aspect", sa.String(length=32), nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("observed_on", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "goal_id IS NOT NULL OR item_id IS NOT NULL OR evidence_id IS NOT NULL",
            name=op.f("ck_judgement_draft_about"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "by_id"],
            ["person.school_id", "person.id"],
            name="fk_judgement_draft_school_id_by_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "evidence_id"],
            ["evidence.school_id", "evidence.id"],
            name="fk_judgement_draft_school_id_evidence_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "goal_id"],
            ["goal.school_id", "goal.id"],
            name="fk_judgement_draft_school_id_goal_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "item_id"],
            ["framework_item.school_id", "framework_item.id"],
            name="fk_judgement_draft_school_id_item_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "level_id"],
            ["scale_level.school_id", "scale_level.id"],
            name="fk_judgement_draft_school_id_level_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "plan_id"],
            ["learning_plan.school_id", "learning_plan.id"],
            name="fk_judgement_draft_school_id_plan_id",
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_judgement_draft_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_judgement_draft"),
    )
    op.create_index("ix_judgement_draft_school_id_by_id", "judgement_draft", ["school_id", "by_id"])
    op.create_index(
        "ix_judgement_draft_school_id_evidence_id", "judgement_draft", ["school_id", "evidence_id"]
    )
    op.create_index(
        "ix_judgement_draft_school_id_goal_id", "judgement_draft", ["school_id", "goal_id"]
    )
    op.create_index(
        "ix_judgement_draft_school_id_item_id", "judgement_draft", ["school_id", "item_id"]
    )
    op.create_index(
        "ix_judgement_draft_school_id_level_id", "judgement_draft", ["school_id", "level_id"]
    )
    op.create_index(
        "ix_judgement_draft_school_id_plan_id", "judgement_draft", ["school_id", "plan_id"]
    )
    op.create_table(
        "judgement_signature",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("judgement_id", sa.Uuid(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "judgement_id"],
            ["judgement.school_id", "judgement.id"],
            name="fk_judgement_signature_school_id_judgement_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.id"], name="fk_judgement_signature_school_id"
        ),
        sa.PrimaryKeyConstraint("school_id", "judgement_id", name="pk_judgement_signature"),
    )
    op.create_table(
        "judgement_promotion",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("judgement_id", sa.Uuid(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("promoted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "by_id"],
            ["person.school_id", "person.id"],
            name="fk_judgement_promotion_school_id_by_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "judgement_id"],
            ["judgement.school_id", "judgement.id"],
            name="fk_judgement_promotion_school_id_judgement_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.id"], name="fk_judgement_promotion_school_id"
        ),
        sa.PrimaryKeyConstraint("school_id", "judgement_id", name="pk_judgement_promotion"),
    )
    op.create_index(
        "ix_judgement_promotion_school_id_by_id", "judgement_promotion", ["school_id", "by_id"]
    )
    op.create_table(
        "recording",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("judgement_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("media_type", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("scan", sa.String(length=32), server_default="none", nullable=False),
        sa.Column("scanned_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["school_id", "judgement_id"],
            ["judgement.school_id", "judgement.id"],
            name="fk_recording_school_id_judgement_id",
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_recording_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_recording"),
    )
    op.create_index(
        "ix_recording_school_id_judgement_id", "recording", ["school_id", "judgement_id"]
    )
    with op.batch_alter_table("scale") as batch_op:
        batch_op.add_column(sa.Column("for_plans_from", sa.Date(), nullable=True))

    with op.batch_alter_table("scale_level") as batch_op:
        batch_op.add_column(sa.Column("description", sa.Text(), nullable=True))

    with op.batch_alter_table("school") as batch_op:
        batch_op.add_column(
            sa.Column("blind_rating", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
    raise_wall("judgement_draft", "recording")
    raise_wall("judgement_signature", "judgement_promotion", grants=APPEND)
    # What was judged is never changed; a piece that its owner erases takes the own view along.
    revoke("UPDATE", "judgement")
