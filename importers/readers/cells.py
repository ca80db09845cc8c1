"""Reading one row: cells become values, and what is wrong with them becomes findings."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

from importers import bsn
from importers.issues import Column, Finding, Severity
from importers.readers.tabular import Table, TableRow
from importers.records import Origin, Record, RecordKind, Standing

LONGEST_KEY = 255
LONGEST_SHOWN = 200
DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
DUTCH_DAY = re.compile(r"(\d{1,2})([-/])(\d{1,2})\2(\d{4})")
NUMBER = re.compile(r"-?\d{1,7}(?:[.,]\d{1,20})?")
YEARS = range(1900, 2101)
THOUSANDTH = Decimal("0.001")
TRUTHS = {"true": True, "false": False}
OTHER_TRUTHS = {"1": True, "0": False, "yes": True, "no": False, "ja": True, "nee": False}
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
LONGEST_EMAIL = 254
BROKEN = {"row.unreadable", "row.too_few_fields", "row.too_many_fields", "key.missing"}
# What no import has any business keeping, not even of a row that is set aside.
NEVER_KEPT = {"password"}


@dataclass(slots=True)
class Line:
    """A row of a table while it is read; the readers below add to `findings`."""

    table: Table
    places: Mapping[str, int]
    row: int
    cells: list[str]
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_bad(self) -> bool:
        """Whether something is so wrong that the row is set aside."""
        return bool(self.findings) and any(finding.is_error for finding in self.findings)

    @property
    def is_broken(self) -> bool:
        """Whether the row does not even tell which record it is about."""
        return bool(self.findings) and any(finding.code in BROKEN for finding in self.findings)

    def find(
        self, code: str, name: str | None = None, *, detail: str | None = None, is_bad: bool = True
    ) -> None:
        """Note what is wrong, with the cell as it stands."""
        column = None if name is None else self.table.column(name)
        value = None if name is None else self.text(name)
        self.findings.append(
            Finding(
                code=code,
                severity=Severity.ERROR if is_bad else Severity.WARNING,
                file=self.table.file,
                row=self.row,
                column=column,
                value=None if value is None else _shown(value),
                detail=detail,
            )
        )

    def warn(self, code: str, name: str | None = None, *, detail: str | None = None) -> None:
        """Note what is odd; the row stays in."""
        self.find(code, name, detail=detail, is_bad=False)

    def text(self, name: str) -> str | None:
        """Return a cell without spaces around it, or None when it is empty or not there."""
        place = self.places.get(name)
        if place is None or place >= len(self.cells):
            return None
        return self.cells[place].strip() or None

    def key(self, name: str, *, is_needed: bool = True) -> str | None:
        """Return a key, whole or not at all; without the one that is needed the row is lost."""
        found = self.text(name)
        if found is None and is_needed:
            self.find("key.missing", name)
        elif found is not None and len(found) > LONGEST_KEY:
            self.find("value.too_long", name, detail=str(LONGEST_KEY))
        return found

    def reference(self, name: str) -> str | None:
        """Return the key of something else, which may not be missing."""
        found = self.text(name)
        if found is None:
            self.find("value.missing", name)
        return found[:LONGEST_KEY] if found else None

    def words(self, name: str, *, most: int, is_needed: bool = False) -> str | None:
        """Return words, cut to what fits, with a warning."""
        found = self.text(name)
        if found is None and is_needed:
            self.find("value.missing", name)
        if found is None or len(found) <= most:
            return found
        self.warn("value.shortened", name, detail=str(most))
        return found[:most]

    def choice(self, name: str, words: Mapping[str, Any]) -> Any:
        """Return what a word stands for; None, with a finding, when it is empty or unknown."""
        found = self.text(name)
        if found is None:
            self.find("value.missing", name)
            return None
        if found in words:
            return words[found]
        folded = {word.casefold(): meaning for word, meaning in words.items()}
        if found.casefold() in folded:
            self.warn("value.case", name)
            return folded[found.casefold()]
        self.find("value.unknown", name, detail=", ".join(words))
        return None

    def truth(self, name: str) -> bool:
        """Return true or false; true, with a warning, when the cell is empty."""
        found = (self.text(name) or "").casefold()
        if not found:
            self.warn("value.missing", name)
            return True
        if self.text(name) in TRUTHS:
            return TRUTHS[found]
        meaning = {**TRUTHS, **OTHER_TRUTHS}.get(found)
        if meaning is None:
            self.find("boolean.form", name)
            return True
        self.warn("boolean.written", name)
        return meaning

    def day(self, name: str) -> str | None:
        """Return a day as ISO text (ISO 8601); day-month-year is taken with a warning."""
        found = self.text(name)
        if found is None:
            return None
        day, codes = _day(found)
        for code in codes:
            self.find(code, name, is_bad=code != "date.dutch")
        return day

    def number(self, name: str) -> Decimal | None:
        """Return a number, rounded to thousandths; a decimal comma is taken with a warning."""
        found = self.text(name)
        if found is None:
            return None
        number = _number(found)
        if number is None:
            self.find("number.form", name)
        elif "," in found:
            self.warn("number.comma", name)
        return number

    def email(self, name: str) -> str | None:
        """Return an e-mail address, or None with a warning when mail could not arrive there."""
        found = self.text(name)
        if found is None:
            return None
        if len(found) > LONGEST_EMAIL or not EMAIL.fullmatch(found):
            self.warn("email.unusable", name)
            return None
        return found

    def record(
        self, kind: RecordKind, key: str | None, said: Mapping[str, Any], **facts: Any
    ) -> Record:
        """Return what the row tells; or the row as it stands when anything in it is wrong."""
        if self.is_bad:
            return self.set_aside(kind, key, Standing.BAD)
        origin, found = Origin(self.table.file, self.row), tuple(self.findings)
        return Record(kind=kind, ext_id=key, origin=origin, data=said, findings=found, **facts)

    def set_aside(self, kind: RecordKind, ext_id: str | None, standing: Standing) -> Record:
        """Return the row as it is, for people to repair; or to know that it was passed over."""
        headers = self.table.headers
        cells = {
            headers[i] or str(i + 1): _clean(cell)
            for i, cell in enumerate(self.cells[: len(headers)])
            if cell and headers[i].casefold() not in NEVER_KEPT
        }
        return Record(
            kind=kind,
            ext_id=ext_id[:LONGEST_KEY] if ext_id else None,
            origin=Origin(self.table.file, self.row),
            data=cells,
            standing=standing,
            findings=tuple(self.findings),
        )


# The same days and numbers stand in many rows.
@lru_cache(4096)
def _day(text: str) -> tuple[str | None, tuple[str, ...]]:
    """Return a day as ISO text, and what is to be said of how it was written."""
    codes: tuple[str, ...] = ()
    if match := DAY.fullmatch(text):
        year, month, day = match.groups()
    elif match := DUTCH_DAY.fullmatch(text):
        day, _, month, year = match.groups()
        codes = ("date.dutch",)
    else:
        return None, ("date.form",)
    try:
        found = date(int(year), int(month), int(day))
    except ValueError:
        return None, (*codes, "date.impossible")
    if found.year not in YEARS:
        return None, (*codes, "date.impossible")
    return found.isoformat(), codes


@lru_cache(4096)
def _number(text: str) -> Decimal | None:
    if not NUMBER.fullmatch(text):
        return None
    number = Decimal(text.replace(",", ".")).quantize(THOUSANDTH, ROUND_HALF_UP)
    return number.normalize() + 0


def read_lines(table: Table, names: tuple[str, ...], *, after: int) -> Iterator[Line | None]:
    """Yield the rows behind row `after` as lines; None for a row without anything in it."""
    places = places_in(table, names)
    for row in table.lines:
        if row.number > after:
            yield line_of(table, places, row)


def places_in(table: Table, names: Iterable[str]) -> dict[str, int]:
    """Return where the columns are that the table has."""
    return {name: place for name in names if (place := table.place(name)) is not None}


def line_of(table: Table, places: Mapping[str, int], row: TableRow) -> Line | None:
    """Return a row as a line, with what is wrong with its cells; None for an empty one."""
    if row.cells is not None and not any(cell.strip() for cell in row.cells):
        return None
    line = Line(table, places, row.number, row.cells or [])
    if row.cells is None:
        line.find("row.unreadable")
        return line
    _check_cells(line)
    surplus = row.cells[len(table.headers) :]
    if any(surplus):
        line.find("row.too_many_fields", detail=f"{len(row.cells)}/{len(table.headers)}")
    if len(row.cells) < len(table.headers):
        line.find("row.too_few_fields", detail=f"{len(row.cells)}/{len(table.headers)}")
        line.cells = row.cells + [""] * (len(table.headers) - len(row.cells))
    return line


def _check_cells(line: Line) -> None:
    """Take out what can never be stored: bytes that are no text, NUL, the mark of a BSN."""
    together = "\n".join(line.cells)
    if together.isascii() and "\0" not in together and bsn.MARK not in together:
        return
    for place, cell in enumerate(line.cells):
        name = line.table.headers[place] if place < len(line.table.headers) else str(place + 1)
        code = _fault(cell)
        if code is not None:
            line.findings.append(
                Finding(
                    code=code,
                    severity=Severity.WARNING if code == "bsn.dropped" else Severity.ERROR,
                    file=line.table.file,
                    row=line.row,
                    column=Column(place, name),
                    value=None if code == "bsn.dropped" else _shown(cell),
                )
            )
            line.cells[place] = _clean(cell).replace(bsn.MARK, "")


def _fault(cell: str) -> str | None:
    if "\0" in cell:
        return "cell.nul"
    if bsn.MARK in cell:
        return "bsn.dropped"
    try:
        cell.encode()
    except UnicodeEncodeError:
        return "cell.encoding"
    return None


def _clean(cell: str) -> str:
    """Return a cell that every database can hold: lone bytes and NUL become question marks."""
    return cell.encode("utf-8", "replace").decode().replace("\0", "?").replace(bsn.MARK, "")


def _shown(value: str) -> str:
    return _clean(value)[:LONGEST_SHOWN]
