"""Bundles of changes: exactly what they tell, nothing because it is missing, nothing too late."""

import csv
import io
import zipfile
from collections import Counter
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest
import sqlalchemy as sa

from importers.models import ExternalRef, ImportRun, RunState
from importers.records import RecordKind
from importers.report import totals_of
from tests.importers.bundles import BUNDLE, Rows, bundle
from tests.importers.importing import Importing
from tracker.models import Activity, Membership, Person, PersonRole, PersonState

DELTA = Path(__file__).parent / "data" / "meetpunt_v1p2_delta.zip"
FIRST, SECOND, THIRD = (f"2026-11-{day}T09:30:00.000Z" for day in (20, 21, 22))
# File -> kind of record, and the columns of which a change changes something here.
TOLD = {
    "users.csv": ("person", ("enabledUser", "givenName", "familyName", "identifier", "email")),
    "enrollments.csv": ("membership", ("classSourcedId", "userSourcedId", "role", "beginDate")),
    "results.csv": ("result", ("lineItemSourcedId", "score", "scoreDate", "comment")),
}


def rows_of(path: Path, name: str) -> Rows:
    with zipfile.ZipFile(path) as opened:
        return list(csv.DictReader(io.StringIO(opened.read(name).decode(), newline="")))


@cache
def known(name: str) -> dict[str, dict[str, str]]:
    return {row["sourcedId"]: row for row in rows_of(BUNDLE, name)}


def expected_of(name: str) -> dict[str, str]:
    """Work out from both files, by their rows alone, what becomes of each row of the changes."""
    _, columns = TOLD[name]
    found = {}
    for row in rows_of(DELTA, name):
        before = known(name).get(row["sourcedId"])
        if row["status"] == "tobedeleted":
            found[row["sourcedId"]] = "ignored" if before is None else "closed"
        elif before is None:
            found[row["sourcedId"]] = "new"
        else:
            is_same = all(_plain(row[c]) == _plain(before[c]) for c in columns)
            found[row["sourcedId"]] = "same" if is_same else "changed"
    return found


def _plain(cell: str) -> str:
    try:
        return str(Decimal(cell).normalize())
    except ArithmeticError:
        return cell


def changes(
    *users: dict[str, str], roles: Rows | None = None, enrollments: Rows | None = None
) -> bytes:
    """Return a bundle that tells these changes of people, and perhaps of roles and places."""
    header = list(rows_of(DELTA, "users.csv")[0])
    tables = {"users.csv": (header, list(users))}
    if roles is not None:
        tables["roles.csv"] = (list(roles[0]), roles)
    if enrollments is not None:
        tables["enrollments.csv"] = (list(enrollments[0]), enrollments)
    modes = [f"file.{name[:-4]},delta" for name in tables]
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as made:
        lines = ["propertyName,value", "oneroster.version,1.2", *modes, ""]
        made.writestr("manifest.csv", "\r\n".join(lines))
        for name, (columns, rows) in tables.items():
            out = io.StringIO(newline="")
            writer = csv.DictWriter(out, columns)
            writer.writeheader()
            writer.writerows(rows)
            made.writestr(name, out.getvalue())
    return body.getvalue()


def user(key: str, **cells: str) -> dict[str, str]:
    """Return a row of changes about somebody of the demo's school, or somebody new."""
    row = known("users.csv").get(key) or known("users.csv")["S900001"] | {
        "sourcedId": key,
        "identifier": key,
        "givenName": "Nieuw",
    }
    return row | {"status": "active", "dateLastModified": FIRST} | cells


def name_of(importing: Importing, number: str) -> str:
    ((name,),) = importing.read(sa.select(Person.name).where(Person.number == number))
    return str(name)


