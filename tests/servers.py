"""Throw-away servers on unix sockets: they die with the tests, and leave nothing behind."""

import os
import pwd
import shutil
import signal
import ssl
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import redis

from bin.environment import die_with_parent, valkey_command, valkey_url

OWNER = "leerspoor_owner"
APPLICATION = "leerspoor_app"
# Our servers speak plain http here, so no caller needs to read all certificates.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
on_postgresql = pytest.mark.skipif(
    os.environ.get("LEERSPOOR_TEST_DATABASE") == "sqlite",
    reason="SQLite has no roles, no row-level security and one writer at a time: this run is on it",
)


@dataclass(frozen=True)
class PostgreSQL:
    """A running cluster; `socket_dir` is its address."""

    socket_dir: Path
    process: subprocess.Popen[bytes]

    def url(self, role: str, database: str) -> str:
        """Give the address of a database for a role, as SQLAlchemy reads it."""
        return f"postgresql+psycopg://{role}@/{database}?host={self.socket_dir}"

    def stop(self) -> None:
        """End the cluster at once, with its own children and shared memory, and its folder."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait()
        shutil.rmtree(self.socket_dir, ignore_errors=True)


def start_postgresql(directory: Path, data: Path | None = None, /, **changes: str) -> PostgreSQL:
    """Start a cluster in an empty folder, with the owner's and the application's roles.

    It is quick and loses everything when the machine stops, but for `changes` to its settings.
    `data` is where its data are kept for a next start; without it they go with the folder.
    """
    binaries = postgresql_binaries()
    user = "postgres" if os.geteuid() == 0 else None  # it refuses to run as root
    if user:
        shutil.chown(directory, user)
    data = data or directory / "data"
    is_new = not (data / "PG_VERSION").exists()
    if is_new:
        _initialise(binaries, directory, data, user)
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(directory),
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "checkpoint_timeout": "1h",
        "max_wal_size": "4GB",
        "max_connections": "200",
        "shared_buffers": "64MB",
        "autovacuum": "off",
        "jit": "off",  # compiling a query costs more than reading our few rows
        **changes,
    }
    command = [str(binaries / "postgres"), "-D", str(data)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    server = PostgreSQL(directory, start(command, directory, user, signal.SIGQUIT))
    address = f"host={directory} user=postgres dbname=postgres"
    wait_for(lambda: psycopg.connect(address).close(), psycopg.OperationalError, directory)
    if is_new:
        with psycopg.connect(address, autocommit=True) as connection:
            for role in (OWNER, APPLICATION):
                connection.execute(
                    f"CREATE ROLE {role} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE"
                )
    return server


def _initialise(binaries: Path, directory: Path, data: Path, user: str | None) -> None:
    options = ["-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8"]
    made = start(
        [str(binaries / "initdb"), *options, "--no-sync", "--locale=C.UTF-8"], directory, user
    )
    if made.wait():
        raise RuntimeError((directory / "server.log").read_text(errors="replace"))


def postgresql_binaries() -> Path:
    """Find the newest server that Debian installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))
    servers = [folder for folder in found if (folder / "postgres").exists()]
    if not servers:
        raise RuntimeError("Install the package postgresql, then run ./bin/check again.")
    return servers[-1]


def start_valkey(directory: Path) -> tuple[str, subprocess.Popen[bytes]]:
    """Start a Valkey in a folder; returns its address and its process."""
    socket = directory / "valkey.sock"
    process = start(valkey_command(socket, directory), directory)
    with redis.Redis(unix_socket_path=str(socket)) as client:
        wait_for(client.ping, redis.ConnectionError, directory)
    return valkey_url(socket), process


# In one process all frames of a tab are Playwright's for sure. Where each site has its own, a frame
# that goes from our site to the LMS and back at once may be on the screen and yet lost to it.
CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-site-isolation-trials",
)


def chromium_path() -> str:
    """Find Debian's Chromium, for Playwright's `executable_path`."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    raise RuntimeError("Install the package chromium, then run ./bin/check again.")


def start(
    command: list[str],
    directory: Path,
    user: str | None = None,
    end: signal.Signals = signal.SIGKILL,
) -> subprocess.Popen[bytes]:
    """Start a server that gets the signal `end` when this process ends, however it ends."""
    parent = os.getpid()
    with (directory / "server.log").open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - our own command
            command,
            user=user,
            group=pwd.getpwnam(user).pw_gid if user else None,
            extra_groups=[] if user else None,
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            process_group=0,  # Ctrl-C is for the tests, which still need their servers
            preexec_fn=lambda: die_with_parent(parent, end),  # noqa: PLW1509 - nothing is locked
        )


def wait_for(attempt: Callable[[], object], error: type[Exception], directory: Path) -> None:
    """Try until it works; raises what the server said after 30 seconds."""
    deadline = time.monotonic() + 30
    while True:
        try:
            attempt()
        except error as problem:
            if time.monotonic() > deadline:
                log = (directory / "server.log").read_text(errors="replace")
                raise RuntimeError(f"The server is not up: {problem}\n{log}") from problem
            time.sleep(0.02)
        else:
            return
