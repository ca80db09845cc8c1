"""Leerdoelen."""

from typing import Any
from uuid import UUID

from flask import g, url_for
from marshmallow import fields

from api.blueprint import Blueprint
from api.fields import Choice, Contract, Day, Id, Many, Moment, Text, Whole
from api.paging import Answer, PageQuery, find_all, page
from identity.access import allows
from tracker.goals import SeenGoal, add_goal, goals_seen
from tracker.models import FrameworkItem, Goal, GoalState, LearningPlan
from tracker.permissions import Action, find

blp = Blueprint("goals", about="Goals (leerdoelen): what a student wants to be able to do")


class NewGoalSchema(Contract):
    """A goal in the student's own words; it begins with a question."""

    title = Text(
        longest=200, required=True, about="The goal", example="Ik help een bewoner met opstaan"
    )
    question = Text(
        longest=2000,
        required=True,
        about="The question it begins with",
        example="Hoe help ik een bewoner die bang is om te vallen?",
    )
    success = Text(
        longest=2000,
        required=True,
        about="How the student will see that it worked",
        example="De bewoner durft zonder mij op te staan.",
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
    item_ids = Many(
        Id(about="A werkproces or keuzedeel", example="019aab4e-2100-7aaa-8bbb-000000000002"),
        most=20,
        load_default=list,
        about="Which items of the plan's framework it serves",
    )


class GoalSchema(NewGoalSchema):
    """A goal."""

    id = Id(about="The goal", example="019aab4e-5000-7aaa-8bbb-000000000001")
    plan_id = Id(about="Its plan", example="019aab4e-4000-7aaa-8bbb-000000000001")
    state = Choice(GoalState, about="Where it is in its life", example="active")
    created_at = Moment(about="When it was set", example="2026-09-10T10:15:00Z")
    changed_at = Moment(about="When it was last edited", example="2026-09-10T10:15:00Z")


class GoalPageSchema(Contract):
    """A page of goals."""

    items = fields.List(fields.Nested(GoalSchema))


@blp.get("/plans/<uuid:plan_id>/goals")
@allows(Action.SEE_GOAL)
@blp.arguments(PageQuery, location="query")
@blp.response(200, GoalPageSchema)
def list_goals(query: dict[str, Any], plan_id: UUID) -> Answer:
    """List a plan's goals.

    A supervisor sees the goals towards which evidence was shared with the own placement.
    """
    plan = find(g.session, LearningPlan, plan_id, person=g.person, on=g.today)
    seen = goals_seen(g.session, plan_id=plan.id, person=g.person, on=g.today)
    rest = [goal for key, goal in seen.items() if query["after"] is None or key > query["after"]]
    shown = rest[: query["limit"]]
    end = shown[-1].goal.id if len(rest) > len(shown) else None
    return page([_shown(goal) for goal in shown], end)


@blp.post("/plans/<uuid:plan_id>/goals")
@allows(Action.ADD_GOAL)
@blp.arguments(NewGoalSchema)
@blp.response(201, GoalSchema)
def create_goal(body: dict[str, Any], plan_id: UUID) -> tuple[dict[str, Any], dict[str, str]]:
    """Add a goal to your own plan.

    Only the student writes goals. The items are of the plan's own framework.
    """
    plan = find(g.session, LearningPlan, plan_id, person=g.person, on=g.today)
    items = find_all(FrameworkItem, body.pop("item_ids"))
    goal = add_goal(g.session, by=g.person, plan=plan, items=items, on=g.today, at=g.now, **body)
    location = url_for("api-goals.get_goal", goal_id=goal.id)
    return _shown(SeenGoal(goal, items)), {"Location": location}


@blp.get("/goals/<uuid:goal_id>")
@allows(Action.SEE_GOAL)
@blp.response(200, GoalSchema)
def get_goal(goal_id: UUID) -> dict[str, Any]:
    """Show one goal.

    With the items of the framework that it serves.
    """
    goal = find(g.session, Goal, goal_id, person=g.person, on=g.today)
    seen = goals_seen(g.session, plan_id=goal.plan_id, person=g.person, on=g.today)
    return _shown(seen[goal.id])


def _shown(seen: SeenGoal) -> dict[str, Any]:
    goal = seen.goal
    return {
        "id": goal.id,
        "plan_id": goal.plan_id,
        "title": goal.title,
        "question": goal.question,
        "success": goal.success,
        "target_anchor": goal.target_anchor,
        "target_on": goal.target_on,
        "item_ids": [item.id for item in seen.items],
        "state": goal.state,
        "created_at": goal.created_at,
        "changed_at": goal.changed_at,
    }
