"""Reading: the records of a file become staged rows, batch by batch."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy.orm import Session

from importers import bulk
from importers.engine import seen
from importers.engine.ahead import Ahead
from importers.engine.held import HeldRun, Stopping, end
from importers.engine.opening import source_of
from importers.engine.restage import begin_again
from importers.engine.sifting import COLUMNS, Sieve, Sifted
from importers.models import ImportRow, ImportRun, Phase, RunState
from importers.pulls import pulling
from importers.records import RecordKind
from importers.source import Batch, Unavailable
from importers.staged import add_issues
from tracker.db import unit_of_work, utc_now


def read_some(held: HeldRun) -> None:
    """Stage the next batch of the file; the last one hands the run on to matching."""
    try:
        if held.batches is None:
            held.batches = _open(held)
        sifted = next(held.batches, None)
    except Unavailable as reason:
        held.batches = None
        pulling.put_off(held, reason)
        return
    except pulling.Ended:
        held.batches = None
        return
    is_turn_over = False
    with held.step() as (session, run):
        if run.cancel_asked_at is not None:
            end(session, run, state=RunState.DISCARDED, at=utc_now())
        elif sifted is None:
            _next_stream(run)
            held.batches = None
        elif _is_outdated(run, sifted):
            begin_again(run)
        else:
            _stage(session, run, sifted)
            is_turn_over = pulling.is_turn_over(held, session, run)
    if is_turn_over:
        raise Stopping
    if held.phase is not Phase.READ:
        held.source = held.batches = None


def _open(held: HeldRun) -> Iterator[Sifted]:
    """Go on in the stream, and behind the place, where the cursor stands."""
    run, source = source_of(held)
    place = run.cursor.get("stream", 0)
    streams = source.streams()
    if place == len(streams):
        return iter(())
    kind = RecordKind(streams[place].kind)
    made = source.read(streams[place], after=run.cursor.get("after", 0), size=run.batch_size)
    # A system is asked by who holds the run, so that it is seen to be alive.
    if run.file_digest is None:
        return _sift(held, run, kind, made)
    return Ahead(_sift(held, run, kind, Ahead(made)))


def _sift(
    held: HeldRun, run: ImportRun, kind: RecordKind, batches: Iterator[Batch]
) -> Iterator[Sifted]:
    sieve = None
    for batch in batches:
        with unit_of_work(held.engine, school_id=held.school_id, writes=False) as session:
            sieve = sieve or Sieve.of(session, run, kind)
            sifted = sieve.sift(session, batch)
        yield sifted


def _is_outdated(run: ImportRun, sifted: Sifted) -> bool:
    """Whether another run of this source wrote while this one compared rows to what was known."""
    return run.layout.get("as_of", sifted.writes) != sifted.writes


def _stage(session: Session, run: ImportRun, sifted: Sifted) -> None:
    place, first = run.cursor.get("stream", 0), run.cursor.get("seq", 1)
    rows = [(first + number, *values) for number, *values in sifted.rows]
    bulk.copy_rows(session, ImportRow, COLUMNS, rows, same=sifted.same)
    seen.note(session, run, first, sifted.kind, sifted.passed_over)
    add_issues(session, run, [(first + number, finding) for number, finding in sifted.findings])
    # With the number of a row: when that is read again, they are found again.
    add_issues(session, run, [(first, finding) for finding in sifted.batch.findings])
    batch, stream = sifted.batch, dict(run.layout["streams"][place])
    if stream["from"] is None:
        stream["from"] = first
    stream["until"] = first + sifted.number
    stream["is_whole"] = stream["is_whole"] and batch.is_whole
    stream["hidden"] = [*stream.get("hidden", []), *batch.hidden]
    if batch.since is not None:
        stream["since"] = dict(batch.since)
    _set_stream(run, place, stream)
    run.layout = {**run.layout, "as_of": sifted.writes}
    run.cursor = {"stream": place, "after": batch.after, "seq": stream["until"]}
    run.done = stream["until"] - 1


def _next_stream(run: ImportRun) -> None:
    """Go on to the next stream, or to matching."""
    place = min(run.cursor.get("stream", 0) + 1, len(run.layout["streams"]))
    run.cursor = {"stream": place, "after": 0, "seq": run.cursor.get("seq", 1)}
    if place == len(run.layout["streams"]):
        run.total = run.done
        run.phase = Phase.MATCH
        run.cursor = {}


def _set_stream(run: ImportRun, place: int, stream: dict[str, Any]) -> None:
    streams = list(run.layout["streams"])
    streams[place] = stream
    run.layout = {**run.layout, "streams": streams}
