"""What a file is by its first bytes, whatever it is called; what we do not read is refused."""

import re
import zipfile
from enum import StrEnum
from typing import IO

import filetype

from importers.issues import Refused
from importers.readers.sniff import writing_of
from importers.readers.zipbundle import DAMAGED

HEAD = 8192
ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
# Old Excel's own binary form without the OLE shell around it, and its XML of 2003.
OLD_SHEETS = (b"\x09\x08\x10\x00", b"\x09\x04\x06\x00", b"\x09\x02\x06\x00")
SHEET_OF_2003 = b"urn:schemas-microsoft-com:office:spreadsheet"
CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
MOST_CONTROLS = 20  # one byte of so many may be no text at all: a file may be damaged
PAGES = ("<!doctype html", "<html", "<head", "<body", "<form", "<script", "<table", "<meta")
LINES = (".jsonl", ".ndjson")
# Of archives that are no zip bundle: an entry that gives them away, and what we say.
OTHERS = {
    "content.xml": "file.ods",
    "word/document.xml": "file.document",
    "ppt/presentation.xml": "file.document",
    "xl/workbook.bin": "file.old_excel",
}


class Shape(StrEnum):
    """How a file is built."""

    TEXT = "text"
    WORKBOOK = "workbook"
    ZIP = "zip"
    JSON = "json"
    LINES = "lines"
    XML = "xml"


def shape_of(content: IO[bytes], name: str) -> Shape:
    """Return how a file is built; raises Refused for what we do not read, with its own sentence."""
    content.seek(0)
    head = content.read(HEAD)
    content.seek(0)
    if head.startswith(ZIP):
        return _archive(content, name)
    _refuse_binary(content, head, name)
    text = _text_of(content, head).lstrip()
    start = text[:2000].casefold()
    if start.startswith("<"):
        if any(page in start for page in PAGES):
            raise Refused("file.web_page", file=name)
        if SHEET_OF_2003 in head:
            raise Refused("file.old_excel", file=name)
        return Shape.XML
    if start.startswith(("{", "[")):
        return _json(text, name)
    if name.lower().endswith(".zip"):
        raise Refused("zip.broken", file=name)
    return Shape.TEXT


def _archive(content: IO[bytes], name: str) -> Shape:
    try:
        with zipfile.ZipFile(content) as archive:
            names = set(archive.namelist())
    except DAMAGED:
        raise Refused("zip.broken", file=name) from None
    if "xl/workbook.xml" in names:
        return Shape.WORKBOOK
    for entry, code in OTHERS.items():
        if entry in names and (entry != "content.xml" or "mimetype" in names):
            raise Refused(code, file=name)
    return Shape.ZIP


def _refuse_binary(content: IO[bytes], head: bytes, name: str) -> None:
    if head.startswith(OLE):
        # The names of an OLE file's parts stand anywhere in it; workbooks this old are small.
        is_locked = ENCRYPTED in content.read(4_000_000)
        content.seek(0)
        raise Refused("file.password" if is_locked else "file.old_excel", file=name)
    if head.startswith(OLD_SHEETS):
        raise Refused("file.old_excel", file=name)
    if head.startswith(b"%PDF"):
        raise Refused("file.pdf", file=name)
    controls = len(CONTROLS.findall(head))
    if not controls or writing_of(content).encoding.startswith("utf-16"):
        return  # text, whatever its first letters are the sign of
    kind = filetype.guess(head)
    if kind is not None:
        is_picture = kind.mime.startswith(("image/", "video/", "audio/"))
        code = "file.picture" if is_picture else "file.no_text"
        raise Refused(code, file=name, detail=kind.extension)
    if controls * MOST_CONTROLS > len(head):
        raise Refused("file.no_text", file=name, detail="binary")


def _text_of(content: IO[bytes], head: bytes) -> str:
    encoding = writing_of(content).encoding if b"\0" in head[:200] else "utf-8-sig"
    return head.decode(encoding, "replace")


def _json(text: str, name: str) -> Shape:
    """Tell lines of JSON from a document: each line of the first is whole."""
    if name.lower().endswith(LINES):
        return Shape.LINES
    first, _, rest = text.partition("\n")
    is_whole = first.startswith("{") and first.rstrip().endswith("}")
    return Shape.LINES if is_whole and rest.lstrip().startswith("{") else Shape.JSON
