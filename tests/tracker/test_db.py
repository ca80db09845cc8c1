"""The database underneath: types, ids, units of work, and what concurrency does to them."""

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import redis
import sqlalchemy as sa
from flask import Response, g
from sqlalchemy.orm import Session

from app import create_app
from identity.models import Scope
from identity.tokens import add_token
from migrations.run import migrate
from settings import Settings
from tests.servers import on_postgresql
from tests.world import World
from tracker.activity import source_named
from tracker.db import (
    UnsafeRoleError,
    enter_school,
    insert_missing,
    new_id,
    new_session,
    nudge,
    open_engine,
    unit_of_work,
    utc_now,
)
from tracker.errors import Conflict
from tracker.models import ActivitySource, AuditEvent, Company, Person, School

THREADS = 8
ROUNDS = 25


@pytest.fixture
def sqlite_engine(tmp_path: Path) -> Iterator[sa.Engine]:
    """Open a migrated SQLite file, whatever database the other tests run on."""
    url = f"sqlite:///{tmp_path}/own.db"
    migrate(owner_url=url, application_url=url)
    engine = open_engine(url)
    yield engine
    engine.dispose()


def together(*actions: Callable[[], object]) -> None:
    """Do things at the same time; raises the first failure."""
    failures: list[BaseException] = []

    def attempt(action: Callable[[], object]) -> None:
        try:
            action()
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=attempt, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for failure in failures:
        raise failure


def added_school(engine: sa.Engine, *, slug: str = "proef") -> School:
    with unit_of_work(engine) as session:
        school = School(slug=slug, name="0", timezone="Europe/Amsterdam", created_at=utc_now())
        session.add(school)
    return school


# Ids and moments


def test_ids_made_one_after_another_are_in_order() -> None:
    ids = [new_id() for _ in range(2000)]
    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)
    assert {key.version for key in ids} == {7}


def test_a_record_has_its_id_before_the_database_sees_it() -> None:
    company = Company(name="Zorghuis", city=None, created_at=utc_now())
    assert isinstance(company.id, uuid.UUID)


def test_a_moment_comes_back_as_the_same_moment_in_utc(session: Session, school: School) -> None:
    amsterdam = timezone(timedelta(hours=2))
    moment = datetime(2026, 7, 1, 0, 30, 15, 123456, tzinfo=amsterdam)
    company = Company(school_id=school.id, name="Zorghuis", city=None, created_at=moment)
    session.add(company)
    session.flush()
    session.expire_all()
    found = session.get_one(Company, (school.id, company.id))
    assert found.created_at == moment
    assert found.created_at.tzinfo == UTC
    assert found.created_at.day == 30
    named = sa.select(Company.id).where(Company.created_at == moment)
    assert session.scalar(named) == company.id


def test_a_moment_without_a_zone_is_refused(session: Session, school: School) -> None:
    naive = datetime(2026, 7, 1, 12, 0)  # noqa: DTZ001 - what must be refused
    session.add(Company(school_id=school.id, name="Zorghuis", city=None, created_at=naive))
    with pytest.raises(sa.exc.StatementError, match="without a zone"):
        session.flush()
    session.rollback()


def test_absent_json_is_absent_for_queries_too(session: Session, school: School) -> None:
    at = utc_now()
    bare = {"school_id": school.id, "verb": "tested", "subject_kind": "school"}
    event = AuditEvent(**bare, at=at, subject_id=school.id, details=None)
    session.add(event)
    session.flush()
    rows = [{**bare, "id": new_id(), "at": at, "subject_id": school.id, "details": None}]
    assert insert_missing(session, AuditEvent, rows) == 1
    absent = sa.select(sa.func.count()).where(AuditEvent.details.is_(None))
    assert session.scalar(absent) == 2


# What answering a request sets, until its transaction ends


@on_postgresql
def test_a_request_keeps_its_plans_and_a_reading_one_refuses_to_write(
    engine: sa.Engine, school: School
) -> None:
    def shown(session: Session) -> tuple[object, object, object]:
        asked = "SELECT current_setting('plan_cache_mode'), current_setting('app.school', true), "
        row = session.execute(sa.text(asked + "current_setting('transaction_read_only')")).one()
        return tuple(row)

    for writes, only in ((True, "off"), (False, "on")):
        with new_session(engine, writes=writes, keeps_plans=True) as session:
            assert shown(session)[2] == only
            enter_school(session, school.id)
            assert shown(session) == ("force_generic_plan", str(school.id), only)
            session.commit()
            assert shown(session) == ("force_generic_plan", str(school.id), only)
    with new_session(engine) as session:
        assert shown(session) == ("auto", "", "off")


