"""Writing: what was previewed and approved becomes records, a batch of rows per commit."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from importers import bulk
from importers.engine.ending import close, end_records
from importers.engine.held import HeldRun
from importers.engine.remember import UPSERTED, count_writing, gather, remember, remember_new
from importers.engine.twins import MANY
from importers.models import (
    ImportRow,
    ImportRun,
    ImportSource,
    Phase,
    RowStatus,
    RunState,
)
from importers.records import RecordKind
from importers.staged import Conditions, StreamLayout, in_span, rows_of
from importers.targets import statements
from importers.targets.by_kind import TARGETS
from importers.targets.signals import SIGNALS, insert_new
from importers.targets.told import Columns, Occasion, Target, Told
from tracker.activity import source_named
from tracker.db import new_id
from tracker.models import School
from tracker.people import today_at

DOING = (*UPSERTED, RowStatus.CLOSED)
# Batches of signals in one commit on PostgreSQL: below two seconds, for as long a run goes on when
# cancelled. On SQLite one, for as long nobody else writes.
WRITTEN_AT_ONCE = 3


def write_some(held: HeldRun) -> None:
    """Write the next rows that do something; when one cannot be, preview what is left."""
    try:
        gather(held)
        with held.step() as (session, run):
            if run.cancel_asked_at is not None:
                _preview_again(run, is_held=True)
                return
            first = session.scalar(sa.select(sa.func.min(ImportRow.seq)).where(*_doing(run)))
            stream = _stream_of(run, first)
            if first is None:
                _go_on(session, run)
            elif stream is not None and stream["kind"] in SIGNALS:
                at_once = min(WRITTEN_AT_ONCE, bulk.many(session)) * run.batch_size
                until = min(first + at_once, stream["until"])
                _write_signals(session, run, RecordKind(stream["kind"]), first, until)
            else:
                here = _doing(run) + _before_signals(run, first)
                rows = tell(session, here, limit=run.batch_size)
                count_writing(session, run)
                _write(session, run, _occasion(session, run), rows)
                run.cursor, run.done = {"seq": rows[-1].seq + 1}, rows[-1].seq
    except IntegrityError:
        # Somebody else wrote between the match and now; the rows written so far stay written.
        # A pull tries that once more by itself, and then leaves it to somebody.
        with held.step() as (_, run):
            _preview_again(run, is_held="is_held" in run.layout)


def _doing(run: ImportRun) -> Conditions:
    """Return the conditions for what is still to be written."""
    return [*rows_of(run), ImportRow.seq >= run.cursor["seq"], ImportRow.status.in_(DOING)]


def _stream_of(run: ImportRun, seq: int | None) -> StreamLayout | None:
    """Return the stream in which a row is; closings are in none."""
    streams = [one for one in run.layout["streams"] if seq and one["until"]]
    return next((one for one in streams if one["from"] <= seq < one["until"]), None)


def _before_signals(run: ImportRun, seq: int) -> Conditions:
    """Return the condition that rows stand before the next signals, written in their own way."""
    streams = [one for one in run.layout["streams"] if one["until"] and one["kind"] in SIGNALS]
    starts = [one["from"] for one in streams if one["from"] > seq]
    return [ImportRow.seq < min(starts)] if starts else []


def _go_on(session: Session, run: ImportRun) -> None:
    """All is written; note what changed nothing."""
    run.phase, run.cursor = Phase.TOUCH, {"seq": 1}
    written = sum(by_status[one] for by_status in run.counts.values() for one in UPSERTED)
    if written >= MANY:
        kinds = {RecordKind(stream["kind"]) for stream in run.layout["streams"]}
        tables = {TARGETS[kind].model.__tablename__ for kind in kinds}
        bulk.gather_statistics(session, {"external_ref", *tables})


def _write_signals(
    session: Session, run: ImportRun, kind: RecordKind, first: int, until: int
) -> None:
    """Write a range of signals: new ones within the database, the others row by row."""
    span = in_span(run, first, until)
    count_writing(session, run)
    occasion = _occasion(session, run)
    statements.take_in(session, run, first, until, at=occasion.at)
    insert_new(session, occasion, kind, span)
    remember_new(session, run, span)
    others = (RowStatus.CHANGED, RowStatus.CLOSED)
    rows = tell(session, [*span, ImportRow.status.in_(others)], limit=until - first)
    if rows:
        _write(session, run, occasion, rows)
    run.cursor, run.done = {"seq": until}, until - 1


def tell(session: Session, rows: Conditions, *, limit: int) -> list[Told]:
    """Return the first of these staged rows, in their order."""
    names = ("seq", "kind", "status", "local_id", "data", "person_id", "target_id", "parent_id")
    columns = [getattr(ImportRow, name) for name in names]
    found = session.execute(sa.select(*columns).where(*rows).order_by(ImportRow.seq).limit(limit))
    return [Told(**dict(zip(names, row, strict=True))) for row in found]


def occasion_of(session: Session, run: ImportRun) -> Occasion:
    """Return when and where the run writes; the same however often it is taken up again."""
    school = session.get_one(School, run.school_id)
    at = run.approved_at or run.started_at
    return Occasion(
        school_id=run.school_id,
        zone=ZoneInfo(school.timezone),
        on=today_at(school, at),
        at=at,
        activity_source_id=None,
    )


def _preview_again(run: ImportRun, *, is_held: bool) -> None:
    run.layout = {**run.layout, "is_held": is_held}
    run.state, run.phase, run.cursor, run.done = RunState.READING, Phase.MATCH, {}, 0
    run.cancel_asked_at = None


def _occasion(session: Session, run: ImportRun) -> Occasion:
    """Return on which occasion rows are written, with the source that signals are shown under."""
    occasion = occasion_of(session, run)
    if SIGNALS.keys().isdisjoint(stream["kind"] for stream in run.layout["streams"]):
        return occasion
    source = session.get_one(ImportSource, (run.school_id, run.source_id))
    named = source_named(session, school_id=run.school_id, name=source.name)
    return replace(occasion, activity_source_id=named.id)


def _write(session: Session, run: ImportRun, occasion: Occasion, rows: Sequence[Told]) -> None:
    span = in_span(run, rows[0].seq, rows[-1].seq + 1)
    for kind, of_kind in groupby(rows, key=lambda row: row.kind):
        told = list(of_kind)
        _upsert(session, run, occasion, kind, [r for r in told if r.status in UPSERTED])
        upserted = {row.status for row in told} & set(UPSERTED)
        if upserted:
            remember(session, run, [*span, ImportRow.kind == kind, ImportRow.status.in_(upserted)])
        close(session, run, occasion, kind, [r for r in told if r.status is RowStatus.CLOSED])


def _upsert(
    session: Session,
    run: ImportRun,
    occasion: Occasion,
    kind: RecordKind,
    told: Sequence[Told],
) -> None:
    """Insert and update; a row that turns out to be another record is told so in staging."""
    target = TARGETS[kind]
    if target.prepare is not None and told:
        told = target.prepare(session, occasion, told)
    ids = {row.seq: row.local_id for row in told}
    new: dict[int, Columns] = {}
    changed: dict[int, Columns] = {}
    for row in told:
        columns = target.columns(row, occasion)
        if row.status is RowStatus.NEW:
            new[row.seq] = {**target.first(occasion), **columns}
        else:
            changed[row.seq] = columns
    if target.natural:
        _join_natural(session, occasion, target, new, changed, ids)
    if target.identity:
        ended = _split_identity(session, occasion, target, new, changed, ids)
        end_records(session, occasion, kind, ended, living=1)
    moved = [row.seq for row in told if ids[row.seq] != row.local_id]
    key = {"school_id": run.school_id}
    bulk.update_rows(
        session,
        ImportRow,
        [{**key, "run_id": run.id, "seq": seq, "local_id": ids[seq]} for seq in moved],
    )
    bulk.insert_rows(
        session, target.model, [{**key, "id": ids[seq], **row} for seq, row in new.items()]
    )
    bulk.update_rows(
        session, target.model, [{**key, "id": ids[seq], **row} for seq, row in changed.items()]
    )


def _join_natural(
    session: Session,
    occasion: Occasion,
    target: Target,
    new: dict[int, Columns],
    changed: dict[int, Columns],
    ids: dict[int, UUID],
) -> None:
    """Find among the new rows those that are records we have, or one another."""
    table = target.model
    columns = [getattr(table, name) for name in target.natural]
    wanted = {row[target.natural[0]] for row in new.values()}
    known: dict[tuple[Any, ...], UUID] = {
        tuple(values): found
        for found, *values in session.execute(
            sa.select(table.id, *columns).where(
                table.school_id == occasion.school_id, columns[0].in_(wanted)
            )
        )
    }
    for seq in list(new):
        values = tuple(new[seq][name] for name in target.natural)
        if None in values:
            continue
        if values in known:
            ids[seq] = known[values]
            changed[seq] = new.pop(seq)
        else:
            known[values] = ids[seq]


def _split_identity(
    session: Session,
    occasion: Occasion,
    target: Target,
    new: dict[int, Columns],
    changed: dict[int, Columns],
    ids: dict[int, UUID],
) -> list[UUID]:
    """Turn changed rows that became something else into new ones; returns the ids that end."""
    table = target.model
    current = {
        found: tuple(values)
        for found, *values in session.execute(
            sa.select(table.id, *(getattr(table, name) for name in target.identity)).where(
                table.school_id == occasion.school_id,
                table.id.in_([ids[seq] for seq in changed]),
            )
        )
    }
    ended = []
    for seq in list(changed):
        told = tuple(changed[seq][name] for name in target.identity)
        if told != current.get(ids[seq], told):
            ended.append(ids[seq])
            ids[seq] = new_id()
            new[seq] = {**target.first(occasion), **changed.pop(seq)}
    return ended
