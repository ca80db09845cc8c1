"""Version 1.1, and bundles that break the standard: read as far as is safe, and every time said."""

import io
import zipfile
from datetime import date

import pytest
import sqlalchemy as sa

from importers.issues import Severity
from importers.models import ImportRun, RunState
from tests.importers.importing import Importing
from tracker.models import (
    Activity,
    ActivityItem,
    Group,
    Membership,
    Person,
    PersonRole,
    PersonState,
    SchoolRole,
)

MANIFEST = """propertyName,value
manifest.version,1.0
oneroster.version,1.1
file.academicSessions,absent
file.categories,absent
file.classes,bulk
file.courses,absent
file.demographics,bulk
file.enrollments,bulk
file.lineItems,bulk
file.orgs,bulk
file.results,bulk
file.users,bulk
"""
USERS = (
    "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,"
    "familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password"
    """
u1,,,true,"o1,o2",student,finn,"{LDAP:Users,OU},{LTI:1}",Finn,Bos,,S1,finn@school.example,,,"u3,u4","11,12",geheim
u2,,,true,o1,teacher,els,,Els,Bakker,de,D1,els@school.example,,,,,
u3,,,true,o1,guardian,ouder,,Ouder,Bos,,P1,,,,,,
u4,,,true,o1,parent,ouder2,,Ouder,Bos,,P2,,,,,,
"""
)
FILES = {
    "manifest.csv": MANIFEST,
    "orgs.csv": "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\n"
    "o1,,,ROC,school,,\no2,,,Locatie,school,,o1\n",
    "users.csv": USERS,
    "classes.csv": "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,"
    "classType,location,schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods\n"
    'k1,,,Klas 1,,,K1,homeroom,,o1,,,,"1,2"\n',
    "enrollments.csv": "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,"
    "userSourcedId,role,primary,beginDate,endDate\n"
    "e1,,,k1,o1,u1,student,false,2026-09-01,\ne2,,,k1,o1,u2,teacher,true,2026-09-01,\n",
    "lineItems.csv": "sourcedId,status,dateLastModified,title,description,assignDate,dueDate,"
    "classSourcedId,categorySourcedId,gradingPeriodSourcedId,resultValueMin,resultValueMax\n"
    "l1,,,Toets,,2026-09-01,2026-10-01,k1,,,1,10\n",
    "results.csv": "sourcedId,status,dateLastModified,lineItemSourcedId,studentSourcedId,"
    "scoreStatus,score,scoreDate,comment\nr1,,,l1,u1,fully graded,7.5,2026-10-01,Goed\n",
    "demographics.csv": "sourcedId,status,dateLastModified,birthDate,sex\nu1,,,2008-01-01,male\n",
}


def zipped(**changes: str | None) -> bytes:
    """Return the bundle with files changed, or left out; `users` stands for users.csv."""
    files = FILES | {f"{name}.csv": text for name, text in changes.items()}
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as made:
        for name, text in files.items():
            if text is not None:
                made.writestr(name, text)
    return body.getvalue()


def said(
    importing: Importing, run: ImportRun
) -> set[tuple[str, str | None, int | None, str | None]]:
    found = importing.issues(run)
    return {(i.code, i.file, i.row, i.column) for i in found if i.code != "file.unknown"}


def test_version_1_1_has_the_role_with_the_user(importing: Importing):
    run = importing.bring(zipped())
    assert run.state is RunState.APPLIED
    assert said(importing, run) == {
        ("person.other_role", "users.csv", 4, "sourcedId"),
        ("person.other_role", "users.csv", 5, "sourcedId"),
        ("role.ignored", "users.csv", 4, "role"),
        ("role.ignored", "users.csv", 5, "role"),
    }
    people = importing.read(
        sa.select(Person.number, Person.name, PersonRole.role)
        .join(PersonRole, PersonRole.person_id == Person.id)
        .order_by(Person.number)
    )
    assert [tuple(row) for row in people] == [
        ("D1", "Els de Bakker", SchoolRole.TEACHER),
        ("S1", "Finn Bos", SchoolRole.STUDENT),
    ]
    counts = [importing.count(model) for model in (Group, Membership, ActivityItem, Activity)]
    assert counts == [1, 2, 1, 1]


def test_the_same_bundle_of_version_1_1_again_changes_nothing(importing: Importing):
    importing.bring(zipped())
    before = importing.contents()
    again = importing.bring(zipped())
    assert {kind: c["new"] + c["changed"] + c["closed"] for kind, c in again.counts.items()} == (
        dict.fromkeys(again.counts, 0)
    )
    assert importing.contents() == before


def test_a_role_that_became_guardian_ends_and_the_person_leaves(importing: Importing):
    importing.bring(zipped())
    run = importing.bring(zipped(users=USERS.replace("o1,teacher", "o1,guardian")))
    assert run.counts["person"]["closed"] == run.counts["role"]["closed"] == 1
    assert importing.count(Person, Person.state == PersonState.LEFT) == 1


def test_without_a_manifest_all_is_read_and_nothing_closed(importing: Importing):
    importing.bring(zipped())
    less = USERS.replace(USERS.splitlines(keepends=True)[2], "")
    run = importing.bring(zipped(manifest=None, users=less))
    assert ("manifest.missing", "manifest.csv", None, None) in said(importing, run)
    assert all(counts["closed"] == 0 for counts in run.counts.values())
    assert importing.count(Person, Person.state == PersonState.LEFT) == 0