@pytest.mark.parametrize("name", TOLD)
def test_the_changes_of_a_real_bundle_do_row_by_row_what_they_say(
    importing: Importing, meetpunt: ImportRun, name: str
):
    before = importing.contents()
    run = importing.bring(DELTA.read_bytes())
    assert run.state is RunState.APPLIED
    assert importing.issues(run) == []
    for file, (kind, _) in TOLD.items():
        counts = Counter(expected_of(file).values())
        assert run.counts[kind] == dict.fromkeys(run.counts[kind], 0) | counts, file
    kind = RecordKind(TOLD[name][0])
    refs = dict(
        tuple(row)
        for row in importing.read(
            sa.select(ExternalRef.ext_id, ExternalRef.gone_at.is_(None)).where(
                ExternalRef.kind == kind
            )
        )
    )
    expected = expected_of(name)
    closed = {key for key, what in expected.items() if what == "closed"}
    assert {key for key, is_there in refs.items() if not is_there} == closed
    assert set(refs) == set(known(name)) | {key for key, what in expected.items() if what == "new"}
    after = importing.contents()
    assert after["roles"] == before["roles"]
    assert after["groups"] == before["groups"]
    assert after["items"] == before["items"]


def test_what_the_changes_tell_stands_in_the_records(importing: Importing, meetpunt: ImportRun):
    importing.bring(DELTA.read_bytes())
    told = {row["sourcedId"]: row for row in rows_of(DELTA, "users.csv")}
    people = {
        row.number: row
        for row in importing.read(sa.select(Person.number, Person.name, Person.state))
    }
    for key, row in (known("users.csv") | told).items():
        parts = (row["givenName"], row["middleName"], row["familyName"])
        is_gone = row["status"] == "tobedeleted"
        assert people[key].name == " ".join(part for part in parts if part)
        assert people[key].state is (PersonState.LEFT if is_gone else PersonState.ACTIVE)
    ends = dict(
        tuple(row)
        for row in importing.read(
            sa.select(ExternalRef.ext_id, Membership.until_on).join(
                Membership, Membership.id == ExternalRef.local_id
            )
        )
    )
    gone = {key for key, what in expected_of("enrollments.csv").items() if what == "closed"}
    assert ends == {
        key: importing.today() if key in gone else None for key in known("enrollments.csv")
    }
    values = dict(
        tuple(row)
        for row in importing.read(
            sa.select(ExternalRef.ext_id, Activity.value)
            .join(Activity, Activity.id == ExternalRef.local_id)
            .where(Activity.ended_at.is_(None))
        )
    )
    scores = {row["sourcedId"]: row for row in rows_of(DELTA, "results.csv")}
    assert values == {
        key: Decimal(row["score"])
        for key, row in (known("results.csv") | scores).items()
        if row["status"] != "tobedeleted"
    }


def test_the_same_changes_again_change_nothing(importing: Importing, meetpunt: ImportRun):
    importing.bring(DELTA.read_bytes())
    before = importing.contents()
    again = importing.bring(DELTA.read_bytes())
    assert totals_of(again) | {"same": 0, "ignored": 0} == dict.fromkeys(totals_of(again), 0)
    assert importing.contents() == before


def test_an_older_change_that_comes_late_is_passed_over_and_said(
    importing: Importing, imported: ImportRun
):
    importing.bring(changes(user("S900002", familyName="Tweede", dateLastModified=SECOND)))
    late = importing.bring(changes(user("S900002", familyName="Eerste", dateLastModified=FIRST)))
    (issue,) = importing.issues(late)
    assert (issue.code, issue.row, issue.value) == ("change.older", 2, "S900002")
    assert late.counts["person"]["ignored"] == 1
    assert name_of(importing, "S900002") == "Finn Tweede"
    importing.bring(changes(user("S900002", familyName="Derde", dateLastModified=THIRD)))
    assert name_of(importing, "S900002") == "Finn Derde"


def test_an_older_deletion_that_comes_late_closes_nobody(importing: Importing, imported: ImportRun):
    importing.bring(changes(user("S900002", dateLastModified=SECOND)))
    late = importing.bring(changes(user("S900002", status="tobedeleted")))
    assert importing.codes(late) == ["change.older"]
    assert importing.count(Person, Person.state == PersonState.LEFT) == 0


def test_a_newer_date_is_remembered_also_when_nothing_else_changed(
    importing: Importing, imported: ImportRun
):
    same = importing.bring(changes(user("S900002", dateLastModified=THIRD)))
    assert same.counts["person"]["same"] == 1
    late = importing.bring(changes(user("S900002", familyName="Oud", dateLastModified=SECOND)))
    assert importing.codes(late) == ["change.older"]


