"""Signals from outside, and the imports that bring them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

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
        "import_source",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_import_source_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_import_source"),
        sa.UniqueConstraint("school_id", "name", name="uq_import_source_school_id_name"),
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
        "external_ref",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("ext_id", sa.String(length=255), nullable=False),
        sa.Column("local_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("first_run_id", sa.Uuid(), nullable=False),
        sa.Column("last_run_id", sa.Uuid(), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["school_id", "person_id"],
            ["person.school_id", "person.id"],
            name="fk_external_ref_school_id_person_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "source_id"],
            ["import_source.school_id", "import_source.id"],
            name="fk_external_ref_school_id_source_id",
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_external_ref_school_id"),
        sa.PrimaryKeyConstraint("school_id", "source_id", "kind", "ext_id", name="pk_external_ref"),
    )
    op.create_index(
        "ix_external_ref_school_id_kind_local_id",
        "external_ref",
        ["school_id", "kind", "local_id"],
        unique=False,
    )
    op.create_index(
        "ix_external_ref_school_id_person_id",
        "external_ref",
        ["school_id", "person_id"],
        unique=False,
    )
    op.create_table(
        "import_run",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=64), nullable=True),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("file_digest", sa.String(length=64), nullable=True),
        sa.Column(
            "options", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("phase", sa.String(length=32), nullable=True),
        sa.Column("batch_size", sa.Integer(), nullable=False),
        sa.Column(
            "layout", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column(
            "cursor", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column(
            "counts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("preview_digest", sa.String(length=64), nullable=True),
        sa.Column("started_by_id", sa.Uuid(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by_id", sa.Uuid(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pruned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claim", sa.String(length=64), nullable=True),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "approved_by_id"],
            ["person.school_id", "person.id"],
            name="fk_import_run_school_id_approved_by_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "source_id"],
            ["import_source.school_id", "import_source.id"],
            name="fk_import_run_school_id_source_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "started_by_id"],
            ["person.school_id", "person.id"],
            name="fk_import_run_school_id_started_by_id",
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_import_run_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_import_run"),
    )
    op.create_index(
        "ix_import_run_school_id_source_id", "import_run", ["school_id", "source_id"], unique=False
    )
    op.create_index(
        "ix_import_run_school_id_started_at",
        "import_run",
        ["school_id", "started_at"],
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
    op.create_table(
        "import_issue",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("severity", sa.String(length=32), nullable=False),
        sa.Column("file", sa.String(length=200), nullable=True),
        sa.Column("row", sa.Integer(), nullable=True),
        sa.Column("letter", sa.String(length=64), nullable=True),
        sa.Column("column", sa.String(length=200), nullable=True),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("is_from_match", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "run_id"],
            ["import_run.school_id", "import_run.id"],
            name="fk_import_issue_school_id_run_id",
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_import_issue_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_import_issue"),
    )
    op.create_index(
        "ix_import_issue_school_id_run_id_seq",
        "import_issue",
        ["school_id", "run_id", "seq"],
        unique=False,
    )
    op.create_table(
        "import_row",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("op", sa.String(length=32), nullable=False),
        sa.Column("ext_id", sa.String(length=255), nullable=True),
        sa.Column("person", sa.String(length=255), nullable=True),
        sa.Column("target", sa.String(length=255), nullable=True),
        sa.Column("parent", sa.String(length=255), nullable=True),
        sa.Column("match_key", sa.String(length=255), nullable=True),
        sa.Column("file", sa.String(length=200), nullable=True),
        sa.Column("row", sa.Integer(), nullable=True),
        sa.Column("data", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("is_good", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("local_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("target_id", sa.Uuid(), nullable=True),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["school_id", "run_id"],
            ["import_run.school_id", "import_run.id"],
            name="fk_import_row_school_id_run_id",
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_import_row_school_id"),
        sa.PrimaryKeyConstraint("school_id", "run_id", "seq", name="pk_import_row"),
    )
    op.create_index(
        "ix_import_row_school_id_ext_id_kind_run_id",
        "import_row",
        ["school_id", "ext_id", "kind", "run_id"],
        unique=False,
    )
    op.create_index(
        "ix_import_row_school_id_match_key_run_id",
        "import_row",
        ["school_id", "match_key", "run_id"],
        unique=False,
    )
    raise_wall(
        "activity_item",
        "activity",
        "activity_source",
        "import_source",
        "import_run",
        "import_row",
        "import_issue",
        "external_ref",
    )
