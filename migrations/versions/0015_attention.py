"""Attention: a school's limits and holidays, absence, snoozes, and what placements offer."""

import sqlalchemy as sa
from alembic import op

from migrations.wall import APPEND, raise_wall

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Add the five tables and what a school's figures ask for, and raise the wall."""
    op.create_table(
        "holiday",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_holiday_school_id")),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f("pk_holiday")),
    )
    op.create_table(
        "threshold",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("set_by_id", sa.Uuid(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "set_by_id"],
            ["person.school_id", "person.id"],
            name=op.f("fk_threshold_school_id_set_by_id"),
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_threshold_school_id")),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f("pk_threshold")),
    )
    op.create_index(
        "ix_threshold_school_id_name_set_at", "threshold", ["school_id", "name", "set_at"]
    )

    op.create_table(
        "absence",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["school_id", "by_id"],
            ["person.school_id", "person.id"],
            name=op.f("fk_absence_school_id_by_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "plan_id"],
            ["learning_plan.school_id", "learning_plan.id"],
            name=op.f("fk_absence_school_id_plan_id"),
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_absence_school_id")),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f("pk_absence")),
    )
    op.create_index("ix_absence_school_id_plan_id", "absence", ["school_id", "plan_id"])

    op.create_table(
        "snooze",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("about", sa.Uuid(), nullable=True),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["school_id", "by_id"],
            ["person.school_id", "person.id"],
            name=op.f("fk_snooze_school_id_by_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "plan_id"],
            ["learning_plan.school_id", "learning_plan.id"],
            name=op.f("fk_snooze_school_id_plan_id"),
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_snooze_school_id")),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f("pk_snooze")),
    )
    op.create_index(
        "ix_snooze_school_id_by_id_until_on", "snooze", ["school_id", "by_id", "until_on"]
    )
    op.create_index("ix_snooze_school_id_plan_id", "snooze", ["school_id", "plan_id"])

    op.create_table(
        "opportunity",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("placement_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("is_possible", sa.Boolean(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "by_id"],
            ["person.school_id", "person.id"],
            name=op.f("fk_opportunity_school_id_by_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "item_id"],
            ["framework_item.school_id", "framework_item.id"],
            name=op.f("fk_opportunity_school_id_item_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "placement_id"],
            ["placement.school_id", "placement.id"],
            name=op.f("fk_opportunity_school_id_placement_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.id"], name=op.f("fk_opportunity_school_id")
        ),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f("pk_opportunity")),
    )
    op.create_index(
        "ix_opportunity_school_id_placement_id", "opportunity", ["school_id", "placement_id"]
    )
    # What a whole school shared and talked about lately (tracker/school_silence.py).
    op.create_index(
        "ix_evidence_share_school_id_shared_at", "evidence_share", ["school_id", "shared_at"]
    )
    op.create_index("ix_conversation_school_id_held_on", "conversation", ["school_id", "held_on"])
    raise_wall("threshold", "opportunity", grants=APPEND)
    raise_wall("holiday", "absence", "snooze")
    # The overview counts signals from the index alone.
    op.drop_index("ix_activity_school_id_person_id_occurred_on", "activity")
    op.create_index(
        "ix_activity_school_id_person_id_occurred_on",
        "activity",
        ["school_id", "person_id", "occurred_on"],
        postgresql_include=["source_id", "kind", "value", "ended_at"],
    )
