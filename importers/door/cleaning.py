"""Text on its way in: each piece is cleaned of BSN before anything of it is kept."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice

from importers import bsn
from importers.issues import Column, Finding, Refused, Severity
from importers.readers.sniff import records
from importers.readers.tabular import LONGEST_CELL

ROWS = 5000
CleanRow = Callable[[list[str]], None]


def clean_table(
    pieces: Iterable[str],
    *,
    delimiter: str,
    header_row: int,
    file: str,
    findings: list[Finding],
    clean_row: CleanRow | None = None,
) -> Iterator[bytes]:
    """Yield the table as UTF-8 without BSN; columns meant for it are emptied, which is told."""
    source = iter(pieces)
    first = next(source, "")
    rows = records(first, delimiter, most=header_row) if header_row else []
    header = rows[header_row - 1] if 0 < header_row <= len(rows) else []
    columns = [index for index, name in enumerate(header) if bsn.is_column_for_it(name)]
    if clean_row is not None:  # it knows better what stands where
        columns = []
    for index in columns:
        column = Column(index, bsn.drop_text(header[index].strip()))
        findings.append(
            Finding(
                code="bsn.column",
                severity=Severity.WARNING,
                file=file,
                row=header_row,
                column=column,
            )
        )
    whole: Iterator[str] = chain((first,), source)
    if columns or clean_row is not None:
        whole = _rewritten(whole, delimiter, file, header_row, columns, clean_row)
    for piece in whole:
        yield bsn.drop(piece.encode("utf-8", "surrogateescape"))


def _rewritten(
    pieces: Iterable[str],
    delimiter: str,
    file: str,
    header_row: int,
    columns: Sequence[int],
    clean_row: CleanRow | None,
) -> Iterator[str]:
    """Yield the table with those cells emptied, or each row cleaned."""
    csv.field_size_limit(LONGEST_CELL)
    lines = chain.from_iterable(io.StringIO(piece, newline="") for piece in pieces)
    reader = csv.reader(lines, delimiter=delimiter)
    number = 0
    while True:
        out = io.StringIO(newline="")
        writer = csv.writer(out, delimiter=delimiter)
        try:
            for cells in islice(reader, ROWS):
                number += 1
                for index in columns if number > header_row else ():
                    if index < len(cells):
                        cells[index] = ""
                if clean_row is not None and number > header_row:
                    clean_row(cells)
                writer.writerow(cells)
        except csv.Error:
            raise Refused("file.line_too_long", file=file) from None
        if not out.tell():
            return
        yield out.getvalue()
