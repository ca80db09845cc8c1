"""Reading courses from the LMS: a row for each course and kind says when, and how it went.

The row is the queue. Each course with a launch in the last 60 days, or that the school confirmed,
is read every night, at an hour of its own, and soon after a launch when the last reading is old.
"""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti.calling.grades import LINE_ITEM, LINE_ITEM_READONLY, RESULT_READONLY
from lti.calling.services import ServiceError
from lti.gradebook.gradebook import granted
from lti.models import Context, ContextPull, ContextPullKind
from tracker import audit
from tracker.db import insert_missing, new_id, nudge
from tracker.errors import Conflict
from tracker.models import Person, School
from tracker.permissions import Action, lock, require

PULL_JOB = "importers.lti.jobs.pull_context"
FRESH = timedelta(minutes=15)  # a launch asks for no newer roster than this
AWAKE = timedelta(days=60)  # so long after its last launch a course is still read
NIGHT_BEGINS, NIGHT_LASTS = time(1), timedelta(hours=4)
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=4)
MOST_ATTEMPTS = 8  # then once a night
RATE_LIMITED = "rate_limited"  # the LMS said when it wants to be asked again


def offered(context: Context) -> list[ContextPullKind]:
    """Return what the platform lets us read of this course."""
    kinds = []
    if context.memberships_url is not None:
        kinds.append(ContextPullKind.ROSTER)
    scopes = granted(context)
    reads_columns = bool(scopes & {LINE_ITEM, LINE_ITEM_READONLY})
    if context.lineitems_url is not None and RESULT_READONLY in scopes and reads_columns:
        kinds.append(ContextPullKind.RESULTS)
    return kinds


def make_due(
    session: Session,
    *,
    context: Context,
    kind: ContextPullKind,
    at: datetime,
    fresh: timedelta = FRESH,
) -> None:
    """Have the course read soon, unless that was tried within `fresh`.

    An LMS that said when it wants to be asked again is asked then.
    """
    pull = pull_of(session, context=context, kind=kind)
    if pull is None:
        row = {
            "school_id": context.school_id,
            "id": new_id(),
            "context_id": context.id,
            "kind": kind,
            "due_at": None,
            "attempts": 0,
        }
        insert_missing(session, ContextPull, [row])
        pull = pull_of(session, context=context, kind=kind)
    if pull is None or _is_soon(pull, at, fresh):
        return
    session.execute(
        sa.update(ContextPull)
        .where(
            ContextPull.school_id == pull.school_id,
            ContextPull.id == pull.id,
            ContextPull.tried_at.is_not_distinct_from(pull.tried_at),
        )
        .values(due_at=at)
    )
    nudge(session, PULL_JOB, school_id=str(pull.school_id), pull_id=str(pull.id))


def _is_soon(pull: ContextPull, at: datetime, fresh: timedelta) -> bool:
    if pull.due_at is not None and pull.due_at <= at:
        return True
    is_fresh = pull.tried_at is not None and at - pull.tried_at < fresh
    return is_fresh or (pull.error == RATE_LIMITED and pull.due_at is not None)


def pull_of(
    session: Session, *, context: Context, kind: ContextPullKind = ContextPullKind.ROSTER
) -> ContextPull | None:
    """Return how reading this course goes; None when nobody ever asked for it."""
    return session.scalar(
        sa.select(ContextPull).where(
            ContextPull.school_id == context.school_id,
            ContextPull.context_id == context.id,
            ContextPull.kind == kind,
        )
    )


def release_roster(
    session: Session, *, by: Person, context: Context, on: date, at: datetime
) -> None:
    """Say that so many people may go as the last roster asked; it is read again and followed."""
    require(session, by, Action.CONNECT_LMS, on=on)
    pull = pull_of(session, context=context)
    if pull is None:
        raise Conflict("roster.not_held")
    lock(session, pull)
    if pull.held is None:
        raise Conflict("roster.not_held")
    pull.released_at, pull.due_at = at, at
    session.flush()
    audit.record(session, by=by, verb="released roster", subject=context, at=at, **pull.held)
    nudge(session, PULL_JOB, school_id=str(pull.school_id), pull_id=str(pull.id))


def is_awake(context: Context, *, at: datetime) -> bool:
    """Whether people still come from this course, or see its learners because of it."""
    if context.instructors_are is not None:
        return True
    return context.launched_at is not None and at - context.launched_at <= AWAKE


def next_night(context_id: UUID, *, school: School, after: datetime) -> datetime:
    """Return the course's own moment in the coming night of the school: between one and five."""
    zone = ZoneInfo(school.timezone)
    day = after.astimezone(zone).date()
    into = timedelta(seconds=context_id.int % int(NIGHT_LASTS.total_seconds()))
    for later in (0, 1, 2):
        night = datetime.combine(day + timedelta(days=later), NIGHT_BEGINS, zone) + into
        if night.astimezone(UTC) > after:
            break
    return night.astimezone(UTC)


def retry_at(
    error: ServiceError, *, attempts: int, context_id: UUID, school: School, at: datetime
) -> datetime:
    """Return when to try again: after a growing wait, never sooner than the LMS asked.

    What only somebody's doing can mend waits for the night, and for a launch.
    """
    asked = at + timedelta(seconds=error.retry_after or 0)
    if not error.passes or attempts >= MOST_ATTEMPTS:
        return next_night(context_id, school=school, after=asked)
    wait = min(FIRST_WAIT * 2 ** (attempts - 1), LONGEST_WAIT)
    return max(at + wait, asked) + timedelta(seconds=context_id.int % 30)
