"""Workbooks (xlsx, xlsm), read as a stream: what people typed, never what a formula made of it.

Formulas, macros, links to other files and hidden sheets are not read at all. The rows keep the
numbers that Excel shows. Parsed here and not by openpyxl: its reader keeps all that it does not
know in memory, which a workbook that was made to hurt makes use of.
"""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from posixpath import join, normpath

from openpyxl.utils.datetime import CALENDAR_MAC_1904

from importers import bsn
from importers.issues import Column, Finding, Refused, Severity
from importers.readers import xml
from importers.readers.sample import MOST_ROWS
from importers.readers.sniff import find_header
from importers.readers.tabular import LONGEST_CELL, MOST_COLUMNS
from importers.readers.xlsx_cells import Cell, Format, Reader, place_of
from importers.readers.zipbundle import DAMAGED

WORKBOOK, STYLES, TEXTS = "xl/workbook.xml", "xl/styles.xml", "xl/sharedStrings.xml"
MACROS = "xl/vbaProject.bin"
HIGHEST_ROW = 1_048_576
# More rows, or more text, than people type; it would take minutes. CSV has no such limit.
MOST_FILLED_ROWS = 100_000
MOST_TEXT = 60_000_000
TEXT_COSTS = 50  # bytes that Python itself needs for a text
MOST_TOLD = 50  # findings of one code; one more tells how many there were
PIECE = 1_000_000
MOST_SHEETS = 500
LONGEST_NAME, LONGEST_REF = 60, 30  # Excel itself allows 31 letters in the name of a sheet
Row = list[str]


@dataclass(frozen=True)
class Sheet:
    """A sheet of a workbook: its name, where its cells stand, and whether people see it."""

    name: str
    path: str
    is_visible: bool


@dataclass
class Workbook:
    """An open workbook; `findings` tell what was passed over, `told` how often by code."""

    file: str
    archive: zipfile.ZipFile
    sheets: list[Sheet] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    told: dict[str, int] = field(default_factory=dict)
    merged: list[str] = field(default_factory=list)
    at: tuple[int, int] = (0, 0)  # row and column of the cell that is being read

    def __post_init__(self) -> None:
        self.reader = Reader(self.tell_of_cell, [], [])

    def tell(self, code: str, **facts: object) -> None:
        """Tell what a person should know of the workbook, but not without end."""
        self.told[code] = self.told.get(code, 0) + 1
        if self.told[code] <= MOST_TOLD:
            finding = Finding(code=code, severity=Severity.WARNING, file=self.file, **facts)  # type: ignore[arg-type]  # named as in Finding
            self.findings.append(finding)

    def tell_of_cell(self, code: str, value: str | None) -> None:
        """Tell what is the matter with the cell that is being read."""
        row, place = self.at
        self.tell(code, row=row, column=Column(place - 1, ""), value=value)


def open_workbook(archive: zipfile.ZipFile, *, file: str) -> Workbook:
    """Open a workbook within the limits; raises Refused when it is broken or unsafe."""
    book = Workbook(file, archive)
    names = set(archive.namelist())
    try:
        _read_sheets(book)
        if STYLES in names:
            book.reader.formats += _formats(book)
        if TEXTS in names:
            _read_texts(book)
    except ValueError:
        raise Refused("xlsx.broken", file=file) from None
    if MACROS in names:
        book.tell("xlsx.macros")
    return book


def choose_sheet(book: Workbook) -> Sheet:
    """Return the first visible sheet that holds a table; raises Refused when there is none."""
    visible = [sheet for sheet in book.sheets if sheet.is_visible]
    holding = [sheet for sheet in visible if _holds_table(book, sheet)]
    if not holding:
        raise Refused("xlsx.no_table", file=book.file)
    if len(visible) < len(book.sheets):
        book.tell("xlsx.hidden_sheets", detail=str(len(book.sheets) - len(visible)))
    if len(holding) > 1:
        others = ", ".join(sheet.name for sheet in holding[1:6])
        book.tell("xlsx.other_sheets", value=holding[0].name, detail=others)
    return holding[0]


def read_rows(book: Workbook, sheet: Sheet) -> Iterator[tuple[int, Row]]:
    """Yield the rows in which something stands, with their numbers; raises Refused."""
    filled = size = last = 0
    rows = _rows(book, sheet)
    while True:
        try:
            number, cells = next(rows, (0, []))
        except (ValueError, IndexError):
            raise Refused("xlsx.broken", file=book.file) from None
        if number == 0:
            return
        if number <= last or number > HIGHEST_ROW:
            raise Refused("xlsx.broken", file=book.file)
        last = number
        if not any(cells):
            continue
        filled += 1
        size += sum(map(len, cells))
        if filled > MOST_FILLED_ROWS or size > MOST_TEXT:
            raise Refused("xlsx.too_large", file=book.file, detail=str(MOST_FILLED_ROWS))
        yield number, cells


