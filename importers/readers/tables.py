"""Tables as records, fast: a row is only read when it tells something new.

Most rows of most files are what their source told the last time. So a row is first only looked
at: its key, and a digest over all that its reading depends on. The engine reads the others.
"""

from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from operator import itemgetter
from typing import Any

import orjson

from importers import bsn
from importers.readers.cells import LONGEST_KEY, Line, line_of, places_in
from importers.readers.tabular import Table, TableRow
from importers.records import Record, RecordKind, Standing, Unread
from importers.source import Batch

# Between cells, where no cell has it.
SEPARATOR = "\x1f"
# Part of each digest: another way of reading cells or making digests reads all rows again.
VERSION = 1
Key = str | Callable[[list[str]], str | None]


def batches(
    table: Table,
    *,
    kind: RecordKind,
    names: Sequence[str],
    key: Key,
    read: Callable[[Line], Record | None],
    after: int,
    size: int,
    fixed: Any = None,
    depends: Callable[[list[str]], Any] | None = None,
) -> Iterator[Batch]:
    """Yield the rows of an open table behind row `after`, `size` at a time, as records of a kind.

    `names` are the columns that `read` uses, key and references among them; cells of other
    columns may change without anybody looking. `key` names the column that alone is the record's
    `ext_id` (as `line.key` returns it); or it makes the same `ext_id` as `read` does, from the
    cells as they stand in the file, and None where it cannot.

    `read` returns None for a row that tells nothing of this kind. Such rows, and those in which
    anything is wrong (a missing key, a cell that no database holds, too many fields), are read at
    once; the others only if they are new or changed. So `read` must follow from the cells under
    `names`, from `fixed` and from `depends` alone:

    - `fixed` is what reading depends on in all rows alike: the mapping, the year, the zone, a
      number that you raise when you read otherwise than before. Anything that JSON can hold.
    - `depends(cells)` is what one row's reading depends on outside its cells: the bounds of its
      task, whether its user is a stranger. Cheap: it is asked of every row. Anything JSON can hold.

    A row that cannot be taken apart comes out as a bad record, without `read`.

        with self._table(name) as table:
            place = table.place("lineItemSourcedId") or 0
            yield from batches(
                table,
                kind=RecordKind.RESULT,
                names=("sourcedId", "studentSourcedId", "lineItemSourcedId", "score", ...),
                key="sourcedId",
                read=lambda line: rows.result(line, around),
                depends=lambda cells: around.bounds.get(cells[place]),
                fixed=[1, str(zone)],
                after=after,
                size=size,
            )
    """
    look = _Look(table, kind, names, key, read, fixed, depends)
    found: list[Record | Unread] = []
    is_whole, number = True, after
    for row in table.lines:
        if row.number <= after:
            continue
        number = row.number
        record: Record | Unread | None = look.unread(row)
        if record is None:
            line = look.line(row)
            if line is not None:
                is_whole = is_whole and not line.is_broken
                record = look.read(line)
                is_whole = is_whole and not line.is_broken
        if record is not None:
            found.append(record)
            if len(found) == size:
                yield Batch(found, number, is_whole)
                found, is_whole = [], True
    yield Batch(found, number, is_whole)


class _Look:
    """How the rows of one table are looked at, and read."""

    def __init__(
        self,
        table: Table,
        kind: RecordKind,
        names: Sequence[str],
        key: Key,
        read: Callable[[Line], Record | None],
        fixed: Any,
        depends: Callable[[list[str]], Any] | None,
    ) -> None:
        self._table, self._kind, self._read, self._depends = table, kind, read, depends
        self._places = places_in(table, names)
        self._width = len(table.headers)
        self._key = key if callable(key) else self._column(key)
        used = sorted(set(self._places.values()))
        self._cells: Callable[[list[str]], Sequence[str]] = lambda cells: cells
        if 1 < len(used) < self._width:
            self._cells = itemgetter(*used)
        # In which column a cell stands is part of what it says.
        layout = sorted((place, name) for name, place in self._places.items())
        start = orjson.dumps([VERSION, kind, layout, fixed], default=str)
        self._start = blake2b(start, digest_size=16)

    def _column(self, name: str) -> Callable[[list[str]], str | None]:
        place = self._places.get(name)
        if place is None:
            return lambda _: None
        return lambda cells: cells[place].strip()

    def unread(self, row: TableRow) -> Unread | None:
        """Return a row that nothing is wrong with, not read; None for any other."""
        cells = row.cells
        if cells is None or len(cells) != self._width:
            return None
        text = SEPARATOR.join(cells)
        if "\0" in text or text.count(SEPARATOR) != self._width - 1:
            return None
        if bsn.MARK in text or not (text.isascii() or _is_text(text)):
            return None
        key = self._key(cells)
        if not key or len(key) > LONGEST_KEY:
            return None
        digest = self._start.copy()
        digest.update(SEPARATOR.join(self._cells(cells)).encode())
        if self._depends is not None:
            digest.update(b"\x1e" + orjson.dumps(self._depends(cells), default=str))
        return Unread(self._kind, key, digest.hexdigest(), self._reader, row)

    def line(self, row: TableRow) -> Line | None:
        """Return a row with what is wrong with its cells; None for one without anything in it."""
        return line_of(self._table, self._places, row)

    def read(self, line: Line) -> Record | None:
        """Return the record of a line; a row in pieces says nothing that could be trusted."""
        if not line.cells:
            return line.set_aside(self._kind, None, Standing.BAD)
        return self._read(line)

    def _reader(self, row: TableRow) -> Record | None:
        """Read a row of which `unread` saw that nothing is wrong with its cells."""
        return self._read(Line(self._table, self._places, row.number, row.cells or []))


def _is_text(text: str) -> bool:
    """Whether none of it are bytes that are no UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
