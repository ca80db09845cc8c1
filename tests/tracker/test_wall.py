"""The wall between schools, tried with raw SQL as the application's own role.

Row-level security is PostgreSQL's; composite foreign keys hold on both databases.
"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from migrations.metadata import metadata
from tests.servers import on_postgresql
from tests.world import World
from tracker.columns import Record
from tracker.db import open_engine, unit_of_work
from tracker.models import Person, PlanMember, PlanRole, School
from tracker.permissions import VISIBLE, visible

# What is found by an exact secret or key, before anybody knows which school it is.
GATES = {
    "school",
    "session",
    "api_token",
    "sign_in_link",
    "lti_registration",
    "lti_deployment",
    "lti_login_state",
    "lti_invite",
    # The keys of this installation: they belong to no school.
    "lti_key",
}
BEHIND = sorted(set(metadata.tables) - GATES)
ENTER = sa.text("SELECT set_config('app.school', :school, true)")


def enter(connection: sa.Connection, school_id: UUID) -> None:
    connection.execute(ENTER, {"school": str(school_id)})


def count(connection: sa.Connection, table: str) -> int:
    found: int = connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()  # noqa: S608 - our own table
    return found


def ids(connection: sa.Connection, table: str) -> set[UUID]:
    return set(connection.exec_driver_sql(f"SELECT school_id FROM {table}").scalars())  # noqa: S608 - our own table


def insert_into(connection: sa.Connection, table: str, school_id: UUID) -> None:
    statement = sa.text(f"INSERT INTO {table} (school_id) VALUES (:school)")  # noqa: S608 - our own table
    connection.execute(statement, {"school": school_id})


@pytest.fixture
def full(superuser_engine: sa.Engine, world: World) -> Iterator[set[str]]:
    """Name the tables behind the wall that hold rows."""
    with superuser_engine.connect() as connection:
        yield {table for table in BEHIND if count(connection, table)}


@on_postgresql
def test_without_a_school_no_table_shows_a_row(
    engine: sa.Engine, world: World, full: set[str]
) -> None:
    assert {"person", "learning_plan", "evidence", "judgement", "audit_event"} <= full
    with engine.connect() as connection:
        assert {table: count(connection, table) for table in BEHIND} == dict.fromkeys(BEHIND, 0)


@on_postgresql
@pytest.mark.parametrize("entered", ["none", "another"])
def test_no_table_takes_a_row_for_a_school_that_was_not_entered(
    engine: sa.Engine, world: World, entered: str
) -> None:
    for table in BEHIND:
        with engine.connect() as connection:
            if entered == "another":
                enter(connection, world.elsewhere.school_id)
            with pytest.raises(
                sa.exc.ProgrammingError, match=f'security policy for table "{table}"'
            ):
                insert_into(connection, table, world.school.id)


@on_postgresql
def test_one_school_sees_nothing_of_another(
    engine: sa.Engine, world: World, full: set[str]
) -> None:
    with engine.connect() as connection:
        enter(connection, world.school.id)
        assert {table for table in BEHIND if ids(connection, table)} == full
        for table in full:
            assert ids(connection, table) == {world.school.id}, table
        enter(connection, world.elsewhere.school_id)
        for table in BEHIND:
            assert ids(connection, table) <= {world.elsewhere.school_id}, table


@on_postgresql
def test_one_school_changes_nothing_of_another(
    engine: sa.Engine, superuser_engine: sa.Engine, world: World, full: set[str]
) -> None:
    with engine.begin() as connection:
        enter(connection, world.elsewhere.school_id)
        renamed = connection.exec_driver_sql("UPDATE person SET name = 'x'").rowcount
        assert renamed == 1
        connection.exec_driver_sql("DELETE FROM evidence_version")
        connection.exec_driver_sql("DELETE FROM judgement")
    with superuser_engine.connect() as connection:
        names = set(connection.exec_driver_sql("SELECT name FROM person").scalars())
        assert world.student.name in names
        assert count(connection, "evidence_version") == 2
        assert count(connection, "judgement") == 2


@on_postgresql
def test_a_row_cannot_move_to_another_school(engine: sa.Engine, world: World) -> None:
    with engine.connect() as connection:
        enter(connection, world.school.id)
        move = sa.text("UPDATE person_role SET school_id = :other")
        with pytest.raises(sa.exc.ProgrammingError, match="row-level security"):
            connection.execute(move, {"other": world.elsewhere.school_id})


@on_postgresql
@pytest.mark.parametrize("ending", ["COMMIT", "ROLLBACK"])
def test_the_next_transaction_of_a_pooled_connection_starts_outside(
    engine: sa.Engine, world: World, ending: str
) -> None:
    pool_of_one = sa.create_engine(engine.url, pool_size=1, max_overflow=0)
    backends = set()
    for school_id in (world.school.id, None, world.elsewhere.school_id, None):
        with pool_of_one.connect() as connection:
            backends.add(connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())
            seen = ids(connection, "person")
            assert seen == set()
            if school_id:
                enter(connection, school_id)
                assert ids(connection, "person") == {school_id}
            connection.exec_driver_sql(ending)
    assert len(backends) == 1
    pool_of_one.dispose()


@on_postgresql
@pytest.mark.parametrize("value", ["", "not a key"])
def test_a_wrong_school_setting_shows_nothing(engine: sa.Engine, world: World, value: str) -> None:
    with engine.connect() as connection:
        connection.execute(ENTER, {"school": value})
        if value:
            with pytest.raises(sa.exc.DataError):
                count(connection, "person")
        else:
            assert count(connection, "person") == 0


@on_postgresql
def test_units_of_work_that_share_connections_keep_schools_apart(
    engine: sa.Engine, world: World
) -> None:
    own = open_engine(str(engine.url))
    for _ in range(3):
        for person in (world.coach, world.elsewhere):
            with unit_of_work(own, school_id=person.school_id, writes=False) as session:
                schools = session.scalars(sa.select(Person.school_id)).all()
                assert set(schools) == {person.school_id}
        with unit_of_work(own, writes=False) as session:
            assert session.scalars(sa.select(Person.id)).all() == []
    own.dispose()


@on_postgresql
@pytest.mark.parametrize("statement", ["UPDATE {} SET verb = 'x'", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_access_log_takes_rows_and_gives_none_back(
    engine: sa.Engine, world: World, statement: str
) -> None:
    with engine.connect() as connection:
        enter(connection, world.school.id)
        assert count(connection, "audit_event") > 0
        with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
            connection.exec_driver_sql(statement.format("audit_event"))


@on_postgresql
@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE person DISABLE ROW LEVEL SECURITY",
        "DROP POLICY wall ON person",
        "TRUNCATE person CASCADE",
        "SELECT * FROM alembic_version",
        "SET SESSION AUTHORIZATION postgres",
        "CREATE TABLE mine (id int)",
    ],
)
def test_the_application_cannot_take_the_wall_down(
    engine: sa.Engine, world: World, statement: str
) -> None:
    with engine.connect() as connection, pytest.raises(sa.exc.ProgrammingError):
        connection.exec_driver_sql(statement)


def test_a_record_cannot_refer_to_a_record_of_another_school(
    engine: sa.Engine, world: World
) -> None:
    stray = PlanMember(
        school_id=world.school.id,
        plan_id=world.plan.id,
        person_id=world.elsewhere.id,
        role=PlanRole.COACH,
        from_on=world.on,
        until_on=None,
        created_at=world.at,
    )
    with pytest.raises(sa.exc.IntegrityError):
        add(engine, world.school.id, stray)


def add(engine: sa.Engine, school_id: UUID, record: Any) -> None:
    with unit_of_work(engine, school_id=school_id) as session:
        session.add(record)


@pytest.mark.parametrize("model", VISIBLE, ids=lambda model: model.__tablename__)
def test_what_somebody_sees_is_of_the_own_school_even_without_the_wall(
    superuser_engine: sa.Engine, world: World, model: type[Record]
) -> None:
    """The wall is the second lock; each query keeps to the school by itself."""
    with Session(superuser_engine) as session:
        for person in (world.administrator, world.elsewhere):
            rows = session.scalars(visible(model, person=person, on=world.on))
            assert {row.school_id for row in rows} <= {person.school_id}


def test_the_same_id_may_stand_in_two_schools(engine: sa.Engine, world: World) -> None:
    """No key of one school says anything about another school's keys."""
    twin = Person(
        id=world.student.id,
        school_id=world.elsewhere.school_id,
        name="Dubbel",
        given_name="Dubbel",
        number=world.student.number,
        state=world.student.state,
        created_at=world.at,
    )
    add(engine, world.elsewhere.school_id, twin)
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        found = session.get_one(Person, (world.school.id, world.student.id))
        assert found.name == world.student.name


def test_a_school_is_found_by_its_slug_without_entering_one(
    engine: sa.Engine, world: World
) -> None:
    with unit_of_work(engine, writes=False) as session:
        assert session.scalar(sa.select(School.id).where(School.slug == "proef")) == world.school.id
