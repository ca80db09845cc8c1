"""Files at the door: what comes in, what is left behind, and what is turned away."""

import struct
import subprocess
import sys
import zipfile
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import hypothesis
import obstore
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tracker import attachments
from tracker.attachments import examine, plain_name
from tracker.db import new_id
from tracker.errors import Invalid

ROOT = Path(__file__).parent.parent.parent
SCHOOL = new_id()
ORIENTATION, MAKER, GPS = 0x0112, 0x010F, 0x8825
OFFICE = "application/vnd.openxmlformats-officedocument"


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def photo_with_place(kind: str) -> bytes:
    """Return a picture, red with a blue corner top left, with maker, place and a turned camera."""
    image = Image.new("RGB", (400, 300), "red")
    image.paste("blue", (0, 0, 100, 100))
    exif = Image.Exif()
    exif[MAKER] = "TelefoonMerk"
    exif[GPS] = {1: "N", 2: (52.0, 59.0, 33.0), 3: "E", 4: (6.0, 33.0, 45.0)}
    if kind != "HEIF":
        exif[ORIENTATION] = 6
    return encoded(image, kind, exif=exif)


def read(content: attachments.Content) -> bytes:
    return content.body if isinstance(content.body, bytes) else content.body.read()


def opened(body: bytes) -> Image.Image:
    return Image.open(BytesIO(body))


def code_of(body: bytes) -> str:
    with pytest.raises(Invalid) as refusal:
        examine(body)
    return refusal.value.fields["files"]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_a_photo_loses_its_place_its_maker_and_its_kind(kind: str) -> None:
    body = photo_with_place(kind)
    assert opened(body).getexif().get(MAKER) == "TelefoonMerk"
    content = examine(body)
    assert content.media_type == "image/jpeg"
    assert content.size == len(read(content))
    assert content.thumbnail is not None
    for made in (read(content), content.thumbnail):
        assert b"TelefoonMerk" not in made
        assert opened(made).format == "JPEG"
        assert dict(opened(made).getexif()) == {}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_stands_upright(kind: str) -> None:
    made = opened(read(examine(photo_with_place(kind))))
    assert made.size == (300, 400)
    red, _, blue = made.getpixel((290, 10))  # type: ignore[misc]  # an RGB image has three
    assert blue > 200 > red


def test_what_is_see_through_becomes_white() -> None:
    made = opened(read(examine(encoded(Image.new("RGBA", (50, 50), (0, 0, 0, 0)), "PNG"))))
    assert made.getpixel((25, 25)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_kind_of_pixel_is_read(mode: str) -> None:
    assert opened(read(examine(encoded(Image.new(mode, (60, 40)), "PNG")))).size == (60, 40)


def test_a_large_photo_is_made_smaller_and_has_a_thumbnail() -> None:
    content = examine(encoded(Image.new("RGB", (4000, 3000), "green"), "JPEG"))
    assert opened(read(content)).size == (2560, 1920)
    assert content.thumbnail is not None
    assert opened(content.thumbnail).size == (640, 480)


def test_a_file_hidden_behind_a_photo_does_not_come_in() -> None:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("evil.html", "<script>alert(1)</script>")
    polyglot = photo_with_place("JPEG") + out.getvalue()
    made = read(examine(polyglot))
    assert b"evil.html" not in made
    assert not zipfile.is_zipfile(BytesIO(made))


def document(*names: str) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in ("[Content_Types].xml", "_rels/.rels", *names):
            archive.writestr(name, "<x/>")
    return out.getvalue()


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "application/pdf"),
        (document("word/document.xml"), f"{OFFICE}.wordprocessingml.document"),
        (document("xl/workbook.xml"), f"{OFFICE}.spreadsheetml.sheet"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0" * 100, "video/mp4"),
        (b"\0\0\0\x14ftypqt  \0\0\0\0qt  " + b"\0" * 100, "video/quicktime"),
        (b"\x1aE\xdf\xa3" + b"\x42\x82\x84webm" + b"\0" * 100, "video/webm"),
        (b"ID3\x04\0\0\0\0\0\0" + b"\0" * 100, "audio/mpeg"),
    ],
)
def test_documents_film_and_sound_are_kept_as_they_are(body: bytes, media_type: str) -> None:
    content = examine(body)
    assert (content.media_type, content.thumbnail) == (media_type, None)
    assert read(content) == body


