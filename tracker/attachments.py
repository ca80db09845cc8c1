"""Files by content hash, in a folder or in S3; photos lose their EXIF and place at the door."""

from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO

import filetype
import obstore
import pillow_heif
from obstore.store import ObjectStore, from_url
from PIL import Image, ImageOps, UnidentifiedImageError

from tracker.errors import Invalid

pillow_heif.register_heif_opener()

MAX_BYTES = 100 * 1024 * 1024
THUMBNAIL = (640, 640)
PHOTO = (2560, 2560)
# A photo of more pixels than any phone makes would fill the memory on decoding.
MAX_PIXELS = 100_000_000
PHOTOS = {"image/jpeg", "image/png", "image/webp", "image/heic", "image/heif"}
OFFICE = "application/vnd.openxmlformats-officedocument"
OTHERS = {
    "application/pdf",
    f"{OFFICE}.wordprocessingml.document",
    f"{OFFICE}.spreadsheetml.sheet",
    "video/mp4",
    "video/quicktime",
    "video/webm",
    "audio/mp4",
    "audio/m4a",
    "audio/x-m4a",
    "audio/mpeg",
}


@dataclass(frozen=True, kw_only=True)
class Content:
    """What arrived, made safe: the bytes to keep, and a small JPEG for photos."""

    media_type: str
    body: bytes
    thumbnail: bytes | None


def open_store(url: str) -> ObjectStore:
    """Open the folder (`file:///...`, made when missing) or bucket (`s3://...`) for files."""
    if url.startswith("file:"):
        return from_url(url, mkdir=True)
    return from_url(url)


def examine(body: bytes) -> Content:
    """Recognise a file by its first bytes and make it safe; raises Invalid for other kinds."""
    if not body:
        raise Invalid(files="file.empty")
    if len(body) > MAX_BYTES:
        raise Invalid(files="file.too_large")
    media_type = filetype.guess_mime(body)
    if media_type in PHOTOS:
        return _photo(body)
    if media_type in OTHERS:
        return Content(media_type=media_type, body=body, thumbnail=None)
    raise Invalid(files="file.kind_not_allowed")


def _photo(body: bytes) -> Content:
    try:
        with Image.open(BytesIO(body)) as image:
            if image.width * image.height > MAX_PIXELS:
                raise Invalid(files="file.too_many_pixels")
            upright = ImageOps.exif_transpose(image).convert("RGB")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        raise Invalid(files="file.damaged") from None
    return Content(
        media_type="image/jpeg",
        body=_jpeg(upright, PHOTO, quality=88),
        thumbnail=_jpeg(upright, THUMBNAIL, quality=80),
    )


def _jpeg(image: Image.Image, size: tuple[int, int], *, quality: int) -> bytes:
    """Encode pixels anew: nothing of the original file (EXIF, GPS, trailing bytes) comes along."""
    small = Image.new("RGB", image.size)
    small.paste(image)
    small.thumbnail(size)
    out = BytesIO()
    small.save(out, "JPEG", quality=quality)
    return out.getvalue()


def keep(store: ObjectStore, body: bytes) -> str:
    """Keep bytes under their SHA-256 and return it; keeping the same bytes twice is one file."""
    digest = sha256(body).hexdigest()
    obstore.put(store, _path(digest), body)
    return digest


def fetch(store: ObjectStore, digest: str) -> bytes:
    """Return the bytes kept under a digest; raises FileNotFoundError."""
    return bytes(obstore.get(store, _path(digest)).bytes())


def delete(store: ObjectStore, digest: str) -> None:
    """Forget the bytes under a digest, if they are there."""
    try:
        obstore.delete(store, _path(digest))
    except FileNotFoundError:
        return


def _path(digest: str) -> str:
    return f"{digest[:2]}/{digest}"
