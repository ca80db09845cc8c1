"""Steps in the life of a goal: its versions, agreeing, beginning, closing and going on."""

from typing import Any
from uuid import UUID

from flask import g
from marshmallow import fields

from api.blueprint import Blueprint
from api.fields import Choice, Contract, Day, Id, Many, Moment, Text, Whole
from api.goals import GoalSchema, seen_goal, tagged
from api.me import NamedPersonSchema
from identity.access import allows
from tracker import goal_states
from tracker.goal_versions import Agreed, SeenVersion, versions_of
from tracker.goals import agree_goal
from tracker.lengths import MAX_TEXT, MAX_TITLE
from tracker.models import Control, Goal, Outcome, PlanRole, Tailoring
from tracker.permissions import Action, find

blp = Blueprint("goal-steps", about="Agreeing, beginning and closing goals, and their versions")


class AgreementSchema(Contract):
    """Somebody stands behind a version."""

    by = fields.Nested(NamedPersonSchema)
    role = Choice(PlanRole, about="As what", example="coach")
    agreed_at = Moment(about="When", example="2026-09-14T13:30:00Z")


class VersionSchema(Contract):
    """What a goal said from a moment on."""

    number = Whole(least=1, most=2**31 - 1, about="Which version; the first is 1", example=2)
    title = Text(longest=MAX_TITLE, about="The goal", example="Ik help een bewoner met opstaan")
    question = Text(
        longest=MAX_TEXT,
        about="Its question",
        example="Hoe help ik iemand die bang is om te vallen?",
    )
    success = Text(
        longest=MAX_TEXT, about="What success is", example="De bewoner durft op te staan."
    )
    approach = Text(
        longest=MAX_TEXT, allow_none=True, about="How", example="Ik kijk eerst twee keer mee."
    )
    target_anchor = Whole(least=0, most=3, allow_none=True, about="How far", example=2)
    target_on = Day(allow_none=True, about="By which day", example="2027-01-15")
    control = Choice(Control, about="Who decides about it", example="shared")
    tailoring = Choice(Tailoring, about="How much it is this student's own", example="individual")
    item_ids = Many(
        Id(about="A framework item", example="019aab4e-2100-7aaa-8bbb-000000000002"),
        most=20,
        about="Which items it served",
    )
    written_at = Moment(about="From when on", example="2026-09-12T10:15:00Z")
    agreements = fields.List(fields.Nested(AgreementSchema))


class VersionListSchema(Contract):
    """The versions of a goal, newest first."""

    items = fields.List(fields.Nested(VersionSchema))


class NewAgreementSchema(Contract):
    """Which version you agree with."""

    version = Whole(
        least=1,
        most=2**31 - 1,
        required=True,
        about="The version that you read",
        example=2,
    )


class ClosingSchema(Contract):
    """How a goal ends."""

    outcome = Choice(Outcome, required=True, about="How it ended", example="reached")
    words = Text(
        longest=MAX_TEXT,
        load_default=None,
        allow_none=True,
        about="What the student says about that",
        example="Mevrouw staat nu zonder mij op.",
    )


@blp.get("/goals/<uuid:goal_id>/versions")
@allows(Action.SEE_GOAL)
@blp.response(200, VersionListSchema)
def list_goal_versions(goal_id: UUID) -> dict[str, Any]:
    """List what a goal said, newest first.

    With who stood behind each version. From outside the school one reads the newest only.
    """
    goal = find(g.session, Goal, goal_id, person=g.person, on=g.today)
    versions = versions_of(g.session, goal=goal, person=g.person, on=g.today)
    return {"items": [_version(version) for version in versions]}


@blp.post("/goals/<uuid:goal_id>/agreements")
@allows(Action.AGREE_GOAL)
@blp.arguments(NewAgreementSchema)
@blp.response(201, GoalSchema)
@blp.alt_response(409, description="It says something else by now, or is closed")
def agree_with_goal(body: dict[str, Any], goal_id: UUID) -> Any:
    """Agree with the newest version of a goal.

    Writing a version counts for the student; a coach says so here. A goal that waited for it
    begins. With another version by now the answer is 409: read it again.
    """
    goal = find(g.session, Goal, goal_id, person=g.person, on=g.today)
    agree_goal(g.session, by=g.person, goal=goal, version=body["version"], on=g.today, at=g.now)
    return tagged(seen_goal(goal))


@blp.post("/goals/<uuid:goal_id>/start")
@allows(Action.EDIT_GOAL)
@blp.response(200, GoalSchema)
@blp.alt_response(409, description="A coach has to agree first")
def start_goal(goal_id: UUID) -> Any:
    """Begin with a draft of your own.

    A goal that is not yours alone to decide about begins when a coach agrees.
    """
    goal = find(g.session, Goal, goal_id, person=g.person, on=g.today)
    goal_states.start_goal(g.session, by=g.person, goal=goal, on=g.today, at=g.now)
    return tagged(seen_goal(goal))


@blp.post("/goals/<uuid:goal_id>/closing")
@allows(Action.EDIT_GOAL)
@blp.arguments(ClosingSchema)
@blp.response(200, GoalSchema)
def close_goal(body: dict[str, Any], goal_id: UUID) -> Any:
    """Close your goal.

    As reached, stopped or moved. Evidence and judgements may still be added to it.
    """
    goal = find(g.session, Goal, goal_id, person=g.person, on=g.today)
    goal_states.close_goal(g.session, by=g.person, goal=goal, on=g.today, at=g.now, **body)
    return tagged(seen_goal(goal))


@blp.delete("/goals/<uuid:goal_id>/closing")
@allows(Action.EDIT_GOAL)
@blp.response(200, GoalSchema)
@blp.alt_response(409, description="It is not closed")
def reopen_goal(goal_id: UUID) -> Any:
    """Go on with a closed goal.

    Its closing words go; the access log keeps that it was closed.
    """
    goal = find(g.session, Goal, goal_id, person=g.person, on=g.today)
    goal_states.reopen_goal(g.session, by=g.person, goal=goal, on=g.today, at=g.now)
    return tagged(seen_goal(goal))


def _version(seen: SeenVersion) -> dict[str, Any]:
    version = seen.version
    said = {
        name: getattr(version, name) for name in VersionSchema().fields if hasattr(version, name)
    }
    return {
        **said,
        "item_ids": [item.id for item in seen.items],
        "agreements": [_agreement(agreed) for agreed in seen.agreements],
    }


def _agreement(agreed: Agreed) -> dict[str, Any]:
    return {
        "by": {"id": agreed.person_id, "name": agreed.name},
        "role": agreed.role,
        "agreed_at": agreed.at,
    }
