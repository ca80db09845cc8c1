"""The Registratieoverzicht and the Grondslag: who is enrolled, and where they learn at work.

Such a file is a selection over a period, so that what is missing in it proves nothing: it closes
nobody. A placement ends by the day that DUO gives. The control totals of its last record say
whether all of it is there.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from functools import cached_property, partial
from typing import Any

from importers.duo import layout
from importers.duo.layout import Layout
from importers.duo.totals import counted
from importers.issues import Finding
from importers.readers.cells import LONGEST_KEY, Line
from importers.readers.kept import Kept
from importers.readers.sample import Form, Sample
from importers.readers.tabular import Table, open_table
from importers.records import Op, Record, RecordKind, Standing
from importers.source import Batch, FileKind, Opening, Stream
from tracker.models import Precision

NAMES = {"duo_ro": "DUO registratieoverzicht", "duo_grondslag": "DUO grondslag"}
NOON = time(12)
ACHIEVED = "behaald"
NUMBER, HOURS = 64, 9999
DAY = timedelta(days=1)
# Which record type each stream reads, and what it becomes.
STREAMS = {
    "leerlingen": ("PER", RecordKind.PERSON),
    "leerbedrijven": ("BPV", RecordKind.COMPANY),
    "bpv": ("BPV", RecordKind.PLACEMENT),
    "keuzedelen": ("KZD", RecordKind.LESSON_TASK),
    "resultaten": ("KZD", RecordKind.RESULT),
}


class Overview:
    """A file of DUO that the door let in; people are named by the door (disguise.py)."""

    def __init__(self, kept: Kept, opening: Opening, *, kind: str, shape: Layout) -> None:
        self.kind, self.name = kind, NAMES[kind]
        self._kept, self._file, self._shape = kept, opening.file_name, shape
        self._zone, self._dialect = opening.zone, opening.dialect_of()
        self._tables = {
            soort: Table(self._file, tuple(fields), iter(()))
            for soort, fields in shape.fields.items()
        }

    def check(self) -> list[Finding]:
        """Count the records, and compare with what DUO says that there should be."""
        return counted((cells for _, cells in self._rows()), self._shape, file=self._file)

    def crebos(self) -> set[str]:
        """Return the codes of all programmes in which somebody is or was enrolled."""
        lines = (self._line("ISP", row, cells) for row, cells in self._rows() if cells[0] == "ISP")
        return {crebo for line in lines if (crebo := line.text("crebo"))}

    def streams(self) -> Sequence[Stream]:
        """Return people, companies, placements, keuzedelen, and their results."""
        return [
            Stream(
                name=name,
                kind=kind,
                file=self._file,
                is_snapshot=False,
                columns={
                    role: self._tables[soort].column(field)
                    for role, field in {"person": self._who, "target": "leerbedrijf"}.items()
                    if field in self._shape.fields[soort]
                },
            )
            for name, (soort, kind) in STREAMS.items()
        ]

    def read(self, stream: Stream, *, after: int, size: int) -> Iterator[Batch]:
        """Yield what the records of one type become, behind row `after`."""
        readers: dict[str, Callable[[Line], Record | None]] = {
            "leerlingen": self._person,
            "leerbedrijven": partial(self._first, self._company, set()),
            "bpv": self._placement,
            "keuzedelen": partial(self._first, self._task, set()),
            "resultaten": self._result,
        }
        read, (soort, _) = readers[stream.name], STREAMS[stream.name]
        records: list[Record] = []
        row = after
        for number, cells in self._rows():
            if cells[0] != soort:
                continue
            record = read(self._line(soort, number, cells))
            if record is not None and number > after:
                records.append(record)
                row = number
            if len(records) == size:
                yield Batch(records, row, is_whole=True)
                records = []
        yield Batch(records, row, is_whole=True)

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        table = open_table(
            self._kept.open(), file=self._file, delimiter=self._dialect.delimiter, header_row=0
        )
        for row in table.lines:
            cells = [cell.strip() for cell in row.cells or []]
            if any(cells):
                cells[0] = cells[0].upper()
                yield row.number, cells

    def _line(self, soort: str, number: int, cells: list[str]) -> Line:
        names = self._shape.fields[soort]
        places = {name: place for place, name in enumerate(names)}
        return Line(self._tables[soort], places, number, cells[: len(names)])

    @property
    def _who(self) -> str:
        return self._shape.fields["PER"][1]

    def _person_of(self, line: Line) -> str | None:
        """Return the name that the door gave to the number by which DUO knows somebody."""
        found = line.text(self._who) or line.text("onderwijsnummer")
        if found is None:
            line.find("value.missing", self._who)
        return found

    def _person(self, line: Line) -> Record:
        """Tell of somebody by what the school can find back in its own copy of the file."""
        key = self._person_of(line)
        if key is None:
            return line.set_aside(RecordKind.PERSON, None, Standing.BAD)
        known = " · ".join((f"#{line.row}", *self._enrolments.get(key, ())))
        data = {"name": known, "number": None, "email": None}
        return self._record(line, RecordKind.PERSON, key, data, op=Op.LINK)

    @cached_property
    def _enrolments(self) -> dict[str, tuple[str, ...]]:
        """Return, by person, since when and for which crebo they are enrolled; the last counts."""
        found: dict[str, tuple[str, ...]] = {}
        for number, cells in self._rows():
            if cells[0] == "ISP":
                line = self._line("ISP", number, cells)
                key = line.text(self._who) or line.text("onderwijsnummer")
                parts = (line.text("crebo"), line.text("inschrijving"), line.text("begin"))
                if key is not None:
                    found[key] = tuple(part for part in parts if part)
        return found

    @cached_property
    def _diplomas(self) -> dict[tuple[str | None, str | None], date]:
        """Return the days of diplomas: a keuzedeel of a diploma has none of its own."""
        found: dict[tuple[str | None, str | None], date] = {}
        for number, cells in self._rows():
            if cells[0] == "DIP":
                line = self._line("DIP", number, cells)
                on = layout.day_of(line.text("datum") or "")
                if on is not None:
                    found[self._person_of(line), line.text("diploma")] = on
        return found

    def _first(
        self, read: Callable[[Line], Record | None], seen: set[str | None], line: Line
    ) -> Record | None:
        """Tell of what many records name when it is met first."""
        record = read(line)
        if record is None or record.ext_id in seen:
            return None
        seen.add(record.ext_id)
        return record

    def _company(self, line: Line) -> Record | None:
        number = layout.number_of(line.text("leerbedrijf"))
        if number is None or len(number) > NUMBER:
            return None  # its placement is set aside
        data = {"name": None, "city": None, "number": number}
        return self._record(line, RecordKind.COMPANY, number, data)

    def _placement(self, line: Line) -> Record:
        person, number = self._person_of(line), layout.number_of(line.text("leerbedrijf"))
        key = [line.key("inschrijving"), line.key("bpv")]
        begin, planned = self._day(line, "begin"), self._day(line, "eind_gepland")
        ended = self._day(line, "eind_werkelijk", is_needed=False)
        hours = line.text("omvang")
        if hours is not None and not (hours.isdigit() and int(hours) <= HOURS):
            line.find("number.form", "omvang")
        if number is None or len(number) > NUMBER:
            line.find("value.missing", "leerbedrijf")
        if begin and planned and planned < begin:
            line.find("date.before_start", "eind_gepland", detail=begin.isoformat())
        if begin and ended and ended < begin:
            line.warn("duo.never_began", "eind_werkelijk", detail=begin.isoformat())
            ended = begin - DAY
        data = {
            "from_on": begin and begin.isoformat(),
            "until_on": planned and (planned + DAY).isoformat(),
            "ended_on": ended and (ended + DAY).isoformat(),
            "planned_hours": hours,
        }
        ext_id = "/".join([person or "", *(part or "" for part in key)])
        return self._record(line, RecordKind.PLACEMENT, ext_id, data, person=person, target=number)

    def _task(self, line: Line) -> Record | None:
        code = line.text("keuzedeel")
        if code is None or len(code) > NUMBER or self._result_of(line) != ACHIEVED:
            return None
        data = {
            "title": f"Keuzedeel {code.upper()}",
            "value_min": None,
            "value_max": None,
            "due_on": None,
        }
        return self._record(line, RecordKind.LESSON_TASK, code.upper(), data)

    def _result(self, line: Line) -> Record:
        """Tell that a keuzedeel was achieved; whatever else DUO holds of one is passed over."""
        person, code = self._person_of(line), line.text("keuzedeel")
        key = f"{person or ''}/{layout.number_of(line.key('resultaat_nr')) or ''}"
        if self._result_of(line) != ACHIEVED:
            return line.set_aside(RecordKind.RESULT, key, Standing.IGNORED)
        on = self._day(line, "datum", is_needed=False)
        on = on or self._diplomas.get((person, line.text("diploma")))
        if on is None:
            line.find("value.missing", "datum")
        if code is None:
            line.find("value.missing", "keuzedeel")
        return self._record(
            line,
            RecordKind.RESULT,
            key,
            {"value": None, "text": ACHIEVED},
            person=person,
            target=code.upper() if code else None,
            occurred_at=datetime.combine(on, NOON, self._zone) if on else None,
            precision=Precision.DAY if on else None,
        )

    def _result_of(self, line: Line) -> str:
        return (line.text("resultaat") or "").casefold()

    def _day(self, line: Line, name: str, *, is_needed: bool = True) -> date | None:
        cell = line.text(name)
        if cell is None:
            if is_needed:
                line.find("value.missing", name)
            return None
        found = layout.day_of(cell)
        if found is None:
            line.find("date.form", name)
        return found

    def _record(
        self, line: Line, kind: RecordKind, key: str, data: dict[str, Any], **facts: Any
    ) -> Record:
        if len(key) > LONGEST_KEY:
            line.find("value.too_long", detail=str(LONGEST_KEY))
        return line.record(kind, key, data, **facts)


def _file_kind(kind: str, shape: Layout) -> FileKind:
    def recognises(sample: Sample) -> bool:
        return sample.form is Form.TABLE and layout.layout_of(sample.rows) is shape

    return FileKind(
        kind=kind,
        recognises=recognises,
        open=partial(Overview, kind=kind, shape=shape),
        header_row=0,
        clean_row=partial(layout.clean_row, shape),
        person_source=NAMES[kind],
    )


FILE_KINDS = (_file_kind("duo_ro", layout.RO), _file_kind("duo_grondslag", layout.GRONDSLAG))
