"""Courses as groups, who is in them now, and what is graded there."""

from collections.abc import Iterator, Mapping
from typing import Any

from importers.canvas.site import (
    ROLES,
    Course,
    Listing,
    Member,
    Site,
    assignments_of,
    course_key,
    courses_of,
    everybody,
    people_of,
    places_of,
)
from importers.issues import Column, Finding, Severity
from importers.readers.answers import Unit, batched, day, note, number, plain
from importers.records import Op, Origin, Record, RecordKind
from importers.source import Batch, Stream

PEOPLE = Stream(
    name="people",
    kind=RecordKind.PERSON,
    file="users",
    is_snapshot=False,  # who is in none of these courses has not left the school
    columns={"ext_id": Column(None, "id"), "match_key": Column(None, "sis_user_id")},
)
GROUPS = Stream(
    name="groups",
    kind=RecordKind.GROUP,
    file="courses",
    is_snapshot=True,
    columns={"ext_id": Column(None, "id")},
)
MEMBERS = Stream(
    name="members",
    kind=RecordKind.MEMBERSHIP,
    file="enrollments",
    is_snapshot=True,
    columns={"person": Column(None, "user_id"), "target": Column(None, "course_id")},
)
ITEMS = Stream(
    name="items",
    kind=RecordKind.LESSON_TASK,
    file="assignments",
    is_snapshot=False,
    columns={"ext_id": Column(None, "id"), "target": Column(None, "course_id")},
)
# What a grade of an assignment is: a number of points, a word, or both.
POINTS = {"points", "percent", "letter_grade", "gpa_scale"}
WORDS = {"pass_fail", "letter_grade", "gpa_scale"}
AT_ONCE = 1000


def people(site: Site, *, after: Any, size: int) -> Iterator[Batch]:
    """Yield everybody in the courses once: found among ours by their number, and never made."""
    return batched(_people(site, after or []), after=after, size=size, most=AT_ONCE)


def groups(site: Site, *, after: Any, size: int) -> Iterator[Batch]:
    """Yield the courses that were chosen."""
    return batched(_groups(site, after or []), after=after, size=size, most=AT_ONCE)


def members(site: Site, *, after: Any, size: int) -> Iterator[Batch]:
    """Yield the enrolments of each course."""
    units = (_members(site, one) for one in courses_of(site) if [one.id] > (after or []))
    return batched(_and_lost(site, units, after), after=after, size=size, most=AT_ONCE)


def items(site: Site, *, after: Any, size: int) -> Iterator[Batch]:
    """Yield the assignments of each course that students can see."""
    units = (_items(site, one) for one in courses_of(site) if [one.id] > (after or []))
    return batched(units, after=after, size=size, most=AT_ONCE)


def graded(site: Site, course: Course) -> dict[int, Mapping[str, Any]]:
    """Return the assignments of a course that give a grade, by number."""
    return {
        row["id"]: row
        for row in assignments_of(site, course).rows
        if row.get("published") is not False and row.get("grading_type") in POINTS | WORDS
    }


def doubts(stream: Stream, course: Course, listing: Listing) -> list[Record]:
    """Return what people must know of a list of a course."""
    if listing.refusal is not None:
        facts = {"value": course.name, "detail": listing.refusal}
        return [note(stream, "canvas.course_refused", row=course.id, **facts)]
    if not listing.is_whole:
        return [note(stream, "canvas.cut_off", row=course.id, value=course.name)]
    return []


def _people(site: Site, after: list[int]) -> Iterator[Unit]:
    found = everybody(site)
    for course in courses_of(site):
        if [0, course.id] > after:
            listing = people_of(site, course)
            yield Unit([0, course.id], doubts(PEOPLE, course, listing), listing.is_whole)
    for member in found.values():
        if [1, member.id] > after:
            yield Unit([1, member.id], [_person(site, member)])


def _person(site: Site, member: Member) -> Record:
    dropped = Finding(
        code="bsn.dropped",
        severity=Severity.WARNING,
        file=PEOPLE.file,
        row=member.id,
        column=Column(None, site.options.number_field),
    )
    return Record(
        kind=RecordKind.PERSON,
        op=Op.LINK,
        ext_id=str(member.id),
        origin=Origin(PEOPLE.file, member.id),
        match_key=member.number,
        data={"name": member.name, "number": member.number, "email": member.email},
        findings=(dropped,) if member.has_bsn else (),
    )


def _groups(site: Site, after: list[int]) -> Iterator[Unit]:
    courses = courses_of(site)
    if not after:
        lost = [
            note(GROUPS, "canvas.course_refused", value=one, detail=status)
            for one, status in site.refused.items()
        ]
        yield Unit([0], lost, is_whole=not site.refused)
    for course in courses:
        if [course.id] > after:
            record = Record(
                kind=RecordKind.GROUP,
                ext_id=course.key,
                origin=Origin(GROUPS.file, course.id),
                data={"title": course.title, "code": course.code},
            )
            yield Unit([course.id], [record])


def _and_lost(site: Site, units: Iterator[Unit], after: Any) -> Iterator[Unit]:
    """Say of a list, at its beginning, which courses were not shown, or that we cannot know."""
    if not after:
        courses_of(site)
        hidden = [course_key(one) for one in site.refused if one.isdigit()]
        yield Unit([0], [], is_whole=len(hidden) == len(site.refused), hidden=hidden)
    yield from units


def _members(site: Site, course: Course) -> Unit:
    listing = places_of(site, course)
    told = [
        Record(
            kind=RecordKind.MEMBERSHIP,
            ext_id=str(row["id"]),
            origin=Origin(MEMBERS.file, row["id"]),
            person=str(row.get("user_id")),
            target=course.key,
            data={
                "role": ROLES[row["type"]],
                "from_on": day(row.get("start_at") or row.get("created_at"), site.zone),
                "until_on": None,
            },
        )
        for row in listing.rows
        if row.get("type") in ROLES
    ]
    # Who is missing from a list that is not whole left nothing: only there nobody is closed.
    hidden = [] if listing.is_whole else [course.key]
    return Unit([course.id], [*doubts(MEMBERS, course, listing), *told], hidden=hidden)


def _items(site: Site, course: Course) -> Unit:
    listing = assignments_of(site, course)
    told = [
        Record(
            kind=RecordKind.LESSON_TASK,
            ext_id=str(one),
            origin=Origin(ITEMS.file, one),
            target=course.key,
            data=_item(site, row),
        )
        for one, row in graded(site, course).items()
    ]
    return Unit([course.id], [*doubts(ITEMS, course, listing), *told], listing.is_whole)


def _item(site: Site, row: Mapping[str, Any]) -> dict[str, Any]:
    highest = number(row.get("points_possible")) if row["grading_type"] in POINTS else None
    is_range = highest not in {None, "0"}
    return {
        "title": plain(row.get("name")) or "–",
        "value_min": "0" if is_range else None,
        "value_max": highest if is_range else None,
        "due_on": day(row.get("due_at"), site.zone),
    }
