"""The awkward sheets, entry by entry: what `expected.json` says that each row ends as."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from importers.models import ImportIssue, ImportRow, ImportRun, RowStatus, RunState
from importers.records import RecordKind
from tests.importers.bundles import BUNDLE, changed_table
from tests.importers.importing import Importing
from tests.importers.kept_imports import KeptImports
from tracker.models import Activity, ActivityItem, Person

DATA = Path(__file__).parent / "data"
EXPECTED: dict[str, Any] = json.loads((DATA / "expected.json").read_text("utf-8"))
# How each reason in expected.json is told here.
REASONS = {
    "impossible date": "date.impossible",
    "not a number and not a known word grade": "grade.unknown",
    "outside scale 1-10": "score.out_of_range",
    "empty key": "key.missing",
    "unknown learner": "person.parked",
    "too few fields": "row.too_few_fields",
    "too many fields": "row.too_many_fields",
    "not a number in Dutch notation": "number.form",
}
BAD = EXPECTED["ol1_kapot.csv"][
    "bad_by_record_number (header = 1; a quoted field with a line break is one record)"
]
# What the tail of expected.json says in words.
REJECTED = {83: "cell.nul", 84: "row.too_few_fields"}
PATTERN = {"person": "Nr", "person_pattern": "S{:06d}", "columns": {}}


@pytest.fixture
def students(importing: Importing, kept_imports: KeptImports) -> ImportRun:
    """Import the people of the demo's whole school, and nothing else of it."""
    body = io.BytesIO()
    with zipfile.ZipFile(BUNDLE) as whole, zipfile.ZipFile(body, "w") as made:
        for name in whole.namelist():
            rows = whole.read(name)
            if name in {"enrollments.csv", "lineItems.csv", "results.csv"}:
                rows = changed_table(rows, lambda _: [])
            made.writestr(name, rows)
    return kept_imports.bring(importing, "people", lambda: importing.bring(body.getvalue()))


def check_dialect(run: ImportRun, name: str) -> None:
    """Check that the file was read in the way that expected.json says it was written."""
    expected, dialect = EXPECTED[name], run.layout["dialect"][name]
    assert dialect["delimiter"] == expected["delimiter"].replace("tab", "\t")
    assert dialect["encoding"].startswith(expected["encoding"].split()[0])
    assert dialect["has_sep_line"] == ("skip_first_line" in expected)


def bring(importing: Importing, name: str, **options: Any) -> ImportRun:
    return importing.bring((DATA / name).read_bytes(), name, options=options)


def signals(importing: Importing) -> list[Any]:
    """Return who, about what, when and what, of all that sheets told."""
    return list(
        importing.read(
            sa.select(
                Person.number,
                ActivityItem.title,
                Activity.occurred_on,
                Activity.value,
                Activity.text,
            )
            .join(Activity, Activity.person_id == Person.id)
            .join(ActivityItem, ActivityItem.id == Activity.item_id)
            .where(ActivityItem.group_id.is_(None), Activity.ended_at.is_(None))
            .order_by(Person.number, ActivityItem.title)
        )
    )


def quarantined(importing: Importing, run: ImportRun, kind: RecordKind) -> set[int | None]:
    """Return the rows that were set aside, as Excel numbers them."""
    found = importing.read(
        sa.select(ImportRow.row).where(
            ImportRow.run_id == run.id,
            ImportRow.kind == kind,
            ImportRow.status == RowStatus.QUARANTINED,
        )
    )
    return {row for (row,) in found}


def issue(importing: Importing, run: ImportRun, row: int, code: str) -> ImportIssue:
    found = [one for one in importing.issues(run) if one.row == row and one.code == code]
    assert found, (row, code, [(i.row, i.code) for i in importing.issues(run) if i.row == row])
    return found[0]


