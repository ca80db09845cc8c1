"""The background worker: `python worker.py` does what waits, one job at a time in a child process.

The database row is the queue: Valkey or Redis only wakes us. So every few seconds we also sweep
the schools for what waits (`SWEEPS`), whatever became of its nudge, and a queue that is down,
restarted or emptied delays work and loses none.
"""

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import FrameType

import redis
import structlog
from flask import Flask
from rq import Queue, Worker
from rq.exceptions import StopRequested
from rq.job import Job
from rq.serializers import JSONSerializer
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from app import create_app
from bin.environment import die_with_parent
from importers.jobs import SOURCES_JOB
from importers.lti.jobs import waiting_pulls
from importers.pulls.pulling import JOB as RUN_JOB
from importers.pulls.timetable import start_due
from importers.sweep import waiting_runs
from lti.courses.pulls import PULL_JOB
from lti.gradebook.gradebook import JOB as GRADEBOOKS_JOB
from lti.jobs import DROP_JOB, ROTATE_JOB, waiting_gradebooks
from settings import Settings, SettingsError
from tracker.db import new_id, utc_now
from tracker.scanner import JOB as SCAN_JOB
from upkeep import ORPHANS_JOB, waiting_schools

log = structlog.get_logger("leerspoor.worker")
SWEEP_EVERY = 10  # seconds
# rq waits for a job for 15 seconds less than this, and looks after maintenance in between.
WORKER_TTL = 15 + SWEEP_EVERY
LONGEST_WAIT = 5.0  # seconds between attempts to reach the queue


@dataclass(frozen=True, slots=True)
class Wanted:
    """A job for what a sweep found; it is queued unless one for the same `work` is."""

    job: str
    work: str
    arguments: dict[str, str]


@dataclass(frozen=True, slots=True)
class Sweep:
    """One kind of work that may wait: how to find it, and how often to look."""

    find: Callable[[Flask, datetime], Iterable[Wanted]]
    every: timedelta = timedelta()


def _runs(app: Flask, at: datetime) -> Iterable[Wanted]:
    for school_id, run_id in waiting_runs(_engine(app), at=at):
        arguments = {"school_id": str(school_id), "run_id": str(run_id)}
        yield Wanted(RUN_JOB, f"import-{run_id}", arguments)


def _due_sources(app: Flask, at: datetime) -> Iterable[Wanted]:
    for school_id, run_id in start_due(_engine(app), at=at):
        arguments = {"school_id": str(school_id), "run_id": str(run_id)}
        yield Wanted(RUN_JOB, f"import-{run_id}", arguments)


def _sources(_app: Flask, _at: datetime) -> Iterable[Wanted]:
    yield Wanted(SOURCES_JOB, "look-after-sources", {})


def _courses(app: Flask, at: datetime) -> Iterable[Wanted]:
    for school_id, pull_id in waiting_pulls(_engine(app), at=at):
        arguments = {"school_id": str(school_id), "pull_id": str(pull_id)}
        yield Wanted(PULL_JOB, f"pull-{pull_id}", arguments)


def _gradebooks(app: Flask, at: datetime) -> Iterable[Wanted]:
    for school_id in waiting_gradebooks(_engine(app), at=at):
        yield Wanted(GRADEBOOKS_JOB, f"gradebooks-{school_id}", {"school_id": str(school_id)})


def _scans(app: Flask, _at: datetime) -> Iterable[Wanted]:
    settings: Settings = app.extensions["settings"]
    if settings.clamd_url is not None:
        for school_id in waiting_schools(_engine(app)):
            yield Wanted(SCAN_JOB, f"scan-{school_id}", {"school_id": str(school_id)})


def _orphans(_app: Flask, _at: datetime) -> Iterable[Wanted]:
    yield Wanted(ORPHANS_JOB, "drop-orphans", {})


def _keys(_app: Flask, _at: datetime) -> Iterable[Wanted]:
    yield Wanted(ROTATE_JOB, "rotate-keys", {})


def _old_launches(_app: Flask, _at: datetime) -> Iterable[Wanted]:
    yield Wanted(DROP_JOB, "drop-old-launches", {})


SWEEPS = (
    Sweep(_runs),
    Sweep(_due_sources),
    Sweep(_courses),
    Sweep(_gradebooks),
    # Files that the scanner could not look at are tried again after so long.
    Sweep(_scans, every=timedelta(minutes=1)),
    Sweep(_orphans, every=timedelta(days=1)),
    Sweep(_keys, every=timedelta(days=1)),
    Sweep(_sources, every=timedelta(days=1)),
    # Anybody may start logins: those that nobody finishes are not left for long.
    Sweep(_old_launches, every=timedelta(minutes=10)),
)


