"""What tests stand on: a real database per worker, the application, one school.

`LEERSPOOR_TEST_DATABASE` chooses postgresql (default) or sqlite. Units of work commit for real;
after each test every table is emptied. Nothing is mocked.
"""

import gc
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import sqlalchemy as sa
from flask import Flask
from jinja2 import FileSystemBytecodeCache
from playwright.sync_api import Browser, expect, sync_playwright
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from app import create_app
from migrations.run import migrate
from settings import Settings
from tests import servers
from tests.kept import KeptRows
from tests.world import World
from tracker import attachments
from tracker.db import open_engine, unit_of_work, utc_now
from tracker.models import School
from tracker.people import add_school

DATABASE = os.environ.get("LEERSPOOR_TEST_DATABASE", "postgresql")
SHARED = "LEERSPOOR_TEST_POSTGRESQL"  # the socket folder of this run's one cluster
TEMPLATES = "LEERSPOOR_TEST_TEMPLATES"  # where this run keeps its compiled templates
POLL = 0.01  # seconds; ending a server waits so long, and half a second unless told otherwise
BROWSER_PATIENCE = 90_000  # milliseconds: a busy machine makes a page slow, and nothing wrong

expect.set_options(timeout=BROWSER_PATIENCE)

# A busy machine makes an example slow, and nothing wrong. Drills try more examples.
for name, examples in (("drill", 300), ("patient", 25)):
    hypothesis.settings.register_profile(name, deadline=None, max_examples=examples)
hypothesis.settings.load_profile("patient")


def pytest_configure(config: pytest.Config) -> None:
    """Start what the whole run shares, before xdist starts its workers: one cluster."""
    if TEMPLATES not in os.environ:
        os.environ[TEMPLATES] = tempfile.mkdtemp(prefix="leerspoor-templates-")
        config.stash[_TEMPLATES] = True
    if DATABASE == "postgresql" and SHARED not in os.environ:
        folder = Path(tempfile.mkdtemp(prefix="leerspoor-pg-"))
        server = servers.start_postgresql(folder)
        os.environ[SHARED] = str(folder)
        config.stash[_CLUSTER] = server


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the cluster that this process started."""
    if _TEMPLATES in config.stash:
        shutil.rmtree(os.environ.pop(TEMPLATES), ignore_errors=True)
    server = config.stash.get(_CLUSTER, None)
    if server is not None:
        server.stop()
        del os.environ[SHARED]


_CLUSTER = pytest.StashKey[servers.PostgreSQL]()
_TEMPLATES = pytest.StashKey[bool]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what waits for other programs: at the end nothing else would fill that time."""
    items.sort(key=lambda item: item.get_closest_marker("worker") is None)


