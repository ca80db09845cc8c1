"""What each placed link of a course tells the LMS's gradebook: a teacher of the course chooses."""

from typing import Any
from uuid import UUID

from flask import g
from marshmallow import fields

from api.blueprint import Blueprint
from api.etags import ETAG, IF_MATCH, check_match, etag_of
from api.fields import Choice, Contract, Flag, Id, Moment, Text, Whole
from api.paging import Answer, PageQuery, page, part_of
from identity.access import allows
from lti.courses.courses import find_course
from lti.gradebook.columns import Column, columns, find_link
from lti.gradebook.gradebook import (
    MOST_PIECES,
    can_have_column,
    choose_mode,
    remove_column,
    try_again,
)
from lti.models import Context, GradeMode, LineItemState, ResourceLink
from tracker.errors import NotFound
from tracker.permissions import Action, lock, require

blp = Blueprint("gradebook", about="What placed links tell the LMS's gradebook; never a grade")
LINK = "019aab4e-e000-7aaa-8bbb-000000000005"


class PlacedLinkSchema(Contract):
    """A link that a teacher placed in the LMS, and its column in the gradebook."""

    id = Id(about="The link", example=LINK)
    title = Text(longest=2000, allow_none=True, about="Its name", example="Mijn leerspoor")
    lesson = Text(longest=200, allow_none=True, about="The lesson it opens", example=None)
    mode = Choice(GradeMode, about="What it tells", example="progress")
    pieces = Whole(
        least=1, most=MOST_PIECES, allow_none=True, about="The agreed number", example=None
    )
    can_have_column = Flag(about="Whether the LMS lets it have a column", example=True)
    state = Choice(
        LineItemState, allow_none=True, about="How its column is; null: none", example="active"
    )
    is_ours = Flag(allow_none=True, about="Whether we made the column", example=True)
    due_at = Moment(allow_none=True, about="When the LMS is told next", example=None)
    error = Text(longest=64, allow_none=True, about="Why it was not told", example=None)
    scores = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        metadata={"description": "How many scores are in which state", "example": {"sent": 21}},
    )
    errors = fields.List(
        fields.String(),
        metadata={"description": "Why scores were given up", "example": []},
    )


class PlacedLinkPageSchema(Contract):
    """A page of placed links."""

    items = fields.List(fields.Nested(PlacedLinkSchema))


class ModeSchema(Contract):
    """What a placed link tells."""

    mode = Choice(GradeMode, required=True, about="What it tells", example="evidence")
    pieces = Whole(
        least=1,
        most=MOST_PIECES,
        load_default=None,
        allow_none=True,
        about="Of `evidence`: the agreed number",
        example=5,
    )


@blp.get("/courses/<uuid:context_id>/links")
@allows(Action.SEE_COURSE)
@blp.arguments(PageQuery, location="query")
@blp.response(200, PlacedLinkPageSchema)
def list_placed_links(query: dict[str, Any], context_id: UUID) -> Answer:
    """List the placed links of a course, by name, with what became of their columns.

    For who teaches the course today, and the administrator.
    """
    context = _course(context_id)
    found = columns(g.session, context)
    shown, end = part_of(found, key=lambda one: one.link.id, **query)
    return page([_shown(context, one) for one in shown], end)


@blp.get("/courses/<uuid:context_id>/links/<uuid:link_id>")
@allows(Action.SEE_COURSE)
@blp.response(200, PlacedLinkSchema, headers=ETAG)
def get_placed_link(context_id: UUID, link_id: UUID) -> tuple[dict[str, Any], dict[str, str]]:
    """Show one placed link.

    With what became of its column. Its `ETag` covers what was chosen, not how the column is.
    """
    return _tagged(*_link(context_id, link_id))


@blp.put("/courses/<uuid:context_id>/links/<uuid:link_id>/mode")
@allows(Action.SET_GRADEBOOK)
@blp.arguments(ModeSchema)
@blp.response(200, PlacedLinkSchema)
@blp.alt_response(409, description="The LMS lets us send no scores there")
@blp.doc(parameters=[IF_MATCH])
def choose_link_mode(
    body: dict[str, Any], context_id: UUID, link_id: UUID
) -> tuple[dict[str, Any], dict[str, str]]:
    """Choose what a placed link tells the gradebook.

    The LMS hears it within a minute. For who teaches the course today. `If-Match` takes the `ETag`
    of the link itself.
    """
    context, link = _link(context_id, link_id)
    require(g.session, g.person, Action.SET_GRADEBOOK, on=g.today)
    lock(g.session, link)
    check_match(ModeSchema(), link, ModeSchema().dump(body))
    choose_mode(
        g.session,
        by=g.person,
        link=link,
        mode=body["mode"],
        pieces=body["pieces"],
        on=g.today,
        at=g.now,
    )
    return _tagged(context, link)


@blp.post("/courses/<uuid:context_id>/links/<uuid:link_id>/retry")
@allows(Action.SET_GRADEBOOK)
@blp.response(200, PlacedLinkSchema)
@blp.alt_response(409, description="Nothing was given up")
def retry_link(context_id: UUID, link_id: UUID) -> dict[str, Any]:
    """Try again what was given up: the column, and scores that the LMS did not take.

    For who teaches the course today.
    """
    context, link = _link(context_id, link_id)
    try_again(g.session, by=g.person, link=link, on=g.today, at=g.now)
    return _one(context, link_id)


@blp.delete("/courses/<uuid:context_id>/links/<uuid:link_id>/column")
@allows(Action.SET_GRADEBOOK)
@blp.response(200, PlacedLinkSchema)
@blp.alt_response(409, description="The column is not ours, or not there")
def remove_link_column(context_id: UUID, link_id: UUID) -> dict[str, Any]:
    """Take a column that we made out of the LMS; the link tells nothing from then on.

    For who teaches the course today.
    """
    context, link = _link(context_id, link_id)
    remove_column(g.session, by=g.person, link=link, on=g.today, at=g.now)
    return _one(context, link_id)


def _course(context_id: UUID) -> Context:
    return find_course(g.session, context_id, person=g.person, on=g.today)


def _link(context_id: UUID, link_id: UUID) -> tuple[Context, ResourceLink]:
    context = _course(context_id)
    return context, find_link(g.session, context, link_id)


def _tagged(context: Context, link: ResourceLink) -> tuple[dict[str, Any], dict[str, str]]:
    return _one(context, link.id), {"ETag": etag_of(ModeSchema(), link)}


def _one(context: Context, link_id: UUID) -> dict[str, Any]:
    g.session.flush()
    for column in columns(g.session, context):
        if column.link.id == link_id:
            return _shown(context, column)
    raise NotFound("ResourceLink not found")


def _shown(context: Context, column: Column) -> dict[str, Any]:
    link, item = column.link, column.item
    return {
        **{name: getattr(link, name) for name in ("id", "title", "mode", "pieces")},
        "lesson": column.lesson,
        "can_have_column": can_have_column(context, link),
        "state": item.state if item else None,
        "is_ours": item.is_ours if item else None,
        "due_at": item.due_at if item else None,
        "error": item.error if item else None,
        "scores": {state.value: number for state, number in column.counts.items()},
        "errors": sorted(column.errors),
    }
