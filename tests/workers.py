"""Real workers and a real Valkey, for as long as a block lasts: to kill, to double, to cut off."""

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import redis

from bin.environment import die_with_parent
from settings import Settings
from tests import servers
from worker import main as work

# A worker spends longer on its imports than on its work here: one process does them for all.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["worker", "tests.workers"])
PATIENCE = 300  # seconds: a busy machine may take its time
QUICK = 0.005  # seconds: often enough to meet a run between two batches
POLL = 0.05  # seconds: looking takes the time in which the worker would do its work


@dataclass
class Workers:
    """Starts workers, and leaves none."""

    environ: dict[str, str]
    log: Path
    started: list[ForkServerProcess] = field(default_factory=list)

    def start(self) -> ForkServerProcess:
        self.log.touch()
        worker = FORKS.Process(target=work_as, args=(self.environ, self.log))
        worker.start()
        self.started.append(worker)
        return worker

    def end_of(self, worker: ForkServerProcess) -> int | None:
        """Wait until a worker ended by itself; returns its exit code, None without patience."""
        worker.join(PATIENCE)
        return worker.exitcode

    def said(self) -> str:
        return self.log.read_text() if self.started else ""

    def wait_until(self, happened: Callable[[], bool], what: str, *, poll: float = POLL) -> None:
        """Wait; a worker that ended by itself, or patience that ended, shows what they said.

        `poll` is in seconds; it is QUICK for what is over in a moment.
        """
        deadline = time.monotonic() + PATIENCE
        while not happened():
            ended = {worker.exitcode for worker in self.started}
            assert ended <= {None, 0, -signal.SIGKILL}, f"a worker died: {self.said()}"
            assert time.monotonic() < deadline, f"never: {what}\n{self.said()}"
            time.sleep(poll)

    def kill(self, worker: ForkServerProcess) -> int:
        """Kill a worker and wait until its job died with it; returns how many jobs that were."""
        assert worker.pid is not None
        horses = children(worker.pid)
        worker.kill()
        worker.join()
        self.wait_until(
            lambda: not any(Path(f"/proc/{pid}").exists() for pid in horses), "no child left"
        )
        return len(horses)


def work_as(environ: dict[str, str], log: Path) -> None:
    """Be worker.py, started with this environment; what it says goes to its log."""
    die_with_parent(os.getppid(), signal.SIGKILL)
    os.environ.clear()
    os.environ.update(environ)
    handle = os.open(log, os.O_WRONLY | os.O_APPEND)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(handle, stream.fileno())
    sys.stdout.reconfigure(line_buffering=True)
    warnings.simplefilter("error")
    work()


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

    def forget_executions(self) -> None:
        """Let rq's notes on running jobs expire, as after 90 seconds without a worker."""
        with redis.from_url(self.url) as client:
            for key in client.scan_iter("rq:execution:*"):
                client.delete(key)


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


def environ_of(settings: Settings, queue: Queue) -> dict[str, str]:
    """Set a worker up as an application in this process is set up, with a queue."""
    return {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        "DATABASE_URL": settings.database_url,
        "EVIDENCE_URL": settings.evidence_url,
        "SECRET_KEY": settings.secret_key,
        "ENCRYPTION_KEYS": ",".join(settings.encryption_keys),
        "PUBLIC_URL": settings.public_url,
        "LEERSPOOR_DEMO": "1",
        "REDIS_URL": queue.url,
        "PYTHONUNBUFFERED": "1",
    }


@contextmanager
def running_workers(environ: Mapping[str, str], log: Path) -> Iterator[Workers]:
    """Give what starts workers, and leave none."""
    made = Workers(dict(environ), log)
    try:
        yield made
    finally:
        for worker in made.started:
            worker.kill()
            worker.join()
            worker.close()
