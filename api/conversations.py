"""Talks (gesprekken) of student and coach: added, never changed."""

from typing import Any
from uuid import UUID

from flask import g
from marshmallow import fields

from api.blueprint import Blueprint
from api.fields import Choice, Contract, Day, Id, Moment, Text
from api.me import NamedPersonSchema
from api.paging import Answer, PageQuery, by_id, find_if, page, page_of
from identity.access import allows
from tracker.conversations import record_talk
from tracker.lengths import MAX_TEXT
from tracker.models import Conversation, Goal, LearningPlan, Person, PlanRole
from tracker.permissions import Action, find

blp = Blueprint("conversations", about="Talks of student and coach")


class NewTalkSchema(Contract):
    """That student and coach talked, and what they want to remember."""

    goal_id = Id(
        load_default=None,
        allow_none=True,
        about="The goal that it was about, if it was about one",
        example="019aab4e-5000-7aaa-8bbb-000000000001",
    )
    held_on = Day(required=True, about="The day of the talk", example="2026-11-19")
    words = Text(
        longest=MAX_TEXT,
        required=True,
        about="What to remember; student and coach both read it",
        example="We kijken volgende week samen naar de tweede controle.",
    )


class TalkSchema(NewTalkSchema):
    """A talk."""

    id = Id(about="The talk", example="019aab4e-9000-7aaa-8bbb-000000000001")
    plan_id = Id(about="Its plan", example="019aab4e-4000-7aaa-8bbb-000000000001")
    by = fields.Nested(NamedPersonSchema)
    role = Choice(PlanRole, about="As what this person wrote it down", example="coach")
    recorded_at = Moment(about="When it was written down", example="2026-11-19T14:40:00Z")


class TalkPageSchema(Contract):
    """A page of talks."""

    items = fields.List(fields.Nested(TalkSchema))


class TalkQuery(PageQuery):
    """Which talks of a plan."""

    goal_id = Id(about="About this goal", example="019aab4e-5000-7aaa-8bbb-000000000001")


@blp.get("/plans/<uuid:plan_id>/talks")
@allows(Action.SEE_THREAD)
@blp.arguments(TalkQuery, location="query")
@blp.response(200, TalkPageSchema)
def list_talks(query: dict[str, Any], plan_id: UUID) -> Answer:
    """List the talks in a plan.

    They stay in the school: a supervisor or a peer sees none.
    """
    plan = find(g.session, LearningPlan, plan_id, person=g.person, on=g.today)
    wanted = [Conversation.plan_id == plan.id]
    if "goal_id" in query:
        wanted.append(Conversation.goal_id == query.pop("goal_id"))
    talks, end = page_of(Conversation, *wanted, **query)
    people = by_id(Person, [talk.by_id for talk in talks])
    return page([_shown(talk, people[talk.by_id]) for talk in talks], end)


@blp.post("/plans/<uuid:plan_id>/talks")
@allows(Action.RECORD_TALK)
@blp.arguments(NewTalkSchema)
@blp.response(201, TalkSchema)
def create_talk(body: dict[str, Any], plan_id: UUID) -> dict[str, Any]:
    """Write down a talk.

    By the student or a coach of the plan; both read it, and it is never changed.
    """
    plan = find(g.session, LearningPlan, plan_id, person=g.person, on=g.today)
    goal = find_if(Goal, body.pop("goal_id"))
    talk = record_talk(g.session, by=g.person, plan=plan, goal=goal, on=g.today, at=g.now, **body)
    return _shown(talk, g.person)


def _shown(talk: Conversation, by: Person) -> dict[str, Any]:
    return {
        "id": talk.id,
        "plan_id": talk.plan_id,
        "goal_id": talk.goal_id,
        "held_on": talk.held_on,
        "words": talk.words,
        "by": by,
        "role": talk.role,
        "recorded_at": talk.recorded_at,
    }
