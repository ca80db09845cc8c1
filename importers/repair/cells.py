"""Rows that were read well, and set aside by what is around them, as they stand in their file.

Some of those their uploader can repair: they name what is not there, or contradict another row.
So of these the cells are kept when the file goes; the others wait until somebody decides.
"""

import zipfile
from collections.abc import Iterator, Mapping
from typing import IO, Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from importers import bulk
from importers.engine.opening import kept_file
from importers.issues import Severity
from importers.models import ImportIssue, ImportRow, ImportRun
from importers.readers.cells import line_of
from importers.readers.dialect import Dialect
from importers.readers.kept import Kept
from importers.readers.tabular import open_table
from importers.records import RecordKind, Standing
from importers.repair.waiting import IS_WAITING
from importers.staged import rows_of

# In the data of such a row: its cells by their headers.
CELLS = "cells"
# Until somebody says who it is, or until the row that it refers to is repaired.
PEOPLE, ROWS = ("person.%", "ref.parked"), ("ref.set_aside",)
Places = dict[str, set[int]]


def waits_for(*codes: str) -> sa.ColumnElement[bool]:
    """Return the condition that a row was set aside with one of these codes; `%` is anything."""
    return sa.exists().where(
        ImportIssue.school_id == ImportRow.school_id,
        ImportIssue.run_id == ImportRow.run_id,
        ImportIssue.seq == ImportRow.seq,
        ImportIssue.is_from_match,
        ImportIssue.severity == Severity.ERROR,
        sa.or_(*(ImportIssue.code.like(code) for code in codes)),
    )


def count_waits(session: Session, run: ImportRun) -> dict[str, int]:
    """Return how many rows wait for what: {"people", "rows", "repair", "other"}.

    For who somebody is; for a row that was set aside itself; to be repaired by their uploader.
    """
    of_people, of_rows = waits_for(*PEOPLE), waits_for(*ROWS)
    kinds = sa.case(
        (of_people, "people"), (of_rows, "rows"), (is_repairable(run), "repair"), else_="other"
    )
    found = session.execute(
        sa.select(kinds, sa.func.count()).where(*rows_of(run), IS_WAITING).group_by(kinds)
    )
    counts = {"people": 0, "rows": 0, "repair": 0, "other": 0}
    return counts | {str(row[0]): int(row[1]) for row in found}


def is_of_table(*runs: ImportRun) -> sa.ColumnElement[bool]:
    """Return the condition that a row of one of these runs stands in a table."""
    of_each = (
        sa.and_(ImportRow.run_id == run.id, ImportRow.file.in_(list(run.layout["dialect"])))
        for run in runs
        if run.layout.get("dialect")
    )
    return sa.or_(sa.false(), *of_each)


def is_repairable(*runs: ImportRun) -> sa.ColumnElement[bool]:
    """Return the condition that a waiting row of a table is for its uploader to repair."""
    return sa.and_(
        IS_WAITING,
        is_of_table(*runs),
        ImportRow.row.is_not(None),
        ~waits_for(*PEOPLE, *ROWS),
    )


def cells_of(
    kept: Kept, run: ImportRun, places: Places
) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Yield the cells, by header, of these rows of a kept file: its name, the row's number."""
    with kept.open() as content:
        if not zipfile.is_zipfile(content):
            content.seek(0)
            yield from _of_table(content, run, run.file_name, places.get(run.file_name, set()))
            return
        with zipfile.ZipFile(content) as bundle:
            for name, rows in places.items():
                with bundle.open(name) as inside:
                    yield from _of_table(inside, run, name, rows)


def _of_table(
    content: IO[bytes], run: ImportRun, file: str, rows: set[int]
) -> Iterator[tuple[str, int, dict[str, Any]]]:
    if not rows:
        return
    dialect = Dialect.of(run.layout["dialect"][file])
    table = open_table(
        content,
        file=file,
        delimiter=dialect.delimiter,
        header_row=dialect.header_row,
        may_repeat=True,
    )
    last = max(rows)
    for row in table.lines:
        if row.number in rows:
            line = line_of(table, {}, row)
            if line is not None:
                aside = line.set_aside(RecordKind.PERSON, None, Standing.BAD)
                yield file, row.number, dict(aside.data)
        if row.number >= last:
            return


def repairable_places(session: Session, run: ImportRun) -> Places:
    """Return where the rows stand that are for their uploader to repair."""
    found: Places = {}
    for file, row in session.execute(
        sa.select(ImportRow.file, ImportRow.row).where(*rows_of(run), is_repairable(run)).distinct()
    ):
        found.setdefault(file or "", set()).add(row or 0)
    return found


def keep_cells(session: Session, run: ImportRun, store: Any) -> None:
    """Keep the cells of such rows with them, before their file goes; once or twice is the same."""
    places = repairable_places(session, run)
    if run.file_digest is None or not places:
        return
    kept = kept_file(store, run, run.file_digest)
    cells = {(file, row): told for file, row, told in cells_of(kept, run, places)}
    rows = session.execute(
        sa.select(ImportRow.seq, ImportRow.file, ImportRow.row, ImportRow.data).where(
            *rows_of(run), is_repairable(run)
        )
    ).all()
    key: Mapping[str, Any] = {"school_id": run.school_id, "run_id": run.id}
    bulk.update_rows(
        session,
        ImportRow,
        [
            {**key, "seq": seq, "data": {**data, CELLS: cells[file or "", row or 0]}}
            for seq, file, row, data in rows
            if (file, row) in cells
        ],
    )
