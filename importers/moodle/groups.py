"""Courses and cohorts as groups, and who is in them now.

Moodle does not tell since when: a place begins on the day we first saw it, and ends on the day it
is gone. Suspended and future enrolments are no places. A course that suddenly shows nobody, or that
we may no longer see, is taken for hidden from us, so that nobody is closed in it; of the others,
and of courses that are gone from Moodle, whoever is no longer there is.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from importers.issues import Column
from importers.moodle.client import NotAnswered, odd
from importers.moodle.people import everybody
from importers.moodle.site import (
    COURSES,
    ENROLLED,
    Course,
    Listing,
    Site,
    course_key,
    courses_of,
    listing_of,
    unsaid,
    why_hidden,
)
from importers.readers.answers import Unit, batched, note, plain
from importers.records import Origin, Record, RecordKind
from importers.source import Batch, Stream

COHORTS = "core_cohort_get_cohorts"
COHORT_MEMBERS = "core_cohort_get_cohort_members"
GROUPS = Stream(
    name="groups",
    kind=RecordKind.GROUP,
    file=COURSES,
    is_snapshot=True,
    columns={"ext_id": Column(None, "id")},
)
MEMBERS = Stream(
    name="members",
    kind=RecordKind.MEMBERSHIP,
    file=ENROLLED,
    is_snapshot=True,
    columns={"person": Column(None, "id"), "target": Column(None, "courseid")},
)
COHORT = "cohort:"
AT_ONCE = 1000
FIRST_COHORT = 2**40  # cohorts come behind all courses


def groups(site: Site, *, after: Any, size: int) -> Iterator[Batch]:
    """Yield the courses that were chosen, and the cohorts if they were."""
    return batched(_groups(site, after or []), after=after, size=size, most=AT_ONCE)


def members(site: Site, *, after: Any, size: int) -> Iterator[Batch]:
    """Yield who is in each course and cohort; remembers how many each of them showed."""
    shown: dict[str, int] = {}
    units = _members(site, after or [], shown)
    return batched(units, after=after, size=size, most=AT_ONCE, since=lambda: {"shown": shown})


def _groups(site: Site, after: list[int]) -> Iterator[Unit]:
    courses = courses_of(site)
    if not after:
        lost = [
            *(note(GROUPS, "moodle.course_gone", value=str(one)) for one in courses.gone),
            *(
                note(GROUPS, "moodle.course_refused", value=one, detail=code)
                for one, code in courses.refused.items()
            ),
        ]
        yield Unit([0], unsaid(site, lost), is_whole=not courses.refused)
    for course in courses.all:
        if [course.id] > after:
            yield Unit([course.id], [_group(course.key, course.title, course.code, course.id)])
    if site.options.has_cohorts and after < [FIRST_COHORT]:
        found, refusal = _cohorts(site)
        lost = [note(GROUPS, "moodle.cohorts_refused", detail=refusal)] if refusal else []
        told = [_group(f"{COHORT}{one}", title, code, one) for one, title, code in found]
        yield Unit([FIRST_COHORT], [*lost, *told], is_whole=refusal is None)


def _group(key: str, title: str, code: str | None, row: int) -> Record:
    return Record(
        kind=RecordKind.GROUP,
        ext_id=key,
        origin=Origin(GROUPS.file, row),
        data={"title": title, "code": code},
    )


def _cohorts(site: Site) -> tuple[list[tuple[int, str, str | None]], str | None]:
    """Return the cohorts, by number; or Moodle's errorcode."""
    try:
        rows = site.client.rows(COHORTS)
    except NotAnswered as refusal:
        return [], refusal.code
    try:
        found = [
            (int(row["id"]), plain(row["name"]), plain(row.get("idnumber"), most=64) or None)
            for row in rows
        ]
    except (KeyError, TypeError, ValueError):
        raise odd(COHORTS) from None
    return sorted(found, key=lambda cohort: cohort[0]), None


