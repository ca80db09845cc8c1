"""People of a source of whom nobody knows who they are, until people say it."""

from typing import Any
from uuid import UUID

from flask import g
from marshmallow import fields

from api.blueprint import Blueprint
from api.fields import Contract, Flag, Id, Moment, Text, Whole
from api.me import NamedPersonSchema
from api.paging import Answer, PageQuery, page
from api.runs import RunSchema, shown
from identity.access import allows
from importers.models import ImportSource
from importers.people import parking
from importers.people.parked import Parked, find_parked, parked_people, search_people
from tracker.errors import NotFound
from tracker.models import Person
from tracker.permissions import Action, find, require

blp = Blueprint("parked", about="People of a source of whom the school says who they are")


class ParkedQuery(PageQuery):
    """Which of them, and which part."""

    source = Id(
        load_default=None,
        about="Only those of this source",
        example="019aab4e-9000-7aaa-8bbb-000000000002",
    )
    decided = Flag(load_default=False, about="Those who were decided about", example=False)


class ParkedSchema(Contract):
    """Somebody a source tells of."""

    id = Id(about="Of this entry", example="019aab4e-9000-7aaa-8bbb-000000000003")
    source = Text(longest=200, about="Which source tells of them", example="Moodle")
    source_id = Id(about="The source", example="019aab4e-9000-7aaa-8bbb-000000000002")
    key = Text(longest=255, about="How the source calls them", example="1207")
    name = Text(longest=2000, allow_none=True, about="Their name there", example="F. Özdemir")
    number = Text(longest=255, allow_none=True, about="Their number there", example="S900009")
    email = Text(longest=255, allow_none=True, about="Their address there", example="f@roc.example")
    why = Text(longest=64, about="What is in the way, for programs", example="person.unknown")
    seen_at = Moment(about="When the source last told of them", example="2026-11-21T03:00:00Z")
    waiting = Whole(least=0, most=2**31, about="How many rows wait for who it is", example=12)
    person_id = Id(
        allow_none=True,
        about="Who it is; empty with `decided_at`: nobody of ours",
        example="019aab4e-9000-7aaa-8bbb-000000000004",
    )
    decided_at = Moment(allow_none=True, about="When that was said", example="2026-11-21T09:00:00Z")


class ParkedPageSchema(Contract):
    """A page of them."""

    items = fields.List(fields.Nested(ParkedSchema))


class PeopleQuery(Contract):
    """What somebody may be called here."""

    words = Text(longest=200, load_default="", about="A name or a number", example="Özdemir")


class FoundPersonSchema(NamedPersonSchema):
    """One of the people of the school."""

    number = Text(longest=255, allow_none=True, about="Their number", example="S900009")


class PeopleSchema(Contract):
    """People of the school."""

    items = fields.List(fields.Nested(FoundPersonSchema))


class TakeUpSchema(Contract):
    """Of which source rows are taken up."""

    source_id = Id(
        required=True, about="The source", example="019aab4e-9000-7aaa-8bbb-000000000002"
    )


class TakenUpSchema(Contract):
    """The imports that take them up."""

    items = fields.List(fields.Nested(RunSchema))


class DecisionSchema(Contract):
    """Who it is."""

    person_id = Id(
        required=True,
        allow_none=True,
        about="The person of the school; null: nobody of ours",
        example="019aab4e-9000-7aaa-8bbb-000000000004",
    )


@blp.get("/parked-people")
@allows(Action.SEE_IMPORTS)
@blp.arguments(ParkedQuery, location="query")
@blp.response(200, ParkedPageSchema)
@blp.alt_response(403, description="You are no administrator")
def list_parked(query: dict[str, Any]) -> Answer:
    """List the people of whom it is not known who they are.

    Nobody is guessed: they wait, with all that a source tells of them, until somebody decides.
    """
    limit = query["limit"]
    found = parked_people(
        g.session,
        person=g.person,
        on=g.today,
        is_decided=query["decided"],
        source_id=query["source"],
        after=query["after"],
        limit=limit + 1,
    )
    shown_people = found[:limit]
    end = shown_people[-1].row.id if len(found) > limit else None
    return page([_told(one) for one in shown_people], end)


