"""`bin/leerspoor import`: preview, apply, exit codes, JSON; in Dutch."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from importers.commands import import_files
from importers.models import ImportRun
from tests.importers.bundles import BUNDLE, QUALIFICATIONS, bundle, only, setting
from tests.importers.importing import Importing
from tracker.models import Framework, Person


@pytest.fixture
def command(app: Flask, importing: Importing) -> Any:
    def run(*arguments: str | Path) -> Result:
        return CliRunner().invoke(import_files, [str(a) for a in arguments], obj=app)

    return run


def test_a_fresh_school_gets_247_people_and_729_results(command: Any):
    result = command("proef", BUNDLE, "--apply", "--json")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["state"] == "applied"
    assert report["kind"] == "oneroster"
    assert report["by_kind"]["person"]["new"] == 247
    assert report["by_kind"]["result"]["new"] == 729
    assert set(report["counts"]) == {
        "new", "changed", "same", "closed", "quarantined", "ignored",
    }  # fmt: skip
    assert report["issues"] == []
    again = json.loads(command("proef", BUNDLE, "--apply", "--json").stdout)
    assert again["counts"] | {"same": 0} == dict.fromkeys(again["counts"], 0)


def test_without_apply_nothing_changes(command: Any, importing: Importing):
    result = command("proef", QUALIFICATIONS, "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["state"] == "previewed"
    assert importing.count(Framework) == 0


def test_rows_that_were_set_aside_give_exit_code_1(command: Any, tmp_path: Path):
    path = tmp_path / "bundel.zip"
    path.write_bytes(bundle({"results.csv": setting("res-2-S900003", sourcedId="")}))
    result = command("proef", path, "--apply")
    assert result.exit_code == 1
    assert "results.csv, rij 3, A · sourcedId: De kolom sourcedId is leeg." in result.stdout
    assert "result: 46 nieuw, 1 apart gezet" in result.stdout


def test_a_refused_file_gives_exit_code_2_and_changes_nothing(
    command: Any, importing: Importing, tmp_path: Path
):
    path = tmp_path / "bundel.zip"
    path.write_bytes(b"geen zip")
    result = command("proef", path, "--apply", "--json")
    assert result.exit_code == 2
    report = json.loads(result.stdout)
    assert report["state"] == "refused"
    (issue,) = report["issues"]
    assert (issue["code"], issue["severity"]) == ("zip.broken", "error")
    assert issue["message"] == "Het bestand bundel.zip is geen heel zip-bestand."
    assert importing.count(Person) == 0


def test_a_bundle_without_users_is_refused_in_dutch(command: Any, tmp_path: Path):
    path = tmp_path / "bundel.zip"
    path.write_bytes(bundle(without=("users.csv",)))
    result = command("proef", path, "--apply")
    assert result.exit_code == 2
    assert "geweigerd" in result.stdout
    assert "Het bestand users.csv ontbreekt in de bundel." in result.stdout


def test_much_closing_is_applied_only_when_it_is_confirmed(
    command: Any, importing: Importing, imported: ImportRun, tmp_path: Path
):
    path = tmp_path / "bundel.zip"
    few = only(lambda row: row["userSourcedId"] > "S900012")
    path.write_bytes(bundle({"enrollments.csv": few}))
    result = command("proef", path, "--apply")
    assert result.exit_code == 2
    assert "--confirm-closing" in result.stderr
    assert command("proef", path, "--apply", "--confirm-closing").exit_code == 0


def test_an_unknown_school_and_another_kind_are_refused(command: Any):
    assert command("nergens", BUNDLE).exit_code == 2
    assert command("proef", BUNDLE, "--kind", "kwalificaties").exit_code == 2
    assert command("proef", BUNDLE, "--kind", "moodle").exit_code == 2


PEOPLE = "Leerlingnummer;Naam\r\nS1;Jan Bos\r\nS2;Lot Vos\r\n"
GRADES = "Leerlingnummer;Cijfer;Lokaal;Datum\r\nS1;7,5;B1;2-11-2026\r\nS2;x;B1;2-11-2026\r\n"


@pytest.fixture
def sheets(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / "mensen.csv", tmp_path / "cijfers.csv"]
    paths[0].write_text(PEOPLE)
    paths[1].write_text(GRADES)
    return paths


def test_several_files_are_taken_in_one_after_another(command: Any, sheets: list[Path]):
    result = command("proef", *sheets, "--apply", "--json")
    assert result.exit_code == 1
    people, grades = json.loads(result.stdout)
    assert people["by_kind"]["person"]["new"] == 2
    assert (grades["by_kind"]["result"]["new"], grades["counts"]["quarantined"]) == (1, 1)


def test_behind_a_file_that_was_refused_nothing_is_applied(
    command: Any, importing: Importing, sheets: list[Path]
):
    sheets[0].write_text("Kleur;Smaak\r\nrood;zoet\r\n")
    result = command("proef", *sheets, "--apply")
    assert result.exit_code == 2
    assert "cijfers.csv: niet gelezen" in result.stderr
    assert importing.count(ImportRun) == 1


def test_bad_rows_are_written_to_a_file_that_can_be_repaired(
    command: Any, sheets: list[Path], tmp_path: Path
):
    assert command("proef", sheets[0], "--apply").exit_code == 0
    bad = tmp_path / "fout.csv"
    assert command("proef", sheets[1], "--apply", "--bad-rows", bad).exit_code == 1
    text = bad.read_text("utf-8-sig")
    assert text.startswith("Leerlingnummer;Cijfer;Lokaal;Datum;Reden")
    bad.write_text(text.replace("S2;x;", "S2;6,5;"))
    repaired = command("proef", bad, "--apply")
    assert (repaired.exit_code, "result: 1 nieuw" in repaired.stdout) == (0, True)
    assert command("proef", *sheets, "--bad-rows", bad).exit_code == 2


def test_what_is_not_understood_is_named_with_how_to_map_it(command: Any, sheets: list[Path]):
    assert command("proef", sheets[0], "--apply").exit_code == 0
    result = command("proef", sheets[1])
    assert "De kolom Lokaal gebruiken we niet." in result.stdout
    assert "--map" in result.stdout
    mapping = sheets[1].with_suffix(".yaml")
    mapping.write_text(result.stdout.split("Begin met:\n")[1])
    mapped = command("proef", sheets[1], "--map", mapping)
    assert "--map" not in mapped.stdout
