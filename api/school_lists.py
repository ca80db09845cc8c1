"""Whom the school must do something for, by name; and how personal its goals are."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import g, request
from marshmallow import fields

from api.blueprint import Blueprint
from api.fields import Choice, Contract, Day, Id, Text, Whole
from identity.access import allows
from tracker import school_lists, tailoring
from tracker.errors import NotFound
from tracker.models import Control, LearningPlan, PlanRole, Tailoring
from tracker.permissions import RATING_IN_SCHOOL, Action, find, roles_of
from tracker.school_lists import Ending, Listed, Uncoached
from tracker.tailoring import Standing

blp = Blueprint("school-lists", about="Plans to give a coach, and how personal goals are")
PLAN = "019aab4e-4000-7aaa-8bbb-000000000001"
OWN = {PlanRole.STUDENT, *RATING_IN_SCHOOL}
MOST = 2**31


class OffsetQuery(Contract):
    """Which part of a list by name."""

    limit = Whole(least=1, most=200, load_default=50, about="How many at most", example=50)
    offset = Whole(least=0, most=1_000_000, load_default=0, about="How many come before", example=0)


class UncoachedSchema(Contract):
    """An open plan without a coach."""

    plan_id = Id(about="The plan", example=PLAN)
    name = Text(longest=200, about="The student's name", example="Noor Bakker")
    number = Text(longest=64, allow_none=True, about="Their number", example="S000701")
    programme = Text(longest=200, allow_none=True, about="Of which programme", example="Kok")
    starts_on = Day(about="Since when it runs", example="2026-09-01")


class UncoachedPageSchema(Contract):
    """A part of them, and how many there are in all."""

    total = Whole(least=0, most=MOST, about="How many there are", example=1)
    items = fields.List(fields.Nested(UncoachedSchema))


class EndingSchema(Contract):
    """A placement that ends soon."""

    plan_id = Id(about="The plan", example=PLAN)
    name = Text(longest=200, about="The student's name", example="Noor Bakker")
    number = Text(longest=64, allow_none=True, about="Their number", example="S000701")
    company = Text(longest=200, about="Where it is", example="Zorghuis De Es")
    until_on = Day(about="The first day after it", example="2026-12-01")


class EndingPageSchema(Contract):
    """A part of them, and how many there are in all."""

    total = Whole(least=0, most=MOST, about="How many there are", example=1)
    items = fields.List(fields.Nested(EndingSchema))


class CellSchema(Contract):
    """One of the nine cells."""

    control = Choice(Control, about="Who decides about these goals", example="shared")
    tailoring = Choice(Tailoring, about="How much they are one's own", example="individual")
    goals = Whole(least=0, most=MOST, allow_none=True, about="How many goals", example=3)
    new = Whole(
        least=0, most=MOST, allow_none=True, about="Of these, new since the day before", example=1
    )


class StandingSchema(Contract):
    """Where goals stood on a day."""

    on = Day(about="The day", example="2026-11-20")
    cells = fields.List(fields.Nested(CellSchema))


class TailoringSchema(Contract):
    """Where goals stood on some days, oldest first."""

    items = fields.List(fields.Nested(StandingSchema))


class ProgrammeQuery(Contract):
    """Of which programme."""

    framework_id = Id(
        required=True,
        about="One of `GET /api/frameworks` that open plans follow",
        example="019aab4e-2000-7aaa-8bbb-000000000001",
    )


@blp.get("/school/plans-without-coach")
@allows(Action.SEE_SCHOOL)
@blp.arguments(OffsetQuery, location="query")
@blp.response(200, UncoachedPageSchema)
@blp.alt_response(403, description="You are no administrator")
def list_plans_without_coach(query: dict[str, Any]) -> Any:
    """List the open plans without a coach, by the student's name.

    Who is listed is logged. Administrators only.
    """
    asked: dict[str, Any] = {"by": g.person, "school": g.school, "on": g.today}
    return _part(school_lists.uncoached(g.session, **asked, **query), query)


@blp.get("/school/placements-ending")
@allows(Action.SEE_SCHOOL)
@blp.arguments(OffsetQuery, location="query")
@blp.response(200, EndingPageSchema)
@blp.alt_response(403, description="You are no administrator")
def list_placements_ending(query: dict[str, Any]) -> Any:
    """List the placements that end soon, by the student's name.

    Within the school's `placement_ends_days`. Who is listed is logged. Administrators only.
    """
    asked: dict[str, Any] = {"by": g.person, "school": g.school, "on": g.today}
    return _part(school_lists.ending(g.session, **asked, **query), query)


@blp.get("/school/tailoring")
@allows(Action.SEE_SCHOOL)
@blp.arguments(ProgrammeQuery, location="query")
@blp.response(200, TailoringSchema)
@blp.alt_response(403, description="You are no administrator")
def get_school_tailoring(query: dict[str, Any]) -> dict[str, Any]:
    """Show how personal the goals of a programme are, and how that moved.

    A cell with goals of fewer than ten students is null. Administrators only.
    """
    asked: dict[str, Any] = {"by": g.person, "school": g.school, "on": g.today}
    found = tailoring.of_programme(g.session, **asked, **query)
    return {"items": [_standing(one, kept_back=True) for one in found]}


@blp.get("/plans/<uuid:plan_id>/tailoring")
@allows(Action.SEE_PLAN)
@blp.response(200, TailoringSchema)
def get_plan_tailoring(plan_id: UUID) -> dict[str, Any]:
    """Show how personal the goals of a plan are, and how that moved.

    Who decides about its goals, and how much they are one's own: nine cells. For its student,
    coach and team.
    """
    plan = find(g.session, LearningPlan, plan_id, person=g.person, on=g.today)
    if not roles_of(g.session, g.person, on=g.today, plan_id=plan.id) & OWN:
        raise NotFound("not of the own plan")
    found = tailoring.of_plan(g.session, plan=plan, person=g.person, school=g.school, on=g.today)
    return {"items": [_standing(one) for one in found]}


def _part(found: Listed[Uncoached] | Listed[Ending], query: dict[str, int]) -> Any:
    """Return a part of a list by name, and the address of the next one in `Link`."""
    after = query["offset"] + query["limit"]
    headers = {}
    if after < found.total:
        address = f"{request.base_url}?limit={query['limit']}&offset={after}"
        headers["Link"] = f'<{address}>; rel="next"'
    return {"total": found.total, "items": found.shown}, headers


def _standing(standing: Standing, *, kept_back: bool = False) -> dict[str, Any]:
    cells: Sequence[dict[str, Any]] = [
        {
            "control": control,
            "tailoring": own,
            "goals": standing.goals.get((control, own), None if kept_back else 0),
            "new": None if kept_back else standing.new.get((control, own), 0),
        }
        for control in Control
        for own in Tailoring
    ]
    return {"on": standing.on, "cells": cells}