@blp.get("/parked-people/<uuid:parked_id>")
@allows(Action.SEE_IMPORTS)
@blp.response(200, ParkedSchema)
def get_parked(parked_id: UUID) -> dict[str, Any]:
    """Show one of them.

    With how many rows wait for who it is.
    """
    return _told(find_parked(g.session, parked_id, person=g.person, on=g.today))


@blp.get("/parked-people/<uuid:parked_id>/people")
@allows(Action.SEE_IMPORTS)
@blp.arguments(PeopleQuery, location="query")
@blp.response(200, PeopleSchema)
def search_for_parked(query: dict[str, Any], parked_id: UUID) -> dict[str, Any]:
    """Look among the people of the school for who it may be.

    By words of a name, or a number; without `words`, by their name at the source. The first ones.
    """
    found = find_parked(g.session, parked_id, person=g.person, on=g.today)
    words = query["words"] or found.row.name
    people = search_people(g.session, person=g.person, words=words, on=g.today) if words else []
    return {"items": people}


@blp.put("/parked-people/<uuid:parked_id>/decision")
@allows(Action.RUN_IMPORT)
@blp.arguments(DecisionSchema)
@blp.response(200, ParkedSchema)
@blp.alt_response(409, description="That was said already")
def decide_parked(body: dict[str, Any], parked_id: UUID) -> dict[str, Any]:
    """Say who it is, or that it is nobody of ours.

    Take up the rows that waited with `POST /api/parked-people/take-up`, or wait for the next
    import.
    """
    found = find_parked(g.session, parked_id, person=g.person, on=g.today)
    person = None
    if body["person_id"] is not None:
        person = find(g.session, Person, body["person_id"], person=g.person, on=g.today)
    parking.decide(g.session, by=g.person, parked=found.row, person=person, on=g.today, at=g.now)
    return _told(find_parked(g.session, parked_id, person=g.person, on=g.today))


@blp.delete("/parked-people/<uuid:parked_id>/decision")
@allows(Action.RUN_IMPORT)
@blp.response(204, description="Taken back")
@blp.alt_response(409, description="Nothing was said")
def undo_parked(parked_id: UUID) -> tuple[str, int]:
    """Take back what was said.

    What came in by it ends today, and waits again at the next import.
    """
    found = find_parked(g.session, parked_id, person=g.person, on=g.today)
    parking.undo(g.session, by=g.person, parked=found.row, on=g.today, at=g.now)
    return "", 204


@blp.post("/parked-people/take-up")
@allows(Action.RUN_IMPORT)
@blp.arguments(TakeUpSchema)
@blp.response(201, TakenUpSchema)
def take_up_rows(body: dict[str, Any]) -> dict[str, Any]:
    """Take up the rows of a source that waited for who it is.

    Each import that has such rows gets a new one, with a preview of its own; none, when nothing
    waits. `rows_ready` of the source says how many are ready. Administrators only.
    """
    require(g.session, g.person, Action.RUN_IMPORT, on=g.today)
    if g.session.get(ImportSource, (g.school.id, body["source_id"])) is None:
        raise NotFound("ImportSource not found")
    made = parking.take_up(
        g.session, by=g.person, source_id=body["source_id"], on=g.today, at=g.now
    )
    return {"items": [shown(run) for run in made]}


def _told(parked: Parked) -> dict[str, Any]:
    row = parked.row
    return {
        "id": row.id,
        "source": parked.source,
        "source_id": row.source_id,
        "key": row.ext_id,
        "name": row.name,
        "number": row.number,
        "email": row.email,
        "why": row.why,
        "seen_at": row.seen_at,
        "waiting": parked.waiting,
        "person_id": row.person_id,
        "decided_at": row.decided_at,
    }
