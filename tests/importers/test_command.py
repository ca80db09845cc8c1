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


def test_an_unknown_school_a_second_file_and_another_kind_are_refused(command: Any):
    assert command("nergens", BUNDLE).exit_code == 2
    assert "één bestand" in command("proef", BUNDLE, QUALIFICATIONS).stderr
    assert command("proef", BUNDLE, "--kind", "kwalificaties").exit_code == 2
    assert command("proef", BUNDLE, "--kind", "moodle").exit_code == 2
