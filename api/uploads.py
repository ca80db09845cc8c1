"""Files that come in: examined before anything is written, kept once the rows stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from flask import current_app
from obstore.store import ObjectStore
from werkzeug.datastructures import FileStorage, MultiDict

from api.parsing import FILES
from tracker import attachments, scanner
from tracker.attachments import Content
from tracker.errors import Invalid
from tracker.evidence import KeptFile


@dataclass(frozen=True)
class Upload:
    """A file that may come in: what its row will say, and its safe content."""

    file: KeptFile
    content: Content


def read_uploads(files: MultiDict[str, FileStorage]) -> list[Upload]:
    """Examine the files of a form; raises Invalid naming the one that may not come in."""
    named = [file for file in files.getlist(FILES) if file.filename]
    return [_upload(file, number) for number, file in enumerate(named)]


def _upload(file: FileStorage, number: int) -> Upload:
    try:
        content = attachments.examine(file.stream)
    except Invalid as refused:
        raise Invalid(**{f"{FILES}.{number}": refused.fields[FILES]}) from None
    thumbnail = content.thumbnail
    return Upload(
        file=KeptFile(
            name=attachments.plain_name(file.filename or "", content.media_type),
            media_type=content.media_type,
            size=content.size,
            digest=attachments.digest_of(content.body),
            thumbnail_digest=attachments.digest_of(thumbnail) if thumbnail else None,
            scan=scanner.first_state(current_app.extensions["settings"].clamd_url),
        ),
        content=content,
    )


def keep_uploads(store: ObjectStore, school_id: UUID, uploads: Sequence[Upload]) -> None:
    """Keep the bytes of files and their thumbnails."""
    for upload in uploads:
        attachments.keep(store, school_id, upload.content.body)
        if upload.content.thumbnail is not None:
            attachments.keep(store, school_id, upload.content.thumbnail)
