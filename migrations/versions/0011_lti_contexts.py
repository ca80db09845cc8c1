"""Contexts with their rosters, invites, and what a session may show (LTI)."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.wall import grant, raise_wall

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add the columns and tables, and raise the wall."""
    with op.batch_alter_table("lti_deployment") as batch_op:
        batch_op.add_column(sa.Column("school_id", sa.Uuid(), nullable=True))
    op.execute(
        "UPDATE lti_deployment SET school_id = (SELECT r.school_id FROM lti_registration AS r"
        " WHERE r.id = lti_deployment.registration_id)"
    )
    with op.batch_alter_table("lti_deployment") as batch_op:
        batch_op.alter_column("school_id", existing_type=sa.Uuid(), nullable=False)
        batch_op.create_unique_constraint("uq_lti_deployment_school_id_id", ["school_id", "id"])
        batch_op.create_foreign_key("fk_lti_deployment_school_id", "school", ["school_id"], ["id"])
        batch_op.create_foreign_key(
            "fk_lti_deployment_school_id_registration_id",
            "lti_registration",
            ["school_id", "registration_id"],
            ["school_id", "id"],
        )
    with op.batch_alter_table("lti_registration") as batch_op:
        batch_op.add_column(sa.Column("product", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("home_url", sa.String(length=2000), nullable=True))
        batch_op.add_column(sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(
            sa.Column(
                "check_result",
                sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
                nullable=True,
            )
        )

    with op.batch_alter_table("lti_login_state") as batch_op:
        batch_op.add_column(
            sa.Column("is_confirming", sa.Boolean(), server_default=sa.false(), nullable=False)
        )

    with op.batch_alter_table("session") as batch_op:
        batch_op.add_column(
            sa.Column(
                "only_students",
                sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
                nullable=True,
            )
        )
        batch_op.add_column(
            sa.Column("is_from_lms", sa.Boolean(), server_default=sa.false(), nullable=False)
        )

    op.create_table(
        "sign_in_link",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "person_id"],
            ["person.school_id", "person.id"],
            name=op.f("fk_sign_in_link_school_id_person_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.id"], name=op.f("fk_sign_in_link_school_id")
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sign_in_link")),
    )
    op.create_index(
        "ix_sign_in_link_school_id_person_id", "sign_in_link", ["school_id", "person_id"]
    )
    op.create_table(
        "lti_invite",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("registration_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["lti_registration.id"], name=op.f("fk_lti_invite_registration_id")
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "by_id"],
            ["person.school_id", "person.id"],
            name=op.f("fk_lti_invite_school_id_by_id"),
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_lti_invite_school_id")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_lti_invite")),
    )
    with op.batch_alter_table("lti_context") as batch_op:
        batch_op.add_column(sa.Column("group_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("memberships_url", sa.String(length=2000), nullable=True))
        batch_op.add_column(sa.Column("lineitems_url", sa.String(length=2000), nullable=True))
        batch_op.add_column(sa.Column("scopes", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("instructors_are", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("confirmed_by_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("launched_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(
            "ix_lti_context_school_id_group_id", ["school_id", "group_id"], unique=False
        )
        batch_op.drop_constraint("fk_lti_context_deployment_id", type_="foreignkey")
        batch_op.create_foreign_key(
            "fk_lti_context_school_id_group_id",
            "school_group",
            ["school_id", "group_id"],
            ["school_id", "id"],
        )
        batch_op.create_foreign_key(
            "fk_lti_context_school_id_confirmed_by_id",
            "person",
            ["school_id", "confirmed_by_id"],
            ["school_id", "id"],
        )
        batch_op.create_foreign_key(
            "fk_lti_context_school_id_deployment_id",
            "lti_deployment",
            ["school_id", "deployment_id"],
            ["school_id", "id"],
        )

    op.create_table(
        "lti_context_pull",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("context_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=64), nullable=True),
        sa.Column("held", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["school_id", "context_id"],
            ["lti_context.school_id", "lti_context.id"],
            name=op.f("fk_lti_context_pull_school_id_context_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.id"], name=op.f("fk_lti_context_pull_school_id")
        ),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f("pk_lti_context_pull")),
        sa.UniqueConstraint(
            "school_id",
            "context_id",
            "kind",
            name=op.f("uq_lti_context_pull_school_id_context_id_kind"),
        ),
    )
    op.create_table(
        "lti_access_request",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("context_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["school_id", "closed_by_id"],
            ["person.school_id", "person.id"],
            name=op.f("fk_lti_access_request_school_id_closed_by_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "context_id"],
            ["lti_context.school_id", "lti_context.id"],
            name=op.f("fk_lti_access_request_school_id_context_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "person_id"],
            ["person.school_id", "person.id"],
            name=op.f("fk_lti_access_request_school_id_person_id"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.id"], name=op.f("fk_lti_access_request_school_id")
        ),
        sa.PrimaryKeyConstraint("school_id", "id", name=op.f("pk_lti_access_request")),
    )
    op.create_index(
        "ix_lti_access_request_school_id_context_id",
        "lti_access_request",
        ["school_id", "context_id"],
    )
    op.create_index(
        "ix_lti_access_request_school_id_person_id",
        "lti_access_request",
        ["school_id", "person_id"],
    )
    grant("lti_invite", "sign_in_link")
    raise_wall("lti_context_pull", "lti_access_request")
