"""What is wrong with a bundle is said with file, row and column; good rows come in."""

import ast
import io
import re
import zipfile
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_babel import force_locale, gettext

import importers
from importers.issues import Severity
from importers.models import ExternalRef, ImportIssue, ImportRow, ImportRun, RowStatus, RunState
from importers.report import report_of, totals_of
from importers.sentences import SENTENCES
from tests.importers.bundles import BUNDLE, Rows, bundle, only, setting
from tests.importers.importing import Importing
from tracker.db import unit_of_work
from tracker.models import Activity, Membership, Person, PersonState


def only_issue(importing: Importing, run: ImportRun) -> ImportIssue:
    (issue,) = importing.issues(run)
    return issue


def test_what_is_no_zip_is_refused_and_nothing_is_kept(importing: Importing):
    run = importing.preview(b"<html>Inloggen</html>", "bundel.zip")
    issue = only_issue(importing, run)
    assert run.state is RunState.REFUSED
    error = (issue.code, issue.file, issue.severity)
    assert error == ("file.web_page", "bundel.zip", Severity.ERROR)
    assert importing.kept_files() == []
    assert importing.count(ImportRow) == 0


def test_a_truncated_bundle_is_refused(importing: Importing):
    whole = BUNDLE.read_bytes()
    run = importing.preview(whole[: len(whole) // 2])
    assert importing.codes(run) == ["zip.broken"]


def test_a_bundle_with_a_damaged_file_is_refused(importing: Importing):
    body = bytearray(bundle())
    with zipfile.ZipFile(io.BytesIO(body)) as made:
        offset = made.getinfo("results.csv").header_offset
    body[offset + 200] ^= 0xFF
    run = importing.preview(bytes(body))
    assert (run.state, importing.codes(run)) == (RunState.REFUSED, ["zip.broken"])


@pytest.mark.parametrize("missing", ["users.csv", "results.csv"])
def test_a_bundle_without_a_file_that_should_be_there_is_refused(
    importing: Importing, missing: str
):
    run = importing.preview(bundle(without=(missing,)))
    issue = only_issue(importing, run)
    assert run.state is RunState.REFUSED
    assert (issue.code, issue.file) == ("file.missing", missing)


def test_a_document_of_a_word_processor_is_refused_as_such(importing: Importing):
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as made:
        made.writestr("word/document.xml", "<w/>")
    assert importing.codes(importing.preview(body.getvalue(), "verslag.docx")) == ["file.document"]


def test_a_table_that_does_not_say_whose_its_rows_are_is_refused(importing: Importing):
    run = importing.preview(b"naam;cijfer\r\nFinn;8\r\n", "cijfers.csv")
    assert run.state is RunState.REFUSED
    assert importing.codes(run, Severity.ERROR) == ["sheet.no_person"]


def manifest(**values: str) -> dict[str, object]:
    def change(rows: Rows) -> Rows:
        named = {name.replace("__", "."): value for name, value in values.items()}
        return [row | {"value": named.get(row["propertyName"], row["value"])} for row in rows]

    return {"manifest.csv": change}


def test_another_version_of_the_standard_is_refused(importing: Importing):
    run = importing.preview(bundle(manifest(oneroster__version="1.0")))
    issue = only_issue(importing, run)
    assert run.state is RunState.REFUSED
    assert (issue.code, issue.value) == ("manifest.version", "1.0")


def test_a_missing_column_is_named(importing: Importing):
    body = bundle(
        without=("roles.csv",), extra={"roles.csv": b"sourcedId,userSourcedId\r\n1,2\r\n"}
    )
    issue = only_issue(importing, importing.preview(body))
    assert (issue.code, issue.file, issue.column) == ("header.missing", "roles.csv", "role")


def test_a_row_without_key_is_set_aside_and_the_good_rows_come_in(importing: Importing):
    run = importing.bring(bundle({"results.csv": setting("res-2-S900003", sourcedId="")}))
    assert run.state is RunState.APPLIED
    assert run.counts["result"] | {"new": 46, "quarantined": 1} == run.counts["result"]
    error, held = importing.issues(run)
    assert (error.code, error.file, error.row) == ("key.missing", "results.csv", 3)
    assert (error.letter, error.column) == ("A", "sourcedId")
    assert held.code == "closing.held"
    assert importing.count(Activity) == 46


def test_a_row_that_was_set_aside_stays_to_be_repaired(importing: Importing):
    run = importing.bring(bundle({"results.csv": setting("res-2-S900003", score="acht")}))
    ((row,),) = importing.read(sa.select(ImportRow))
    assert (row.status, row.file, row.row) == (RowStatus.QUARANTINED, "results.csv", 3)
    assert row.data["score"] == "acht"
    assert importing.codes(run) == ["number.form"]


def test_nobody_is_closed_by_a_file_of_which_a_row_cannot_be_read(
    importing: Importing, imported: ImportRun
):
    def spoil(rows: Rows) -> Rows:
        return [
            row | {"sourcedId": "" if row["sourcedId"] == "S900005" else row["sourcedId"]}
            for row in rows
            if row["sourcedId"] != "S900001"
        ]

    run = importing.bring(bundle({"users.csv": spoil}))
    assert run.counts["person"]["closed"] == 0
    assert importing.count(Person, Person.state == PersonState.LEFT) == 0
    assert "closing.held" in importing.codes(run)


@pytest.mark.parametrize("name", ["users.csv", "enrollments.csv", "results.csv"])
def test_a_file_with_only_a_header_closes_nobody(
    importing: Importing, imported: ImportRun, name: str
):
    run = importing.bring(bundle({name: lambda _: []}))
    assert totals_of(run)["closed"] == 0
    assert "file.no_rows" in importing.codes(run)
    assert importing.count(ExternalRef, ExternalRef.gone_at.is_not(None)) == 0


def test_an_empty_file_refuses_the_bundle(importing: Importing):
    run = importing.preview(bundle(without=("results.csv",), extra={"results.csv": b""}))
    assert (run.state, importing.codes(run)) == (RunState.REFUSED, ["file.empty"])


def test_the_same_row_twice_counts_once_with_a_warning(importing: Importing):
    run = importing.bring(bundle({"results.csv": lambda rows: [*rows, rows[0]]}))
    issue = only_issue(importing, run)
    assert run.counts["result"] | {"new": 47, "ignored": 1} == run.counts["result"]
    assert (issue.code, issue.severity, issue.row) == ("key.twice", Severity.WARNING, 2)


def test_rows_that_contradict_each_other_are_both_set_aside(importing: Importing):
    run = importing.bring(bundle({"results.csv": lambda rows: [*rows, rows[0] | {"score": "1.0"}]}))
    assert run.counts["result"] | {"new": 46, "quarantined": 2} == run.counts["result"]
    assert [(i.code, i.row, i.detail) for i in importing.issues(run)] == [
        ("key.contradictory", 2, "49"),
        ("key.contradictory", 49, "2"),
    ]


def test_a_row_that_refers_to_nothing_is_set_aside_with_what_hangs_below_it(importing: Importing):
    run = importing.bring(bundle({"lineItems.csv": setting("li-3", classSourcedId="cls-404")}))
    task = next(issue for issue in importing.issues(run) if issue.file == "lineItems.csv")
    assert (task.code, task.column, task.value) == ("ref.unknown", "classSourcedId", "cls-404")
    below = [issue for issue in importing.issues(run) if issue.file == "results.csv"]
    assert {issue.code for issue in below} == {"ref.set_aside"}
    assert run.counts["result"]["quarantined"] == len(below)


def test_what_refers_to_a_known_record_whose_row_is_set_aside_stays(
    importing: Importing, imported: ImportRun
):
    run = importing.bring(bundle({"users.csv": setting("S900001", status="weg")}))
    assert run.counts["person"] | {"quarantined": 1, "closed": 0} == run.counts["person"]
    assert run.counts["membership"]["same"] == 32


def test_keys_that_do_not_fit_are_set_aside_and_not_cut(importing: Importing):
    long = "x" * 256
    run = importing.bring(
        bundle(
            {
                "users.csv": setting("S900001", identifier=long),
                "results.csv": setting("res-2-S900003", sourcedId=long),
            }
        )
    )
    found = {(issue.code, issue.file, issue.row) for issue in importing.issues(run)}
    assert ("value.too_long", "users.csv", 2) in found
    assert ("value.too_long", "results.csv", 3) in found
    assert run.counts["person"]["new"] == 31


def test_more_than_a_few_closings_stop_and_ask(importing: Importing, imported: ImportRun):
    few = only(lambda row: row["userSourcedId"] > "S900012")
    run = importing.preview(bundle({"enrollments.csv": few}))
    assert run.counts["membership"]["closed"] > 10
    brake = only_issue(importing, run)
    assert (brake.code, brake.value) == ("brake.would_close", "membership")
    with pytest.raises(Exception, match=r"import\.closing_not_confirmed"):
        importing.apply(run)
    assert importing.count(Membership, Membership.until_on.is_not(None)) == 0
    applied = importing.apply(run, confirm_closing=True)
    assert applied.state is RunState.APPLIED
    assert (
        importing.count(Membership, Membership.until_on.is_not(None))
        == (run.counts["membership"]["closed"])
    )


def test_every_code_has_a_short_dutch_sentence_and_says_what_to_do(app: Flask):
    with app.app_context(), force_locale("nl"):
        for code, texts in SENTENCES.items():
            for text in texts:
                assert gettext(text) != text, (code, text)
                assert len(gettext(text).split()) <= 15, (code, gettext(text))


CODE = re.compile(r"[a-z]+\.[a-z_0-9]+")
# Look like codes, and are none.
NAMES = {"oneroster.version", "leerspoor.importers", "content.xml"}
NAMES |= {"gradebook.readonly", "roster.readonly", "object.assignee"}


def codes_in(path: Path) -> set[str]:
    """Return the codes that a module finds; what it answers to whoever asks has words elsewhere."""
    tree = ast.parse(path.read_text())
    answers = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"Conflict", "Invalid"}
    ]
    answered = {id(part) for answer in answers for part in ast.walk(answer)}
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and CODE.fullmatch(str(node.value))
        and id(node) not in answered
        and not node.value.endswith(".csv")
    }


