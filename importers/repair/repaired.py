"""Repaired rows that come back: which run they repair, and which of its rows.

The column with the reasons goes before anything is read. A repair tells only some rows, so nothing
is missing from it.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from tempfile import TemporaryFile
from typing import IO, Any
from uuid import UUID

from sqlalchemy.orm import Session

from importers.issues import Refused
from importers.models import ImportRun
from importers.readers import jsonl
from importers.readers.dialect import Dialect
from importers.readers.kept import Kept
from importers.readers.tabular import LONGEST_CELL, open_table
from importers.repair.waiting import REPAIRS
from importers.repair.writing import restored

REASON = re.compile(r"Reden \(Leerspoor ([0-9a-f]{32})\)")
HEXADECIMAL = re.compile(r"[0-9a-f]{32}")
NUMBER = re.compile(r"\s*(\d{1,9}):")
# Of so many stretches of rows it is remembered that they were repaired.
MOST_SPANS = 10_000


@dataclass
class Tables:
    """What a kept file holds: the header of each table, and what it repairs.

    `kept` is without the reasons. `rows` are the numbers that repaired rows had, by file, as
    stretches [first, last].
    """

    kept: Kept
    headers: dict[str, list[str]] = field(default_factory=dict)
    run_id: UUID | None = None
    rows: dict[str, list[list[int]]] = field(default_factory=dict)


def look_at(kept: Kept, dialects: Mapping[str, Any], *, file_name: str) -> Tables:
    """Read the headers of a kept file's tables, and take out the reasons of a repair."""
    found = Tables(kept)
    if _is_zip(kept):
        with zipfile.ZipFile(kept.open()) as bundle:
            names = bundle.namelist()
            for name in names:
                if name in dialects or name.lower().endswith(".csv"):
                    with bundle.open(name) as content:
                        _note_header(found, content, name, _dialect(dialects, name))
            if found.run_id is not None:
                found.kept = _without_reasons_in(bundle, found, dialects)
    elif file_name in dialects:
        dialect = _dialect(dialects, file_name)
        with kept.open() as content:
            _note_header(found, content, file_name, dialect)
        if found.run_id is not None:
            out = TemporaryFile()  # noqa: SIM115 - closed with what is kept in it
            with kept.open() as content:
                out.writelines(_without_reasons(found, content, file_name, dialect))
            found.kept = Kept(out)
    else:
        _note_lines(found, file_name)
    return found


def _note_lines(found: Tables, file_name: str) -> None:
    """Take the reasons out of lines of JSON; which lines they were goes to `found`."""
    with found.kept.open() as content:
        first = _reason(content.readline(jsonl.LONGEST_LINE))
        if first is None:
            return
        content.seek(0)
        spans: list[list[int]] = []
        out = TemporaryFile()  # noqa: SIM115 - closed with what is kept in it
        for line in content:
            reason = _reason(line)
            if reason is None:
                out.write(line)
            elif isinstance(reason.get("row"), int):
                _add(spans, reason["row"])
    run = str(first.get("run"))
    found.run_id = UUID(run) if HEXADECIMAL.fullmatch(run) else None
    found.kept, found.rows = Kept(out), {file_name: spans}


def _reason(line: bytes) -> dict[str, Any] | None:
    """Return a line that says what is wrong with the next one; None for any other."""
    if jsonl.REASON.encode() not in line:
        return None
    try:
        value = jsonl.parse(line)
    except jsonl.NotJson:
        return None
    return value if jsonl.is_reason(value) else None


def _is_zip(kept: Kept) -> bool:
    with kept.open() as content:
        return zipfile.is_zipfile(content)


def _dialect(dialects: Mapping[str, Any], file: str) -> Dialect:
    return Dialect.of(dialects.get(file, {}))


def _note_header(found: Tables, content: IO[bytes], file: str, dialect: Dialect) -> None:
    if dialect.header_row == 0:
        return
    try:
        table = open_table(
            content,
            file=file,
            delimiter=dialect.delimiter,
            header_row=dialect.header_row,
            may_repeat=True,
        )
    except Refused:  # said when the source looks at it
        return
    reasons = [match for header in table.headers if (match := REASON.search(header))]
    if reasons:
        found.run_id = UUID(reasons[0][1])
    found.headers[file] = [header for header in table.headers if not REASON.search(header)]


def _without_reasons_in(
    bundle: zipfile.ZipFile, found: Tables, dialects: Mapping[str, Any]
) -> Kept:
    out = TemporaryFile()  # noqa: SIM115 - closed with what is kept in it
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as copy:
        for name in bundle.namelist():
            dialect = _dialect(dialects, name)
            with bundle.open(name) as content, copy.open(name, "w") as written:
                if name in found.headers:
                    for piece in _without_reasons(found, content, name, dialect):
                        written.write(piece)
                else:
                    written.write(content.read())
    return Kept(out)


def _without_reasons(
    found: Tables, content: IO[bytes], file: str, dialect: Dialect
) -> Iterator[bytes]:
    """Yield the rows of a kept table without the reasons; which rows they were goes to `found`."""
    text = io.TextIOWrapper(content, "utf-8-sig", errors="surrogateescape", newline="")
    place: int | None = None
    spans: list[list[int]] = []
    for number, cells in enumerate(_cells(text, dialect, file), start=1):
        if number == dialect.header_row:
            place = next((i for i, cell in enumerate(cells) if REASON.search(cell)), None)
        if place is not None and place < len(cells):
            reason = cells.pop(place)
            if row := NUMBER.match(reason):
                _add(spans, int(row[1]))
        out = io.StringIO(newline="")
        whole = cells if place is None else [restored(cell) for cell in cells]
        csv.writer(out, delimiter=dialect.delimiter).writerow(whole)
        yield out.getvalue().encode("utf-8", "surrogateescape")
    if spans:
        found.rows[file] = spans


def _cells(text: IO[str], dialect: Dialect, file: str) -> Iterator[list[str]]:
    csv.field_size_limit(LONGEST_CELL)
    try:
        yield from csv.reader(text, delimiter=dialect.delimiter)
    except csv.Error:
        raise Refused("file.line_too_long", file=file) from None


def _add(spans: list[list[int]], row: int) -> None:
    if spans and spans[-1][1] <= row <= spans[-1][1] + 1:
        spans[-1][1] = row
    elif len(spans) < MOST_SPANS:
        spans.append([row, row])


def take_over(
    session: Session, run: ImportRun, tables: Tables, repair_of: ImportRun | None
) -> None:
    """Note what a new run repairs, said by its uploader or by the file itself; raises Refused."""
    run.layout = {**run.layout, "headers": tables.headers}
    old = repair_of
    if old is None and tables.run_id is not None:
        old = session.get(ImportRun, (run.school_id, tables.run_id))
    if old is None or old.source_id is None:
        return
    if old.kind != run.kind:
        raise Refused("repair.other_kind", file=run.file_name)
    run.retry_of_id, run.source_id = old.id, old.source_id
    # A table by itself may have been given another name meanwhile.
    names = {run.file_name: old.file_name}
    rows = {names.get(file, file): spans for file, spans in tables.rows.items()}
    run.layout = {**run.layout, REPAIRS: rows}
    run.options = {**old.options, **run.options}


def never_whole(run: ImportRun) -> None:
    """Have a repair close nobody: it tells some rows, and never all there are."""
    if run.retry_of_id is not None:
        streams = [{**stream, "is_snapshot": False} for stream in run.layout["streams"]]
        run.layout = {**run.layout, "streams": streams}
