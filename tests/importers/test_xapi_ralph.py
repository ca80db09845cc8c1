"""A real store, ralph-malph, in an environment of its own, with the defects it was seen to have.

It filters `since` by when things happened, turns only one page around, and never says how far it is
consistent. So a source of it reads all each time, and ids alone keep it exact.
"""

import gzip
import json
import os
import socket
import subprocess
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from importers.models import RunState
from tests.importers.pulled import Pulling, pulling
from tests.importers.test_xapi import doing, people, signals, statement

__all__ = ["pulling"]
pytestmark = pytest.mark.drill
LOGIN = ("imp", "secret")
PATIENCE = 60.0


@dataclass
class Ralph:
    """Where it runs, and the file in which it keeps its statements."""

    url: str
    file: Path

    def store(self, *statements: object) -> None:
        """Put statements into its file, as its own file mode would."""
        with self.file.open("ab") as file:
            file.writelines(json.dumps(one).encode() + b"\n" for one in statements)


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install ralph where nothing else is; without a package index that is said."""
    folder = tmp_path_factory.mktemp("ralph")
    venv.create(folder, with_pip=True)
    # Its extra forgets `requests`, without which it does not start.
    wanted = ["ralph-malph[lrs,cli]", "requests"]
    made = subprocess.run(  # noqa: S603 - our own command
        [str(folder / "bin" / "pip"), "install", "-q", *wanted], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("ralph-malph cannot be installed here: the real store was not asked")
    return folder / "bin"


@contextmanager
def running(programs: Path, folder: Path) -> Iterator[Ralph]:
    """Run it on a free port with an empty store."""
    name, secret = LOGIN
    # Without a name of its backend even `auth` looks for another, which is not installed.
    own = {"RALPH_APP_DIR": str(folder / "app"), "RALPH_RUNSERVER_BACKEND": "fs"}
    environment = {**os.environ, **own}
    for made in (folder / "app", folder / "store"):
        made.mkdir()
    asks = ["-u", name, "-p", secret, "-s", "all", "-N", "importer"]
    subprocess.run(  # noqa: S603 - our own command
        [str(programs / "ralph"), "auth", *asks, "-M", "mailto:imp@example.org", "-w"],
        env=environment,
        cwd=folder,
        check=True,
        capture_output=True,
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    place = ["--fs-default-directory-path", str(folder / "store")]
    process = subprocess.Popen(  # noqa: S603 - our own command
        [
            *(str(programs / "ralph"), "runserver", "-b", "fs", *place),
            *("-h", "127.0.0.1", "-p", str(port)),
        ],
        env=environment,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(f"{url}/__heartbeat__", process)
        yield Ralph(f"{url}/xAPI", folder / "store" / "fs_lrs.jsonl")
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        try:
            with urlopen(url, timeout=5):  # noqa: S310 - our own address
                return
        except URLError as error:
            if hasattr(error, "code"):  # it answers
                return
        except OSError:
            pass
    raise AssertionError("ralph does not answer")


def test_a_real_store_is_read_exactly_and_again_changes_nothing(
    pulling: Pulling, programs: Path, tmp_path: Path, field_data: Path
) -> None:
    body = gzip.decompress((field_data / "xapi/funmooc_4000.jsonl.gz").read_bytes())
    clicks = [json.loads(line) for line in body.splitlines()]
    stamp = "2026-11-20T08:00:00.000000+00:00"
    stored = [{**one, "stored": stamp, "version": "1.0.0", "context": {}} for one in clicks]
    names = sorted({one["actor"]["account"]["name"] for one in stored})
    people(pulling.importing, "S1", *names)
    with running(programs, tmp_path) as ralph:
        ralph.store(*stored)
        where: Any = SimpleNamespace(url=ralph.url)
        given = {"secret": ":".join(LOGIN), "options": {"read": "all"}}
        source = pulling.add(where, "Ralph", kind="xapi", **given)
        run = pulling.pull(source)
        assert run.state is RunState.APPLIED, pulling.importing.codes(run)
        visits = [v for _, kind, _, _, v, *_ in signals(pulling.importing) if kind == "visit"]
        done = [one for one in clicks if one["verb"]["id"].endswith("/completed")]
        assert sum(visits) == len(clicks) - len(done)
        before = pulling.importing.contents()
        assert doing(pulling.pull(source)) == 0
        assert pulling.importing.contents() == before
        ralph.store({**statement(1), "stored": "2026-11-20T09:00:00.000000+00:00"})
        assert doing(pulling.pull(source)) == 2  # the activity, and that it was completed
        assert doing(pulling.pull(source)) == 0
