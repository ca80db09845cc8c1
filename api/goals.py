"""Leerdoelen: reading, writing and editing them."""

from typing import Any
from uuid import UUID

from flask import g, url_for
from marshmallow import fields

from api.blueprint import Blueprint
from api.etags import IF_MATCH, check_match, known_to_reader, with_tag
from api.fields import Choice, Contract, Day, Flag, Id, Many, Moment, Text, Whole
from api.me import NamedPersonSchema
from api.paging import Answer, PageQuery, find_all, find_if, page
from identity.access import allows
from tracker.goal_lists import SeenGoal, goals_seen
from tracker.goals import add_goal, edit_goal
from tracker.lengths import MAX_TEXT, MAX_TITLE
from tracker.models import (
    Control,
    FrameworkItem,
    Goal,
    GoalKind,
    GoalState,
    LearningPlan,
    LearningUnit,
    Outcome,
    Tailoring,
)
from tracker.permissions import Action, find, lock, require

blp = Blueprint("goals", about="Goals (leerdoelen): what a student wants to be able to do")


class GoalWordsSchema(Contract):
    """What a goal says, in the student's own words; it begins with a question."""

    title = Text(
        longest=MAX_TITLE,
        required=True,
        about="The goal",
        example="Ik help een bewoner met opstaan",
    )
    question = Text(
        longest=MAX_TEXT,
        required=True,
        about="The question it begins with",
        example="Hoe help ik een bewoner die bang is om te vallen?",
    )
    success = Text(
        longest=MAX_TEXT,
        required=True,
        about="How the student will see that it worked",
        example="De bewoner durft zonder mij op te staan.",
    )
    approach = Text(
        longest=MAX_TEXT,
        load_default=None,
        allow_none=True,
        about="How the student goes about it; the plan of a leerwerkprestatie",
        example="Ik kijk eerst twee keer mee. Daarna doe ik het met Marja erbij.",
    )
    target_anchor = Whole(
        least=0,
        most=3,
        load_default=None,
        allow_none=True,
        about="How far: 0 nog niet, 1 met hulp, 2 zelfstandig, 3 ook in een nieuwe situatie",
        example=2,
    )
    target_on = Day(load_default=None, allow_none=True, about="By which day", example="2027-01-15")
    control = Choice(
        Control,
        load_default=Control.STUDENT,
        about="Who decides about it; a goal that is not the student's alone begins when agreed",
        example="student",
    )
    tailoring = Choice(
        Tailoring,
        load_default=Tailoring.INDIVIDUAL,
        about="The same for everybody, a variant of that, or this student's own",
        example="individual",
    )
    item_ids = Many(
        Id(about="A werkproces or keuzedeel", example="019aab4e-2100-7aaa-8bbb-000000000002"),
        most=20,
        load_default=list,
        about="Which items of the plan's framework it serves",
    )
    parent_id = Id(
        load_default=None,
        allow_none=True,
        about="The leerwerkprestatie that it is a part of",
        example="019aab4e-5000-7aaa-8bbb-000000000002",
    )
    unit_id = Id(
        load_default=None,
        allow_none=True,
        about="The learning unit that it belongs to",
        example="019aab4e-4100-7aaa-8bbb-000000000001",
    )


class NewGoalSchema(GoalWordsSchema):
    """A new goal."""

    kind = Choice(
        GoalKind,
        load_default=GoalKind.GOAL,
        about="A goal, or a leerwerkprestatie: a larger one with goals of its own",
        example="goal",
    )
    draft = Flag(load_default=False, about="Not begun yet: for writing on later", example=False)


class GoalSchema(GoalWordsSchema):
    """A goal."""

    id = Id(about="The goal", example="019aab4e-5000-7aaa-8bbb-000000000001")
    plan_id = Id(about="Its plan", example="019aab4e-4000-7aaa-8bbb-000000000001")
    kind = Choice(GoalKind, about="A goal or a leerwerkprestatie", example="goal")
    state = Choice(GoalState, about="Where it is in its life", example="active")
    version = Whole(least=1, most=2**31 - 1, about="Its newest version", example=2)
    agreed_with = fields.Nested(
        NamedPersonSchema,
        allow_none=True,
        metadata={"description": "The coach who stands behind the newest version"},
    )
    agreed_at = Moment(
        allow_none=True, about="When the coach agreed", example="2026-09-14T13:30:00Z"
    )
    part_ids = Many(
        Id(about="A goal", example="019aab4e-5000-7aaa-8bbb-000000000003"),
        most=1000,
        about="The goals of a leerwerkprestatie",
    )
    outcome = Choice(Outcome, allow_none=True, about="How it was closed", example="reached")
    closing_words = Text(
        longest=MAX_TEXT,
        allow_none=True,
        about="What the student says about that",
        example="Mevrouw staat nu zonder mij op.",
    )
    closed_at = Moment(allow_none=True, about="When it was closed", example="2027-01-12T09:00:00Z")
    created_at = Moment(about="When it was set", example="2026-09-10T10:15:00Z")
    changed_at = Moment(about="When it was last edited", example="2026-09-10T10:15:00Z")


class GoalPageSchema(Contract):
    """A page of goals."""

    items = fields.List(fields.Nested(GoalSchema))


