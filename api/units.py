"""Learning units: stretches of some weeks within a plan."""

from typing import Any
from uuid import UUID

from flask import g
from marshmallow import fields

from api.blueprint import Blueprint
from api.fields import Contract, Day, Id, Moment, Text, Whole
from api.paging import Answer, PageQuery, page, page_of
from identity.access import allows
from tracker.lengths import MAX_TITLE
from tracker.models import LearningPlan, LearningUnit
from tracker.permissions import Action, find
from tracker.units import MOST_WEEKS, add_unit

blp = Blueprint("units", about="Learning units (leereenheden): some weeks of a plan")


class UnitBaseSchema(Contract):
    """What a unit is."""

    title = Text(
        longest=MAX_TITLE, required=True, about="Its name", example="Periode 2: op de afdeling"
    )
    from_on = Day(required=True, about="The first day", example="2026-11-16")


class NewUnitSchema(UnitBaseSchema):
    """A new unit."""

    weeks = Whole(least=1, most=MOST_WEEKS, required=True, about="How many weeks", example=10)


class UnitSchema(UnitBaseSchema):
    """A unit."""

    id = Id(about="The unit", example="019aab4e-4100-7aaa-8bbb-000000000001")
    plan_id = Id(about="Its plan", example="019aab4e-4000-7aaa-8bbb-000000000001")
    until_on = Day(about="The first day after it", example="2027-01-25")
    created_at = Moment(about="When it was made", example="2026-11-02T08:30:00Z")


class UnitPageSchema(Contract):
    """A page of units."""

    items = fields.List(fields.Nested(UnitSchema))


@blp.get("/plans/<uuid:plan_id>/units")
@allows(Action.SEE_PLAN)
@blp.arguments(PageQuery, location="query")
@blp.response(200, UnitPageSchema)
def list_units(query: dict[str, Any], plan_id: UUID) -> Answer:
    """List the units of a plan.

    They are for the student and the school; a supervisor sees none.
    """
    plan = find(g.session, LearningPlan, plan_id, person=g.person, on=g.today)
    units, end = page_of(LearningUnit, LearningUnit.plan_id == plan.id, **query)
    return page(units, end)


@blp.post("/plans/<uuid:plan_id>/units")
@allows(Action.EDIT_PLAN)
@blp.arguments(NewUnitSchema)
@blp.response(201, UnitSchema)
def create_unit(body: dict[str, Any], plan_id: UUID) -> LearningUnit:
    """Add a unit to your own plan.

    Some weeks from a day on; units may overlap. Goals may belong to one.
    """
    plan = find(g.session, LearningPlan, plan_id, person=g.person, on=g.today)
    return add_unit(g.session, by=g.person, plan=plan, on=g.today, at=g.now, **body)
