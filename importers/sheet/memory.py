"""What was known of a sheet before: the mapping of the last time, and what a repair repairs.

A mapping is taken again when the headers are the same. A repair holds a few rows, which say less
about a column than all did: it is read as the sheet was that it comes from.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from importers.issues import Finding, Severity
from importers.models import ImportRun, ImportSource, MatchOn
from importers.sheet.sheet import KIND, NAME, Sheet

REMEMBERED = "remembered"
UNDERSTOOD = "understood"
PROFILE = "profile"


def recalled(session: Session, run: ImportRun) -> dict[str, Any]:
    """Return a run's options, with what its source remembers if the uploader says nothing now.

    A sheet of which no source is named is of the one that remembers its headers, if that is one.
    """
    options = dict(run.options)
    if run.kind != KIND:
        return options
    if run.retry_of_id is not None:
        repaired = session.get_one(ImportRun, (run.school_id, run.retry_of_id))
        return options | {PROFILE: repaired.layout.get(UNDERSTOOD, {}).get(PROFILE, {})}
    if "mapping" in options:
        return options
    headers = run.layout.get("headers", {}).get(run.file_name)
    remembered = {
        name: found["mapping"]
        for name, found in session.execute(
            sa.select(ImportSource.name, ImportSource.options).where(
                ImportSource.school_id == run.school_id, ImportSource.kind == KIND
            )
        )
        if found.get("mapping")
    }
    name = options.get("source")
    if name is None:
        same = [one for one, mapping in remembered.items() if mapping.get("headers") == headers]
        name = NAME if NAME in same or len(same) != 1 else same[0]
    if name in remembered:
        options |= {"source": name, REMEMBERED: remembered[name]}
    return options


def noted(run: ImportRun, source: object) -> dict[str, Any]:
    """Return a run's options, with the headers that its mapping is for.

    What the columns hold, and were taken for, is kept in the run's layout.
    """
    options = dict(run.options)
    if isinstance(source, Sheet):
        run.layout = {**run.layout, UNDERSTOOD: source.understood()}
    if isinstance(source, Sheet) and options.get("mapping"):
        options["mapping"] = {**options["mapping"], "headers": list(source.headers)}
    return options


def mapping_of(run: ImportRun) -> dict[str, Any]:
    """Return what was said of the columns of a run, now or the last time; {} when nothing was."""
    said = run.options.get("mapping")
    if said is None:
        remembered = run.options.get(REMEMBERED) or {}
        headers = run.layout.get("headers", {}).get(run.file_name)
        said = remembered if remembered.get("headers") == headers else {}
    return {name: value for name, value in said.items() if name != "headers"}


def settled(named: ImportSource, source: object) -> list[Finding]:
    """Settle by what people are matched the first time; returns what is wrong with the source.

    A sheet may have any name that its uploader gives, but not that of another system. The school
    that names people by their e-mail address in a mapping has chosen that key.
    """
    if not isinstance(source, Sheet):
        # A file that lets its name be chosen says of which kinds of source it may tell.
        joins = getattr(source, "joins", None)
        is_other = named.kind == KIND if joins is None else named.kind not in joins
        return [Finding(code="source.other_kind", value=named.name)] if is_other else []
    if named.kind != KIND:
        return [Finding(code="source.other_kind", value=named.name)]
    if named.last_applied_at is None and source.is_key_chosen:
        named.match_on = MatchOn.EMAIL if source.is_keyed_by_email() else MatchOn.NUMBER
        return []
    if not source.is_keyed_by_email() or named.match_on is MatchOn.EMAIL:
        return []
    return [Finding(code="person.by_email", severity=Severity.WARNING, value=named.name)]


def remember(run: ImportRun, source: ImportSource) -> None:
    """Keep the mapping of a run that is applied, for the next sheet with these headers."""
    if run.kind == KIND and run.options.get("mapping"):
        source.options = {**source.options, "mapping": run.options["mapping"]}
