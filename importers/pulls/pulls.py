"""Pulls: runs that read a system of the school, on time or when somebody asks."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from importers.engine.held import end
from importers.kinds import PULL_KINDS
from importers.models import GOING_ON, ImportRun, ImportSource, Phase, RunState
from importers.pulls.pulling import JOB, since_of
from importers.source import Asking, Source, Stream
from importers.staged import layout_of
from tracker import audit
from tracker.db import nudge
from tracker.errors import Conflict
from tracker.models import Person, School
from tracker.permissions import Action, require

# A system is asked for one thing at a time: a batch must not be minutes of asking.
BATCH_SIZE = 200


def start_pull(
    session: Session, *, source: ImportSource, by: Person | None, on: date, at: datetime
) -> ImportRun:
    """Have a system read and what it tells applied; nothing is asked yet.

    One at a time: a pull of this source that is going on is returned instead. A preview of an
    earlier one that waits for approval is thrown away: this one knows better. Raises Conflict for
    a source that is no system, NotAllowed for who is no administrator.
    """
    if by is not None:
        require(session, by, Action.RUN_IMPORT, on=on)
    session.refresh(source, with_for_update={"key_share": True})
    if source.url is None or source.kind not in PULL_KINDS:
        raise Conflict("source.not_pulled")
    going_on, waiting = _unended(session, source)
    if going_on is not None:
        return going_on
    for preview in waiting:
        end(session, preview, state=RunState.DISCARDED, at=at)
        _wake(session, preview)
    run = _new_run(session, source, by, at)
    session.add(run)
    session.flush()
    if by is not None:
        audit.record(session, by=by, verb="started import", subject=run, at=at)
    _wake(session, run)
    return run


def _unended(session: Session, source: ImportSource) -> tuple[ImportRun | None, list[ImportRun]]:
    """Return the pull of this source that is going on, and those that wait for approval."""
    found = session.scalars(
        sa.select(ImportRun)
        .where(
            ImportRun.school_id == source.school_id,
            ImportRun.source_id == source.id,
            ImportRun.is_direct,
            ImportRun.state.in_((*GOING_ON, RunState.PREVIEWED)),
        )
        .order_by(ImportRun.id)
        .with_for_update()
    ).all()
    going_on = [run for run in found if run.state is not RunState.PREVIEWED]
    return (going_on[0] if going_on else None), [run for run in found if run not in going_on]


def _new_run(session: Session, source: ImportSource, by: Person | None, at: datetime) -> ImportRun:
    school = session.get_one(School, source.school_id)
    streams = streams_of(source, school, since=since_of(session, source), at=at)
    return ImportRun(
        school_id=source.school_id,
        source_id=source.id,
        kind=source.kind,
        file_name=source.name,
        is_direct=True,
        options=source.options,
        state=RunState.WAITING,
        phase=Phase.READ,
        batch_size=BATCH_SIZE,
        layout={"closings": [1, 1], **layout_of(streams)},
        cursor={},
        done=0,
        counts={},
        started_by_id=by.id if by else None,
        started_at=at,
        attempts=0,
    )


def streams_of(
    source: ImportSource,
    school: School,
    *,
    since: Mapping[str, Mapping[str, Any]] | None = None,
    at: datetime,
) -> Sequence[Stream]:
    """Return what can be read of a system; nothing is asked, so no secret is needed.

    `since` is where earlier runs ended: who tells only changes since then does not tell all.
    """
    return _opened(source.kind, source.url or "", source.options, school, since or {}, at).streams()


def name_of(
    kind: str, *, url: str, options: Mapping[str, Any], school: School, at: datetime
) -> str:
    """Return how readers know a kind of system; nothing is asked."""
    return _opened(kind, url, options, school, {}, at).name


def _opened(
    kind: str,
    url: str,
    options: Mapping[str, Any],
    school: School,
    since: Mapping[str, Mapping[str, Any]],
    at: datetime,
) -> Source:
    asking = Asking(
        url=url,
        secret=None,
        options=options,
        zone=ZoneInfo(school.timezone),
        since=since,
        allow_loopback=False,
        at=at,
    )
    return PULL_KINDS[kind].open(asking)


def _wake(session: Session, run: ImportRun) -> None:
    nudge(session, JOB, school_id=str(run.school_id), run_id=str(run.id))
