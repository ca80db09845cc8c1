"""Start Valkey, the worker and the web server, and keep them running until told to stop.

The lock on the state folder is held by every program of the family, so a next start never meets
a leftover of this one.
"""

import argparse
import contextlib
import fcntl
import http.client
import ipaddress
import os
import signal
import socket
import sqlite3
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bin.environment import (
    DATABASE,
    ROOT,
    StartError,
    database_url,
    remember_start,
    state_folder,
    valkey_command,
    valkey_socket,
    valkey_url,
    web_command,
    with_defaults,
)
from bin.family import WATCHED, Family, Stopped, tell, wait

READY_WITHIN = 90  # seconds, for a program to serve
WORK_WITHIN = 900  # seconds, for the migrations or the demo school to be done


def hold_lock(folder: Path) -> int:
    """Take the folder for this family; its programs inherit the lock and so hold it too."""
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    # A family that was killed is gone within moments; one that runs keeps the lock.
    for _ in range(20):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            wait(0.1)
        else:
            return handle
    raise StartError(f"Leerspoor already runs on {folder}: stop it, or choose another --data.")


def listen(host: str, port: int) -> socket.socket:
    """Open the port before anything starts, so that a taken one is told at once."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=2048)
    except socket.gaierror as error:
        raise StartError(f"The host {host} is unknown: try --host 127.0.0.1.") from error
    except PermissionError as error:
        raise StartError(f"Port {port} is for the system only: choose one with --port.") from error
    except OSError as error:
        sentence = f"Port {port} of {host} cannot be used ({os.strerror(error.errno or 0)}):"
        raise StartError(f"{sentence} choose another with --port.") from error


def valkey_answers(path: Path) -> bool:
    """Tell whether the embedded Valkey is up and has read its file."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(1)
        try:
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def web_is_ready(listening: socket.socket) -> bool:
    """Tell whether /health/ready answers 200."""
    host, port = listening.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:
        host = "127.0.0.1" if listening.family == socket.AF_INET else "::1"
    client = http.client.HTTPConnection(host, port, timeout=1)
    try:
        # Any name but that of the uploads, which answers for nothing else.
        client.request("GET", "/health/ready", headers={"Host": "leerspoor"})
        return client.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        client.close()


def is_migrated(folder: Path, environ: dict[str, str]) -> bool:
    """Tell whether the embedded database is known to be at the newest migration.

    It saves a second start the costliest imports; any doubt, and any other database, is a no.
    """
    path = folder / DATABASE
    if environ["DATABASE_URL"] != database_url(folder) or not path.exists():
        return False
    newest = max(file.name for file in (ROOT / "migrations" / "versions").glob("[0-9]*.py"))
    try:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            found = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    except sqlite3.Error:
        return False
    return found == [(newest.split("_")[0],)]


def start_all(family: Family, listening: socket.socket) -> None:
    """Start the programs in the order in which they need each other; returns when all serve."""
    was_migrated = is_migrated(family.folder, family.environ)
    if not was_migrated:
        migrate = family.python("migrate", "commands.py", "migrate", is_task=True)
    path = valkey_socket(family.folder)
    if family.environ["REDIS_URL"] == valkey_url(path):
        valkey = family.start("valkey", *valkey_command(path, family.folder / "valkey"))
        family.wait_until(lambda: valkey_answers(path), valkey, within=READY_WITHIN)
    if not was_migrated:
        family.wait_until(migrate.is_done, migrate, within=WORK_WITHIN)

    demo_is_loaded = family.folder / "demo-is-loaded"
    needs_demo = family.environ["LEERSPOOR_DEMO"] == "1" and not (
        was_migrated and demo_is_loaded.exists()
    )
    if needs_demo:
        tell("Loading the demo school (once)")
        family.python("worker", "worker.py")
        demo = family.python("demo", "commands.py", "demo", is_task=True)
    web = family.python("web", *web_command(f"fd://{listening.fileno()}"))
    if needs_demo:
        family.wait_until(demo.is_done, demo, within=WORK_WITHIN)
        demo_is_loaded.touch()
    family.wait_until(lambda: web_is_ready(listening), web, within=READY_WITHIN)
    if not needs_demo:  # nobody waits for the worker, so the web may have the processor first
        family.python("worker", "worker.py")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="bin/run", description="Start Leerspoor: queue, worker and web. Ctrl-C ends all."
    )
    parser.add_argument("--port", type=int, default=8000, help="default 8000; 0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1", help="default 127.0.0.1")
    parser.add_argument("--no-demo", action="store_true", help="no demo school, no demo sign-in")
    parser.add_argument("--data", metavar="DIR", help="where the state is kept; default var/")
    return parser.parse_args()


def run(given: argparse.Namespace) -> None:
    """Start all and keep it running; returns after an orderly end."""
    folder = state_folder(given.data, os.environ)
    lock = hold_lock(folder)
    with listen(given.host, given.port) as listening:
        host, port = listening.getsockname()[:2]
        demo = not given.no_demo and os.environ.get("LEERSPOOR_DEMO") != "0"
        if demo and not ipaddress.ip_address(host).is_loopback:
            raise StartError(f"The demo is for this computer only: add --no-demo to use {host}.")
        environ = with_defaults(os.environ, folder)
        shown = f"[{host}]" if listening.family == socket.AF_INET6 else given.host
        environ.setdefault("PUBLIC_URL", f"http://{shown}:{port}")
        environ["LEERSPOOR_DEMO"] = "1" if demo else "0"
        remember_start(folder, environ)
        family = Family(folder, environ, shared=(lock, listening.fileno()))
        try:
            start_all(family, listening)
            print(f"Leerspoor: {environ['PUBLIC_URL']}", flush=True)  # noqa: T201 - the one line
            while True:
                for child in family.children:
                    child.keep_alive()
                wait(1)
        except Stopped:
            tell("Stopping.")
        finally:
            listening.close()
            family.stop()


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, WATCHED)
    try:
        run(arguments())
    except StartError as error:
        sys.exit(str(error))
    except Stopped:
        sys.exit("Stopped while starting.")
