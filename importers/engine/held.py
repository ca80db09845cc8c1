"""A run that a worker holds: it is done step by step, and each step is one commit.

A step that commits has moved the run's cursor with it; a worker that dies in between repeats at
most that one step. Who lost the run to another worker, because its heartbeat grew old, finds that
out at its next step and stops: the run's row is locked and its claim compared in every step.
"""

import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from obstore.store import ObjectStore
from sqlalchemy.orm import Session

from importers.engine.seen import Keys
from importers.engine.sifting import Sifted
from importers.issues import Finding
from importers.models import ImportRun, ImportSource, Phase, RunState
from importers.pulls.breaker import note_end
from importers.records import RecordKind
from importers.source import Source
from importers.staged import add_issues
from settings import Settings
from tracker.db import new_id, unit_of_work, utc_now

# A worker that says nothing for so long is taken for dead. A step takes a second at most.
STALE = timedelta(seconds=30)
# While a system is asked, an answer may take a minute (readers/rest.py).
STALE_ASKING = timedelta(seconds=120)
# A run that gets no further in so many attempts is given up, lest it kills worker after worker.
MOST_ATTEMPTS = 20


# On SQLite one writes at a time: after each step others get their turn, who look every 2 ms.
OTHERS_TURN = 0.005


class LostClaim(Exception):
    """Another worker holds this run now."""


class Stopping(Exception):
    """The worker was asked to stop; the run waits for the next."""


@dataclass
class HeldRun:
    """A run that this worker holds; `phase` is what the last step left to be done.

    `total` is how many rows it has, once they are read.
    `source` is what it reads, once opened: what that asked for one stream serves the next.
    `gathered` is the kind before whose rows statistics were gathered, `passed_over` are the keys
    of rows that were not read; `has_looked_back` says that twins were looked for (twins.py).
    """

    engine: sa.Engine
    store: ObjectStore
    school_id: UUID
    run_id: UUID
    claim: str
    phase: Phase | None
    total: int | None = None
    settings: Settings | None = None
    is_stopping: Callable[[], bool] = field(default=lambda: False)
    source: Source | None = None
    batches: Iterator[Sifted] | None = None
    gathered: RecordKind | None = None
    has_looked_back: bool = False
    passed_over: dict[RecordKind, Keys] = field(default_factory=dict)
    wait: Callable[[float], None] = time.sleep
    taken_at: float = field(default_factory=time.monotonic)

    @contextmanager
    def step(self) -> Iterator[tuple[Session, ImportRun]]:
        """Open one unit of work on the run; raises LostClaim, or Stopping before it begins."""
        if self.is_stopping():
            raise Stopping
        with unit_of_work(self.engine, school_id=self.school_id) as session:
            run = session.scalar(
                sa.select(ImportRun)
                .where(
                    ImportRun.school_id == self.school_id,
                    ImportRun.id == self.run_id,
                    ImportRun.claim == self.claim,
                )
                .with_for_update()
            )
            if run is None:
                raise LostClaim
            yield session, run
            run.heartbeat_at = utc_now()
            run.attempts = 0
            on_sqlite = session.get_bind().dialect.name == "sqlite"
        self.phase, self.total = run.phase, run.total
        if on_sqlite:
            time.sleep(OTHERS_TURN)

    def release(self) -> None:
        """Let go of the run, so that the next worker need not wait until this one looks dead."""
        with unit_of_work(self.engine, school_id=self.school_id) as session:
            session.execute(
                sa.update(ImportRun)
                .where(
                    ImportRun.school_id == self.school_id,
                    ImportRun.id == self.run_id,
                    ImportRun.claim == self.claim,
                )
                .values(claim=None, heartbeat_at=None)
            )


def new_claim() -> str:
    """Return a name for this worker's hold on a run, for people who look at the table too."""
    return f"{socket.gethostname()[:20]}/{os.getpid()}/{new_id().hex[-12:]}"


def take(
    engine: sa.Engine,
    store: ObjectStore,
    *,
    school_id: UUID,
    run_id: UUID,
    at: datetime,
    settings: Settings | None = None,
) -> HeldRun | None:
    """Take hold of a run that asks for work; None when there is none, or another has it.

    Of one source one run is worked on at a time. A run that reads a system needs the `settings`.
    """
    with unit_of_work(engine, school_id=school_id) as session:
        run = session.get(ImportRun, (school_id, run_id))
        if run is None or run.phase is None or is_early(run, at):
            return None
        if run.source_id is not None:
            # Locked, so that of two workers who look at one source the second sees the first.
            key = (school_id, run.source_id)
            session.get(ImportSource, key, with_for_update={"key_share": True})
        session.refresh(run, with_for_update=True)
        if run.phase is None or _is_held(session, run, at):
            return None
        run.claim = new_claim()
        run.heartbeat_at = at
        run.attempts += 1
        if run.attempts > MOST_ATTEMPTS and run.phase not in {Phase.CLEAN, Phase.PRUNE}:
            add_issues(session, run, [(0, Finding(code="run.gave_up"))])
            end(session, run, state=RunState.FAILED, at=at)
        if run.state is RunState.WAITING:
            run.state = RunState.READING
        return HeldRun(engine, store, school_id, run_id, run.claim, run.phase, run.total, settings)


def is_early(run: ImportRun, at: datetime) -> bool:
    """Whether the run waits for a moment that is still to come."""
    return run.due_at is not None and run.due_at > at and run.cancel_asked_at is None


def _is_held(session: Session, run: ImportRun, at: datetime) -> bool:
    """Whether somebody who is alive works on this run, or on another of its source."""
    one = ImportRun.id == run.id
    if run.source_id is not None:
        one = ImportRun.source_id == run.source_id
    return bool(
        session.scalar(
            sa.select(
                sa.exists().where(
                    ImportRun.school_id == run.school_id,
                    one,
                    is_worked_on(at),
                )
            )
        )
    )


def is_worked_on(at: datetime) -> sa.ColumnElement[bool]:
    """Whether the worker that holds a run is alive."""
    is_asking = sa.and_(ImportRun.is_direct, ImportRun.phase == Phase.READ)
    heard_after = sa.case((is_asking, at - STALE_ASKING), else_=at - STALE)
    return sa.and_(ImportRun.claim.is_not(None), ImportRun.heartbeat_at > heard_after)


def end(session: Session, run: ImportRun, *, state: RunState, at: datetime) -> None:
    """End a run in this state; what it staged is still to be cleaned away."""
    run.state = state
    run.phase = Phase.CLEAN
    run.cursor = {}
    run.ended_at = at
    run.cancel_asked_at = None
    if run.is_direct and run.source_id is not None:
        note_end(session, run, state=state, at=at)
    session.flush()
