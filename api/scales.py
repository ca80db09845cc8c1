"""Scales: the school's words for judging, each mapped to one of four anchors."""

from typing import Any

from flask import g
from marshmallow import fields

from api.blueprint import Blueprint
from api.fields import Contract, Flag, Id, Text, Whole
from identity.access import allows
from tracker.models import Scale, ScaleLevel
from tracker.permissions import Action, visible

blp = Blueprint("scales", about="Scales: the school's own words for judging")


class LevelSchema(Contract):
    """A level of a scale."""

    id = Id(about="The level", example="019aab4e-6100-7aaa-8bbb-000000000002")
    label = Text(longest=200, about="The school's word", example="oefenen")
    anchor = Whole(
        least=0,
        most=3,
        about="0 nog niet, 1 met hulp, 2 zelfstandig, 3 ook in een nieuwe situatie",
        example=1,
    )


class ScaleSchema(Contract):
    """One version of a scale, its lowest level first."""

    id = Id(about="The scale", example="019aab4e-6000-7aaa-8bbb-000000000001")
    code = Text(longest=64, about="Its code", example="practice")
    version = Whole(least=1, most=9999, about="Which version", example=1)
    name = Text(longest=200, about="Its name", example="Nooit tot goed")
    is_default = Flag(about="Whether the school uses it unless told otherwise", example=False)
    levels = fields.List(fields.Nested(LevelSchema))


class ScaleListSchema(Contract):
    """All scales of a school."""

    items = fields.List(fields.Nested(ScaleSchema))


@blp.get("/scales")
@allows(Action.SEE_FRAMEWORK)
@blp.response(200, ScaleListSchema)
def list_scales() -> dict[str, Any]:
    """List the school's scales with their levels.

    A judgement names a level. What nobody has seen yet is no level: it is no judgement.
    """
    scales = g.session.scalars(
        visible(Scale, person=g.person, on=g.today).order_by(Scale.code, Scale.version)
    ).all()
    levels = g.session.scalars(
        visible(ScaleLevel, person=g.person, on=g.today).order_by(ScaleLevel.position)
    ).all()
    return {
        "items": [
            {
                "id": scale.id,
                "code": scale.code,
                "version": scale.version,
                "name": scale.name,
                "is_default": scale.is_default,
                "levels": [level for level in levels if level.scale_id == scale.id],
            }
            for scale in scales
        ]
    }
