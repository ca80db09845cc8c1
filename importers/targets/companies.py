"""Which company is which: the number at SBB (leerbedrijf-ID) joins what several sources tell."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from importers import bulk
from importers.models import ImportRow, ImportRun, RowStatus
from importers.records import RecordKind
from importers.staged import Conditions, rows_of
from tracker.db import new_id
from tracker.placements import known_companies


def decide_companies(session: Session, run: ImportRun, span: Conditions) -> None:
    """Join new companies to those the school knows by number, and to one another."""
    number = ImportRow.data["number"].as_string()
    rows = session.execute(
        sa.select(ImportRow.seq, ImportRow.local_id, number.label("number"))
        .where(*span, ImportRow.status == RowStatus.NEW)
        .order_by(ImportRow.seq)
    ).all()
    numbers = [row.number for row in rows if row.number]
    known = known_companies(
        session,
        school_id=run.school_id,
        numbers=numbers,
        ids=[row.local_id for row in rows],
    )
    first = session.execute(
        sa.select(number.label("number"), ImportRow.local_id)
        .where(
            *rows_of(run),
            ImportRow.kind == RecordKind.COMPANY,
            ImportRow.status == RowStatus.NEW,
            number.in_(numbers),
        )
        .order_by(ImportRow.seq.desc())
    )
    ids = {row.number: row.local_id for row in first}
    ids |= {company.number: company.id for company in known if company.number}
    ours = {company.id for company in known}
    changed: list[dict[str, Any]] = []
    for row in rows:
        # What an earlier match joined is a company of its own until it is joined again.
        own = new_id() if row.local_id in ours else row.local_id
        local_id = ids.get(row.number, own) if row.number else own
        status = RowStatus.CHANGED if local_id in ours else RowStatus.NEW
        if local_id != row.local_id or status is not RowStatus.NEW:
            changed.append({"seq": row.seq, "local_id": local_id, "status": status})
    key = {"school_id": run.school_id, "run_id": run.id}
    bulk.update_rows(session, ImportRow, [key | row for row in changed])