# Adding what is missing


def test_rows_that_are_there_already_are_left_alone(session: Session, school: School) -> None:
    row = {"id": new_id(), "school_id": school.id, "name": "Moodle"}
    assert insert_missing(session, ActivitySource, [row]) == 1
    again = {**row, "id": new_id()}
    assert insert_missing(session, ActivitySource, [row, again]) == 0
    assert session.scalars(sa.select(ActivitySource.id)).all() == [row["id"]]


def test_nothing_to_add_adds_nothing(session: Session) -> None:
    assert insert_missing(session, ActivitySource, []) == 0


def test_more_rows_than_one_statement_can_hold_are_all_added(
    session: Session, school: School
) -> None:
    rows = [
        {"id": new_id(), "school_id": school.id, "name": f"bron {number}"}
        for number in range(25_000)
    ]
    assert insert_missing(session, ActivitySource, rows[:5]) == 5
    assert insert_missing(session, ActivitySource, rows) == len(rows) - 5
    assert insert_missing(session, ActivitySource, rows[-3:]) == 0


def test_a_source_asked_for_twice_at_once_is_made_once(engine: sa.Engine, school: School) -> None:
    def ask() -> None:
        with unit_of_work(engine, school_id=school.id) as session:
            source_named(session, school_id=school.id, name="Moodle")

    together(*[ask] * THREADS)
    with unit_of_work(engine, school_id=school.id, writes=False) as session:
        assert len(session.scalars(sa.select(ActivitySource)).all()) == 1


# Units of work


def test_a_unit_of_work_keeps_all_or_nothing(engine: sa.Engine) -> None:
    with pytest.raises(ZeroDivisionError):
        fails_half_way(engine)
    with unit_of_work(engine, writes=False) as session:
        assert session.scalars(sa.select(School)).all() == []


def fails_half_way(engine: sa.Engine) -> None:
    with unit_of_work(engine) as session:
        session.add(School(slug="half", name="Half", timezone="UTC", created_at=utc_now()))
        session.flush()
        _ = 1 / 0


def test_a_unit_that_only_reads_cannot_write(engine: sa.Engine) -> None:
    with pytest.raises(sa.exc.DBAPIError, match=r"read-?only"):
        added_by_reader(engine)
    with unit_of_work(engine, writes=False) as session:
        assert session.scalars(sa.select(School)).all() == []


def added_by_reader(engine: sa.Engine) -> None:
    with unit_of_work(engine, writes=False) as session:
        session.add(School(slug="sly", name="Sly", timezone="UTC", created_at=utc_now()))
        session.flush()


def test_a_connection_that_only_read_may_write_the_next_time(engine: sa.Engine) -> None:
    for number in range(20):
        with unit_of_work(engine, writes=False) as session:
            session.scalars(sa.select(School)).all()
        added_school(engine, slug=f"school-{number}")
    with unit_of_work(engine, writes=False) as session:
        assert len(session.scalars(sa.select(School)).all()) == 20


def test_what_was_sent_to_the_database_stays_out_of_error_messages(
    session: Session, school: School
) -> None:
    person = Person(school_id=school.id, name="Sanne Geheim", given_name="Sanne", created_at=None)
    session.add(person)
    with pytest.raises(sa.exc.SQLAlchemyError) as refusal:
        session.flush()
    assert "parameters hidden" in str(refusal.value)
    session.rollback()


# SQLite, the database of bin/run


def test_sqlite_loses_no_concurrent_update(sqlite_engine: sa.Engine) -> None:
    school = added_school(sqlite_engine)

    def count() -> None:
        for _ in range(ROUNDS):
            with unit_of_work(sqlite_engine) as session:
                found = session.get_one(School, school.id)
                found.name = str(int(found.name) + 1)

    together(*[count] * THREADS)
    with unit_of_work(sqlite_engine, writes=False) as session:
        assert session.get_one(School, school.id).name == str(THREADS * ROUNDS)


