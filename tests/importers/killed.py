"""A worker that is killed at one exact statement: SIGKILL, as by the system, not an exception."""

import os
import signal
import threading
from uuid import UUID

import sqlalchemy as sa

from importers.engine.held import take
from importers.engine.work import do_work
from tracker import attachments
from tracker.db import open_engine, utc_now


def main(url: str, files: str, school_id: UUID, run_id: UUID, point: int) -> None:
    """Work on a run, and die before the statement with this number."""
    engine = open_engine(url)
    lock, number = threading.Lock(), 0

    @sa.event.listens_for(engine, "before_cursor_execute")
    def count(*_: object) -> None:
        nonlocal number
        with lock:
            number += 1
            if number == point:
                os.kill(os.getpid(), signal.SIGKILL)

    store = attachments.open_store(files)
    held = take(engine, store, school_id=school_id, run_id=run_id, at=utc_now())
    if held is not None:
        do_work(held)
