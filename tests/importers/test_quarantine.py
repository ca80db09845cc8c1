"""Bad rows go back as the uploader wrote them, and come in again when they are repaired."""

import csv
import io
import json
import zipfile

import openpyxl
import pytest
from flask import Flask
from flask_babel import force_locale

from importers import runs
from importers.issues import Severity
from importers.models import ImportRow, ImportRun, RunState
from importers.repair.cells import count_waits
from importers.repair.quarantine import bad_rows, count_bad, count_elsewhere
from importers.repair.writing import inert, restored
from importers.todo import Repair, what_waits
from tests.importers.bundles import bundle, setting
from tests.importers.importing import Importing
from tests.importers.test_sbb import dossier, file_of, profile
from tests.world import World
from tracker.db import unit_of_work, utc_now
from tracker.errors import Conflict
from tracker.models import Activity, FrameworkItem, Membership

LIST = "crebo;soort;code;kerntaak;titel\r\n"
GOOD = "25655;kerntaak;B1-K1;;Zorg verlenen\r\n25655;werkproces;B1-K1-W1;B1-K1;Ondersteunen\r\n"
BAD = "2565;kerntaak;B1-K2;;Café, élan; =1+1\r\n".replace("; =1", " =1")


@pytest.fixture(autouse=True)
def _dutch(app: Flask):
    with app.test_request_context(), force_locale("nl"):
        yield


def rows_to_repair(importing: Importing, run: ImportRun) -> tuple[str, bytes]:
    with unit_of_work(importing.engine, school_id=run.school_id, writes=False) as session:
        found = session.get_one(ImportRun, (run.school_id, run.id))
        return bad_rows(session, found, importing.store)


def counted(importing: Importing, run: ImportRun) -> tuple[int, int, dict[str, int]]:
    """Return how many rows are given back, are repaired elsewhere, and wait for what."""
    with unit_of_work(importing.engine, school_id=run.school_id, writes=False) as session:
        found = session.get_one(ImportRun, (run.school_id, run.id))
        waits = {what: number for what, number in count_waits(session, found).items() if number}
        return count_bad(session, found), count_elsewhere(session, found), waits


def aside(importing: Importing, run: ImportRun) -> int:
    return importing.count(ImportRow, ImportRow.run_id == run.id)


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8-sig", "utf-16"])
def test_bad_rows_go_back_in_the_dialect_in_which_they_came(importing: Importing, encoding: str):
    body = (LIST + GOOD + BAD).encode(encoding)
    run = importing.bring(body, "kerntaken.csv")
    name, back = rows_to_repair(importing, run)
    assert name == "kerntaken-foute-rijen.csv"
    header, row, rest = back.decode(encoding).split("\r\n")
    assert header == f"crebo;soort;code;kerntaak;titel;Reden (Leerspoor {run.id.hex})"
    assert row.startswith("2565;kerntaak;B1-K2;;Café, élan =1+1;")
    assert row.rsplit(";", 1)[1].startswith('"4: ') or ";4: crebo: " in row
    assert rest == ""


def test_repaired_rows_come_in_and_are_no_longer_aside(importing: Importing):
    first = importing.bring((LIST + GOOD + BAD).encode(), "kerntaken.csv")
    assert (aside(importing, first), importing.count(FrameworkItem)) == (1, 2)
    name, back = rows_to_repair(importing, first)
    run = importing.preview(back.replace(b"2565;", b"25655;"), name)
    assert run.retry_of_id == first.id
    assert importing.codes(run, Severity.ERROR) == []
    assert aside(importing, first) == 1
    assert importing.apply(run).state is RunState.APPLIED
    assert importing.count(FrameworkItem) == 3
    assert aside(importing, first) == 0


def test_a_repair_that_is_still_wrong_takes_the_place_of_the_row(importing: Importing):
    first = importing.bring((LIST + GOOD + BAD).encode(), "kerntaken.csv")
    run = importing.bring(rows_to_repair(importing, first)[1], "opnieuw.csv")
    assert (aside(importing, first), aside(importing, run)) == (0, 1)
    name, back = rows_to_repair(importing, run)
    assert name == "opnieuw-foute-rijen.csv"
    header = next(csv.reader(io.StringIO(back.decode()), delimiter=";"))
    assert [cell for cell in header if cell.startswith("Reden")] == [header[-1]]


