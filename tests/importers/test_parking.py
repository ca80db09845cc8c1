"""Whom a source tells of is found by the school's key or parked: people decide, nothing guesses."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from importers import runs
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
from importers.people.parked import find_parked, parked_people, search_people
from importers.records import Op, Record, RecordKind
from importers.sweep import KEPT, waiting_runs
from tests.importers.importing import Importing
from tests.importers.telling import Telling, tell
from tracker.db import unit_of_work, utc_now
from tracker.errors import Conflict, NotAllowed
from tracker.models import (
    Activity,
    AuditEvent,
    Person,
    PersonRole,
    PersonState,
    Precision,
    SchoolRole,
)
from tracker.people import add_person

MOMENT = datetime(2026, 3, 2, 10, tzinfo=UTC)
TASK = tell(
    RecordKind.LESSON_TASK, "t1", title="Toets", value_min=None, value_max=None, due_on=None
)


def link(ext_id: str, number: str | None, name: str | None = None, email: str | None = None):
    return tell(
        RecordKind.PERSON,
        ext_id,
        op=Op.LINK,
        match_key=number,
        name=name,
        number=number,
        email=email,
    )


def person(ext_id: str, number: str, name: str, email: str | None = None) -> Record:
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


def result(ext_id: str, who: str, value: str = "8") -> Record:
    return tell(
        RecordKind.RESULT,
        ext_id,
        person=who,
        target="t1",
        occurred_at=MOMENT,
        precision=Precision.DAY,
        value=value,
        text=None,
    )


@pytest.fixture
def telling(importing: Importing, monkeypatch: pytest.MonkeyPatch) -> Telling:
    return Telling(importing, monkeypatch)


@pytest.fixture
def administrator(importing: Importing) -> Person:
    return add(
        importing, "Ilse Kramer", "A1", SchoolRole.ADMINISTRATOR, email="ilse@school.example"
    )


def add(importing: Importing, name: str, number: str, *roles: SchoolRole, **facts: Any) -> Person:
    with unit_of_work(importing.engine, school_id=importing.school.id) as session:
        return add_person(
            session,
            by=None,
            school=importing.school,
            name=name,
            number=number,
            roles=roles or (SchoolRole.STUDENT,),
            at=utc_now(),
            **facts,
        )


def match_by_email(importing: Importing) -> None:
    with unit_of_work(importing.engine, school_id=importing.school.id) as session:
        session.execute(sa.update(ImportSource).values(match_on=MatchOn.EMAIL))


def parked(importing: Importing) -> dict[str, str]:
    """Return why each is parked who is not decided about, by the source's key."""
    rows = importing.read(
        sa.select(ParkedPerson.ext_id, ParkedPerson.why).where(ParkedPerson.decided_at.is_(None))
    )
    return dict(tuple(row) for row in rows)


def decide(importing: Importing, by: Person, ext_id: str, who: Person | None) -> None:
    with unit_of_work(importing.engine, school_id=importing.school.id) as session:
        row = session.scalars(sa.select(ParkedPerson).where(ParkedPerson.ext_id == ext_id)).one()
        parking.decide(session, by=by, parked=row, person=who, on=importing.today(), at=utc_now())


def undo(importing: Importing, by: Person, ext_id: str) -> None:
    with unit_of_work(importing.engine, school_id=importing.school.id) as session:
        row = session.scalars(sa.select(ParkedPerson).where(ParkedPerson.ext_id == ext_id)).one()
        parking.undo(session, by=by, parked=row, on=importing.today(), at=utc_now())


def take_up(importing: Importing, by: Person, source_id: UUID) -> list[ImportRun]:
    with unit_of_work(importing.engine, school_id=importing.school.id) as session:
        found = parking.take_up(
            session, by=by, source_id=source_id, on=importing.today(), at=utc_now()
        )
    return [importing.work(run) for run in found]


def refs(importing: Importing, kind: RecordKind = RecordKind.PERSON) -> dict[str, UUID]:
    rows = importing.read(
        sa.select(ExternalRef.ext_id, ExternalRef.local_id).where(
            ExternalRef.kind == kind, ExternalRef.gone_at.is_(None)
        )
    )
    return dict(tuple(row) for row in rows)


