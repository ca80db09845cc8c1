"""Files by content hash, in a folder or in S3; photos lose their EXIF and place at the door."""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import sha256
from io import SEEK_END, BytesIO
from pathlib import PurePosixPath
from typing import IO, Any
from uuid import UUID

import filetype
import obstore
import pillow_heif
from obstore.store import ObjectStore, from_url
from PIL import Image, ImageOps

from tracker.errors import Invalid

pillow_heif.register_heif_opener()

MAX_BYTES = 100 * 1024 * 1024
THUMBNAIL = (640, 640)
PHOTO = (2560, 2560)
# 64 megapixels, the largest that phones make without being asked; decoding takes 4 bytes each.
MAX_PIXELS = 65_000_000
PHOTOS = {"image/jpeg", "image/png", "image/webp", "image/heic", "image/heif"}
DECODERS = ("JPEG", "PNG", "WEBP", "HEIF")
OFFICE = "application/vnd.openxmlformats-officedocument"
# What else may come in, and how its name ends.
OTHERS = {
    "application/pdf": ".pdf",
    f"{OFFICE}.wordprocessingml.document": ".docx",
    f"{OFFICE}.spreadsheetml.sheet": ".xlsx",
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
    "video/webm": ".webm",
    "audio/mp4": ".m4a",
    "audio/m4a": ".m4a",
    "audio/x-m4a": ".m4a",
    "audio/mpeg": ".mp3",
    "audio/webm": ".webm",
}
# What a voice message may arrive as, and what it is kept as: browsers record sound in the
# containers of film.
VOICES = {
    "audio/mp4": "audio/mp4",
    "audio/m4a": "audio/mp4",
    "audio/x-m4a": "audio/mp4",
    "video/mp4": "audio/mp4",
    "audio/mpeg": "audio/mpeg",
    "video/webm": "audio/webm",
}
HEAD = 8192  # enough to recognise a file by
PART = 1024 * 1024
LONGEST_NAME = 200
KEPT = re.compile(r"(?:([0-9a-f-]{36})/)?[0-9a-f]{2}/([0-9a-f]{64})")


@dataclass(frozen=True, kw_only=True)
class Content:
    """What arrived, made safe: the bytes to keep or where to read them; photos also small."""

    media_type: str
    body: bytes | IO[bytes]
    size: int
    thumbnail: bytes | None


def open_store(url: str) -> ObjectStore:
    """Open the folder (`file:///...`, made when missing) or bucket (`s3://...`) for files."""
    if url.startswith("file:"):
        return from_url(url, mkdir=True)
    return from_url(url)


def examine(body: bytes | IO[bytes]) -> Content:
    """Recognise a file by its first bytes and make it safe; raises Invalid for other kinds.

    Only photos are read into memory: they are drawn anew.
    """
    stream = BytesIO(body) if isinstance(body, bytes) else body
    size = _size(stream)
    if size == 0:
        raise Invalid(files="file.empty")
    if size > MAX_BYTES:
        raise Invalid(files="file.too_large")
    media_type = _kind(stream)
    if media_type in PHOTOS:
        return _photo(stream.read())
    if media_type in OTHERS:
        return Content(media_type=media_type, body=body, size=size, thumbnail=None)
    raise Invalid(files="file.kind_not_allowed")


def examine_voice(body: bytes | IO[bytes]) -> Content:
    """Recognise a voice message (m4a, mp3, webm) by its first bytes; raises Invalid(recording=...).

    What it returns goes on as a file's does: `keep` its body, `plain_name` its name.
    """
    stream = BytesIO(body) if isinstance(body, bytes) else body
    size = _size(stream)
    if size == 0:
        raise Invalid(recording="file.empty")
    if size > MAX_BYTES:
        raise Invalid(recording="file.too_large")
    media_type = VOICES.get(_kind(stream))
    if media_type is None:
        raise Invalid(recording="file.kind_not_allowed")
    return Content(media_type=media_type, body=body, size=size, thumbnail=None)


def _size(stream: IO[bytes]) -> int:
    size = stream.seek(0, SEEK_END)
    stream.seek(0)
    return size


def _kind(stream: IO[bytes]) -> str:
    """Return the media type that the first bytes tell, or nothing."""
    media_type = filetype.guess_mime(stream.read(HEAD))
    stream.seek(0)
    return media_type or ""


