"""Real workers and a real Valkey, for as long as a block lasts: to kill, to double, to cut off."""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import redis

from tests import servers

ROOT = Path(__file__).parents[1]
PATIENCE = 90  # seconds


def wait_until(happened: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.002)


@dataclass
class Workers:
    """Starts workers, and leaves none."""

    environ: dict[str, str]
    log: Path
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            worker = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-W", "error", str(ROOT / "worker.py")],
                cwd=ROOT,
                env=self.environ,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.started.append(worker)
        return worker

    def said(self) -> str:
        return self.log.read_text()


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@dataclass
class Queue:
    """A Valkey that a test may stop and start again at the same address."""

    folder: Path
    url: str = ""
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.url, self.process = servers.start_valkey(self.folder)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def empty(self) -> None:
        with redis.from_url(self.url) as client:
            client.flushall()


@contextmanager
def running_queue() -> Iterator[Queue]:
    """Run a Valkey."""
    folder = Path(tempfile.mkdtemp(prefix="leerspoor-vk-"))  # short: a socket's path has a limit
    made = Queue(folder)
    made.start()
    try:
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running_workers(environ: Mapping[str, str], log: Path) -> Iterator[Workers]:
    """Give what starts workers, and leave none."""
    made = Workers(dict(environ), log)
    try:
        yield made
    finally:
        for worker in made.started:
            worker.kill()
            worker.wait()
