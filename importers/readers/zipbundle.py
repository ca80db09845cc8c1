"""Zip bundles, opened as if an enemy made them: names, counts, sizes and ratios have limits."""

import lzma
import re
import stat
import struct
import zipfile
import zlib
from pathlib import PurePosixPath
from typing import IO

from importers import bsn
from importers.issues import Refused

MOST_ENTRIES = 200
MOST_BYTES = 1_000_000_000
# Tables of text shrink some 10 times, of many equal rows 50 times; a zip bomb 1,000 times.
HIGHEST_RATIO = 300
RATIO_MATTERS_FROM = 1_000_000
IS_ENCRYPTED = 0x1
ARCHIVES = (".zip", ".rar", ".7z", ".gz", ".tar", ".tgz", ".bz2", ".xz")
UNSAFE_NAME = re.compile(r"^[/\\]|^[A-Za-z]:|(^|[/\\])\.\.([/\\]|$)|[\x00-\x1f\x7f]|\\")
# All that Python's zip reader may raise on a file that was damaged or made to hurt.
DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)
JUNK = re.compile(r"(^|/)(__MACOSX/|\.DS_Store$|Thumbs\.db$|desktop\.ini$|\._)")


def open_bundle(
    content: IO[bytes], *, most_entries: int = MOST_ENTRIES
) -> tuple[zipfile.ZipFile, dict[str, zipfile.ZipInfo]]:
    """Open a zip within the limits; returns its files by path, what systems leave behind left out.

    Raises Refused when it is no whole zip, or when anything about it is unsafe.
    """
    try:
        bundle = zipfile.ZipFile(content)
    except DAMAGED:
        raise Refused("zip.broken") from None
    entries = bundle.infolist()
    if len(entries) > most_entries:
        raise Refused("zip.too_many_files", detail=str(most_entries))
    if sum(entry.file_size for entry in entries) > MOST_BYTES:
        raise Refused("zip.too_large")
    for entry in entries:
        _check(entry)
    files = [entry for entry in entries if not entry.is_dir() and not JUNK.search(entry.filename)]
    found: dict[str, zipfile.ZipInfo] = {}
    for entry in files:
        if entry.filename.lower().endswith(ARCHIVES):
            raise Refused("zip.nested", file=bsn.drop_text(base_name(entry.filename)))
        if entry.filename in found:
            raise Refused("zip.same_file_twice", file=bsn.drop_text(base_name(entry.filename)))
        found[entry.filename] = entry
    return bundle, found


def base_name(path: str) -> str:
    """Return the name of a file without its folders."""
    return PurePosixPath(path).name


def _check(entry: zipfile.ZipInfo) -> None:
    if UNSAFE_NAME.search(entry.orig_filename) or len(entry.filename) > 200:  # noqa: PLR2004 - our column
        raise Refused("zip.unsafe_name")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise Refused("zip.unsafe_name")
    if entry.flag_bits & IS_ENCRYPTED:
        raise Refused("zip.encrypted", file=bsn.drop_text(base_name(entry.filename)))
    ratio = entry.file_size / max(entry.compress_size, 1)
    if entry.file_size > RATIO_MATTERS_FROM and ratio > HIGHEST_RATIO:
        raise Refused("zip.bomb", file=bsn.drop_text(base_name(entry.filename)))
