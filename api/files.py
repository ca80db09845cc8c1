"""Where programs find the bytes of files: looked up here, then sent on to where uploads live."""

from uuid import UUID

from flask import current_app, g, redirect
from werkzeug.wrappers import Response

from api.blueprint import Blueprint
from identity.access import allows
from identity.files import link_to, link_to_thumbnail
from tracker.errors import NotFound
from tracker.models import Attachment, Evidence, Recording
from tracker.permissions import Action, find

blp = Blueprint("files", about="The files of evidence and of judgements")
LINK = "To the bytes: the address in Location works for a minute, without a token"


@blp.get("/evidence/<uuid:evidence_id>/attachments/<uuid:attachment_id>")
@allows(Action.SEE_EVIDENCE)
@blp.response(303, description=LINK)
def get_attachment(evidence_id: UUID, attachment_id: UUID) -> Response:
    """Download a file of evidence.

    Who may see the evidence may see its files. A photo comes without its place and its camera.
    The bytes come from another host: follow the answer. What a virus scanner refused is nobody's.
    """
    file = _find(evidence_id, attachment_id)
    return _lead_to(link_to(current_app.extensions["settings"], file))


@blp.get("/evidence/<uuid:evidence_id>/attachments/<uuid:attachment_id>/thumbnail")
@allows(Action.SEE_EVIDENCE)
@blp.response(303, description=LINK)
def get_thumbnail(evidence_id: UUID, attachment_id: UUID) -> Response:
    """Download a small picture of a photo.

    At most 640 pixels wide and high. Other files than photos have none: 404.
    """
    file = _find(evidence_id, attachment_id)
    return _lead_to(link_to_thumbnail(current_app.extensions["settings"], file))


@blp.get("/recordings/<uuid:recording_id>")
@allows(Action.SEE_JUDGEMENT)
@blp.response(303, description=LINK)
def get_recording(recording_id: UUID) -> Response:
    """Download the voice message of a judgement.

    Who may see the judgement may hear it.
    """
    file = find(g.session, Recording, recording_id, person=g.person, on=g.today)
    return _lead_to(link_to(current_app.extensions["settings"], file))


def _find(evidence_id: UUID, attachment_id: UUID) -> Attachment:
    evidence = find(g.session, Evidence, evidence_id, person=g.person, on=g.today)
    file = find(g.session, Attachment, attachment_id, person=g.person, on=g.today)
    if file.evidence_id != evidence.id:
        raise NotFound("of other evidence")
    return file


def _lead_to(link: str | None) -> Response:
    if link is None:
        raise NotFound("no thumbnail")
    return redirect(link, 303)
