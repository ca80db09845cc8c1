"""The header of each file against the standard: what is missing, misspelt, or not known there."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from importers.issues import Column, Finding, Severity
from importers.oneroster import files
from importers.readers.tabular import Table


@dataclass(frozen=True)
class NamedTable(Table):
    """A table of which some columns go by another name; findings show the name that they have."""

    other_names: dict[str, str] = field(default_factory=dict)

    def place(self, name: str) -> int | None:
        """Return where this column is, if it is there."""
        found = super().place(name)
        if found is None and name in self.other_names:
            return super().place(self.other_names[name])
        return found


def named(table: Table) -> NamedTable:
    """Return the table with the names that we know its columns by."""
    others = {files.ALIASES[name.casefold()]: name for name in table.headers if _is_alias(name)}
    return NamedTable(table.file, table.headers, table.lines, others)


def check_header(table: Table, file: files.RecordFile, *, version: str) -> Iterator[Finding]:
    """Compare a header with the standard's; only a column that we cannot do without is an error."""
    missing = [name for name in file.needed if table.place(name) is None]
    if missing:
        for name in missing:
            yield Finding(code="header.missing", file=table.file, row=1, column=Column(None, name))
        return
    expected = files.columns_of(table.file, version=version)
    yield from _spelling(table, expected)
    yield from _order(table, expected)
    fewer = [name for name in expected if table.place(name) is None]
    if fewer:
        yield _warning("header.fewer", table, None, detail=", ".join(fewer))
    if file.keyed_by and table.place("sourcedId") is None:
        yield _warning("header.no_key", table, None, detail=", ".join(file.keyed_by))
    empty = [place for place, header in enumerate(table.headers) if not header]
    if empty:
        yield _warning("header.empty", table, empty[0], detail=str(len(empty)))


def _spelling(table: Table, expected: Sequence[str]) -> Iterator[Finding]:
    by_folded_name = {name.casefold(): name for name in expected}
    for place, header in enumerate(table.headers):
        known = by_folded_name.get(header.casefold()) or files.ALIASES.get(header.casefold())
        if known is not None and known != header:
            yield _warning("header.case", table, place, detail=known)
        elif header and known is None and not header.startswith(files.METADATA):
            yield _warning("header.extra", table, place)


def _order(table: Table, expected: Sequence[str]) -> Iterator[Finding]:
    """Say once when the order is another one; we read by name."""
    places = [place for name in expected if (place := table.place(name)) is not None]
    for want, place in enumerate(sorted(places)):
        if place != want or places[want] != place:
            yield _warning("header.order", table, want)
            return


def _is_alias(name: str) -> bool:
    return name.casefold() in files.ALIASES


def _warning(code: str, table: Table, place: int | None, **facts: Any) -> Finding:
    column = None if place is None else Column(place, table.headers[place])
    warning = Severity.WARNING
    return Finding(code=code, severity=warning, file=table.file, row=1, column=column, **facts)