def _members(site: Site, after: list[int], shown: dict[str, int]) -> Iterator[Unit]:
    courses = courses_of(site)
    before = _shown_before(site)
    for course in courses.all:
        listing = listing_of(site, course)
        # What a course once showed is not forgotten while it shows nothing.
        shown[str(course.id)] = len(listing.members) or before.get(str(course.id), 0)
        doubts, is_whole = _doubts(site, course, listing)
        if [course.id, 0] > after:
            hidden = [] if is_whole else [course.key]
            yield Unit([course.id, 0], unsaid(site, doubts), hidden=hidden)
        for member in listing.members:
            if member.is_active and [course.id, member.id] > after:
                told = [_member(course.key, member.id, role) for role in member.roles]
                yield Unit([course.id, member.id], told)
    lost = _lost_from_sight(site, before)
    shown |= {one: before.get(one, 0) for one in lost}
    if lost and after < [FIRST_COHORT, 0]:
        told = [
            note(MEMBERS, "moodle.course_refused", row=int(one), value=one, detail=why)
            for one, why in lost.items()
        ]
        keys = [course_key(one) for one in lost]
        yield Unit([FIRST_COHORT, 0], unsaid(site, told), hidden=keys)
    if site.options.has_cohorts:
        yield from _cohort_members(site, after, before, shown)


def _shown_before(site: Site) -> Mapping[str, int]:
    """Return how many people each course and cohort showed when they were last read."""
    found: Mapping[str, int] = site.since.get(MEMBERS.name, {}).get("shown", {})
    return found


def _lost_from_sight(site: Site, before: Mapping[str, int]) -> dict[str, str]:
    """Return the courses that are there, or may be, but are not shown to us now; and why not."""
    courses, chosen = courses_of(site), site.options.course_ids
    there = {str(course.id) for course in courses.all}
    lost = dict(courses.refused)
    for one in sorted(before.keys() - there - lost.keys()):
        if one.isdigit() and (not chosen or int(one) in chosen):
            why = why_hidden(site, int(one))
            if why is not None:
                lost[one] = why
    return lost


def _doubts(site: Site, course: Course, listing: Listing) -> tuple[list[Record], bool]:
    """Return what people must know of a list, and whether absence from it proves anything."""
    facts: dict[str, Any] = {"row": course.id, "value": course.code or course.title}
    if listing.refusal is not None:
        return [note(MEMBERS, "moodle.course_refused", detail=listing.refusal, **facts)], False
    if not listing.members:
        shown = _shown_before(site).get(str(course.id), 0)
        return [note(MEMBERS, "moodle.course_empty", **facts)], shown == 0
    found = []
    if not listing.sees_suspended:
        found.append(note(MEMBERS, "moodle.suspended_unseen", **facts))
    if not listing.is_whole:
        share = f"{len(listing.members)}/{listing.expected}"
        found.append(note(MEMBERS, "moodle.course_partly", detail=share, **facts))
    return found, listing.is_whole


def _cohort_members(
    site: Site, after: list[int], before: Mapping[str, int], shown: dict[str, int]
) -> Iterator[Unit]:
    """Yield who is in each cohort, of the people whom the courses told of."""
    cohorts, refusal = _cohorts(site)
    if refusal is not None:
        # Not even their names are shown: those that were read before are hidden now.
        hidden = {one: number for one, number in before.items() if one.startswith(COHORT)}
        shown |= hidden
        yield Unit([FIRST_COHORT, 0], [], is_whole=bool(hidden), hidden=list(hidden))
    known = everybody(site)
    for cohort, title, code in cohorts:
        key, group = [FIRST_COHORT + cohort], f"{COHORT}{cohort}"
        shown[group] = before.get(group, 0)
        if key <= after:
            continue
        try:
            rows = site.client.rows(COHORT_MEMBERS, cohortids=[cohort])
        except NotAnswered as refused:
            facts: dict[str, Any] = {"row": cohort, "value": code or title, "detail": refused.code}
            yield Unit(key, [note(MEMBERS, "moodle.course_refused", **facts)], hidden=[group])
            continue
        there = sorted({one for row in rows for one in row.get("userids") or []} & known.keys())
        told = [
            # Moodle tells no roles in a cohort: who teaches anywhere and learns nowhere, teaches.
            _member(group, one, min(known[one].roles))
            for one in there
        ]
        shown[group] = len(there)
        yield Unit(key, told)


def _member(group: str, member: int, role: str) -> Record:
    return Record(
        kind=RecordKind.MEMBERSHIP,
        ext_id=f"{group}:{member}:{role}",
        origin=Origin(MEMBERS.file, member),
        person=str(member),
        target=group,
        data={"role": role, "from_on": None, "until_on": None},
    )
