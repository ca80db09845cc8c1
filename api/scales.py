"""Scales: the school's words for judging, each mapped to one of four anchors."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import g
from marshmallow import fields, validate

from api.blueprint import Blueprint
from api.fields import Contract, Day, Flag, Id, Text, Whole
from identity.access import allows
from tracker.lengths import MAX_TITLE
from tracker.models import LearningPlan, Scale
from tracker.permissions import Action, find
from tracker.scales import (
    FEWEST_LEVELS,
    MOST_LEVELS,
    Level,
    add_scale,
    all_scales,
    change_scale,
    levels_of,
    scales_for,
    set_blind_rating,
)

blp = Blueprint("scales", about="Scales: the school's own words for judging")


class NewLevelSchema(Contract):
    """A level as the school writes it."""

    label = Text(longest=200, required=True, about="The school's word", example="oefenen")
    description = Text(
        longest=1000,
        load_default=None,
        allow_none=True,
        about="What it means here",
        example="Het lukt als iemand meekijkt.",
    )
    anchor = Whole(
        least=0,
        most=3,
        required=True,
        about="0 nog niet, 1 met hulp, 2 zelfstandig, 3 ook in een nieuwe situatie",
        example=1,
    )


class LevelSchema(NewLevelSchema):
    """A level of a scale."""

    id = Id(about="The level", example="019aab4e-6100-7aaa-8bbb-000000000002")


class ScaleBaseSchema(Contract):
    """What every version of a scale says."""

    name = Text(longest=MAX_TITLE, required=True, about="Its name", example="Nooit tot goed")
    is_default = Flag(required=True, about="Whether pages offer it for its plans", example=False)


class NewVersionSchema(ScaleBaseSchema):
    """The next version of a scale, from a cohort on."""

    for_plans_from = Day(
        required=True, about="For plans that start on or after this day", example="2027-08-01"
    )
    levels = fields.List(
        fields.Nested(NewLevelSchema),
        required=True,
        validate=[
            validate.Length(min=FEWEST_LEVELS, error="too_short"),
            validate.Length(max=MOST_LEVELS, error="too_long"),
        ],
        error_messages={"required": "required", "null": "required", "invalid": "not_a_list"},
        metadata={"description": "The lowest level first; anchors never fall"},
    )


class NewScaleSchema(NewVersionSchema):
    """A scale of the school's own."""

    code = Text(longest=64, required=True, about="Its code, unique in the school", example="zorg")
    for_plans_from = Day(
        load_default=None,
        allow_none=True,
        about="For plans that start on or after this day; null: for all",
        example="2027-08-01",
    )


class ScaleSchema(ScaleBaseSchema):
    """One version of a scale, its lowest level first."""

    id = Id(about="This version of the scale", example="019aab4e-6000-7aaa-8bbb-000000000001")
    code = Text(longest=64, about="Its code", example="practice")
    version = Whole(least=1, most=9999, about="Which version", example=1)
    for_plans_from = Day(
        allow_none=True,
        about="It holds for plans that start on or after this day; null: for all",
        example="2027-08-01",
    )
    levels = fields.List(fields.Nested(LevelSchema))


class ScaleListSchema(Contract):
    """Scales of a school."""

    items = fields.List(fields.Nested(ScaleSchema))


class BlindSchema(Contract):
    """Whether raters in the school look for themselves first."""

    blind_rating = Flag(
        required=True,
        about="Who judges sees what others judged of the same thing only after doing so",
        example=True,
    )


@blp.get("/scales")
@allows(Action.SEE_FRAMEWORK)
@blp.response(200, ScaleListSchema)
def list_scales() -> dict[str, Any]:
    """List every version of the school's scales with their levels.

    A judgement names a level. What nobody has seen yet is no level: it is no judgement.
    """
    return {"items": _shown(all_scales(g.session, school_id=g.school.id))}


@blp.get("/plans/<uuid:plan_id>/scales")
@allows(Action.SEE_PLAN)
@blp.response(200, ScaleListSchema)
def list_scales_of_plan(plan_id: UUID) -> dict[str, Any]:
    """List the scales in force for a plan, the one that pages offer first.

    One version of each: the newest for plans that started when this one did.
    """
    plan = find(g.session, LearningPlan, plan_id, person=g.person, on=g.today)
    return {"items": _shown(scales_for(g.session, plan))}


@blp.post("/scales")
@allows(Action.CHANGE_SCALES)
@blp.arguments(NewScaleSchema)
@blp.response(201, ScaleSchema)
@blp.alt_response(409, description="There is a scale with this code")
def create_scale(body: dict[str, Any]) -> dict[str, Any]:
    """Add a scale of the school's own.

    For plans that start from a day on, or for all.
    """
    levels = [Level(**level) for level in body.pop("levels")]
    scale = add_scale(g.session, by=g.person, levels=levels, on=g.today, at=g.now, **body)
    return _shown([scale])[0]


@blp.post("/scales/<uuid:scale_id>/versions")
@allows(Action.CHANGE_SCALES)
@blp.arguments(NewVersionSchema)
@blp.response(201, ScaleSchema)
@blp.alt_response(409, description="It was changed meanwhile")
def create_scale_version(body: dict[str, Any], scale_id: UUID) -> dict[str, Any]:
    """Change a scale for a new cohort.

    `scale_id` is its newest version: 409 when somebody changed it meanwhile. Plans that started
    before, and what was judged before, keep their words.
    """
    scale = find(g.session, Scale, scale_id, person=g.person, on=g.today)
    levels = [Level(**level) for level in body.pop("levels")]
    changed = change_scale(
        g.session, by=g.person, scale=scale, levels=levels, on=g.today, at=g.now, **body
    )
    return _shown([changed])[0]


@blp.get("/blind-rating")
@allows(Action.SEE_FRAMEWORK)
@blp.response(200, BlindSchema)
def get_blind_rating() -> dict[str, Any]:
    """Tell whether raters in the school look for themselves first.

    Supervisors and peers always do.
    """
    return {"blind_rating": g.school.blind_rating}


@blp.put("/blind-rating")
@allows(Action.CHANGE_SCALES)
@blp.arguments(BlindSchema)
@blp.response(200, BlindSchema)
def change_blind_rating(body: dict[str, Any]) -> dict[str, Any]:
    """Let raters in the school look for themselves first, or not.

    It holds at once, for every plan.
    """
    set_blind_rating(
        g.session,
        by=g.person,
        school=g.school,
        blind=body["blind_rating"],
        on=g.today,
        at=g.now,
    )
    return body


def _shown(scales: Sequence[Scale]) -> list[dict[str, Any]]:
    """Return scales with their levels, in one query."""
    levels = levels_of(g.session, *scales)
    return [
        {
            "id": scale.id,
            "code": scale.code,
            "version": scale.version,
            "name": scale.name,
            "is_default": scale.is_default,
            "for_plans_from": scale.for_plans_from,
            "levels": [level for level in levels if level.scale_id == scale.id],
        }
        for scale in scales
    ]