def test_who_was_deleted_comes_back_only_by_something_newer(
    importing: Importing, imported: ImportRun
):
    importing.bring(changes(user("S900002", status="tobedeleted", dateLastModified=SECOND)))
    importing.bring(changes(user("S900002", dateLastModified=FIRST)))
    assert importing.count(Person, Person.state == PersonState.LEFT) == 1
    importing.bring(changes(user("S900002", dateLastModified=THIRD)))
    assert importing.count(Person, Person.state == PersonState.LEFT) == 0


def test_a_whole_file_after_changes_is_the_truth_again(importing: Importing, imported: ImportRun):
    importing.bring(changes(user("S900002", familyName="Anders")))
    importing.bring(bundle())
    assert name_of(importing, "S900002") == "Finn Özdemir"


def test_a_new_student_of_the_changes_comes_in_and_a_parent_does_not(
    importing: Importing, imported: ImportRun
):
    role = {
        "sourcedId": "rol-N1",
        "status": "active",
        "dateLastModified": FIRST,
        "userSourcedId": "N1",
        "role": "student",
        "beginDate": "2026-11-20",
    }
    parent = role | {"sourcedId": "rol-P1", "userSourcedId": "P1", "role": "parent"}
    body = changes(user("N1"), user("P1"), user("Q1"), roles=[role, parent])
    run = importing.bring(body)
    assert run.counts["person"] | {"new": 1, "ignored": 2} == run.counts["person"]
    found = {(i.code, i.file, i.value) for i in importing.issues(run)}
    assert {
        ("change.of_unknown", "users.csv", "P1"),
        ("change.of_unknown", "users.csv", "Q1"),
    } <= found
    assert importing.count(Person, Person.number.in_(["P1", "Q1"])) == 0
    ((from_on,),) = importing.read(
        sa.select(PersonRole.from_on)
        .join(Person, Person.id == PersonRole.person_id)
        .where(Person.number == "N1")
    )
    assert from_on == date(2026, 11, 20)


def test_a_parent_does_not_come_in_by_a_later_change_of_the_name_alone(
    importing: Importing, imported: ImportRun
):
    run = importing.bring(changes(user("P1", familyName="Ouder")))
    assert importing.codes(run) == ["change.of_unknown"]
    assert importing.count(Person, Person.number == "P1") == 0


def test_a_place_in_a_group_also_says_that_somebody_is_a_student(
    importing: Importing, imported: ImportRun
):
    place = {
        "sourcedId": "enr-N1",
        "status": "active",
        "dateLastModified": FIRST,
        "classSourcedId": "cls-2",
        "userSourcedId": "N1",
        "role": "student",
    }
    run = importing.bring(changes(user("N1"), enrollments=[place]))
    assert run.counts["person"]["new"] == 1
    assert run.counts["membership"]["new"] == 1


def test_a_role_that_became_another_ends(importing: Importing, imported: ImportRun):
    role = {
        "sourcedId": "rol-S900002-student",
        "status": "active",
        "dateLastModified": FIRST,
        "userSourcedId": "S900002",
        "role": "parent",
        "beginDate": "",
    }
    run = importing.bring(changes(user("S900002"), roles=[role]))
    assert run.counts["role"]["closed"] == 1
    assert run.counts["person"] | {"same": 1, "closed": 0} == run.counts["person"]


def test_a_change_whose_life_cannot_be_read_is_set_aside_or_said(
    importing: Importing, imported: ImportRun
):
    run = importing.bring(
        changes(
            user("S900001", dateLastModified="gisteren"),
            user("S900002", status="verwijderd"),
            user("S900003", status="", dateLastModified=""),
            user("S900004", dateLastModified="2026-11-20 09:30:00"),
            user("S900005", dateLastModified="20-11-2026"),
            user("S900006", status="Active"),
            user("S900007", status="tobedeleted", givenName="", familyName=""),
        )
    )
    assert {(i.row, i.column, i.code) for i in importing.issues(run)} == {
        (2, "dateLastModified", "date.form"),
        (3, "status", "status.unknown"),
        (4, "status", "value.missing"),
        (4, "dateLastModified", "value.missing"),
        (5, "dateLastModified", "moment.written"),
        (6, "dateLastModified", "date.dutch"),
        (7, "status", "value.case"),
    }
    expected = {"quarantined": 2, "same": 4, "closed": 1}
    assert run.counts["person"] | expected == run.counts["person"]
