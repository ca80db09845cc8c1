"""The bytes of files with evidence: always a download, never a page of ours."""

from unicodedata import normalize
from urllib.parse import quote
from uuid import UUID

from flask import Response, current_app, g

from api.blueprint import Blueprint
from identity.access import allows
from tracker import attachments
from tracker.errors import NotFound
from tracker.models import Attachment, Evidence
from tracker.permissions import Action, find

blp = Blueprint("files", about="The files of evidence")
BYTES = {"type": "string", "format": "binary"}


@blp.get("/evidence/<uuid:evidence_id>/attachments/<uuid:attachment_id>")
@allows(Action.SEE_EVIDENCE)
@blp.response(200, BYTES, content_type="application/octet-stream", description="The bytes")
def get_attachment(evidence_id: UUID, attachment_id: UUID) -> Response:
    """Download a file of evidence.

    Who may see the evidence may see its files. A photo comes without its place and its camera.
    """
    file = _find(evidence_id, attachment_id)
    return _bytes(file.digest, media_type=file.media_type, name=file.name, size=file.size)


@blp.get("/evidence/<uuid:evidence_id>/attachments/<uuid:attachment_id>/thumbnail")
@allows(Action.SEE_EVIDENCE)
@blp.response(200, BYTES, content_type="image/jpeg", description="A small picture")
def get_thumbnail(evidence_id: UUID, attachment_id: UUID) -> Response:
    """Download a small picture of a photo.

    At most 640 pixels wide and high. Other files than photos have none: 404.
    """
    file = _find(evidence_id, attachment_id)
    if file.thumbnail_digest is None:
        raise NotFound("no thumbnail")
    return _bytes(file.thumbnail_digest, media_type="image/jpeg", name=file.name)


def _find(evidence_id: UUID, attachment_id: UUID) -> Attachment:
    evidence = find(g.session, Evidence, evidence_id, person=g.person, on=g.today)
    file = find(g.session, Attachment, attachment_id, person=g.person, on=g.today)
    if file.evidence_id != evidence.id:
        raise NotFound("of other evidence")
    return file


def _bytes(digest: str, *, media_type: str, name: str, size: int | None = None) -> Response:
    """Send kept bytes so that no browser runs them on our origin (RFC 6266, CSP sandbox)."""
    parts = attachments.chunks(current_app.extensions["store"], digest)
    response = Response(parts, mimetype=media_type)
    if size is not None:
        response.content_length = size
    response.headers["Content-Disposition"] = (
        f"attachment; filename=\"{_ascii(name)}\"; filename*=UTF-8''{quote(name, safe='')}"
    )
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _ascii(name: str) -> str:
    """Return the name for programs that know no other letters."""
    plain = normalize("NFKD", name).encode("ascii", "ignore").decode()
    return "".join(letter if letter not in '"\\' else "'" for letter in plain)
