"""An opened bundle: its manifest, what is there and what should be, and its records in order."""

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

from importers.cells import Line, read_lines
from importers.issues import Column, Finding, Refused, Severity
from importers.oneroster import files, rows
from importers.readers.tabular import Table, open_table
from importers.records import Standing
from importers.source import Batch, Stream

VERSION = "1.2"
MODES = {"absent", "bulk", "delta"}
COMMON = ("status", "dateLastModified")


class Bundle:
    """A OneRoster 1.2 bundle that the door let in."""

    kind = files.KIND
    name = "OneRoster"

    def __init__(self, body: bytes, *, zone: ZoneInfo) -> None:
        self._zip = zipfile.ZipFile(BytesIO(body))
        self._names = set(self._zip.namelist())
        self._zone = zone

    def check(self) -> list[Finding]:
        """Check the manifest, the files it names, their headers, and what small files refer to."""
        missing = [name for name in files.NEEDED_FILES if name not in self._names]
        if missing:
            return [Finding(code="file.missing", file=name) for name in missing]
        try:
            findings = [*self._check_manifest(), *self._check_headers()]
            if not any(finding.is_error for finding in findings):
                findings += self._check_references()
        except Refused as refusal:
            return [refusal.finding]
        return findings

    def streams(self) -> Sequence[Stream]:
        """Return the files that hold records, in the order in which one refers to another."""
        return [
            self._stream(name, file)
            for name, file in files.RECORD_FILES.items()
            if self._is_read(name)
        ]

    def read(self, stream: Stream, *, after: int, size: int) -> Iterator[Batch]:
        """Yield the records of a file behind row `after`."""
        file = files.RECORD_FILES[stream.name]
        records, is_whole, row = [], True, max(after, 1)
        for line in self._lines(stream.name, after=after):
            row += 1
            if line is not None:
                # A row in pieces says nothing that its columns could be trusted with.
                record = (
                    file.read(line, self._around)
                    if line.cells
                    else line.set_aside(file.kind, None, Standing.BAD)
                )
                is_whole = is_whole and not line.is_broken
                records.append(record)
            if len(records) == size:
                yield Batch(records, row, is_whole)
                records, is_whole = [], True
        yield Batch(records, row, is_whole)

    def _is_read(self, name: str) -> bool:
        return name in self._names and self._manifest.get(f"file.{name[:-4]}") == "bulk"

    def _stream(self, name: str, file: files.RecordFile) -> Stream:
        with self._table(name) as table:
            columns = {"ext_id": table.column("sourcedId")}
            columns |= {role: table.column(column) for role, column in file.refers.items()}
        return Stream(name=name, kind=file.kind, file=name, is_snapshot=True, columns=columns)

    @cached_property
    def _manifest(self) -> Mapping[str, str]:
        found = {}
        with self._table(files.MANIFEST) as table:
            for line in read_lines(table, ("propertyName", "value"), after=1):
                if line is not None and (name := line.text("propertyName")):
                    found[name] = line.text("value") or ""
        return found

    def _check_manifest(self) -> Iterator[Finding]:
        version = self._manifest.get("oneroster.version")
        if version != VERSION:
            yield Finding(
                code="manifest.version", file=files.MANIFEST, value=version, detail=VERSION
            )
            return
        for name in files.ALL_FILES[1:]:
            mode = self._manifest.get(f"file.{name[:-4]}", "absent")
            if mode not in MODES:
                yield Finding(
                    code="manifest.mode",
                    file=files.MANIFEST,
                    value=mode,
                    detail=f"file.{name[:-4]}",
                )
            elif mode == "delta":
                yield Finding(code="manifest.delta", file=name)
            elif mode == "bulk" and name not in self._names:
                yield Finding(code="file.missing", file=name)
            elif mode == "absent" and name == "users.csv":
                yield Finding(code="manifest.says_absent", file=name)
            elif mode == "absent" and name in self._names:
                yield _warning("manifest.says_absent", file=name)

    def _check_headers(self) -> Iterator[Finding]:
        for name, file in files.RECORD_FILES.items():
            if not self._is_read(name):
                continue
            with self._table(name) as table:
                yield from _check_header(table, file)
                if next(table.lines, None) is None:
                    yield _warning("file.no_rows", file=name)

    def _check_references(self) -> Iterator[Finding]:
        """Warn about references that nothing of ours depends on; the others wait for matching."""
        keys = {name: set(self._keys(name)) for name in files.LOOKED_UP if self._is_read(name)}
        for name, columns in files.CHECKED_REFERENCES.items():
            if not self._is_read(name):
                continue
            for line in self._lines(name, after=1):
                if line is None:
                    continue
                for column, other in columns.items():
                    wanted = (line.text(column) or "").split(",")
                    if other in keys and any(key and key not in keys[other] for key in wanted):
                        line.warn("ref.unused", column, detail=other)
                        yield line.findings[-1]

    def _keys(self, name: str) -> Iterator[str]:
        for line in self._lines(name, after=1):
            if line is not None and (key := line.text("sourcedId")):
                yield key

    @cached_property
    def _around(self) -> rows.Surroundings:
        bounds: dict[str, rows.Bounds] = {}
        if self._is_read("lineItems.csv"):
            for line in self._lines("lineItems.csv", after=1):
                if line is not None and (key := line.text("sourcedId")):
                    bounds[key] = line.number("resultValueMin"), line.number("resultValueMax")
        return rows.Surroundings(zone=self._zone, bounds=bounds, strangers=self._strangers())

    def _strangers(self) -> frozenset[str]:
        if not self._is_read("roles.csv"):
            return frozenset()
        ours: set[str] = set()
        others: set[str] = set()
        for line in self._lines("roles.csv", after=1):
            if line is not None and (user := line.text("userSourcedId")):
                is_other = (line.text("role") or "").casefold() in rows.OTHER_ROLES_FOLDED
                (others if is_other else ours).add(user)
        return frozenset(others - ours)

    def _lines(self, name: str, *, after: int) -> Iterator[Line | None]:
        file = files.RECORD_FILES.get(name)
        names = (*file.needed, *file.used, *COMMON) if file else ("sourcedId",)
        names = (*names, *files.CHECKED_REFERENCES.get(name, ()))
        with self._table(name) as table:
            yield from read_lines(table, names, after=max(after, 1))

    @contextmanager
    def _table(self, name: str) -> Iterator[Table]:
        with self._zip.open(name) as content:
            yield open_table(content, file=name, delimiter=",")


def _check_header(table: Table, file: files.RecordFile) -> Iterator[Finding]:
    for name in (*file.needed, *file.used):
        place = table.place(name)
        if place is None and name in file.needed:
            yield Finding(code="header.missing", file=table.file, row=1, column=Column(None, name))
        elif place is not None and table.headers[place] != name:
            column = Column(place, table.headers[place])
            yield _warning("header.case", file=table.file, row=1, column=column, detail=name)
    empty = [place for place, header in enumerate(table.headers) if not header]
    if empty:
        yield _warning("header.empty", file=table.file, row=1, column=Column(empty[0], ""))


def _warning(code: str, **facts: Any) -> Finding:
    return Finding(code=code, severity=Severity.WARNING, **facts)
