"""Comments: what people say about a goal, evidence or a learning question."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import g, url_for
from marshmallow import fields

from api.blueprint import Blueprint
from api.fields import Choice, Contract, Id, Moment, Text
from api.me import NamedPersonSchema
from api.paging import Answer, PageQuery, page, page_of
from identity.access import allows
from tracker.comments import add_comment, comments_seen, withdraw_comment
from tracker.lengths import MAX_TEXT
from tracker.models import Comment, Evidence, Goal, LearningQuestion, PlanRole
from tracker.permissions import Action, find
from tracker.requests import Subject, about

blp = Blueprint("comments", about="Comments: what people say about one thing")


class NewCommentSchema(Contract):
    """What somebody says."""

    words = Text(
        longest=MAX_TEXT,
        required=True,
        about="What you want to say",
        example="Mooi hoe je eerst vroeg wat zij zelf kon.",
    )


class CommentSchema(Contract):
    """A comment."""

    id = Id(about="The comment", example="019aab4e-9100-7aaa-8bbb-000000000001")
    plan_id = Id(about="Its plan", example="019aab4e-4000-7aaa-8bbb-000000000001")
    goal_id = Id(allow_none=True, about="About this goal")
    evidence_id = Id(
        allow_none=True,
        about="About this evidence",
        example="019aab4e-7000-7aaa-8bbb-000000000001",
    )
    question_id = Id(allow_none=True, about="About this learning question")
    by = fields.Nested(NamedPersonSchema)
    role = Choice(PlanRole, about="As what this person said it", example="coach")
    words = Text(
        longest=MAX_TEXT,
        allow_none=True,
        about="What was said; null once it was taken back",
        example="Mooi hoe je eerst vroeg wat zij zelf kon.",
    )
    written_at = Moment(about="When it was said", example="2026-11-12T15:20:00Z")
    withdrawn_at = Moment(allow_none=True, about="When its writer took it back")


class CommentPageSchema(Contract):
    """A page of comments."""

    items = fields.List(fields.Nested(CommentSchema))


@blp.get("/goals/<uuid:goal_id>/comments")
@allows(Action.SEE_THREAD)
@blp.arguments(PageQuery, location="query")
@blp.response(200, CommentPageSchema)
def list_comments_on_goal(query: dict[str, Any], goal_id: UUID) -> Answer:
    """List what was said about a goal.

    For student, coach, core team and administrator; nobody else sees any of it.
    """
    return _list(find(g.session, Goal, goal_id, person=g.person, on=g.today), query)


@blp.post("/goals/<uuid:goal_id>/comments")
@allows(Action.COMMENT)
@blp.arguments(NewCommentSchema)
@blp.response(201, CommentSchema)
def comment_on_goal(body: dict[str, Any], goal_id: UUID) -> Answer:
    """Say something about a goal.

    It answers what you were asked about the goal.
    """
    return _add(find(g.session, Goal, goal_id, person=g.person, on=g.today), body)


@blp.get("/evidence/<uuid:evidence_id>/comments")
@allows(Action.SEE_THREAD)
@blp.arguments(PageQuery, location="query")
@blp.response(200, CommentPageSchema)
def list_comments_on_evidence(query: dict[str, Any], evidence_id: UUID) -> Answer:
    """List what was said about a piece of evidence.

    Who sees the piece sees it; a fellow student sees the own words only.
    """
    return _list(find(g.session, Evidence, evidence_id, person=g.person, on=g.today), query)


@blp.post("/evidence/<uuid:evidence_id>/comments")
@allows(Action.COMMENT)
@blp.arguments(NewCommentSchema)
@blp.response(201, CommentSchema)
def comment_on_evidence(body: dict[str, Any], evidence_id: UUID) -> Answer:
    """Say something about a piece of evidence.

    It answers what you were asked about the piece.
    """
    return _add(find(g.session, Evidence, evidence_id, person=g.person, on=g.today), body)


@blp.get("/questions/<uuid:question_id>/comments")
@allows(Action.SEE_THREAD)
@blp.arguments(PageQuery, location="query")
@blp.response(200, CommentPageSchema)
def list_comments_on_question(query: dict[str, Any], question_id: UUID) -> Answer:
    """List what was said about a learning question.

    Who sees the question sees it.
    """
    return _list(find(g.session, LearningQuestion, question_id, person=g.person, on=g.today), query)


@blp.post("/questions/<uuid:question_id>/comments")
@allows(Action.COMMENT)
@blp.arguments(NewCommentSchema)
@blp.response(201, CommentSchema)
def comment_on_question(body: dict[str, Any], question_id: UUID) -> Answer:
    """Say something about a learning question.

    It answers what you were asked about the question.
    """
    return _add(find(g.session, LearningQuestion, question_id, person=g.person, on=g.today), body)


@blp.get("/comments/<uuid:comment_id>")
@allows(Action.SEE_THREAD)
@blp.response(200, CommentSchema)
def get_comment(comment_id: UUID) -> dict[str, Any]:
    """Show one comment.

    Without its words once it was taken back.
    """
    comment = find(g.session, Comment, comment_id, person=g.person, on=g.today)
    return _shown([comment.id])[0]


@blp.delete("/comments/<uuid:comment_id>")
@allows(Action.COMMENT)
@blp.response(204)
@blp.alt_response(409, description="It was taken back already")
def take_back_comment(comment_id: UUID) -> None:
    """Take back your own comment.

    It stays in its place, without its words.
    """
    comment = find(g.session, Comment, comment_id, person=g.person, on=g.today)
    withdraw_comment(g.session, by=g.person, comment=comment, on=g.today, at=g.now)


def _list(subject: Subject, query: dict[str, Any]) -> Answer:
    ((name, key),) = about(subject).items()
    found, end = page_of(Comment, getattr(Comment, name) == key, **query)
    return page(_shown([comment.id for comment in found]), end)


def _add(subject: Subject, body: dict[str, Any]) -> Answer:
    comment = add_comment(g.session, by=g.person, subject=subject, on=g.today, at=g.now, **body)
    where = url_for("api-comments.get_comment", comment_id=comment.id)
    return _shown([comment.id])[0], {"Location": where}


def _shown(ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """Return comments with their writers, in the order of their ids; in one query."""
    condition: sa.ColumnElement[bool] = Comment.id.in_(ids)
    found = comments_seen(g.session, person=g.person, on=g.today, where=[condition])
    return [
        {
            "id": seen.id,
            "plan_id": seen.plan_id,
            "goal_id": seen.goal_id,
            "evidence_id": seen.evidence_id,
            "question_id": seen.question_id,
            "by": {"id": seen.by_id, "name": seen.name},
            "role": seen.role,
            "words": seen.words,
            "written_at": seen.written_at,
            "withdrawn_at": seen.withdrawn_at,
        }
        for seen in sorted(found, key=lambda seen: seen.id)
    ]
