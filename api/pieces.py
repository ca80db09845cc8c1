"""Pieces of evidence as programs send and see them: the contract, and how answers are filled."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import g, url_for
from marshmallow import fields

from api.etags import with_tag
from api.fields import Choice, Contract, Day, Flag, Id, Many, Moment, Text, Whole
from api.me import NamedPersonSchema
from api.paging import PageQuery, by_id
from tracker.evidence import MAX_FILES
from tracker.lengths import MAX_EVIDENCE
from tracker.models import (
    Attachment,
    Audience,
    Evidence,
    EvidenceContext,
    EvidenceKind,
    EvidenceShare,
    EvidenceState,
    Person,
    ScanState,
)
from tracker.permissions import find
from tracker.pieces import Piece, pieces_of
from tracker.shares import shares_of


class EvidenceWordsSchema(Contract):
    """What the student may still change: the words, and what it shows."""

    text = Text(
        longest=MAX_EVIDENCE,
        shortest=0,
        load_default="",
        about="The student's words; may be empty beside a file",
        example="Vandaag hielp ik mevrouw met opstaan. Ik bleef rustig.",
    )
    goal_ids = Many(
        Id(about="A goal", example="019aab4e-5000-7aaa-8bbb-000000000001"),
        most=20,
        load_default=list,
        about="The goals it shows something about",
    )
    item_ids = Many(
        Id(about="A werkproces or keuzedeel", example="019aab4e-2100-7aaa-8bbb-000000000002"),
        most=20,
        load_default=list,
        about="The parts of the plan's framework it shows something about",
    )


class EvidenceBaseSchema(EvidenceWordsSchema):
    """What every piece of evidence says."""

    kind = Choice(
        EvidenceKind,
        load_default=EvidenceKind.WORK,
        about="Work, a reflection, feedback from somebody, or a certificate",
        example="work",
    )
    context = Choice(
        EvidenceContext,
        load_default=None,
        allow_none=True,
        about="Where it happened; with a placement it is the workplace, unless you say otherwise",
        example="workplace",
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
        about="Who may see it: coaches, placement; by name only by asking for feedback",
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
    scan = Choice(
        ScanState,
        about="What the virus scanner said; only the student sees what waits or is infected",
        example="none",
    )
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


class NewShareSchema(Contract):
    """Whom a piece is shown to."""

    audience = Choice(
        Audience,
        required=True,
        about="For whom; a person must be a peer in the plan",
        example="placement",
    )
    placement_id = Id(
        load_default=None,
        allow_none=True,
        about="Whose supervisors, for a placement",
        example="019aab4e-3000-7aaa-8bbb-000000000001",
    )
    person_id = Id(
        load_default=None,
        allow_none=True,
        about="Who, for a person",
        example="019aab4e-1f30-7c2a-9a51-3f0a6c1d2e01",
    )


class ShareSchema(NewShareSchema):
    """A share of a piece."""

    id = Id(about="The share", example="019aab4e-7200-7aaa-8bbb-000000000001")
    shared_at = Moment(about="Since when", example="2026-11-12T09:41:07Z")


class EvidenceSchema(EvidenceBaseSchema):
    """A piece of evidence."""

    id = Id(about="The evidence", example="019aab4e-7000-7aaa-8bbb-000000000001")
    plan_id = Id(about="Its plan", example="019aab4e-4000-7aaa-8bbb-000000000001")
    author = fields.Nested(NamedPersonSchema)
    state = Choice(EvidenceState, about="Who may see it", example="shared")
    version = Whole(least=1, most=2**31 - 1, about="Which version of its words", example=1)
    written_at = Moment(about="Since when it says this", example="2026-11-12T09:41:07Z")
    received_at = Moment(about="When it arrived", example="2026-11-12T09:41:07Z")
    withdrawn_at = Moment(
        allow_none=True, about="When it was withdrawn after somebody judged it", example=None
    )
    attachments = fields.List(fields.Nested(AttachmentSchema))
    shares = fields.List(
        fields.Nested(ShareSchema),
        metadata={"description": "Each share that goes on; only its student sees them"},
    )


class EvidencePageSchema(Contract):
    """A page of evidence."""

    items = fields.List(fields.Nested(EvidenceSchema))


class EvidenceQuery(PageQuery):
    """Which pieces of a plan."""

    state = Choice(EvidenceState, load_default=None, about="Only in this state", example="shared")
    kind = Choice(EvidenceKind, load_default=None, about="Only of this kind", example="work")
    goal_id = Id(load_default=None, about="Only towards this goal")
    item_id = Id(load_default=None, about="Only about this part of the framework")
    from_on = Day(load_default=None, about="Only what happened on this day or later")
    until_on = Day(load_default=None, about="Only what happened before this day")


SHOWN = EvidenceSchema()  # to make one costs more than to write with it


def found_piece(evidence_id: UUID) -> Evidence:
    """Return the evidence that this reader may see; raises NotFound."""
    return find(g.session, Evidence, evidence_id, person=g.person, on=g.today)


def tagged(shown: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the answer that shows a piece, with its tag."""
    return with_tag(SHOWN, shown)


def shown_pieces(evidence: Sequence[Evidence]) -> list[dict[str, Any]]:
    """Return evidence as this reader sees it, in six queries however many there are."""
    authors = by_id(Person, [piece.author_id for piece in evidence])
    shares = shares_of(g.session, evidence, on=g.today)
    return [
        _piece(piece, authors, shares[piece.evidence.id])
        for piece in pieces_of(g.session, evidence, person=g.person, on=g.today)
    ]


def _piece(
    piece: Piece, authors: dict[UUID, Person], shares: Sequence[EvidenceShare]
) -> dict[str, Any]:
    evidence = piece.evidence
    is_own = evidence.author_id == g.person.id
    said = {name: getattr(evidence, name) for name in SHOWN.fields if hasattr(evidence, name)}
    # Whom it is shown to by name is between its student and them.
    audiences = {
        share.audience for share in shares if is_own or share.audience is not Audience.PERSON
    }
    return {
        **said,
        "state": piece.state,
        "author": authors[evidence.author_id],
        "text": piece.text,
        "version": piece.version.number,
        "written_at": piece.version.written_at,
        "share_with": [audience for audience in Audience if audience in audiences],
        "shares": shares if is_own else [],
        "goal_ids": list(piece.goals),
        "item_ids": list(piece.items),
        "attachments": [_attachment(file) for file in piece.files_for(g.person)],
    }


def _attachment(file: Attachment) -> dict[str, Any]:
    where: dict[str, Any] = {"evidence_id": file.evidence_id, "attachment_id": file.id}
    has_thumbnail = file.thumbnail_digest is not None
    return {
        "id": file.id,
        "name": file.name,
        "media_type": file.media_type,
        "size": file.size,
        "scan": file.scan,
        "href": url_for("api-files.get_attachment", **where),
        "thumbnail_href": url_for("api-files.get_thumbnail", **where) if has_thumbnail else None,
    }
