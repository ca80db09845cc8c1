"""Rows that wait: set aside by an applied run, until who or what they are about is known.

A new run takes them up without reading anything again. They stay where they are until a run is
applied that tells the same things anew, so that a preview which is thrown away loses nothing.
"""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from importers import bulk
from importers.models import ImportRow, ImportRun, RowStatus, RunState
from importers.staged import Conditions, rows_of

# Nothing was wrong with them when they were read.
IS_WAITING = sa.and_(ImportRow.is_good, ImportRow.status == RowStatus.QUARANTINED)
# Of a run that repairs: the rows of the earlier run that stood in its file, as ranges by file.
REPAIRS = "repairs"


def count_waiting(session: Session, run: ImportRun) -> int:
    """Return how many rows of a run a new one could take up."""
    select = sa.select(sa.func.count()).select_from(ImportRow).where(*rows_of(run), IS_WAITING)
    return session.scalar(select) or 0


def copy_waiting(session: Session, old: ImportRun, new: ImportRun) -> None:
    """Copy what waits in one run to another, which never tells all there is."""
    streams, until = [], 1
    for stream in old.layout["streams"]:
        if stream["from"] is None:
            continue
        in_stream = [ImportRow.seq >= stream["from"], ImportRow.seq < stream["until"]]
        number = session.scalar(
            sa.select(sa.func.count())
            .select_from(ImportRow)
            .where(*rows_of(old), *in_stream, IS_WAITING)
        )
        if number:
            span = {"from": until, "until": until + number}
            streams.append({**stream, **span, "is_snapshot": False, "since": None})
            until += number
    new.layout = {**old.layout, "streams": streams, "closings": [until, until], REPAIRS: {}}
    new.done = new.total = until - 1
    changed: Mapping[str, Any] = {
        "run_id": sa.literal(new.id, sa.Uuid()),
        "seq": sa.func.row_number().over(order_by=ImportRow.seq),
        "status": sa.literal(RowStatus.NEW, ImportRow.status.type),
    }
    names = [column.name for column in ImportRow.__table__.columns]
    rows = sa.select(*(changed.get(name, getattr(ImportRow, name)).label(name) for name in names))
    session.execute(sa.insert(ImportRow).from_select(names, rows.where(*rows_of(old), IS_WAITING)))


def supersede(session: Session, run: ImportRun) -> None:
    """Let go, when a run is applied, of the rows of earlier ones that it told anew or repaired."""
    earlier = session.scalars(
        sa.select(ImportRun.id).where(
            ImportRun.school_id == run.school_id,
            ImportRun.source_id == run.source_id,
            ImportRun.state == RunState.APPLIED,
            ImportRun.id < run.id,
            sa.exists().where(
                ImportRow.school_id == ImportRun.school_id, ImportRow.run_id == ImportRun.id
            ),
        )
    ).all()
    again = sa.orm.aliased(ImportRow)
    is_told = sa.exists().where(
        *rows_of(run, of=again), again.kind == ImportRow.kind, again.ext_id == ImportRow.ext_id
    )
    aside = ImportRow.status == RowStatus.QUARANTINED
    for run_id in earlier:
        of_run = [ImportRow.school_id == run.school_id, ImportRow.run_id == run_id]
        bulk.change(session, sa.delete(ImportRow).where(*of_run, aside, is_told))
    if run.retry_of_id is not None:
        repaired = [ImportRow.school_id == run.school_id, ImportRow.run_id == run.retry_of_id]
        _drop_repaired(session, [*repaired, aside], run.layout.get(REPAIRS, {}))


def _drop_repaired(
    session: Session, rows: Conditions, repairs: Mapping[str, list[list[int]]]
) -> None:
    for file, spans in repairs.items():
        for first, last in spans:
            bulk.change(
                session,
                sa.delete(ImportRow).where(
                    *rows, ImportRow.file == file, ImportRow.row >= first, ImportRow.row <= last
                ),
            )
