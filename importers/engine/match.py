"""Matching: what each staged row would do, found again whenever it is asked.

The rows are taken in ranges, in the order of their streams, so that what a row refers to has been
decided before it. Each range is a handful of statements over sets; only rows with something wrong
are looked at one by one. A digest over all decisions is the preview's: what was seen is applied.
"""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from importers import bulk
from importers.engine import closing, seen, settled
from importers.engine.held import HeldRun, end
from importers.engine.restage import begin_again
from importers.engine.revisions import pass_over_late
from importers.engine.twins import look_back, set_aside_twins
from importers.engine.write import occasion_of, tell
from importers.issues import Finding, Severity
from importers.models import (
    ExternalRef,
    ImportIssue,
    ImportRow,
    ImportRun,
    Phase,
    RowStatus,
    RunState,
)
from importers.people.links import set_aside_waiting
from importers.people.matching import decide_people
from importers.records import REFERS, Op, RecordKind
from importers.staged import (
    Conditions,
    StreamLayout,
    add_issues,
    chained,
    column_of,
    forget_issues,
    in_span,
    is_snapshot_of,
    next_span,
    rows_of,
    set_aside,
    told_of,
)
from importers.targets import partly, statements
from importers.targets.companies import decide_companies
from tracker.db import utc_now

UPSERTS = (RowStatus.NEW, RowStatus.CHANGED, RowStatus.SAME)


def match_some(held: HeldRun) -> None:
    """Decide about the next range of rows; after the last, show the preview or go on to write."""
    if not held.has_looked_back:
        look_back(held)
        held.has_looked_back = True
        if held.phase is not Phase.MATCH:
            return
    with held.step() as (session, run):
        if run.cancel_asked_at is not None and run.state is RunState.APPLYING:
            # Nothing of what was approved is written yet: it is a preview again.
            run.state, run.cursor, run.cancel_asked_at = RunState.READING, {}, None
        if run.cancel_asked_at is not None:
            end(session, run, state=RunState.DISCARDED, at=utc_now())
            return
        if not run.cursor:
            if seen.is_outdated(session, run):
                begin_again(run)
                return
            _begin(session, run)
        if _match_next(session, run) and closing.stage_closings(session, run, held.passed_over):
            _finish(session, run)


def _match_next(session: Session, run: ImportRun) -> bool:
    """Match as many rows as one step may take; returns whether all are.

    Small streams go together: what a step takes is in its rows, and its commit costs more.
    """
    batches = bulk.many(session)
    most, taken = batches * run.batch_size, 0
    while (span := next_span(session, run, batches=batches)) is not None:
        stream, first, until = span
        if taken and taken + until - first > most:
            return False
        if run.cursor.get("entered") != stream["from"]:
            settled.enter(session, run, stream)
            if run.cursor["seq"] > first:
                continue
        _match(session, run, stream, first, until)
        taken += until - first
    return True


def _begin(session: Session, run: ImportRun) -> None:
    """Forget what an earlier match found, but what is settled."""
    kept = settled.begin(session, run)
    forget_issues(session, run, [ImportIssue.is_from_match.is_(True), *kept])
    closing.forget_closings(session, run)
    run.cursor = {"seq": 1, "chain": "", "entered": None}
    run.done = 0


def _match(session: Session, run: ImportRun, stream: StreamLayout, first: int, until: int) -> None:
    span = in_span(run, first, until)
    kind = RecordKind(stream["kind"])
    _decide(session, run, kind, first, until)
    if not stream["is_snapshot"]:
        pass_over_late(session, run, stream, span)
    if kind in run.layout.get("twins", [kind]):
        with bulk.by_index(session):
            set_aside_twins(session, run, stream, span)
    if "person" in REFERS.get(kind, {}):
        set_aside_waiting(session, run, stream, span)
    statements.decide(session, run, stream, first, until)
    for role in REFERS.get(kind, {}):
        _set_aside_dangling(session, run, stream, span, role)
    if kind is RecordKind.PERSON:
        decide_people(session, run, stream, span)
    if kind is RecordKind.COMPANY:
        decide_companies(session, run, span)
    if kind in partly.KINDS:
        changing = [*span, ImportRow.status == RowStatus.CHANGED]
        told = tell(session, changing, limit=until - first)
        partly.decide_partly_told(session, run, span, told, occasion_of(session, run))
    run.cursor = {**run.cursor, "seq": until, "chain": chained(session, run, first, until)}
    settled.note(run, stream, until)
    run.done = until - 1