def living_results(importing: Importing, who: Person) -> int:
    return importing.count(Activity, Activity.person_id == who.id, Activity.ended_at.is_(None))


def test_whom_a_source_refers_to_is_found_by_number_and_not_changed(
    importing: Importing, telling: Telling
):
    finn = add(importing, "Finn Özdemir", "S2")
    told = (link("m1", "S2", "F. Özdemir", "finn@elders.example"), TASK, result("r1", "m1"))
    run = telling.run(*told)
    assert run.counts["person"] | {"same": 1, "new": 0, "changed": 0} == run.counts["person"]
    assert refs(importing) == {"m1": finn.id}
    assert living_results(importing, finn) == 1
    ((name, email),) = importing.read(sa.select(Person.name, Person.email))
    assert (name, email) == ("Finn Özdemir", None)
    again = telling.run(*told)
    assert [counts["same"] for counts in again.counts.values()] == [1, 1, 1]


def test_whom_a_source_no_longer_refers_to_does_not_leave_the_school(
    importing: Importing, telling: Telling
):
    add(importing, "Finn Özdemir", "S2")
    add(importing, "Noor Bakker", "S3")
    telling.run(link("m1", "S2"), link("m2", "S3"))
    run = telling.run(link("m1", "S2"))
    assert run.counts["person"]["closed"] == 1
    assert set(refs(importing)) == {"m1"}
    assert importing.count(Person, Person.state == PersonState.ACTIVE) == 2


def test_being_referred_to_elsewhere_does_not_keep_who_left(
    importing: Importing, telling: Telling, monkeypatch: pytest.MonkeyPatch
):
    telling.run(person("p1", "S2", "Finn Özdemir"), person("p2", "S3", "Noor Bakker"))
    other = Telling(importing, monkeypatch, name="Leeromgeving")
    other.run(link("m1", "S2"))
    telling.run(person("p2", "S3", "Noor Bakker"))
    ((state,),) = importing.read(sa.select(Person.state).where(Person.number == "S2"))
    assert state is PersonState.LEFT


def test_who_is_unknown_contradicted_or_shared_is_parked_with_all_that_hangs_on_them(
    importing: Importing, telling: Telling
):
    add(importing, "Finn Özdemir", "S2")
    add(importing, "Noor Bakker", "S3")
    run = telling.run(
        link("m1", "S2", "Kees Anders"),
        link("m2", "S9", "Nieuw Iemand"),
        link("m3", None, "Zonder Nummer"),
        link("m4", "S3"),
        link("m5", "S3"),
        person("m6", "S2", "Kees Anders"),
        TASK,
        *(result(f"r{number}", f"m{number}") for number in range(1, 7)),
    )
    assert parked(importing) == {
        "m1": "person.number_twice",
        "m2": "person.unknown",
        "m3": "person.no_key",
        "m4": "person.number_twice",
        "m5": "person.number_twice",
        "m6": "person.number_twice",
    }
    assert run.counts["person"]["quarantined"] == run.counts["result"]["quarantined"] == 6
    assert set(importing.codes(run)) == {"person.parked", "ref.parked"}
    assert importing.count(Activity) == importing.count(ExternalRef) - 1 == 0


def test_a_name_that_has_nothing_in_common_speaks_against_a_number(
    importing: Importing, telling: Telling
):
    add(importing, "Finn Özdemir", "S2")
    add(importing, "Noor Bakker", "S3")
    telling.run(link("m1", "S2", "Kees Anders"), person("m2", "S3", "Noor Visser"))
    assert parked(importing) == {"m1": "person.number_taken", "m2": "person.number_taken"}
    telling.run(link("m1", "S2", "Özdemir, Finn"), person("m2", "S3", "Bakker, Noor"))
    assert parked(importing) == {}


