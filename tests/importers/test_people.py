"""The school's own number joins what several sources tell; nothing is guessed."""

import sqlalchemy as sa

from importers.models import ExternalRef, ImportRun
from tests.importers.bundles import Rows, bundle, setting
from tests.importers.importing import Importing
from tracker.db import unit_of_work, utc_now
from tracker.models import Person, PersonRole, PersonState, SchoolRole
from tracker.people import add_person


def add(importing: Importing, name: str, number: str) -> Person:
    with unit_of_work(importing.engine, school_id=importing.school.id) as session:
        return add_person(
            session,
            by=None,
            school=importing.school,
            name=name,
            number=number,
            roles=[SchoolRole.STUDENT],
            at=utc_now(),
        )


def test_a_person_with_this_number_and_name_is_joined(importing: Importing):
    known = add(importing, "finn ozdemir", "S900002")
    run = importing.bring(bundle())
    assert run.counts["person"] | {"new": 31, "changed": 1} == run.counts["person"]
    ((person,),) = importing.read(sa.select(Person).where(Person.number == "S900002"))
    assert person.id == known.id
    assert person.name == "Finn Özdemir"
    assert importing.count(Person) == 32


def test_a_number_of_somebody_with_another_name_is_set_aside_with_all_that_hangs_on_it(
    importing: Importing,
):
    known = add(importing, "Kees Anders", "S900002")
    run = importing.bring(bundle())
    issue = next(issue for issue in importing.issues(run) if issue.file == "users.csv")
    assert (issue.code, issue.row, issue.column) == ("person.number_taken", 3, "identifier")
    assert run.counts["person"]["quarantined"] == 1
    assert run.counts["membership"]["quarantined"] == 1
    ((person,),) = importing.read(sa.select(Person).where(Person.id == known.id))
    assert person.name == "Kees Anders"
    assert importing.count(ExternalRef, ExternalRef.person_id == known.id) == 0


def test_an_address_joins_nobody(importing: Importing):
    with unit_of_work(importing.engine, school_id=importing.school.id) as session:
        add_person(
            session,
            by=None,
            school=importing.school,
            name="Finn Özdemir",
            email="stu0002@meetpunt.example",
            roles=[],
            at=utc_now(),
        )
    importing.bring(bundle())
    assert importing.count(Person, Person.email == "stu0002@meetpunt.example") == 2


def test_two_people_with_one_number_are_both_set_aside(importing: Importing):
    run = importing.bring(bundle({"users.csv": setting("S900002", identifier="S900001")}))
    assert run.counts["person"]["quarantined"] == 2
    twice = [issue.row for issue in importing.issues(run) if issue.code == "person.number_twice"]
    assert twice == [2, 3]


def test_an_account_that_was_made_again_is_the_same_person(
    importing: Importing, imported: ImportRun
):
    def renew(rows: Rows) -> Rows:
        return [
            {
                name: value.replace("S900002", "NEW-2") if name != "identifier" else value
                for name, value in row.items()
            }
            for row in rows
        ]

    names = ("users.csv", "roles.csv", "enrollments.csv", "results.csv")
    run = importing.bring(bundle(dict.fromkeys(names, renew)))
    assert run.counts["person"] | {"changed": 1, "closed": 1, "new": 0} == run.counts["person"]
    ((person,),) = importing.read(sa.select(Person).where(Person.number == "S900002"))
    assert person.state is PersonState.ACTIVE
    assert importing.count(Person) == 32
    again = importing.bring(bundle(dict.fromkeys(names, renew)))
    assert again.counts["person"]["same"] == 32


def test_two_rows_for_one_role_make_one_role_that_lasts_as_long_as_either(importing: Importing):
    def twice(rows: Rows) -> Rows:
        return [*rows, rows[0] | {"sourcedId": "second"}]

    importing.bring(bundle({"roles.csv": twice}))
    student = sa.select(Person.id).where(Person.number == "S900001").scalar_subquery()
    assert importing.count(PersonRole, PersonRole.person_id == student) == 1
    importing.bring(bundle())
    ((role,),) = importing.read(sa.select(PersonRole).where(PersonRole.person_id == student))
    assert role.until_on is None
