"""Bad rows given back to be repaired: as the uploader wrote them, and with the reasons.

What is sent back is recognised (repair.py): a last column names the run, and in each row the
number that it had.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import PurePosixPath
from typing import Any

import sqlalchemy as sa
import xlsxwriter  # type: ignore[import-untyped]  # it ships no types
from sqlalchemy.orm import Session

from importers.engine.staged import rows_of
from importers.issues import Severity
from importers.models import ImportIssue, ImportRow, ImportRun, RowStatus
from importers.readers.dialect import Dialect
from importers.report import told
from tracker.errors import Conflict

AT_ONCE = 500
# What a spreadsheet would take for a formula; numbers and telephone numbers are none.
FORMULA = re.compile(r"[=@\t\r]|[+-](?![\d\s().,-]*%?$)")
IS_BAD = sa.and_(~ImportRow.is_good, ImportRow.status == RowStatus.QUARANTINED)
CSV, XLSX, ZIP = (
    "text/csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/zip",
)
Row = tuple[int, list[str]]  # its number in the file, its cells and the reason


def count_bad(session: Session, run: ImportRun) -> int:
    """Return how many rows of a file wait to be repaired."""
    places = sa.select(ImportRow.file, ImportRow.row).where(*rows_of(run), IS_BAD).distinct()
    return session.scalar(sa.select(sa.func.count()).select_from(places.subquery())) or 0


def reason_header(run: ImportRun) -> str:
    """Return the name of the column with the reasons, by which a repaired file is known."""
    return f"Reden (Leerspoor {run.id.hex})"


def bad_rows(session: Session, run: ImportRun) -> tuple[str, bytes]:
    """Return a name and the content of a file with the rows that were wrong when they were read.

    Of a zip it is a zip. Reasons are in the language of the reader. Raises Conflict when there
    are none.
    """
    files = {
        file: list(rows) for file, rows in groupby(_bad_rows(session, run), key=lambda one: one[0])
    }
    if not files:
        raise Conflict("import.nothing_bad")
    name = PurePosixPath(run.file_name)
    written = {file: _written([row for _, row in rows], run, file) for file, rows in files.items()}
    if set(written) == {run.file_name}:
        return f"{name.stem}-foute-rijen{name.suffix}", written[run.file_name]
    # Of a bundle also the tables without bad rows, for by its tables it is known.
    for stream in run.layout["streams"]:
        written.setdefault(stream["file"], _written([], run, stream["file"]))
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as made:
        for file, content in written.items():
            made.writestr(file, content)
    return f"{name.stem}-foute-rijen.zip", body.getvalue()


def media_type_of(file_name: str) -> str:
    """Return what kind of file a name of `bad_rows` is, for the browser."""
    return {".xlsx": XLSX, ".zip": ZIP}.get(PurePosixPath(file_name).suffix.lower(), CSV)


def _bad_rows(session: Session, run: ImportRun) -> Iterator[tuple[str, Row]]:
    """Yield file, row number, cells and reason, in order; a row that is several records once."""
    place = (ImportRow.file, ImportRow.row)
    found = session.execute(
        sa.select(*place).where(*rows_of(run), IS_BAD).distinct().order_by(*place)
    )
    numbers = [(file or "", row or 0) for file, row in found]
    for start in range(0, len(numbers), AT_ONCE):
        some = numbers[start : start + AT_ONCE]
        cells = _cells(session, run, some)
        reasons = _reasons(session, run, some)
        for file, row in some:
            headers = headers_of(run, file) or list(cells[file, row])
            shown = [cells[file, row].get(name or str(i), "") for i, name in enumerate(headers, 1)]
            why = f"{row}: {reasons.get((file, row), '')}".strip()
            yield file, (row, [*shown, why])


def _among(places: Sequence[Any], table: type[ImportRow | ImportIssue]) -> sa.ColumnElement[bool]:
    by_file = groupby(places, key=lambda place: place[0])
    return sa.or_(
        *(
            sa.and_(table.file == file, table.row.in_([row for _, row in rows]))
            for file, rows in by_file
        )
    )


def _cells(
    session: Session, run: ImportRun, places: Sequence[Any]
) -> dict[tuple[str, int], dict[str, str]]:
    rows = session.execute(
        sa.select(ImportRow.file, ImportRow.row, ImportRow.data).where(
            *rows_of(run), IS_BAD, _among(places, ImportRow)
        )
    )
    return {(file or "", row or 0): data for file, row, data in rows}


def _reasons(session: Session, run: ImportRun, places: Sequence[Any]) -> dict[tuple[str, int], str]:
    issues = session.scalars(
        sa.select(ImportIssue)
        .where(
            ImportIssue.school_id == run.school_id,
            ImportIssue.run_id == run.id,
            ImportIssue.severity == Severity.ERROR,
            _among(places, ImportIssue),
        )
        .order_by(ImportIssue.seq, ImportIssue.id)
    ).all()
    reasons: dict[tuple[str, int], dict[str, None]] = {}
    for issue, words in zip(issues, told(issues), strict=True):
        column = f"{issue.column}: " if issue.column else ""
        reason = f"{column}{words['message']} {words['hint']}"
        reasons.setdefault((issue.file or "", issue.row or 0), {})[reason] = None
    return {place: " · ".join(sentences) for place, sentences in reasons.items()}


def headers_of(run: ImportRun, file: str) -> list[str]:
    """Return the header of a table as it was read; empty when it has none."""
    headers: Mapping[str, list[str]] = run.layout.get("headers", {})
    return list(headers.get(file, []))


def _written(rows: Sequence[Row], run: ImportRun, file: str) -> bytes:
    """Return a table in the dialect in which the uploader wrote it."""
    dialect = Dialect.of(run.layout.get("dialect", {}).get(file, {}))
    headers = headers_of(run, file)
    table = [[inert(cell) for cell in cells] for _, cells in rows]
    if dialect.header_row > 0 and headers:
        table.insert(0, [*(inert(header) for header in headers), reason_header(run)])
    if dialect.is_xlsx and file.lower().endswith(".xlsx"):
        return _workbook(table, dialect)
    out = io.StringIO(newline="")
    if dialect.has_sep_line:
        out.write(f"sep={dialect.delimiter}{dialect.newline}")
    csv.writer(out, delimiter=dialect.delimiter, lineterminator=dialect.newline).writerows(table)
    return out.getvalue().encode(dialect.encoding, "replace")


def _workbook(table: Sequence[Sequence[str]], dialect: Dialect) -> bytes:
    out = io.BytesIO()
    inert_cells = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
    with xlsxwriter.Workbook(out, inert_cells) as book:
        sheet = book.add_worksheet((dialect.sheet or "")[:31] or None)
        for number, cells in enumerate(table):
            for place, cell in enumerate(cells):
                sheet.write_string(number, place, cell[:32_767])  # more fits in no cell
    return out.getvalue()


def inert(cell: str) -> str:
    """Return a cell so that no spreadsheet takes it for a formula."""
    return f"'{cell}" if FORMULA.match(cell) else cell


def restored(cell: str) -> str:
    """Return a cell as it was before `inert`."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell[1:]) else cell
