"""Files by content hash, in a folder or in S3; photos lose their EXIF and place at the door."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from io import SEEK_END, BytesIO
from pathlib import PurePosixPath
from typing import IO

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
}
HEAD = 8192  # enough to recognise a file by
PART = 1024 * 1024
LONGEST_NAME = 200


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
    size = stream.seek(0, SEEK_END)
    stream.seek(0)
    if size == 0:
        raise Invalid(files="file.empty")
    if size > MAX_BYTES:
        raise Invalid(files="file.too_large")
    media_type = filetype.guess_mime(stream.read(HEAD))
    stream.seek(0)
    if media_type in PHOTOS:
        return _photo(stream.read())
    if media_type in OTHERS:
        return Content(media_type=media_type, body=body, size=size, thumbnail=None)
    raise Invalid(files="file.kind_not_allowed")


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


def keep(store: ObjectStore, body: bytes | IO[bytes]) -> str:
    """Keep bytes under their SHA-256 and return it; keeping the same bytes twice is one file."""
    digest = digest_of(body)
    obstore.put(store, _path(digest), body)
    return digest


def fetch(store: ObjectStore, digest: str) -> bytes:
    """Return the bytes kept under a digest; raises FileNotFoundError."""
    return bytes(obstore.get(store, _path(digest)).bytes())


def chunks(store: ObjectStore, digest: str) -> Iterator[bytes]:
    """Return the bytes kept under a digest in parts; raises FileNotFoundError at once."""
    found = obstore.get(store, _path(digest))
    return (bytes(part) for part in found.stream())


def delete(store: ObjectStore, digest: str) -> None:
    """Forget the bytes under a digest, if they are there."""
    try:
        obstore.delete(store, _path(digest))
    except FileNotFoundError:
        return


def _path(digest: str) -> str:
    return f"{digest[:2]}/{digest}"
