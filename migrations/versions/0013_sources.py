"""Sources that are pulled, parked people, cursors, and what the school says items are about."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.wall import grant_function, raise_wall

revision = "0013"
down_revision = "0012"
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Add the columns and tables, and raise the wall."""
    _add_columns()
    _be_quick()
    op.create_table(
        "import_cursor",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("stream", sa.String(length=64), nullable=False),
        sa.Column("value", JSON, nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "source_id"],
            ["import_source.school_id", "import_source.id"],
            name=op.f("fk_import_cursor_school_id_source_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.id"], name=op.f("fk_import_cursor_school_id")
        ),
        sa.PrimaryKeyConstraint("school_id", "source_id", "stream", name=op.f("pk_import_cursor")),
    )
    op.create_table(
        "item_meaning",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("framework_item_id", sa.Uuid(), nullable=True),
        sa.Column("lesson_id", sa.Uuid(), nullable=True),
        sa.Column("kept_by_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["school_id", "framework_item_id"],
            ["framework_item.school_id", "framework_item.id"],
            name=op.f("fk_item_meaning_school_id_framework_item_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "item_id"],
            ["activity_item.school_id", "activity_item.id"],
            name=op.f("fk_item_meaning_school_id_item_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "kept_by_id"],
            ["person.school_id", "person.id"],
            name=op.f("fk_item_meaning_school_id_kept_by_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "lesson_id"],
            ["support_lesson.school_id", "support_lesson.id"],
            name=op.f("fk_item_meaning_school_id_lesson_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.id"], name=op.f("fk_item_meaning_school_id")
        ),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f("pk_item_meaning")),
    )
    op.create_index(
        "ix_item_meaning_school_id_framework_item_id",
        "item_meaning",
        ["school_id", "framework_item_id"],
    )
    op.create_index("ix_item_meaning_school_id_item_id", "item_meaning", ["school_id", "item_id"])
    op.create_index(
        "ix_item_meaning_school_id_lesson_id", "item_meaning", ["school_id", "lesson_id"]
    )
    op.create_table(
        "parked_person",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("ext_id", sa.String(length=255), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("number", sa.String(length=255), nullable=True),
        sa.Column("email", sa.String(length=255), nullable=True),
        sa.Column("why", sa.String(length=64), nullable=False),
        sa.Column("last_run_id", sa.Uuid(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["school_id", "decided_by_id"],
            ["person.school_id", "person.id"],
            name=op.f("fk_parked_person_school_id_decided_by_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "last_run_id"],
            ["import_run.school_id", "import_run.id"],
            name=op.f("fk_parked_person_school_id_last_run_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "person_id"],
            ["person.school_id", "person.id"],
            name=op.f("fk_parked_person_school_id_person_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "source_id"],
            ["import_source.school_id", "import_source.id"],
            name=op.f("fk_parked_person_school_id_source_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.id"], name=op.f("fk_parked_person_school_id")
        ),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f("pk_parked_person")),
        sa.UniqueConstraint(
            "school_id",
            "source_id",
            "ext_id",
            name=op.f("uq_parked_person_school_id_source_id_ext_id"),
        ),
    )
    op.create_index(
        "ix_parked_person_school_id_person_id", "parked_person", ["school_id", "person_id"]
    )
    raise_wall("import_cursor", "item_meaning", "parked_person")


def _add_columns() -> None:
    with op.batch_alter_table("company") as batch_op:
        batch_op.add_column(sa.Column("number", sa.String(length=64), nullable=True))
        batch_op.create_unique_constraint(
            op.f("uq_company_school_id_number"), ["school_id", "number"]
        )
    for table in ("import_row", "external_ref"):
        with op.batch_alter_table(table) as batch_op:
            batch_op.add_column(sa.Column("revised_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("external_ref") as batch_op:
        batch_op.add_column(
            sa.Column("is_link", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
    with op.batch_alter_table("import_run") as batch_op:
        batch_op.add_column(sa.Column("sample", JSON, nullable=True))
        batch_op.add_column(sa.Column("retry_of_id", sa.Uuid(), nullable=True))
        batch_op.add_column(
            sa.Column("is_direct", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        batch_op.add_column(sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_import_run_school_id_retry_of_id"),
            "import_run",
            ["school_id", "retry_of_id"],
            ["school_id", "id"],
        )
    with op.batch_alter_table("import_source") as batch_op:
        batch_op.add_column(
            sa.Column("match_on", sa.String(length=32), server_default="number", nullable=False)
        )
        batch_op.add_column(sa.Column("url", sa.String(length=2000), nullable=True))
        batch_op.add_column(sa.Column("sealed_secret", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("pusher_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("options", JSON, server_default="{}", nullable=False))
        batch_op.add_column(
            sa.Column("cadence", sa.String(length=32), server_default="by_hand", nullable=False)
        )
        batch_op.add_column(sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("failures", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("error", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_import_source_school_id_pusher_id"),
            "person",
            ["school_id", "pusher_id"],
            ["school_id", "id"],
        )


def _be_quick() -> None:
    """Remember rows as they stood, so that the same are not read again; look up less per row."""
    op.create_table(
        "import_seen",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("keys", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "run_id"],
            ["import_run.school_id", "import_run.id"],
            name=op.f("fk_import_seen_school_id_run_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.id"], name=op.f("fk_import_seen_school_id")
        ),
        sa.PrimaryKeyConstraint("school_id", "run_id", "seq", name=op.f("pk_import_seen")),
    )
    raise_wall("import_seen")
    for table in ("import_row", "external_ref"):
        with op.batch_alter_table(table) as batch_op:
            batch_op.add_column(sa.Column("raw_digest", sa.String(length=64), nullable=True))
    with op.batch_alter_table("external_ref") as batch_op:
        batch_op.add_column(sa.Column("target_id", sa.Uuid(), nullable=True))
        for name in ("school_id", "school_id_source_id", "school_id_person_id"):
            batch_op.drop_constraint(f"fk_external_ref_{name}", type_="foreignkey")
    with op.batch_alter_table("activity") as batch_op:
        for name in ("school_id", "school_id_source_id", "school_id_item_id"):
            batch_op.drop_constraint(f"fk_activity_{name}", type_="foreignkey")
    op.drop_index("ix_activity_school_id_source_id", "activity")
    with op.batch_alter_table("import_source") as batch_op:
        batch_op.add_column(sa.Column("writes", sa.Integer(), server_default="0", nullable=False))
    with op.batch_alter_table("import_row") as batch_op:
        batch_op.drop_constraint("fk_import_row_school_id_run_id", type_="foreignkey")
        batch_op.drop_constraint("fk_import_row_school_id", type_="foreignkey")
    op.drop_index("ix_import_row_school_id_match_key_run_id", "import_row")
    op.create_index(
        "ix_import_row_school_id_match_key_run_id",
        "import_row",
        ["school_id", "match_key", "run_id"],
        postgresql_where=sa.text("match_key IS NOT NULL"),
        sqlite_where=sa.text("match_key IS NOT NULL"),
    )
    _gather_statistics()


def _gather_statistics() -> None:
    """Let the application have statistics made of tables that it just filled.

    Only an owner may; without them PostgreSQL searches a whole school for each reference.
    """
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute(
        """
        CREATE FUNCTION gather_statistics(VARIADIC tables text[]) RETURNS void
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
            name text;
        BEGIN
            FOREACH name IN ARRAY tables LOOP
                EXECUTE format('ANALYZE %I', name);
            END LOOP;
        END $$
        """
    )
    # What is staged is looked at before each match: a sample of 3000 rows says enough.
    for column in sa.inspect(op.get_bind()).get_columns("import_row"):
        op.execute(f'ALTER TABLE import_row ALTER COLUMN "{column["name"]}" SET STATISTICS 10')
    op.execute("REVOKE ALL ON FUNCTION gather_statistics(text[]) FROM PUBLIC")
    grant_function("gather_statistics(text[])")
