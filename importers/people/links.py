"""Whom a source's people turned out to be: remembered, and what hangs on those who wait."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from importers import bulk
from importers.issues import Finding, Severity
from importers.models import (
    ExternalRef,
    ImportIssue,
    ImportRow,
    ImportRun,
    MatchOn,
    ParkedPerson,
    RowStatus,
)
from importers.records import Record, RecordKind, Standing
from importers.staged import Conditions, StreamLayout, column_of, rows_of, set_aside, told_of

PARKED = "person.parked"
UPSERTS = (RowStatus.NEW, RowStatus.CHANGED, RowStatus.SAME)
Place = tuple[int, int | None, str | None]  # seq, row, key
Parked = tuple[int, int | None, str | None, str]  # seq, row, key, why


def key_of(record: Record, match_on: MatchOn) -> str | None:
    """Return the key by which a record's person is known in the whole school."""
    if record.kind is not RecordKind.PERSON or match_on is MatchOn.NUMBER:
        return record.match_key
    email = record.data.get("email") if record.standing is Standing.GOOD else None
    return email.strip().lower() if email else None


def remember_links(session: Session, run: ImportRun, rows: Conditions) -> None:
    """Keep, of the people among these rows, whom they are about; the source made none of them."""
    told = aliased(ExternalRef)
    columns: dict[str, Any] = {
        "school_id": ImportRow.school_id,
        "source_id": sa.literal(run.source_id, sa.Uuid()),
        "kind": ImportRow.kind,
        "ext_id": ImportRow.ext_id,
        "local_id": ImportRow.local_id,
        "person_id": ImportRow.local_id,
        "is_link": sa.true(),
        "digest": ImportRow.digest,
        "raw_digest": ImportRow.raw_digest,
        "revised_at": ImportRow.revised_at,
        "first_run_id": ImportRow.run_id,
        "last_run_id": ImportRow.run_id,
        "gone_at": sa.null(),
    }
    is_told = sa.and_(
        told.school_id == run.school_id,
        told.source_id == run.source_id,
        told.kind == RecordKind.PERSON,
        told.ext_id == ImportRow.ext_id,
        told.digest == ImportRow.digest,
        told.gone_at.is_(None),
    )
    select = (
        sa.select(*(column.label(name) for name, column in columns.items()))
        .select_from(sa.outerjoin(ImportRow, told, is_told))
        .where(*rows, ImportRow.kind == RecordKind.PERSON, told.ext_id.is_(None))
    )
    bulk.upsert_from(
        session,
        ExternalRef,
        list(columns),
        select,
        update=("local_id", "person_id", "digest", "raw_digest", "last_run_id", "gone_at"),
        keep=("revised_at",),
    )


def only_linked(session: Session, run: ImportRun, ids: Iterable[UUID]) -> set[UUID]:
    """Return which of these people this source only ever referred to: it cannot end them."""
    told = sa.select(ExternalRef.local_id).where(
        *told_of(run, RecordKind.PERSON),
        ExternalRef.local_id.in_(list(ids)),
    )
    links = set(session.scalars(told.where(ExternalRef.is_link)))
    return links - set(session.scalars(told.where(ExternalRef.is_link.is_(False))))


def set_aside_waiting(
    session: Session, run: ImportRun, stream: StreamLayout, span: Conditions
) -> None:
    """Set aside rows about somebody who is parked; pass over those about nobody of ours."""
    staged = aliased(ImportRow)
    parked_here = sa.and_(
        *rows_of(run, of=staged),
        staged.kind == RecordKind.PERSON,
        staged.ext_id == ImportRow.person,
        staged.is_good,
        staged.status == RowStatus.QUARANTINED,
        sa.exists().where(
            ImportIssue.school_id == run.school_id,
            ImportIssue.run_id == run.id,
            ImportIssue.seq == staged.seq,
            ImportIssue.code == PARKED,
        ),
    )
    is_nobody_known: sa.ColumnElement[bool] = ImportRow.person_id.is_(None)
    if all(one["kind"] != RecordKind.PERSON for one in run.layout["streams"]):
        # Who was known before they were parked is looked at again only where people are told of.
        is_nobody_known = sa.or_(is_nobody_known, ParkedPerson.decided_at.is_(None))
    found = session.execute(
        sa.select(ImportRow.seq, ImportRow.row, ImportRow.person, ParkedPerson.decided_at)
        .select_from(ImportRow)
        .outerjoin(staged, parked_here)
        .outerjoin(
            ParkedPerson,
            sa.and_(
                ParkedPerson.school_id == run.school_id,
                ParkedPerson.source_id == run.source_id,
                ParkedPerson.ext_id == ImportRow.person,
                ParkedPerson.person_id.is_(None),
            ),
        )
        .where(
            *span,
            ImportRow.status.in_(UPSERTS),
            ImportRow.person.is_not(None),
            sa.or_(
                staged.seq.is_not(None),
                sa.and_(ParkedPerson.id.is_not(None), is_nobody_known),
            ),
        )
        .distinct()
    )
    waiting, passed = [], []
    for seq, row, key, decided_at in found:
        facts: dict[str, Any] = {
            "file": stream["file"],
            "row": row,
            "column": column_of(stream, "person"),
            "value": key,
        }
        if decided_at is None:
            waiting.append((seq, Finding(code="ref.parked", **facts)))
        else:
            warning = Finding(code="ref.not_ours", severity=Severity.WARNING, **facts)
            passed.append((seq, warning))
    set_aside(session, run, waiting)
    set_aside(session, run, passed, status=RowStatus.IGNORED)


def pass_over_strangers(
    session: Session, run: ImportRun, stream: StreamLayout, span: Conditions
) -> None:
    """Pass over those of whom people said that they are nobody of ours."""
    found = session.execute(
        sa.select(ImportRow.seq, ImportRow.row, ImportRow.match_key)
        .join(
            ParkedPerson,
            sa.and_(
                ParkedPerson.school_id == run.school_id,
                ParkedPerson.source_id == run.source_id,
                ParkedPerson.ext_id == ImportRow.ext_id,
                ParkedPerson.decided_at.is_not(None),
                ParkedPerson.person_id.is_(None),
            ),
        )
        .where(*span, ImportRow.status.in_(UPSERTS))
    )
    findings = [
        (seq, about("person.not_ours", stream, row, key, severity=Severity.WARNING))
        for seq, row, key in found
    ]
    set_aside(session, run, findings, status=RowStatus.IGNORED)


def is_decided(run: ImportRun) -> sa.ColumnElement[bool]:
    """Whether people said who a row's somebody is."""
    return sa.exists().where(
        ParkedPerson.school_id == run.school_id,
        ParkedPerson.source_id == run.source_id,
        ParkedPerson.ext_id == ImportRow.ext_id,
        ParkedPerson.person_id.is_not(None),
    )


def about(
    code: str,
    stream: StreamLayout,
    row: int | None,
    key: str | None,
    *,
    severity: Severity = Severity.ERROR,
    detail: str | None = None,
) -> Finding:
    """Return what is to be said of a row about a person; `detail` is why they are parked."""
    return Finding(
        code=code,
        severity=severity,
        file=stream["file"],
        row=row,
        column=column_of(stream, "match_key"),
        value=key,
        detail=detail,
    )
