"""Leervragen: what a student wonders about, and what became of it."""

from typing import Any
from uuid import UUID

from flask import g, url_for
from marshmallow import fields

from api.blueprint import Blueprint
from api.fields import Choice, Contract, Id, Moment, Text
from api.paging import Answer, PageQuery, find_if, page, page_of
from identity.access import allows
from tracker.lengths import MAX_WORDS
from tracker.models import Goal, LearningPlan, LearningQuestion, Placement, QuestionState
from tracker.permissions import Action, find
from tracker.questions import ask_question, become_goal, close_question

blp = Blueprint("questions", about="Learning questions (leervragen): they may become goals")


class NewQuestionSchema(Contract):
    """A question as a student asks it."""

    words = Text(
        longest=MAX_WORDS,
        required=True,
        about="What you wonder about",
        example="Wat doe ik als een bewoner niet wil eten?",
    )
    placement_id = Id(
        load_default=None,
        allow_none=True,
        about="The placement where it came up; its supervisors see the question too",
        example="019aab4e-3000-7aaa-8bbb-000000000001",
    )


class QuestionSchema(NewQuestionSchema):
    """A learning question."""

    id = Id(about="The question", example="019aab4e-9200-7aaa-8bbb-000000000001")
    plan_id = Id(about="Its plan", example="019aab4e-4000-7aaa-8bbb-000000000001")
    state = Choice(QuestionState, about="What became of it", example="open")
    goal_id = Id(allow_none=True, about="The goal that came out of it")
    asked_at = Moment(about="When it was asked", example="2026-11-12T09:41:07Z")
    closed_at = Moment(allow_none=True, about="When it was closed or became a goal")


class QuestionPageSchema(Contract):
    """A page of questions."""

    items = fields.List(fields.Nested(QuestionSchema))


class QuestionQuery(PageQuery):
    """Which questions."""

    state = Choice(QuestionState, load_default=None, about="Only in this state", example="open")


class BecomeGoalSchema(Contract):
    """The goal that came out of a question."""

    goal_id = Id(
        required=True,
        about="A goal of the same plan",
        example="019aab4e-5000-7aaa-8bbb-000000000001",
    )


@blp.get("/plans/<uuid:plan_id>/questions")
@allows(Action.SEE_THREAD)
@blp.arguments(QuestionQuery, location="query")
@blp.response(200, QuestionPageSchema)
def list_questions(query: dict[str, Any], plan_id: UUID) -> Answer:
    """List the learning questions in a plan that you may see.

    A supervisor sees those that came up at the own placement.
    """
    plan = find(g.session, LearningPlan, plan_id, person=g.person, on=g.today)
    state = query.pop("state")
    only = [] if state is None else [LearningQuestion.state == state]
    found, end = page_of(LearningQuestion, LearningQuestion.plan_id == plan.id, *only, **query)
    return page(found, end)


@blp.post("/plans/<uuid:plan_id>/questions")
@allows(Action.ASK_QUESTION)
@blp.arguments(NewQuestionSchema)
@blp.response(201, QuestionSchema)
def create_question(body: dict[str, Any], plan_id: UUID) -> tuple[LearningQuestion, dict[str, str]]:
    """Ask a learning question in your own plan.

    Coach and core team see it; with a placement its supervisors do too.
    """
    plan = find(g.session, LearningPlan, plan_id, person=g.person, on=g.today)
    question = ask_question(
        g.session,
        by=g.person,
        plan=plan,
        words=body["words"],
        placement=find_if(Placement, body["placement_id"]),
        on=g.today,
        at=g.now,
    )
    return question, {"Location": url_for("api-questions.get_question", question_id=question.id)}


@blp.get("/questions/<uuid:question_id>")
@allows(Action.SEE_THREAD)
@blp.response(200, QuestionSchema)
def get_question(question_id: UUID) -> LearningQuestion:
    """Show one learning question.

    With the goal that came out of it.
    """
    return _find(question_id)


@blp.post("/questions/<uuid:question_id>/close")
@allows(Action.ASK_QUESTION)
@blp.response(200, QuestionSchema)
@blp.alt_response(409, description="It is closed already")
def close_own_question(question_id: UUID) -> LearningQuestion:
    """Close your own question.

    Open requests about it are withdrawn: nobody owes an answer any more.
    """
    question = _find(question_id)
    close_question(g.session, by=g.person, question=question, on=g.today, at=g.now)
    return question


@blp.post("/questions/<uuid:question_id>/goal")
@allows(Action.ASK_QUESTION)
@blp.arguments(BecomeGoalSchema)
@blp.response(200, QuestionSchema)
@blp.alt_response(409, description="It is closed already")
def question_becomes_goal(body: dict[str, Any], question_id: UUID) -> LearningQuestion:
    """Say which goal came out of your question.

    Make the goal first; the link between them is kept.
    """
    question = _find(question_id)
    goal = find(g.session, Goal, body["goal_id"], person=g.person, on=g.today)
    become_goal(g.session, by=g.person, question=question, goal=goal, on=g.today, at=g.now)
    return question


def _find(question_id: UUID) -> LearningQuestion:
    return find(g.session, LearningQuestion, question_id, person=g.person, on=g.today)
