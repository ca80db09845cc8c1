"""Learning plans, with the placements in them."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import g, url_for
from marshmallow import fields

from api.blueprint import Blueprint
from api.errors import Refusal
from api.etags import IF_MATCH, check_match, known_to_reader, with_tag
from api.fields import Choice, Contract, Day, Id, Moment, Text, Whole
from api.me import NamedPersonSchema
from api.paging import Answer, PageQuery, by_id, find_if, page, page_of
from identity.access import allows
from tracker import audit
from tracker.lengths import MAX_TITLE
from tracker.models import Company, Framework, LearningPlan, Person, Placement, PlanState
from tracker.permissions import Action, find, lock, require, visible
from tracker.plans import edit_plan, start_own_plan

blp = Blueprint("plans", about="Learning plans: one student's own programme each")


class FrameworkSchema(Contract):
    """One edition of a kwalificatie."""

    id = Id(about="The framework", example="019aab4e-2000-7aaa-8bbb-000000000001")
    source = Text(longest=64, about="Where it came from", example="s-bb")
    code = Text(longest=64, about="Its code at the source, as a string", example="25655")
    edition = Text(longest=64, about="Which edition; empty when not known", example="2026")
    title = Text(longest=200, allow_none=True, about="Its title", example="Verzorgende IG")
    level = Whole(least=1, most=4, allow_none=True, about="The mbo level", example=3)
    crebo = Text(longest=64, allow_none=True, about="The crebo, as a string", example="25655")


class PlacementSchema(Contract):
    """A bpv: learning at a company."""

    id = Id(about="The placement", example="019aab4e-3000-7aaa-8bbb-000000000001")
    company = Text(longest=200, about="The company's name", example="Zorghuis De Es")
    city = Text(longest=200, allow_none=True, about="Where it is", example="Assen")
    from_on = Day(about="The first day", example="2026-09-07")
    until_on = Day(about="The first day after it", example="2027-01-30")


class PlanSchema(Contract):
    """A learning plan."""

    id = Id(about="The plan", example="019aab4e-4000-7aaa-8bbb-000000000001")
    student = fields.Nested(NamedPersonSchema)
    framework = fields.Nested(FrameworkSchema, allow_none=True)
    title = Text(
        longest=MAX_TITLE, allow_none=True, about="The student's name for it", example="Mijn route"
    )
    state = Choice(PlanState, about="Where it is in its life", example="active")
    starts_on = Day(about="The first day", example="2026-09-01")
    created_at = Moment(about="When it was made", example="2026-08-25T08:30:00Z")
    placements = fields.List(fields.Nested(PlacementSchema))


class NewPlanSchema(Contract):
    """A plan that a student starts."""

    title = Text(
        longest=MAX_TITLE, required=True, about="The student's name for it", example="Mijn route"
    )
    starts_on = Day(
        load_default=None,
        allow_none=True,
        about="The first day: today, unless it began earlier",
        example="2026-09-01",
    )
    framework_id = Id(
        load_default=None,
        allow_none=True,
        about="The kwalificatie that it follows; a plan may do without",
        example="019aab4e-2000-7aaa-8bbb-000000000001",
    )


class PlanChangeSchema(Contract):
    """What a student changes about a plan; what is left out stays."""

    title = Text(
        longest=MAX_TITLE, allow_none=True, about="Its name", example="Mijn route in de zorg"
    )
    state = Choice(
        PlanState, about="`closed` to close it, `active` to go on with it", example="active"
    )


class PlanPageSchema(Contract):
    """A page of plans."""

    items = fields.List(fields.Nested(PlanSchema))


@blp.get("/plans")
@allows(Action.SEE_PLAN)
@blp.arguments(PageQuery, location="query")
@blp.response(200, PlanPageSchema)
def list_plans(query: dict[str, Any]) -> Answer:
    """List the plans you may see today.

    A student sees the own plans, a coach those of the students assigned today, a supervisor those
    of the own running placements, an administrator all of the school.
    """
    plans, end = page_of(LearningPlan, **query)
    others = [str(plan.id) for plan in plans if plan.student_id != g.person.id]
    if others:
        audit.look(g.session, by=g.person, verb="listed plans", subject=g.person, plan_ids=others)
    return page(_shown(plans), end)


@blp.get("/plans/<uuid:plan_id>")
@allows(Action.SEE_PLAN)
@blp.response(200, PlanSchema)
@blp.alt_response(304, description="You have it already")
def get_plan(plan_id: UUID) -> Any:
    """Show one plan.

    With its placements: evidence from the workplace names one of them. Its `ETag` goes into
    `If-Match` when you change it.
    """
    plan = find(g.session, LearningPlan, plan_id, person=g.person, on=g.today)
    shown = _shown([plan])[0]
    return known_to_reader(PlanSchema(), shown) or _tagged(shown)


@blp.post("/plans")
@allows(Action.START_PLAN)
@blp.arguments(NewPlanSchema)
@blp.response(201, PlanSchema)
def create_plan(body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Start a plan of your own.

    Beside others, if you like, and with or without a kwalificatie.
    """
    require(g.session, g.person, Action.START_PLAN, on=g.today)
    plan = start_own_plan(
        g.session,
        by=g.person,
        title=body["title"],
        framework=find_if(Framework, body["framework_id"]),
        starts_on=body["starts_on"] or g.today,
        on=g.today,
        at=g.now,
    )
    shown, headers = _tagged(_shown([plan])[0])
    return shown, {**headers, "Location": url_for("api-plans.get_plan", plan_id=plan.id)}


