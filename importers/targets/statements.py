"""The ledger of statements: which ids were taken in of a source, and what each counts in.

A set of ids makes telling things twice harmless (xapi/telling.py has the argument): matching looks
up what is known, writing adds in the commit that writes the signals. Nobody is named in it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from importers import bulk
from importers.issues import Column, Finding, Severity
from importers.kinds import file_kind
from importers.models import ExternalRef, ImportRow, ImportRun, RowStatus, Statement
from importers.records import RecordKind
from importers.staged import Conditions, StreamLayout, add_issues, in_span, set_aside, told_of
from tracker.db import insert_missing
from tracker.models import Activity, ActivityItem

# Stands at an id that was withdrawn, whether or not we have the statement.
VOIDED = -1
UPSERTS = (RowStatus.NEW, RowStatus.CHANGED, RowStatus.SAME)
WRITTEN = (RowStatus.NEW, RowStatus.CHANGED)
ROWS = 1000  # a row of visits may come from hundreds of statements
Entry = tuple[str, int, str]  # id, part, digest


@dataclass
class Known:
    """What the ledger says of some ids: their digests, which parts counted, which are withdrawn."""

    digests: dict[str, str] = field(default_factory=dict)
    parts: set[tuple[str, int]] = field(default_factory=set)
    voided: set[str] = field(default_factory=set)

    def is_fresh(self, entry: Entry) -> bool:
        """Whether this was not taken in before, and may be."""
        one, part, digest = entry
        is_same = self.digests.get(one, digest) == digest
        return is_same and (one, part) not in self.parts and one not in self.voided

    def is_other(self, entry: Entry) -> bool:
        """Whether another content is known under this id."""
        return self.digests.get(entry[0], entry[2]) != entry[2]


def has_ledger(run: ImportRun) -> bool:
    """Whether statements, or events, of this kind of source are known again by their ids."""
    kind = file_kind(run.kind)
    return kind is not None and kind.has_ledger


def decide(session: Session, run: ImportRun, stream: StreamLayout, first: int, until: int) -> None:
    """Let rows of which all statements are known do nothing; set aside what contradicts them."""
    if not has_ledger(run):
        return
    if stream["kind"] == RecordKind.LESSON_TASK:
        _keep_items(session, run, in_span(run, first, until))
    if stream["kind"] not in _SIGNALS:
        return
    for start in range(first, until, ROWS):
        span = in_span(run, start, min(start + ROWS, until))
        rows = _rows(session, [*span, ImportRow.is_good.is_(True), ImportRow.status.in_(UPSERTS)])
        if rows:
            _decide(session, run, stream, rows)


def _decide(session: Session, run: ImportRun, stream: StreamLayout, rows: Sequence[Any]) -> None:
    known = _known(session, run, {entry[0] for row in rows for entry in _entries(row)})
    counted = _counted(session, run, [row.data["key"] for row in rows if _is_visit(row)])
    changed: list[dict[str, Any]] = []
    aside: list[tuple[int, Finding]] = []
    passed: list[tuple[int, Finding]] = []
    told: list[tuple[int, Finding]] = []
    conflict = f"{run.kind}.conflict"
    for row in rows:
        entries = _entries(row)
        fresh = sum(map(known.is_fresh, entries))
        others = [entry for entry in entries if known.is_other(entry)]
        if others and len(entries) == 1:
            aside.append((row.seq, _finding(conflict, stream, row, others[0][0])))
            continue
        told += ((row.seq, _warning(conflict, stream, row, entry[0])) for entry in others)
        if not fresh and all(entry[0] in known.voided for entry in entries):
            passed.append((row.seq, _warning("xapi.voided", stream, row, entries[0][0])))
        elif not fresh and row.status is not RowStatus.SAME:
            changed.append({"seq": row.seq, "status": RowStatus.SAME})
        elif fresh and _is_visit(row):
            value = str(counted.get(row.data["key"], 0) + fresh)
            if value != row.data["value"]:
                changed.append({"seq": row.seq, "data": {**row.data, "value": value}})
    _update(session, run, changed)
    set_aside(session, run, aside)
    set_aside(session, run, passed, status=RowStatus.IGNORED)
    add_issues(session, run, told, is_from_match=True)


def take_in(session: Session, run: ImportRun, first: int, until: int, *, at: datetime) -> None:
    """Put the ids of rows that are about to be written into the ledger, and count visits anew.

    What is withdrawn by one of them is taken out, and what it told ends, or counts less.
    """
    if not has_ledger(run):
        return
    for start in range(first, until, ROWS):
        span = in_span(run, start, min(start + ROWS, until))
        rows = _rows(session, [*span, ImportRow.status.in_(WRITTEN)])
        voids = [row for row in rows if row.data.get("what") == "void"]
        if voids:
            _withdraw(session, run, voids, at)
        _count(session, run, [row for row in rows if row.data.get("what") != "void"])


def _count(session: Session, run: ImportRun, rows: Sequence[Any]) -> None:
    known = _known(session, run, {entry[0] for row in rows for entry in _entries(row)})
    insert_missing(
        session,
        Statement,
        [
            _line(run, *entry, kind=row.kind, key=row.data["key"])
            for row in rows
            for entry in _entries(row)
            if known.is_fresh(entry)
        ],
    )
    visits = [row for row in rows if _is_visit(row)]
    counted = _counted(session, run, [row.data["key"] for row in visits])
    found = [(row, str(counted.get(row.data["key"], 0))) for row in visits]
    _update(
        session,
        run,
        [
            {"seq": row.seq, "data": {**row.data, "value": value}}
            for row, value in found
            if value != row.data["value"]
        ],
    )


def _withdraw(session: Session, run: ImportRun, voids: Sequence[Any], at: datetime) -> None:
    targets = sorted({row.data["voids"] for row in voids})
    lines = [_line(run, *entry) for row in voids for entry in _entries(row)]
    insert_missing(
        session, Statement, [*lines, *(_line(run, one, VOIDED, None) for one in targets)]
    )
    withdrawn = [*_of_source(session, run, Statement.statement_id, targets), Statement.part >= 0]
    signals = session.execute(
        sa.select(Statement.kind, Statement.key).where(*withdrawn, Statement.key.is_not(None))
    ).all()
    bulk.change(session, sa.delete(Statement).where(*withdrawn, Statement.key.is_not(None)))
    for kind in _SIGNALS:
        keys = sorted({key for one, key in signals if one is kind and key is not None})
        if keys:
            _end(session, run, kind, keys, at)
    # Nothing is kept of it but its id.
    _update(session, run, [{"seq": row.seq, "status": RowStatus.SAME} for row in voids])


def _end(
    session: Session, run: ImportRun, kind: RecordKind, keys: Sequence[str], at: datetime
) -> None:
    """End the signals of which no statement is left; of the others say how many are."""
    counted = _counted(session, run, keys)
    found = session.execute(
        sa.select(ExternalRef.ext_id, ExternalRef.local_id).where(
            *told_of(run, kind),
            bulk.is_among(session, ExternalRef.ext_id, keys),
        )
    ).all()
    for key, local_id in found:
        left = counted.get(key, 0)
        ends: dict[str, Any] = {"value": left} if left else {"ended_at": at}
        bulk.change(
            session,
            sa.update(Activity)
            .where(Activity.school_id == run.school_id, Activity.id == local_id)
            .values(ends),
        )


def _keep_items(session: Session, run: ImportRun, span: Conditions) -> None:
    """Let an item be, of which these statements tell less than, or just, what is known."""
    rows = session.execute(
        sa.select(ImportRow.seq, ImportRow.data, ActivityItem)
        .join(
            ActivityItem,
            sa.and_(
                ActivityItem.school_id == ImportRow.school_id,
                ActivityItem.id == ImportRow.local_id,
            ),
        )
        .where(*span, ImportRow.is_good, ImportRow.status == RowStatus.CHANGED)
    )
    same = []
    for seq, data, item in rows:
        numbers = [(data[name], getattr(item, name)) for name in ("value_min", "value_max")]
        is_named = data["title"] in (None, item.title)
        if is_named and all(told is None or _equal(told, kept) for told, kept in numbers):
            same.append({"seq": seq, "status": RowStatus.SAME})
    _update(session, run, same)


def _equal(told: str, kept: Any) -> bool:
    return kept is not None and abs(float(told) - float(kept)) < 0.0005  # noqa: PLR2004 - as kept: three decimals


def _known(session: Session, run: ImportRun, ids: Iterable[str]) -> Known:
    known = Known()
    found = session.execute(
        sa.select(Statement.statement_id, Statement.part, Statement.digest).where(
            *_of_source(session, run, Statement.statement_id, ids)
        )
    )
    for one, part, digest in found:
        if part == VOIDED:
            known.voided.add(one)
        else:
            known.parts.add((one, part))
            known.digests[one] = digest or ""
    return known


def _counted(session: Session, run: ImportRun, keys: Iterable[str]) -> dict[str, int]:
    """Return from how many statements each of these signals comes."""
    found = session.execute(
        sa.select(Statement.key, sa.func.count())
        .where(*_of_source(session, run, Statement.key, keys))
        .group_by(Statement.key)
    )
    return {key: number for key, number in found if key is not None}


def _of_source(
    session: Session, run: ImportRun, column: Any, values: Iterable[str]
) -> list[sa.ColumnElement[bool]]:
    return [
        Statement.school_id == run.school_id,
        Statement.source_id == run.source_id,
        bulk.is_among(session, column, values),
    ]


def _line(
    run: ImportRun,
    one: str,
    part: int,
    digest: str | None,
    *,
    kind: RecordKind | None = None,
    key: str | None = None,
) -> dict[str, Any]:
    return {
        "school_id": run.school_id,
        "source_id": run.source_id,
        "statement_id": one,
        "part": part,
        "digest": digest,
        "kind": kind,
        "key": key,
    }


def _rows(session: Session, rows: Conditions) -> Sequence[Any]:
    columns = (ImportRow.seq, ImportRow.row, ImportRow.kind, ImportRow.status, ImportRow.data)
    return session.execute(sa.select(*columns).where(*rows).order_by(ImportRow.seq)).all()


def _entries(row: Any) -> list[Entry]:
    return [(one, part, digest) for one, part, digest in row.data["statements"]]


def _is_visit(row: Any) -> bool:
    return bool(row.data.get("what") == "visit")


def _update(session: Session, run: ImportRun, rows: Iterable[dict[str, Any]]) -> None:
    key = {"school_id": run.school_id, "run_id": run.id}
    bulk.update_rows(session, ImportRow, [key | row for row in rows])


def _finding(code: str, stream: StreamLayout, row: Any, value: str) -> Finding:
    return Finding(
        code=code, file=stream["file"], row=row.row, column=Column(None, "id"), value=value
    )


def _warning(code: str, stream: StreamLayout, row: Any, value: str) -> Finding:
    return replace(_finding(code, stream, row, value), severity=Severity.WARNING)


_SIGNALS = {
    RecordKind.PARTICIPATION,
    RecordKind.RESULT,
    RecordKind.ACTIVITY,
    RecordKind.ATTENDANCE,
}