def test_a_file_of_which_the_manifest_says_nothing_is_read_and_closes_nothing(
    importing: Importing,
):
    importing.bring(zipped())
    manifest = MANIFEST.replace("file.enrollments,bulk\n", "").replace("results,bulk", "results,")
    less = "\n".join(FILES["enrollments.csv"].splitlines()[:2]) + "\n"
    run = importing.bring(zipped(manifest=manifest, enrollments=less))
    assert {
        ("manifest.unsaid", "enrollments.csv", None, None),
        ("manifest.unsaid", "results.csv", None, None),
    } <= said(importing, run)
    assert run.counts["membership"] | {"same": 1, "closed": 0} == run.counts["membership"]
    assert run.counts["result"]["same"] == 1


def test_a_manifest_in_other_words_is_understood(importing: Importing):
    manifest = MANIFEST.replace("users,bulk", "users,Bulk").replace("oneroster.version,1.1\n", "")
    run = importing.bring(zipped(manifest=manifest))
    found = said(importing, run)
    assert ("manifest.no_version", "manifest.csv", None, None) in found
    assert ("value.case", "manifest.csv", 12, "value") in found
    assert run.counts["person"]["new"] == 2
    fuller = importing.preview(zipped(manifest=MANIFEST.replace("version,1.1", "version,1.1.0")))
    assert "manifest.version_written" in importing.codes(fuller)


def test_roles_of_version_1_1_in_a_bundle_that_says_1_2_are_read_and_said(importing: Importing):
    run = importing.bring(zipped(manifest=MANIFEST.replace("version,1.1", "version,1.2")))
    assert ("file.roles_of_users", "users.csv", None, None) in said(importing, run)
    assert importing.count(Person) == importing.count(PersonRole) == 2


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("dateLastModified", "dataLastModified", ("header.case", 1, "dataLastModified")),
        ("enabledUser", "EnabledUser", ("header.case", 1, "EnabledUser")),
        ("agentSourcedIds", "ext_kamer", ("header.extra", 1, "ext_kamer")),
        ("agentSourcedIds", "ext_kamer", ("header.fewer", 1, None)),
        ("givenName,familyName", "familyName,givenName", ("header.order", 1, "familyName")),
        ("u2,,,true", "u2,,,TRUE", ("boolean.written", 3, "enabledUser")),
        ("u2,,,true", 'u2,,,"1"', ("boolean.written", 3, "enabledUser")),
        ("u2,,,true", "u2,,,", ("value.missing", 3, "enabledUser")),
        ("u2,,,", "u2,Active,,", ("value.case", 3, "status")),
        ("u2,,,", "u2,,1/05/2023,", ("bulk.not_blank", 3, "dateLastModified")),
        ("u1,,,", "u1,active,2026-09-01T00:00:00.000Z,", ("bulk.as_in_changes", 2, "status")),
    ],
)
def test_what_is_not_as_the_standard_says_is_said_and_read(
    importing: Importing, old: str, new: str, expected: tuple[str, int, str | None]
):
    run = importing.bring(zipped(users=USERS.replace(old, new)))
    code, row, column = expected
    assert (code, "users.csv", row, column) in said(importing, run)
    assert run.counts["person"]["new"] == 2
    assert Severity.ERROR not in {issue.severity for issue in importing.issues(run)}


def test_columns_without_a_name_at_the_end_are_passed_over(importing: Importing):
    header, *rest = USERS.splitlines()
    users = "\n".join([f"{header},,", *(f"{row},," for row in rest), ""])
    run = importing.bring(zipped(users=users))
    assert ("header.empty", "users.csv", 1, None) in said(importing, run)
    assert run.counts["person"]["new"] == 2


def test_another_separator_between_columns_is_read_and_said(importing: Importing):
    places = FILES["enrollments.csv"].replace(",", ";")
    run = importing.bring(zipped(enrollments=places))
    assert ("file.delimiter", "enrollments.csv", None, None) in said(importing, run)
    assert run.counts["membership"]["new"] == 2


def test_a_day_with_slashes_is_read_as_day_month_year_and_said(importing: Importing):
    places = FILES["enrollments.csv"].replace("false,2026-09-01", "false,1/05/2023")
    run = importing.bring(zipped(enrollments=places))
    assert ("date.dutch", "enrollments.csv", 2, "beginDate") in said(importing, run)
    begins = importing.read(sa.select(Membership.from_on).order_by(Membership.from_on))
    assert [tuple(row) for row in begins] == [(date(2023, 5, 1),), (date(2026, 9, 1),)]


def test_a_role_that_nobody_can_read_keeps_its_person_waiting(importing: Importing):
    importing.bring(zipped())
    run = importing.bring(zipped(users=USERS.replace("o1,teacher", "o1,verzorger")))
    found = said(importing, run)
    assert ("person.role_unclear", "users.csv", 3, "sourcedId") in found
    assert ("value.unknown", "users.csv", 3, "role") in found
    assert importing.count(Person, Person.state == PersonState.LEFT) == 0
    assert importing.count(PersonRole, PersonRole.until_on.is_not(None)) == 0


def test_limits_that_are_reversed_set_the_task_aside(importing: Importing):
    run = importing.preview(zipped(lineItems=FILES["lineItems.csv"].replace(",1,10", ",10,1")))
    assert ("score.range_reversed", "lineItems.csv", 2, "resultValueMin") in said(importing, run)
    assert run.counts["lesson_task"]["quarantined"] == 1


def test_an_older_kind_of_files_is_refused_by_its_name(importing: Importing):
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as made:
        for name in ("School", "Section", "Student", "StudentEnrollment"):
            made.writestr(f"{name}.csv", "SIS ID,Name,Username\n1,Een,een\n")
    run = importing.preview(body.getvalue(), "sds.zip")
    assert run.state is RunState.REFUSED
    assert "file.school_data_sync_1" in importing.codes(run)
