"""Changes that a source sends on their own: which come too late, and which are about nobody."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from importers.issues import Finding, Severity
from importers.models import ExternalRef, ImportRow, ImportRun, RowStatus
from importers.records import Op
from importers.staged import Conditions, StreamLayout, column_of, is_known, set_aside


def pass_over_late(
    session: Session, run: ImportRun, stream: StreamLayout, span: Conditions
) -> None:
    """Pass over rows older than what their source told already, and changes of what it never told.

    Both are said, and nothing is lost: a newer state is known, or the next whole file tells it.
    """
    is_older = ExternalRef.revised_at > ImportRow.revised_at
    is_unknown = sa.and_(ImportRow.op == Op.CHANGE, ExternalRef.local_id.is_(None))
    found = session.execute(
        sa.select(ImportRow.seq, ImportRow.row, ImportRow.ext_id, ExternalRef.revised_at)
        .outerjoin(
            ExternalRef,
            is_known(run),
        )
        .where(*span, ImportRow.is_good, sa.or_(is_older, is_unknown))
    )
    findings = []
    for seq, row, key, known_at in found:
        facts: dict[str, Any] = {
            "severity": Severity.WARNING,
            "file": stream["file"],
            "row": row,
            "column": column_of(stream, "ext_id"),
            "value": key,
        }
        if known_at is None:
            findings.append((seq, Finding(code="change.of_unknown", **facts)))
        else:
            detail = known_at.isoformat(timespec="seconds")
            findings.append((seq, Finding(code="change.older", detail=detail, **facts)))
    set_aside(session, run, findings, status=RowStatus.IGNORED)
