"""What the queue wakes the worker for; each job opens its own units of work."""

from uuid import UUID

from flask import current_app

from importers.engine.held import take
from importers.engine.work import do_work
from importers.pulls.kept_secrets import encrypt_anew
from importers.pulls.timetable import prune_pulls
from settings import Settings
from tracker.db import utc_now

SOURCES_JOB = "importers.jobs.look_after_sources"


def look_after_sources() -> None:
    """For each day: old pulls that changed nothing go, secrets are encrypted with the first key."""
    engine, at = current_app.extensions["engine"], utc_now()
    settings: Settings = current_app.extensions["settings"]
    prune_pulls(engine, at=at)
    encrypt_anew(engine, encryption_keys=settings.encryption_keys)


def run_import(school_id: str, run_id: str) -> None:
    """Do what a run asks for, unless another worker does; the row, not the job, is the truth.

    `stopping` among the application's extensions says whether the worker was asked to end.
    """
    held = take(
        current_app.extensions["engine"],
        current_app.extensions["store"],
        school_id=UUID(school_id),
        run_id=UUID(run_id),
        at=utc_now(),
        settings=current_app.extensions["settings"],
    )
    if held is not None:
        stopping = current_app.extensions.get("stopping")
        if stopping is not None:
            held.is_stopping = stopping.is_set
        do_work(held)
