"""What a preview would change, field by field: was, and becomes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from importers.engine.write import occasion_of, tell
from importers.models import ExternalRef, ImportRow, ImportRun, RowStatus, RunState
from importers.records import RecordKind
from importers.staged import is_known, rows_of
from importers.targets.by_kind import TARGETS
from importers.targets.signals import SIGNALS
from importers.targets.told import Occasion, Told
from tracker.models import Person

# Set with every write, and nothing that a reader would call a change.
SILENT = {"ended_at", "kind", "source", "source_id", "precision", "occurred_at", "position"}
ENDING = {RecordKind.PERSON: "state", **dict.fromkeys(SIGNALS, "ended_at")}


@dataclass(frozen=True, kw_only=True)
class Change:
    """One field of one record; `row` is where it stands in the file, None for what is missing."""

    kind: str
    subject: str
    field: str
    was: str | None
    becomes: str | None
    file: str | None
    row: int | None


def changes_of(session: Session, run: ImportRun, *, limit: int = 20) -> list[Change]:
    """Return what changes in the first rows of a preview that change something; else nothing."""
    if run.state is not RunState.PREVIEWED:
        return []
    occasion = occasion_of(session, run)
    found: list[Change] = []
    for kind in dict.fromkeys(RecordKind(s["kind"]) for s in run.layout["streams"]):
        found += _changed(session, run, occasion, kind, limit)
        found += _closed(session, run, kind, limit)
    return found[:limit]


def _changed(
    session: Session, run: ImportRun, occasion: Occasion, kind: RecordKind, limit: int
) -> list[Change]:
    changed = [ImportRow.kind == kind, ImportRow.status == RowStatus.CHANGED]
    told = tell(session, [*rows_of(run), *changed], limit=limit)
    current = _current(session, run, kind, [row.local_id for row in told])
    places = _places(session, run, [row.seq for row in told])
    names = _names(session, run, [row.person_id for row in told])
    return [
        Change(
            kind=kind,
            subject=_subject(row, names),
            field=field,
            was=was,
            becomes=becomes,
            file=places[row.seq][0],
            row=places[row.seq][1],
        )
        for row in told
        for field, was, becomes in _differences(
            TARGETS[kind].columns(row, occasion), current.get(row.local_id, {})
        )
    ]


def _differences(
    new: Mapping[str, Any], old: Mapping[str, Any]
) -> list[tuple[str, str | None, str | None]]:
    return [
        (field, _shown(old.get(field)), _shown(value))
        for field, value in new.items()
        if field not in SILENT and not field.endswith("_id") and old.get(field) != value
    ]


def _closed(session: Session, run: ImportRun, kind: RecordKind, limit: int) -> list[Change]:
    rows = session.execute(
        sa.select(ImportRow.ext_id, ImportRow.file, ImportRow.row, ExternalRef.person_id)
        .join(
            ExternalRef,
            is_known(run),
        )
        .where(*rows_of(run), ImportRow.kind == kind, ImportRow.status == RowStatus.CLOSED)
        .order_by(ImportRow.seq)
        .limit(limit)
    ).all()
    names = _names(session, run, [person_id for *_, person_id in rows])
    return [
        Change(
            kind=kind,
            subject=names.get(person_id) or key or "",
            field=ENDING.get(kind, "until_on"),
            was=None,
            becomes="closed",
            file=file,
            row=row,
        )
        for key, file, row, person_id in rows
    ]


def _current(
    session: Session, run: ImportRun, kind: RecordKind, ids: Sequence[UUID]
) -> dict[UUID, Mapping[str, Any]]:
    table: Any = TARGETS[kind].model.__table__
    rows = session.execute(
        sa.select(table).where(table.c.school_id == run.school_id, table.c.id.in_(ids))
    )
    return {row["id"]: dict(row) for row in rows.mappings()}


def _places(
    session: Session, run: ImportRun, seqs: Sequence[int]
) -> dict[int, tuple[str | None, int | None]]:
    rows = session.execute(
        sa.select(ImportRow.seq, ImportRow.file, ImportRow.row).where(
            *rows_of(run), ImportRow.seq.in_(seqs)
        )
    )
    return {seq: (file, row) for seq, file, row in rows}


def _names(session: Session, run: ImportRun, ids: Sequence[UUID | None]) -> dict[UUID | None, str]:
    rows = session.execute(
        sa.select(Person.id, Person.name).where(
            Person.school_id == run.school_id, Person.id.in_({one for one in ids if one})
        )
    )
    return {person_id: name for person_id, name in rows}  # noqa: C416 - a Result is no iterable of pairs to mypy


def _subject(row: Told, names: Mapping[UUID | None, str]) -> str:
    data = row.data
    own = data.get("name") or data.get("title") or data.get("code") or ""
    return names.get(row.person_id, own)


def _shown(value: object) -> str | None:
    return None if value is None else str(value)
