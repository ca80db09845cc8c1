"""One learner of many sources is one person, by the school's own key; nothing is guessed."""

from typing import Any

import pytest
import sqlalchemy as sa

from importers.models import (
    ExternalRef,
    ImportRow,
    ImportRun,
    ImportSource,
    MatchOn,
    ParkedPerson,
    RowStatus,
    RunState,
)
from importers.people import parking
from importers.people.names import speaks_against
from importers.records import RecordKind
from settings import Settings
from tests.importers.importing import Importing
from tests.importers.kept_imports import KeptImports
from tests.importers.kinds import AYLIN, SENT, Sent, bring, set_aside_by
from tests.importers.moodle import Pulling, know_people
from tests.moodle import Moodle
from tracker.db import unit_of_work, utc_now
from tracker.models import Activity, Person, PersonState, SchoolRole
from tracker.people import add_person

GRADES = SENT["grades"]


@pytest.fixture
def pulling(
    importing: Importing, kept_imports: KeptImports, settings: Settings, moodle: Moodle
) -> Pulling:
    """Pull into a school that has the bundle."""
    kept_imports.bring(importing, "small", lambda: bring(importing, SENT["oneroster"]))
    return Pulling(importing, settings, moodle, options={"courses": "2"})


def aylin(importing: Importing) -> Person:
    ((person,),) = importing.read(sa.select(Person).where(Person.number == AYLIN))
    found: Person = person
    return found


def sources_of(importing: Importing, person: Person) -> list[str]:
    """Return the names of the sources that know somebody."""
    found = importing.read(
        sa.select(ImportSource.name)
        .join(ExternalRef, ExternalRef.source_id == ImportSource.id)
        .where(ExternalRef.kind == RecordKind.PERSON, ExternalRef.local_id == person.id)
    )
    return sorted(name for (name,) in found)


def signals_of(importing: Importing, person: Person) -> int:
    return importing.count(Activity, Activity.person_id == person.id)


def parked(importing: Importing) -> dict[str, str]:
    rows = importing.read(sa.select(ParkedPerson.ext_id, ParkedPerson.why))
    return {row.ext_id: row.why for row in rows}


def test_one_learner_of_every_source_is_one_person_by_the_number_of_the_school(
    pulling: Pulling, importing: Importing
) -> None:
    people = importing.count(Person)
    before = signals_of(importing, aylin(importing))
    pulling.pull()
    of_moodle = signals_of(importing, aylin(importing))
    bring(importing, GRADES)
    bring(importing, SENT["xapi"])
    assert importing.count(Person) == people
    known = sources_of(importing, aylin(importing))
    assert known == ["Cijferlijst", "OneRoster", "Onze Moodle", "xAPI"]
    assert before < of_moodle < signals_of(importing, aylin(importing))


# What Moodle tells of somebody beside what the school knows, and why they are parked if so.
TOLD: dict[int, tuple[dict[str, str], str | None]] = {
    3: ({"fullname": "Iemand Anders", "firstname": "Iemand"}, "person.number_taken"),
    4: ({"idnumber": "S900003"}, "person.number_twice"),
    5: ({}, "person.number_twice"),
    6: ({"idnumber": "s900004"}, "person.unknown"),
    7: ({"idnumber": "900005"}, "person.unknown"),
    8: ({"idnumber": ""}, "person.no_key"),
    9: ({"email": "een.ander@meetpunt.example", "idnumber": " S900007 "}, None),
}


def test_what_speaks_against_the_key_is_parked_and_never_guessed(
    importing: Importing, settings: Settings, moodle: Moodle
) -> None:
    moodle.enrolled[2] = [user for user in moodle.enrolled[2] if user["id"] in TOLD]
    know_people(importing, moodle)
    for user in moodle.enrolled[2]:
        user.update(TOLD[user["id"]][0])
    before = importing.contents()
    run = Pulling(importing, settings, moodle, options={"courses": "2"}).pull()
    assert run.state is RunState.APPLIED
    assert parked(importing) == {str(key): why for key, (_, why) in TOLD.items() if why}
    after = importing.contents()
    assert after["people"] == before["people"]
    assert {row[0] for row in after["activity"]} == {"S900007"}
    assert {row[0] for row in after["memberships"]} == {"S900007"}


def test_initials_and_particles_make_nobody_the_same() -> None:
    known = "Karin de Boer"
    assert speaks_against("J. van de Vries", known)
    assert speaks_against("K. de Vries", known)
    assert not speaks_against("K. de Boer", known)
    assert not speaks_against("BOER, Karin de", known)
    assert not speaks_against("K.", known)
    assert not speaks_against("", known)


