"""Bewijs: what a student shows of learning."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import current_app, g, request, url_for
from marshmallow import fields

from api.blueprint import Blueprint
from api.errors import Refusal
from api.fields import ID, Choice, Contract, Day, Flag, Id, Many, Moment, Text, Whole
from api.me import NamedPersonSchema
from api.paging import Answer, PageQuery, by_id, find_all, page, page_of
from api.parsing import MULTIPART
from api.uploads import keep_uploads, read_uploads
from identity.access import allows, takes_files
from tracker.attachments import MAX_BYTES
from tracker.db import new_id
from tracker.evidence import MAX_FILES, Piece, log_evidence, pieces_of
from tracker.models import (
    Attachment,
    Audience,
    Evidence,
    EvidenceShare,
    EvidenceState,
    Goal,
    LearningPlan,
    Person,
    Placement,
    ScaleLevel,
)
from tracker.permissions import Action, find

blp = Blueprint("evidence", about="Evidence: what a student shows; theirs until they share it")


class EvidenceBaseSchema(Contract):
    """What every piece of evidence says."""

    text = Text(
        longest=10_000,
        shortest=0,
        load_default="",
        about="The student's words; may be empty beside a file",
        example="Vandaag hielp ik mevrouw met opstaan. Ik bleef rustig.",
    )
    happened_on = Day(required=True, about="The day it shows", example="2026-11-12")
    captured_at = Moment(
        load_default=None,
        allow_none=True,
        about="When the device recorded it",
        example="2026-11-12T09:41:00Z",
    )
    has_people = Flag(
        required=True, about="Whether people or patients can be recognised in it", example=False
    )
    placement_id = Id(
        load_default=None,
        allow_none=True,
        about="The placement where it happened",
        example="019aab4e-3000-7aaa-8bbb-000000000001",
    )
    share_with = Many(
        Choice(Audience, about="Who may see it", example="coaches"),
        most=len(Audience),
        load_default=list,
        about="Who may see it; nobody else ever does",
    )
    goal_ids = Many(
        Id(about="A goal", example="019aab4e-5000-7aaa-8bbb-000000000001"),
        most=20,
        load_default=list,
        about="The goals it shows something about",
    )


class NewEvidenceSchema(EvidenceBaseSchema):
    """A piece of evidence as the student sends it."""

    id = Id(
        load_default=None,
        about="Made by you, so that sending it again is safe; or in `Idempotency-Key`",
        example="019aab4e-7000-7aaa-8bbb-000000000001",
    )
    own_level_id = Id(
        load_default=None,
        allow_none=True,
        about="The student's own judgement of each goal",
        example="019aab4e-6100-7aaa-8bbb-000000000003",
    )


class EvidenceFormSchema(NewEvidenceSchema):
    """The same as a form with files; lists repeat their name."""

    files = fields.List(
        fields.Raw(metadata={"type": "string", "format": "binary"}),
        metadata={
            "description": "At most 10 of 100 MB: jpeg, png, heic, webp, pdf, docx, xlsx, mp4, mov,"
            " m4a, mp3, webm. Photos lose where they were taken.",
            "maxItems": MAX_FILES,
        },
    )


class AttachmentSchema(Contract):
    """A file with evidence."""

    id = Id(about="The file", example="019aab4e-7100-7aaa-8bbb-000000000001")
    name = Text(longest=255, about="Its name", example="tillift.jpg")
    media_type = Text(longest=64, about="What it is", example="image/jpeg")
    size = Whole(least=1, most=2**31 - 1, about="In bytes", example=284511)
    href = Text(
        longest=200,
        about="Where its bytes are",
        example="/api/evidence/019aab4e-7000-7aaa-8bbb-000000000001/attachments/"
        "019aab4e-7100-7aaa-8bbb-000000000001",
    )
    thumbnail_href = Text(
        longest=200,
        allow_none=True,
        about="Where a small picture of a photo is",
        example="/api/evidence/019aab4e-7000-7aaa-8bbb-000000000001/attachments/"
        "019aab4e-7100-7aaa-8bbb-000000000001/thumbnail",
    )


class EvidenceSchema(EvidenceBaseSchema):
    """A piece of evidence."""

    id = Id(about="The evidence", example="019aab4e-7000-7aaa-8bbb-000000000001")
    plan_id = Id(about="Its plan", example="019aab4e-4000-7aaa-8bbb-000000000001")
    author = fields.Nested(NamedPersonSchema)
    state = Choice(EvidenceState, about="Who may see it", example="shared")
    received_at = Moment(about="When it arrived", example="2026-11-12T09:41:07Z")
    attachments = fields.List(fields.Nested(AttachmentSchema))


class EvidencePageSchema(Contract):
    """A page of evidence."""

    items = fields.List(fields.Nested(EvidenceSchema))


@blp.get("/plans/<uuid:plan_id>/evidence")
@allows(Action.SEE_EVIDENCE)
@blp.arguments(PageQuery, location="query")
@blp.response(200, EvidencePageSchema)
def list_evidence(query: dict[str, Any], plan_id: UUID) -> Answer:
    """List the evidence in a plan that you may see.

    A student sees the own evidence, a coach what was shared with the coaches, a supervisor what
    was shared with the own placement.
    """
    plan = find(g.session, LearningPlan, plan_id, person=g.person, on=g.today)
    evidence, end = page_of(Evidence, Evidence.plan_id == plan.id, **query)
    return page(_shown(evidence), end)


@blp.post("/plans/<uuid:plan_id>/evidence")
@allows(Action.LOG_EVIDENCE)
@takes_files(MAX_FILES * MAX_BYTES)
@blp.arguments(NewEvidenceSchema, location="json_or_multipart")
@blp.response(201, EvidenceSchema)
@blp.alt_response(200, schema=EvidenceSchema, description="It was here already")
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
    goals = find_all(Goal, body.pop("goal_ids"))
    placement_id, level_id = body.pop("placement_id"), body.pop("own_level_id")
    uploads = read_uploads(request.files)
    if not body["text"] and not uploads:
        raise Refusal(422, "invalid", {"text": ["required"]})
    evidence = log_evidence(
        g.session,
        key=key,
        by=g.person,
        plan=plan,
        goals=goals,
        placement=next(iter(find_all(Placement, [placement_id] if placement_id else [])), None),
        own_level=next(iter(find_all(ScaleLevel, [level_id] if level_id else [])), None),
        files=[upload.file for upload in uploads],
        on=g.today,
        at=g.now,
        **body,
    )
    # Only now that the rows stand: what is refused leaves no bytes behind.
    keep_uploads(current_app.extensions["store"], uploads)
    location = url_for("api-evidence.get_evidence", evidence_id=evidence.id)
    status = 201 if evidence.received_at == g.now else 200
    return _shown([evidence])[0], status, {"Location": location}


@blp.get("/evidence/<uuid:evidence_id>")
@allows(Action.SEE_EVIDENCE)
@blp.response(200, EvidenceSchema)
def get_evidence(evidence_id: UUID) -> dict[str, Any]:
    """Show one piece of evidence.

    With its newest words, and where the bytes of its files are.
    """
    evidence = find(g.session, Evidence, evidence_id, person=g.person, on=g.today)
    return _shown([evidence])[0]


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


def _shown(evidence: Sequence[Evidence]) -> list[dict[str, Any]]:
    """Return evidence with what belongs to it, in five queries however many there are."""
    authors = by_id(Person, [piece.author_id for piece in evidence])
    audiences = _audiences([piece.id for piece in evidence])
    return [_piece(piece, authors, audiences) for piece in pieces_of(g.session, evidence)]


def _piece(
    piece: Piece, authors: dict[UUID, Person], audiences: dict[UUID, list[Audience]]
) -> dict[str, Any]:
    evidence = piece.evidence
    return {
        "id": evidence.id,
        "plan_id": evidence.plan_id,
        "author": authors[evidence.author_id],
        "state": evidence.state,
        "text": piece.text,
        "happened_on": evidence.happened_on,
        "captured_at": evidence.captured_at,
        "received_at": evidence.received_at,
        "has_people": evidence.has_people,
        "placement_id": evidence.placement_id,
        "share_with": audiences[evidence.id],
        "goal_ids": list(piece.goals),
        "attachments": [_attachment(file) for file in piece.attachments],
    }


def _audiences(evidence_ids: Sequence[UUID]) -> dict[UUID, list[Audience]]:
    rows = g.session.execute(
        sa.select(EvidenceShare.evidence_id, EvidenceShare.audience)
        .where(
            EvidenceShare.school_id == g.person.school_id,
            EvidenceShare.evidence_id.in_(evidence_ids),
            EvidenceShare.ended_at.is_(None),
        )
        .order_by(EvidenceShare.audience)
    )
    found = defaultdict(list)
    for evidence_id, audience in rows:
        found[evidence_id].append(audience)
    return found


def _attachment(file: Attachment) -> dict[str, Any]:
    where: dict[str, Any] = {"evidence_id": file.evidence_id, "attachment_id": file.id}
    has_thumbnail = file.thumbnail_digest is not None
    return {
        "id": file.id,
        "name": file.name,
        "media_type": file.media_type,
        "size": file.size,
        "href": url_for("api-files.get_attachment", **where),
        "thumbnail_href": url_for("api-files.get_thumbnail", **where) if has_thumbnail else None,
    }