@pytest.mark.parametrize(
    "body",
    [
        b"MZ\x90\0" + b"\0" * 200,
        b"\x7fELF" + b"\0" * 200,
        b"#!/bin/sh\necho hello\n",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<!doctype html><script>alert(1)</script>",
        document("evil.exe"),
        b"GIF89a" + b"\0" * 100,
        b"\xff\xd8",
        b"hello",
    ],
)
def test_anything_else_is_refused_whatever_its_name(body: bytes) -> None:
    assert code_of(body) == "file.kind_not_allowed"


def test_an_empty_file_is_refused() -> None:
    assert code_of(b"") == "file.empty"


def test_a_file_over_the_limit_is_refused_before_it_is_read() -> None:
    class Endless(BytesIO):
        def seek(self, _offset: int, whence: int = 0) -> int:
            return attachments.MAX_BYTES + 1 if whence else 0

        def read(self, _size: int | None = -1) -> bytes:
            raise AssertionError("read")

    with pytest.raises(Invalid) as refusal:
        examine(Endless())
    assert refusal.value.fields == {"files": "file.too_large"}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_half_a_photo_is_refused_as_damaged(kind: str) -> None:
    noise = Image.effect_noise((400, 300), 80).convert("RGB")
    body = encoded(noise, kind)
    assert code_of(body[: len(body) // 2]) == "file.damaged"


def outcome(body: bytes) -> str:
    """Return what a file became, or the code it was refused with."""
    try:
        return examine(body).media_type
    except Invalid as refusal:
        return refusal.fields["files"]


@hypothesis.settings(deadline=None)  # the machine may be busy
@given(st.sampled_from(["JPEG", "PNG", "WEBP", "HEIF"]), st.data())
def test_a_photo_with_flipped_bytes_is_read_or_refused(kind: str, data: st.DataObject) -> None:
    body = bytearray(encoded(Image.new("RGB", (32, 24), "teal"), kind))
    for _ in range(data.draw(st.integers(1, 8))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    assert outcome(bytes(body)) in {
        "image/jpeg",
        "file.damaged",
        "file.too_many_pixels",
        "file.kind_not_allowed",
    }


def bomb(side: int) -> bytes:
    """Return a black PNG of side x side pixels, made without ever holding them."""
    squeezed = zlib.compressobj(9)
    row = bytes(side // 8 + 2)
    pixels = b"".join(squeezed.compress(row) for _ in range(side)) + squeezed.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", pixels), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in parts
    )


EXAMINE = """
import resource, sys
from tracker.attachments import examine
from tracker.errors import Invalid

body = sys.stdin.buffer.read()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    print(examine(body).media_type)
except Invalid as refusal:
    print(refusal.fields["files"])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize(
    ("side", "outcome", "megabytes"),
    [
        (8_000, "image/jpeg", 400),
        (9_000, "file.too_many_pixels", 16),
        (30_000, "file.too_many_pixels", 16),
    ],
)
def test_a_small_file_that_unpacks_enormously_takes_little_memory(
    side: int, outcome: str, megabytes: int
) -> None:
    body = bomb(side)
    assert len(body) < 1024 * 1024
    done = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-W", "ignore", "-c", EXAMINE],
        cwd=ROOT,
        input=body,
        capture_output=True,
        check=True,
    )
    said, grown = done.stdout.decode().splitlines()
    assert said == outcome
    assert int(grown) < megabytes * 1024, f"{grown} kB"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("IMG_2041.HEIC", "IMG_2041.jpg"),
        ("../../etc/passwd", "passwd.jpg"),
        ("C:\\Users\\sanne\\foto.png", "foto.jpg"),
        ("foto\r\nSet-Cookie: x.png", "fotoSet-Cookie: x.jpg"),
        ("\u202egpj.exe", "gpj.jpg"),
        ("\0", "bestand.jpg"),
        ("..", "bestand.jpg"),
        ("x" * 500 + ".png", "x" * 200 + ".jpg"),
    ],
)
def test_a_name_keeps_its_words_and_nothing_that_does_anything(name: str, kept: str) -> None:
    assert plain_name(name, "image/jpeg") == kept


# Keeping


@pytest.fixture
def store(tmp_path: Path) -> Any:
    return attachments.open_store(f"file://{tmp_path}/not/there/yet")


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_the_same_bytes_are_kept_once_under_their_checksum(store: Any, tmp_path: Path) -> None:
    digest = attachments.keep(store, SCHOOL, b"bewijs")
    assert attachments.keep(store, SCHOOL, BytesIO(b"bewijs")) == digest
    assert [path.name for path in files(tmp_path)] == [digest]
    assert attachments.fetch(store, SCHOOL, digest) == b"bewijs"
    assert attachments.size_of(store, SCHOOL, digest) == 6
    assert b"".join(attachments.chunks(store, SCHOOL, digest)) == b"bewijs"


def test_a_part_of_the_bytes_is_read_alone(store: Any) -> None:
    digest = attachments.keep(store, SCHOOL, b"bewijs")
    assert b"".join(attachments.chunks(store, SCHOOL, digest, (2, 4))) == b"wi"


def test_each_school_keeps_its_own_copy_of_the_same_bytes(store: Any, tmp_path: Path) -> None:
    here, there = SCHOOL, new_id()
    digest = attachments.keep(store, here, b"bewijs")
    with pytest.raises(FileNotFoundError):
        attachments.fetch(store, there, digest)
    attachments.keep(store, there, b"bewijs")
    assert len(files(tmp_path)) == 2
    attachments.delete(store, here, digest)
    assert attachments.fetch(store, there, digest) == b"bewijs"


def test_bytes_from_before_schools_had_a_place_are_still_found(store: Any) -> None:
    digest = attachments.digest_of(b"vroeger")
    obstore.put(store, f"{digest[:2]}/{digest}", b"vroeger")
    assert attachments.fetch(store, SCHOOL, digest) == b"vroeger"
    assert attachments.size_of(store, SCHOOL, digest) == 7
    assert b"".join(attachments.chunks(store, SCHOOL, digest, (0, 3))) == b"vro"


def test_bytes_that_are_not_there_are_said_to_be_missing(store: Any) -> None:
    for read_from in (attachments.fetch, attachments.chunks, attachments.size_of):
        with pytest.raises(FileNotFoundError):
            read_from(store, SCHOOL, "0" * 64)


def test_forgetting_bytes_twice_is_forgetting_them(store: Any) -> None:
    digest = attachments.keep(store, SCHOOL, b"bewijs")
    attachments.delete(store, SCHOOL, digest)
    attachments.delete(store, SCHOOL, digest)
    with pytest.raises(FileNotFoundError):
        attachments.fetch(store, SCHOOL, digest)


# Voices


@pytest.mark.parametrize(
    ("body", "media_type", "ending"),
    [
        (b"\0\0\0\x18ftypM4A \0\0\0\0M4A mp42" + b"\0" * 100, "audio/mp4", ".m4a"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0" * 100, "audio/mp4", ".m4a"),
        (b"ID3\x04\0\0\0\0\0\0" + b"\0" * 100, "audio/mpeg", ".mp3"),
        (b"\x1aE\xdf\xa3\x42\x82\x84webm" + b"\0" * 100, "audio/webm", ".webm"),
    ],
)
def test_a_voice_is_taken_as_phones_and_browsers_record_it(
    body: bytes, media_type: str, ending: str
) -> None:
    content = attachments.examine_voice(BytesIO(body))
    assert (content.media_type, content.size, content.thumbnail) == (media_type, len(body), None)
    assert read(content) == body
    assert plain_name("opname.bin", content.media_type) == f"opname{ending}"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "file.empty"),
        (photo_with_place("JPEG"), "file.kind_not_allowed"),
        (b"%PDF-1.7\n", "file.kind_not_allowed"),
        (b"OggS\0\x02" + b"\0" * 100, "file.kind_not_allowed"),
        (b"RIFF\0\0\0\0WAVEfmt " + b"\0" * 100, "file.kind_not_allowed"),
        (b"<script>alert(1)</script>", "file.kind_not_allowed"),
    ],
)
def test_a_voice_message_is_nothing_else_than_sound(body: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        attachments.examine_voice(body)
    assert refusal.value.fields == {"recording": code}
