"""Goals with versions, agreements and more; weeks within a plan."""

from collections import defaultdict
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.wall import APPEND, each_school, raise_wall
from tracker.db import new_id

revision = "0006"
down_revision = "0005"

SAID = ("title", "question", "success", "target_anchor", "target_on")


def _table(name: str, *columns: str) -> sa.TableClause:
    kinds: dict[str, sa.types.TypeEngine[Any]] = {
        "id": sa.Uuid(),
        "on": sa.Date(),
        "at": sa.DateTime(timezone=True),
        "items": sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
    }
    kind = {column: kinds.get(column.rpartition("_")[2], sa.String()) for column in columns}
    kind.update({name: sa.Integer() for name in ("number", "version", "target_anchor")})
    return sa.table(name, *(sa.column(column, kind[column]) for column in columns))


GOAL = _table("goal", "school_id", "id", "plan_id", *SAID, "created_at")
PLAN = _table("learning_plan", "school_id", "id", "student_id")
ITEM = _table("goal_item", "school_id", "goal_id", "item_id")
VERSION = _table(
    "goal_version",
    *("school_id", "id", "goal_id", "number", "by_id"),
    *(*SAID, "control", "tailoring", "items", "written_at"),
)
AGREEMENT = _table(
    "goal_agreement", "school_id", "id", "goal_id", "version", "by_id", "role", "agreed_at"
)


def upgrade() -> None:
    """Add the columns and tables, and raise the wall."""
    op.create_table(
        "learning_unit",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "plan_id"],
            ["learning_plan.school_id", "learning_plan.id"],
            name="fk_learning_unit_school_id_plan_id",
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_learning_unit_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_learning_unit"),
    )
    op.create_index("ix_learning_unit_school_id_plan_id", "learning_unit", ["school_id", "plan_id"])
    with op.batch_alter_table("goal") as batch_op:
        batch_op.add_column(sa.Column("parent_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("unit_id", sa.Uuid(), nullable=True))
        batch_op.add_column(
            sa.Column("kind", sa.String(length=32), server_default="goal", nullable=False)
        )
        batch_op.add_column(sa.Column("approach", sa.Text(), nullable=True))
        batch_op.add_column(
            sa.Column("control", sa.String(length=32), server_default="student", nullable=False)
        )
        batch_op.add_column(
            sa.Column(
                "tailoring", sa.String(length=32), server_default="individual", nullable=False
            )
        )
        batch_op.add_column(sa.Column("version", sa.Integer(), server_default="1", nullable=False))
        batch_op.add_column(sa.Column("outcome", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("closing_words", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index("ix_goal_school_id_parent_id", ["school_id", "parent_id"])
        batch_op.create_index("ix_goal_school_id_unit_id", ["school_id", "unit_id"])
        batch_op.create_foreign_key(
            "fk_goal_school_id_parent_id", "goal", ["school_id", "parent_id"], ["school_id", "id"]
        )
        batch_op.create_foreign_key(
            "fk_goal_school_id_unit_id",
            "learning_unit",
            ["school_id", "unit_id"],
            ["school_id", "id"],
        )

    op.create_table(
        "goal_version",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("goal_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("success", sa.Text(), nullable=False),
        sa.Column("approach", sa.Text(), nullable=True),
        sa.Column("target_anchor", sa.Integer(), nullable=True),
        sa.Column("target_on", sa.Date(), nullable=True),
        sa.Column("control", sa.String(length=32), nullable=False),
        sa.Column("tailoring", sa.String(length=32), nullable=False),
        sa.Column(
            "items",
            sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
            nullable=False,
        ),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "by_id"],
            ["person.school_id", "person.id"],
            name="fk_goal_version_school_id_by_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "goal_id"],
            ["goal.school_id", "goal.id"],
            name="fk_goal_version_school_id_goal_id",
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_goal_version_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_goal_version"),
        sa.UniqueConstraint(
            "school_id", "goal_id", "number", name="uq_goal_version_school_id_goal_id_number"
        ),
    )
    op.create_index("ix_goal_version_school_id_by_id", "goal_version", ["school_id", "by_id"])
    op.create_table(
        "goal_agreement",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("goal_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "by_id"],
            ["person.school_id", "person.id"],
            name="fk_goal_agreement_school_id_by_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "goal_id"],
            ["goal.school_id", "goal.id"],
            name="fk_goal_agreement_school_id_goal_id",
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_goal_agreement_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_goal_agreement"),
        sa.UniqueConstraint(
            "school_id",
            "goal_id",
            "version",
            "by_id",
            name="uq_goal_agreement_school_id_goal_id_version_by_id",
        ),
    )
    op.create_index("ix_goal_agreement_school_id_by_id", "goal_agreement", ["school_id", "by_id"])
    op.create_table(
        "goal_closing",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("goal_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "goal_id"],
            ["goal.school_id", "goal.id"],
            name="fk_goal_closing_school_id_goal_id",
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_goal_closing_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_goal_closing"),
    )
    op.create_index("ix_goal_closing_school_id_goal_id", "goal_closing", ["school_id", "goal_id"])
    raise_wall("learning_unit")
    raise_wall("goal_version", "goal_agreement", "goal_closing", grants=APPEND)
    for school_id in each_school():
        _write_first_versions(school_id)


def _write_first_versions(school_id: UUID) -> None:
    """Let every goal that there is have its first version, which its student stands behind."""
    bind = op.get_bind()
    items: dict[UUID, list[str]] = defaultdict(list)
    for row in bind.execute(sa.select(ITEM).where(ITEM.c.school_id == school_id)):
        items[row.goal_id].append(str(row.item_id))
    of_plan = sa.and_(PLAN.c.school_id == GOAL.c.school_id, PLAN.c.id == GOAL.c.plan_id)
    goals = sa.select(GOAL, PLAN.c.student_id).join(PLAN, of_plan)
    for row in bind.execute(goals.where(GOAL.c.school_id == school_id)).all():
        first = {"school_id": school_id, "goal_id": row.id, "by_id": row.student_id}
        said = {name: getattr(row, name) for name in SAID}
        version = {**first, **said, "id": new_id(), "number": 1, "items": {"ids": items[row.id]}}
        bind.execute(
            VERSION.insert(),
            {
                **version,
                "control": "student",
                "tailoring": "individual",
                "written_at": row.created_at,
            },
        )
        agreed = {"id": new_id(), "version": 1, "role": "student", "agreed_at": row.created_at}
        bind.execute(AGREEMENT.insert(), {**first, **agreed})
