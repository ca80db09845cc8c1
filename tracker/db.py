"""The database: ids and moments, engines, sessions that see one school, one unit of work."""

import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import uuid_utils.compat
from psycopg import _queries
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session, SessionTransaction


def new_id() -> UUID:
    """Return a time-ordered id (UUIDv7, RFC 9562)."""
    return uuid_utils.compat.uuid7()


def utc_now() -> datetime:
    """Return the present moment; only the edges call this, everything else is given the time."""
    return datetime.now(UTC)


# psycopg parses a longer statement again each time, 2 ms of ours: what a reader may see is long.
_queries.MAX_CACHED_STATEMENT_LENGTH = 32_768
_queries.MAX_CACHED_STATEMENT_PARAMS = 500


PATIENCE = 15  # seconds that a writer on SQLite waits for its turn
LOOK = 0.002  # seconds between two looks; who writes all the time pauses for longer


class UnsafeRoleError(sa.exc.SQLAlchemyError):
    """The wall between schools would not hold for this role."""


def open_engine(url: str) -> sa.Engine:
    """Open a pool for this database: PostgreSQL, or SQLite with its traps closed.

    On PostgreSQL each connection raises UnsafeRoleError when its role could pass the wall. What
    was sent to the database stays out of error messages, for it is about people.
    """
    if url.startswith("sqlite"):
        engine = sa.create_engine(url, connect_args={"timeout": PATIENCE}, hide_parameters=True)
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
        return engine
    engine = sa.create_engine(
        url,
        pool_pre_ping=True,
        pool_size=8,
        max_overflow=8,
        pool_use_lifo=True,  # the connection that was just used knows the statements best
        hide_parameters=True,
    )
    sa.event.listen(engine, "connect", _refuse_unsafe_role)
    sa.event.listen(engine, "connect", _prepare_soon)
    return engine


UNSAFE_ROLE = """
SELECT current_user,
       rolsuper OR rolbypassrls OR EXISTS (
           SELECT FROM pg_class
           WHERE relrowsecurity AND pg_has_role(current_user, relowner, 'MEMBER'))
FROM pg_roles WHERE rolname = current_user
"""


def _refuse_unsafe_role(connection: Any, _record: object) -> None:
    with connection.cursor() as cursor:
        role, is_unsafe = cursor.execute(UNSAFE_ROLE).fetchone()
    connection.rollback()
    if is_unsafe:
        raise UnsafeRoleError(
            f"DATABASE_URL connects as {role}, which is a superuser, passes row-level security or "
            "owns the tables: name a role of its own there, and the owner in DATABASE_OWNER_URL."
        )


def _prepare_soon(connection: Any, _record: object) -> None:
    """Keep a statement from its second time on, and more than a hundred: one page has forty."""
    connection.prepare_threshold = 1
    connection.prepared_max = 400


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver's own transactions begin too late and lose updates; _begin_sqlite begins them.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=NORMAL"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("writes", True)
    # What was opened for reading refuses to write, as PostgreSQL's read-only transaction does.
    connection.exec_driver_sql(f"PRAGMA query_only={'OFF' if writes else 'ON'}")
    if writes:
        _take_turn(connection)
    else:
        connection.exec_driver_sql("BEGIN")


def _take_turn(connection: sa.Connection) -> None:
    """Begin to write; who says so at the start waits for a turn instead of failing half-way.

    SQLite itself looks ever less often whether it may, and never gets in between the steps of an
    import; so we look, often.
    """
    raw: Any = connection.connection.driver_connection
    patience = time.monotonic() + PATIENCE
    raw.execute("PRAGMA busy_timeout=0").close()
    while not raw.in_transaction and time.monotonic() < patience:
        try:
            raw.execute("BEGIN IMMEDIATE").close()
        except sqlite3.OperationalError:
            time.sleep(LOOK)
    raw.execute(f"PRAGMA busy_timeout={PATIENCE * 1000}").close()
    if not raw.in_transaction:
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # raises what is in the way


