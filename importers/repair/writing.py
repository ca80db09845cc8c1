"""How rows to repair are written: as the file was that their uploader sent, with the reasons."""

import csv
import io
import re
from collections.abc import Sequence

import orjson
import xlsxwriter  # type: ignore[import-untyped]  # it ships no types

from importers.models import ImportRun
from importers.readers.dialect import Dialect
from importers.readers.jsonl import LINE, REASON

# What a spreadsheet would take for a formula; numbers and telephone numbers are none.
FORMULA = re.compile(r"[=@\t\r]|[+-](?![\d\s().,-]*%?$)")
Row = tuple[int, dict[str, str], str]  # its number in the file, its cells, and the reason


def reason_header(run: ImportRun) -> str:
    """Return the name of the column with the reasons, by which a repaired file is known."""
    return f"Reden (Leerspoor {run.id.hex})"


def headers_of(run: ImportRun, file: str) -> list[str]:
    """Return the header of a table as it was read; empty when it has none."""
    return list(run.layout.get("headers", {}).get(file, []))


def as_table(rows: Sequence[Row], run: ImportRun, file: str) -> bytes:
    """Return a table in the dialect in which the uploader wrote it, the reasons behind it."""
    dialect = Dialect.of(run.layout.get("dialect", {}).get(file, {}))
    headers = headers_of(run, file)
    table = []
    for number, cells, why in rows:
        names = headers or list(cells)
        shown = [cells.get(name or str(place), "") for place, name in enumerate(names, 1)]
        table.append([inert(cell) for cell in (*shown, f"{number}: {why}".strip())])
    if dialect.header_row > 0 and headers:
        table.insert(0, [*(inert(header) for header in headers), reason_header(run)])
    if dialect.is_xlsx and file.lower().endswith(".xlsx"):
        return _workbook(table, dialect)
    out = io.StringIO(newline="")
    if dialect.has_sep_line:
        out.write(f"sep={dialect.delimiter}{dialect.newline}")
    csv.writer(out, delimiter=dialect.delimiter, lineterminator=dialect.newline).writerows(table)
    return out.getvalue().encode(dialect.encoding, "replace")


def as_lines(rows: Sequence[Row], run: ImportRun) -> bytes:
    """Return lines of JSON as they were; above each a line with its number and what is wrong."""
    found = []
    for number, cells, why in rows:
        found.append(orjson.dumps({REASON: why, "run": run.id.hex, "row": number}))
        found.append(cells[LINE].encode())
    return b"".join(line + b"\n" for line in found)


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