def test_a_repair_of_a_bundle_holds_only_its_bad_rows_and_closes_nobody(importing: Importing):
    changes = {
        "results.csv": setting("res-2-S900003", score="acht"),
        "enrollments.csv": lambda rows: [rows[0] | {"beginDate": "morgen"}, *rows[1:]],
    }
    first = importing.bring(bundle(changes))
    was = importing.count(Membership), importing.count(Activity)
    with unit_of_work(importing.engine, school_id=first.school_id, writes=False) as session:
        bad = count_bad(session, first)
    name, back = rows_to_repair(importing, first)
    assert name == "bundel-foute-rijen.zip"
    with zipfile.ZipFile(io.BytesIO(back)) as made:
        files = {one: made.read(one).decode("utf-8-sig") for one in made.namelist()}
    assert sum(text.count("\r\n") - 1 for text in files.values()) == bad == 2
    repaired = io.BytesIO()
    with zipfile.ZipFile(repaired, "w") as made:
        for one, text in files.items():
            made.writestr(one, text.replace("acht", "8").replace("morgen", "2026-09-01"))
    run = importing.bring(repaired.getvalue(), "terug.zip")
    assert run.state is RunState.APPLIED
    assert sum(counts["closed"] for counts in run.counts.values()) == 0
    assert (importing.count(Membership), importing.count(Activity)) >= was
    assert importing.count(Activity) == 47
    assert aside(importing, first) == 0


def test_a_whole_file_sent_again_repairs_what_it_tells_well(importing: Importing):
    changes = {"results.csv": setting("res-2-S900003", score="acht")}
    first = importing.bring(bundle(changes))
    assert aside(importing, first) == 1
    importing.bring(bundle())
    assert aside(importing, first) == 0


def test_rows_that_are_thrown_away_leave_the_counts(importing: Importing):
    run = importing.bring((LIST + GOOD + BAD).encode(), "kerntaken.csv")
    told = {"by": None, "on": importing.today(), "at": utc_now()}
    with unit_of_work(importing.engine, school_id=run.school_id) as session:
        runs.discard_rows(session, run=session.get_one(ImportRun, (run.school_id, run.id)), **told)
    run = importing.work(run)
    assert aside(importing, run) == 0
    assert sum(counts["quarantined"] for counts in run.counts.values()) == 1
    assert {issue.value for issue in importing.issues(run)} == {None}
    with pytest.raises(Conflict, match=r"import\.nothing_bad"):
        rows_to_repair(importing, run)


def test_a_workbook_goes_back_as_a_workbook_without_formulas(importing: Importing):
    book = openpyxl.Workbook()
    for line in (LIST + GOOD + BAD).splitlines():
        book.active.append(line.split(";"))
    book.active.append(["2565", "kerntaak", "B1-K3", None, "'=1+1"])
    out = io.BytesIO()
    book.save(out)
    first = importing.bring(out.getvalue(), "kerntaken.xlsx")
    name, back = rows_to_repair(importing, first)
    assert name == "kerntaken-foute-rijen.xlsx"
    sheet = openpyxl.load_workbook(io.BytesIO(back)).active
    header, row, other = sheet.iter_rows()
    assert header[-1].value == f"Reden (Leerspoor {first.id.hex})"
    assert row[0].value == "2565"
    assert row[-1].value.startswith("4: crebo: ")
    assert {cell.data_type for cell in (*row, *other)} <= {"s", "n"}
    row[0].value = other[0].value = "25655"
    out = io.BytesIO()
    sheet.parent.save(out)
    run = importing.bring(out.getvalue(), "terug.xlsx")
    assert (run.retry_of_id, importing.codes(run, Severity.ERROR)) == (first.id, [])
    assert (aside(importing, first), importing.count(FrameworkItem)) == (0, 4)


@pytest.mark.parametrize("cell", ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "\t=1"])
def test_a_formula_goes_back_inert_and_comes_in_as_it_was(cell: str):
    assert inert(cell) == f"'{cell}"
    assert restored(inert(cell)) == cell


@pytest.mark.parametrize("cell", ["-3", "+31 6 12345678", "8,5", "'s Hertogenbosch", "-", ""])
def test_what_is_no_formula_goes_back_as_it_was(cell: str):
    assert inert(cell) == restored(cell) == cell


def statement(number: int, timestamp: str) -> str:
    return (
        f'{{"id": "00000000-0000-4000-8000-{number:012}", '
        '"actor": {"account": {"homePage": "https://lms.example", "name": "S1"}}, '
        '"verb": {"id": "http://adlnet.gov/expapi/verbs/completed"}, '
        '"object": {"id": "https://lms.example/mod/1", '
        '"definition": {"name": {"nl": "Plan; van, aanpak"}}}, '
        f'"timestamp": "{timestamp}"}}'
    )


