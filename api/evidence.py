"""Bewijs: what a student shows of learning."""

from typing import Any
from uuid import UUID

from flask import current_app, g, request, url_for
from marshmallow import fields

from api.blueprint import Blueprint
from api.errors import Refusal
from api.etags import IF_MATCH, check_match, known_to_reader
from api.fields import ID, Contract, Moment, Text, Whole
from api.paging import Answer, PageQuery, find_all, find_if, page, page_of
from api.parsing import MULTIPART
from api.pieces import (
    EvidenceFormSchema,
    EvidencePageSchema,
    EvidenceQuery,
    EvidenceSchema,
    EvidenceWordsSchema,
    NewEvidenceSchema,
    found_piece,
    shown_pieces,
    tagged,
)
from api.uploads import keep_uploads, read_uploads
from identity.access import allows, takes_files
from tracker.attachments import MAX_BYTES
from tracker.db import new_id
from tracker.erasing import erase
from tracker.evidence import MAX_FILES, edit_evidence, log_evidence
from tracker.lengths import MAX_EVIDENCE
from tracker.models import (
    Evidence,
    FrameworkItem,
    Goal,
    LearningPlan,
    Placement,
    ScaleLevel,
)
from tracker.permissions import Action, find, lock, require
from tracker.pieces import only, versions_of
from tracker.shares import state_on

blp = Blueprint("evidence", about="Evidence: what a student shows; theirs until they share it")


class EvidenceVersionSchema(Contract):
    """The words of a piece, as they were from a moment on."""

    number = Whole(least=1, most=2**31 - 1, about="Which version", example=1)
    text = Text(longest=MAX_EVIDENCE, shortest=0, about="The words", example="Ik hielp mevrouw.")
    written_at = Moment(about="From when", example="2026-11-12T09:41:07Z")


class EvidenceVersionsSchema(Contract):
    """The versions of a piece."""

    items = fields.List(fields.Nested(EvidenceVersionSchema))


@blp.get("/plans/<uuid:plan_id>/evidence")
@allows(Action.SEE_EVIDENCE)
@blp.arguments(EvidenceQuery, location="query")
@blp.response(200, EvidencePageSchema)
def list_evidence(query: dict[str, Any], plan_id: UUID) -> Answer:
    """List the evidence in a plan that you may see.

    A student sees the own evidence, a coach what was shared with the coaches, a supervisor what
    was shared with the own placement. What is private is in nobody else's list, whatever they
    filter on.
    """
    plan = find(g.session, LearningPlan, plan_id, person=g.person, on=g.today)
    asked = {name: query.pop(name) for name in PageQuery().fields}
    if query["from_on"] and query["until_on"] and query["until_on"] <= query["from_on"]:
        raise Refusal(422, "invalid", {"until_on": ["date.before_start"]})
    state = query.pop("state")
    conditions = [Evidence.plan_id == plan.id, *only(**query)]
    if state is not None:
        conditions.append(state_on(g.today) == state)
    evidence, end = page_of(Evidence, *conditions, **asked)
    return page(shown_pieces(evidence), end)