def _decide(session: Session, run: ImportRun, kind: RecordKind, first: int, until: int) -> None:
    """Find what each row that was read would do; only rows that changed their mind are written."""
    row, told = aliased(ImportRow), aliased(ExternalRef)
    is_known = [
        told.school_id == run.school_id,
        told.source_id == run.source_id,
        told.kind == row.kind,
        told.ext_id == row.ext_id,
    ]
    is_there = sa.and_(told.local_id.is_not(None), told.gone_at.is_(None))
    status = sa.case(
        (sa.and_(row.op == Op.CLOSE, is_there), RowStatus.CLOSED.value),
        (row.op == Op.CLOSE, RowStatus.IGNORED.value),
        (told.local_id.is_(None), RowStatus.NEW.value),
        (sa.and_(is_there, told.digest == row.digest), RowStatus.SAME.value),
        else_=RowStatus.CHANGED.value,
    )
    columns: dict[str, sa.ColumnElement[Any]] = {
        "status": status,
        "local_id": sa.func.coalesce(told.local_id, row.local_id),
    }
    decided = (
        sa.select(row.seq, *(column.label(name) for name, column in columns.items()))
        .select_from(sa.outerjoin(row, told, sa.and_(*is_known)))
        .where(*in_span(run, first, until, of=row), row.is_good)
        .subquery()
    )
    differs = [getattr(ImportRow, name).is_distinct_from(decided.c[name]) for name in columns]
    with bulk.by_index(session):
        bulk.change(
            session,
            sa.update(ImportRow)
            .where(*in_span(run, first, until), ImportRow.seq == decided.c.seq, sa.or_(*differs))
            .values({name: decided.c[name] for name in columns}),
        )
    for role, referred in REFERS.get(kind, {}).items():
        _find(session, run, in_span(run, first, until), role, referred)


def _find(
    session: Session, run: ImportRun, span: Conditions, role: str, referred: RecordKind
) -> None:
    """Find what rows refer to; many rows refer to one thing, and most know already where it is."""
    reference, place = getattr(ImportRow, role), getattr(ImportRow, f"{role}_id")
    here = [*span, ImportRow.is_good]
    pairs = session.execute(
        sa.select(reference, place).where(*here, reference.is_not(None)).distinct()
    ).all()
    found = _found(session, run, referred, {key for key, _ in pairs})
    wrong = {key for key, known in pairs if found.get(key) != known}
    if wrong:
        rows = session.execute(
            sa.select(ImportRow.seq, reference).where(
                *here, bulk.is_among(session, reference, wrong)
            )
        )
        own = {"school_id": run.school_id, "run_id": run.id}
        places = [{**own, "seq": seq, place.key: found.get(key)} for seq, key in rows]
        bulk.update_rows(session, ImportRow, places)