@blp.patch("/plans/<uuid:plan_id>")
@allows(Action.EDIT_PLAN)
@blp.arguments(PlanChangeSchema)
@blp.response(200, PlanSchema)
@blp.doc(parameters=[IF_MATCH])
def change_plan(body: dict[str, Any], plan_id: UUID) -> tuple[dict[str, Any], dict[str, str]]:
    """Name your plan, close it, or go on with it.

    Nothing is added to a closed plan; what is in it stays.
    """
    plan = find(g.session, LearningPlan, plan_id, person=g.person, on=g.today)
    require(g.session, g.person, Action.EDIT_PLAN, on=g.today, plan_id=plan.id)
    lock(g.session, plan)
    check_match(PlanSchema(), _shown([plan])[0], PlanChangeSchema().dump(body))
    if body.get("state") is PlanState.DRAFT:
        raise Refusal(422, "invalid", {"state": ["not_a_choice"]})
    edit_plan(
        g.session,
        by=g.person,
        plan=plan,
        title=body.get("title", plan.title),
        goes_on=body.get("state", plan.state) is not PlanState.CLOSED,
        on=g.today,
        at=g.now,
    )
    return _tagged(_shown([plan])[0])


def _tagged(shown: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    return with_tag(PlanSchema(), shown)


def _shown(plans: Sequence[LearningPlan]) -> list[dict[str, Any]]:
    """Return plans with what belongs to them, in four queries however many there are."""
    students = by_id(Person, [plan.student_id for plan in plans])
    frameworks = by_id(Framework, [plan.framework_id for plan in plans])
    placements = _placements([plan.id for plan in plans])
    return [
        {
            "id": plan.id,
            "student": students[plan.student_id],
            "framework": frameworks[plan.framework_id] if plan.framework_id else None,
            "title": plan.title,
            "state": plan.state,
            "starts_on": plan.starts_on,
            "created_at": plan.created_at,
            "placements": placements[plan.id],
        }
        for plan in plans
    ]


def _placements(plan_ids: Sequence[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    seen = g.session.scalars(
        visible(Placement, person=g.person, on=g.today)
        .where(Placement.plan_id.in_(plan_ids))
        .order_by(Placement.from_on, Placement.id)
    ).all()
    companies = by_id(Company, [placement.company_id for placement in seen])
    found = defaultdict(list)
    for placement in seen:
        company = companies[placement.company_id]
        found[placement.plan_id].append(
            {
                "id": placement.id,
                "company": company.name,
                "city": company.city,
                "from_on": placement.from_on,
                "until_on": placement.until_on,
            }
        )
    return found
