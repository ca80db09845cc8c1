"""Records of which each file tells only some facts: what it does not say is not taken away.

Two exports of one course tell of the same items in turn, each what it knows. So of these it is
not asked whether the source told the very same the last time, but whether we know it all.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from importers import bulk
from importers.models import ExternalRef, ImportRow, ImportRun, RowStatus
from importers.records import RecordKind
from importers.staged import Conditions, is_known
from importers.targets.by_kind import TARGETS
from importers.targets.told import Occasion, Told

KINDS = (RecordKind.LESSON_TASK, RecordKind.FRAMEWORK)


def decide_partly_told(
    session: Session,
    run: ImportRun,
    span: Conditions,
    told: Sequence[Told],
    occasion: Occasion,
) -> None:
    """Find among rows that tell otherwise than the last time those of which we know all they tell.

    `told` are the rows of the span that would change something, all of one of the KINDS.
    """
    if not told:
        return
    table: Any = TARGETS[told[0].kind].model.__table__
    current: dict[UUID, Mapping[str, Any]] = {
        row["id"]: dict(row)
        for row in session.execute(
            sa.select(table).where(
                table.c.school_id == run.school_id,
                table.c.id.in_([row.local_id for row in told]),
            )
        ).mappings()
    }
    gone = set(
        session.scalars(
            sa.select(ImportRow.seq)
            .join(
                ExternalRef,
                is_known(run),
            )
            .where(*span, ImportRow.status == RowStatus.CHANGED, ExternalRef.gone_at.is_not(None))
        )
    )
    key = {"school_id": run.school_id, "run_id": run.id, "status": RowStatus.SAME}
    bulk.update_rows(
        session,
        ImportRow,
        [
            key | {"seq": row.seq}
            for row in told
            if row.seq not in gone and _is_known(row, occasion, current.get(row.local_id))
        ],
    )


def _is_known(row: Told, occasion: Occasion, current: Mapping[str, Any] | None) -> bool:
    if current is None:
        return False
    columns = TARGETS[row.kind].columns(row, occasion)
    return all(current[name] == value for name, value in columns.items())