def _found(
    session: Session, run: ImportRun, kind: RecordKind, keys: set[str]
) -> dict[str, UUID | None]:
    """Return what is meant by keys of a kind: in this file, else what this source told of before.

    Where the file tells all there is of a kind, only what is in the file counts; but a record
    whose row is set aside is still there.
    """
    staged = [*rows_of(run), ImportRow.kind == kind]
    columns = (ImportRow.ext_id, ImportRow.local_id)
    here = [*staged, bulk.is_among(session, ImportRow.ext_id, keys), ImportRow.status.in_(UPSERTS)]
    found = {key: known for key, known in session.execute(sa.select(*columns).where(*here)) if key}
    rest = keys - found.keys()
    if rest and is_snapshot_of(run, kind):
        is_aside = [ImportRow.status == RowStatus.QUARANTINED]
        is_aside.append(bulk.is_among(session, ImportRow.ext_id, rest))
        aside = session.scalars(sa.select(ImportRow.ext_id).where(*staged, *is_aside))
        rest = {key for key in aside if key}
    if rest:
        told = sa.select(ExternalRef.ext_id, ExternalRef.local_id).where(
            *told_of(run, kind),
            bulk.is_among(session, ExternalRef.ext_id, rest),
            ExternalRef.gone_at.is_(None),
        )
        found |= {key: known for key, known in session.execute(told)}  # noqa: C416 - a Result is no iterable of pairs to mypy
    return found


def _set_aside_dangling(
    session: Session, run: ImportRun, stream: StreamLayout, span: Conditions, role: str
) -> None:
    """Set aside the rows that refer to what is nowhere."""
    reference, found = getattr(ImportRow, role), getattr(ImportRow, f"{role}_id")
    staged = aliased(ImportRow)
    # Where only changes are told, who left may be told of again: nothing is done, so it may stand.
    doing = UPSERTS if stream["is_snapshot"] else (RowStatus.NEW, RowStatus.CHANGED)
    dangling = session.execute(
        sa.select(ImportRow.seq, ImportRow.row, reference, staged.seq)
        .outerjoin(
            staged,
            sa.and_(
                staged.school_id == run.school_id,
                staged.run_id == run.id,
                staged.kind == REFERS[RecordKind(stream["kind"])][role],
                staged.ext_id == reference,
            ),
        )
        .where(
            *span,
            ImportRow.status.in_(doing),
            reference.is_not(None),
            found.is_(None),
        )
    )
    findings = {
        seq: Finding(
            code="ref.unknown" if is_there is None else "ref.set_aside",
            file=stream["file"],
            row=row,
            column=column_of(stream, role),
            value=key,
        )
        for seq, row, key, is_there in dangling
    }
    set_aside(session, run, findings.items())


def _finish(session: Session, run: ImportRun) -> None:
    """Show the preview; or, when it was approved and nothing changed since, begin to write."""
    chain = run.cursor["chain"]
    is_approved = run.state is RunState.APPLYING
    if not is_approved or chain != run.preview_digest:
        run.counts = _counts(session, run)
    findings = closing.look_out(session, run)
    is_held = run.layout.get("is_held") or any(f.code in closing.BRAKES for f in findings)
    if run.is_direct and not is_approved and not is_held:
        run.state, run.preview_digest, run.approved_at = RunState.APPLYING, chain, utc_now()
        is_approved = True
    if is_approved and chain != run.preview_digest:
        findings.append(Finding(code="preview.outdated", severity=Severity.WARNING))
    add_issues(session, run, [(0, finding) for finding in findings], is_from_match=True)
    if is_approved and chain == run.preview_digest:
        run.phase, run.cursor, run.done = Phase.WRITE, {"seq": 1}, 0
        return
    run.state, run.phase, run.cursor = RunState.PREVIEWED, None, {}
    run.preview_digest = chain
    run.claim = run.approved_at = run.approved_by_id = None


def _counts(session: Session, run: ImportRun) -> dict[str, dict[str, int]]:
    """Return how many rows of each kind would do what: {"person": {"new": 247, ...}}."""
    statuses = [status.value for status in RowStatus]
    counts = {str(stream["kind"]): dict.fromkeys(statuses, 0) for stream in run.layout["streams"]}
    found = session.execute(
        sa.select(ImportRow.kind, ImportRow.status, sa.func.count())
        .where(*rows_of(run))
        .group_by(ImportRow.kind, ImportRow.status)
    )
    for kind, status, number in found:
        counts[kind.value][status.value] = number
    for kind, number in seen.numbers(session, run).items():
        counts[kind.value][RowStatus.SAME.value] += number
    return counts
