"""Runs of an import, for pages, API and commands: start, look, approve, discard, cancel.

A file is always previewed; only an administrator's approval of that very preview applies it.
`by` is None for who works at the command line of the server itself.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import IO, Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from importers.door.intake import BATCH_SIZE, take_in
from importers.engine.closing import BRAKES
from importers.engine.held import end
from importers.models import GOING_ON, ImportIssue, ImportRun, Phase, RunState
from importers.pulls.pulling import JOB
from importers.repair.waiting import copy_waiting, count_waiting
from tracker import audit
from tracker.db import nudge
from tracker.errors import Conflict, NotFound
from tracker.models import Person, School
from tracker.permissions import ALLOWED, Action, require, roles_of


def start(
    session: Session,
    *,
    by: Person | None,
    school: School,
    store: Any,
    file_name: str,
    body: bytes | IO[bytes],
    kind: str | None = None,
    options: Mapping[str, Any] | None = None,
    repair_of: ImportRun | None = None,
    encryption_keys: Sequence[str] = (),
    batch_size: int = BATCH_SIZE,
    on: date,
    at: datetime,
) -> ImportRun:
    """Take a file in at the door and have a preview made of it; nothing else changes yet.

    `options` may give edition, level and title of a list of kwalificaties, or the `source` and
    `mapping` of a sheet (sheet/mapping.py). With `repair_of` the file holds rows that were set
    aside in that run, repaired; such a file closes nobody. Without the `encryption_keys` of the
    settings no file that names people by BSN or onderwijsnummer is taken. The run that is
    returned is `waiting`, or `refused` when the file cannot be used; its issues say why. Raises
    Invalid for options that cannot be, NotAllowed for who is no administrator.
    """
    if by is not None:
        require(session, by, Action.RUN_IMPORT, on=on)
    run = take_in(
        session,
        school=school,
        store=store,
        file_name=file_name,
        body=body,
        kind=kind,
        options=options or {},
        repair_of=repair_of,
        encryption_keys=encryption_keys,
        batch_size=batch_size,
        by=by,
        at=at,
    )
    audit.record(session, by=by, verb="started import", subject=run, at=at)
    if run.phase is not None:
        _wake(session, run)
    session.flush()
    return run


def approve(
    session: Session,
    *,
    by: Person | None,
    run: ImportRun,
    digest: str,
    confirm_closing: bool = False,
    on: date,
    at: datetime,
) -> None:
    """Have this very preview applied; raises Conflict when it is not, or no longer, the preview.

    Where very much would close (`needs_confirmation`) it must be confirmed in so many words.
    """
    if by is not None:
        require(session, by, Action.RUN_IMPORT, on=on)
    _lock(session, run)
    if run.state is not RunState.PREVIEWED:
        raise Conflict("import.not_previewed")
    if digest != run.preview_digest:
        raise Conflict("import.other_preview")
    if needs_confirmation(session, run) and not confirm_closing:
        raise Conflict("import.closing_not_confirmed")
    run.state, run.phase, run.cursor = RunState.APPLYING, Phase.MATCH, {}
    run.approved_by_id, run.approved_at = by.id if by else None, at
    audit.record(session, by=by, verb="approved import", subject=run, at=at)
    _wake(session, run)
    session.flush()


def discard(session: Session, *, by: Person | None, run: ImportRun, on: date, at: datetime) -> None:
    """Throw a preview away, with all that was read for it; raises Conflict for any other run.

    So is a sheet that was refused and kept, because people might say what its columns mean.
    """
    if by is not None:
        require(session, by, Action.RUN_IMPORT, on=on)
    _lock(session, run)
    is_kept = run.state is RunState.REFUSED and run.file_digest is not None
    if run.state is not RunState.PREVIEWED and not is_kept:
        raise Conflict("import.not_previewed")
    end(session, run, state=RunState.DISCARDED, at=at)
    audit.record(session, by=by, verb="discarded import", subject=run, at=at)
    _wake(session, run)
    session.flush()


def cancel(session: Session, *, by: Person | None, run: ImportRun, on: date, at: datetime) -> None:
    """Ask the worker to stop after its present batch; raises Conflict when nothing is going on.

    A run that was being read is discarded. Of one that was being applied the written rows stay,
    and what is left becomes a preview again: to approve, or to throw away.
    """
    if by is not None:
        require(session, by, Action.RUN_IMPORT, on=on)
    _lock(session, run)
    if run.state not in GOING_ON:
        raise Conflict("import.not_going_on")
    run.cancel_asked_at = at
    audit.record(session, by=by, verb="cancelled import", subject=run, at=at)
    _wake(session, run)
    session.flush()


def retry(
    session: Session, *, by: Person | None, run: ImportRun, on: date, at: datetime
) -> ImportRun:
    """Take up, in a new run, the rows of an applied one that wait for who or what they are about.

    Nothing is read again and nothing closes. Previewed, or applied at once if the old run was.
    Raises Conflict when nothing waits.
    """
    if by is not None:
        require(session, by, Action.RUN_IMPORT, on=on)
    _lock(session, run)
    if run.state is not RunState.APPLIED or run.phase is not None:
        raise Conflict("import.not_applied")
    if not count_waiting(session, run):
        raise Conflict("import.nothing_waits")
    again = ImportRun(
        school_id=run.school_id,
        source_id=run.source_id,
        retry_of_id=run.id,
        kind=run.kind,
        file_name=run.file_name,
        is_direct=run.is_direct,
        options=run.options,
        state=RunState.WAITING,
        phase=Phase.MATCH,
        batch_size=run.batch_size,
        layout={},
        cursor={},
        done=0,
        counts={},
        started_by_id=by.id if by else None,
        started_at=at,
        attempts=0,
    )
    session.add(again)
    session.flush()
    copy_waiting(session, run, again)
    audit.record(session, by=by, verb="took up import", subject=again, at=at)
    _wake(session, again)
    session.flush()
    return again


def discard_rows(
    session: Session, *, by: Person | None, run: ImportRun, on: date, at: datetime
) -> None:
    """Throw away what an applied run set aside: the rows and their cells; the counts stay.

    Raises Conflict for any other run.
    """
    if by is not None:
        require(session, by, Action.RUN_IMPORT, on=on)
    _lock(session, run)
    if run.state is not RunState.APPLIED or run.phase is not None or run.pruned_at is not None:
        raise Conflict("import.not_applied")
    run.phase = Phase.PRUNE
    audit.record(session, by=by, verb="discarded rows", subject=run, at=at)
    _wake(session, run)
    session.flush()


def needs_confirmation(session: Session, run: ImportRun) -> bool:
    """Whether so much would close that approving must say so."""
    brake = sa.exists().where(
        ImportIssue.school_id == run.school_id,
        ImportIssue.run_id == run.id,
        ImportIssue.code.in_(BRAKES),
    )
    return bool(session.scalar(sa.select(brake)))


def find_run(
    session: Session, key: UUID, *, person: Person, on: date, is_look: bool = True
) -> ImportRun:
    """Return a run that this person may see, and log the look; raises NotFound.

    Who only waits while it goes on looked before.
    """
    run = None
    if roles_of(session, person, on=on) & ALLOWED[Action.SEE_IMPORTS]:
        run = session.get(ImportRun, (person.school_id, key))
    if run is None:
        raise NotFound("ImportRun not found")
    if is_look:
        audit.look(session, by=person, verb="looked", subject=run)
    return run


def recent_runs(
    session: Session,
    *,
    person: Person,
    on: date,
    limit: int,
    before: UUID | None = None,
    source_id: UUID | None = None,
) -> Sequence[ImportRun]:
    """Return the school's runs, or a source's, newest first.

    `before` is the last one of the page before.
    """
    require(session, person, Action.SEE_IMPORTS, on=on)
    select = sa.select(ImportRun).where(ImportRun.school_id == person.school_id)
    if source_id is not None:
        select = select.where(ImportRun.source_id == source_id)
    if before is not None:
        select = select.where(ImportRun.id < before)
    return session.scalars(select.order_by(ImportRun.id.desc()).limit(limit)).all()


def _lock(session: Session, run: ImportRun) -> None:
    """See the run as it is now, and let nobody else change it before this unit of work ends."""
    session.refresh(run, with_for_update=True)


def _wake(session: Session, run: ImportRun) -> None:
    nudge(session, JOB, school_id=str(run.school_id), run_id=str(run.id))
