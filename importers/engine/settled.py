"""What an approved preview need not decide again: signals, when all that they hang on is as it was.

What is decided about a signal follows from its row, from what its source told of it before, and
from the records in the same file that it refers to. So it is the same as in the preview when no
run of the source wrote since, and all decisions before it came out the same: its stream is passed
over, and the chain goes on with the digest that stood behind it.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from importers.models import ImportIssue, ImportRun, ImportSource, RunState
from importers.records import REFERS, RecordKind
from importers.staged import Conditions, StreamLayout, forget_issues, is_snapshot_of
from importers.targets.signals import SIGNALS

# In a run's layout: {"writes": of the source when matching began, "streams": {first row:
# [chain before, chain behind]}}.
MATCHED = "matched"
NOTHING: dict[str, Any] = {"writes": None, "streams": {}}


def begin(session: Session, run: ImportRun) -> Conditions:
    """Begin to match; returns the conditions for the issues that need not be found again."""
    source = session.get_one(ImportSource, (run.school_id, run.source_id))
    known = run.layout.get(MATCHED, NOTHING)
    if run.state is not RunState.APPLYING or known["writes"] != source.writes:
        run.layout = {**run.layout, MATCHED: {"writes": source.writes, "streams": {}}}
        return []
    streams = [
        stream for stream in run.layout["streams"] if str(stream["from"]) in known["streams"]
    ]
    return [sa.not_(ImportIssue.seq.between(s["from"], s["until"] - 1)) for s in streams]


def enter(session: Session, run: ImportRun, stream: StreamLayout) -> None:
    """Enter a stream, or pass over it when what was decided there still holds."""
    chain, first = run.cursor["chain"], stream["from"]
    run.cursor = {**run.cursor, "entered": first, "before": chain}
    known = run.layout.get(MATCHED, NOTHING)
    if str(first) not in known["streams"]:
        return
    source = session.get_one(ImportSource, (run.school_id, run.source_id))
    before, behind = known["streams"][str(first)]
    if (before, known["writes"]) == (chain, source.writes):
        run.cursor = {**run.cursor, "seq": stream["until"], "chain": behind}
        run.done = stream["until"] - 1
    else:
        is_here = ImportIssue.seq.between(stream["from"], stream["until"] - 1)
        forget_issues(session, run, [ImportIssue.is_from_match.is_(True), is_here])


def note(run: ImportRun, stream: StreamLayout, until: int) -> None:
    """Note at the end of a stream of signals what was decided there, if it may be settled so."""
    kind = RecordKind(stream["kind"])
    if until < stream["until"] or not stream["is_snapshot"] or kind not in SIGNALS:
        return
    if all(is_snapshot_of(run, referred) for referred in REFERS[kind].values()):
        known = run.layout.get(MATCHED, NOTHING)
        chains = [run.cursor["before"], run.cursor["chain"]]
        streams = {**known["streams"], str(stream["from"]): chains}
        run.layout = {**run.layout, MATCHED: {**known, "streams": streams}}
