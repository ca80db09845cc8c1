"""Holidays of the school: days in which no clock runs."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker import audit
from tracker.errors import Conflict, Invalid
from tracker.facts import Pause, PauseKind
from tracker.models import Holiday, Person, School
from tracker.permissions import Action, lock, require

LONGEST_DAYS = 70  # a summer holiday, and some more
AHEAD_DAYS = 3 * 366  # schools plan so far ahead
DAYS = sa.select(Holiday.from_on, Holiday.until_on).where(
    Holiday.school_id == sa.bindparam("school", type_=sa.Uuid()), Holiday.removed_at.is_(None)
)


def add_holiday(
    session: Session,
    *,
    by: Person,
    school: School,
    name: str,
    from_on: date,
    until_on: date,
    on: date,
    at: datetime,
) -> Holiday:
    """Add days, until a day (exclusive), on which clocks stand still; also for days gone by.

    Raises Conflict when a holiday of just these days is there already.
    """
    require(session, by, Action.KEEP_RULES, on=on)
    if from_on > on + timedelta(days=AHEAD_DAYS):
        raise Invalid(from_on="date.too_far")
    if until_on <= from_on:
        raise Invalid(until_on="date.before_start")
    if until_on - from_on > timedelta(days=LONGEST_DAYS):
        raise Invalid(until_on="holiday.too_long")
    same = {(known.from_on, known.until_on) for known in holidays_of(session, school=school)}
    if (from_on, until_on) in same:
        raise Conflict("holiday.known")
    holiday = Holiday(
        school_id=school.id,
        name=name,
        from_on=from_on,
        until_on=until_on,
        created_at=at,
        removed_at=None,
    )
    session.add(holiday)
    session.flush()
    audit.record(session, by=by, verb="added holiday", subject=holiday, at=at)
    session.flush()
    return holiday


def change_holiday(
    session: Session,
    *,
    by: Person,
    school: School,
    holiday: Holiday,
    name: str,
    from_on: date,
    until_on: date,
    on: date,
    at: datetime,
) -> Holiday:
    """Take a holiday back and add it as it is now; when it may not be so, it stays as it was."""
    with session.begin_nested():
        remove_holiday(session, by=by, holiday=holiday, on=on, at=at)
        return add_holiday(
            session,
            by=by,
            school=school,
            name=name,
            from_on=from_on,
            until_on=until_on,
            on=on,
            at=at,
        )


def remove_holiday(
    session: Session, *, by: Person, holiday: Holiday, on: date, at: datetime
) -> None:
    """Take a holiday back; raises Conflict when it was taken back already."""
    require(session, by, Action.KEEP_RULES, on=on)
    lock(session, holiday)
    if holiday.removed_at is not None:
        raise Conflict("holiday.removed")
    holiday.removed_at = at
    audit.record(session, by=by, verb="removed holiday", subject=holiday, at=at)
    session.flush()


def holidays_of(session: Session, *, school: School) -> Sequence[Holiday]:
    """Return the holidays that hold, newest first."""
    return session.scalars(
        sa.select(Holiday)
        .where(Holiday.school_id == school.id, Holiday.removed_at.is_(None))
        .order_by(Holiday.from_on.desc(), Holiday.id)
    ).all()


def pauses_of(session: Session, *, school: School) -> tuple[Pause, ...]:
    """Return the school's holidays as pauses of every clock."""
    days = session.connection().execute(DAYS, {"school": school.id})
    return tuple(Pause(PauseKind.HOLIDAY, from_on, until_on) for from_on, until_on in days)
