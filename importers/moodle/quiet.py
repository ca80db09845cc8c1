"""Who need not be asked about again: students who did nothing since, with teachers who neither did.

A grade or a completion changes by what the student or a teacher of the course does in Moodle, and
Moodle tells when somebody was last there. But a manager or a nightly task may change it too, so
once a day everybody is asked about; and of whom Moodle says they never were there, that proves
nothing: they always are.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from importers.moodle.site import Course, Member, Site, courses_of, listing_of

ALL_EVERY = timedelta(hours=20)
# Moodle notes somebody's presence once a minute, and its clock is not ours.
MARGIN = timedelta(minutes=10)


def since_of(site: Site, stream: str) -> dict[str, Any]:
    """Return what the next run must know: when this one began, and when all were asked about.

    To be asked when all was read: a course that showed nobody was not read.
    """
    told = site.since.get(stream, {})
    all_at = told["all_at"] if told and not _is_full(site, told) else site.at.isoformat()
    courses = [one.id for one in courses_of(site).all if listing_of(site, one).students()]
    return {"at": site.at.isoformat(), "all_at": all_at, "courses": courses}


def is_quiet(site: Site, stream: str, course: Course, students: Iterable[Member]) -> bool:
    """Whether nothing can have changed for these students of a course since the last run."""
    told = site.since.get(stream, {})
    if not told or _is_full(site, told) or course.id not in told["courses"]:
        return False
    before = (datetime.fromisoformat(told["at"]) - MARGIN).timestamp()
    teachers = listing_of(site, course).teachers()
    return all(0 < one.seen_at < before for one in students) and all(
        one.seen_at < before for one in teachers
    )


def _is_full(site: Site, told: Mapping[str, Any]) -> bool:
    """Whether this run asks about everybody."""
    return site.at - datetime.fromisoformat(told["all_at"]) >= ALL_EVERY
