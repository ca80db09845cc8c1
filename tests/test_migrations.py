"""Migrations: one line of them, ending in what the models say, from every schema that was."""

import functools
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from commands import NOT_READY
from migrations.metadata import metadata
from migrations.run import CONFIG, migrate
from tests.conftest import Database
from tests.dumps import make_dump
from tests.running import run_command
from tests.servers import OWNER
from tracker.columns import Base
from tracker.db import open_engine, unit_of_work
from tracker.models import School

KINDS = {"postgresql": ["postgresql", "sqlite"], "sqlite": ["sqlite"]}[
    os.environ.get("LEERSPOOR_TEST_DATABASE", "postgresql")
]
DUMPS = sorted((Path(__file__).parent / "dumps").glob("*.json"))
REVISIONS = [
    step.revision
    for step in reversed(list(ScriptDirectory.from_config(Config(str(CONFIG))).walk_revisions()))
]


fresh = functools.cache(make_dump.fresh)  # made once for each test worker


@pytest.fixture(params=KINDS)
def empty(request: pytest.FixtureRequest, database: Database, tmp_path: Path) -> Iterator[Database]:
    """Make a database without any table."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/empty.db"
        yield Database(url, url, url)
        return
    admin_url = sa.make_url(database.superuser_url)
    name = f"{admin_url.database}_empty"
    admin = sa.create_engine(admin_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.exec_driver_sql(f"CREATE DATABASE {name} OWNER {OWNER}")
    urls = (database.url, database.owner_url, database.superuser_url)
    yield Database(*(str(sa.make_url(url).set(database=name)) for url in urls))
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    admin.dispose()


def bring_up(database: Database, to: str = "head") -> None:
    migrate(owner_url=database.owner_url, application_url=database.url, to=to)


def everything(database: Database) -> sa.Engine:
    """Open a database past the wall, with foreign keys on."""
    if database.url.startswith("sqlite"):
        return open_engine(database.url)
    return sa.create_engine(database.superuser_url)


def differences(database: Database) -> list[Any]:
    """Return where a database is not what the models say."""
    engine = everything(database)
    with engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        found: list[Any] = compare_metadata(context, metadata)
        # Alembic does not look at these two.
        inspector = sa.inspect(connection)
        for table in metadata.sorted_tables:
            rules = {check["name"] for check in inspector.get_check_constraints(table.name)}
            wanted = {
                str(rule.name) for rule in table.constraints if isinstance(rule, sa.CheckConstraint)
            }
            found += [(table.name, rule) for rule in rules ^ wanted]
            key = inspector.get_pk_constraint(table.name)["constrained_columns"]
            if key != [column.name for column in table.primary_key]:
                found.append((table.name, key))
    engine.dispose()
    return found


def test_migrations_stand_in_one_line_by_number() -> None:
    assert [f"{number:04}" for number in range(1, len(REVISIONS) + 1)] == REVISIONS
    scripts = ScriptDirectory.from_config(Config(str(CONFIG)))
    assert scripts.get_heads() == REVISIONS[-1:]
    for revision in REVISIONS:
        step = scripts.get_revision(revision)
        assert step is not None
        assert Path(step.path).name.startswith(f"{revision}_")
        assert step.doc


def test_the_migrations_end_in_what_the_models_say_and_a_column_too_many_is_noticed(
    empty: Database,
) -> None:
    bring_up(empty)
    assert differences(empty) == []
    engine = everything(empty)
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE company ADD COLUMN extra varchar(10)")
    engine.dispose()
    assert len(differences(empty)) == 1


def test_migrating_again_changes_nothing(empty: Database) -> None:
    bring_up(empty)
    engine = everything(empty)
    make_dump.load(engine, fresh())
    before = make_dump.dump(engine)
    bring_up(empty)
    assert make_dump.dump(engine) == before
    engine.dispose()


def test_each_step_can_be_taken_by_itself(empty: Database) -> None:
    for revision in REVISIONS:
        bring_up(empty, to=revision)
    assert differences(empty) == []


@pytest.fixture(params=["fresh", *[path.name for path in DUMPS]])
def dumped(request: pytest.FixtureRequest) -> make_dump.Dump:
    """Read a dump: one made now, and each that is kept."""
    if request.param == "fresh":
        return fresh()
    path = Path(__file__).parent / "dumps" / request.param
    assert path.stat().st_size < 300_000
    kept: make_dump.Dump = json.loads(path.read_text("utf-8"))
    return kept


def test_every_schema_that_was_comes_up_with_all_its_rows_and_each_row_is_a_record(
    empty: Database, dumped: make_dump.Dump
) -> None:
    """Values that the models cannot read, such as a state that was dropped, would fail here."""
    bring_up(empty, to=dumped["revision"])
    engine = everything(empty)
    make_dump.load(engine, dumped)
    bring_up(empty)
    assert differences(empty) == []
    now = make_dump.dump(engine)["tables"]
    engine.dispose()
    for name, held in dumped["tables"].items():
        assert held["rows"], f"{name} is empty in the dump"
        assert len(now[name]["rows"]) == len(held["rows"]), name
    assert set(dumped["tables"]) <= tables_with_records(empty)


def tables_with_records(database: Database) -> set[str]:
    """Read every row as the application does, school by school; returns their tables."""
    application = open_engine(database.url)
    with unit_of_work(application, writes=False) as session:
        schools = session.scalars(sa.select(School)).all()
    assert schools
    read = set()
    for school in schools:
        with unit_of_work(application, school_id=school.id, writes=False) as session:
            for mapper in Base.registry.mappers:
                if session.scalars(sa.select(mapper.class_)).all():
                    read.add(str(mapper.local_table))
    application.dispose()
    return read


def test_a_command_before_the_first_migration_says_what_to_do(
    empty: Database, tmp_path: Path
) -> None:
    done = run_command(empty.url, tmp_path / "state", "school", "add", "s", "S")
    assert (done.returncode, done.stderr) == (2, f"{NOT_READY}\n")
