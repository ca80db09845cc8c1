"""Who sends a sheet waits for its first rows; what only all rows can tell, the worker finds."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import IO
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from importers.models import ImportRow, ImportRun, ImportSeen
from importers.readers.dialect import Dialect
from importers.readers.kept import Kept
from importers.records import RecordKind
from importers.sheet import Sheet
from importers.sheet.profile import MOST_ROWS
from importers.source import Opening
from tests.importers.importing import Importing

NAME = "cijfers.csv"


class Counted(Kept):
    """A kept file that knows how much of it was read, however often it was opened."""

    taken = 0

    def open(self) -> IO[bytes]:
        content = super().open()
        counted = self

        class Reader(io.RawIOBase):
            def readable(self) -> bool:
                return True

            def readinto(self, into: memoryview) -> int:  # type: ignore[override]  # a buffer
                piece = content.read(min(len(into), 8192))
                into[: len(piece)] = piece
                counted.taken = max(counted.taken, content.tell())
                return len(piece)

        return io.BufferedReader(Reader(), 8192)


def rows(number: int, *, students: int = 200) -> Iterator[str]:
    """Yield a list with a row for each result, and two columns that nobody fills at first."""
    yield "Leerlingnummer;Naam;Klas;Toets;Cijfer;Datum;Later;Nooit"
    for n in range(number):
        student, task = n % students, n // students
        late = "toch" if n == number - 5 else ""
        yield f"S{student};Jan {student};K1;Toets {task};{1 + n % 9},5;2-11-2026;{late};"


def text(*lines: str) -> bytes:
    return "".join(f"{line}\r\n" for line in lines).encode()


def taken(number: int) -> int:
    """Return how many bytes of such a list are read before its rows are."""
    kept = Counted.of(text(*rows(number)))
    opening = Opening(
        file_name=NAME,
        options={},
        zone=ZoneInfo("Europe/Amsterdam"),
        at=datetime(2026, 11, 22, tzinfo=UTC),
        dialect={NAME: Dialect(delimiter=";").plain()},
    )
    sheet = Sheet(kept, opening)
    found = [(one.code, one.column and one.column.name) for one in sheet.check()]
    assert found == []
    assert [stream.kind for stream in sheet.streams()][-1] is RecordKind.RESULT
    assert sheet.understood()["columns"][4]["means"] == "result"
    return kept.taken


def test_of_a_longer_sheet_no_more_is_read_before_the_worker_reads_it():
    few, many = taken(20_000), taken(60_000)
    assert few == many
    row = len("S100;Jan 100;K1;Toets 10;1,5;2-11-2026;;\r\n")
    assert few < (MOST_ROWS + 1) * row + 2 * 8192


@pytest.fixture(autouse=True)
def _people(importing: Importing) -> None:
    importing.bring(text("Leerlingnummer;Naam", *(f"S{n};Jan {n}" for n in range(3))), "wie.csv")


def about(importing: Importing, run: ImportRun) -> list[tuple[str, str | None, int | None]]:
    return [(one.code, one.column or one.detail, one.row) for one in importing.issues(run)]


def test_what_only_all_rows_can_tell_is_told_once_by_the_run(importing: Importing):
    empty = ";" * 7
    lines = [*rows(MOST_ROWS + 9, students=3), empty, "Totaal;;;;9,0;;;", empty]
    lines[0] = lines[0].replace("Nooit", "Score")
    started = importing.start(text(*lines), NAME, batch_size=500)
    assert about(importing, started) == []
    run = importing.work(started)
    assert about(importing, run) == [
        ("rows.blank", "3", None),
        ("column.unused", "Later", MOST_ROWS + 6),
    ]


def test_the_same_sheet_again_takes_in_none_of_its_results(importing: Importing):
    lines = [*rows(60, students=3)]
    first = importing.bring(text(*lines), NAME)
    assert importing.codes(first) == ["column.unused"]
    again = importing.preview(text(*lines), NAME)
    staged = [ImportRow.run_id == again.id, ImportRow.kind == RecordKind.RESULT]
    assert importing.count(ImportRow, *staged) == 0
    assert again.counts["result"] | {"same": 60} == again.counts["result"]
    # Also when its program writes it otherwise; of a corrected grade only that row is.
    table = list(csv.reader(lines, delimiter=";"))
    table[1][4] = "9,9"
    out = io.StringIO()
    csv.writer(out, delimiter=",").writerows(row[::-1] for row in table)
    other = importing.preview(out.getvalue().encode(), NAME)
    staged = [ImportRow.run_id == other.id, ImportRow.kind == RecordKind.RESULT]
    assert importing.count(ImportRow, *staged) == 1
    assert other.counts["result"] | {"same": 59, "changed": 1} == other.counts["result"]


def test_a_result_that_stands_twice_keeps_the_others_from_being_taken_in_no_more_than_itself(
    importing: Importing,
):
    lines = [*rows(60, students=3), "S1;Jan 1;K1;Toets 0;7,5;9-11-2026;;"]
    first = importing.bring(text(*lines), NAME)
    again = importing.preview(text(*lines), NAME)
    for run in (first, again):
        assert "key.superseded" in importing.codes(run)
    assert again.counts["result"] | {"same": 60, "ignored": 1} == again.counts["result"]
    seen = importing.read(
        sa.select(sa.func.sum(ImportSeen.number)).where(
            ImportSeen.run_id == again.id, ImportSeen.kind == RecordKind.RESULT
        )
    )
    assert seen == [(59,)]


def test_a_column_of_results_in_which_nothing_stands_is_named(importing: Importing):
    lines = ("Leerlingnummer;Cijfer;Datum;BSN;Opmerking", "S1;;2-11-2026;;", "S2;-;2-11-2026;;")
    run = importing.preview(text(*lines), NAME)
    assert about(importing, run) == [
        ("bsn.column", "BSN", 1),
        ("column.empty", "Cijfer", None),
    ]
