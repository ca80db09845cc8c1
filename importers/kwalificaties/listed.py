"""Kerntaken and werkprocessen as a list: crebo;code;soort;kerntaak;titel.

Such a list says nothing of edition, level or title of the kwalificatie: the uploader gives them,
or they stay empty. It is never a whole: what is not in it stays as it is.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from importers.issues import Column, Finding, Refused
from importers.readers.cells import LONGEST_KEY, Line, read_lines
from importers.readers.kept import Kept
from importers.readers.sample import Form, Sample
from importers.readers.tabular import Table, open_table
from importers.records import Record, RecordKind
from importers.source import Batch, FileKind, Opening, Stream
from tracker.models import FrameworkItemKind

KIND = "kwalificaties"
COLUMNS = ("crebo", "code", "soort", "kerntaak", "titel")
# Crebo codes are five digits and stay text; Excel eats a leading zero, and we never guess it back.
CREBO = re.compile(r"\d{5}")
LEVELS = range(1, 5)
LABEL, CODE = 200, 64
ITEM_KINDS = {kind.value: kind for kind in FrameworkItemKind}
# The file is read once for each: a werkproces names its kerntaak, which may stand below it.
FRAMEWORKS, UPPER, LOWER = "kwalificaties", "kerntaken", "werkprocessen"


class QualificationList:
    """A list that the door let in; `options` are edition, level and title, as far as known."""

    kind = KIND
    name = "Kwalificaties"

    def __init__(self, kept: Kept, opening: Opening) -> None:
        self._kept, self._file, self._options = kept, opening.file_name, opening.options
        self._dialect = opening.dialect_of()

    def check(self) -> list[Finding]:
        """Check the header and what the uploader says of the kwalificatie."""
        try:
            table = self._table()
        except Refused as refusal:
            return [refusal.finding]
        missing = [name for name in COLUMNS if table.place(name) is None]
        if missing:
            return [
                Finding(
                    code="header.missing",
                    file=self._file,
                    row=self._dialect.header_row,
                    column=Column(None, name),
                )
                for name in missing
            ]
        crebos = {line.text("crebo") for line in self._lines(after=1) if line is not None}
        if len(crebos) > 1 and (self._options.get("level") or self._options.get("title")):
            return [Finding(code="options.one_crebo", file=self._file, detail=str(len(crebos)))]
        return []

    def streams(self) -> Sequence[Stream]:
        """Return the kwalificaties, then their kerntaken, then what hangs below those."""
        table = self._table()
        item = {
            "ext_id": table.column("code"),
            "target": table.column("crebo"),
            "parent": table.column("kerntaak"),
        }
        kinds = {FRAMEWORKS: RecordKind.FRAMEWORK, UPPER: RecordKind.FRAMEWORK_ITEM}
        return [
            Stream(
                name=name,
                kind=kinds.get(name, RecordKind.FRAMEWORK_ITEM),
                file=self._file,
                is_snapshot=False,
                columns=item if name != FRAMEWORKS else {"ext_id": table.column("crebo")},
            )
            for name in (FRAMEWORKS, UPPER, LOWER)
        ]

    def read(self, stream: Stream, *, after: int, size: int) -> Iterator[Batch]:
        """Yield the records of one of the three readings behind row `after`."""
        records, row = [], self._dialect.header_row
        positions: Counter[str] = Counter()
        for line in self._lines(after=1):
            row += 1
            record = self._read(stream, line, positions) if line is not None else None
            if record is not None and row > after:
                records.append(record)
            if len(records) == size:
                yield Batch(records, row, is_whole=True)
                records = []
        yield Batch(records, row, is_whole=True)

    def _read(self, stream: Stream, line: Line, positions: Counter[str]) -> Record | None:
        crebo = line.text("crebo") or ""
        positions[crebo] += 1
        if stream.name == FRAMEWORKS:
            is_first = positions[crebo] == 1 and CREBO.fullmatch(crebo) is not None
            return self._framework(line, crebo) if is_first else None
        is_lower = (line.text("soort") or "").casefold() == FrameworkItemKind.WERKPROCES
        if is_lower != (stream.name == LOWER):
            return None
        return self._item(line, crebo, positions[crebo])

    def _framework(self, line: Line, crebo: str) -> Record:
        level = self._options.get("level")
        data = {
            "code": crebo,
            "crebo": crebo,
            "edition": self._edition,
            "title": self._options.get("title"),
            "level": int(level) if level else None,
        }
        return line.record(RecordKind.FRAMEWORK, self._key(crebo), data)

    def _item(self, line: Line, crebo: str, position: int) -> Record:
        if not CREBO.fullmatch(crebo):
            line.find("crebo.form" if crebo else "value.missing", "crebo")
        code = line.key("code")
        if code and len(code) > CODE:
            line.find("value.too_long", "code", detail=str(CODE))
        kind = line.choice("soort", ITEM_KINDS)
        above = line.text("kerntaak")
        if kind is FrameworkItemKind.WERKPROCES and above is None:
            line.find("value.missing", "kerntaak")
        data = {
            "code": code,
            "kind": kind,
            "title": line.words("titel", most=LABEL, is_needed=True),
            "position": position,
        }
        is_below = kind is FrameworkItemKind.WERKPROCES and above is not None
        return line.record(
            RecordKind.FRAMEWORK_ITEM,
            self._key(crebo, code) if code else None,
            data,
            target=self._key(crebo),
            parent=self._key(crebo, above) if is_below else None,
        )

    @property
    def _edition(self) -> str:
        return self._options.get("edition") or ""

    def _key(self, *parts: str | None) -> str:
        """Return a key that is unique over editions: `25655/2025/B1-K1-W2`."""
        crebo, *code = parts
        return "/".join(part or "" for part in (crebo, self._edition, *code))[:LONGEST_KEY]

    def _table(self) -> Table:
        return open_table(
            self._kept.open(),
            file=self._file,
            delimiter=self._dialect.delimiter,
            header_row=self._dialect.header_row,
        )

    def _lines(self, *, after: int) -> Iterator[Line | None]:
        return read_lines(self._table(), COLUMNS, after=after)


def _recognises(sample: Sample) -> bool:
    return sample.form is Form.TABLE and sample.has_columns("crebo", "code", "titel")


FILE_KIND = FileKind(kind=KIND, recognises=_recognises, open=QualificationList)