def test_an_address_counts_when_the_school_says_so_and_one_active_person_has_it(
    importing: Importing, telling: Telling
):
    match_by_email(importing)
    finn = add(importing, "Finn Özdemir", "S2", email="Finn@School.example")
    add(importing, "Noor Bakker", "S3", email="noor@school.example", state=PersonState.LEFT)
    for number in ("S4", "S5"):
        add(importing, "Sam Twee", number, email="sam@school.example")
    telling.run(
        link("m1", "S9", "Finn Özdemir", "FINN@school.example"),
        link("m2", "S3", None, "noor@school.example"),
        link("m3", "S4", None, "sam@school.example"),
        link("m4", "S2", None, None),
    )
    assert refs(importing) == {"m1": finn.id}
    assert parked(importing) == {
        "m2": "person.unknown",
        "m3": "person.email_twice",
        "m4": "person.no_key",
    }


def test_an_address_never_gives_somebody_elses_number(importing: Importing, telling: Telling):
    match_by_email(importing)
    add(importing, "Finn Özdemir", "S2")
    telling.run(
        person("m1", "S2", "Kees Anders", "kees@school.example"),
        person("m2", "S7", "Eén Twee", "een@school.example"),
        person("m3", "S7", "Drie Vier", "drie@school.example"),
        person("m4", "S8", "Vijf Zes", "vijf@school.example"),
    )
    assert parked(importing) == {
        "m1": "person.number_taken",
        "m2": "person.number_twice",
        "m3": "person.number_twice",
    }
    assert importing.count(Person) == 2


def test_a_file_neither_changes_nor_ends_an_administrator(
    importing: Importing, telling: Telling, administrator: Person
):
    run = telling.run(
        person("m1", "A1", "Ilse Kramer", "aanvaller@elders.example"),
        tell(
            RecordKind.ROLE, "r1", person="m1", role="teacher", from_on="2026-01-01", until_on=None
        ),
    )
    assert "person.only_linked" in importing.codes(run)
    assert refs(importing) == {"m1": administrator.id}
    ((email,),) = importing.read(sa.select(Person.email))
    assert email == "ilse@school.example"
    roles = importing.read(sa.select(PersonRole.role).order_by(PersonRole.role))
    assert [role for (role,) in roles] == [SchoolRole.ADMINISTRATOR, SchoolRole.TEACHER]
    telling.run(person("m2", "S2", "Finn Özdemir"))
    ((state,),) = importing.read(sa.select(Person.state).where(Person.number == "A1"))
    assert state is PersonState.ACTIVE


def test_what_people_decide_takes_up_the_rows_that_waited(
    importing: Importing, telling: Telling, administrator: Person
):
    finn = add(importing, "Finn Özdemir", "S2")
    telling.run(link("m1", "S9", "Fin Ozdemir"), TASK, result("r1", "m1"), result("r2", "m1"))
    with unit_of_work(importing.engine, school_id=importing.school.id, writes=False) as session:
        told = {"person": administrator, "on": importing.today()}
        (one,) = parked_people(session, limit=10, **told)
        assert (one.row.name, one.row.number, one.source) == ("Fin Ozdemir", "S9", "Verteller")
        assert one.waiting == 3
        assert [found.id for found in search_people(session, words="Finn Ö", **told)] == [finn.id]
        assert [found.id for found in search_people(session, words="s2", **told)] == [finn.id]
        assert search_people(session, words="%", **told) == []
    decide(importing, administrator, "m1", finn)
    (run,) = take_up(importing, administrator, telling.source_id)
    assert (run.state, run.retry_of_id is not None) == (RunState.APPLIED, True)
    assert living_results(importing, finn) == 2
    assert importing.count(ImportRow) == 0
    assert take_up(importing, administrator, telling.source_id) == []
    verbs = [verb for (verb,) in importing.read(sa.select(AuditEvent.verb))]
    assert {"decided who is parked", "took up import"} <= set(verbs)
    ((name,),) = importing.read(sa.select(Person.name).where(Person.id == finn.id))
    assert name == "Finn Özdemir"
    again = telling.run(
        link("m1", "S9", "Fin Ozdemir"), TASK, result("r1", "m1"), result("r2", "m1")
    )
    assert sorted(counts["same"] for counts in again.counts.values()) == [1, 1, 2]


