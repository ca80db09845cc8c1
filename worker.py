"""The background worker: `python worker.py` does what waits, one job at a time in a child process.

The database row is the queue: Valkey or Redis only wakes us. So every few seconds we also sweep
the schools for what waits (runs, files for the scanner), whatever became of its nudge, and a queue
that is down, restarted or emptied delays work and loses none.
"""

import signal
import sys
import threading
import time
from datetime import datetime, timedelta
from types import FrameType
from uuid import UUID

import redis
import structlog
from flask import Flask
from rq import Queue, Worker
from rq.job import Job
from rq.serializers import JSONSerializer
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from app import create_app
from bin.environment import die_with_parent
from importers.runs import JOB
from importers.sweep import waiting_runs
from settings import Settings, SettingsError
from tracker.db import utc_now
from tracker.scanner import JOB as SCAN_JOB
from upkeep import ORPHANS_JOB, waiting_schools

log = structlog.get_logger("leerspoor.worker")
SWEEP_EVERY = 10  # seconds
# Files that the scanner could not look at are tried again after so long; orphans once a day.
SCAN_EVERY, DROP_EVERY = timedelta(minutes=1), timedelta(days=1)
# rq waits for a job for 15 seconds less than this, and looks after maintenance in between.
WORKER_TTL = 15 + SWEEP_EVERY
LONGEST_WAIT = 5.0  # seconds between attempts to reach the queue


class SweepingWorker(Worker):
    """An rq worker that sweeps, leaves no orphan, and stops between two batches when asked to."""

    max_connection_wait_time = LONGEST_WAIT

    def __init__(self, app: Flask, connection: redis.Redis) -> None:
        self.app = app
        self.is_asked_to_stop = False
        self.scans_due_at = self.drop_due_at = utc_now()
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
        """Queue the runs that wait and are not queued; a database that is down only delays them.

        So with files that wait for the scanner, and once a day with bytes that nothing names.
        """
        engine: Engine = self.app.extensions["engine"]
        at = utc_now()
        try:
            found = waiting_runs(engine, at=at)
            unscanned = self._unscanned(engine, at)
        except SQLAlchemyError as error:
            log.warning("sweep failed", error=type(error).__name__)
            return
        finally:
            # No connection is open when a job's process is forked from this one.
            engine.dispose()
        queue = self.queues[0]
        queued = set(queue.job_ids)
        for school_id, run_id in found:
            job_id = f"import-{run_id}"
            if job_id not in queued:
                arguments = {"school_id": str(school_id), "run_id": str(run_id)}
                queue.enqueue(JOB, kwargs=arguments, job_id=job_id, result_ttl=0, failure_ttl=3600)
        for school_id in unscanned:
            job_id = f"scan-{school_id}"
            if job_id not in queued:
                arguments = {"school_id": str(school_id)}
                queue.enqueue(
                    SCAN_JOB, kwargs=arguments, job_id=job_id, result_ttl=0, failure_ttl=3600
                )
        if at >= self.drop_due_at:
            self.drop_due_at = at + DROP_EVERY
            if "drop-orphans" not in queued:
                queue.enqueue(ORPHANS_JOB, job_id="drop-orphans", result_ttl=0, failure_ttl=3600)

    def _unscanned(self, engine: Engine, at: datetime) -> list[UUID]:
        settings: Settings = self.app.extensions["settings"]
        if settings.clamd_url is None or at < self.scans_due_at:
            return []
        self.scans_due_at = at + SCAN_EVERY
        return waiting_schools(engine)

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
        self.is_asked_to_stop = True
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


def work(app: Flask) -> None:
    """Work until asked to stop; start again when the queue went away."""
    settings: Settings = app.extensions["settings"]
    if settings.redis_url is None:
        raise SettingsError("REDIS_URL is not set: the worker needs the queue that wakes it.")
    wait = 0.5
    while True:
        connection = redis.from_url(settings.redis_url, socket_connect_timeout=5)
        worker: SweepingWorker | None = None
        try:
            worker = SweepingWorker(app, connection)
            worker.work(logging_level=settings.log_level)
            wait = 0.5
        except redis.RedisError as error:
            log.warning("the queue is down", error=type(error).__name__)
        if worker is not None:
            # A job that was at work when the queue went away goes on: it needs only the database.
            if worker.horse_pid:
                worker.wait_for_horse()
            if worker.is_asked_to_stop:
                return
        connection.close()
        time.sleep(wait)
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
