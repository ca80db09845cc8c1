"""Rows given back to be repaired: as the uploader wrote them, and with the reasons.

What is sent back is recognised (repaired.py): it names the run, and the number that each row had.
Only rows of tables and lines of JSON can be given back; what is wrong in a document, or in what
was pulled from a system, is repaired there, and comes in with all the rest.
"""

import io
import zipfile
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from importers.engine.opening import kept_file
from importers.issues import Severity
from importers.models import ImportIssue, ImportRow, ImportRun, RowStatus
from importers.readers.jsonl import LINE
from importers.repair.cells import CELLS, cells_of, is_of_table, is_repairable
from importers.repair.writing import Row, as_lines, as_table
from importers.report import told
from importers.staged import rows_of
from tracker.errors import Conflict

AT_ONCE = 500
IS_BAD = sa.and_(~ImportRow.is_good, ImportRow.status == RowStatus.QUARANTINED)
CSV, XLSX, ZIP, LINES = (
    "text/csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/zip",
    "application/x-ndjson",
)
Place = tuple[str, int]  # a file and the number of a row


def count_bad(session: Session, run: ImportRun) -> int:
    """Return how many rows of a file can be given back to be repaired."""
    return count_bad_of(session, [run]).get(run.id, 0)


def count_bad_of(session: Session, runs: Sequence[ImportRun]) -> dict[UUID, int]:
    """Return the same for several runs of a school; those without such rows are left out."""
    return _count(session, runs, _is_given(*runs))


def count_elsewhere(session: Session, run: ImportRun) -> int:
    """Return how many bad rows cannot: they are repaired where they come from."""
    return _count(session, [run], sa.and_(IS_BAD, ~_is_row(run))).get(run.id, 0)


def _count(
    session: Session, runs: Sequence[ImportRun], condition: sa.ColumnElement[bool]
) -> dict[UUID, int]:
    """Return how many rows of their files are so, by run: one that is several records once."""
    of_school = ImportRow.school_id.in_({run.school_id for run in runs})
    of_runs = ImportRow.run_id.in_([run.id for run in runs])
    places = (
        sa.select(ImportRow.run_id, ImportRow.file, ImportRow.row)
        .where(of_school, of_runs, condition)
        .distinct()
        .subquery()
    )
    counts = sa.select(places.c.run_id, sa.func.count()).group_by(places.c.run_id)
    return {row[0]: row[1] for row in session.execute(counts)}


def _is_row(*runs: ImportRun) -> sa.ColumnElement[bool]:
    """Return the condition that a row stands in a table, or is a line of JSON."""
    return sa.or_(is_of_table(*runs), ImportRow.data[LINE].as_string().is_not(None))


def _is_given(*runs: ImportRun) -> sa.ColumnElement[bool]:
    # When a file goes, so do the cells that nobody kept.
    has_cells = sa.or_(
        ImportRow.run_id.in_([run.id for run in runs if run.file_digest is not None]),
        ImportRow.data[CELLS].as_string().is_not(None),
    )
    return sa.or_(sa.and_(IS_BAD, _is_row(*runs)), sa.and_(is_repairable(*runs), has_cells))


def bad_rows(session: Session, run: ImportRun, store: Any = None) -> tuple[str, bytes]:
    """Return a name and the content of a file with the rows that their uploader can repair.

    Of a zip it is a zip. Reasons are in the language of the reader. Without the store, rows that
    were read well are left out as long as the run keeps its file. Raises Conflict for no rows.
    """
    files = {
        file: [row for _, row in rows]
        for file, rows in groupby(_given(session, run, store), key=lambda one: one[0])
    }
    if not files:
        raise Conflict("import.nothing_bad")
    name = PurePosixPath(run.file_name)
    if files.keys().isdisjoint(run.layout.get("dialect", {})):
        rows = [row for of_file in files.values() for row in of_file]
        return f"{name.stem}-foute-rijen.jsonl", as_lines(rows, run)
    written = {file: as_table(rows, run, file) for file, rows in files.items()}
    if set(written) == {run.file_name}:
        return f"{name.stem}-foute-rijen{name.suffix}", written[run.file_name]
    # Of a bundle also the tables without bad rows, for by its tables it is known.
    for stream in run.layout["streams"]:
        written.setdefault(stream["file"], as_table([], run, stream["file"]))
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as made:
        for file, content in written.items():
            made.writestr(file, content)
    return f"{name.stem}-foute-rijen.zip", body.getvalue()


def media_type_of(file_name: str) -> str:
    """Return what kind of file a name of `bad_rows` is, for the browser."""
    kinds = {".xlsx": XLSX, ".zip": ZIP, ".jsonl": LINES}
    return kinds.get(PurePosixPath(file_name).suffix.lower(), CSV)


def _given(session: Session, run: ImportRun, store: Any) -> Iterator[tuple[str, Row]]:
    """Yield file and row, in order; a row that is several records once."""
    place = (ImportRow.file, ImportRow.row)
    found = session.execute(
        sa.select(*place).where(*rows_of(run), _is_given(run)).distinct().order_by(*place)
    )
    numbers = [(file or "", row or 0) for file, row in found]
    for start in range(0, len(numbers), AT_ONCE):
        some = numbers[start : start + AT_ONCE]
        cells = _cells(session, run, some, store)
        reasons = _reasons(session, run, some)
        for file, row in some:
            if (file, row) in cells:
                yield file, (row, cells[file, row], reasons.get((file, row), ""))


def _among(places: Sequence[Place], table: type[ImportRow | ImportIssue]) -> sa.ColumnElement[bool]:
    by_file = groupby(places, key=lambda place: place[0])
    return sa.or_(
        *(
            sa.and_(table.file == file, table.row.in_([row for _, row in rows]))
            for file, rows in by_file
        )
    )


def _cells(
    session: Session, run: ImportRun, places: Sequence[Place], store: Any
) -> dict[Place, dict[str, str]]:
    """Return the cells of rows: staged if they are bad, else kept with them, or in the file."""
    rows = session.execute(
        sa.select(ImportRow.file, ImportRow.row, ImportRow.is_good, ImportRow.data).where(
            *rows_of(run), _is_given(run), _among(places, ImportRow)
        )
    )
    cells: dict[Place, dict[str, str]] = {}
    missing: dict[str, set[int]] = {}
    for file, row, is_good, data in rows:
        found = data.get(CELLS) if is_good else data
        if found is None:
            missing.setdefault(file or "", set()).add(row or 0)
        else:
            cells[file or "", row or 0] = found
    if missing and store is not None and run.file_digest is not None:
        kept = kept_file(store, run, run.file_digest)
        cells |= {(file, row): told for file, row, told in cells_of(kept, run, missing)}
    return cells


def _reasons(session: Session, run: ImportRun, places: Sequence[Place]) -> dict[Place, str]:
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
    reasons: dict[Place, dict[str, None]] = {}
    for issue, words in zip(issues, told(issues), strict=True):
        column = f"{issue.column}: " if issue.column else ""
        reason = f"{column}{words['message']} {words['hint']}"
        reasons.setdefault((issue.file or "", issue.row or 0), {})[reason] = None
    return {place: " · ".join(sentences) for place, sentences in reasons.items()}
