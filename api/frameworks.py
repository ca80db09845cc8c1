"""Kwalificaties, their kerntaken and werkprocessen."""

from typing import Any
from uuid import UUID

from flask import g
from marshmallow import fields

from api.blueprint import Blueprint
from api.fields import Choice, Contract, Id, Text, Whole
from api.paging import Answer, PageQuery, page, page_of
from api.plans import FrameworkSchema
from identity.access import allows
from tracker.models import Framework, FrameworkItem, FrameworkItemKind
from tracker.permissions import Action, find

blp = Blueprint("frameworks", about="Frameworks: editions of kwalificaties, copies of the school")


class FrameworkPageSchema(Contract):
    """A page of frameworks."""

    items = fields.List(fields.Nested(FrameworkSchema))


class FrameworkItemSchema(Contract):
    """A part of a kwalificatie."""

    id = Id(about="The item", example="019aab4e-2100-7aaa-8bbb-000000000002")
    parent_id = Id(
        allow_none=True,
        about="The kerntaak it belongs to",
        example="019aab4e-2100-7aaa-8bbb-000000000001",
    )
    kind = Choice(FrameworkItemKind, about="What it is", example="werkproces")
    code = Text(longest=64, about="Unique inside one edition only", example="B1-K1-W1")
    title = Text(longest=200, about="Its title", example="Ondersteunt bij persoonlijke verzorging")
    position = Whole(least=0, most=99999, about="Its place in the dossier", example=1)


class FrameworkItemPageSchema(Contract):
    """A page of items."""

    items = fields.List(fields.Nested(FrameworkItemSchema))


@blp.get("/frameworks")
@allows(Action.SEE_FRAMEWORK)
@blp.arguments(PageQuery, location="query")
@blp.response(200, FrameworkPageSchema)
def list_frameworks(query: dict[str, Any]) -> Answer:
    """List the school's frameworks.

    Editions live side by side; a plan names one of them, or none.
    """
    return page(*page_of(Framework, **query))


@blp.get("/frameworks/<uuid:framework_id>/items")
@allows(Action.SEE_FRAMEWORK)
@blp.arguments(PageQuery, location="query")
@blp.response(200, FrameworkItemPageSchema)
def list_framework_items(query: dict[str, Any], framework_id: UUID) -> Answer:
    """List the items of a framework.

    Kerntaken, their werkprocessen, and keuzedelen; `position` is their order in the dossier.
    """
    framework = find(g.session, Framework, framework_id, person=g.person, on=g.today)
    return page(*page_of(FrameworkItem, FrameworkItem.framework_id == framework.id, **query))