def new_session(
    engine: sa.Engine,
    *,
    school_id: UUID | None = None,
    writes: bool = True,
    keeps_plans: bool = False,
) -> Session:
    """Return a session that sees one school's rows, or none without one.

    `keeps_plans` is for answering requests: PostgreSQL then plans a statement once for a connection
    instead of each time. What a reader may see is long to plan and quick to look up: planning was
    half of what the database spent on a page. An import goes without: it fills tables meanwhile.
    """
    session = Session(engine.execution_options(writes=writes), expire_on_commit=False)
    session.info.update(school_id=school_id, writes=writes, keeps_plans=keeps_plans)
    return session


@sa.event.listens_for(Session, "after_begin")
def _raise_wall(
    session: Session, transaction: SessionTransaction, connection: sa.Connection
) -> None:
    if connection.dialect.name != "postgresql" or "writes" not in session.info:
        return
    if transaction.nested:  # a savepoint stands inside what was set at the beginning
        return
    wanted = {} if session.info["writes"] else {"transaction_read_only": "on"}
    # Without a school nothing is set: what an earlier transaction set here ended with it.
    if session.info["school_id"] is not None:
        wanted["app.school"] = str(session.info["school_id"])
    if wanted:
        _set(session, connection, wanted)


def _set(session: Session, connection: sa.Connection, wanted: dict[str, str]) -> None:
    """Set these until the transaction ends, in one statement."""
    if session.info.get("keeps_plans"):
        wanted["plan_cache_mode"] = "force_generic_plan"
    each = ", ".join("set_config(%s, %s, true)" for _ in wanted)
    connection.exec_driver_sql(
        f"SELECT {each}", tuple(part for pair in wanted.items() for part in pair)
    )


@contextmanager
def planned_each_time(session: Session) -> Iterator[None]:
    """Have PostgreSQL plan what is asked inside for its values, where plans are kept otherwise.

    For counts over a whole school: what days leave of a table decides how it is read best, and
    planning is little of their work.
    """
    connection = session.connection()
    is_kept = connection.dialect.name == "postgresql" and session.info.get("keeps_plans")
    if is_kept:
        connection.exec_driver_sql("SET LOCAL plan_cache_mode = force_custom_plan")
    yield
    if is_kept:  # a transaction that failed inside sets nothing any more
        connection.exec_driver_sql("SET LOCAL plan_cache_mode = force_generic_plan")


def enter_school(session: Session, school_id: UUID) -> None:
    """Let this session see the rows of one school from here on."""
    session.info["school_id"] = school_id
    if session.get_bind().dialect.name == "postgresql" and session.in_transaction():
        _set(session, session.connection(), {"app.school": str(school_id)})


@contextmanager
def unit_of_work(
    engine: sa.Engine, *, school_id: UUID | None = None, writes: bool = True
) -> Iterator[Session]:
    """Commit what happens inside, or none of it."""
    with new_session(engine, school_id=school_id, writes=writes) as session, session.begin():
        yield session


def among(column: Any, name: str, dialect: str) -> sa.ColumnElement[bool]:
    """Whether a column holds one of the ids that are given as a parameter under a name.

    As one array where the database has these: the statement stays the same for any number of ids.
    """
    if dialect == "postgresql":
        return column == sa.any_(sa.bindparam(name, type_=postgresql.ARRAY(sa.Uuid())))  # type: ignore[no-any-return]  # a column of any model
    return column.in_(sa.bindparam(name, expanding=True))  # type: ignore[no-any-return]  # as above


def insert_missing(
    session: Session, table: type[DeclarativeBase], rows: Iterable[Mapping[str, Any]]
) -> int:
    """Insert the rows that are not there yet, by any unique key; returns how many were new."""
    rows = [dict(row) for row in rows]
    if not rows:
        return 0
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    insert = postgresql.insert if on_postgresql else sqlite.insert
    target: Any = sa.inspect(table).local_table
    # One statement for each row, sent together: one for all would hold too many values.
    result = session.execute(
        insert(target).on_conflict_do_nothing(),
        rows,
        execution_options={"preserve_rowcount": True},
    )
    return int(getattr(result, "rowcount", 0))


def nudge(session: Session, job: str, **arguments: str) -> None:
    """Ask the edge to wake the worker once this unit of work is committed, and not before.

    The row is the queue: a nudge that is lost only delays what the sweeper finds anyway.
    """
    session.info.setdefault("nudges", []).append((job, arguments))