def test_who_is_nobody_of_ours_stays_out_with_a_warning(
    importing: Importing, telling: Telling, administrator: Person
):
    told = (link("m1", "S9", "Gast"), TASK, result("r1", "m1"))
    telling.run(*told)
    decide(importing, administrator, "m1", None)
    run = telling.run(*told)
    assert set(importing.codes(run)) == {"person.not_ours", "ref.not_ours"}
    assert run.counts["person"]["ignored"] == run.counts["result"]["ignored"] == 1
    assert importing.count(ImportRow, ImportRow.status == RowStatus.QUARANTINED) == 0
    undo(importing, administrator, "m1")
    telling.run(*told)
    assert parked(importing) == {"m1": "person.unknown"}


def test_a_wrong_decision_is_undone_and_what_came_by_it_moves(
    importing: Importing, telling: Telling, administrator: Person
):
    finn, noor = add(importing, "Finn Özdemir", "S2"), add(importing, "Noor Bakker", "S3")
    told = (link("m0", "S2"), link("m1", "S9"), TASK, result("r0", "m0"), result("r1", "m1"))
    telling.run(*told)
    decide(importing, administrator, "m1", finn)
    telling.run(*told)
    assert living_results(importing, finn) == 2
    with pytest.raises(Conflict, match=r"parked\.decided"):
        decide(importing, administrator, "m1", noor)
    undo(importing, administrator, "m1")
    assert living_results(importing, finn) == 1
    with pytest.raises(Conflict, match=r"parked\.not_decided"):
        undo(importing, administrator, "m1")
    decide(importing, administrator, "m1", noor)
    telling.run(*told)
    assert (living_results(importing, finn), living_results(importing, noor)) == (1, 1)


def test_rows_about_somebody_parked_wait_also_when_they_come_alone(
    importing: Importing, telling: Telling, administrator: Person
):
    telling.run(link("m1", "S9"), TASK)
    run = telling.run(TASK, result("r1", "m1"))
    assert importing.codes(run) == ["ref.parked"]


def test_only_an_administrator_decides(importing: Importing, telling: Telling):
    student = add(importing, "Finn Özdemir", "S2")
    telling.run(link("m1", "S9"))
    with pytest.raises(NotAllowed):
        decide(importing, student, "m1", student)
    with (
        unit_of_work(importing.engine, school_id=importing.school.id, writes=False) as session,
        pytest.raises(NotAllowed),
    ):
        parked_people(session, person=student, on=importing.today(), limit=10)


def test_raw_names_go_after_thirty_days_and_what_was_decided_stays(
    importing: Importing, telling: Telling, administrator: Person
):
    telling.run(link("m1", "S9", "Gast"), link("m2", "S8", "Wie"))
    decide(importing, administrator, "m1", None)
    waiting_runs(importing.engine, at=utc_now() + KEPT - timedelta(days=1))
    assert importing.count(ParkedPerson) == 2
    waiting_runs(importing.engine, at=utc_now() + KEPT)
    ((row,),) = importing.read(sa.select(ParkedPerson))
    assert (row.ext_id, row.name, row.number) == ("m1", None, None)
    again = telling.run(link("m1", "S9", "Gast"))
    assert importing.codes(again) == ["person.not_ours"]


def test_a_look_at_somebody_parked_is_logged(
    importing: Importing, telling: Telling, administrator: Person
):
    telling.run(link("m1", "S9"))
    ((key,),) = importing.read(sa.select(ParkedPerson.id))
    with unit_of_work(importing.engine, school_id=importing.school.id, writes=False) as session:
        find_parked(session, key, person=administrator, on=importing.today())
        assert [look["subject_kind"] for look in session.info["looks"]] == ["parked_person"]


def test_nothing_is_taken_up_where_nothing_waits(
    importing: Importing, telling: Telling, administrator: Person
):
    run = telling.run(TASK)
    with unit_of_work(importing.engine, school_id=importing.school.id) as session:
        found = session.get_one(ImportRun, (run.school_id, run.id))
        told = {"by": administrator, "run": found, "on": importing.today(), "at": utc_now()}
        with pytest.raises(Conflict, match=r"import\.nothing_waits"):
            runs.retry(session, **told)
        session.rollback()
