"""Bundles of others: what an independent validator says of them, and what vendors really send."""

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from importers.issues import Severity
from importers.models import ImportRun, RunState
from importers.report import totals_of
from tests.importers.importing import Importing
from tracker.models import Group, GroupRole, Membership, Person, PersonRole, SchoolRole

DATA = Path(__file__).parent / "data"
CONFORMANCE = "oneroster/conformance-1p2"
# Where we are more lenient than the validator, knowingly: (file, row, field) that we do not name
# one by one, and why. A file that we never read is named as a whole, and its cells stay outside.
NEVER_READ = "a file that gives nothing here is named and not read"
ONCE = "the order of columns does not matter to us: named once, at the first column"
LENIENT: dict[str, dict[tuple[str, int | None, str | None], str]] = {
    "missing_manifest": {
        ("manifest.csv", None, None): "the zip is empty: refused before we look for a manifest"
    },
    "schema_header_and_metadata_failures": {
        ("resources.csv", 1, "localCode"): NEVER_READ,
        **{
            ("classes.csv", 1, field): ONCE
            for field in (
                "dateLastModified", "title", "grades", "courseSourcedId", "classCode", "classType",
                "location", "schoolSourcedId", "termSourcedIds", "subjects", "subjectCodes",
                "periods",
            )
        },
        ("classes.csv", 1, "status"): ONCE,
        ("users.csv", 1, "sourcedId"): ONCE,
    },
    "semantic_validation_failure": {
        ("scoreScales.csv", 2, "scoreScaleValue"): NEVER_READ,
        ("lineItemLearningObjectiveIds.csv", 2, "learningObjectiveId"): NEVER_READ,
    },
}  # fmt: skip
# How each ends: what the validator refuses as a whole, we mostly read and report.
STATES = {
    "manifest_marks_present_file_absent": RunState.REFUSED,
    "missing_manifest": RunState.REFUSED,
}


