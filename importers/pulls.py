"""Pulls: runs that read a system of the school, on time or when somebody asks."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from importers.bench import Bench, Stopping
from importers.issues import Finding, Severity
from importers.models import ImportCursor, ImportRun, ImportSource
from importers.source import Asking, PullKind, Source, Unavailable
from importers.staged import add_issues
from lti import keys
from tracker.db import unit_of_work, utc_now
from tracker.models import School

PULL_KINDS: dict[str, PullKind] = {}
MOST_TRIES = 5  # of one stream in one run; then the run goes on without the rest of it
FIRST_WAIT = timedelta(seconds=30)


def open_pull(bench: Bench, run: ImportRun, school: School) -> Source:
    """Open the system that a run reads, behind what earlier runs took in; raises Unavailable."""
    if bench.settings is None:
        raise Unavailable("source.no_settings", is_final=True)
    with unit_of_work(bench.engine, school_id=bench.school_id, writes=False) as session:
        row = session.get_one(ImportSource, (bench.school_id, run.source_id))
        cursors = session.scalars(
            sa.select(ImportCursor).where(
                ImportCursor.school_id == bench.school_id, ImportCursor.source_id == row.id
            )
        ).all()
    secret = None
    if row.sealed_secret is not None:
        secret = keys.unseal(row.sealed_secret.encode(), bench.settings.encryption_keys)
    asking = Asking(
        url=row.url or "",
        secret=secret,
        options=row.options,
        zone=ZoneInfo(school.timezone),
        since={cursor.stream: cursor.value for cursor in cursors},
        allow_loopback=bench.settings.is_demo,
        at=run.started_at,
    )
    return PULL_KINDS[row.kind].open(asking)


def put_off(bench: Bench, reason: Unavailable) -> None:
    """Have the run taken up later, from where it is; after many tries it goes on without the rest.

    What was not read is not missing: the stream is not whole, so it closes nobody, and its cursor
    stays where it was. Raises Stopping when the run waits.
    """
    with bench.step() as (session, run):
        tries = run.cursor.get("tries", 0) + 1
        if tries < MOST_TRIES and not reason.is_final:
            wait = FIRST_WAIT * 2 ** (tries - 1)
            if reason.retry_after is not None:
                wait = max(wait, timedelta(seconds=min(reason.retry_after, 3600)))
            run.cursor = {**run.cursor, "tries": tries}
            run.due_at = utc_now() + wait
        else:
            _give_up_stream(run)
            finding = Finding(
                code=reason.code, severity=Severity.WARNING, detail=reason.detail, file=None
            )
            add_issues(session, run, [(0, finding)])
        is_waiting = run.due_at is not None and run.due_at > utc_now()
    if is_waiting:
        raise Stopping


def _give_up_stream(run: ImportRun) -> None:
    place = run.cursor.get("stream", 0)
    streams = [dict(stream) for stream in run.layout["streams"]]
    streams[place]["is_whole"] = False
    run.layout = {**run.layout, "streams": streams}
    run.cursor = {"stream": place + 1, "after": 0, "seq": run.cursor.get("seq", 1)}