def test_sqlite_readers_go_on_while_somebody_writes(sqlite_engine: sa.Engine) -> None:
    added_school(sqlite_engine)
    with unit_of_work(sqlite_engine) as writer:
        writer.add(School(slug="new", name="New", timezone="UTC", created_at=utc_now()))
        writer.flush()
        began = time.monotonic()
        with unit_of_work(sqlite_engine, writes=False) as reader:
            assert len(reader.scalars(sa.select(School)).all()) == 1
        assert time.monotonic() - began < 5
    with unit_of_work(sqlite_engine, writes=False) as reader:
        assert len(reader.scalars(sa.select(School)).all()) == 2


def test_sqlite_reader_sees_one_moment_until_the_end(sqlite_engine: sa.Engine) -> None:
    added_school(sqlite_engine)
    everything = sa.select(sa.func.count()).select_from(School)
    with unit_of_work(sqlite_engine, writes=False) as reader:
        before = reader.scalar(everything)
        added_school(sqlite_engine, slug="later")
        assert reader.scalar(everything) == before


def test_sqlite_keeps_to_foreign_keys(sqlite_engine: sa.Engine) -> None:
    with pytest.raises(sa.exc.IntegrityError), unit_of_work(sqlite_engine) as session:
        session.add(Company(school_id=new_id(), name="Los", city=None, created_at=utc_now()))


# PostgreSQL, the database of the product


@on_postgresql
@pytest.mark.parametrize("kind", ["SUPERUSER", "BYPASSRLS", "member of the owner"])
def test_the_application_refuses_a_role_that_passes_the_wall(
    engine: sa.Engine, superuser_engine: sa.Engine, kind: str
) -> None:
    role = f"unsafe_{engine.url.database}"  # roles are the whole cluster's
    owner = "SELECT tableowner FROM pg_tables WHERE tablename = 'person'"
    with superuser_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as admin:
        rights = "" if kind.startswith("member") else kind
        admin.exec_driver_sql(f"CREATE ROLE {role} LOGIN {rights}")
        try:
            if not rights:
                owner = admin.exec_driver_sql(owner).scalar_one()
                admin.exec_driver_sql(f"GRANT {owner} TO {role}")
            unsafe = open_engine(str(engine.url.set(username=role)))
            with pytest.raises(UnsafeRoleError, match=f"connects as {role}.*DATABASE_OWNER_URL"):
                added_school(unsafe)
            unsafe.dispose()
        finally:
            admin.exec_driver_sql(f"DROP ROLE {role}")


@on_postgresql
def test_the_application_refuses_to_run_as_the_owner_of_the_tables(database: Any) -> None:
    owner = open_engine(database.owner_url)
    with pytest.raises(UnsafeRoleError, match="owns the tables"):
        added_school(owner)
    owner.dispose()


@on_postgresql
def test_the_role_of_the_application_may_go_in(engine: sa.Engine) -> None:
    assert added_school(engine).slug == "proef"


def test_a_savepoint_that_fails_leaves_the_school_entered(
    engine: sa.Engine, school: School
) -> None:
    with unit_of_work(engine, school_id=school.id) as session:
        company = Company(school_id=school.id, name="Zorghuis", city=None, created_at=utc_now())
        session.add(company)
        session.flush()
        with pytest.raises(sa.exc.IntegrityError), session.begin_nested():
            session.execute(sa.insert(School).values(id=school.id, slug="x", name="x"))
        assert session.scalars(sa.select(Company.id)).all() == [company.id]


@on_postgresql
def test_a_connection_that_served_a_school_shows_nothing_without_one(
    engine: sa.Engine, world: World
) -> None:
    people = sa.select(sa.func.count()).select_from(Person)
    with engine.connect() as connection:
        with Session(connection, info={"school_id": world.school.id, "writes": True}) as session:
            with session.begin_nested():
                assert session.scalar(people)
            session.commit()
        with Session(connection, info={"school_id": None, "writes": True}) as session:
            with session.begin_nested():
                assert session.scalar(people) == 0
            enter_school(session, world.school.id)
            session.rollback()
        with Session(connection, info={"school_id": None, "writes": True}) as session:
            assert session.scalar(people) == 0


def test_entering_a_school_half_way_holds_until_the_end(engine: sa.Engine, world: World) -> None:
    with unit_of_work(engine) as session:
        session.scalars(sa.select(School)).all()
        enter_school(session, world.school.id)
        names = session.scalars(
            sa.select(Person.name).where(Person.school_id == world.school.id)
        ).all()
        assert world.student.name in names


