"""The systems that a school lets us read: add one, change it, stop and start asking, see how it is.

A source's secret is encrypted as soon as it comes in, and never shown again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from importers.issues import Finding
from importers.kinds import PULL_KINDS
from importers.models import Cadence, ImportIssue, ImportRun, ImportSource, MatchOn, RunState
from importers.pulls import pulls
from importers.pulls.breaker import MOST_FAILURES, next_due
from importers.pulls.source_checks import (
    checked_name,
    checked_options,
    checked_url,
    sealed,
    server_of,
)
from importers.source import Asking, Unavailable
from settings import Settings
from tracker import audit
from tracker.db import utc_now
from tracker.errors import Invalid, NotFound
from tracker.models import Person, School
from tracker.people import today_at
from tracker.permissions import Action, require

# Older than this is older than normal, by how often the source is asked.
OLD = {
    Cadence.HOURLY: timedelta(hours=6),
    Cadence.NIGHTLY: timedelta(days=2),
    Cadence.BY_HAND: timedelta(days=7),
}
MOST_TROUBLES = 8
HEALTH = {
    RunState.WAITING: "busy",
    RunState.READING: "busy",
    RunState.APPLYING: "busy",
    RunState.PREVIEWED: "waiting",
    RunState.REFUSED: "failed",
    RunState.FAILED: "failed",
}


def add_source(
    session: Session,
    *,
    by: Person | None,
    school: School,
    kind: str,
    name: str,
    url: str,
    secret: str | None,
    cadence: Cadence,
    match_on: MatchOn,
    options: Mapping[str, Any],
    encryption_keys: Sequence[str],
    at: datetime,
) -> ImportSource:
    """Add a system to pull; it is due at its own next moment. Raises Invalid, NotAllowed."""
    if by is not None:
        require(session, by, Action.RUN_IMPORT, on=today_at(school, at))
    if kind not in PULL_KINDS:
        raise Invalid(kind="kind.unknown")
    source = ImportSource(
        school_id=school.id,
        kind=kind,
        name=checked_name(session, school, name),
        match_on=match_on,
        url=checked_url(url),
        sealed_secret=sealed(secret, encryption_keys),
        options=checked_options(options),
        cadence=cadence,
        failures=0,
        created_at=at,
    )
    pulls.streams_of(source, school, at=at)  # an option that cannot be is refused here
    session.add(source)
    session.flush()
    source.due_at = next_due(source, school=school, after=at)
    audit.record(session, by=by, verb="added source", subject=source, at=at, kind=kind)
    session.flush()
    return source


def change_source(
    session: Session,
    *,
    by: Person | None,
    source: ImportSource,
    url: str,
    secret: str | None,
    cadence: Cadence,
    match_on: MatchOn,
    options: Mapping[str, Any],
    encryption_keys: Sequence[str],
    at: datetime,
) -> None:
    """Change where and how often a system is read; without a secret the old one stays.

    It is sent to no other server than the one it was given for: there it is asked again. The name
    stays: under that name readers know what it told. Raises Invalid, NotAllowed.
    """
    school = hold_source(session, by, source, at)
    is_elsewhere = server_of(checked_url(url)) != server_of(source.url or "")
    if is_elsewhere and source.sealed_secret is not None and not secret:
        raise Invalid(secret="source.secret_again")  # noqa: S106 - a code
    source.url = checked_url(url)
    if secret:
        source.sealed_secret = sealed(secret, encryption_keys)
    source.cadence, source.match_on = cadence, match_on
    source.options = checked_options(options)
    pulls.streams_of(source, school, at=at)
    source.due_at = next_due(source, school=school, after=at)
    audit.record(session, by=by, verb="changed source", subject=source, at=at)
    session.flush()


def pause(session: Session, *, by: Person | None, source: ImportSource, at: datetime) -> None:
    """Ask a system nothing more on time; what it told stays. Doing it twice does no harm."""
    hold_source(session, by, source, at)
    if source.paused_at is None:
        source.paused_at, source.due_at = at, None
        audit.record(session, by=by, verb="paused source", subject=source, at=at)
        session.flush()


def resume(session: Session, *, by: Person | None, source: ImportSource, at: datetime) -> None:
    """Ask a system again, from its next moment on, with all the breaker's tries."""
    school = hold_source(session, by, source, at)
    if source.paused_at is not None:
        source.paused_at, source.failures = None, 0
        source.due_at = next_due(source, school=school, after=at)
        audit.record(session, by=by, verb="resumed source", subject=source, at=at)
        session.flush()


