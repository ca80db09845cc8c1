"""Learning questions, requests, comments and talks."""

import sqlalchemy as sa
from alembic import op

from migrations.wall import APPEND, raise_wall

revision = "0009"
down_revision = "0008"

ABOUT_ONE = (
    "(CASE WHEN goal_id IS NULL THEN 0 ELSE 1 END)"
    " + (CASE WHEN evidence_id IS NULL THEN 0 ELSE 1 END)"
    " + (CASE WHEN question_id IS NULL THEN 0 ELSE 1 END) = 1"
)


def upgrade() -> None:
    """Add the columns and tables, and raise the wall."""
    op.create_table(
        "learning_question",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("placement_id", sa.Uuid(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("goal_id", sa.Uuid(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["school_id", "by_id"],
            ["person.school_id", "person.id"],
            name="fk_learning_question_school_id_by_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "goal_id"],
            ["goal.school_id", "goal.id"],
            name="fk_learning_question_school_id_goal_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "placement_id"],
            ["placement.school_id", "placement.id"],
            name="fk_learning_question_school_id_placement_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "plan_id"],
            ["learning_plan.school_id", "learning_plan.id"],
            name="fk_learning_question_school_id_plan_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.id"], name="fk_learning_question_school_id"
        ),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_learning_question"),
    )
    op.create_index(
        "ix_learning_question_school_id_by_id", "learning_question", ["school_id", "by_id"]
    )
    op.create_index(
        "ix_learning_question_school_id_goal_id", "learning_question", ["school_id", "goal_id"]
    )
    op.create_index(
        "ix_learning_question_school_id_placement_id",
        "learning_question",
        ["school_id", "placement_id"],
    )
    op.create_index(
        "ix_learning_question_school_id_plan_id", "learning_question", ["school_id", "plan_id"]
    )
    op.create_table(
        "feedback_request",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("goal_id", sa.Uuid(), nullable=True),
        sa.Column("evidence_id", sa.Uuid(), nullable=True),
        sa.Column("question_id", sa.Uuid(), nullable=True),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("to_id", sa.Uuid(), nullable=False),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.CheckConstraint(
            ABOUT_ONE,
            name=op.f("ck_feedback_request_about_one"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "by_id"],
            ["person.school_id", "person.id"],
            name="fk_feedback_request_school_id_by_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "evidence_id"],
            ["evidence.school_id", "evidence.id"],
            name="fk_feedback_request_school_id_evidence_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "goal_id"],
            ["goal.school_id", "goal.id"],
            name="fk_feedback_request_school_id_goal_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "plan_id"],
            ["learning_plan.school_id", "learning_plan.id"],
            name="fk_feedback_request_school_id_plan_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "question_id"],
            ["learning_question.school_id", "learning_question.id"],
            name="fk_feedback_request_school_id_question_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "to_id"],
            ["person.school_id", "person.id"],
            name="fk_feedback_request_school_id_to_id",
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_feedback_request_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_feedback_request"),
    )
    op.create_index(
        "ix_feedback_request_school_id_by_id", "feedback_request", ["school_id", "by_id"]
    )
    op.create_index(
        "ix_feedback_request_school_id_evidence_id",
        "feedback_request",
        ["school_id", "evidence_id"],
    )
    op.create_index(
        "ix_feedback_request_school_id_goal_id", "feedback_request", ["school_id", "goal_id"]
    )
    op.create_index(
        "ix_feedback_request_school_id_plan_id", "feedback_request", ["school_id", "plan_id"]
    )
    op.create_index(
        "ix_feedback_request_school_id_question_id",
        "feedback_request",
        ["school_id", "question_id"],
    )
    op.create_index(
        "ix_feedback_request_school_id_to_id_state",
        "feedback_request",
        ["school_id", "to_id", "state"],
    )
    op.create_table(
        "comment",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("goal_id", sa.Uuid(), nullable=True),
        sa.Column("evidence_id", sa.Uuid(), nullable=True),
        sa.Column("question_id", sa.Uuid(), nullable=True),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            ABOUT_ONE,
            name=op.f("ck_comment_about_one"),
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "by_id"],
            ["person.school_id", "person.id"],
            name="fk_comment_school_id_by_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "evidence_id"],
            ["evidence.school_id", "evidence.id"],
            name="fk_comment_school_id_evidence_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "goal_id"],
            ["goal.school_id", "goal.id"],
            name="fk_comment_school_id_goal_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "plan_id"],
            ["learning_plan.school_id", "learning_plan.id"],
            name="fk_comment_school_id_plan_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "question_id"],
            ["learning_question.school_id", "learning_question.id"],
            name="fk_comment_school_id_question_id",
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_comment_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_comment"),
    )
    op.create_index("ix_comment_school_id_by_id", "comment", ["school_id", "by_id"])
    op.create_index("ix_comment_school_id_evidence_id", "comment", ["school_id", "evidence_id"])
    op.create_index("ix_comment_school_id_goal_id", "comment", ["school_id", "goal_id"])
    op.create_index("ix_comment_school_id_plan_id", "comment", ["school_id", "plan_id"])
    op.create_index("ix_comment_school_id_question_id", "comment", ["school_id", "question_id"])
    op.create_table(
        "conversation",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("goal_id", sa.Uuid(), nullable=True),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "by_id"],
            ["person.school_id", "person.id"],
            name="fk_conversation_school_id_by_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "goal_id"],
            ["goal.school_id", "goal.id"],
            name="fk_conversation_school_id_goal_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "plan_id"],
            ["learning_plan.school_id", "learning_plan.id"],
            name="fk_conversation_school_id_plan_id",
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_conversation_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_conversation"),
    )
    op.create_index("ix_conversation_school_id_by_id", "conversation", ["school_id", "by_id"])
    op.create_index("ix_conversation_school_id_goal_id", "conversation", ["school_id", "goal_id"])
    op.create_index("ix_conversation_school_id_plan_id", "conversation", ["school_id", "plan_id"])
    raise_wall("learning_question", "feedback_request", "comment")
    raise_wall("conversation", grants=APPEND)