@blp.post("/plans/<uuid:plan_id>/evidence")
@allows(Action.LOG_EVIDENCE)
@takes_files(MAX_FILES * MAX_BYTES)
@blp.arguments(NewEvidenceSchema, location="json_or_multipart")
@blp.response(201, EvidenceSchema)
@blp.alt_response(200, schema=EvidenceSchema, description="It was here already")
@blp.alt_response(409, description="The key is of another piece, or the plan is closed")
@blp.doc(
    requestBody={"content": {MULTIPART: {"schema": EvidenceFormSchema}}},
    parameters=[
        {
            "in": "header",
            "name": "Idempotency-Key",
            "description": "The id of the evidence, made by you. The same key with the same "
            "content gives the first piece; with other content 409.",
            "schema": {"type": "string", "format": "uuid"},
        }
    ],
)
def create_evidence(
    body: dict[str, Any], plan_id: UUID
) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Log evidence in your own plan.

    As JSON, or as a form with files. Nobody sees it but the student and those it is shared with.
    A cut upload is simply sent again under the same key.
    """
    plan = find(g.session, LearningPlan, plan_id, person=g.person, on=g.today)
    key = _key(body.pop("id"))
    about = _about(body)
    uploads = read_uploads(request.files)
    evidence = log_evidence(
        g.session,
        key=key,
        by=g.person,
        plan=plan,
        placement=find_if(Placement, body.pop("placement_id")),
        own_level=find_if(ScaleLevel, body.pop("own_level_id")),
        files=[upload.file for upload in uploads],
        on=g.today,
        at=g.now,
        **body,
        **about,
    )
    # Only now that the rows stand: what is refused leaves no bytes behind.
    keep_uploads(current_app.extensions["store"], plan.school_id, uploads)
    location = url_for("api-evidence.get_evidence", evidence_id=evidence.id)
    status = 201 if evidence.received_at == g.now else 200
    shown, tag = tagged(shown_pieces([evidence])[0])
    return shown, status, {"Location": location, **tag}


@blp.get("/evidence/<uuid:evidence_id>")
@allows(Action.SEE_EVIDENCE)
@blp.response(200, EvidenceSchema)
@blp.alt_response(304, description="You have it already")
def get_evidence(evidence_id: UUID) -> Any:
    """Show one piece of evidence.

    With its newest words, and where the bytes of its files are. Its `ETag` goes into `If-Match`
    when you edit it, or into `If-None-Match` when you ask again.
    """
    shown = shown_pieces([found_piece(evidence_id)])[0]
    return known_to_reader(EvidenceSchema(), shown) or tagged(shown)


@blp.put("/evidence/<uuid:evidence_id>")
@allows(Action.EDIT_EVIDENCE)
@blp.arguments(EvidenceWordsSchema)
@blp.response(200, EvidenceSchema)
@blp.alt_response(409, description="It was withdrawn")
@blp.doc(parameters=[IF_MATCH])
def replace_evidence(
    body: dict[str, Any], evidence_id: UUID
) -> tuple[dict[str, Any], dict[str, str]]:
    """Save other words, goals or work as the next version of your piece.

    What is left out becomes empty. Earlier versions stay. When you changed it elsewhere
    meanwhile, the answer holds what is there now and what you sent.
    """
    evidence = found_piece(evidence_id)
    require(g.session, g.person, Action.EDIT_EVIDENCE, on=g.today, plan_id=evidence.plan_id)
    lock(g.session, evidence)
    sent = EvidenceWordsSchema().dump(body)
    check_match(EvidenceSchema(), shown_pieces([evidence])[0], sent)
    about = _about(body)
    edit_evidence(g.session, by=g.person, evidence=evidence, on=g.today, at=g.now, **body, **about)
    return tagged(shown_pieces([evidence])[0])


@blp.delete("/evidence/<uuid:evidence_id>")
@allows(Action.EDIT_EVIDENCE)
@blp.response(204)
@blp.alt_response(409, description="It is shared, or somebody judged it")
def delete_evidence(evidence_id: UUID) -> None:
    """Erase your piece, with its files and what you said about it yourself.

    Only what is private and what nobody else judged; take it back first. It does not come back.
    The bytes of its files go within a day.
    """
    evidence = found_piece(evidence_id)
    erase(g.session, by=g.person, evidence=evidence, on=g.today, at=g.now)


@blp.get("/evidence/<uuid:evidence_id>/versions")
@allows(Action.SEE_EVIDENCE)
@blp.response(200, EvidenceVersionsSchema)
def list_versions(evidence_id: UUID) -> dict[str, Any]:
    """List the words of a piece as they were, newest first.

    Readers see what it said while it was shared; what was only its student's stays theirs.
    """
    return {"items": versions_of(g.session, found_piece(evidence_id), person=g.person)}


def _about(body: dict[str, Any]) -> dict[str, Any]:
    """Take the ids of goals and work out of a body; return the records that they name."""
    return {
        "goals": find_all(Goal, body.pop("goal_ids")),
        "items": find_all(FrameworkItem, body.pop("item_ids")),
    }


def _key(in_body: UUID | None) -> UUID:
    """Return the id of the evidence that the caller made, in the header or the body."""
    header = request.headers.get("Idempotency-Key")
    if header is None:
        return in_body or new_id()
    if ID.fullmatch(header) is None:
        raise Refusal(422, "invalid", {"Idempotency-Key": ["not_an_id"]})
    if in_body not in {None, UUID(header)}:
        raise Refusal(422, "invalid", {"id": ["differs_from_key"]})
    return UUID(header)
