"""Ending records that their source no longer tells of, unless another source still does."""

from collections.abc import Iterable, Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from importers import bulk
from importers.engine.remember import mark
from importers.models import ExternalRef, ImportRow, ImportRun, RowStatus
from importers.people.links import only_linked
from importers.records import RecordKind
from importers.staged import in_span
from importers.targets.by_kind import TARGETS
from importers.targets.told import Occasion, Told


def close(
    session: Session,
    run: ImportRun,
    occasion: Occasion,
    kind: RecordKind,
    told: Sequence[Told],
) -> None:
    """Close what these rows say is gone."""
    if not told:
        return
    rows = [
        *in_span(run, told[0].seq, told[-1].seq + 1),
        ImportRow.kind == kind,
        ImportRow.status == RowStatus.CLOSED,
    ]
    mark(session, run, rows, last_run_id=run.id, gone_at=occasion.at)
    ids = [row.local_id for row in told]
    if kind is RecordKind.PERSON:
        linked = only_linked(session, run, ids)
        ids = [one for one in ids if one not in linked]
    end_records(session, occasion, kind, ids, living=0)


def end_records(
    session: Session,
    occasion: Occasion,
    kind: RecordKind,
    ids: Iterable[UUID],
    *,
    living: int,
) -> None:
    """End records that no source tells of any more; `living` references do not count."""
    target, wanted = TARGETS[kind], list(ids)
    if target.end is None or not wanted:
        return
    told_elsewhere = (
        sa.select(ExternalRef.local_id)
        .where(
            ExternalRef.school_id == occasion.school_id,
            ExternalRef.kind == kind,
            ExternalRef.local_id.in_(wanted),
            ExternalRef.is_link.is_(False),
            ExternalRef.gone_at.is_(None),
        )
        .group_by(ExternalRef.local_id)
        .having(sa.func.count() > living)
    )
    kept = set(session.scalars(told_elsewhere))
    bulk.change(
        session,
        sa.update(target.model)
        .where(
            target.model.school_id == occasion.school_id,
            target.model.id.in_([one for one in wanted if one not in kept]),
        )
        .values(target.end(occasion)),
    )
