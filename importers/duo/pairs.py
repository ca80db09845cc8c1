"""A list of pairs: which number of DUO is which student number, so that nobody is asked one by one.

The school makes it once from its own administration. The numbers of DUO are named otherwise at
the door, as those in its files are; the list gives the same names, so it links. Its column says of
which file: a BSN or onderwijsnummer is of the Registratieoverzicht, a PGN of the Grondslag, where
DUO may number people anew.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from importers import bsn
from importers.duo.overview import NAMES
from importers.issues import Finding
from importers.readers.cells import Line, read_lines
from importers.readers.kept import Kept
from importers.readers.sample import Form, Sample
from importers.readers.tabular import Table, open_table
from importers.records import Op, Record, RecordKind
from importers.source import Batch, FileKind, Opening, Stream

# Each kind of list, with the kind of file of which it names the people.
KINDS = {"duo_pairs": "duo_ro", "duo_pairs_grondslag": "duo_grondslag"}
PGN = re.compile(r"\bpgn\b", re.IGNORECASE)
NUMBERS = {"studentnummer", "leerlingnummer", "student_number", "deelnemernummer", "nummer"}
COLUMNS = 2  # more, and it is a sheet that happens to hold such a number


class Pairs:
    """A list that the door let in."""

    def __init__(self, kept: Kept, opening: Opening, *, kind: str) -> None:
        self.kind, self.name = kind, NAMES[KINDS[kind]]
        self._kept, self._file, self._dialect = kept, opening.file_name, opening.dialect_of()

    def check(self) -> list[Finding]:
        """Find nothing: the header told already what it is."""
        return []

    def streams(self) -> Sequence[Stream]:
        """Return the one stream."""
        table = self._table()
        number = next(name for name in table.headers if _is_number(name))
        return [
            Stream(
                name="koppellijst",
                kind=RecordKind.PERSON,
                file=self._file,
                is_snapshot=False,
                columns={"match_key": table.column(number)},
            )
        ]

    def read(self, stream: Stream, *, after: int, size: int) -> Iterator[Batch]:
        """Yield each pair as somebody to link."""
        del stream
        table = self._table()
        number = next(name for name in table.headers if _is_number(name))
        other = next(name for name in table.headers if bsn.is_column_for_it(name))
        records: list[Record] = []
        row = max(after, self._dialect.header_row)
        for line in read_lines(table, (number, other), after=row):
            row += 1
            if line is not None:
                records.append(self._record(line, number, other))
                row = line.row
            if len(records) == size:
                yield Batch(records, row, is_whole=True)
                records = []
        yield Batch(records, row, is_whole=True)

    def _record(self, line: Line, number: str, other: str) -> Record:
        key, ours = line.key(other), line.key(number)
        data = {"name": None, "number": ours, "email": None}
        return line.record(RecordKind.PERSON, key, data, op=Op.LINK, match_key=ours)

    def _table(self) -> Table:
        return open_table(
            self._kept.open(),
            file=self._file,
            delimiter=self._dialect.delimiter,
            header_row=self._dialect.header_row,
        )


def _is_number(header: str) -> bool:
    return header.strip().casefold() in NUMBERS


def _kind_of(sample: Sample) -> str | None:
    """Return which list this is, if it is one."""
    told = [name for name in sample.headers if bsn.is_column_for_it(name)]
    if sample.form is not Form.TABLE or len(sample.headers) != COLUMNS or len(told) != 1:
        return None
    if not any(_is_number(name) for name in sample.headers):
        return None
    return "duo_pairs_grondslag" if PGN.search(told[0]) else "duo_pairs"


def _clean_row(headers: Sequence[str], cells: list[str], name: Callable[[str], str]) -> None:
    for place, header in enumerate(headers):
        if bsn.is_column_for_it(header) and place < len(cells) and cells[place].strip():
            cells[place] = name(cells[place])


def _file_kind(kind: str) -> FileKind:
    return FileKind(
        kind=kind,
        recognises=lambda sample: _kind_of(sample) == kind,
        open=partial(Pairs, kind=kind),
        clean_row=_clean_row,
        person_source=NAMES[KINDS[kind]],
    )


FILE_KINDS = tuple(_file_kind(kind) for kind in KINDS)
