"""Seeded schools that serve: a database for each size, and the web as `bin/run` starts it."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg

from bench.site import DURABLE, program
from bin.environment import ROOT, web_command
from tests import servers

SLUG, SEED = "gemeten", "1"
# What a server with room to spare gives PostgreSQL; the rest is as it comes.
MEMORY = {"shared_buffers": "1GB", "max_wal_size": "4GB"}


@dataclass(frozen=True)
class Served:
    """A school that serves: where, on which database, and the first processes of both."""

    address: str
    environ: dict[str, str]
    web: int
    database: int | None


@contextmanager
def cluster(keep: Path | None) -> Iterator[servers.PostgreSQL]:
    """Run a durable PostgreSQL; with `keep` its data stay there for the next run."""
    folder = Path(tempfile.mkdtemp(prefix="bench-pg-"))
    data = keep.absolute() / "postgresql" if keep else None
    if data is not None and os.geteuid() == 0 and not data.exists():
        data.mkdir(parents=True)
        shutil.chown(data, "postgres")
    started = servers.start_postgresql(folder, data, **DURABLE, **MEMORY)
    try:
        yield started
    finally:
        if keep is not None:  # an end in order, so that a next start has nothing to recover
            started.process.send_signal(signal.SIGINT)
            started.process.wait()
        started.stop()


def version_of(started: servers.PostgreSQL) -> str:
    """Return which PostgreSQL it is, to the last number."""
    with _admin(started) as admin:
        return str(admin.info.parameter_status("server_version"))


def on_postgresql(started: servers.PostgreSQL, students: int) -> dict[str, str]:
    """Return the settings of a database with a seeded school, made when it is not there yet.

    It gets its name when it is complete: what was cut off is made anew.
    """
    name, making = f"students_{students}", f"making_{students}"
    with _admin(started) as admin:
        known = {row[0] for row in admin.execute("SELECT datname FROM pg_database")}
        if name not in known:
            admin.execute(f"DROP DATABASE IF EXISTS {making}")
            admin.execute(f"CREATE DATABASE {making} OWNER {servers.OWNER}")
            _make(_settings(started, making), students)
            with psycopg.connect(_plain(started, making), autocommit=True) as inside:
                inside.execute("VACUUM ANALYZE")
            admin.execute(f"ALTER DATABASE {making} RENAME TO {name}")
    return _settings(started, name)


def on_sqlite(folder: Path, students: int) -> dict[str, str]:
    """Return the settings of an embedded database with a seeded school, made if need be."""
    path, making = folder / f"students_{students}.db", folder / f"making_{students}.db"
    if not path.exists():
        making.unlink(missing_ok=True)
        _make({"DATABASE_URL": f"sqlite:///{making}"}, students)
        making.rename(path)
    return {"DATABASE_URL": f"sqlite:///{path}"}


@contextmanager
def serving(settings: dict[str, str], database: int | None) -> Iterator[Served]:
    """Serve a database with the command of bin/run, with a Valkey and without a worker."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        queue_url, valkey = servers.start_valkey(folder)
        stack.callback(valkey.wait)
        stack.callback(valkey.kill)
        listening = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=2048))
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        environ = {
            **_environ(settings),
            "REDIS_URL": queue_url,
            "EVIDENCE_URL": (folder / "evidence").as_uri(),
            "PUBLIC_URL": address,
        }
        command = web_command(f"fd://{listening.fileno()}")
        log = folder / "web.log"
        web = stack.enter_context(program(command, environ, log=log, fd=listening.fileno()))
        try:
            servers.wait_for(
                lambda: httpx.get(f"{address}/health/ready").raise_for_status(),
                httpx.HTTPError,
                folder,
            )
        except RuntimeError:
            sys.exit(f"The web does not answer.\n{log.read_text(errors='replace')[-5000:]}")
        yield Served(address, environ, web.pid, database)


def _make(settings: dict[str, str], students: int) -> None:
    """Migrate, add the school and fill it, with our own commands."""
    for command in (
        ["migrate"],
        ["school", "add", SLUG, "Gemeten College"],
        ["seed", SLUG, "--students", str(students), "--seed", SEED],
    ):
        subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "commands.py", *command],
            cwd=ROOT,
            env=_environ(settings),
            check=True,
            stdout=sys.stderr,
        )


def _environ(settings: dict[str, str]) -> dict[str, str]:
    return {
        **os.environ,
        "REDIS_URL": "redis://127.0.0.1:1",  # the commands of _make ask nothing of it
        "EVIDENCE_URL": "file:///nonexistent",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "ENCRYPTION_KEYS": secrets.token_urlsafe(32),
        "PUBLIC_URL": "http://127.0.0.1:8000",
        "LEERSPOOR_DEMO": "1",
        **settings,
    }


def _settings(started: servers.PostgreSQL, name: str) -> dict[str, str]:
    return {
        "DATABASE_URL": started.url(servers.APPLICATION, name),
        "DATABASE_OWNER_URL": started.url(servers.OWNER, name),
    }


def _plain(started: servers.PostgreSQL, name: str) -> str:
    return started.url("postgres", name).replace("+psycopg", "")


def _admin(started: servers.PostgreSQL) -> psycopg.Connection:
    return psycopg.connect(_plain(started, "postgres"), autocommit=True)