class GoalQuery(PageQuery):
    """Which goals."""

    state = Choice(GoalState, load_default=None, about="Where they are in their life")
    kind = Choice(GoalKind, load_default=None, about="Goals or leerwerkprestaties")
    item_id = Id(load_default=None, about="That serve this item of the framework")
    unit_id = Id(load_default=None, about="That belong to this learning unit")


@blp.get("/plans/<uuid:plan_id>/goals")
@allows(Action.SEE_GOAL)
@blp.arguments(GoalQuery, location="query")
@blp.response(200, GoalPageSchema)
def list_goals(query: dict[str, Any], plan_id: UUID) -> Answer:
    """List a plan's goals.

    A supervisor sees the goals towards which evidence was shared with the own placement.
    """
    plan = find(g.session, LearningPlan, plan_id, person=g.person, on=g.today)
    seen = goals_seen(g.session, plan_id=plan.id, person=g.person, on=g.today)
    after = query["after"]
    rest = [
        goal
        for key, goal in seen.items()
        if (after is None or key > after) and _is_wanted(goal, query)
    ]
    shown = rest[: query["limit"]]
    end = shown[-1].goal.id if len(rest) > len(shown) else None
    return page([shown_goal(goal) for goal in shown], end)


def _is_wanted(seen: SeenGoal, query: dict[str, Any]) -> bool:
    item_id = query["item_id"]
    return (
        query["state"] in {None, seen.goal.state}
        and query["kind"] in {None, seen.goal.kind}
        and query["unit_id"] in {None, seen.goal.unit_id}
        and (item_id is None or item_id in {item.id for item in seen.items})
    )


@blp.post("/plans/<uuid:plan_id>/goals")
@allows(Action.ADD_GOAL)
@blp.arguments(NewGoalSchema)
@blp.response(201, GoalSchema)
def create_goal(body: dict[str, Any], plan_id: UUID) -> tuple[dict[str, Any], dict[str, str]]:
    """Add a goal to your own plan.

    Only the student writes goals. It begins at once; a goal that is not the student's alone to
    decide about stays a draft until a coach agrees. The items are of the plan's own framework.
    """
    plan = find(g.session, LearningPlan, plan_id, person=g.person, on=g.today)
    around = _around(body)
    goal = add_goal(g.session, by=g.person, plan=plan, on=g.today, at=g.now, **body, **around)
    shown, tag = tagged(seen_goal(goal))
    return shown, {**tag, "Location": url_for("api-goals.get_goal", goal_id=goal.id)}


@blp.get("/goals/<uuid:goal_id>")
@allows(Action.SEE_GOAL)
@blp.response(200, GoalSchema)
@blp.alt_response(304, description="You have it already")
def get_goal(goal_id: UUID) -> Any:
    """Show one goal.

    With the items of the framework that it serves. Its `ETag` goes into `If-Match` when you edit
    it, or into `If-None-Match` when you ask again.
    """
    goal = find(g.session, Goal, goal_id, person=g.person, on=g.today)
    shown = seen_goal(goal)
    return known_to_reader(GoalSchema(), shown) or tagged(shown)


@blp.put("/goals/<uuid:goal_id>")
@allows(Action.EDIT_GOAL)
@blp.arguments(GoalWordsSchema)
@blp.response(200, GoalSchema)
@blp.doc(parameters=[IF_MATCH])
def replace_goal(body: dict[str, Any], goal_id: UUID) -> tuple[dict[str, Any], dict[str, str]]:
    """Save your goal as its next version.

    What is left out becomes empty. The coach agrees again; until then the goal goes on. When
    somebody was first, the answer holds what is there now and what you sent.
    """
    goal = find(g.session, Goal, goal_id, person=g.person, on=g.today)
    require(g.session, g.person, Action.EDIT_GOAL, on=g.today, plan_id=goal.plan_id)
    lock(g.session, goal)
    check_match(GoalSchema(), seen_goal(goal), GoalWordsSchema().dump(body))
    around = _around(body)
    edit_goal(
        g.session,
        by=g.person,
        goal=goal,
        version=goal.version,
        on=g.today,
        at=g.now,
        **body,
        **around,
    )
    return tagged(seen_goal(goal))


def _around(body: dict[str, Any]) -> dict[str, Any]:
    """Take the ids out of a body; return the records that they name."""
    return {
        "items": find_all(FrameworkItem, body.pop("item_ids")),
        "parent": find_if(Goal, body.pop("parent_id")),
        "unit": find_if(LearningUnit, body.pop("unit_id")),
    }


def tagged(shown: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the answer that shows a goal, with its tag."""
    return with_tag(GoalSchema(), shown)


def seen_goal(goal: Goal) -> dict[str, Any]:
    """Return a goal that the caller holds, as this reader sees it."""
    seen = goals_seen(g.session, plan_id=goal.plan_id, person=g.person, on=g.today)
    return shown_goal(seen[goal.id])


def shown_goal(seen: SeenGoal) -> dict[str, Any]:
    """Return a goal as the answer shows it."""
    goal, agreed = seen.goal, seen.agreed
    person = {"id": agreed.person_id, "name": agreed.name} if agreed else None
    said = {name: getattr(goal, name) for name in GoalSchema().fields if hasattr(goal, name)}
    return {
        **said,
        "item_ids": [item.id for item in seen.items],
        "parent_id": seen.parent_id,
        "part_ids": list(seen.parts),
        "agreed_with": person,
        "agreed_at": agreed.at if agreed else None,
    }