def look_at(
    *,
    kind: str,
    url: str,
    secret: str | None,
    options: Mapping[str, Any],
    school: School,
    settings: Settings,
) -> list[Finding]:
    """Ask a system, before it is added, whether all may be asked; an error among them says no.

    Raises Invalid for an address or an option that cannot be.
    """
    asking = Asking(
        url=checked_url(url),
        secret=secret,
        options=options,
        zone=ZoneInfo(school.timezone),
        since={},
        allow_loopback=settings.is_demo,
        at=utc_now(),
    )
    try:
        return PULL_KINDS[kind].open(asking).check()
    except Unavailable as reason:
        return [Finding(code=reason.code, detail=reason.detail)]


def find_source(session: Session, key: UUID, *, person: Person, on: date) -> ImportSource:
    """Return a system of this person's school; raises NotFound, NotAllowed."""
    require(session, person, Action.SEE_IMPORTS, on=on)
    source = session.get(ImportSource, (person.school_id, key))
    if source is None or source.url is None:
        raise NotFound("ImportSource not found")
    return source


@dataclass(frozen=True, kw_only=True)
class SourceState:
    """A source, its newest run if any, and how it is.

    health: `good`, `busy`, `waiting` (for approval), `part` (some of it could not be read), `old`,
    `failed`, `paused` (somebody stopped the asking) or `stopped` (the breaker did). `troubles` is
    what that run found wrong with the system as a whole, the reason for its health first.
    """

    source: ImportSource
    run: ImportRun | None
    health: str
    troubles: Sequence[Finding] = ()


def states_of(
    session: Session, school: School, *, by: Person | None, at: datetime
) -> list[SourceState]:
    """Return the school's sources by name, files and systems alike; raises NotAllowed."""
    if by is not None:
        require(session, by, Action.SEE_IMPORTS, on=today_at(school, at))
    newest = (
        sa.select(ImportRun.id)
        .where(
            ImportRun.school_id == ImportSource.school_id, ImportRun.source_id == ImportSource.id
        )
        .order_by(ImportRun.id.desc())
        .limit(1)
        .correlate(ImportSource)
        .scalar_subquery()
    )
    found = session.execute(
        sa.select(ImportSource, ImportRun)
        .outerjoin(
            ImportRun,
            sa.and_(ImportRun.school_id == ImportSource.school_id, ImportRun.id == newest),
        )
        .where(ImportSource.school_id == school.id)
        .order_by(ImportSource.name)
    ).all()
    return [state_of(session, source, run, at=at) for source, run in found]


def state_of(
    session: Session, source: ImportSource, run: ImportRun | None, *, at: datetime
) -> SourceState:
    """Return how a source is, by its newest run."""
    health = health_of(source, run, at=at)
    return SourceState(
        source=source, run=run, health=health, troubles=_troubles(session, source, run)
    )


def _troubles(session: Session, source: ImportSource, run: ImportRun | None) -> list[Finding]:
    """Return what stands in the way of reading a system: a function or a right that it lacks."""
    if source.url is None:
        return []
    found: list[ImportIssue] = []
    if run is not None:
        told = sa.select(ImportIssue).where(
            ImportIssue.school_id == run.school_id,
            ImportIssue.run_id == run.id,
            ImportIssue.seq == 0,
            ImportIssue.is_from_match.is_(False),
        )
        found = list(session.scalars(told.order_by(ImportIssue.id)))
    # The same is found before reading and while reading.
    facts = dict.fromkeys((one.code, one.value, one.detail) for one in found)
    if source.error is not None and not any(code == source.error for code, *_ in facts):
        facts[source.error, None, None] = None
    first = sorted(facts, key=lambda fact: fact[0] != source.error)[:MOST_TROUBLES]
    return [Finding(code=code, value=value, detail=detail) for code, value, detail in first]


def health_of(source: ImportSource, run: ImportRun | None, *, at: datetime) -> str:
    """Say in one word how a source is, by its newest run."""
    health = HEALTH.get(run.state) if run is not None else None
    if health in {"busy", "waiting"}:
        return health
    if source.paused_at is not None:
        return "stopped" if source.failures >= MOST_FAILURES else "paused"
    if health is not None:
        return health
    last = source.last_applied_at
    if source.error is not None:
        return "part"
    return "old" if at - (last or source.created_at) > OLD[source.cadence] else "good"


def recent_runs(session: Session, source: ImportSource, *, limit: int) -> Sequence[ImportRun]:
    """Return the last runs of a source, newest first."""
    return session.scalars(
        sa.select(ImportRun)
        .where(ImportRun.school_id == source.school_id, ImportRun.source_id == source.id)
        .order_by(ImportRun.id.desc())
        .limit(limit)
    ).all()


def hold_source(session: Session, by: Person | None, source: ImportSource, at: datetime) -> School:
    """Hold the source until this unit of work ends; raises NotAllowed."""
    school = session.get_one(School, source.school_id)
    if by is not None:
        require(session, by, Action.RUN_IMPORT, on=today_at(school, at))
    session.refresh(source, with_for_update={"key_share": True})
    return school
