"""The mapping that was used the last time: taken again when the headers are the same."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from importers.issues import Finding, Severity
from importers.models import ImportRun, ImportSource, MatchOn
from importers.sheet.sheet import KIND, NAME, Sheet

REMEMBERED = "remembered"


def recalled(session: Session, run: ImportRun) -> dict[str, Any]:
    """Return a run's options, with what its source remembers if the uploader says nothing now."""
    options = dict(run.options)
    if run.kind != KIND or "mapping" in options:
        return options
    remembered = session.scalar(
        sa.select(ImportSource.options).where(
            ImportSource.school_id == run.school_id,
            ImportSource.kind == KIND,
            ImportSource.name == options.get("source", NAME),
        )
    )
    if remembered and remembered.get("mapping"):
        options[REMEMBERED] = remembered["mapping"]
    return options


def noted(run: ImportRun, source: object) -> dict[str, Any]:
    """Return a run's options, with the headers that its mapping is for."""
    options = dict(run.options)
    if isinstance(source, Sheet) and options.get("mapping"):
        options["mapping"] = {**options["mapping"], "headers": list(source.headers)}
    return options


def settled(named: ImportSource, source: object) -> list[Finding]:
    """Settle by what people are matched the first time; returns what is wrong with the source.

    A sheet may have any name that its uploader gives, but not that of another system. The school
    that names people by their e-mail address in a mapping has chosen that key.
    """
    if not isinstance(source, Sheet):
        is_ours = named.kind == KIND
        return [Finding(code="source.other_kind", value=named.name)] if is_ours else []
    if named.kind != KIND:
        return [Finding(code="source.other_kind", value=named.name)]
    if not source.is_keyed_by_email() or named.match_on is MatchOn.EMAIL:
        return []
    if named.last_applied_at is None and source.is_key_chosen:
        named.match_on = MatchOn.EMAIL
        return []
    return [Finding(code="person.by_email", severity=Severity.WARNING, value=named.name)]


def remember(run: ImportRun, source: ImportSource) -> None:
    """Keep the mapping of a run that is applied, for the next sheet with these headers."""
    if run.kind == KIND and run.options.get("mapping"):
        source.options = {**source.options, "mapping": run.options["mapping"]}
