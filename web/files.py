"""Where pages find the bytes of files: looked up here, then sent on to where uploads live."""

from uuid import UUID

from flask import Blueprint, current_app, g, redirect, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from identity.access import allows
from identity.files import link_to, link_to_thumbnail
from tracker.errors import NotFound
from tracker.models import Attachment, Recording, ScanState
from tracker.permissions import Action, find
from tracker.pieces import Piece

blp = Blueprint("files", __name__, url_prefix="/files")


@blp.get("/<uuid:attachment_id>")
@allows(Action.SEE_EVIDENCE)
def attachment(attachment_id: UUID) -> Response:
    """Lead to a file of evidence, as a download."""
    found = find(g.session, Attachment, attachment_id, person=g.person, on=g.today)
    return _lead_to(link_to(current_app.extensions["settings"], found))


@blp.get("/<uuid:attachment_id>/thumbnail")
@allows(Action.SEE_EVIDENCE)
def thumbnail(attachment_id: UUID) -> Response:
    """Lead to the small picture of a photo."""
    found = find(g.session, Attachment, attachment_id, person=g.person, on=g.today)
    return _lead_to(link_to_thumbnail(current_app.extensions["settings"], found))


@blp.get("/recordings/<uuid:recording_id>")
@allows(Action.SEE_JUDGEMENT)
def recording(recording_id: UUID) -> Response:
    """Lead to the voice message of a judgement."""
    found = find(g.session, Recording, recording_id, person=g.person, on=g.today)
    return _lead_to(link_to(current_app.extensions["settings"], found))


def _lead_to(link: str | None) -> Response:
    if link is None:
        raise NotFound("no thumbnail")
    return redirect(link, 303)


def listed(piece: Piece) -> list[dict[str, object]]:
    """Return a piece's files as pages show them; `url` is None when nobody may have the bytes."""
    people = None
    if piece.evidence.has_people and piece.evidence.author_id != g.person.id:
        people = gettext("There may be people in it. Do not pass it on.")
    return [
        {
            "url": None if is_infected else url_for("files.attachment", attachment_id=file.id),
            "name": file.name,
            "is_image": file.thumbnail_digest is not None and not is_infected,
            "preview_url": url_for("files.thumbnail", attachment_id=file.id),
            "note": _note(file.scan) or people,
        }
        for file in piece.files_for(g.person)
        for is_infected in (file.scan is ScanState.INFECTED,)
    ]


def _note(scan: ScanState) -> str | None:
    """Return what the owner of a file should know about it."""
    if scan is ScanState.WAITING:
        return gettext("Still being checked. Others do not see this file yet.")
    if scan is ScanState.INFECTED:
        return gettext("This file is not safe. Nobody can open it. Add a clean copy.")
    return None


def first_thumbnail(piece: Piece) -> str | None:
    """Return the address of the first photo's small picture, if there is a photo."""
    photos = [file for file in listed(piece) if file["is_image"]]
    return str(photos[0]["preview_url"]) if photos else None
