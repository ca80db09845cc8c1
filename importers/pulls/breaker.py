"""When a source is pulled next, and the breaker: a source that only fails is not asked for ever."""

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from importers.models import Cadence, ImportRun, ImportSource, RunState
from lti.courses.pulls import next_night
from tracker import audit
from tracker.models import School

MOST_FAILURES = 5  # one after another; then somebody must look
HOUR = timedelta(hours=1)


def next_due(source: ImportSource, *, school: School, after: datetime) -> datetime | None:
    """Return the source's own moment in the coming hour, or night of the school; None by hand.

    Each source has its own, so that they do not all ask at once.
    """
    if source.cadence is Cadence.BY_HAND or source.url is None or source.paused_at is not None:
        return None
    if source.cadence is Cadence.NIGHTLY:
        return next_night(source.id, school=school, after=after)
    return _next_hour(source.id, ZoneInfo(school.timezone), after)


def _next_hour(source_id: UUID, zone: ZoneInfo, after: datetime) -> datetime:
    into = timedelta(seconds=source_id.int % int(HOUR.total_seconds()))
    begun = (
        after.astimezone(zone).replace(minute=0, second=0, microsecond=0).astimezone(after.tzinfo)
    )
    moment = begun + into
    return moment if moment > after else moment + HOUR


def note_end(session: Session, run: ImportRun, *, state: RunState, at: datetime) -> None:
    """Keep on the source how a pull ended: the fifth failure in a row stops the asking.

    What could be read counts as good, whatever could not; only that is remembered as `error`.
    """
    source = session.get_one(ImportSource, (run.school_id, run.source_id))
    if source.url is None:  # statements that are sent to us: nobody is asked
        return
    if state is RunState.APPLIED:
        if source.failures >= MOST_FAILURES and source.paused_at is not None:
            source.paused_at = None
            school = session.get_one(School, run.school_id)
            source.due_at = next_due(source, school=school, after=at)
        source.failures, source.error = 0, unread_because(run)
    elif state is RunState.FAILED:
        source.failures += 1
        source.error = unread_because(run) or "run.failed"
        if source.failures >= MOST_FAILURES and source.paused_at is None:
            source.paused_at, source.due_at = at, None
            audit.record(session, by=None, verb="paused source", subject=source, at=at)
    session.flush()


def unread_because(run: ImportRun) -> str | None:
    """Return why a part of the system could not be read; None when all was."""
    codes = [stream["unread"] for stream in run.layout["streams"] if stream.get("unread")]
    return codes[0] if codes else None
