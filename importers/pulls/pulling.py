"""Reading a system during a run: opening it, showing signs of life, and putting the run off."""

import time
from dataclasses import dataclass
from datetime import timedelta
from secrets import SystemRandom
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from cryptography.fernet import InvalidToken
from sqlalchemy.orm import Session

from importers.engine.held import HeldRun, Stopping, end
from importers.issues import Finding, Severity
from importers.kinds import PULL_KINDS
from importers.models import ImportCursor, ImportRun, ImportSource, RunState
from importers.source import Asking, Source, Unavailable
from importers.staged import add_issues
from lti import keys
from tracker.db import nudge, unit_of_work, utc_now
from tracker.models import School

MOST_TRIES = 5  # of one stream in one run; then the run goes on without the rest of it
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=4)  # whoever asks for more is asked again by the timetable
BEAT = 1.0  # seconds
TURN = 60.0  # seconds
JOB = "importers.jobs.run_import"
_RANDOM = SystemRandom()


class Ended(Exception):
    """Somebody cancelled the run while the system was being asked; it is over."""


@dataclass
class Pulse:
    """Between two questions: says that the run is alive, and hears whether it must end."""

    held: HeldRun
    beaten_at: float = 0.0

    def __call__(self) -> None:
        """Beat, at most once a second; raises Ended, Stopping or LostClaim."""
        if time.monotonic() - self.beaten_at < BEAT:
            return
        with self.held.step() as (session, run):
            is_cancelled = run.cancel_asked_at is not None
            if is_cancelled:
                end(session, run, state=RunState.DISCARDED, at=utc_now())
        self.beaten_at = time.monotonic()
        if is_cancelled:
            raise Ended


def open_pull(held: HeldRun, run: ImportRun, school: School) -> Source:
    """Open the system that a run reads, behind what earlier runs took in.

    Raises Unavailable, and Ended when the system itself says that it cannot be read.
    """
    if held.settings is None:
        raise Unavailable("source.no_settings", is_final=True)
    with unit_of_work(held.engine, school_id=held.school_id, writes=False) as session:
        row = session.get_one(ImportSource, (held.school_id, run.source_id))
        since = since_of(session, row)
    secret = None
    if row.sealed_secret is not None:
        try:
            secret = keys.unseal(row.sealed_secret.encode(), held.settings.encryption_keys)
        except InvalidToken:
            raise Unavailable("source.key_unreadable", is_final=True) from None
    asking = Asking(
        url=row.url or "",
        secret=secret,
        options=run.options,
        zone=ZoneInfo(school.timezone),
        since=since,
        allow_loopback=held.settings.is_demo,
        at=run.started_at,
        pulse=Pulse(held),
        wait=held.wait,
    )
    source = PULL_KINDS[row.kind].open(asking)
    if "seq" not in run.cursor:
        _check(held, source)
    return source


def since_of(session: Session, source: ImportSource) -> dict[str, Any]:
    """Return, by stream, where the next run of a source begins."""
    cursors = session.scalars(
        sa.select(ImportCursor).where(
            ImportCursor.school_id == source.school_id, ImportCursor.source_id == source.id
        )
    )
    return {cursor.stream: cursor.value for cursor in cursors}


def _check(held: HeldRun, source: Source) -> None:
    """Ask first whether all may be asked; what may not is said, and an error ends the run."""
    findings = source.check()
    errors = [finding for finding in findings if finding.is_error]
    with held.step() as (session, run):
        add_issues(session, run, [(0, finding) for finding in findings])
        run.cursor = {"stream": 0, "after": 0, "seq": 1}
        if errors:
            _fail(session, run, errors[0].code)
    if errors:
        raise Ended


def _fail(session: Session, run: ImportRun, code: str) -> None:
    streams = [{**stream, "is_whole": False, "unread": code} for stream in run.layout["streams"]]
    run.layout = {**run.layout, "streams": streams}
    end(session, run, state=RunState.FAILED, at=utc_now())


def is_turn_over(held: HeldRun, session: Session, run: ImportRun) -> bool:
    """Whether others may have the worker now: a night's pull must not keep a person waiting."""
    is_over = run.is_direct and time.monotonic() - held.taken_at > TURN
    if is_over:
        nudge(session, JOB, school_id=str(run.school_id), run_id=str(run.id))
    return is_over


def put_off(held: HeldRun, reason: Unavailable) -> None:
    """Have the run taken up later, from where it is; after many tries it goes on without the rest.

    What was not read is not missing: the stream is not whole, so it closes nobody, and its cursor
    stays where it was. A run that could read nothing at all has failed. Raises Stopping when the
    run waits.
    """
    with held.step() as (session, run):
        tries = run.cursor.get("tries", 0) + 1
        is_waiting = tries < MOST_TRIES and not reason.is_final and run.cancel_asked_at is None
        if is_waiting:
            wait = FIRST_WAIT * 2 ** (tries - 1) * _RANDOM.uniform(1, 1.5)
            asked = min(timedelta(seconds=reason.retry_after or 0), LONGEST_WAIT)
            run.cursor = {**run.cursor, "tries": tries}
            run.due_at = utc_now() + max(wait, asked)
        else:
            _give_up(session, run, reason, tries)
    if is_waiting:
        raise Stopping


def _give_up(session: Session, run: ImportRun, reason: Unavailable, tries: int) -> None:
    """Go on to the next stream; who did not answer all that time is not waited for there again."""
    if "seq" not in run.cursor:  # not even the first question was answered
        finding = Finding(code=reason.code, detail=reason.detail)
        add_issues(session, run, [(0, finding)])
        _fail(session, run, reason.code)
        return
    place = run.cursor["stream"]
    streams = [dict(stream) for stream in run.layout["streams"]]
    streams[place] |= {"is_whole": False, "unread": reason.code}
    run.layout = {**run.layout, "streams": streams}
    run.cursor = {
        "stream": place + 1,
        "after": 0,
        "seq": run.cursor["seq"],
        "tries": 0 if reason.is_final else min(tries, MOST_TRIES - 1),
    }
    run.due_at = None
    finding = Finding(
        code=reason.code,
        severity=Severity.WARNING,
        file=streams[place]["file"],
        detail=reason.detail,
    )
    add_issues(session, run, [(0, finding)])
    if run.done == 0 and all(stream.get("unread") for stream in streams):
        end(session, run, state=RunState.FAILED, at=utc_now())
