"""Taking a file in: through the door, looked at as a whole, and kept until it is read."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import IO, Any

import sqlalchemy as sa
from obstore.store import ObjectStore
from sqlalchemy.orm import Session

from importers import bsn, duo
from importers.door import admitting as door
from importers.door.disguise import able_to_name
from importers.door.rewriting import OPEN_END
from importers.engine.closing import OPEN_ENDS, hold_back
from importers.engine.held import end
from importers.engine.opening import keep_file, opening_of
from importers.issues import Finding, Refused
from importers.models import ImportRun, ImportSource, Phase, RunState
from importers.readers.kept import Kept
from importers.repair import repaired as repair
from importers.sheet import KIND as SHEET
from importers.sheet.mapping import checked as checked_mapping
from importers.sheet.memory import noted, recalled, settled
from importers.source import Source
from importers.staged import add_issues, layout_of
from tracker.db import insert_missing, new_id
from tracker.errors import Invalid
from tracker.models import Person, School

# Enough rows per commit to be fast, few enough to hold SQLite's lock only for a moment.
BATCH_SIZE = 3000
LONGEST_NAME = 200
# What the uploader may say of a list of kwalificaties, and of a sheet, and how long.
OPTIONS = {"edition": 40, "level": 1, "title": 200, "source": 200}
LEVELS = {"1", "2", "3", "4"}
# In a run's layout: how many of the findings about its whole were the door's own.
AT_DOOR = "at_door"


def take_in(
    session: Session,
    *,
    school: School,
    store: ObjectStore,
    file_name: str,
    body: bytes | IO[bytes],
    kind: str | None,
    options: Mapping[str, Any],
    batch_size: int,
    repair_of: ImportRun | None = None,
    encryption_keys: Sequence[str] = (),
    by: Person | None,
    at: datetime,
) -> ImportRun:
    """Make the run of a file: waiting to be read, or refused with the reasons; raises Invalid."""
    if kind is not None and kind not in door.KINDS:
        raise Invalid(kind="kind.unknown")
    run = _new_run(
        school=school,
        file_name=_safe_name(file_name),
        kind=kind,
        options=checked(options),
        batch_size=batch_size,
        by=by,
        at=at,
    )
    findings: list[Finding] = []
    prepare = partial(able_to_name, session, school=school, encryption_keys=encryption_keys, at=at)
    kept = _let_in(session, run, body, findings, repair_of, prepare)
    run.layout = {**run.layout, AT_DOOR: len(findings)}
    source = None if kept is None else look_at(session, run, kept, school, findings, at=at)
    session.add(run)
    session.flush()
    add_issues(session, run, [(0, finding) for finding in findings])
    if source is None:
        end(session, run, state=RunState.REFUSED, at=at)
        run.phase = None  # nothing was staged, so there is nothing to clean
    # Of a sheet that is refused people may yet say what its columns mean.
    if kept is not None and (source is not None or run.kind == SHEET):
        keep_file(store, run, kept)
    return run


def look_at(
    session: Session,
    run: ImportRun,
    kept: Kept,
    school: School,
    findings: list[Finding],
    *,
    at: datetime,
) -> Source | None:
    """Open what the door kept, and look at it as a whole; None when it cannot be used.

    What is wrong goes to `findings`; the run learns its source and its streams.
    """
    try:
        run.options = recalled(session, run)
        source = door.open_source(run.kind or "", kept, opening_of(run, school))
        findings += source.check()
        findings += duo.missing_frameworks(session, source, school=school)
        run.options = noted(run, source)
        if run.source_id is None:
            named = _named(session, school, source, at)
            findings += settled(named, source)
            run.source_id = named.id
        if any(finding.is_error for finding in findings):
            return None
        run.layout = {**run.layout, **layout_of(source.streams())}
        findings += hold_back(run)
    except Refused as refusal:
        findings.append(refusal.finding)
        return None
    repair.never_whole(run)
    return source


def _let_in(
    session: Session,
    run: ImportRun,
    body: bytes | IO[bytes],
    findings: list[Finding],
    repair_of: ImportRun | None,
    prepare: door.Prepare,
) -> Kept | None:
    """Return what the door let in; what is wrong goes to `findings`."""
    try:
        admitted = door.admit(body, file_name=run.file_name, kind=run.kind, prepare=prepare)
        run.kind, run.file_name = admitted.kind, admitted.file_name
        findings += [one for one in admitted.findings if one.code != OPEN_END]
        open_ends = [one.file for one in admitted.findings if one.code == OPEN_END]
        run.layout = {**run.layout, "dialect": dict(admitted.dialect), OPEN_ENDS: open_ends}
        run.sample = dict(admitted.sample)
        tables = repair.look_at(admitted.body, admitted.dialect, file_name=run.file_name)
        repair.take_over(session, run, tables, repair_of)
    except Refused as refusal:
        findings.append(refusal.finding)
        return None
    return tables.kept


def _new_run(
    *,
    school: School,
    file_name: str,
    kind: str | None,
    options: dict[str, Any],
    batch_size: int,
    by: Person | None,
    at: datetime,
) -> ImportRun:
    return ImportRun(
        school_id=school.id,
        source_id=None,
        kind=kind,
        file_name=file_name,
        file_digest=None,
        options=options,
        state=RunState.WAITING,
        phase=Phase.READ,
        batch_size=batch_size,
        layout={"streams": [], "closings": [1, 1]},
        cursor={},
        done=0,
        total=None,
        counts={},
        preview_digest=None,
        sample=None,
        retry_of_id=None,
        is_direct=False,
        due_at=None,
        started_by_id=by.id if by else None,
        started_at=at,
        approved_by_id=None,
        approved_at=None,
        cancel_asked_at=None,
        ended_at=None,
        pruned_at=None,
        claim=None,
        heartbeat_at=None,
        attempts=0,
    )


def _named(session: Session, school: School, source: Source, at: datetime) -> ImportSource:
    """Return the school's source of this name; made the first time."""
    row = {
        "school_id": school.id,
        "id": new_id(),
        "kind": source.kind,
        "name": source.name,
        "created_at": at,
        "last_applied_at": None,
    }
    insert_missing(session, ImportSource, [row])
    return session.scalars(
        sa.select(ImportSource).where(
            ImportSource.school_id == school.id, ImportSource.name == source.name
        )
    ).one()


def _safe_name(file_name: str) -> str:
    """Return the uploader's name of the file: the last part, without BSN, as text."""
    name = file_name.replace("\\", "/").rsplit("/", 1)[-1]
    shown = name.encode("utf-8", "replace").decode().replace("\0", "?")
    return bsn.drop_text(shown)[:LONGEST_NAME] or "?"


def checked(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the uploader says of a file, in its form; raises Invalid."""
    given = {
        name: bsn.drop_text(text.strip())
        for name, text in options.items()
        if name != "mapping" and text and text.strip()
    }
    for name, text in given.items():
        if name not in OPTIONS:
            raise Invalid(**{name: "option.unknown"})
        if len(text) > OPTIONS[name]:
            raise Invalid(**{name: "value.too_long"})
    if given.get("level", "1") not in LEVELS:
        raise Invalid(level="level.unknown")
    if options.get("mapping") is not None:
        return {**given, "mapping": checked_mapping(bsn.drop_in(options["mapping"]))}
    return given