def test_a_row_under_the_number_of_another_name_waits_whatever_its_place(
    importing: Importing,
) -> None:
    at = utc_now()
    with unit_of_work(importing.engine, school_id=importing.school.id) as session:
        add_person(
            session, by=None, school=importing.school, name="Lot Vos", number="S1",
            roles=[SchoolRole.STUDENT], at=at,
        )  # fmt: skip
    rows = ("Leerlingnummer;Naam;Toets 1;Datum", "S1;Lot Vos;7;2-11-2026", "S1;L. Vos;8;3-11-2026")
    wrong = "S1;Pim Boer;4;4-11-2026"
    for source, body in (("A", (*rows, wrong)), ("B", (rows[0], wrong, *rows[1:]))):
        content = "".join(f"{row}\r\n" for row in body).encode()
        run = bring(importing, Sent("l.csv", content, {"source": source}))
        assert {"person.other_name", "person.parked"} & set(importing.codes(run))
    found = importing.read(sa.select(Activity.value).where(Activity.ended_at.is_(None)))
    assert [int(value) for (value,) in found] == [8]


def test_a_decision_lets_all_that_waited_come_in(
    pulling: Pulling, importing: Importing, moodle: Moodle
) -> None:
    moodle.enrolled[2] = [user for user in moodle.enrolled[2] if user["id"] in {3, 4}]
    moodle.enrolled[2][0] |= {"idnumber": "", "fullname": "A. Bos"}
    person = aylin(importing)
    signals = signals_of(importing, person)
    first = pulling.pull()
    waiting = set_aside_by(first)
    assert waiting > 1
    at = utc_now()
    with unit_of_work(importing.engine, school_id=importing.school.id) as session:
        administrator = add_person(
            session, by=None, school=importing.school, name="Ilse Kramer",
            roles=[SchoolRole.ADMINISTRATOR], at=at,
        )  # fmt: skip
        row = session.scalars(sa.select(ParkedPerson)).one()
        asked: dict[str, Any] = {"by": administrator, "on": importing.today(), "at": at}
        parking.decide(session, parked=row, person=session.merge(person), **asked)
        (again,) = parking.take_up(session, source_id=row.source_id, **asked)
    run = pulling.work(again)
    assert (run.state, set_aside_by(run)) == (RunState.APPLIED, 0)
    assert signals_of(importing, person) > signals
    assert importing.count(ImportRow, ImportRow.status == RowStatus.QUARANTINED) == 0
    second = pulling.pull()
    assert set_aside_by(second) == 0
    assert sources_of(importing, person) == ["OneRoster", "Onze Moodle"]


def test_an_address_that_two_people_share_names_neither(importing: Importing) -> None:
    at = utc_now()
    with unit_of_work(importing.engine, school_id=importing.school.id) as session:
        for name, email in (
            ("Noor Bakker", "gezin@thuis.example"),
            ("Finn Bakker", "Gezin@Thuis.example"),
            ("Lot Vos", "lot@school.example"),
        ):
            add_person(
                session, by=None, school=importing.school, name=name, email=email,
                roles=[SchoolRole.STUDENT], at=at,
            )  # fmt: skip
    run = _by_address(importing, "gezin@thuis.example;Bakker;7", "LOT@school.example;Lot Vos;8")
    assert run.counts["result"] | {"new": 1, "quarantined": 1} == run.counts["result"]
    assert parked(importing) == {"gezin@thuis.example": "person.email_twice"}
    with unit_of_work(importing.engine, school_id=importing.school.id) as session:
        session.execute(
            sa.update(Person).where(Person.name == "Finn Bakker").values(state=PersonState.LEFT)
        )
    run = _by_address(importing, "gezin@thuis.example;Noor Bakker;7")
    assert run.counts["result"]["new"] == 1
    assert parked(importing) == {}


def test_two_people_of_a_sheet_with_one_address_do_not_become_one(importing: Importing) -> None:
    at = utc_now()
    with unit_of_work(importing.engine, school_id=importing.school.id) as session:
        add_person(
            session, by=None, school=importing.school, name="Lot Vos", email="lot@school.example",
            roles=[SchoolRole.STUDENT], at=at,
        )  # fmt: skip
    run = _by_address(importing, "lot@school.example;Lot Vos;7", "Lot@School.example;Pim Boer;8")
    assert importing.read(sa.select(ImportSource.match_on))[0][0] is MatchOn.EMAIL
    assert importing.codes(run) == ["person.other_name"]
    found = importing.read(sa.select(Activity.value))
    assert [int(value) for (value,) in found] == [7]


def _by_address(importing: Importing, *rows: str) -> ImportRun:
    body = "".join(f"{row}\r\n" for row in ("E-mail;Naam;Toets 1", *rows)).encode()
    mapping = {"person": "E-mail", "date": "2026-11-02", "columns": {}}
    return bring(importing, Sent("lijst.csv", body, {"source": "Toetsen", "mapping": mapping}))
