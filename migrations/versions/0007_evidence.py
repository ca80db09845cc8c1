"""Kinds, places and keys of evidence; the framework items it shows; virus scans."""

import sqlalchemy as sa
from alembic import op

from migrations.wall import each_school, raise_wall

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the columns and tables, and raise the wall."""
    with op.batch_alter_table("evidence") as batch_op:
        batch_op.add_column(sa.Column("key", sa.Uuid(), nullable=True))
        batch_op.add_column(
            sa.Column("kind", sa.String(length=32), server_default="work", nullable=False)
        )
        batch_op.add_column(sa.Column("context", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
    for school_id in each_school():
        evidence = sa.table(
            "evidence", *(sa.column(c, sa.Uuid()) for c in ("school_id", "id", "key"))
        )
        of_school = evidence.c.school_id == school_id
        op.execute(evidence.update().where(of_school).values(key=evidence.c.id))
    with op.batch_alter_table("evidence") as batch_op:
        batch_op.alter_column("key", existing_type=sa.Uuid(), nullable=False)
        batch_op.drop_index("ix_evidence_school_id_author_id")
        batch_op.create_unique_constraint(
            "uq_evidence_school_id_author_id_key", ["school_id", "author_id", "key"]
        )

    op.create_table(
        "evidence_item",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("evidence_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "evidence_id"],
            ["evidence.school_id", "evidence.id"],
            name="fk_evidence_item_school_id_evidence_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "item_id"],
            ["framework_item.school_id", "framework_item.id"],
            name="fk_evidence_item_school_id_item_id",
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_evidence_item_school_id"),
        sa.PrimaryKeyConstraint("school_id", "evidence_id", "item_id", name="pk_evidence_item"),
    )
    op.create_index("ix_evidence_item_school_id_item_id", "evidence_item", ["school_id", "item_id"])
    with op.batch_alter_table("evidence_share") as batch_op:
        batch_op.add_column(sa.Column("person_id", sa.Uuid(), nullable=True))
        batch_op.create_index("ix_evidence_share_school_id_person_id", ["school_id", "person_id"])
        batch_op.create_foreign_key(
            "fk_evidence_share_school_id_person_id",
            "person",
            ["school_id", "person_id"],
            ["school_id", "id"],
        )

    with op.batch_alter_table("attachment") as batch_op:
        batch_op.add_column(
            sa.Column("scan", sa.String(length=32), server_default="none", nullable=False)
        )
        batch_op.add_column(sa.Column("scanned_at", sa.DateTime(timezone=True), nullable=True))
    raise_wall("evidence_item")
