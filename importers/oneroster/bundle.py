"""An opened bundle: its manifest, what is there and what should be, and its records in order."""

import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from importers.issues import Finding, Refused, Severity
from importers.oneroster import files, rows
from importers.oneroster.headers import check_header, named
from importers.oneroster.life import LIFE_COLUMNS, is_as_in_changes, life_of, life_of_change
from importers.oneroster.manifest import Manifest, Mode, read_manifest
from importers.oneroster.references import check_references
from importers.oneroster.roles import Users, ours_in, users_of
from importers.readers.cells import Line, read_lines
from importers.readers.kept import Kept
from importers.readers.tables import batches
from importers.readers.tabular import Table, open_table
from importers.records import Op, Record, RecordKind
from importers.source import Batch, Opening, Stream

USERS, ROLES, ENROLLMENTS, TASKS = "users.csv", "roles.csv", "enrollments.csv", "lineItems.csv"


class Bundle:
    """A OneRoster 1.1 or 1.2 bundle that the door let in."""

    kind = files.KIND
    name = "OneRoster"

    def __init__(self, kept: Kept, opening: Opening) -> None:
        self._zip = zipfile.ZipFile(kept.open())
        self._names = set(self._zip.namelist())
        self._opening = opening

    def check(self) -> list[Finding]:
        """Check the manifest, the files it names, their headers, and what small files refer to."""
        if files.SCHOOL_DATA_SYNC_1 in self._names and USERS not in self._names:
            return [Finding(code="file.school_data_sync_1", file=files.SCHOOL_DATA_SYNC_1)]
        if not self._names & {files.MANIFEST, *files.RECORD_FILES}:
            return [Finding(code="file.missing", file=files.MANIFEST)]
        try:
            findings = list(self._manifest.findings)
            if not any(finding.is_error for finding in findings):
                findings += self._check_files()
            if not any(finding.is_error for finding in findings):
                findings += check_references(self._modes, self._lines)
        except Refused as refusal:
            return [refusal.finding]
        return findings

    def streams(self) -> Sequence[Stream]:
        """Return the files that hold records, in the order in which one refers to another."""
        found = []
        for name, file in files.RECORD_FILES.items():
            if self._is_read(name):
                found.append(self._stream(name, file, name))
            elif name == ROLES and self._has_user_roles:
                found.append(self._stream(name, files.USER_ROLES, USERS))
        return found

    def read(self, stream: Stream, *, after: int, size: int) -> Iterator[Batch]:
        """Yield the records of a file behind row `after`."""
        file = files.RECORD_FILES[stream.name]
        if stream.file != stream.name:
            file = files.USER_ROLES
        with self._table(stream.file) as table:
            yield from batches(
                table,
                kind=file.kind,
                names=(*LIFE_COLUMNS, *file.needed, *file.used),
                key="sourcedId" if table.place("sourcedId") is not None else _made_key(table, file),
                read=lambda line: self._record(line, file),
                after=max(after, 1),
                size=size,
                fixed=[self._modes[stream.file], str(self._opening.zone)],
                depends=self._depends(table, file),
            )

    def _record(self, line: Line, file: files.RecordFile) -> Record | None:
        key = self._key(line, file)
        is_delta = self._modes[line.table.file] is Mode.DELTA
        life = life_of_change(line, self._opening.zone) if is_delta else life_of(line)
        if file is files.USER_ROLES:
            if line.is_broken:
                return None
            line.findings.clear()  # said when the user was read
        if life.op is Op.CLOSE and not line.is_bad:
            return rows.closing(line, key, life, file.kind)
        return rows.read_row(line, key, life, file.read(line, self._around), file.kind)

    def _key(self, line: Line, file: files.RecordFile) -> str | None:
        if file.keyed_by and "sourcedId" not in line.places:
            return _made_key(line.table, file)(line.cells)
        return line.key("sourcedId")

    def _depends(self, table: Table, file: files.RecordFile) -> Callable[[list[str]], Any] | None:
        """Return what the reading of a row depends on outside its own cells, if on anything."""
        around = self._around
        if file.kind is RecordKind.PERSON:
            user = table.place("sourcedId") or 0
            return lambda cells: around.standing(cells[user].strip())
        if file.kind is RecordKind.RESULT and around.bounds:
            task = table.place("lineItemSourcedId") or 0
            said = {key: str(bounds) for key, bounds in around.bounds.items()}
            return lambda cells: said.get(cells[task].strip())
        return None

    def _is_read(self, name: str) -> bool:
        return name in self._names and self._modes.get(name, Mode.ABSENT) is not Mode.ABSENT

    def _stream(self, name: str, file: files.RecordFile, place: str) -> Stream:
        with self._table(place) as table:
            columns = {"ext_id": table.column("sourcedId")}
            columns |= {role: table.column(column) for role, column in file.refers.items()}
        # Of changed roles it cannot be seen who of all users is a parent, so nobody is missed.
        is_told = place != USERS or self._modes.get(ROLES) is not Mode.DELTA
        is_whole = self._modes[place] is Mode.BULK and is_told
        return Stream(name=name, kind=file.kind, file=place, is_snapshot=is_whole, columns=columns)

    @cached_property
    def _manifest(self) -> Manifest:
        seen = files.OLD if self._has_role_column else files.NEW
        if files.MANIFEST not in self._names:
            return read_manifest(None, self._names, seen)
        with self._table(files.MANIFEST) as table:
            lines = read_lines(table, ("propertyName", "value"), after=1)
            return read_manifest(lines, self._names, seen)

    @property
    def _modes(self) -> Mapping[str, Mode]:
        return self._manifest.modes

    @cached_property
    def _has_user_roles(self) -> bool:
        return not self._is_read(ROLES) and self._is_read(USERS) and self._has_role_column

    @cached_property
    def _has_role_column(self) -> bool:
        """Whether users carry their own role, as in OneRoster 1.1."""
        if USERS not in self._names:
            return False
        with self._table(USERS) as table:
            return table.place("role") is not None

    def _check_files(self) -> Iterator[Finding]:
        version = self._manifest.version
        for name, file in files.RECORD_FILES.items():
            if not self._is_read(name):
                continue
            delimiter = self._opening.dialect_of(name).delimiter
            if delimiter != ",":
                yield _warning("file.delimiter", file=name, value=delimiter.replace("\t", "tab"))
            with self._table(name) as table:
                yield from check_header(table, file, version=version)
                if next(table.lines, None) is None:
                    yield _warning("file.no_rows", file=name)
            if self._modes[name] is not Mode.DELTA:
                yield from self._check_first_row(name)
        if self._has_user_roles and version == files.NEW:
            yield _warning("file.roles_of_users", file=USERS)
        if not any(self._is_read(name) for name in files.RECORD_FILES):
            yield _warning("file.nothing_read", file=files.MANIFEST)

    def _check_first_row(self, name: str) -> Iterator[Finding]:
        """Say once of a whole file that its rows are written as rows of changes are."""
        line = next(self._lines(name, after=1), None)
        if line is not None and is_as_in_changes(line):
            line.warn("bulk.as_in_changes", "status")
            yield line.findings[-1]

    @cached_property
    def _around(self) -> rows.Around:
        bounds: dict[str, rows.Bounds] = {}
        if self._is_read(TASKS):
            for line in self._lines(TASKS, after=1):
                if line is not None and (key := line.text("sourcedId")):
                    bounds[key] = line.number("resultValueMin"), line.number("resultValueMax")
        place, column = (ROLES, "userSourcedId") if self._is_read(ROLES) else (USERS, "sourcedId")
        users, ours = Users(), None
        if self._is_read(ROLES) or self._has_user_roles:
            users = users_of(lambda: self._lines(place, after=1), column)
        if Mode.DELTA in {self._modes.get(USERS), self._modes.get(ROLES)}:
            ours = self._ours(place, column) - users.others - users.unclear
        return rows.Around(
            zone=self._opening.zone,
            bounds=bounds,
            others=users.others,
            unclear=users.unclear,
            ours=ours,
        )

    def _ours(self, place: str, column: str) -> set[str]:
        found = ours_in(self._lines(place, after=1), column)
        if self._is_read(ENROLLMENTS):
            found |= ours_in(self._lines(ENROLLMENTS, after=1), "userSourcedId")
        return found

    def _lines(self, name: str, *, after: int) -> Iterator[Line | None]:
        names: tuple[str, ...] = LIFE_COLUMNS
        file = files.RECORD_FILES.get(name)
        if file is not None:
            names = (*names, *file.needed, *file.used, "role")
        names = (*names, *files.CHECKED_REFERENCES.get(name, ()))
        with self._table(name) as table:
            yield from read_lines(table, names, after=max(after, 1))

    @contextmanager
    def _table(self, name: str) -> Iterator[Table]:
        delimiter = self._opening.dialect_of(name).delimiter
        with self._zip.open(name) as content:
            yield named(open_table(content, file=name, delimiter=delimiter))


def _made_key(table: Table, file: files.RecordFile) -> Callable[[list[str]], str | None]:
    """Return what makes a key of the columns that tell a row apart; None where one is empty."""
    places = [table.place(name) or 0 for name in file.keyed_by]

    def key(cells: list[str]) -> str | None:
        parts = [cells[place].strip() for place in places]
        return "/".join(parts) if all(parts) else None

    return key


def _warning(code: str, **facts: Any) -> Finding:
    return Finding(code=code, severity=Severity.WARNING, **facts)
