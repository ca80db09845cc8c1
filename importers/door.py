"""The door: what a file is, whether it may come in, and what stays outside (BSN, other files).

Nothing of a file is kept before it has passed here. What is kept is a rewritten copy.
"""

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import IO, Any

from importers import bsn, kwalificaties, oneroster
from importers.issues import Column, Finding, Refused, Severity
from importers.readers.tabular import LONGEST_CELL
from importers.readers.zipbundle import DAMAGED, base_name, open_bundle
from importers.source import Opening, Source

KINDS = (oneroster.KIND, kwalificaties.KIND)
MOST_BYTES = 64_000_000
CHUNK = 1_000_000
ZIP_STARTS = b"PK"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, kw_only=True)
class Admitted:
    """A file that may come in: its kind, what is kept of it, how it was written, what is wrong."""

    kind: str
    body: bytes
    findings: tuple[Finding, ...]
    dialect: Mapping[str, Any] = field(default_factory=dict)


def admit(body: bytes, *, file_name: str, kind: str | None) -> Admitted:
    """Recognise a file and take out what may not come in; raises Refused."""
    if not body:
        raise Refused("file.empty", file=file_name)
    if len(body) > MOST_BYTES:
        raise Refused("file.too_large", file=file_name, detail=f"{MOST_BYTES // 1_000_000} MB")
    found = _recognise(body, file_name)
    if kind is not None and kind != found:
        code = "zip.broken" if kind == oneroster.KIND else "file.unknown_kind"
        raise Refused(code, file=file_name)
    if found is None:
        raise Refused("file.unknown_kind", file=file_name)
    try:
        if found == oneroster.KIND:
            return _admit_bundle(body)
        findings: list[Finding] = []
        kept = b"".join(_cleaned(io.BytesIO(body), file_name, findings))
    except Refused as refusal:
        if refusal.finding.file is None:
            refusal.finding = replace(refusal.finding, file=file_name)
        raise
    return Admitted(kind=found, body=kept, findings=tuple(findings))


def open_source(kind: str, body: bytes, opening: Opening) -> Source:
    """Open what the door kept as the source it is."""
    if kind == oneroster.KIND:
        return oneroster.Bundle(body, zone=opening.zone)
    return kwalificaties.QualificationList(
        body, file_name=opening.file_name, options=opening.options
    )


def _recognise(body: bytes, file_name: str) -> str | None:
    if body.startswith(ZIP_STARTS):
        return oneroster.KIND
    if file_name.lower().endswith(".zip"):
        raise Refused("zip.broken", file=file_name)
    if _is_utf_16(body):
        raise Refused("file.encoding", file=file_name)
    return kwalificaties.KIND if kwalificaties.recognises(body[:CHUNK]) else None


def _admit_bundle(body: bytes) -> Admitted:
    """Copy the files that we read into a fresh zip, cleaned; the others stay outside."""
    bundle, entries = open_bundle(body)
    findings: list[Finding] = []
    kept = io.BytesIO()
    taken: dict[str, str] = {}
    try:
        with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as copy:
            for path, entry in entries.items():
                name = oneroster.known_name(path)
                if name is None:
                    findings.append(_warning("file.unknown", file=bsn.drop_text(base_name(path))))
                    continue
                if name in taken:
                    raise Refused("zip.same_file_twice", file=name)
                taken[name] = path
                findings += _oddities(path, name)
                with bundle.open(entry) as content, copy.open(name, "w", force_zip64=True) as out:
                    for chunk in _cleaned(content, name, findings):
                        out.write(chunk)
    except DAMAGED:
        raise Refused("zip.broken") from None
    if not taken:
        raise Refused("file.unknown_kind")
    return Admitted(kind=oneroster.KIND, body=kept.getvalue(), findings=tuple(findings))


def _oddities(path: str, name: str) -> Iterator[Finding]:
    if base_name(path) != name:
        yield _warning("file.name_case", file=base_name(path), detail=name)
    if "/" in path:
        yield _warning("file.in_folder", file=name)


def _cleaned(content: IO[bytes], file: str, findings: list[Finding]) -> Iterator[bytes]:
    """Yield the content without BSN, a piece of whole lines at a time."""
    pieces = _pieces(content, file)
    first = next(pieces, b"")
    header = first.split(b"\n", 1)[0].decode("utf-8-sig", "replace")
    if bsn.is_column_for_it(header):
        yield from _without_columns(first, pieces, file, findings)
        return
    yield bsn.drop(first)
    for piece in pieces:
        yield bsn.drop(piece)


def _pieces(content: IO[bytes], file: str) -> Iterator[bytes]:
    is_first = True
    while piece := content.read(CHUNK):
        if is_first and _is_utf_16(piece):
            raise Refused("file.encoding", file=file)
        is_first = False
        rest = content.readline(CHUNK)
        if len(rest) >= CHUNK:  # zipfile may read a little further than it was told
            raise Refused("file.line_too_long", file=file)
        yield piece + rest


def _is_utf_16(start: bytes) -> bool:
    sample = start[:1000]
    return sample.startswith(UTF_16) or sample.count(0) * 4 > len(sample)


def _without_columns(
    first: bytes, pieces: Iterator[bytes], file: str, findings: list[Finding]
) -> Iterator[bytes]:
    """Yield the table with the columns that are meant for the number emptied."""
    csv.field_size_limit(LONGEST_CELL)
    delimiter = max(b";,\t", key=first.split(b"\n", 1)[0].count)
    texts = (io.StringIO(_latin(piece), newline="") for piece in chain((first,), pieces))
    lines = chain.from_iterable(texts)
    reader = csv.reader(lines, delimiter=chr(delimiter))
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=chr(delimiter))
    emptied: list[int] = []
    try:
        for number, cells in enumerate(reader, start=1):
            if number == 1:
                emptied = [i for i, cell in enumerate(cells) if bsn.is_column_for_it(cell)]
                findings += [
                    _warning(
                        "bsn.column", file=file, row=1, column=Column(i, bsn.drop_text(cells[i]))
                    )
                    for i in emptied
                ]
            else:
                for i in emptied:
                    if i < len(cells):
                        cells[i] = ""
            writer.writerow(cells)
            if out.tell() > CHUNK:
                yield bsn.drop(out.getvalue().encode("latin-1"))
                out.seek(0)
                out.truncate()
    except csv.Error:
        raise Refused("file.line_too_long", file=file) from None
    yield bsn.drop(out.getvalue().encode("latin-1"))


def _latin(piece: bytes) -> str:
    """Return bytes as text, one to one, so that they come out as they went in."""
    return piece.decode("latin-1")


def _warning(
    code: str,
    *,
    file: str,
    row: int | None = None,
    column: Column | None = None,
    detail: str | None = None,
) -> Finding:
    return Finding(
        code=code, severity=Severity.WARNING, file=file, row=row, column=column, detail=detail
    )
