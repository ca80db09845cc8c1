"""Signals from outside, and the imports that bring them."""

import sqlalchemy as sa
from alembic import op

from migrations.wall import raise_wall

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the tables and raise the wall."""
    op.create_table(
        "activity_source",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("last_import_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_activity_source_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_activity_source"),
        sa.UniqueConstraint("school_id", "name", name="uq_activity_source_school_id_name"),
    )
    op.create_table(
        "activity_item",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("value_min", sa.Numeric(precision=10, scale=3), nullable=True),
        sa.Column("value_max", sa.Numeric(precision=10, scale=3), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "group_id"],
            ["school_group.school_id", "school_group.id"],
            name="fk_activity_item_school_id_group_id",
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_activity_item_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_activity_item"),
    )
    op.create_index(
        "ix_activity_item_school_id_group_id",
        "activity_item",
        ["school_id", "group_id"],
        unique=False,
    )
    op.create_table(
        "activity",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        sa.Column("precision", sa.String(length=32), nullable=False),
        sa.Column("value", sa.Numeric(precision=10, scale=3), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["school_id", "item_id"],
            ["activity_item.school_id", "activity_item.id"],
            name="fk_activity_school_id_item_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "person_id"],
            ["person.school_id", "person.id"],
            name="fk_activity_school_id_person_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "source_id"],
            ["activity_source.school_id", "activity_source.id"],
            name="fk_activity_school_id_source_id",
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_activity_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_activity"),
    )
    op.create_index(
        "ix_activity_school_id_item_id", "activity", ["school_id", "item_id"], unique=False
    )
    op.create_index(
        "ix_activity_school_id_person_id_occurred_on",
        "activity",
        ["school_id", "person_id", "occurred_on"],
        unique=False,
    )
    op.create_index(
        "ix_activity_school_id_source_id", "activity", ["school_id", "source_id"], unique=False
    )
    raise_wall("activity_item", "activity", "activity_source")
