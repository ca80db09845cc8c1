"""Frameworks, groups, plans, placements and goals."""

import sqlalchemy as sa
from alembic import op

from migrations.wall import raise_wall

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the tables and raise the wall."""
    op.create_table(
        "company",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("city", sa.String(length=200), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_company_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_company"),
    )
    op.create_table(
        "framework",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("edition", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=True),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("crebo", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_framework_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_framework"),
        sa.UniqueConstraint(
            "school_id",
            "source",
            "code",
            "edition",
            name="uq_framework_school_id_source_code_edition",
        ),
    )
    op.create_table(
        "school_group",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_school_group_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_school_group"),
    )
    op.create_table(
        "coach_group",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("coach_id", sa.Uuid(), nullable=False),
        sa.Column("confirmed_by_id", sa.Uuid(), nullable=True),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "coach_id"],
            ["person.school_id", "person.id"],
            name="fk_coach_group_school_id_coach_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "confirmed_by_id"],
            ["person.school_id", "person.id"],
            name="fk_coach_group_school_id_confirmed_by_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "group_id"],
            ["school_group.school_id", "school_group.id"],
            name="fk_coach_group_school_id_group_id",
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_coach_group_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_coach_group"),
        sa.UniqueConstraint(
            "school_id",
            "group_id",
            "coach_id",
            "from_on",
            name="uq_coach_group_school_id_group_id_coach_id_from_on",
        ),
    )
    op.create_index(
        "ix_coach_group_school_id_coach_id", "coach_group", ["school_id", "coach_id"], unique=False
    )
    op.create_table(
        "framework_item",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("framework_id", sa.Uuid(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "framework_id"],
            ["framework.school_id", "framework.id"],
            name="fk_framework_item_school_id_framework_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "parent_id"],
            ["framework_item.school_id", "framework_item.id"],
            name="fk_framework_item_school_id_parent_id",
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_framework_item_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_framework_item"),
        sa.UniqueConstraint(
            "school_id",
            "framework_id",
            "code",
            name="uq_framework_item_school_id_framework_id_code",
        ),
    )
    op.create_index(
        "ix_framework_item_school_id_parent_id",
        "framework_item",
        ["school_id", "parent_id"],
        unique=False,
    )
    op.create_table(
        "learning_plan",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("framework_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "framework_id"],
            ["framework.school_id", "framework.id"],
            name="fk_learning_plan_school_id_framework_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "student_id"],
            ["person.school_id", "person.id"],
            name="fk_learning_plan_school_id_student_id",
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_learning_plan_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_learning_plan"),
    )
    op.create_index(
        "ix_learning_plan_school_id_framework_id",
        "learning_plan",
        ["school_id", "framework_id"],
        unique=False,
    )
    op.create_index(
        "ix_learning_plan_school_id_student_id",
        "learning_plan",
        ["school_id", "student_id"],
        unique=False,
    )
    op.create_table(
        "membership",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["school_id", "group_id"],
            ["school_group.school_id", "school_group.id"],
            name="fk_membership_school_id_group_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "person_id"],
            ["person.school_id", "person.id"],
            name="fk_membership_school_id_person_id",
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_membership_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_membership"),
    )
    op.create_index(
        "ix_membership_school_id_group_id_role",
        "membership",
        ["school_id", "group_id", "role"],
        unique=False,
    )
    op.create_index(
        "ix_membership_school_id_person_id", "membership", ["school_id", "person_id"], unique=False
    )
    op.create_table(
        "goal",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("success", sa.Text(), nullable=False),
        sa.Column("target_anchor", sa.Integer(), nullable=True),
        sa.Column("target_on", sa.Date(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "plan_id"],
            ["learning_plan.school_id", "learning_plan.id"],
            name="fk_goal_school_id_plan_id",
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_goal_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_goal"),
    )
    op.create_index("ix_goal_school_id_plan_id", "goal", ["school_id", "plan_id"], unique=False)
    op.create_table(
        "placement",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("planned_hours", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "company_id"],
            ["company.school_id", "company.id"],
            name="fk_placement_school_id_company_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "plan_id"],
            ["learning_plan.school_id", "learning_plan.id"],
            name="fk_placement_school_id_plan_id",
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_placement_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_placement"),
    )
    op.create_index(
        "ix_placement_school_id_company_id", "placement", ["school_id", "company_id"], unique=False
    )
    op.create_index(
        "ix_placement_school_id_plan_id", "placement", ["school_id", "plan_id"], unique=False
    )
    op.create_table(
        "goal_item",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("goal_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "goal_id"],
            ["goal.school_id", "goal.id"],
            name="fk_goal_item_school_id_goal_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "item_id"],
            ["framework_item.school_id", "framework_item.id"],
            name="fk_goal_item_school_id_item_id",
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_goal_item_school_id"),
        sa.PrimaryKeyConstraint("school_id", "goal_id", "item_id", name="pk_goal_item"),
    )
    op.create_table(
        "plan_member",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("placement_id", sa.Uuid(), nullable=True),
        sa.Column("coach_group_id", sa.Uuid(), nullable=True),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "coach_group_id"],
            ["coach_group.school_id", "coach_group.id"],
            name="fk_plan_member_school_id_coach_group_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "person_id"],
            ["person.school_id", "person.id"],
            name="fk_plan_member_school_id_person_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "placement_id"],
            ["placement.school_id", "placement.id"],
            name="fk_plan_member_school_id_placement_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "plan_id"],
            ["learning_plan.school_id", "learning_plan.id"],
            name="fk_plan_member_school_id_plan_id",
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_plan_member_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_plan_member"),
    )
    op.create_index(
        "ix_plan_member_school_id_coach_group_id",
        "plan_member",
        ["school_id", "coach_group_id"],
        unique=False,
    )
    op.create_index(
        "ix_plan_member_school_id_person_id_plan_id",
        "plan_member",
        ["school_id", "person_id", "plan_id"],
        unique=False,
    )
    op.create_index(
        "ix_plan_member_school_id_placement_id",
        "plan_member",
        ["school_id", "placement_id"],
        unique=False,
    )
    op.create_index(
        "ix_plan_member_school_id_plan_id", "plan_member", ["school_id", "plan_id"], unique=False
    )
    raise_wall(
        "framework",
        "framework_item",
        "school_group",
        "membership",
        "company",
        "coach_group",
        "learning_plan",
        "placement",
        "plan_member",
        "goal",
        "goal_item",
    )
