"""Requests: who asks whom to look at what, and for how long already."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import g, url_for
from marshmallow import fields

from api.blueprint import Blueprint
from api.errors import Refusal
from api.fields import Choice, Contract, Flag, Id, Moment, Text, Whole
from api.me import NamedPersonSchema
from api.paging import Answer, PageQuery, page, page_of
from identity.access import allows
from tracker.clocks import SeenRequest, look_at_requests, requests_seen
from tracker.lengths import MAX_EVIDENCE, MAX_WORDS
from tracker.models import (
    Evidence,
    FeedbackRequest,
    Goal,
    LearningPlan,
    LearningQuestion,
    RequestState,
)
from tracker.permissions import Action, find
from tracker.requests import Subject, ask, decline, person_to_ask, remind, withdraw

blp = Blueprint("requests", about="Requests for feedback: each is a throw that needs a catcher")
MODELS: dict[str, type[Subject]] = {
    "goal_id": Goal,
    "evidence_id": Evidence,
    "question_id": LearningQuestion,
}


class Direction(StrEnum):
    """Whose turn it is."""

    TO_ME = "to_me"
    BY_ME = "by_me"


class AboutSchema(Contract):
    """What a request is about: one of three."""

    goal_id = Id(
        load_default=None,
        allow_none=True,
        about="About this goal",
    )
    evidence_id = Id(
        load_default=None,
        allow_none=True,
        about="About this evidence",
        example="019aab4e-7000-7aaa-8bbb-000000000001",
    )
    question_id = Id(
        load_default=None,
        allow_none=True,
        about="About this learning question",
    )


class NewRequestSchema(AboutSchema):
    """A request as it is asked."""

    to_id = Id(required=True, about="Who is asked", example="019aab4e-1f30-7c2a-9a51-3f0a6c1d2e02")
    words = Text(
        longest=MAX_WORDS,
        load_default=None,
        allow_none=True,
        about="What one wants to know",
        example="Zie jij of ik rustig genoeg bleef?",
    )


class RequestSchema(NewRequestSchema):
    """A request with its clock."""

    id = Id(about="The request", example="019aab4e-9000-7aaa-8bbb-000000000001")
    plan_id = Id(about="Its plan", example="019aab4e-4000-7aaa-8bbb-000000000001")
    title = Text(
        longest=MAX_EVIDENCE,
        about="What it is about, in the student's words",
        example="Vandaag hielp ik mevrouw met opstaan.",
    )
    by = fields.Nested(NamedPersonSchema)
    to = fields.Nested(NamedPersonSchema)
    state = Choice(RequestState, about="Where it stands", example="open")
    asked_at = Moment(about="When it was asked", example="2026-11-12T09:41:07Z")
    reminded_at = Moment(allow_none=True, about="When the asked person was reminded last")
    closed_at = Moment(allow_none=True, about="When it was answered, declined or withdrawn")
    days = Whole(
        least=0,
        most=100_000,
        about="Days from asking until it was closed, or until today",
        example=5,
    )
    reply = Text(longest=MAX_WORDS, allow_none=True, about="Why it was declined")
    can_answer = Flag(about="Whether the asked person still takes part in the plan", example=True)


class RequestPageSchema(Contract):
    """A page of requests."""

    items = fields.List(fields.Nested(RequestSchema))


class RequestQuery(PageQuery):
    """Which requests."""

    state = Choice(RequestState, load_default=None, about="Only in this state", example="open")
    direction = Choice(
        Direction,
        load_default=None,
        about="`to_me`: you were asked; `by_me`: you asked",
        example="to_me",
    )
    plan_id = Id(load_default=None, about="Only of this plan")


class DeclineSchema(Contract):
    """Why somebody cannot look."""

    words = Text(
        longest=MAX_WORDS,
        required=True,
        about="Why, so that somebody else can be asked",
        example="Ik was er die dag niet. Vraag het aan Marja.",
    )


@blp.get("/requests")
@allows(Action.SEE_THREAD)
@blp.arguments(RequestQuery, location="query")
@blp.response(200, RequestPageSchema)
def list_requests(query: dict[str, Any]) -> Answer:
    """List the requests that you may see, oldest first.

    `direction=to_me&state=open` is what you owe; `direction=by_me&state=open` what others owe you.
    """
    conditions = []
    if query["state"] is not None:
        conditions.append(FeedbackRequest.state == query["state"])
    if query["direction"] is not None:
        is_to_me = query["direction"] is Direction.TO_ME
        side = FeedbackRequest.to_id if is_to_me else FeedbackRequest.by_id
        conditions.append(side == g.person.id)
    if query["plan_id"] is not None:
        conditions.append(FeedbackRequest.plan_id == query["plan_id"])
    found, end = page_of(FeedbackRequest, *conditions, limit=query["limit"], after=query["after"])
    seen = _seen([request.id for request in found])
    look_at_requests(g.session, person=g.person, seen=seen)
    return page([_request(each) for each in seen], end)


@blp.post("/plans/<uuid:plan_id>/requests")
@allows(Action.ASK_FEEDBACK)
@blp.arguments(NewRequestSchema)
@blp.response(201, RequestSchema)
@blp.alt_response(409, description="This person was asked already, or the plan is closed")
def create_request(body: dict[str, Any], plan_id: UUID) -> tuple[dict[str, Any], dict[str, str]]:
    """Ask somebody to look at a goal, evidence or a learning question.

    Who is asked takes part in the plan and can see it. Only a fellow student need not: asking them
    about your own evidence shows them that piece for 28 days. A judgement or a comment about the
    same thing is the answer.
    """
    plan = find(g.session, LearningPlan, plan_id, person=g.person, on=g.today)
    subject = subject_of(body, plan)
    to = person_to_ask(g.session, body["to_id"], by=g.person, plan=plan, on=g.today)
    request = ask(
        g.session,
        by=g.person,
        to=to,
        subject=subject,
        words=body["words"],
        on=g.today,
        at=g.now,
    )
    location = url_for("api-requests.get_request", request_id=request.id)
    return _shown([request.id])[0], {"Location": location}


@blp.get("/requests/<uuid:request_id>")
@allows(Action.SEE_THREAD)
@blp.response(200, RequestSchema)
def get_request(request_id: UUID) -> dict[str, Any]:
    """Show one request.

    With its reply clock.
    """
    return _shown([_find(request_id).id])[0]


@blp.post("/requests/<uuid:request_id>/decline")
@allows(Action.ANSWER)
@blp.arguments(DeclineSchema)
@blp.response(200, RequestSchema)
@blp.alt_response(409, description="It is closed already")
def decline_request(body: dict[str, Any], request_id: UUID) -> dict[str, Any]:
    """Say that you cannot look, and why.

    Only who was asked. A fellow student no longer sees the piece afterwards.
    """
    request = _find(request_id)
    shown = _shown([request.id])[0]
    decline(g.session, by=g.person, request=request, words=body["words"], on=g.today, at=g.now)
    # As it was seen before: a peer sees nothing of it from now on.
    return {
        **shown,
        "state": request.state,
        "reply": request.reply,
        "closed_at": request.closed_at,
    }


@blp.post("/requests/<uuid:request_id>/reminders")
@allows(Action.ASK_FEEDBACK)
@blp.response(201, RequestSchema)
@blp.alt_response(409, description="It is closed, or you reminded today already")
def remind_about_request(request_id: UUID) -> dict[str, Any]:
    """Remind who was asked.

    Only who asked, and at most once a day.
    """
    request = _find(request_id)
    remind(g.session, by=g.person, request=request, on=g.today, at=g.now)
    return _shown([request.id])[0]


@blp.delete("/requests/<uuid:request_id>")
@allows(Action.ASK_FEEDBACK)
@blp.response(204)
@blp.alt_response(409, description="It is closed already")
def withdraw_request(request_id: UUID) -> None:
    """Ask no more.

    Only who asked. The request stays, as withdrawn; a fellow student no longer sees the piece.
    """
    withdraw(g.session, by=g.person, request=_find(request_id), on=g.today, at=g.now)


def _find(request_id: UUID) -> FeedbackRequest:
    return find(g.session, FeedbackRequest, request_id, person=g.person, on=g.today)


def subject_of(named: dict[str, Any], plan: LearningPlan) -> Subject:
    """Return the one thing that a request is about; raises Refusal for none, or several."""
    ids = {name: named[name] for name in MODELS if named[name] is not None}
    if len(ids) != 1:
        raise Refusal(422, "invalid", {"body": ["request.about_one"]})
    ((name, key),) = ids.items()
    subject = find(g.session, MODELS[name], key, person=g.person, on=g.today)
    if subject.plan_id != plan.id:
        raise Refusal(422, "invalid", {name: [f"{name.removesuffix('_id')}.of_other_plan"]})
    return subject


def _shown(ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """Return requests as the answer shows them, in the order of their ids; in two queries."""
    return [_request(seen) for seen in _seen(ids)]


def _seen(ids: Sequence[UUID]) -> list[SeenRequest]:
    """Return requests with names and clocks, in the order of their ids."""
    g.session.flush()
    condition: sa.ColumnElement[bool] = FeedbackRequest.id.in_(ids)
    found = requests_seen(g.session, person=g.person, on=g.today, where=[condition])
    return sorted(found, key=lambda seen: seen.id)


def _request(seen: SeenRequest) -> dict[str, Any]:
    return {
        "id": seen.id,
        "plan_id": seen.plan_id,
        "goal_id": seen.goal_id,
        "evidence_id": seen.evidence_id,
        "question_id": seen.question_id,
        "title": seen.title,
        "by": {"id": seen.by_id, "name": seen.by_name},
        "to_id": seen.to_id,
        "to": {"id": seen.to_id, "name": seen.to_name},
        "words": seen.words,
        "state": seen.state,
        "asked_at": seen.asked_at,
        "reminded_at": seen.reminded_at,
        "closed_at": seen.closed_at,
        "days": seen.days,
        "reply": seen.reply,
        "can_answer": seen.is_there,
    }