# The edge: what a response commits, and when the worker is woken


class Door:
    """The application with routes of the test's own, asked by a program with a token."""

    def __init__(self, settings: Settings, engine: sa.Engine, person: Person) -> None:
        with unit_of_work(engine, school_id=person.school_id) as session:
            token = add_token(session, person=person, name="t", scope=Scope.WRITE, at=utc_now())
        self.app = create_app(settings)
        self.headers = {"Authorization": f"Bearer {token}"}

    def ask(self, view: Callable[[], Any], method: str = "POST") -> Response:
        """Ask one request of a view that this test made."""
        self.app.add_url_rule("/api/of-this-test", view_func=view, methods=[method])
        client = self.app.test_client()
        answer: Any = client.open("/api/of-this-test", method=method, headers=self.headers)
        return answer


@pytest.fixture
def door(settings: Settings, engine: sa.Engine, world: World, valkey_url: str) -> Iterator[Door]:
    """Open the application's door with a queue behind it."""
    opened = Door(replace(settings, redis_url=valkey_url), engine, world.coach)
    yield opened
    opened.app.extensions["engine"].dispose()
    opened.app.extensions["queue"].connection.close()


def company_names(engine: sa.Engine, world: World) -> set[str]:
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        of_school = Company.school_id == world.school.id
        return set(session.scalars(sa.select(Company.name).where(of_school)))


def add_and_nudge() -> None:
    name = "Net begonnen"
    g.session.add(Company(school_id=g.school.id, name=name, city=None, created_at=g.now))
    g.session.flush()
    nudge(g.session, "importers.jobs.run_import", school_id=str(g.school.id))


def test_a_returned_refusal_commits_what_was_done(
    door: Door, engine: sa.Engine, world: World
) -> None:
    def view() -> tuple[str, int]:
        add_and_nudge()
        return "later, please", 409

    assert door.ask(view).status_code == 409
    assert "Net begonnen" in company_names(engine, world)
    assert len(door.app.extensions["queue"].jobs) == 1


@pytest.mark.parametrize("error", [Conflict("plan.closed"), RuntimeError("a fault of ours")])
def test_an_exception_undoes_everything_and_wakes_nobody(
    door: Door, engine: sa.Engine, world: World, error: Exception
) -> None:
    def view() -> str:
        add_and_nudge()
        raise error

    assert door.ask(view).status_code == (409 if isinstance(error, Conflict) else 500)
    assert "Net begonnen" not in company_names(engine, world)
    assert door.app.extensions["queue"].jobs == []


def test_the_worker_is_woken_only_after_the_commit(
    door: Door, engine: sa.Engine, world: World
) -> None:
    queue = door.app.extensions["queue"]
    waiting: list[int] = []

    def view() -> str:
        add_and_nudge()
        waiting.append(len(queue.jobs))
        return "ok"

    assert door.ask(view).status_code == 200
    assert waiting == [0]
    (job,) = queue.jobs
    assert job.func_name == "importers.jobs.run_import"
    assert job.kwargs == {"school_id": str(world.school.id)}


def test_a_commit_that_fails_is_an_error_and_wakes_nobody(
    door: Door, engine: sa.Engine, world: World
) -> None:
    def view() -> str:
        add_and_nudge()
        g.session.add(Company(school_id=new_id(), name="Los", city=None, created_at=g.now))
        return "ok"

    assert door.ask(view).status_code == 500
    assert "Net begonnen" not in company_names(engine, world)
    assert door.app.extensions["queue"].jobs == []


def test_a_queue_that_is_down_does_not_stop_a_request(
    door: Door, engine: sa.Engine, world: World
) -> None:
    def view() -> str:
        add_and_nudge()
        return "ok"

    connection = door.app.extensions["queue"].connection
    with pytest.raises(redis.ConnectionError):
        connection.execute_command("SHUTDOWN", "NOSAVE")
    assert door.ask(view).status_code == 200
    assert "Net begonnen" in company_names(engine, world)


def test_a_page_that_is_only_read_cannot_write(door: Door, engine: sa.Engine, world: World) -> None:
    def view() -> str:
        add_and_nudge()
        return "ok"

    assert door.ask(view, "GET").status_code == 500
    assert "Net begonnen" not in company_names(engine, world)
    assert door.app.extensions["queue"].jobs == []