def conformance(field_data: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((field_data / CONFORMANCE / "expected.json").read_text())
    return found


NAMES = (
    "delta_lifecycle_datetime_failure", "delta_lifecycle_required_failure", "full_delta_package",
    "gradebook_delta_package", "manifest_marks_present_file_absent", "manifest_only_package",
    "missing_manifest", "missing_target_file_failure", "resources_delta_package",
    "rostering_delta_package", "schema_header_and_metadata_failures",
    "semantic_validation_failure", "unknown_zip_entry",
)  # fmt: skip


def preview(importing: Importing, path: Path) -> ImportRun:
    return importing.preview(path.read_bytes(), path.name)


def test_every_package_of_the_validator_is_looked_at(field_data: Path):
    assert set(NAMES) == set(conformance(field_data))
    assert set(NAMES) == {path.stem for path in (field_data / CONFORMANCE).glob("*.zip")}


@pytest.mark.parametrize("name", NAMES)
def test_we_name_the_rows_and_fields_that_the_validator_names(
    importing: Importing, field_data: Path, name: str
):
    expected = conformance(field_data)[name]
    run = preview(importing, field_data / CONFORMANCE / f"{name}.zip")
    assert run.state is STATES.get(name, RunState.PREVIEWED)
    issues = importing.issues(run)
    if expected["ok"]:
        assert [i.code for i in issues if i.severity is Severity.ERROR] == []
        assert {i.code for i in issues} <= {"file.unknown", "file.nothing_read"}
        return
    ours = {(i.file, i.row, i.column) for i in issues}
    theirs = {_place(diagnostic) for diagnostic in expected["diagnostics"]}
    lenient = set(LENIENT.get(name, {}))
    assert theirs - ours <= lenient, theirs - ours
    assert lenient <= theirs
    files = {file for file, _, _ in ours}
    for place, why in LENIENT.get(name, {}).items():
        assert place[0] in files or why.startswith("the zip is empty")


def _place(diagnostic: dict[str, Any]) -> tuple[str, int | None, str | None]:
    file = diagnostic.get("fileName") or diagnostic["entryName"]
    return file, diagnostic.get("rowNumber"), diagnostic.get("field")


def test_the_packages_that_fail_only_softly_come_in_with_their_good_rows(
    importing: Importing, field_data: Path
):
    folder = field_data / CONFORMANCE
    dated = preview(importing, folder / "delta_lifecycle_datetime_failure.zip")
    assert dated.counts["person"]["quarantined"] == 1
    full = importing.bring((folder / "full_delta_package.zip").read_bytes())
    assert {kind: counts["new"] for kind, counts in full.counts.items()} == {
        "person": 2,
        "role": 2,
        "group": 1,
        "membership": 1,
        "lesson_task": 1,
        "result": 1,
    }


def test_a_bundle_of_version_1_1_without_rows_is_read_and_closes_nobody(
    importing: Importing, field_data: Path
):
    run = preview(importing, field_data / "oneroster" / "nicelion_v1p1_example.zip")
    assert run.state is RunState.PREVIEWED
    assert set(totals_of(run).values()) == {0}
    warned = {(i.code, i.file) for i in importing.issues(run)}
    assert warned == {
        ("file.no_rows", "users.csv"),
        ("file.no_rows", "classes.csv"),
        ("file.no_rows", "enrollments.csv"),
        ("file.unknown", "demographics.csv"),
    }


def test_of_a_real_file_of_users_only_students_and_teachers_come_in(
    importing: Importing, field_data: Path
):
    users = (field_data / "oneroster" / "nicelion_users_generated.csv").read_bytes()
    roles = re.findall(r",(parent|student|teacher|administrator|aide|guardian),", users.decode())
    assert {"parent", "student"} <= set(roles)
    run = importing.bring(zipped({"users.csv": users}))
    assert "manifest.missing" in importing.codes(run)
    wanted = sum(role in {"student", "teacher"} for role in roles)
    people = run.counts["person"]
    assert people["new"] + people["quarantined"] == wanted
    assert people["ignored"] == len(roles) - wanted
    assert run.counts["role"]["new"] == people["new"] == importing.count(Person)
    assert importing.count(PersonRole) == people["new"]


def test_school_data_sync_comes_in_with_every_difference_said(
    importing: Importing, field_data: Path
):
    run = importing.bring((field_data / "oneroster" / "microsoft_sds_v2.zip").read_bytes())
    said = {(i.code, i.file) for i in importing.issues(run) if i.row in {None, 1}}
    assert {
        ("manifest.missing", "manifest.csv"),
        ("header.fewer", "users.csv"),
        ("header.extra", "users.csv"),
        ("header.no_key", "enrollments.csv"),
    } <= said
    assert importing.count(Group) == run.counts["group"]["new"] == 4
    # The words of Microsoft for other staff are no roles of the standard: set aside to be repaired.
    places = {"new": 24, "quarantined": 4, "ignored": 1}
    assert run.counts["membership"] | places == run.counts["membership"]
    unclear = [i.row for i in importing.issues(run) if i.code == "person.role_unclear"]
    assert len(unclear) == run.counts["person"]["quarantined"] == 4
    roles = importing.read(sa.select(PersonRole.role, sa.func.count()).group_by(PersonRole.role))
    found = dict(tuple(row) for row in roles)
    assert found == {SchoolRole.STUDENT: 22, SchoolRole.TEACHER: 2}
    taken = importing.read(sa.select(Membership.role, sa.func.count()).group_by(Membership.role))
    assert set(dict(tuple(row) for row in taken)) == {GroupRole.STUDENT, GroupRole.TEACHER}
    again = importing.bring((field_data / "oneroster" / "microsoft_sds_v2.zip").read_bytes())
    totals = totals_of(again)
    assert (totals["new"], totals["changed"], totals["closed"]) == (0, 0, 0)


def zipped(files: dict[str, bytes]) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as made:
        for name, content in files.items():
            made.writestr(name, content)
    return body.getvalue()


# Faults of expected.json -> our code, the column it stands in, and what becomes of the row.
FAULTS = {
    "duplicate sourcedId": ("key.contradictory", "sourcedId", "quarantined"),
    "TRUE in capitals (accept)": ("boolean.written", "enabledUser", "new"),
    '"1" as boolean': ("boolean.written", "enabledUser", "new"),
    "bad email (warn)": ("email.unusable", "email", "new"),
    "dateLastModified without zone": ("bulk.not_blank", "dateLastModified", "new"),
    "dateLastModified dd-mm-yyyy": ("bulk.not_blank", "dateLastModified", "new"),
    "tobedeleted in a bulk file": ("bulk.not_blank", "status", "ignored"),
    "status inactive (v1.0 word)": ("status.unknown", "status", "quarantined"),
    "empty sourcedId (reject)": ("key.missing", "sourcedId", "quarantined"),
    "unknown user": ("ref.unknown", "userSourcedId", "quarantined"),
    "unknown class": ("ref.unknown", "classSourcedId", "quarantined"),
    "role in wrong case": ("value.case", "role", None),
    "date dd-mm-yyyy": ("date.dutch", "beginDate", "new"),
    "duplicate sourcedId, identical row": ("key.twice", "sourcedId", "ignored"),
    "decimal comma": ("number.comma", "score", None),
    "score above resultValueMax": ("score.out_of_range", "score", "quarantined"),
    "unknown lineItem": ("ref.unknown", "lineItemSourcedId", "quarantined"),
    "impossible date": ("date.impossible", "scoreDate", "quarantined"),
}
# Rows about a user whose own two rows contradict each other wait with them.
WAITS = "quarantined"


def test_every_fault_of_the_awkward_bundle_is_found_where_it_stands_and_ends_as_it_should(
    importing: Importing,
):
    expected = json.loads((DATA / "expected.json").read_text())["ol1_oneroster_fouten.zip"]
    run = importing.preview((DATA / "ol1_oneroster_fouten.zip").read_bytes())
    issues = importing.issues(run)
    found = {(i.file, i.row, i.code): i.column for i in issues}
    rows = importing.read(
        sa.text("SELECT file, row, status FROM import_row WHERE file IS NOT NULL AND row > 0")
    )
    ends = {(file, row): status for file, row, status in rows}
    for file in ("users.csv", "enrollments.csv", "results.csv"):
        for place, fault in expected[file].items():
            if not place.startswith("row "):
                continue
            row = int(place.removeprefix("row "))
            code, column, end = FAULTS[fault]
            rows_named = [row]
            if code == "key.twice":  # the last of equal rows counts: the note is at the others
                rows_named = [r for f, r, c in found if (f, c) == (file, code)]
            assert [found.get((file, r, code)) for r in rows_named] == [column], (file, place)
            assert {ends[file, r] for r in rows_named} == {end or WAITS}, (file, place)
    assert expected["users.csv"]["bom"]
    (empty,) = (i for i in issues if i.code == "header.empty")
    assert (empty.file, empty.row, empty.letter, empty.detail) == ("users.csv", 1, "X", "2")
    assert ("Roles.csv", None, "file.name_case") in found
    assert ("results.csv", None, "file.in_folder") in found
    assert not {i.file for i in issues} & {"Thumbs.db", "._users.csv"}
    applied = importing.apply(run)
    assert applied.state is RunState.APPLIED
    assert applied.counts["person"]["new"] >= 240
