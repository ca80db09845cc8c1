"""The school's own number joins what several sources tell; nothing is guessed."""

import pytest
import sqlalchemy as sa

from importers import runs
from importers.models import ExternalRef, ImportRow, ImportRun, ParkedPerson, RunState
from importers.records import Op, RecordKind
from tests.importers.bundles import Rows, bundle, setting
from tests.importers.importing import Importing
from tests.importers.telling import Telling, tell
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
    assert (issue.code, issue.row, issue.column) == ("person.parked", 3, "identifier")
    assert issue.detail == "person.number_taken"
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
    twice = [issue.row for issue in importing.issues(run) if issue.detail == "person.number_twice"]
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


def test_one_learner_of_four_kinds_of_source_is_one_person(
    importing: Importing, imported: ImportRun, monkeypatch: pytest.MonkeyPatch
):
    ((person,),) = importing.read(sa.select(Person).where(Person.number == "S900002"))
    sheet = """Studentnummer;Naam;Datum;Toets 1
S900002;Finn Özdemir;2-3-2026;7,5
S999999;Wie Dan;2-3-2026;6
"""
    importing.bring(sheet.encode("cp1252"), "cijfers.csv")
    told = {"op": Op.LINK, "match_key": "S900002", "number": "S900002", "email": None}
    for name in ("Leeromgeving", "LRS"):
        system = Telling(importing, monkeypatch, name=name)
        system.run(tell(RecordKind.PERSON, "m1", name="F. Özdemir", **told))
        system.run(
            tell(RecordKind.PERSON, "m1", name="F. Özdemir", **told),
            tell(RecordKind.PERSON, "m2", name=None, **told | {"match_key": None, "number": None}),
        )
    refs = importing.read(
        sa.select(ExternalRef.source_id).where(
            ExternalRef.kind == RecordKind.PERSON, ExternalRef.local_id == person.id
        )
    )
    assert len(refs) == len(set(refs)) == 4
    parked = importing.read(sa.select(ParkedPerson.why).order_by(ParkedPerson.why))
    assert [why for (why,) in parked] == ["person.no_key", "person.no_key", "person.unknown"]
    assert importing.count(Person) == 32


def test_a_retry_of_a_file_is_a_preview_that_loses_nothing_when_it_is_thrown_away(
    importing: Importing,
):
    known = add(importing, "Kees Anders", "S900002")
    first = importing.bring(bundle())
    waiting = importing.count(ImportRow)
    assert waiting == sum(counts["quarantined"] for counts in first.counts.values()) > 2
    again = importing.work(_retry(importing, first))
    assert (again.state, again.counts["person"]["quarantined"]) == (RunState.PREVIEWED, 1)
    with unit_of_work(importing.engine, school_id=first.school_id) as session:
        runs.discard(session, by=None, run=session.merge(again), on=importing.today(), at=utc_now())
    importing.work(again)
    assert importing.count(ImportRow) == waiting
    with unit_of_work(importing.engine, school_id=first.school_id) as session:
        session.execute(sa.update(Person).where(Person.id == known.id).values(name="Finn Özdemir"))
    run = importing.apply(importing.work(_retry(importing, first)))
    assert (run.state, importing.count(ImportRow)) == (RunState.APPLIED, 0)
    assert sum(counts["closed"] for counts in run.counts.values()) == 0
    assert importing.count(ExternalRef, ExternalRef.person_id == known.id) > 2


def _retry(importing: Importing, run: ImportRun) -> ImportRun:
    with unit_of_work(importing.engine, school_id=run.school_id) as session:
        found = session.get_one(ImportRun, (run.school_id, run.id))
        return runs.retry(session, by=None, run=found, on=importing.today(), at=utc_now())
