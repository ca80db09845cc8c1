"""A run as commands and API tell it: one shape, with sentences in the reader's language."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from importers.issue_list import issues_of
from importers.models import ImportIssue, ImportRun, RowStatus
from importers.records import RecordKind
from importers.sentences import sentences_of

STATUSES = [status.value for status in RowStatus]


def totals_of(run: ImportRun) -> dict[str, int]:
    """Return the counts of all kinds together: {"new", "changed", "same", "closed", ...}."""
    return {
        status: sum(by_status[status] for by_status in run.counts.values()) for status in STATUSES
    }


def report_of(session: Session, run: ImportRun, *, limit: int | None = None) -> dict[str, Any]:
    """Return the run in the shape that commands print and the API answers.

    {"run", "kind", "state", "digest", "counts": {"new": n, ...}, "by_kind": {kind: counts},
    "issues": [{"file", "row", "column", "letter", "code", "severity", "value", "message",
    "hint"}]}, at most `limit` issues.
    """
    return {
        "run": str(run.id),
        "kind": run.kind,
        "state": run.state.value,
        "digest": run.preview_digest,
        "counts": totals_of(run),
        "by_kind": {kind.value: run.counts[kind] for kind in RecordKind if kind in run.counts},
        "issues": told(issues_of(session, run, limit=limit)),
    }


def told(issues: Sequence[ImportIssue]) -> list[dict[str, Any]]:
    """Return issues with their sentences, in the language of the reader."""
    found = []
    for issue in issues:
        message, hint = sentences_of(issue)
        found.append(
            {
                "file": issue.file,
                "row": issue.row,
                "column": issue.column,
                "letter": issue.letter,
                "code": issue.code,
                "severity": issue.severity.value,
                "value": issue.value,
                "message": message,
                "hint": hint,
            }
        )
    return found
