"""The kept copy of one file: always UTF-8, always without BSN, and a look at its beginning."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import IO, Any

from importers import bsn
from importers.door.cleaning import clean_table
from importers.issues import Finding, Refused, Severity
from importers.readers import jsonl, sniff, xlsx, xml, zipbundle
from importers.readers.dialect import Dialect
from importers.readers.sample import MOST_ROWS, Form, Sample
from importers.readers.shapes import Shape
from importers.source import FileKind

MOST_WORKBOOK_PARTS = 2000
LONGEST_SHOWN = 200
MOST_SHOWN_CELLS = 100
MOST_ITEMS = 10
WORKBOOK_NAMES = (".xlsx", ".xlsm")
TEXT_NAMES = (".csv", ".txt", ".tsv")
# The last line of a table has no end: perhaps the table was cut off there.
OPEN_END = "file.open_end"
Choose = Callable[[Sample], FileKind]


@dataclass(frozen=True, kw_only=True)
class Rewritten:
    """What is kept of a file, in pieces yet to be made; `findings` grow while they are."""

    sample: Sample
    pieces: Iterable[bytes]
    findings: list[Finding]


def rewrite(
    content: IO[bytes],
    shape: Shape,
    *,
    file: str,
    choose: Choose | None,
    again: Dialect | None = None,
) -> Rewritten:
    """Return the kept copy of a file that is no bundle; raises Refused.

    `choose` is shown the beginning and says which kind it is, or refuses it. `again` is how the
    table is to be taken apart, where it is itself a kept copy.
    """
    if shape is Shape.ZIP:
        raise Refused("zip.nested", file=file)
    if shape in {Shape.TEXT, Shape.WORKBOOK}:
        return _table(content, shape, file, choose, again)
    findings: list[Finding] = []
    sample, pieces = OTHERS[shape](content, file)
    if choose is not None:
        choose(sample)
    return Rewritten(sample=sample, pieces=pieces, findings=findings)


def _table(
    content: IO[bytes], shape: Shape, file: str, choose: Choose | None, again: Dialect | None
) -> Rewritten:
    findings: list[Finding] = []
    book: xlsx.Workbook | None = None
    if again is not None:
        dialect, pieces = again, sniff.texts(content, "utf-8", file=file)
    elif shape is Shape.WORKBOOK:
        dialect, pieces, book = _from_workbook(content, file)
        if file.lower().endswith(TEXT_NAMES):
            findings.append(_warning("file.really_xlsx", file))
    else:
        dialect, pieces = _from_text(content, file, findings)
        if file.lower().endswith(WORKBOOK_NAMES):
            findings.append(_warning("file.really_text", file))
    first = next(pieces, "")
    if not first.strip() and choose is not None:
        raise Refused("file.empty", file=file)
    start = bsn.drop(first[: sniff.START].encode("utf-8", "replace")).decode()
    rows = sniff.records(start, dialect.delimiter, most=MOST_ROWS)
    dialect = replace(dialect, header_row=sniff.find_header(rows))
    sample = sample_of(file, rows, dialect)
    kind = choose(sample) if choose is not None else None
    if kind is not None and kind.header_row is not None:
        sample = sample_of(file, rows, replace(dialect, header_row=kind.header_row))
    rules: dict[str, Any] = {
        "delimiter": dialect.delimiter,
        "header_row": sample.dialect.header_row,
        "file": file,
        "clean_row": _clean_row(kind, sample),
    }
    # What is shown passes through the same hands as what is kept.
    shown = b"".join(clean_table((first[: sniff.START],), findings=[], **rules))
    rows = sniff.records(shown.decode("utf-8", "replace"), dialect.delimiter, most=MOST_ROWS)
    sample = sample_of(file, rows, sample.dialect)
    cleaned = clean_table(chain((first,), pieces), findings=findings, **rules)
    return Rewritten(
        sample=sample, pieces=_told(cleaned, book, sample, findings), findings=findings
    )


def _clean_row(kind: FileKind | None, sample: Sample) -> Callable[[list[str]], None] | None:
    """Return how each row is cleaned; raises Refused when people cannot be named."""
    if kind is None or kind.clean_row is None:
        return None
    clean, name = kind.clean_row, kind.name_person
    if name is None and kind.person_source is not None:
        raise Refused("bsn.no_key", file=sample.file_name)
    return lambda cells: clean(sample.headers, cells, name or str)


def sample_of(file: str, rows: list[list[str]], dialect: Dialect) -> Sample:
    """Return the first rows of a table as the door shows them."""
    at = dialect.header_row
    headers = rows[at - 1] if 0 < at <= len(rows) else []
    shown = [
        [cell[:LONGEST_SHOWN].replace("\0", "?") for cell in row[:MOST_SHOWN_CELLS]] for row in rows
    ]
    return Sample(
        file_name=file,
        form=Form.TABLE,
        headers=tuple(cell.strip().replace("\0", "?") for cell in headers),
        rows=shown,
        dialect=dialect,
    )


def _from_text(
    content: IO[bytes], file: str, findings: list[Finding]
) -> tuple[Dialect, Iterator[str]]:
    writing = sniff.writing_of(content)
    if writing.is_guess:
        findings.append(_warning("file.guessed_letters", file, detail=writing.encoding))
    texts = sniff.texts(content, writing.encoding, file=file)
    separator, first = sniff.split_separator_line(next(texts, ""))
    start = first[: sniff.START]
    dialect = Dialect(
        encoding=writing.encoding,
        delimiter=separator or sniff.delimiter_of(start),
        has_sep_line=separator is not None,
        newline=sniff.newline_of(start),
    )
    return dialect, _watched(chain((first,), texts), dialect, file, findings)


def _watched(
    pieces: Iterable[str], dialect: Dialect, file: str, findings: list[Finding]
) -> Iterator[str]:
    """Pass the text on; tell once when its letters were spoilt, and when its last line is open."""
    is_told, last = False, dialect.newline
    for piece in pieces:
        last = piece or last
        if not is_told and not piece.isascii() and (word := sniff.mojibake_in(piece)) is not None:
            is_told = True
            findings.append(
                replace(_warning("file.mojibake", file), value=bsn.drop_text(word)[:LONGEST_SHOWN])
            )
        yield piece
    if last[-1] != dialect.newline[-1]:
        findings.append(_warning(OPEN_END, file))


def _from_workbook(content: IO[bytes], file: str) -> tuple[Dialect, Iterator[str], xlsx.Workbook]:
    archive, _ = zipbundle.open_bundle(content, most_entries=MOST_WORKBOOK_PARTS)
    book = xlsx.open_workbook(archive, file=file)
    chosen = xlsx.choose_sheet(book)
    dialect = Dialect(is_xlsx=True, sheet=chosen.name)
    return dialect, xlsx.as_text(xlsx.read_rows(book, chosen)), book


def _told(
    pieces: Iterator[bytes], book: xlsx.Workbook | None, sample: Sample, findings: list[Finding]
) -> Iterator[bytes]:
    """Pass the pieces on; behind the last it is known what a workbook had to tell."""
    yield from pieces
    if book is not None:
        findings += xlsx.finish(book, header_row=sample.dialect.header_row)


def _from_json(content: IO[bytes], file: str) -> tuple[Sample, Iterator[bytes]]:
    body = _as_utf_8(content, file, most=jsonl.MOST_BYTES)
    try:
        cleaned = jsonl.cleaned(body)
        value = jsonl.parse(cleaned)
    except jsonl.NotJson as error:
        raise Refused(error.code, file=file) from None
    sample = Sample(file_name=file, form=Form.JSON, value=value)
    return sample, iter((cleaned,))


def _from_lines(content: IO[bytes], file: str) -> tuple[Sample, Iterator[bytes]]:
    writing = sniff.writing_of(content)
    texts = sniff.texts(content, writing.encoding, file=file)
    lines = (
        jsonl.cleaned(line.encode("utf-8", "surrogateescape")) + b"\n"
        for piece in texts
        for line in piece.removesuffix("\n").split("\n")
    )
    first = list(islice(lines, MOST_ITEMS))
    values = (row.value for row in map(_parsed, first) if row is not None)
    value = next((value for value in values if not jsonl.is_reason(value)), None)
    return Sample(file_name=file, form=Form.LINES, value=value), chain(first, lines)


def _parsed(line: bytes) -> Any:
    try:
        return jsonl.JsonRow(0, jsonl.parse(line))
    except jsonl.NotJson:
        return None


def _from_xml(content: IO[bytes], file: str) -> tuple[Sample, Iterator[bytes]]:
    root = xml.root_of(content, file=file)
    content.seek(0)
    return Sample(file_name=file, form=Form.XML, root=root), xml.clean_xml(content, file=file)


def _as_utf_8(content: IO[bytes], file: str, *, most: int) -> bytes:
    if content.seek(0, 2) > most:
        raise Refused("json.too_large", file=file, detail=f"{most // 1_000_000} MB")
    writing = sniff.writing_of(content)
    text = "".join(sniff.texts(content, writing.encoding, file=file))
    return text.encode("utf-8", "surrogateescape")


def _warning(code: str, file: str, *, detail: str | None = None) -> Finding:
    return Finding(code=code, severity=Severity.WARNING, file=file, detail=detail)


OTHERS: dict[Shape, Callable[[IO[bytes], str], tuple[Sample, Iterator[bytes]]]] = {
    Shape.JSON: _from_json,
    Shape.LINES: _from_lines,
    Shape.XML: _from_xml,
}