def as_text(rows: Iterable[tuple[int, Row]]) -> Iterator[str]:
    """Yield rows as pieces of a CSV in which each row has its own number."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    written = 0
    for number, cells in rows:
        out.write("\r\n" * (number - written - 1))
        writer.writerow(cells)
        written = number
        if out.tell() > PIECE:
            yield out.getvalue()
            out.seek(0)
            out.truncate()
    if out.tell():
        yield out.getvalue()


def finish(book: Workbook, *, header_row: int) -> list[Finding]:
    """Return what is told of a workbook that was read, and how much more of it there was."""
    below = [merged for merged in book.merged if _first_row(merged) > header_row]
    if below:
        book.tell("xlsx.merged", detail=", ".join(below[:5]))
    for count in list(book.told.values()):
        if count > MOST_TOLD:
            book.tell("xlsx.more", detail=str(count - MOST_TOLD))
    return book.findings


def _first_row(merged: str) -> int:
    digits = "".join(sign for sign in merged.partition(":")[0] if sign in "0123456789")
    return int(digits[:9] or 0)


def _holds_table(book: Workbook, sheet: Sheet) -> bool:
    """Whether there is a header of at least two cells with a row below it."""
    told, findings, merged = dict(book.told), list(book.findings), list(book.merged)
    rows = []
    for _, cells in read_rows(book, sheet):
        rows.append(cells)
        if len(rows) == MOST_ROWS:
            break
    # Told of the sheet that is read, when it is read.
    book.told, book.findings, book.merged = told, findings, merged
    header = find_header(rows)
    return len(rows) > header and sum(1 for cell in rows[header - 1] if cell) > 1


def _events(book: Workbook, path: str) -> Iterator[xml.Event]:
    try:
        with book.archive.open(path) as content:
            yield from xml.events(content, file=book.file)
    except (*DAMAGED, KeyError):
        raise Refused("xlsx.broken", file=book.file) from None


def _read_sheets(book: Workbook) -> None:
    places = {
        attributes.get("Id", ""): attributes.get("Target", "")
        for what, tag, attributes, _ in _events(book, "xl/_rels/workbook.xml.rels")
        if what == "start" and tag == "Relationship" and attributes.get("TargetMode") != "External"
    }
    for what, tag, attributes, _ in _events(book, WORKBOOK):
        if what == "start" and tag == "workbookPr" and attributes.get("date1904") in {"1", "true"}:
            book.reader.epoch = CALENDAR_MAC_1904
        elif what == "start" and tag == "sheet":
            target = places.get(attributes.get("id", ""), "")
            path = target.lstrip("/") if target.startswith("/") else normpath(join("xl", target))
            is_visible = attributes.get("state", "visible") == "visible"
            if "worksheets/" in path and len(book.sheets) < MOST_SHEETS:
                name = bsn.drop_text(attributes.get("name", "")[:LONGEST_NAME])
                book.sheets.append(Sheet(name, path, is_visible))


def _formats(book: Workbook) -> Iterator[Format]:
    """Yield, of each style of cells, how numbers are shown."""
    own: dict[str, str] = {}
    is_inside = False
    for what, tag, attributes, _ in _events(book, STYLES):
        if tag == "cellXfs":
            is_inside = what == "start"
        elif what == "start" and tag == "numFmt":
            own[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif what == "start" and tag == "xf" and is_inside:
            yield Format.of(attributes.get("numFmtId", "0"), own)


def _read_texts(book: Workbook) -> None:
    """Read the texts that cells share; how they are pronounced (rPh) is no part of them."""
    parts: list[str] = []
    size = phonetic = 0
    for what, tag, _, text in _events(book, TEXTS):
        if tag == "rPh":
            phonetic += 1 if what == "start" else -1
        elif what == "end" and tag == "t" and not phonetic:
            parts.append(text)
        elif what == "end" and tag == "si":
            shared = "".join(parts)[:LONGEST_CELL]
            parts = []
            book.reader.texts.append(shared)
            size += len(shared) + TEXT_COSTS
            if size > MOST_TEXT:
                raise Refused("xlsx.too_large", file=book.file, detail=str(MOST_FILLED_ROWS))


def _rows(book: Workbook, sheet: Sheet) -> Iterator[tuple[int, Row]]:
    """Yield all rows of a sheet, also the empty ones; raises ValueError for what cannot be."""
    number, cell = 0, Cell(0)
    cells: Row = []
    for what, tag, attributes, text in _events(book, sheet.path):
        if what == "start":
            if tag == "row":
                number = int(attributes.get("r") or number + 1)
                cells, cell = [], Cell(0)
            elif tag == "c":
                place = place_of(attributes.get("r"), cell.place)
                cell = Cell(place, attributes.get("t", "n"), attributes.get("s", "0"))
            elif tag == "f":
                cell.is_formula = True
            elif tag == "mergeCell" and len(book.merged) < MOST_TOLD:
                book.merged.append(bsn.drop_text(attributes.get("ref", "")[:LONGEST_REF]))
        elif tag in {"v", "t"}:
            cell.text += text
        elif tag == "c":
            book.at = (number, cell.place)
            _put(book, cells, cell)
        elif tag == "row":
            yield number, cells


def _put(book: Workbook, cells: Row, cell: Cell) -> None:
    """Put a cell that holds something in its place in the row."""
    value = book.reader.value(cell)
    if not value:
        return
    if cell.place > MOST_COLUMNS:
        raise Refused("xlsx.too_wide", file=book.file, row=book.at[0], detail=str(MOST_COLUMNS))
    cells += [""] * (cell.place - len(cells) - 1)
    cells.append(value)
