"""Statements: which were taken in of a source, and those that programs sent and that wait."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.wall import raise_wall

revision = "0014"
down_revision = "0013"
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Add both tables, and raise the wall."""
    op.create_table(
        "xapi_statement",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("statement_id", sa.String(length=64), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=True),
        sa.Column("key", sa.String(length=64), nullable=True),
        _in_school("xapi_statement", "import_source", "source_id"),
        _of_school("xapi_statement"),
        sa.PrimaryKeyConstraint(
            "school_id", "source_id", "statement_id", "part", name=op.f("pk_xapi_statement")
        ),
    )
    op.create_index(
        "ix_xapi_statement_school_id_source_id_key",
        "xapi_statement",
        ["school_id", "source_id", "key"],
    )
    op.create_table(
        "xapi_pushed",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("statement_id", sa.String(length=64), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("statement", JSON, nullable=False),
        _in_school("xapi_pushed", "import_run", "run_id"),
        _in_school("xapi_pushed", "import_source", "source_id"),
        _of_school("xapi_pushed"),
        sa.PrimaryKeyConstraint(
            "school_id", "source_id", "statement_id", name=op.f("pk_xapi_pushed")
        ),
    )
    op.create_index("ix_xapi_pushed_school_id_run_id", "xapi_pushed", ["school_id", "run_id"])
    raise_wall("xapi_statement", "xapi_pushed")


def _in_school(table: str, other: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["school_id", column],
        [f"{other}.school_id", f"{other}.id"],
        name=op.f(f"fk_{table}_school_id_{column}"),
    )


def _of_school(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f(f"fk_{table}_school_id"))
