"""Reading again: what was read is thrown away, batch by batch, and the kept file begins anew."""

from importers.engine import seen
from importers.engine.held import HeldRun, end
from importers.engine.opening import source_of
from importers.models import ImportIssue, ImportRun, Phase, RunState
from importers.repair.repaired import never_whole
from importers.staged import delete_some, forget_issues, layout_of, rows_of
from tracker.db import utc_now


def begin_again(run: ImportRun) -> None:
    """Have all that was read for this run thrown away, and its file read again, by its options."""
    run.phase, run.cursor, run.done, run.total = Phase.RESTAGE, {}, 0, None


def restage_some(held: HeldRun) -> None:
    """Throw away a batch of what was read; behind the last, reading begins again."""
    held.source = held.batches = None
    held.has_looked_back = False
    held.passed_over.clear()
    streams = None
    run, source = source_of(held)
    if run.file_digest is not None:
        streams = layout_of(source.streams())["streams"]
    with held.step() as (session, run):
        if run.cancel_asked_at is not None:
            end(session, run, state=RunState.DISCARDED, at=utc_now())
        elif delete_some(session, rows_of(run)):
            seen.forget(session, run)
            forget_issues(session, run, [ImportIssue.seq > 0])
            if streams is None:
                fresh = {"is_whole": True, "hidden": [], "from": None, "until": None, "since": None}
                streams = [{**stream, **fresh} for stream in run.layout["streams"]]
            run.layout = {
                name: value
                for name, value in run.layout.items()
                if name not in {"as_of", "twins", "matched"}
            } | {"streams": streams, "closings": [1, 1]}
            never_whole(run)
            run.phase, run.cursor = Phase.READ, {}
