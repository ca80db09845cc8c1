"""A school's own sheet through the real door and engine: what it makes, changes, and remembers."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from flask import Flask

from importers.commands import import_files
from importers.models import ImportRun, ImportSource, RunState
from tests.importers.importing import Importing
from tests.importers.kept_imports import KeptImports
from tracker.errors import Invalid
from tracker.models import (
    Activity,
    ActivityItem,
    ActivitySource,
    Group,
    Membership,
    Person,
    PersonRole,
)

PEOPLE = ("Leerlingnummer;Voornaam;Achternaam", "S1;Jan;Bos", "S2;Lot;Vos", "S3;Pim;Vink")
GRADES = ("Leerlingnummer;Plan;Verslag;Datum", "S1;7,5;83;2-11-2026", "S2;6,0;-;2-11-2026")
MAPPING = {"person": "Nummer", "columns": {"Plan": {"means": "result", "item": "Plan A"}}}


def text(*rows: str) -> bytes:
    return "".join(f"{row}\r\n" for row in rows).encode()


def bring(importing: Importing, *rows: str, **options: Any) -> ImportRun:
    return importing.bring(text(*rows), "lijst.csv", options=options)


def preview(importing: Importing, *rows: str, **options: Any) -> ImportRun:
    return importing.preview(text(*rows), "lijst.csv", options=options)


@pytest.fixture
def people(importing: Importing, kept_imports: KeptImports) -> ImportRun:
    return kept_imports.bring(importing, "three", lambda: bring(importing, *PEOPLE))


def values(importing: Importing) -> dict[tuple[str, str], Any]:
    """Return what counts now: value or word, by person and item."""
    found = importing.read(
        sa.select(Person.number, ActivityItem.title, Activity.value, Activity.text)
        .join(Activity, Activity.person_id == Person.id)
        .join(ActivityItem, ActivityItem.id == Activity.item_id)
        .where(Activity.ended_at.is_(None))
    )
    return {(number, title): value or word for number, title, value, word in found}


def changed(run: ImportRun) -> dict[str, int]:
    """Return how many records of each kind the run made, changed or closed."""
    doing = ("new", "changed", "closed")
    return {
        kind: sum(counts[status] for status in doing)
        for kind, counts in run.counts.items()
        if any(counts[status] for status in doing)
    }


def test_a_list_of_people_makes_students_once(importing: Importing, people: ImportRun):
    assert changed(people) == {"person": 3, "role": 3}
    assert importing.count(PersonRole, PersonRole.role == "student") == 3
    assert changed(bring(importing, *PEOPLE)) == {}


def test_a_grade_list_again_changes_nothing_and_a_corrected_grade_one_row(
    importing: Importing, people: ImportRun
):
    first = bring(importing, *GRADES)
    assert changed(first) == {"lesson_task": 2, "result": 3}
    assert changed(bring(importing, *GRADES)) == {}
    corrected = bring(importing, *GRADES[:2], "S2;6,4;-;2-11-2026")
    assert changed(corrected) == {"result": 1}
    assert values(importing) == {
        ("S1", "Plan"): Decimal("7.5"),
        ("S1", "Verslag"): Decimal(83),
        ("S2", "Plan"): Decimal("6.4"),
    }
    assert importing.count(Person) == 3


def test_a_list_that_shows_no_scale_does_not_take_it_away(importing: Importing, people: ImportRun):
    bring(importing, *GRADES)
    bring(importing, GRADES[0], "S3;8;-;9-11-2026")
    ((lowest, highest),) = importing.read(
        sa.select(ActivityItem.value_min, ActivityItem.value_max).where(
            ActivityItem.title == "Plan"
        )
    )
    assert (lowest, highest) == (1, 10)


def test_who_is_unknown_is_parked_and_never_made(importing: Importing, people: ImportRun):
    run = bring(importing, GRADES[0], "S1;7,5;-;2-11-2026", "S9;8,0;-;2-11-2026")
    assert changed(run) == {"lesson_task": 1, "result": 1}
    found = {(issue.row, issue.code) for issue in importing.issues(run)}
    assert {(3, "person.parked"), (3, "ref.parked")} <= found
    assert importing.count(Person) == 3


def test_two_grades_for_one_thing_on_one_day_are_both_set_aside(
    importing: Importing, people: ImportRun
):
    run = bring(
        importing, "Leerlingnummer;Toets;Cijfer;Datum",
        "S1;Rekenen;5,5;4-11-2026", "S1;Rekenen;6,5;4-11-2026", "S2;Rekenen;7,0;4-11-2026",
        "S2;Rekenen;7,0;4-11-2026",
    )  # fmt: skip
    found = {(issue.row, issue.code) for issue in importing.issues(run)}
    assert found == {(2, "key.contradictory"), (3, "key.contradictory"), (4, "key.twice")}
    assert values(importing) == {("S2", "Rekenen"): 7}


def test_a_sheet_closes_nobody_unless_the_school_says_it_is_all_there_is(
    importing: Importing, people: ImportRun
):
    rows = ("Leerlingnummer;Klas", "S1;OL1", "S2;OL1", "S3;OL2")
    assert changed(bring(importing, *rows)) == {"group": 2, "membership": 3}
    assert changed(bring(importing, *rows[:3])) == {}
    assert changed(bring(importing, *rows[:3], mapping={"snapshot": True})) == {
        "group": 1, "membership": 1,
    }  # fmt: skip
    assert importing.count(Membership, Membership.until_on.is_(None)) == 2
    assert importing.count(Group) == 2


def test_bpv_lessons_and_attendance_come_in(importing: Importing, people: ImportRun):
    bpv = (
        "Leerlingnummer;Leerbedrijf;Plaats;Leerbedrijf-ID;Begin;Einde;Uren",
        "S1;Zorggroep;Ede;100200;1-9-2026;31-1-2027;320",
    )
    assert changed(bring(importing, *bpv)) == {"company": 1, "placement": 1}
    assert changed(bring(importing, *bpv)) == {}
    lessons = ("Les;Omschrijving;Van;Tot en met", "Plannen;Kort;1-9-2026;31-1-2027")
    assert changed(bring(importing, *lessons)) == {"lesson": 1}
    assert changed(bring(importing, *lessons)) == {}
    there = (
        "Leerlingnummer;Les;Datum;Aanwezig",
        "S1;Plannen;2-11-2026;ja",
        "S2;Plannen;2-11-2026;ziek",
    )
    assert changed(bring(importing, *there)) == {"lesson_task": 1, "attendance": 2}
    assert changed(bring(importing, *there)) == {}


def test_readers_see_the_name_that_the_school_gives_the_sheet(
    importing: Importing, people: ImportRun
):
    bring(importing, *GRADES, source="Cijferlijst Ans")
    names = {name for (name,) in importing.read(sa.select(ActivitySource.name))}
    assert names == {"Cijferlijst Ans"}


def test_a_sheet_cannot_take_the_name_of_another_kind_of_source(
    importing: Importing, imported: ImportRun
):
    run = preview(importing, *GRADES, source="OneRoster")
    assert (run.state, importing.codes(run)) == (RunState.REFUSED, ["source.other_kind"])


def test_the_mapping_of_the_last_time_is_taken_again_for_the_same_headers(
    importing: Importing, people: ImportRun
):
    rows = ("Nummer;Plan;Datum", "S1;7,5;2-11-2026")
    only_seen = preview(importing, *rows, mapping=MAPPING)
    assert changed(only_seen) == {"lesson_task": 1, "result": 1}
    assert importing.read(sa.select(ImportSource.options)) == [({},)]
    bring(importing, *rows, mapping=MAPPING)
    assert values(importing) == {("S1", "Plan A"): 7.5}
    again = bring(importing, rows[0], "S1;8,5;2-11-2026")
    assert "mapping.remembered" in importing.codes(again)
    assert values(importing) == {("S1", "Plan A"): 8.5}
    other = preview(importing, "Nummer;Plan;Datum;Kleur", "S1;8,5;2-11-2026;rood")
    assert "mapping.remembered" not in importing.codes(other)


def test_people_are_matched_by_e_mail_where_the_school_chose_that_column(importing: Importing):
    bring(importing, "Leerlingnummer;Naam;E-mail", "S1;Jan Bos;jan@school.example")
    rows = (
        "E-mail;Plan;Datum",
        "Jan@School.example;7,5;2-11-2026",
        "ada@school.example;8;2-11-2026",
    )
    unchosen = preview(importing, *rows)
    assert "person.by_email" in importing.codes(unchosen)
    assert unchosen.counts["person"]["quarantined"] == 2
    chosen = bring(importing, *rows, source="Toetsweek", mapping={"person": "E-mail"})
    assert changed(chosen) == {"lesson_task": 1, "result": 1}
    assert values(importing) == {("S1", "Plan"): Decimal("7.5")}
    assert changed(bring(importing, *rows, source="Toetsweek")) == {}


def test_a_wrong_mapping_writes_nothing(importing: Importing):
    with pytest.raises(Invalid) as refused:
        preview(importing, *GRADES, mapping={"columns": {"Plan": {"means": "cijfer"}}})
    assert refused.value.fields == {"mapping.columns.Plan.means": "mapping.choice"}
    assert importing.count(ImportRun) == 0


def test_no_bsn_of_a_sheet_is_kept(importing: Importing, people: ImportRun):
    run = preview(
        importing, "Leerlingnummer;BSN;Plan;Datum;Opmerking",
        "S1;111222333;7,5;2-11-2026;bel 111222333", "111222333;123456782;zeven;2-11-2026;",
    )  # fmt: skip
    assert run.state is RunState.PREVIEWED
    rows = importing.read(sa.text("SELECT * FROM import_row"))
    issues = importing.read(sa.text("SELECT * FROM import_issue"))
    kept = str(rows) + str(issues) + str(run.sample)
    assert "111222333" not in kept
    assert "123456782" not in kept


@pytest.fixture
def command(app: Flask, importing: Importing, tmp_path: Path) -> Any:
    def run(*rows: str, mapping: str) -> Result:
        sheet, said = tmp_path / "lijst.csv", tmp_path / "kolommen.yaml"
        sheet.write_bytes(text(*rows))
        said.write_text(mapping, "utf-8")
        arguments = ["proef", str(sheet), "--map", str(said), "--apply", "--json"]
        return CliRunner().invoke(import_files, arguments, obj=app)

    return run


def test_the_command_reads_what_columns_mean_from_a_file(command: Any, people: ImportRun):
    result = command(
        "Nummer;Plan", "1;7,5",
        mapping='person: Nummer\nperson_pattern: "S{:01d}"\ndate: 2026-11-20\n',
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["by_kind"]["result"]["new"] == 1


def test_the_command_says_what_is_wrong_with_that_file(command: Any, people: ImportRun):
    wrong = command("Nummer;Plan", "1;7,5", mapping="people: maak")
    assert wrong.exit_code == 2
    assert "mapping.people: deze waarde kennen we niet" in wrong.stderr
    broken = command("Nummer;Plan", "1;7,5", mapping="person: [")
    assert broken.exit_code == 2
    assert "kolommen.yaml is geen YAML" in broken.stderr
