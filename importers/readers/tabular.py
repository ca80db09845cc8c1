"""Delimited text, row by row: numbered as Excel does, and never all in memory."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from importers.issues import Column, Refused

# The longest cell that is read. Python's own limit is 131,072, global, and easy to forget; what
# is longer is an unclosed quotation mark or no table at all.
LONGEST_CELL = 100_000
LONGEST_HEADER = 200
MOST_COLUMNS = 500
DELIMITERS = ";,\t"


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row; `cells` is None when the row cannot be taken apart (quotation marks, length)."""

    number: int
    cells: list[str] | None


@dataclass(frozen=True)
class Table:
    """A table that is open at its first row of data.

    Text that is not UTF-8 keeps its bytes as lone surrogates, so that one bad cell spoils only
    its own row.
    """

    file: str
    headers: tuple[str, ...]
    lines: Iterator[TableRow]

    def column(self, name: str) -> Column:
        """Return the column with this name, by its exact name or in another case."""
        index = self.place(name)
        return Column(index, name if index is None else self.headers[index])

    def place(self, name: str) -> int | None:
        """Return where this column is, if it is there."""
        if name in self.headers:
            return self.headers.index(name)
        folded = [header.casefold() for header in self.headers]
        return folded.index(name.casefold()) if name.casefold() in folded else None


def open_table(content: IO[bytes], *, file: str, delimiter: str | None = None) -> Table:
    """Read the header; raises Refused when there is none or when it is no header.

    Without a delimiter it is the one of `;`, `,` and tab that the header holds most of.
    """
    text = io.TextIOWrapper(content, "utf-8-sig", errors="surrogateescape", newline="")
    first = text.readline(LONGEST_CELL)
    if not first.strip():
        raise Refused("file.empty", file=file)
    delimiter = delimiter or max(DELIMITERS, key=first.count)
    lines = _rows(_joined(first, text), delimiter)
    header = next(lines).cells
    if header is None:
        raise Refused("header.unreadable", file=file, row=1)
    headers = tuple(_storable(cell.strip()) for cell in header)
    _check_header(headers, file)
    return Table(file, headers, lines)


def _check_header(headers: Sequence[str], file: str) -> None:
    if len(headers) > MOST_COLUMNS or max(map(len, headers)) > LONGEST_HEADER:
        raise Refused("header.unreadable", file=file, row=1)
    seen: set[str] = set()
    for index, name in enumerate(headers):
        if name and name.casefold() in seen:
            raise Refused("header.twice", file=file, row=1, column=Column(index, name))
        seen.add(name.casefold())


def _storable(header: str) -> str:
    return header.encode("utf-8", "replace").decode().replace("\0", "?")


def _joined(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _rows(lines: Iterator[str], delimiter: str) -> Iterator[TableRow]:
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    number = 0
    while True:
        number += 1
        try:
            yield TableRow(number, next(reader))
        except csv.Error:
            yield TableRow(number, None)
        except StopIteration:
            return