def test_every_code_that_the_importers_find_has_its_sentence():
    folder = Path(importers.__file__).parent
    # Commands say themselves what is wrong with their options, as does a mapping, field by field.
    own = {"sentences.py", "commands.py", "mapping.py"}
    found = [codes_in(path) for path in folder.rglob("*.py") if path.name not in own]
    assert set().union(*found) - NAMES == set(SENTENCES)


def test_a_report_says_in_dutch_what_is_wrong_and_what_to_do(importing: Importing, app: Flask):
    run = importing.bring(bundle({"results.csv": setting("res-2-S900003", sourcedId="")}))
    with (
        app.app_context(),
        force_locale("nl"),
        unit_of_work(importing.engine, school_id=importing.school.id, writes=False) as session,
    ):
        report = report_of(session, session.get_one(ImportRun, (run.school_id, run.id)))
    issue = next(issue for issue in report["issues"] if issue["code"] == "key.missing")
    assert issue == {
        "file": "results.csv",
        "row": 3,
        "column": "sourcedId",
        "letter": "A",
        "code": "key.missing",
        "severity": "error",
        "value": None,
        "message": "De kolom sourcedId is leeg.",
        "hint": "Anders weten we niet waar deze rij over gaat. Vul het in.",
    }
    assert report["state"] == "applied"
    assert report["by_kind"]["result"]["quarantined"] == 1
