"""A voice message that goes with a view: at most one, and only sound."""

from flask import current_app, g, request

from tracker import attachments, scanner
from tracker.evidence import KeptFile

FIELD = "recording"


def read_voice() -> KeptFile | None:
    """Keep the voice message of the form at hand, if there is one; raises Invalid(recording=...).

    A browser forgets it when a form comes back, so forms ask for it last.
    """
    upload = request.files.get(FIELD)
    if upload is None or not upload.filename:
        return None
    content = attachments.examine_voice(upload.stream)
    store, school_id = current_app.extensions["store"], g.school.id
    return KeptFile(
        name=attachments.plain_name(upload.filename, content.media_type),
        media_type=content.media_type,
        size=content.size,
        digest=attachments.keep(store, school_id, content.body),
        thumbnail_digest=None,
        scan=scanner.first_state(current_app.extensions["settings"].clamd_url),
    )
