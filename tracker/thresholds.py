"""A school's own limits: after how many days a signal speaks, and how far apart raters are."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker import audit
from tracker.errors import Invalid
from tracker.facts import Thresholds
from tracker.models import Person, School, Threshold
from tracker.permissions import Action, require

# The least and the most that a school may choose; days unless the name says otherwise.
LIMITS = {
    "unanswered_days": (1, 60),
    "nothing_shared_days": (7, 120),
    "goal_untouched_days": (14, 180),
    "placement_ends_days": (7, 90),
    "news_days": (3, 60),
    "quiet_days": (14, 120),
    "counting_days": (28, 365),
    "drawn_days": (180, 1460),
    "gap": (1, 3),  # anchors
    "contexts": (2, 5),  # placements
}

NEWEST_LAST = (
    sa.select(Threshold.name, Threshold.value)
    .where(Threshold.school_id == sa.bindparam("school", type_=sa.Uuid()))
    .order_by(Threshold.set_at, Threshold.id)
)


def thresholds_of(session: Session, *, school: School) -> Thresholds:
    """Return the limits that hold in a school now: the newest of each name, else our default."""
    rows = session.connection().execute(NEWEST_LAST, {"school": school.id})
    return Thresholds(**{name: value for name, value in rows if name in LIMITS})


def set_thresholds(
    session: Session,
    *,
    by: Person,
    school: School,
    values: dict[str, int],
    on: date,
    at: datetime,
) -> Thresholds:
    """Change limits of the school by name; raises Invalid with each name that is out of bounds.

    Only what differs from what holds now is written.
    """
    require(session, by, Action.KEEP_RULES, on=on)
    unknown = [name for name in values if name not in LIMITS]
    if unknown:
        raise Invalid(**dict.fromkeys(unknown, "threshold.unknown"))
    wrong = [name for name, value in values.items() if not _is_within(name, value)]
    if wrong:
        raise Invalid(**dict.fromkeys(wrong, "threshold.out_of_bounds"))
    now = thresholds_of(session, school=school)
    for name, value in values.items():
        if getattr(now, name) != value:
            row = Threshold(school_id=school.id, name=name, value=value, set_by_id=by.id, set_at=at)
            session.add(row)
            session.flush()
            audit.record(session, by=by, verb="set threshold", subject=row, at=at)
    session.flush()
    return thresholds_of(session, school=school)


def _is_within(name: str, value: int) -> bool:
    least, most = LIMITS[name]
    return least <= value <= most