def test_a_grade_list_of_excel_is_the_same_in_each_of_its_encodings(
    importing: Importing, students: ImportRun
):
    name, expected = "ol1_excel_nl_cp1252.csv", EXPECTED["ol1_excel_nl_cp1252.csv"]
    run = bring(importing, name)
    assert (run.kind, run.state) == ("sheet", RunState.APPLIED)
    assert run.counts["person"]["same"] == expected["learners"]
    assert run.counts["result"]["new"] == expected["grades_present"]
    assert set(importing.codes(run)) <= {"file.guessed_letters"}
    check_dialect(run, name)
    told = signals(importing)
    assert len(told) == expected["grades_present"]
    assert {title for _, title, *_ in told} == {
        "Startopdracht 1",
        "Uitleg 3",
        "Reflectieverslag 4 – “diëten & één”",
        "Oefentoets 6",
    }
    assert told[0][2].isoformat() == "2026-10-07"
    name, expected = "ol1_unicode_tekst_utf16.txt", EXPECTED["ol1_unicode_tekst_utf16.txt"]
    again = bring(importing, name)
    assert again.counts["person"]["same"] == expected["learners"]
    assert again.counts["result"]["same"] == expected["grades_present"]
    check_dialect(again, name)
    assert signals(importing) == told


def test_every_row_of_the_broken_list_ends_as_expected(importing: Importing, students: ImportRun):
    expected = EXPECTED["ol1_kapot.csv"]
    run = bring(importing, "ol1_kapot.csv")
    assert run.state is RunState.APPLIED
    for row, fault in BAD.items():
        found = issue(importing, run, int(row), REASONS[fault["reason"]])
        assert (found.column, found.severity.value) == (fault["column"], "error")
    for row, code in REJECTED.items():
        assert issue(importing, run, row, code).severity.value == "error"
    assert quarantined(importing, run, RecordKind.RESULT) == {int(row) for row in BAD} | {*REJECTED}
    good = run.counts["result"]["new"] + run.counts["result"]["ignored"]
    assert good == expected["good_rows"]
    assert run.counts["result"]["ignored"] == expected["of_which_same_key_twice"]
    assert issue(importing, run, 77, "key.superseded").detail == "78"
    assert issue(importing, run, 70, "date.slashes").column == "Datum"
    assert issue(importing, run, 76, "number.point").column == "Cijfer"
    blank = [one.detail for one in importing.issues(run) if one.code == "rows.blank"]
    assert blank == ["3"]
    told = {
        (who, what): (day.isoformat(), value, text)
        for who, what, day, value, text in signals(importing)
    }
    assert len(told) == run.counts["result"]["new"]
    assert told["S900962", "Reflectie"][:2] == ("2026-11-04", 8)
    assert told["S900266", "Reflectie"][1:] == (None, "G · word grade G(oed), d-m-yyyy")
    assert told["S900372", "Reflectie"][:2] == ("2026-11-04", 7)
    assert 'regeleinde; en puntkomma "tussen' in told["S900614", "Reflectie"][2]
    assert told["S900710", "Reflectie"][2].startswith("=HYPERLINK(")
    assert told["S900139", "Reflectie"][1] == 7.5
    assert told["S900536", "Reflectie"][:2] == ("2026-11-11", 6.5)


def test_numbers_that_excel_bared_are_parked_until_the_school_says_how_they_look(
    importing: Importing, students: ImportRun
):
    expected = EXPECTED["ol1_docent.xlsx"]
    run = bring(importing, "ol1_docent.xlsx")
    assert run.layout["dialect"]["ol1_docent.xlsx"]["header_row"] == expected["header_row"]
    assert run.counts["person"]["quarantined"] == expected["data_rows"]
    rows = set(range(5, 5 + expected["data_rows"]))
    assert quarantined(importing, run, RecordKind.PERSON) == rows
    assert quarantined(importing, run, RecordKind.RESULT) == rows
    assert "person.bare_numbers" in importing.codes(run)
    assert signals(importing) == []
    run = bring(importing, "ol1_docent.xlsx", mapping=PATTERN)
    assert run.counts["person"]["same"] == expected["data_rows"]
    assert quarantined(importing, run, RecordKind.RESULT) == set()
    told = signals(importing)
    judged = [
        (day.isoformat(), value, text) for _, what, day, value, text in told if what != "Uren bpv"
    ]
    assert len(judged) == expected["data_rows"]
    assert {day for day, *_ in judged} == {f"2026-11-{day:02}" for day in range(2, 27)}
    assert {text or value for _, value, text in judged} == {"O", "V", "G", 7.5, 8}
    hours = [value for _, what, _, value, _ in told if what == "Uren bpv"]
    assert sorted(set(hours)) == [32, 32.5]
    assert len(hours) == 19
    assert {what for _, what, *_ in told} == {
        "Plannen", "Communiceren", "Tillen", "Rapporteren", "Uren bpv",
    }  # fmt: skip
    assert "niet importeren" not in str(importing.contents())