@dataclass
class Wish:
    """Whether we are asked to stop; it outlives each worker: a signal may reach an older one."""

    is_to_stop: bool = False


class SweepingWorker(Worker):
    """An rq worker that sweeps, leaves no orphan, and stops between two batches when asked to."""

    max_connection_wait_time = LONGEST_WAIT

    def __init__(self, app: Flask, connection: redis.Redis, wish: Wish) -> None:
        self.app = app
        self.wish = wish
        self.due_at = dict.fromkeys(SWEEPS, utc_now())
        super().__init__(
            [Queue("leerspoor", connection=connection, serializer=JSONSerializer)],
            connection=connection,
            serializer=JSONSerializer,
            worker_ttl=WORKER_TTL,
            maintenance_interval=SWEEP_EVERY,
        )

    def run_maintenance_tasks(self) -> None:
        """Sweep, and look after rq's own registries."""
        self.sweep()
        super().run_maintenance_tasks()  # type: ignore[no-untyped-call]  # rq's

    def sweep(self) -> None:
        """Queue what waits and is not queued; a database that is down only delays it."""
        at = utc_now()
        due = [sweep for sweep in SWEEPS if at >= self.due_at[sweep]]
        try:
            found = [wanted for sweep in due for wanted in sweep.find(self.app, at)]
        except SQLAlchemyError as error:
            log.warning("sweep failed", error=type(error).__name__)
            return
        finally:
            # No connection is open when a job's process is forked from this one.
            _engine(self.app).dispose()
        queue = self.queues[0]
        queued = {job_id.rpartition("-")[0] for job_id in queue.job_ids}
        for wanted in found:
            if wanted.work not in queued:
                # An id of its own: under the id of a job whose worker died rq would trip over
                # what is left of that one.
                queue.enqueue(
                    wanted.job,
                    kwargs=wanted.arguments,
                    job_id=f"{wanted.work}-{new_id().hex}",
                    result_ttl=0,
                    failure_ttl=3600,
                )
        self.due_at |= {sweep: at + sweep.every for sweep in due}

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Run a job without a clock: a run's own heartbeat says whether it gets on."""
        job.timeout = -1
        super().execute_job(job, queue)

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        """Run the job in the child process, which dies with us and has connections of its own."""
        die_with_parent(self.pid or 0, signal.SIGKILL)
        self.app.extensions["engine"].dispose(close=False)
        with self.app.app_context():
            super().main_work_horse(job, queue)

    def setup_work_horse_signals(self) -> None:
        """Let SIGTERM end the job between two batches; the run waits for the next worker."""
        super().setup_work_horse_signals()  # type: ignore[no-untyped-call]  # rq's
        stopping = self.app.extensions["stopping"] = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: stopping.set())

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Stop after the present batch, also while the queue cannot be reached."""
        self.wish.is_to_stop = True
        if self.horse_pid:
            self.kill_horse(signal.SIGTERM)
        try:
            super().request_stop(signum, frame)  # type: ignore[no-untyped-call]  # rq's
        except redis.RedisError:
            log.warning("stopping while the queue is down")

    def subscribe(self) -> None:
        """Listen to no remote commands: they need a thread, and a fork copies no threads."""

    def unsubscribe(self) -> None:
        """Nothing to undo."""


def _engine(app: Flask) -> Engine:
    engine: Engine = app.extensions["engine"]
    return engine


def work(app: Flask) -> None:
    """Work until asked to stop; start again when the queue went away."""
    settings: Settings = app.extensions["settings"]
    if settings.redis_url is None:
        raise SettingsError("REDIS_URL is not set: the worker needs the queue that wakes it.")
    wish = Wish()
    wait = 0.5
    while not wish.is_to_stop:
        connection = redis.from_url(settings.redis_url, socket_connect_timeout=5)
        worker: SweepingWorker | None = None
        try:
            worker = SweepingWorker(app, connection, wish)
            worker.work(logging_level=settings.log_level)
            wait = 0.5
        except redis.RedisError as error:
            log.warning("the queue is down", error=type(error).__name__)
        except StopRequested:
            log.info("stopping while the queue is down")
        if worker is not None and worker.horse_pid:
            # A job that was at work when the queue went away goes on: it needs only the database.
            worker.wait_for_horse()
        connection.close()
        # The last worker's handler still hears a signal, and raises here.
        with suppress(StopRequested):
            time.sleep(wait if not wish.is_to_stop else 0)
        wait = min(2 * wait, LONGEST_WAIT)


def main() -> None:
    """Build the application and work; a wrong setting is one sentence."""
    try:
        app = create_app()
        work(app)
    except SettingsError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
