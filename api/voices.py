"""A voice message that comes in with a judgement: at most one, recognised before anything else."""

from flask import current_app, request

from api.parsing import FILES
from api.uploads import Upload
from tracker import attachments, scanner
from tracker.errors import Invalid
from tracker.evidence import KeptFile


def read_voice() -> Upload | None:
    """Return the voice message of the form at hand, if there is one; raises Invalid."""
    named = [file for file in request.files.getlist(FILES) if file.filename]
    if not named:
        return None
    if len(named) > 1:
        raise Invalid(files="files.too_many")
    try:
        content = attachments.examine_voice(named[0].stream)
    except Invalid as refused:
        raise Invalid(**{f"{FILES}.0": refused.fields["recording"]}) from None
    return Upload(
        file=KeptFile(
            name=attachments.plain_name(named[0].filename or "", content.media_type),
            media_type=content.media_type,
            size=content.size,
            digest=attachments.digest_of(content.body),
            thumbnail_digest=None,
            scan=scanner.first_state(current_app.extensions["settings"].clamd_url),
        ),
        content=content,
    )
