"""Whom one may ask to look at a thing."""

from typing import Any
from uuid import UUID

from flask import g
from marshmallow import fields

from api.blueprint import Blueprint
from api.fields import Choice, Contract
from api.me import NamedPersonSchema
from api.requests import AboutSchema, subject_of
from identity.access import allows
from tracker.models import LearningPlan, PlanRole
from tracker.permissions import Action, find
from tracker.requests import candidates

blp = Blueprint("candidates", about="Who may be asked for feedback")


class CandidateSchema(Contract):
    """Somebody who may be asked."""

    person = fields.Nested(NamedPersonSchema)
    role = Choice(PlanRole, about="What they are to the plan", example="coach")


class CandidateListSchema(Contract):
    """Who may be asked."""

    items = fields.List(fields.Nested(CandidateSchema))


@blp.get("/plans/<uuid:plan_id>/candidates")
@allows(Action.ASK_FEEDBACK)
@blp.arguments(AboutSchema, location="query")
@blp.response(200, CandidateListSchema)
def list_candidates(query: dict[str, Any], plan_id: UUID) -> dict[str, Any]:
    """List who may be asked about a goal, evidence or a learning question.

    Those around the plan who can see it and have no open request about it; for your own evidence
    also fellow students of your groups (role `peer`).
    """
    plan = find(g.session, LearningPlan, plan_id, person=g.person, on=g.today)
    subject = subject_of(query, plan)
    return {"items": candidates(g.session, by=g.person, subject=subject, on=g.today)}
