"""Taking a file in: through the door, looked at as a whole, and kept until it is read."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import IO, Any

import sqlalchemy as sa
from obstore.store import ObjectStore
from sqlalchemy.orm import Session

from importers import bsn, door, duo, repair
from importers.bench import end
from importers.disguise import able_to_name
from importers.issues import Finding, Refused
from importers.models import ImportRun, ImportSource, Phase, RunState
from importers.opening import keep_file, opening_of
from importers.readers.kept import Kept
from importers.sheet.mapping import checked as checked_mapping
from importers.sheet.memory import noted, recalled, settled
from importers.source import Source
from importers.stage import layout_of
from importers.staged import add_issues
from tracker.db import insert_missing, new_id
from tracker.errors import Invalid
from tracker.models import Person, School

# Enough rows per commit to be fast, few enough to hold SQLite's lock only for a moment.
BATCH_SIZE = 3000
LONGEST_NAME = 200
# What the uploader may say of a list of kwalificaties, and of a sheet, and how long.
OPTIONS = {"edition": 40, "level": 1, "title": 200, "source": 200}
LEVELS = {"1", "2", "3", "4"}


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
        options=_checked(options),
        batch_size=batch_size,
        by=by,
        at=at,
    )
    findings: list[Finding] = []
    prepare = partial(able_to_name, session, school=school, encryption_keys=encryption_keys, at=at)
    kept, source = _open(session, run, body, school, findings, repair_of, prepare)
    if source is not None and run.source_id is None:
        named = _named(session, school, source, at)
        findings += settled(named, source)
        run.source_id = named.id
    session.add(run)
    session.flush()
    add_issues(session, run, [(0, finding) for finding in findings])
    if kept is None or source is None or any(finding.is_error for finding in findings):
        end(session, run, state=RunState.REFUSED, at=at)
        run.phase = None  # nothing was staged, so there is nothing to clean
    else:
        run.layout = {**run.layout, **layout_of(source.streams())}
        repair.never_whole(run)
        keep_file(store, run, kept)
    return run


def _open(
    session: Session,
    run: ImportRun,
    body: bytes | IO[bytes],
    school: School,
    findings: list[Finding],
    repair_of: ImportRun | None,
    prepare: door.Prepare,
) -> tuple[Kept | None, Source | None]:
    """Return what the door let in and the source it is; what is wrong goes to `findings`."""
    try:
        admitted = door.admit(body, file_name=run.file_name, kind=run.kind, prepare=prepare)
        run.kind, run.file_name = admitted.kind, admitted.file_name
        findings += admitted.findings
        run.layout = {**run.layout, "dialect": dict(admitted.dialect)}
        run.sample = dict(admitted.sample)
        tables = repair.look_at(admitted.body, admitted.dialect, file_name=run.file_name)
        repair.take_over(session, run, tables, repair_of)
        run.options = recalled(session, run)
        source = door.open_source(admitted.kind, tables.kept, opening_of(run, school))
        findings += source.check()
        findings += duo.missing_frameworks(session, source, school=school)
        run.options = noted(run, source)
    except Refused as refusal:
        findings.append(refusal.finding)
        return None, None
    return tables.kept, source


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


def _checked(options: Mapping[str, Any]) -> dict[str, Any]:
    given = {
        name: text.strip()
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
        return {**given, "mapping": checked_mapping(options["mapping"])}
    return given
