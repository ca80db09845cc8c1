"""Support lessons and who chose them; a group may be guided by its core team."""

import sqlalchemy as sa
from alembic import op

from migrations.wall import raise_wall

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the columns and tables, and raise the wall."""
    op.create_table(
        "support_lesson",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("about", sa.Text(), nullable=True),
        sa.Column("url", sa.String(length=2000), nullable=True),
        sa.Column("teacher_id", sa.Uuid(), nullable=True),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "teacher_id"],
            ["person.school_id", "person.id"],
            name=op.f("fk_support_lesson_school_id_teacher_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.id"], name=op.f("fk_support_lesson_school_id")
        ),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f("pk_support_lesson")),
    )
    op.create_index(
        "ix_support_lesson_school_id_teacher_id", "support_lesson", ["school_id", "teacher_id"]
    )
    op.create_table(
        "lesson_choice",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("lesson_id", sa.Uuid(), nullable=False),
        sa.Column("goal_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dropped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_by_id", sa.Uuid(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["school_id", "confirmed_by_id"],
            ["person.school_id", "person.id"],
            name=op.f("fk_lesson_choice_school_id_confirmed_by_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "goal_id"],
            ["goal.school_id", "goal.id"],
            name=op.f("fk_lesson_choice_school_id_goal_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "lesson_id"],
            ["support_lesson.school_id", "support_lesson.id"],
            name=op.f("fk_lesson_choice_school_id_lesson_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "plan_id"],
            ["learning_plan.school_id", "learning_plan.id"],
            name=op.f("fk_lesson_choice_school_id_plan_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.id"], name=op.f("fk_lesson_choice_school_id")
        ),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f("pk_lesson_choice")),
    )
    op.create_index("ix_lesson_choice_school_id_goal_id", "lesson_choice", ["school_id", "goal_id"])
    op.create_index(
        "ix_lesson_choice_school_id_lesson_id", "lesson_choice", ["school_id", "lesson_id"]
    )
    op.create_index("ix_lesson_choice_school_id_plan_id", "lesson_choice", ["school_id", "plan_id"])
    with op.batch_alter_table("coach_group") as batch_op:
        batch_op.add_column(
            sa.Column("role", sa.String(length=32), server_default="coach", nullable=False)
        )
    raise_wall("support_lesson", "lesson_choice")
