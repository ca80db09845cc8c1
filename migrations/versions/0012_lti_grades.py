"""Placed links, gradebook columns and scores, chosen links, and how launches ended (LTI)."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.wall import raise_wall

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Add the tables, and raise the wall."""
    op.create_table(
        "lti_resource_link",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("deployment_id", sa.Uuid(), nullable=False),
        sa.Column("context_id", sa.Uuid(), nullable=True),
        sa.Column("lti_id", sa.Text(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=True),
        sa.Column("page", sa.String(length=64), nullable=True),
        sa.Column("lesson_id", sa.Uuid(), nullable=True),
        sa.Column("lineitem_url", sa.String(length=2000), nullable=True),
        sa.Column("mode", sa.String(length=32), nullable=False),
        sa.Column("pieces", sa.Integer(), nullable=True),
        sa.Column("chosen_by_id", sa.Uuid(), nullable=True),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("launched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "chosen_by_id"],
            ["person.school_id", "person.id"],
            name=op.f("fk_lti_resource_link_school_id_chosen_by_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "context_id"],
            ["lti_context.school_id", "lti_context.id"],
            name=op.f("fk_lti_resource_link_school_id_context_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "deployment_id"],
            ["lti_deployment.school_id", "lti_deployment.id"],
            name=op.f("fk_lti_resource_link_school_id_deployment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "lesson_id"],
            ["support_lesson.school_id", "support_lesson.id"],
            name=op.f("fk_lti_resource_link_school_id_lesson_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.id"], name=op.f("fk_lti_resource_link_school_id")
        ),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f("pk_lti_resource_link")),
        sa.UniqueConstraint(
            "school_id",
            "deployment_id",
            "lti_id",
            name=op.f("uq_lti_resource_link_school_id_deployment_id_lti_id"),
        ),
    )
    op.create_index(
        "ix_lti_resource_link_school_id_context_id",
        "lti_resource_link",
        ["school_id", "context_id"],
    )
    op.create_index(
        "ix_lti_resource_link_school_id_lesson_id", "lti_resource_link", ["school_id", "lesson_id"]
    )
    op.create_table(
        "lti_line_item",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("context_id", sa.Uuid(), nullable=False),
        sa.Column("resource_link_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=True),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("tag", sa.String(length=64), nullable=False),
        sa.Column("maximum", sa.Numeric(precision=10, scale=3), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("is_ours", sa.Boolean(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "context_id"],
            ["lti_context.school_id", "lti_context.id"],
            name=op.f("fk_lti_line_item_school_id_context_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "resource_link_id"],
            ["lti_resource_link.school_id", "lti_resource_link.id"],
            name=op.f("fk_lti_line_item_school_id_resource_link_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.id"], name=op.f("fk_lti_line_item_school_id")
        ),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f("pk_lti_line_item")),
    )
    op.create_index(
        "ix_lti_line_item_school_id_context_id", "lti_line_item", ["school_id", "context_id"]
    )
    op.create_index("ix_lti_line_item_school_id_due_at", "lti_line_item", ["school_id", "due_at"])
    op.create_index(
        "ix_lti_line_item_school_id_resource_link_id",
        "lti_line_item",
        ["school_id", "resource_link_id"],
    )
    op.create_table(
        "lti_score",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("line_item_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("value", sa.Numeric(precision=10, scale=3), nullable=False),
        sa.Column("maximum", sa.Numeric(precision=10, scale=3), nullable=False),
        sa.Column("activity_progress", sa.String(length=64), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("wish", sa.Integer(), nullable=False),
        sa.Column("sent_wish", sa.Integer(), nullable=False),
        sa.Column("stamped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["school_id", "line_item_id"],
            ["lti_line_item.school_id", "lti_line_item.id"],
            name=op.f("fk_lti_score_school_id_line_item_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "person_id"],
            ["person.school_id", "person.id"],
            name=op.f("fk_lti_score_school_id_person_id"),
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_lti_score_school_id")),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f("pk_lti_score")),
        sa.UniqueConstraint(
            "school_id",
            "line_item_id",
            "person_id",
            name=op.f("uq_lti_score_school_id_line_item_id_person_id"),
        ),
    )
    op.create_index("ix_lti_score_school_id_person_id", "lti_score", ["school_id", "person_id"])
    op.create_index(
        "ix_lti_score_school_id_state_due_at", "lti_score", ["school_id", "state", "due_at"]
    )
    op.create_table(
        "lti_deep_link",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("deployment_id", sa.Uuid(), nullable=False),
        sa.Column("context_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column(
            "settings", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["school_id", "context_id"],
            ["lti_context.school_id", "lti_context.id"],
            name=op.f("fk_lti_deep_link_school_id_context_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "deployment_id"],
            ["lti_deployment.school_id", "lti_deployment.id"],
            name=op.f("fk_lti_deep_link_school_id_deployment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "person_id"],
            ["person.school_id", "person.id"],
            name=op.f("fk_lti_deep_link_school_id_person_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "registration_id"],
            ["lti_registration.school_id", "lti_registration.id"],
            name=op.f("fk_lti_deep_link_school_id_registration_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.id"], name=op.f("fk_lti_deep_link_school_id")
        ),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f("pk_lti_deep_link")),
    )
    op.create_index(
        "ix_lti_deep_link_school_id_person_id", "lti_deep_link", ["school_id", "person_id"]
    )
    op.create_table(
        "lti_launch",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("detail", sa.String(length=200), nullable=True),
        sa.Column("role", sa.String(length=64), nullable=True),
        sa.Column("help_code", sa.String(length=64), nullable=True),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "registration_id"],
            ["lti_registration.school_id", "lti_registration.id"],
            name=op.f("fk_lti_launch_school_id_registration_id"),
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_lti_launch_school_id")),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f("pk_lti_launch")),
    )
    op.create_index(
        "ix_lti_launch_school_id_registration_id_happened_at",
        "lti_launch",
        ["school_id", "registration_id", "happened_at"],
    )
    raise_wall("lti_resource_link", "lti_line_item", "lti_score", "lti_deep_link", "lti_launch")
