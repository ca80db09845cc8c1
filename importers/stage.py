"""Reading: the records of a file become staged rows, batch by batch."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy.orm import Session

from importers import bulk, pulls
from importers.bench import Bench, end
from importers.models import ImportRow, ImportRun, Phase, RowStatus, RunState
from importers.opening import forget_file, source_of
from importers.records import Record, Standing
from importers.source import Batch, Stream, Unavailable
from importers.staged import add_issues
from tracker.db import new_id, utc_now

STATUS = {
    Standing.GOOD: RowStatus.NEW,
    Standing.BAD: RowStatus.QUARANTINED,
    Standing.IGNORED: RowStatus.IGNORED,
}


def read_some(bench: Bench) -> None:
    """Stage the next batch of the file; the last one hands the run on to matching."""
    try:
        if bench.batches is None:
            bench.batches = _open(bench)
        batch = next(bench.batches, None)
    except Unavailable as reason:
        bench.batches = None
        pulls.put_off(bench, reason)
        return
    with bench.step() as (session, run):
        if run.cancel_asked_at is not None:
            end(session, run, state=RunState.DISCARDED, at=utc_now())
        elif batch is None:
            _next_stream(run)
            bench.batches = None
        else:
            _stage(session, run, batch)
    if bench.phase is not Phase.READ:
        bench.batches = None
        forget_file(bench)


def _open(bench: Bench) -> Iterator[Batch]:
    """Go on in the stream, and behind the place, where the cursor stands."""
    run, source = source_of(bench)
    place = run.cursor.get("stream", 0)
    streams = source.streams()
    if place == len(streams):
        return iter(())
    return source.read(streams[place], after=run.cursor.get("after", 0), size=run.batch_size)


def layout_of(streams: Sequence[Stream]) -> dict[str, Any]:
    """Return what is to be remembered of the streams (see staged.py); reading fills in the rows."""
    return {
        "streams": [
            {
                "name": stream.name,
                "kind": stream.kind,
                "file": stream.file,
                "is_snapshot": stream.is_snapshot,
                "is_whole": True,
                "columns": {
                    role: [column.index, column.name] for role, column in stream.columns.items()
                },
                "from": None,
                "until": None,
                "since": None,
            }
            for stream in streams
        ]
    }


def _stage(session: Session, run: ImportRun, batch: Batch) -> None:
    place, first = run.cursor.get("stream", 0), run.cursor.get("seq", 1)
    rows = [_row(run, seq, record) for seq, record in enumerate(batch.records, start=first)]
    bulk.insert_rows(session, ImportRow, rows)
    findings = [
        (seq, finding)
        for seq, record in enumerate(batch.records, start=first)
        for finding in record.findings
    ]
    add_issues(session, run, findings)
    stream = dict(run.layout["streams"][place])
    if stream["from"] is None:
        stream["from"] = first
    stream["until"] = first + len(rows)
    stream["is_whole"] = stream["is_whole"] and batch.is_whole
    if batch.since is not None:
        stream["since"] = dict(batch.since)
    _set_stream(run, place, stream)
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


def _row(run: ImportRun, seq: int, record: Record) -> dict[str, Any]:
    is_good = record.standing is Standing.GOOD
    return {
        "school_id": run.school_id,
        "run_id": run.id,
        "seq": seq,
        "kind": record.kind,
        "op": record.op,
        "ext_id": record.ext_id,
        "person": record.person,
        "target": record.target,
        "parent": record.parent,
        "match_key": record.match_key,
        "file": record.origin.file,
        "row": record.origin.row,
        "data": record.stored,
        "digest": record.digest if is_good else None,
        "is_good": is_good,
        "status": STATUS[record.standing],
        "local_id": new_id() if is_good else None,
    }
