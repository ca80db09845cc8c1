"""An administrator and a teacher's sheet: seen, corrected, approved, repaired; in a browser too."""

import io
import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
import xlsxwriter  # type: ignore[import-untyped]  # it ships no types
from flask import Flask
from openpyxl import load_workbook  # type: ignore[import-untyped]  # it ships no types
from playwright.sync_api import Page

from importers.jobs import run_import
from importers.models import ImportRun, RunState
from tests.visits import Visit
from tests.web.browsing import come_in, follow, looks_right
from tests.world import World
from tracker.db import unit_of_work
from tracker.models import Activity, ActivityItem, AuditEvent, Person, SchoolRole
from tracker.people import add_person

HEADERS = ["Kenmerk", "Plannen", "Verslag", "Lokaal", "Datum"]
NUMBERS = [f"T{number}" for number in range(1, 11)]
WRONG = {"T4": "x", "T7": "?!"}


def workbook(cells: dict[str, str]) -> bytes:
    """Return a teacher's list of ten, with a title above it and these cells for the report."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Cijfers")
        sheet.write_row(0, 0, ["Cijferlijst periode 1"])
        sheet.write_row(2, 0, HEADERS)
        for row, number in enumerate(NUMBERS, 3):
            sheet.write_row(row, 0, [number, "7,5", cells.get(number, "6,4"), "B1", "2-11-2026"])
    return out.getvalue()


@pytest.fixture
def visit(app: Flask, world: World) -> Visit:
    return Visit(app, world.administrator)


@pytest.fixture
def students(engine: sa.Engine, world: World) -> None:
    """Let the ten of the list be known."""
    with unit_of_work(engine, school_id=world.school.id) as session:
        for number in NUMBERS:
            add_person(
                session,
                by=None,
                school=world.school,
                name=f"Student {number}",
                number=number,
                roles=[SchoolRole.STUDENT],
                at=world.at,
            )


@pytest.fixture
def work(app: Flask, engine: sa.Engine, world: World) -> Callable[[], None]:
    """Do what the worker does with every run that waits."""

    def do() -> None:
        with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
            waiting = session.scalars(sa.select(ImportRun.id).where(ImportRun.phase.is_not(None)))
            ids = list(waiting)
        with app.app_context():
            for run_id in ids:
                run_import(school_id=str(world.school.id), run_id=str(run_id))

    return do


def send(visit: Visit, body: bytes, name: str = "toetsweek.xlsx", **fields: str) -> str:
    """Send a file through the form; returns the address of its run."""
    answer = visit.submit("/school", "/school/imports", {"files": (BytesIO(body), name), **fields})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return str(answer.headers["Location"])


def approve(visit: Visit, run: str) -> None:
    digest = visit.get(run).split('name="digest" value="')[1].split('"')[0]
    assert visit.submit(run, f"{run}/apply", {"digest": digest}).status_code == 303


def count(engine: sa.Engine, world: World, table: type[Activity | AuditEvent]) -> int:
    with unit_of_work(engine, school_id=world.school.id) as session:
        here = table.school_id == world.school.id
        return session.scalar(sa.select(sa.func.count()).select_from(table).where(here)) or 0


@pytest.mark.usefixtures("students")
def test_a_sheet_that_is_not_understood_is_corrected_and_then_approved(
    visit: Visit, work: Callable[[], None], engine: sa.Engine, world: World
) -> None:
    before = count(engine, world, Activity)
    run = send(visit, workbook({}))
    page = visit.get(run)
    assert "Geen kolom zegt over wie" in page
    assert "Excel, blad Cijfers" in page
    assert "namen van de kolommen in rij 3" in page
    assert "T1" in page
    said = {"means-0": "number", "item-1": "", "source": "Toetsweek", "header_row": "3"}
    assert visit.submit(run, f"{run}/columns", said).status_code == 303
    work()
    page = visit.get(run)
    assert "Er is nog niets gewijzigd." in page
    assert "1 kolom niet gebruikt" in page
    said = {"means-0": "number", "means-1": "result", "item-1": "Plannen van zorg"}
    said |= {"pattern": "S000701", "repeats": "yes"}
    assert 'name="repeats" value="yes">' in page
    assert visit.submit(run, f"{run}/columns", said).status_code == 303
    work()
    page = visit.get(run)
    assert 'name="repeats" value="yes" checked>' in page
    assert "Keur goed: 22 wijzigingen" in page
    assert 'value="S000001"' in page  # the pattern again, as an example
    approve(visit, run)
    work()
    assert "Dit is gewijzigd" in visit.get(run)
    assert count(engine, world, Activity) == before + 20
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        titles = set(session.scalars(sa.select(ActivityItem.title)))
    assert {"Plannen van zorg", "Verslag"} <= titles
    # The list of the next period is known by its headers, and read in the same way.
    again = send(visit, workbook({"T1": "9"}))
    work()
    page = visit.get(again)
    assert "De kolommen zijn gelezen zoals de vorige keer." in page
    assert ">Toetsweek</a>" in page
    assert "1 gewijzigd" in page


@pytest.mark.usefixtures("students")
def test_a_form_about_columns_that_is_wrong_comes_back_with_what_was_chosen(visit: Visit) -> None:
    run = send(visit, workbook({}))
    said = {
        "means-0": "number",
        "means-3": "number",
        "source": "Toetsweek",
        "day": "gisteren",
        "header_row": "x",
        "people": "allen",
    }
    answer = visit.submit(run, f"{run}/columns", said)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Kies één kolom voor het nummer van de persoon." in page
    assert "Dit is geen datum." in page
    assert 'value="Toetsweek"' in page
    for wrong in (
        {"means-1": "magic"},
        {"header_row": "2"},
        {"header_row": "40"},
        {"pattern": "S{}"},
        {"pattern": "S"},
        {"means-1": "result", "item-1": "x" * 300},
        {"source": "x" * 300},
    ):
        answer = visit.submit(run, f"{run}/columns", {"means-0": "number", **wrong})
        assert answer.status_code == 422, wrong
    assert "Geweigerd" in visit.get(run)


def test_a_refused_sheet_can_be_thrown_away(visit: Visit, work: Callable[[], None]) -> None:
    run = send(visit, workbook({}))
    assert visit.submit(run, f"{run}/discard", {}).status_code == 303
    work()
    assert "Dit bestand is weggegooid of gestopt." in visit.get(run)
    answer = visit.submit("/school", f"{run}/columns", {"means-0": "number"})
    assert answer.status_code == 303
    assert "Dit bestand is er niet meer." in visit.get(run)


def test_the_kind_can_be_chosen_where_it_is_not_seen(
    visit: Visit, work: Callable[[], None]
) -> None:
    table = b"crebo;code;soort;kerntaak;titel\r\n25655;B1-K1;kerntaak;B1-K1;Zorg\r\n"
    seen, chosen = send(visit, table, "lijst.csv"), send(visit, table, "lijst.csv", kind="sheet")
    work()
    assert "Lijst met kwalificaties" in visit.get(seen)
    assert "Tabel van de school" in visit.get(chosen)
    refused = visit.submit(
        "/school", "/school/imports", {"files": (BytesIO(table), "lijst.csv"), "kind": "magic"}
    )
    assert refused.status_code == 422


@pytest.mark.usefixtures("students")
def test_what_a_table_was_taken_for_and_what_parts_its_columns_can_be_said_otherwise(
    visit: Visit, work: Callable[[], None]
) -> None:
    # A list with commas in each of its cells is taken apart at the wrong sign.
    rows = [f"{number}|{cell}|2-11-2026" for number, cell in zip(NUMBERS, "12345", strict=False)]
    lines = ["Leerlingnummer, kort|Plan, periode 1, van zorg|Datum, echt", *rows]
    body = "".join(f"{line}\r\n" for line in lines).replace("|", ";").encode()
    wrong = body.replace(b"-11-2026", b",11,2026").replace(b";", b"|")
    run = send(visit, wrong, "lijst.csv", kind="sheet")
    work()
    page = visit.get(run)
    assert "Is dit een ander soort bestand?" in page
    assert f"{NUMBERS[0]}</td><td>1" not in page
    told = {"kind": "sheet", "sign": "bar", "look": "yes"}
    look = visit.submit(run, f"{run}/taken-as", told)
    shown = look.get_data(as_text=True)
    assert (look.status_code, f"{NUMBERS[0]}</td><td>1" in shown) == (200, True)
    assert f"{NUMBERS[0]}</td><td>1" not in visit.get(run)
    for refused in ({"kind": "case"}, {"kind": "duo_ro"}, {"kind": "sheet", "sign": "#"}, {}):
        assert visit.submit(run, f"{run}/taken-as", refused).status_code == 422, refused
    table = b"crebo;code;soort;kerntaak;titel\r\n25655;B1-K1;kerntaak;B1-K1;Zorg\r\n"
    other = send(visit, table, "lijst.csv")
    work()
    assert visit.submit(other, f"{other}/taken-as", {"kind": "sheet"}).status_code == 303
    work()
    page = visit.get(other)
    assert "Tabel van de school" in page
    assert visit.submit(other, f"{other}/taken-as", {"kind": "kwalificaties"}).status_code == 303
    work()
    assert "Keur goed" in visit.get(other)
    approve(visit, other)
    work()
    late = visit.submit("/school", f"{other}/taken-as", {"kind": "sheet"})
    assert late.status_code == 303


def test_progress_is_a_small_part_that_logs_no_look_and_ends(
    visit: Visit, work: Callable[[], None], engine: sa.Engine, world: World
) -> None:
    run = send(visit, b"Leerlingnummer;Naam\r\nT1;Jan Bos\r\n", "mensen.csv")
    page = visit.get(run)
    (asked,) = re.findall(r'data-from="([^"]+)"', page)
    before = count(engine, world, AuditEvent)
    part = visit.get(asked)
    assert "Je bestand wacht" in part
    assert "<html" not in part
    assert count(engine, world, AuditEvent) == before
    work()
    assert "data-refresh" not in visit.get(asked)


def test_the_rate_and_what_is_left_follow_from_two_looks(
    visit: Visit, engine: sa.Engine, world: World
) -> None:
    run = send(visit, b"Leerlingnummer;Naam\r\nT1;Jan Bos\r\n", "mensen.csv")
    with unit_of_work(engine, school_id=world.school.id) as session:
        found = session.get_one(ImportRun, (world.school.id, UUID(run.rsplit("/", 1)[1])))
        found.state, found.phase = RunState.APPLYING, "write"
        found.done, found.total = 600, 1000
    part = visit.get(f"{run}/progress?stage=writing&done=400&at=2026-01-01T00:00:00Z")
    assert "600 van 1.000 gegevens" in part
    assert "per seconde" not in part
    assert "nog ongeveer" in part
    other = visit.get(f"{run}/progress?stage=reading&done=400&at=2026-01-01T00:00:00Z")
    assert "nog ongeveer" not in other


def test_an_import_that_goes_on_is_stopped(visit: Visit, work: Callable[[], None]) -> None:
    run = send(visit, b"Leerlingnummer;Naam\r\nT1;Jan Bos\r\n", "mensen.csv")
    assert f'action="{run}/cancel"' in visit.get(run)
    assert visit.submit(run, f"{run}/cancel", {}).status_code == 303
    work()
    assert "weggegooid of gestopt" in visit.get(run)


CLASS = "Leerlingnummer;Naam;Klas\r\nS71;Bo Nieuw;LBV1A\r\nS72;Lot Nieuw;LBV1A\r\n;Zonder;LBV1A\r\n"


def test_new_people_of_a_class_list_are_added_by_one_answer(
    visit: Visit, work: Callable[[], None], engine: sa.Engine, world: World
) -> None:
    run = send(visit, CLASS.encode("cp1252"), "klas.csv")
    work()
    page = visit.get(run)
    assert "S71 is niemand die we kennen." in page
    assert "Deze rij wacht tot" not in page  # the same row says who that is
    form = page.partition('id="newcomers"')[2].partition("</form>")[0]
    said = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
    said.pop("csrf_token")
    assert said["people"] == "make"
    assert visit.submit(run, f"{run}/columns", said).status_code == 303
    work()
    page = visit.get(run)
    assert "is niemand die we kennen" not in page
    assert 'id="newcomers"' not in page
    assert page.count("De kolom Leerlingnummer is leeg.") == 1  # once, for all that the row tells
    approve(visit, run)
    work()
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        numbers = sa.select(Person.name).where(Person.number.in_(["S71", "S72"]))
        assert set(session.scalars(numbers)) == {"Bo Nieuw", "Lot Nieuw"}


def test_a_file_without_rows_is_not_called_up_to_date(
    visit: Visit, work: Callable[[], None]
) -> None:
    run = send(visit, CLASS.splitlines()[0].encode() + b"\r\n", "klas.csv", kind="sheet")
    work()
    page = visit.get(run)
    assert "In dit bestand staat niets om in te lezen." in page
    assert 'id="approve"' not in page
    assert "Gooi deze proef weg" in page


def test_a_coach_neither_sees_nor_says_how_a_sheet_is_read(
    app: Flask, world: World, visit: Visit
) -> None:
    run = send(visit, workbook({}))
    coach = Visit(app, world.coach)
    coach.get(f"{run}/progress", 404)
    said = {"csrf_token": coach.token("/coach"), "means-0": "number"}
    assert coach.send(f"{run}/columns", said).status_code == 404
    assert "Geweigerd" in visit.get(run)


@pytest.mark.browser
@pytest.mark.usefixtures("students")
def test_a_teachers_list_is_corrected_approved_and_repaired_in_a_browser(
    page: Page,
    work: Callable[[], None],
    tmp_path: Path,
    engine: sa.Engine,
    world: World,
) -> None:
    before = count(engine, world, Activity)
    given = tmp_path / "Toetsweek 2 periode 1 definitief (kopie) gecorrigeerd_v3.xlsx"
    given.write_bytes(workbook(WRONG))
    come_in(page, "administrator")
    page.goto("/school")
    looks_right(page)
    page.locator("#files").set_input_files(given)
    follow(page.get_by_role("button", name="Laat zien wat er wijzigt"))
    looks_right(page)
    page.get_by_label("A · Kenmerk").select_option("number")
    follow(page.get_by_role("button", name="Lees het zo opnieuw"))
    # The page looks again by itself, until there is a preview.
    work()
    page.locator("#preview").wait_for()
    page.locator("summary", has_text="Zo lazen wij dit bestand").click()
    looks_right(page)
    page.locator("summary", has_text="Is dit een ander soort bestand?").click()
    follow(page.get_by_role("button", name="Laat de eerste rijen zo zien"))
    page.get_by_role("cell", name="Cijferlijst periode 1").wait_for()
    looks_right(page)
    follow(page.get_by_role("button", name="Keur goed: 20 wijzigingen"))
    work()
    page.locator("#result").wait_for()
    looks_right(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Rijen ophalen").click()
    repaired = tmp_path / download.value.suggested_filename
    download.value.save_as(repaired)
    book = load_workbook(repaired)
    for row in book.active.iter_rows(min_row=2):
        row[2].value = "8,1"
    book.save(repaired)
    page.locator("#repaired").set_input_files(repaired)
    follow(page.get_by_role("button", name="Laat zien wat er wijzigt"))
    work()
    page.locator("#preview").wait_for()
    follow(page.get_by_role("button", name="Keur goed: 2 wijzigingen"))
    work()
    page.locator("#result").wait_for()
    assert count(engine, world, Activity) == before + 20
    page.goto("/school/imports")
    looks_right(page)