def plain_name(name: str, media_type: str) -> str:
    """Return the name to keep: no folders, nothing unprintable, ending as its real kind does."""
    printable = "".join(letter for letter in name.replace("\\", "/") if letter.isprintable())
    stem = PurePosixPath(printable).stem.strip(" .")[:LONGEST_NAME]
    return f"{stem or 'bestand'}{OTHERS.get(media_type, '.jpg')}"


def _photo(body: bytes) -> Content:
    try:
        with Image.open(BytesIO(body), formats=DECODERS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise Invalid(files="file.too_many_pixels")
            photo = _plain(image)
    except (Invalid, Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Invalid(files="file.too_many_pixels") from None
    except Exception:  # a decoder may raise anything on bytes that somebody made up
        raise Invalid(files="file.damaged") from None
    small = photo.copy()
    small.thumbnail(THUMBNAIL)
    body = _jpeg(photo, quality=88)
    thumbnail = _jpeg(small, quality=80)
    return Content(media_type="image/jpeg", body=body, size=len(body), thumbnail=thumbnail)


def _plain(image: Image.Image) -> Image.Image:
    """Return upright pixels on white and nothing else of a file (EXIF, GPS, trailing bytes)."""
    if image.mode not in {"RGB", "RGBA", "L", "LA"}:
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    # Smaller first: a JPEG is then decoded no larger than needed, the rest fits in little memory.
    image.thumbnail(PHOTO)
    upright = ImageOps.exif_transpose(image).convert("RGBA")
    plain = Image.new("RGB", upright.size, "white")
    plain.paste(upright, mask=upright)
    return plain


def _jpeg(image: Image.Image, *, quality: int) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


def digest_of(body: bytes | IO[bytes]) -> str:
    """Return the SHA-256 under which these bytes are kept."""
    if isinstance(body, bytes):
        return sha256(body).hexdigest()
    digest = sha256()
    body.seek(0)
    while part := body.read(PART):
        digest.update(part)
    body.seek(0)
    return digest.hexdigest()


def keep(store: ObjectStore, school_id: UUID, body: bytes | IO[bytes]) -> str:
    """Keep a school's bytes under their SHA-256 and return it; the same bytes twice is one file."""
    digest = digest_of(body)
    obstore.put(store, _path(school_id, digest), body)
    return digest


def fetch(store: ObjectStore, school_id: UUID, digest: str) -> bytes:
    """Return the bytes kept under a digest; raises FileNotFoundError."""
    return b"".join(chunks(store, school_id, digest))


def size_of(store: ObjectStore, school_id: UUID, digest: str) -> int:
    """Return how many bytes are kept under a digest; raises FileNotFoundError."""
    return int(_found(obstore.head, store, school_id, digest)["size"])


def chunks(
    store: ObjectStore, school_id: UUID, digest: str, span: tuple[int, int] | None = None
) -> Iterator[bytes]:
    """Return the bytes kept under a digest in parts; raises FileNotFoundError at once.

    `span` asks for the bytes from a start up to an end (exclusive).
    """
    get = partial(obstore.get, options={"range": span} if span else None)
    found = _found(get, store, school_id, digest)
    return (bytes(part) for part in found.stream())


def delete(store: ObjectStore, school_id: UUID, digest: str) -> None:
    """Forget the bytes that a school keeps under a digest, if they are there."""
    with suppress(FileNotFoundError):
        obstore.delete(store, _path(school_id, digest))


def _path(school_id: UUID, digest: str) -> str:
    return f"{school_id}/{_old_path(digest)}"


def _old_path(digest: str) -> str:
    """Return where bytes were kept before each school had a place of its own."""
    return f"{digest[:2]}/{digest}"


def _found(read: Callable[..., Any], store: ObjectStore, school_id: UUID, digest: str) -> Any:
    try:
        return read(store, _path(school_id, digest))
    except FileNotFoundError:
        return read(store, _old_path(digest))


def kept_before(store: ObjectStore, before: datetime) -> Iterator[tuple[str, UUID | None, str]]:
    """Return the path, school and digest of all that was last kept before a moment.

    Of bytes in the old place no school is known: None.
    """
    for batch in obstore.list(store):
        for kept in batch:
            match = KEPT.fullmatch(kept["path"])
            if match is not None and kept["last_modified"] < before:
                school, digest = match.groups()
                yield kept["path"], UUID(school) if school else None, digest


def drop(store: ObjectStore, path: str, before: datetime) -> None:
    """Delete what `kept_before` returned, unless somebody kept it again in the meantime."""
    with suppress(FileNotFoundError):
        if obstore.head(store, path)["last_modified"] < before:
            obstore.delete(store, path)
