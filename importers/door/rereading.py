"""Reading a kept file again by what people say of it: no upload again, and nothing is applied."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from importers.door.intake import AT_DOOR, checked, look_at
from importers.engine.held import end
from importers.engine.opening import kept_file
from importers.engine.restage import begin_again
from importers.issues import Finding
from importers.models import ImportIssue, ImportRun, RunState
from importers.pulls.pulling import JOB
from importers.readers.dialect import Dialect
from importers.readers.kept import Kept
from importers.readers.sample import MOST_ROWS
from importers.repair import repaired as repair
from importers.sheet import KIND as SHEET
from importers.sheet.memory import REMEMBERED
from importers.staged import add_issues, forget_issues
from tracker import audit
from tracker.db import nudge
from tracker.errors import Conflict, Invalid
from tracker.models import Person, School
from tracker.permissions import Action, require


def is_at_rest(run: ImportRun) -> bool:
    """Whether a run waits for people, who may still say how its file is to be read."""
    return run.state in {RunState.PREVIEWED, RunState.REFUSED} and run.phase is None


def is_correctable(run: ImportRun) -> bool:
    """Whether people may still say what the columns of this run's sheet mean."""
    return is_at_rest(run) and run.kind == SHEET and run.file_digest is not None


def read_again(
    session: Session,
    *,
    by: Person | None,
    run: ImportRun,
    store: Any,
    mapping: Mapping[str, Any],
    source: str | None = None,
    header_row: int | None = None,
    on: date,
    at: datetime,
) -> None:
    """Have a sheet read again by this mapping (sheet/mapping.py) and have a new preview made.

    `source` is the name under which readers see it, `header_row` where its headers are, from 1 as
    Excel counts; without them they stay as they are. Raises Conflict for a run that is no
    preview, or whose file is gone; Invalid for a mapping that cannot be; NotAllowed for who is no
    administrator. The run is then `waiting`, or `refused` when the sheet cannot be read so.
    """
    if by is not None:
        require(session, by, Action.RUN_IMPORT, on=on)
    session.refresh(run, with_for_update=True)
    if not is_correctable(run) or run.file_digest is None:
        raise Conflict("import.not_correctable")
    told = checked({"mapping": mapping, "source": source or run.options.get("source")})
    kept = {name: value for name, value in run.options.items() if name != REMEMBERED}
    run.options = {**kept, **told}
    file = kept_file(store, run, run.file_digest)
    if header_row is not None:
        _move_header(run, header_row)
        tables = repair.look_at(file, run.layout["dialect"], file_name=run.file_name)
        run.layout = {**run.layout, "headers": tables.headers}
    forget_findings(session, run)
    read_anew(session, run, file, by=by, at=at)


def read_anew(
    session: Session, run: ImportRun, file: Kept, *, by: Person | None, at: datetime
) -> None:
    """Look at a kept file as a whole, and have it read; or refuse it with the reasons."""
    if run.retry_of_id is None:
        run.source_id = None
    findings: list[Finding] = []
    school = session.get_one(School, run.school_id)
    found = look_at(session, run, file, school, findings, at=at)
    add_issues(session, run, [(0, finding) for finding in findings])
    run.counts, run.preview_digest, run.total, run.attempts = {}, None, None, 0
    if found is None:
        end(session, run, state=RunState.REFUSED, at=at)
        run.phase = None  # what was read before goes when it is read again, or after a while
    else:
        run.state, run.ended_at = RunState.WAITING, None
        begin_again(run)
        nudge(session, JOB, school_id=str(run.school_id), run_id=str(run.id))
    audit.record(session, by=by, verb="had import read again", subject=run, at=at)
    session.flush()


def _move_header(run: ImportRun, row: int) -> None:
    """Take another of the rows that are shown for the one with the headers."""
    tables = (run.sample or {}).get("tables", [])
    rows = tables[0]["rows"] if tables else []
    if not 1 <= row <= min(len(rows), MOST_ROWS) or not any(rows[row - 1]):
        raise Invalid(header_row="header.not_there")
    headers = [cell.strip() for cell in rows[row - 1]]
    run.sample = {**(run.sample or {}), "tables": [{**tables[0], "headers": headers}, *tables[1:]]}
    dialects = dict(run.layout.get("dialect", {}))
    moved = replace(Dialect.of(dialects.get(run.file_name, {})), header_row=row)
    run.layout = {**run.layout, "dialect": {**dialects, run.file_name: moved.plain()}}


def forget_findings(session: Session, run: ImportRun) -> None:
    """Forget what was found of the sheet as a whole; what the door found stays."""
    of_whole = session.scalars(
        sa.select(ImportIssue.id)
        .where(
            ImportIssue.school_id == run.school_id,
            ImportIssue.run_id == run.id,
            ImportIssue.seq == 0,
            sa.not_(ImportIssue.is_from_match),
        )
        .order_by(ImportIssue.id)
    ).all()
    at_door = of_whole[: run.layout.get(AT_DOOR, 0)]
    forget_issues(session, run, [ImportIssue.id.not_in(at_door)])
