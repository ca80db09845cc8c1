"""What is wrong in a run, in the order in which people read it."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from importers.issues import Severity
from importers.models import ImportIssue, ImportRun


def issues_of(
    session: Session, run: ImportRun, *, limit: int | None = None
) -> Sequence[ImportIssue]:
    """Return what is wrong: errors before warnings; of the whole first, then by row."""
    is_warning = ImportIssue.severity == Severity.WARNING
    return session.scalars(
        sa.select(ImportIssue)
        .where(ImportIssue.school_id == run.school_id, ImportIssue.run_id == run.id)
        .order_by(is_warning, ImportIssue.seq > 0, ImportIssue.seq, ImportIssue.id)
        .limit(limit)
    ).all()


def count_issues(session: Session, run: ImportRun) -> int:
    """Return how many issues a run has."""
    return (
        session.scalar(
            sa.select(sa.func.count()).where(
                ImportIssue.school_id == run.school_id, ImportIssue.run_id == run.id
            )
        )
        or 0
    )
