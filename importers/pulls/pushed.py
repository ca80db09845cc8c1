"""Statements that a program sends us: taken at once, and read by a run as a file would be.

Each is a row until its run took it in, so that an answer is a promise and a worker may die. Posts
of a few seconds share one run: it waits for them (`COLLECTS`), and as long as nobody began with it
more are added. So an LMS that posts each click makes a run in ten seconds at most, whatever it
sends, and old runs that changed nothing are pruned as pulls are (timetable.py).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from tempfile import TemporaryFile
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from importers.engine import bulk
from importers.engine.staged import layout_of
from importers.models import (
    ImportRun,
    ImportSource,
    Phase,
    PushedStatement,
    RunState,
    Statement,
)
from importers.pulls.pulling import JOB
from importers.readers.kept import Kept
from importers.xapi.meaning import digest_of
from importers.xapi.source import KIND, streams_of
from tracker.db import insert_missing, nudge
from tracker.errors import Conflict, NotAllowed
from tracker.models import Person

# Posts of so long share a run.
COLLECTS = timedelta(seconds=3)
BATCH_SIZE = 1000
# A run with more than this is long enough; the next statements go to another.
MOST_IN_RUN = 50_000


@dataclass(frozen=True, slots=True)
class Sent:
    """A valid statement with its id, and the digest of what it says."""

    key: str
    digest: str
    statement: Mapping[str, Any]


def source_of_pusher(session: Session, *, by: Person) -> ImportSource:
    """Return the source for which this program sends; raises NotAllowed."""
    found = session.scalar(
        sa.select(ImportSource).where(
            ImportSource.school_id == by.school_id, ImportSource.pusher_id == by.id
        )
    )
    if found is None or found.paused_at is not None:
        raise NotAllowed("no program that may send statements")
    return found


def sent(statement: Mapping[str, Any]) -> Sent:
    """Return a valid statement as it is taken in."""
    return Sent(statement["id"].lower(), digest_of(statement), statement)


def push(session: Session, *, by: Person, statements: Sequence[Sent], at: datetime) -> None:
    """Take statements in: all of them, or none.

    Those that we have already do nothing. Raises Conflict when another statement has one of the
    ids, NotAllowed for who is no program of a source.
    """
    source = source_of_pusher(session, by=by)
    # One after another: of two posts with one id the second sees the first.
    session.refresh(source, with_for_update={"key_share": True})
    known = _known(session, source, [one.key for one in statements])
    if any(known.get(one.key, one.digest) != one.digest for one in statements):
        raise Conflict("xapi.conflict")
    new = {one.key: one for one in statements if one.key not in known}
    if not new:
        return
    run = _collecting(session, source, by, at)
    insert_missing(
        session,
        PushedStatement,
        [
            {
                "school_id": source.school_id,
                "source_id": source.id,
                "statement_id": one.key,
                "run_id": run.id,
                "row": number,
                "digest": one.digest,
                "statement": dict(one.statement),
            }
            for number, one in enumerate(new.values(), (run.total or 0) + 1)
        ],
    )
    run.total = (run.total or 0) + len(new)
    session.flush()


def _known(session: Session, source: ImportSource, ids: Sequence[str]) -> dict[str, str]:
    """Return the digests of what is known under these ids, taken in or waiting."""
    found: dict[str, str] = {}
    for table in (PushedStatement, Statement):
        rows = session.execute(
            sa.select(table.statement_id, table.digest).where(
                table.school_id == source.school_id,
                table.source_id == source.id,
                bulk.is_among(session, table.statement_id, ids),
                table.digest.is_not(None),
            )
        )
        found |= {key: digest for key, digest in rows if digest is not None}
    return found


def _collecting(session: Session, source: ImportSource, by: Person, at: datetime) -> ImportRun:
    """Return the run that still waits for more; a new one when nobody's does."""
    run = session.scalar(
        sa.select(ImportRun)
        .where(
            ImportRun.school_id == source.school_id,
            ImportRun.source_id == source.id,
            ImportRun.is_direct,
            ImportRun.state == RunState.WAITING,
            ImportRun.claim.is_(None),
            ImportRun.total < MOST_IN_RUN,
        )
        .order_by(ImportRun.id)
        .limit(1)
        .with_for_update()
    )
    if run is not None:
        return run
    run = _new_run(source, by, at)
    session.add(run)
    session.flush()
    # What a run that failed could not take in is not lost: its promise was given.
    failed = sa.select(ImportRun.id).where(
        ImportRun.school_id == source.school_id,
        ImportRun.source_id == source.id,
        ImportRun.state == RunState.FAILED,
    )
    bulk.change(
        session,
        sa.update(PushedStatement)
        .where(PushedStatement.school_id == source.school_id, PushedStatement.run_id.in_(failed))
        .values(run_id=run.id),
    )
    nudge(session, JOB, school_id=str(run.school_id), run_id=str(run.id))
    return run


def _new_run(source: ImportSource, by: Person, at: datetime) -> ImportRun:
    return ImportRun(
        school_id=source.school_id,
        source_id=source.id,
        kind=KIND,
        file_name=source.name,
        is_direct=True,
        options={**source.options, "lines": True},
        state=RunState.WAITING,
        phase=Phase.READ,
        batch_size=BATCH_SIZE,
        layout={"closings": [1, 1], **layout_of(streams_of(source.name))},
        cursor={},
        done=0,
        total=0,
        counts={},
        due_at=at + COLLECTS,
        started_by_id=by.id,
        started_at=at,
        attempts=0,
    )


def kept_of(session: Session, run: ImportRun) -> Kept | None:
    """Return what programs sent for a run as a file of lines; None for any other run."""
    rows = session.scalars(
        sa.select(PushedStatement.statement)
        .where(PushedStatement.school_id == run.school_id, PushedStatement.run_id == run.id)
        .order_by(PushedStatement.row, PushedStatement.statement_id)
        .execution_options(yield_per=BATCH_SIZE)
    )
    return _written(rows)


def _written(statements: Iterable[Mapping[str, Any]]) -> Kept | None:
    file = TemporaryFile()  # noqa: SIM115 - closed with what is kept in it
    for statement in statements:
        file.write(orjson.dumps(statement) + b"\n")
    if file.tell():
        return Kept(file)
    file.close()
    return None


def forget(session: Session, run: ImportRun) -> None:
    """Let go of what a run took in; what is set aside stands among its rows."""
    bulk.change(
        session,
        sa.delete(PushedStatement).where(
            PushedStatement.school_id == run.school_id, PushedStatement.run_id == run.id
        ),
    )
