"""Schools, people, who is signed in, and the access log."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.wall import APPEND, grant, raise_wall

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables and raise the wall."""
    op.create_table(
        "school",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_school"),
        sa.UniqueConstraint("slug", name="uq_school_slug"),
    )
    op.create_table(
        "person",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("given_name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("number", sa.String(length=255), nullable=True),
        sa.Column("locale", sa.String(length=64), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_person_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_person"),
        sa.UniqueConstraint("school_id", "number", name="uq_person_school_id_number"),
    )
    op.create_index("ix_person_school_id_email", "person", ["school_id", "email"], unique=False)
    op.create_table(
        "api_token",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("scope", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["school_id", "person_id"],
            ["person.school_id", "person.id"],
            name="fk_api_token_school_id_person_id",
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_api_token_school_id"),
        sa.PrimaryKeyConstraint("digest", name="pk_api_token"),
    )
    op.create_index(
        "ix_api_token_school_id_person_id", "api_token", ["school_id", "person_id"], unique=False
    )
    op.create_table(
        "audit_event",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("verb", sa.String(length=64), nullable=False),
        sa.Column("subject_kind", sa.String(length=64), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=True),
        sa.Column(
            "details", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True
        ),
        sa.Column("slot", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["school_id", "by_id"],
            ["person.school_id", "person.id"],
            name="fk_audit_event_school_id_by_id",
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_audit_event_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_audit_event"),
        sa.UniqueConstraint(
            "school_id",
            "subject_id",
            "by_id",
            "verb",
            "slot",
            name="uq_audit_event_school_id_subject_id_by_id_verb_slot",
        ),
    )
    op.create_index(
        "ix_audit_event_school_id_by_id", "audit_event", ["school_id", "by_id"], unique=False
    )
    op.create_index(
        "ix_audit_event_school_id_plan_id_at",
        "audit_event",
        ["school_id", "plan_id", "at"],
        unique=False,
    )
    op.create_table(
        "person_role",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["school_id", "person_id"],
            ["person.school_id", "person.id"],
            name="fk_person_role_school_id_person_id",
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_person_role_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_person_role"),
        sa.UniqueConstraint(
            "school_id",
            "person_id",
            "role",
            "from_on",
            name="uq_person_role_school_id_person_id_role_from_on",
        ),
    )
    op.create_table(
        "session",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["school_id", "person_id"],
            ["person.school_id", "person.id"],
            name="fk_session_school_id_person_id",
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_session_school_id"),
        sa.PrimaryKeyConstraint("digest", name="pk_session"),
    )
    op.create_index(
        "ix_session_school_id_person_id", "session", ["school_id", "person_id"], unique=False
    )
    raise_wall("person", "person_role")
    raise_wall("audit_event", grants=APPEND)
    grant("school", "session", "api_token")
