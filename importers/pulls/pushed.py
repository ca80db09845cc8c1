"""Statements and events that a program sends us: taken at once, read by a run as a file would be.

Each is a row until its run took it in, so that an answer is a promise and a worker may die. Posts
of a few seconds share one run: it waits for them (`COLLECTS`), and as long as nobody began with it
more are added. So an LMS that posts each click makes a run in ten seconds at most, whatever it
sends, and old runs that changed nothing are pruned as pulls are (timetable.py).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from tempfile import TemporaryFile
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from importers import bulk
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
from importers.staged import layout_of
from importers.xapi.telling import streams_of
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
    """A statement, or an event, with its id, and the digest of what it says."""

    key: str
    digest: str
    statement: Mapping[str, Any]


def source_of_pusher(session: Session, *, by: Person, kind: str) -> ImportSource:
    """Return the source for which this program sends this kind; raises NotAllowed."""
    found = session.scalar(
        sa.select(ImportSource).where(
            ImportSource.school_id == by.school_id,
            ImportSource.pusher_id == by.id,
            ImportSource.kind == kind,
        )
    )
    if found is None or found.paused_at is not None:
        raise NotAllowed("no program that may send this")
    return found


def push(
    session: Session,
    *,
    by: Person,
    kind: str,
    statements: Sequence[Sent],
    at: datetime,
    is_all_or_none: bool = True,
) -> None:
    """Take statements in: all of them, or none.

    Those that we have already do nothing. Raises Conflict when another statement has one of the
    ids; without `is_all_or_none` that one is taken too, for its run to set aside and tell of.
    Raises NotAllowed for who is no program of a source.
    """
    source = source_of_pusher(session, by=by, kind=kind)
    # One after another: of two posts with one id the second sees the first.
    session.refresh(source, with_for_update={"key_share": True})
    known = _known(session, source, [key for one in statements for key in (one.key, _aside(one))])
    new: dict[str, Sent] = {}
    for one in statements:
        digest = known.get(one.key) or (new[one.key].digest if one.key in new else one.digest)
        if digest != one.digest and is_all_or_none:
            raise Conflict("xapi.conflict")
        key = one.key if digest == one.digest else _aside(one)
        if key not in known:
            new[key] = replace(one, key=key)
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


def _aside(one: Sent) -> str:
    """Return under which key another content of the same id waits for its run."""
    return f"{one.key}:{one.digest[:16]}"


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
        kind=source.kind,
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