def test_lines_of_json_go_back_as_they_were_and_come_in_again(importing: Importing):
    importing.bring(b"Leerlingnummer;Naam\r\nS1;Jan Bos\r\n", "wie.csv")
    good, late = statement(1, "2026-11-02T10:00:00Z"), statement(2, "gisteren")
    broken = statement(3, "2026-11-03T10:00:00Z").removesuffix("}")
    first = importing.bring("\n".join((good, late, broken, "")).encode(), "log.jsonl")
    assert counted(importing, first)[:2] == (2, 0)
    name, back = rows_to_repair(importing, first)
    lines = back.decode().splitlines()
    assert (name, lines[1::2]) == ("log-foute-rijen.jsonl", [late, broken])
    told = [json.loads(line) for line in lines[::2]]
    assert [(one["run"], one["row"]) for one in told] == [(first.id.hex, 2), (first.id.hex, 3)]
    assert all(one["leerspoor_reden"] for one in told)
    # Not repaired they are refused for the same reasons, and for no other.
    still = importing.preview(back, name)
    assert importing.codes(still, Severity.ERROR) == importing.codes(first, Severity.ERROR)
    repaired = back.decode().replace("gisteren", "2026-11-03T09:00:00Z").rstrip("\n") + "}\n"
    run = importing.bring(repaired.encode(), name)
    assert (run.retry_of_id, importing.codes(run, Severity.ERROR)) == (
        first.id,
        [code for code in importing.codes(run, Severity.ERROR) if code.endswith("parked")],
    )
    assert importing.count(ImportRow, ImportRow.run_id == first.id, ~ImportRow.is_good) == 0


def test_what_its_uploader_can_repair_is_given_back_and_what_waits_for_a_decision_is_not(
    importing: Importing,
):
    importing.bring(b"Leerlingnummer;Naam\r\nS1;Jan Bos\r\n", "wie.csv")
    body = (
        "Leerlingnummer;Toets;Cijfer;Datum\r\nS1;Plan;7,5;2-11-2026\r\nS1;Plan;6,5;2-11-2026\r\n"
        "S9;Plan;8,0;2-11-2026\r\nS1;Verslag;twaalf;2-11-2026\r\nS1;Toets;8;2-11-2026\r\n"
    )
    preview = importing.preview(body.encode(), "cijfers.csv")
    waits = {"people": 2, "repair": 2}
    assert counted(importing, preview) == (3, 0, waits)
    shown = rows_to_repair(importing, preview)[1].decode()
    run = importing.apply(preview)
    assert counted(importing, run) == (3, 0, waits)
    name, back = rows_to_repair(importing, run)
    assert back.decode() == shown
    assert [row.split(";")[:3] for row in back.decode().split("\r\n")[1:-1]] == [
        ["S1", "Plan", "7,5"],
        ["S1", "Plan", "6,5"],
        ["S1", "Verslag", "twaalf"],
    ]
    lines = back.decode().replace("twaalf", "7").split("\r\n")
    again = importing.bring("\r\n".join([lines[0], *lines[2:]]).encode(), name)
    assert (again.counts["result"]["new"], importing.codes(again, Severity.ERROR)) == (2, [])
    assert counted(importing, run) == (0, 0, {"people": 2})


def test_of_a_document_nothing_is_given_back_for_only_all_of_it_can_come_in_again(
    ours: Importing, world: World
):
    list_run = ours.bring((LIST + GOOD + BAD).encode(), "kerntaken.csv")
    whole = file_of(dossier("23124", profile("25655")))
    run = ours.bring(whole.replace(b"Ontvangt gasten", b""), "dossiers.xml")
    assert counted(ours, run) == (0, 1, {})
    with pytest.raises(Conflict, match=r"import\.nothing_bad"):
        rows_to_repair(ours, run)
    # So it is no work for who repairs rows, and that of the list is.
    with unit_of_work(ours.engine, school_id=run.school_id) as session:
        waits = what_waits(session, person=world.administrator, on=ours.today(), limit=5)
    assert waits.repairs == [Repair(run_id=list_run.id, file_name="kerntaken.csv", rows=1)]
    ours.bring(whole, "dossiers.xml")
    assert counted(ours, run) == (0, 0, {})


def test_a_repair_is_read_as_the_sheet_was_that_it_comes_from(importing: Importing):
    importing.bring(b"Leerlingnummer;Naam\r\nS1;Jan Bos\r\nS2;Lot Vos\r\n", "wie.csv")
    rows = [f"S{1 + day % 2};7,5;8{day};{day}-11-2026" for day in range(1, 9)]
    rows += ["S1;zie mail;80;9-11-2026", "S2;zie mail;70;9-11-2026"]
    body = "\r\n".join(("Leerlingnummer;Plan;Verslag;Datum", *rows, ""))
    first = importing.bring(body.encode(), "cijfers.csv")
    columns = first.layout["understood"]["columns"]
    assert [(one["means"], one["scale"]) for one in columns[1:3]] == [
        ("result", "1-10"), ("result", "0-100"),
    ]  # fmt: skip
    assert importing.codes(first, Severity.ERROR) == ["grade.unknown"] * 2
    back = rows_to_repair(importing, first)[1]
    # Not repaired at all: the two rows would say that a column of words stands here.
    still = importing.bring(back, "terug.csv")
    assert still.layout["understood"] == first.layout["understood"]
    assert importing.codes(still, Severity.ERROR) == ["grade.unknown"] * 2
    # And a whole number says nothing of its scale, once and again.
    back = rows_to_repair(importing, still)[1].replace(b"zie mail", b"8", 1)
    again = importing.bring(back, "terug.csv")
    assert again.layout["understood"] == first.layout["understood"]
    assert counted(importing, again)[0] == 1
