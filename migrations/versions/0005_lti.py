"""The bridge to the LMS."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.wall import grant, raise_wall

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the tables and raise the wall."""
    op.create_table(
        "lti_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kid", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column(
            "public", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("private", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_lti_key"),
        sa.UniqueConstraint("kid", name="uq_lti_key_kid"),
    )
    op.create_table(
        "lti_registration",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.String(length=2000), nullable=False),
        sa.Column("client_id", sa.String(length=200), nullable=False),
        sa.Column("auth_url", sa.String(length=2000), nullable=False),
        sa.Column("token_url", sa.String(length=2000), nullable=False),
        sa.Column("jwks_url", sa.String(length=2000), nullable=False),
        sa.Column("audience", sa.String(length=2000), nullable=True),
        sa.Column("number_claim", sa.String(length=200), nullable=False),
        sa.Column(
            "platform_keys", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True
        ),
        sa.Column("keys_tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("keys_fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("keys_failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_lti_registration_school_id"),
        sa.PrimaryKeyConstraint("id", name="pk_lti_registration"),
        sa.UniqueConstraint("issuer", "client_id", name="uq_lti_registration_issuer_client_id"),
        sa.UniqueConstraint("school_id", "id", name="uq_lti_registration_school_id_id"),
    )
    op.create_table(
        "lti_deployment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("lti_id", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["lti_registration.id"], name="fk_lti_deployment_registration_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_lti_deployment"),
        sa.UniqueConstraint(
            "registration_id", "lti_id", name="uq_lti_deployment_registration_id_lti_id"
        ),
    )
    op.create_table(
        "lti_identity",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "person_id"],
            ["person.school_id", "person.id"],
            name="fk_lti_identity_school_id_person_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "registration_id"],
            ["lti_registration.school_id", "lti_registration.id"],
            name="fk_lti_identity_school_id_registration_id",
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_lti_identity_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_lti_identity"),
        sa.UniqueConstraint(
            "school_id",
            "registration_id",
            "subject",
            name="uq_lti_identity_school_id_registration_id_subject",
        ),
    )
    op.create_index(
        "ix_lti_identity_school_id_person_id",
        "lti_identity",
        ["school_id", "person_id"],
        unique=False,
    )
    op.create_table(
        "lti_login_state",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("nonce_digest", sa.String(length=64), nullable=False),
        sa.Column("browser_digest", sa.String(length=64), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("target", sa.String(length=2000), nullable=False),
        sa.Column("deployment_lti_id", sa.Text(), nullable=True),
        sa.Column("storage_frame", sa.String(length=200), nullable=True),
        sa.Column(
            "hints", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["lti_registration.id"], name="fk_lti_login_state_registration_id"
        ),
        sa.PrimaryKeyConstraint("digest", name="pk_lti_login_state"),
    )
    op.create_index(
        "ix_lti_login_state_expires_at", "lti_login_state", ["expires_at"], unique=False
    )
    op.create_table(
        "lti_context",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("deployment_id", sa.Uuid(), nullable=False),
        sa.Column("lti_id", sa.Text(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=True),
        sa.Column("label", sa.String(length=200), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["deployment_id"], ["lti_deployment.id"], name="fk_lti_context_deployment_id"
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_lti_context_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_lti_context"),
        sa.UniqueConstraint(
            "school_id",
            "deployment_id",
            "lti_id",
            name="uq_lti_context_school_id_deployment_id_lti_id",
        ),
    )
    raise_wall("lti_identity", "lti_context")
    grant("lti_registration", "lti_deployment", "lti_login_state", "lti_key")
