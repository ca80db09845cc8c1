"""Delimited text, row by row: numbered as Excel does, and never all in memory."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import IO, NamedTuple

from importers.issues import Column, Refused

# The longest cell that is read. Python's own limit is 131,072, global, and easy to forget; what
# is longer is an unclosed quotation mark or no table at all.
LONGEST_CELL = 100_000
LONGEST_HEADER = 200
MOST_COLUMNS = 500
DELIMITERS = ";,\t|"


class TableRow(NamedTuple):
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


def open_table(
    content: IO[bytes],
    *,
    file: str,
    delimiter: str | None = None,
    header_row: int = 1,
    may_repeat: bool = False,
) -> Table:
    """Read a kept table up to its header; raises Refused when there is none or it is no header.

    Its rows begin behind row `header_row`; 0 says that there is no header, and they begin at
    row 1. Without a delimiter it is the one that the first line holds most of. Where a name
    `may_repeat`, the second column with it gets a number behind it.
    """
    text = io.TextIOWrapper(content, "utf-8-sig", errors="surrogateescape", newline="")
    first = text.readline(LONGEST_CELL)
    if not first:
        raise Refused("file.empty", file=file)
    lines = _rows(chain((first,), text), delimiter or max(DELIMITERS, key=first.count))
    if header_row == 0:
        return Table(file, (), lines)
    header = next(islice(lines, header_row - 1, None), None)
    if header is None or (header.cells is not None and not any(header.cells)):
        raise Refused("file.empty", file=file)
    if header.cells is None:
        raise Refused("header.unreadable", file=file, row=header_row)
    headers = tuple(_storable(cell.strip()) for cell in header.cells)
    if may_repeat:
        headers = _told_apart(headers)
    _check_header(headers, file, header_row)
    return Table(file, headers, lines)


def _check_header(headers: Sequence[str], file: str, row: int) -> None:
    if len(headers) > MOST_COLUMNS or max(map(len, headers)) > LONGEST_HEADER:
        raise Refused("header.unreadable", file=file, row=row)
    seen: set[str] = set()
    for index, name in enumerate(headers):
        if name and name.casefold() in seen:
            raise Refused("header.twice", file=file, row=row, column=Column(index, name))
        seen.add(name.casefold())


def _told_apart(headers: Sequence[str]) -> tuple[str, ...]:
    """Return the headers, each that was there before with a number behind it."""
    found: list[str] = []
    taken: set[str] = set()
    for name in headers:
        own, number = name, 1
        while own and own.casefold() in taken:
            number += 1
            own = f"{name} ({number})"
        taken.add(own.casefold())
        found.append(own)
    return tuple(found)


def _storable(header: str) -> str:
    return header.encode("utf-8", "replace").decode().replace("\0", "?")


def _rows(lines: Iterator[str], delimiter: str) -> Iterator[TableRow]:
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    number = 0
    while True:
        try:
            for cells in reader:
                number += 1
                yield TableRow(number, cells)
        except csv.Error:
            number += 1
            yield TableRow(number, None)
        else:
            return
