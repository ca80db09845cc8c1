"""The school's own number joins what several sources tell; nothing is guessed."""

import pytest
import sqlalchemy as sa

from importers import runs
from importers.kinds import PULL_KINDS
from importers.models import ExternalRef, ImportRow, ImportRun, ParkedPerson, RunState
from importers.people import parking
from importers.records import Op, Record, RecordKind
from importers.source import PullKind
from tests.importers.bundles import Rows, bundle, setting
from tests.importers.importing import Importing
from tests.importers.telling import KIND, Telling, tell
from tracker.db import unit_of_work, utc_now
from tracker.errors import Conflict
from tracker.models import Membership, Person, PersonRole, PersonState, SchoolRole
from tracker.people import add_person


def add(
    importing: Importing, name: str, number: str, role: SchoolRole = SchoolRole.STUDENT
) -> Person:
    with unit_of_work(importing.engine, school_id=importing.school.id) as session:
        return add_person(
            session,
            by=None,
            school=importing.school,
            name=name,
            number=number,
            roles=[role],
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


def told(ext_id: str, number: str | None, name: str, email: str | None = None) -> Record:
    return tell(
        RecordKind.PERSON,
        ext_id,
        match_key=number,
        name=name,
        given_name=name.split(maxsplit=1)[0],
        email=email,
        number=number,
        is_enabled=True,
    )


def place(ext_id: str, person: str, role: str = "student") -> Record:
    facts = {"role": role, "from_on": None, "until_on": None}
    return tell(RecordKind.MEMBERSHIP, ext_id, person=person, target="g1", **facts)


def link(ext_id: str, number: str | None, name: str) -> Record:
    facts = {"name": name, "number": number, "email": None}
    return tell(RecordKind.PERSON, ext_id, op=Op.LINK, match_key=number, **facts)


GROUP = tell(RecordKind.GROUP, "g1", title="Groep", code="G1")


def test_most_teachers_who_vanish_among_many_students_stop_and_ask(
    importing: Importing, monkeypatch: pytest.MonkeyPatch
):
    telling = Telling(importing, monkeypatch)
    people = [told(f"p{number}", f"S{number}", f"Iemand {number}") for number in range(30)]
    students = [place(f"m{number}", f"p{number}") for number in range(25)]
    teachers = [place(f"m{number}", f"p{number}", "teacher") for number in range(25, 30)]
    telling.run(*people, GROUP, *students, *teachers)
    few = telling.run(*people, GROUP, *students, *teachers[2:])
    assert (few.state, few.counts["membership"]["closed"]) == (RunState.APPLIED, 2)
    most = telling.run(*people, GROUP, *students)
    assert (most.state, most.counts["membership"]["closed"]) == (RunState.PREVIEWED, 3)
    (issue,) = importing.issues(most)
    assert (issue.code, issue.value, issue.detail) == ("brake.teachers", "membership", "3/3")
    with pytest.raises(Conflict, match=r"import\.closing_not_confirmed"):
        importing.apply(most)


def parked(importing: Importing) -> dict[str, str]:
    rows = importing.read(sa.select(ParkedPerson.ext_id, ParkedPerson.why))
    return dict(tuple(row) for row in rows)


def test_who_was_linked_and_comes_under_another_key_waits_with_all_that_is_new(
    importing: Importing, monkeypatch: pytest.MonkeyPatch
):
    people = [add(importing, f"Iemand {number}", f"S{number}") for number in range(1, 7)]
    telling = Telling(importing, monkeypatch)
    links = [link(f"m{number}", f"S{number}", f"Iemand {number}") for number in range(1, 6)]
    telling.run(*links, GROUP, *(place(f"p{number}", f"m{number}") for number in range(1, 4)))
    changed = [
        link("m1", "S6", "Iemand 1"),  # somebody else's
        link("m2", "S77", "Iemand 2"),  # nobody's
        link("m3", None, "Iemand 3"),  # not told any more
        link("m4", "S4", "Kees Anders"),  # another name
        links[4],
    ]
    new = place("q1", "m1")
    run = telling.run(*changed, GROUP, *(place(f"p{n}", f"m{n}") for n in range(1, 4)), new)
    assert parked(importing) == dict.fromkeys(("m1", "m2"), "person.key_changed")
    assert run.counts["person"] | {"quarantined": 2, "same": 3} == run.counts["person"]
    assert run.counts["membership"] | {"quarantined": 3, "closed": 0} == run.counts["membership"]
    (renamed,) = [one for one in importing.issues(run) if one.code == "person.renamed"]
    assert (renamed.value, renamed.severity) == ("S4", "warning")
    names = importing.read(sa.select(Person.name).order_by(Person.name))
    assert [name for (name,) in names] == [f"Iemand {number}" for number in range(1, 7)]
    # People say who it is now: what the source tells of them moves along.
    administrator = add(importing, "Ilse Kramer", "A1", SchoolRole.ADMINISTRATOR)
    with unit_of_work(importing.engine, school_id=importing.school.id) as session:
        row = session.scalars(sa.select(ParkedPerson).where(ParkedPerson.ext_id == "m1")).one()
        parking.decide(
            session, by=administrator, parked=row, person=people[5], on=importing.today(),
            at=utc_now(),
        )  # fmt: skip
    telling.run(*changed, GROUP, *(place(f"p{n}", f"m{n}") for n in range(1, 4)))
    open_places = importing.read(
        sa.select(Person.number)
        .join(Membership, Membership.person_id == Person.id)
        .where(Membership.until_on.is_(None))
        .order_by(Person.number)
    )
    assert [number for (number,) in open_places] == ["S2", "S3", "S6"]


def test_a_name_changes_by_the_source_that_brought_it_and_by_no_other(
    importing: Importing, monkeypatch: pytest.MonkeyPatch
):
    first = Telling(importing, monkeypatch)
    first.run(told("p1", "S1", "Finn Bakker"))
    second = Telling(importing, monkeypatch, name="Tweede")
    second.run(told("x1", "S1", "Finn Bakker"))
    run = second.run(told("x1", "S1", "Finn Visser"))
    assert importing.codes(run) == ["person.renamed"]
    monkeypatch.setitem(PULL_KINDS, KIND, PullKind(kind=KIND, open=first._open))  # noqa: SLF001 - it tells again
    assert first.run(told("p1", "S1", "Finn de Vries")).counts["person"]["changed"] == 1
    # It may correct a number too, but not make somebody of another name of them.
    assert first.run(told("p1", "S12", "Finn de Vries")).counts["person"]["changed"] == 1
    assert first.run(told("p1", "S13", "Kees Anders")).counts["person"]["quarantined"] == 1
    ((name, number),) = importing.read(sa.select(Person.name, Person.number))
    assert (name, number) == ("Finn de Vries", "S12")


def test_nobody_is_made_a_second_time_for_want_of_a_number(
    importing: Importing, monkeypatch: pytest.MonkeyPatch
):
    Telling(importing, monkeypatch).run(
        told("p1", None, "Finn Bakker", "finn@school.example"),
        told("p2", "S2", "Noor Visser", "noor@school.example"),
        told("p3", None, "Sam Twee"),
    )
    other = Telling(importing, monkeypatch, name="Leeromgeving")
    rows = (
        told("m1", None, "Bakker, Finn", "FINN@school.example"),
        told("m2", None, "Kees Anders", "noor@school.example"),
        told("m3", None, "Sam Twee", "sam@elders.example"),
        told("m4", None, "Bo Nieuw"),
    )
    run = other.run(*rows)
    assert parked(importing) == {"m2": "person.email_taken", "m3": "person.same_name"}
    assert run.counts["person"] | {"same": 1, "new": 1, "quarantined": 2} == run.counts["person"]
    assert importing.count(Person) == 4
    run = other.run(told("m1", None, "Finn Bakker", "finn@elders.example"), *rows[1:])
    assert "person.only_linked" in importing.codes(run)
    emails = importing.read(sa.select(Person.email).where(Person.name == "Finn Bakker"))
    assert [email for (email,) in emails] == ["finn@school.example"]
