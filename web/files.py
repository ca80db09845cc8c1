"""The bytes of attachments: as a download, and photos also as a small picture."""

from urllib.parse import quote
from uuid import UUID

from flask import Blueprint, Response, abort, current_app, g, url_for

from identity.access import allows
from tracker import attachments
from tracker.evidence import Piece
from tracker.models import Attachment
from tracker.permissions import Action, find

blp = Blueprint("files", __name__, url_prefix="/files")


@blp.get("/<uuid:attachment_id>")
@allows(Action.SEE_EVIDENCE)
def attachment(attachment_id: UUID) -> Response:
    """Send a file under its own name; photos were made anew here, so a browser may show them."""
    found = find(g.session, Attachment, attachment_id, person=g.person, on=g.today)
    response = _bytes(found.digest, found.media_type)
    is_photo = found.thumbnail_digest is not None
    shown = "inline" if is_photo else "attachment"
    name = quote(found.name, safe="")  # a header holds few letters (RFC 6266)
    response.headers["Content-Disposition"] = f"{shown}; filename*=UTF-8''{name}"
    return response


@blp.get("/<uuid:attachment_id>/thumbnail")
@allows(Action.SEE_EVIDENCE)
def thumbnail(attachment_id: UUID) -> Response:
    """Send the small picture of a photo."""
    found = find(g.session, Attachment, attachment_id, person=g.person, on=g.today)
    if found.thumbnail_digest is None:
        abort(404)
    return _bytes(found.thumbnail_digest, "image/jpeg")


def _bytes(digest: str, media_type: str) -> Response:
    parts = attachments.chunks(current_app.extensions["store"], digest)
    response = Response(parts, mimetype=media_type)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def listed(piece: Piece) -> list[dict[str, object]]:
    """Return a piece's files as pages show them."""
    return [
        {
            "url": url_for("files.attachment", attachment_id=file.id),
            "name": file.name,
            "is_image": file.thumbnail_digest is not None,
            "preview_url": url_for("files.thumbnail", attachment_id=file.id),
        }
        for file in piece.attachments
    ]


def first_thumbnail(piece: Piece) -> str | None:
    """Return the address of the first photo's small picture, if there is a photo."""
    photos = [file for file in piece.attachments if file.thumbnail_digest is not None]
    return url_for("files.thumbnail", attachment_id=photos[0].id) if photos else None
