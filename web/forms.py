"""Forms: shape by marshmallow, meaning by the tracker; whatever comes back keeps what was sent."""

from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from flask import current_app, g
from itsdangerous import BadSignature, URLSafeTimedSerializer
from marshmallow import EXCLUDE, Schema, ValidationError, fields, missing, validate
from werkzeug.datastructures import FileStorage, MultiDict

from tracker import attachments, scanner
from tracker.attachments import Content
from tracker.errors import Invalid
from tracker.evidence import KeptFile
from tracker.models import ScanState
from web.words import sentence

KEPT_SECONDS = 12 * 3600  # well before the bytes are dropped for want of a row (upkeep.py)
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)  # as in the API


@dataclass
class Filled:
    """What a person filled in: `data` when right, `errors` as codes by field when not."""

    values: dict[str, Any]
    data: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    def sentences(self) -> dict[str, str]:
        """Return the errors as sentences, in the reader's language."""
        return {name: sentence(code) for name, code in self.errors.items()}

    def refuse(self, refusal: Invalid) -> None:
        """Take over what the tracker refused."""
        self.errors.update(refusal.fields)


class Form(Schema):
    """A form; the browser's own fields (the CSRF token, a button) are left aside."""

    class Meta:
        """Leave aside what is not ours."""

        unknown = EXCLUDE


def words(length: int, *, required: bool = True) -> fields.String:
    """Declare a text without NUL; empty counts as missing."""
    return fields.String(
        required=required,
        load_default=missing if required else None,
        validate=[
            validate.Length(max=length, error="too_long"),
            validate.ContainsNoneOf("\0", error="not_a_choice"),
        ],
        error_messages=CODES,
    )


def day(*, required: bool = True) -> fields.Date:
    """Declare a day, of this century or those beside it."""
    return fields.Date(
        required=required,
        load_default=missing if required else None,
        validate=validate.Range(FIRST_DAY, LAST_DAY, error="not_a_date"),
        error_messages={**CODES, "invalid": "not_a_date"},
    )


CODES: dict[str, Any] = {
    "required": "required",
    "null": "required",
    "invalid": "not_a_choice",
    "invalid_uuid": "not_a_choice",
    "format": "not_a_date",
}
# Of what is chosen instead of written.
CHOICE: dict[str, Any] = {**CODES, "required": "not_a_choice", "unknown": "not_a_choice"}


def fill(schema: Schema, form: MultiDict[str, str], *, lists: tuple[str, ...] = ()) -> Filled:
    """Check a form; an empty answer is a missing one."""
    values: dict[str, Any] = {name: form.get(name, "").strip() for name in form}
    values.update({name: form.getlist(name) for name in lists})
    sent = {name: value for name, value in values.items() if value != ""}
    try:
        return Filled(values, dict(schema.load(sent)))
    except ValidationError as refusal:
        messages = refusal.messages if isinstance(refusal.messages, dict) else {}
        return Filled(values, errors={str(name): _first(codes) for name, codes in messages.items()})


def _first(codes: Any) -> str:
    """Return the first code, however deep marshmallow put it."""
    while not isinstance(codes, str):
        codes = next(iter(codes.values() if isinstance(codes, dict) else codes))
    return codes


@dataclass
class Uploads:
    """The files of a form: what their rows will say, and the contents that are not kept yet."""

    files: list[KeptFile] = field(default_factory=list)
    contents: list[Content] = field(default_factory=list)

    def keep(self) -> None:
        """Keep the bytes: the rows stand, or the form comes back and must not lose them.

        What no row uses in the end is dropped after a while.
        """
        store, school_id = current_app.extensions["store"], g.person.school_id
        for content in self.contents:
            attachments.keep(store, school_id, content.body)
            if content.thumbnail is not None:
                attachments.keep(store, school_id, content.thumbnail)
        self.contents.clear()


def read_uploads(sent: list[FileStorage], kept: list[str]) -> tuple[Uploads, Invalid | None]:
    """Examine what was uploaded, and take up what an earlier try kept.

    Returns the files that may come in, and the refusal of those that may not.
    """
    uploads, refused = Uploads(), None
    for token in kept:
        try:
            uploads.files.append(_taken_up(token))
        except Invalid as refusal:
            refused = refusal
    for upload in sent:
        if not upload.filename:
            continue
        try:
            content = attachments.examine(upload.stream)
        except Invalid as refusal:
            refused = refusal
            continue
        thumbnail = content.thumbnail
        uploads.contents.append(content)
        uploads.files.append(
            KeptFile(
                name=attachments.plain_name(upload.filename, content.media_type),
                media_type=content.media_type,
                size=content.size,
                digest=attachments.digest_of(content.body),
                thumbnail_digest=attachments.digest_of(thumbnail) if thumbnail else None,
                scan=scanner.first_state(current_app.extensions["settings"].clamd_url),
            )
        )
    return uploads, refused


def kept_token(file: KeptFile) -> str:
    """Return what lets only this person take up a kept file again."""
    return _signer().dumps({**asdict(file), "person": str(g.person.id)})


def _taken_up(token: str) -> KeptFile:
    try:
        file = _signer().loads(token, max_age=KEPT_SECONDS)
    except BadSignature:
        raise Invalid(files="file.damaged") from None
    if file.pop("person") != str(g.person.id):
        raise Invalid(files="file.damaged")
    found = KeptFile(**{**file, "scan": ScanState(file["scan"])})
    try:
        attachments.size_of(current_app.extensions["store"], g.person.school_id, found.digest)
    except FileNotFoundError:
        raise Invalid(files="file.damaged") from None
    return found


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.extensions["settings"].secret_key, salt="kept-file")
