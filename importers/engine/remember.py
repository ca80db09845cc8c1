"""Remembering what a source calls each record, what it told of it, and that it still tells it."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from importers import bulk
from importers.engine import seen
from importers.engine.held import HeldRun
from importers.engine.twins import MANY
from importers.models import ExternalRef, ImportRow, ImportRun, ImportSource, Phase, RowStatus
from importers.people.links import remember_links
from importers.records import REFERS, RecordKind
from importers.staged import Conditions, in_span, is_known, next_span
from importers.targets.by_kind import TARGETS
from tracker.db import unit_of_work

UPSERTED = (RowStatus.NEW, RowStatus.CHANGED)


def touch_some(held: HeldRun) -> None:
    """Note of the next rows that changed nothing that the source still tells of them."""
    with held.step() as (session, run):
        span = next_span(session, run, batches=bulk.many(session))
        if span is None or not _has_same(session, run):
            run.phase, run.cursor = Phase.FOLLOW, {}
            return
        stream, first, until = span
        same = [*in_span(run, first, until), ImportRow.status == RowStatus.SAME]
        if stream["kind"] == RecordKind.PERSON:
            remember_links(session, run, same)
        if stream["kind"] in seen.PASSED_OVER:
            # Of many rows, only those that stood otherwise in the file, or are a newer revision.
            is_other = ImportRow.raw_digest.is_distinct_from(ExternalRef.raw_digest)
            same.append(sa.or_(is_other, ImportRow.revised_at.is_not(None)))
        raw = sa.func.coalesce(ImportRow.raw_digest, ExternalRef.raw_digest)
        with bulk.by_index(session):
            mark(session, run, same, last_run_id=run.id, raw_digest=raw)
        run.cursor = {"seq": until}


def _has_same(session: Session, run: ImportRun) -> bool:
    """Whether some rows were read that told what was known."""
    same = sum(by_status[RowStatus.SAME] for by_status in run.counts.values())
    return same > sum(seen.numbers(session, run).values())


def remember_new(session: Session, run: ImportRun, rows: Conditions) -> None:
    """Keep what the source calls each of these records, none of which it told of before."""
    columns = _told_of(run)
    select = sa.select(*(column.label(name) for name, column in columns.items()))
    bulk.insert_from(session, ExternalRef, select.where(*rows, ImportRow.status == RowStatus.NEW))


def _told_of(run: ImportRun) -> dict[str, Any]:
    is_person = ImportRow.kind == RecordKind.PERSON
    return {
        "school_id": ImportRow.school_id,
        "source_id": sa.literal(run.source_id, sa.Uuid()),
        "kind": ImportRow.kind,
        "ext_id": ImportRow.ext_id,
        "local_id": ImportRow.local_id,
        "person_id": sa.case((is_person, ImportRow.local_id), else_=ImportRow.person_id),
        "is_link": sa.false(),
        "target_id": ImportRow.target_id,
        "digest": ImportRow.digest,
        "raw_digest": ImportRow.raw_digest,
        "revised_at": ImportRow.revised_at,
        "first_run_id": ImportRow.run_id,
        "last_run_id": ImportRow.run_id,
        "gone_at": sa.null(),
    }


def remember(session: Session, run: ImportRun, rows: Conditions) -> None:
    """Keep what the source calls each record, and the content it told."""
    columns = _told_of(run)
    select = sa.select(*(column.label(name) for name, column in columns.items()))
    bulk.upsert_from(
        session,
        ExternalRef,
        list(columns),
        select.where(*rows, ImportRow.status.in_(UPSERTED)),
        update=(
            *("local_id", "person_id", "target_id", "is_link", "digest", "raw_digest"),
            *("last_run_id", "gone_at"),
        ),
        keep=("revised_at",),
    )


def mark(session: Session, run: ImportRun, rows: Conditions, **values: Any) -> None:
    """Set values of what the source calls the records of these rows, and their revision."""
    values["revised_at"] = sa.func.coalesce(ImportRow.revised_at, ExternalRef.revised_at)
    bulk.change(
        session,
        sa.update(ExternalRef)
        .where(
            *rows,
            is_known(run),
        )
        .values(values),
    )


def gather(held: HeldRun) -> None:
    """Have statistics made of what the next kind of rows refers to, if many rows are written."""
    if (held.total or 0) < MANY:
        return
    with unit_of_work(held.engine, school_id=held.school_id, writes=False) as session:
        run = session.get_one(ImportRun, (held.school_id, held.run_id))
        first = run.cursor.get("seq", 1)
        streams = [s for s in run.layout["streams"] if s["until"] and first < s["until"]]
    kind = RecordKind(streams[0]["kind"]) if streams else None
    if kind is None or kind is held.gathered:
        return
    referred = [TARGETS[one].model.__tablename__ for one in REFERS.get(kind, {}).values()]
    with unit_of_work(held.engine, school_id=held.school_id) as session:
        bulk.gather_statistics(session, [*referred, "import_source", "activity_source", "school"])
    held.gathered = kind


def count_writing(session: Session, run: ImportRun) -> None:
    """Count this writing, so that other runs of the source see that they compared too early."""
    source = session.get_one(ImportSource, (run.school_id, run.source_id), with_for_update=True)
    if run.layout.get("as_of") == source.writes:
        run.layout = {**run.layout, "as_of": source.writes + 1}
    source.writes += 1