def pytest_collection_finish() -> None:
    """Collect garbage less often: all our code and thousands of tests stay, and are no garbage."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@dataclass(frozen=True)
class Database:
    """Addresses of one migrated, empty database: the application's, and the owner's."""

    url: str
    owner_url: str
    superuser_url: str


@pytest.fixture(scope="session")
def database(worker_id: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    if DATABASE == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('database')}/test.db"
        migrate(owner_url=url, application_url=url)
        yield Database(url, url, url)
        return
    folder = Path(os.environ[SHARED])
    name = f"test_{worker_id}"
    server_url = f"postgresql+psycopg://postgres@/{{}}?host={folder}"
    admin = sa.create_engine(server_url.format("postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(sa.text(f"CREATE DATABASE {name} OWNER {servers.OWNER}"))
    found = Database(
        url=f"postgresql+psycopg://{servers.APPLICATION}@/{name}?host={folder}",
        owner_url=f"postgresql+psycopg://{servers.OWNER}@/{name}?host={folder}",
        superuser_url=server_url.format(name),
    )
    migrate(owner_url=found.owner_url, application_url=found.url)
    yield found
    with admin.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(scope="session")
def worker_id(request: pytest.FixtureRequest) -> str:
    """Name this xdist worker, or 'alone'."""
    return os.environ.get("PYTEST_XDIST_WORKER", "alone")


@pytest.fixture(scope="session")
def _pool(database: Database) -> Iterator[sa.Engine]:
    engine = open_engine(database.url)
    # Each statement is compiled once: all of ours are more than an engine remembers.
    engine.update_execution_options(compiled_cache={})
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def superuser_engine(database: Database) -> Iterator[sa.Engine]:
    """See every row, whatever the school: for looking at what a test left."""
    engine = sa.create_engine(database.superuser_url)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def _kept_rows(superuser_engine: sa.Engine) -> Iterator[KeptRows]:
    kept = KeptRows(superuser_engine)
    yield kept
    kept.connection.close()


@pytest.fixture
def engine(_pool: sa.Engine, _kept_rows: KeptRows) -> Iterator[sa.Engine]:
    """Open the database as the application does; emptied afterwards."""
    yield _pool
    _kept_rows.empty()


@pytest.fixture
def school(engine: sa.Engine) -> School:
    """Add an empty school."""
    with unit_of_work(engine) as session:
        return add_school(
            session, slug="proef", name="Proefschool", timezone="Europe/Amsterdam", at=utc_now()
        )


@pytest.fixture
def session(engine: sa.Engine, school: School) -> Iterator[Session]:
    """Open a writing unit of work in the school; committed at the end of the test."""
    with unit_of_work(engine, school_id=school.id) as opened:
        yield opened


@pytest.fixture
def world(engine: sa.Engine, _kept_rows: KeptRows) -> World:
    """Fill one school with people, plans, evidence and judgements, and a second one beside it."""
    return _kept_rows.bring(engine)


@pytest.fixture
def settings(database: Database, tmp_path: Path) -> Settings:
    """Set everything as `bin/run` does, without a queue."""
    return _settings(database, tmp_path)


def _settings(database: Database, folder: Path) -> Settings:
    return Settings.from_env(
        {
            "DATABASE_URL": database.url,
            "EVIDENCE_URL": f"file://{folder}/evidence",
            "SECRET_KEY": "s" * 40,
            "ENCRYPTION_KEYS": "bDKmZ3yQ0v8R5nXh2LwTsJ7cFgUa9PeI1kOqVtYx4Mz6",
            "PUBLIC_URL": "http://127.0.0.1:8000",
            "LEERSPOOR_DEMO": "1",
        }
    )


def put_together(settings: Settings) -> Flask:
    """Put the application together as it runs, but for the words of a fault."""
    app = create_app(settings)
    app.testing = True
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.jinja_env.bytecode_cache = FileSystemBytecodeCache(os.environ[TEMPLATES])
    app.extensions["engine"].update_execution_options(compiled_cache={})
    return app


@pytest.fixture(scope="session")
def _application(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    app = put_together(_settings(database, tmp_path_factory.mktemp("application")))
    yield app
    app.extensions["engine"].dispose()


@pytest.fixture
def app(engine: sa.Engine, settings: Settings, _application: Flask) -> Iterator[Flask]:
    """Give the application, with files of this test's own; made once for each test worker.

    A test may change its extensions: they are put back. Who adds routes takes `own_app`.
    """
    extensions = dict(_application.extensions)
    _application.extensions.update(
        settings=settings, store=attachments.open_store(settings.evidence_url)
    )
    yield _application
    _application.extensions = extensions


@pytest.fixture
def own_app(engine: sa.Engine, settings: Settings) -> Iterator[Flask]:
    """Put an application together for one test."""
    app = put_together(settings)
    yield app
    app.extensions["engine"].dispose()


@pytest.fixture
def client(app: Flask) -> Any:
    """Ask the application without a network in between."""
    return app.test_client()


@pytest.fixture
def live_server(app: Flask) -> Iterator[str]:
    """Serve the application over real HTTP on a free port; returns its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    # As bin/run does once it has a port.
    app.extensions["settings"] = replace(
        app.extensions["settings"],
        public_url=f"http://127.0.0.1:{server.server_port}",
        files_url=f"http://localhost:{server.server_port}",
    )
    thread = threading.Thread(target=server.serve_forever, args=(POLL,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Start Debian's Chromium, once for each test worker."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=servers.chromium_path(), args=servers.CHROMIUM_ARGUMENTS
        )
        browser.on("context", lambda opened: opened.set_default_timeout(BROWSER_PATIENCE))
        yield browser
        browser.close()


@pytest.fixture
def valkey_url() -> Iterator[str]:
    """Start a Valkey of the test's own."""
    folder = Path(tempfile.mkdtemp(prefix="leerspoor-vk-"))
    url, process = servers.start_valkey(folder)
    yield url
    process.kill()
    process.wait()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def field_data() -> Path:
    """Find the third-party files that may not be in the project; skips loudly without them."""
    folder = os.environ.get("LEERSPOOR_FIELD_DATA")
    if not folder:
        pytest.skip("LEERSPOOR_FIELD_DATA is unset: third-party files are not at hand")
    return Path(folder)
