"""One Moodle while it is read: its courses and who is in them, asked once and remembered.

Moodle answers `[]` for a course whose people it does not show us, and leaves people out without a
word; so each list is compared with the number of people that Moodle says are in the course.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from importers.moodle.client import Client, NotAnswered, odd
from importers.moodle.options import PROFILE, Options
from importers.readers.answers import plain, without_bsn
from importers.records import Record
from importers.source import Unavailable

COURSES = "core_course_get_courses"
BY_FIELD = "core_course_get_courses_by_field"
ENROLLED = "core_enrol_get_enrolled_users"
THEIR_COURSES = "core_enrol_get_users_courses"
PAGE = 500  # people at once: 30 kB, 0.1 s
FRONT_PAGE = 1  # the course that is Moodle itself
GONE, HIDDEN = {"invalidrecord", "invalidrecordunknown"}, "hidden"
ROLES = {"student": "student", "teacher": "teacher", "editingteacher": "teacher"}
LONGEST_NUMBER = 64


@dataclass(frozen=True, slots=True)
class Course:
    """A course, under its number in Moodle."""

    id: int
    title: str
    code: str | None

    @property
    def key(self) -> str:
        """Return its key among our groups."""
        return course_key(self.id)


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a course: `roles` are ours, `seen_at` when last in Moodle (seconds, 0: never)."""

    id: int
    name: str
    given_name: str
    email: str | None
    number: str | None
    has_bsn: bool
    roles: tuple[str, ...]
    seen_at: int
    is_active: bool = True


@dataclass(frozen=True)
class Listing:
    """The people of a course; `is_whole` when these are all. `refusal` is Moodle's errorcode.

    `expected` is how many Moodle says there are, if it says so.
    """

    members: tuple[Member, ...]
    is_whole: bool
    refusal: str | None = None
    expected: int | None = None
    sees_suspended: bool = True

    def students(self) -> list[Member]:
        """Return who learns here now."""
        return [one for one in self.members if "student" in one.roles and one.is_active]

    def teachers(self) -> list[Member]:
        """Return who teaches here now."""
        return [one for one in self.members if "teacher" in one.roles and one.is_active]


@dataclass(frozen=True)
class Courses:
    """The courses that are read; `gone` were chosen and are not there, `refused` not shown."""

    all: tuple[Course, ...]
    gone: tuple[int, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Site:
    """A Moodle that is being read; `said` are (code, value) of what was told before reading."""

    client: Client
    options: Options
    zone: ZoneInfo
    at: datetime
    since: Mapping[str, Mapping[str, Any]]
    courses: Courses | None = None
    listings: dict[int, Listing] = field(default_factory=dict)
    counts: dict[int, int] = field(default_factory=dict)
    items: dict[int, dict[str, Any]] = field(default_factory=dict)
    said: set[tuple[str, str | None]] = field(default_factory=set)


def course_key(number: int | str) -> str:
    """Return the key of a course among our groups."""
    return f"course:{number}"


def courses_of(site: Site) -> Courses:
    """Return the courses that the school chose, by number; raises Unavailable."""
    if site.courses is None:
        site.courses = _ask_for_courses(site)
    return site.courses


def listing_of(site: Site, course: Course) -> Listing:
    """Return who is in a course; raises Unavailable."""
    if course.id not in site.listings:
        site.listings[course.id] = _ask_for_people(site, course)
    return site.listings[course.id]


def why_hidden(site: Site, course: int) -> str | None:
    """Return why a course that was listed before is not shown; None when it is gone from Moodle."""
    asked = [{"name": "limitnumber", "value": 1}, {"name": "userfields", "value": "id"}]
    try:
        return None if site.client.rows(ENROLLED, courseid=course, options=asked) else HIDDEN
    except NotAnswered as refusal:
        return None if refusal.code in GONE else refusal.code


def unsaid(site: Site, notes: Iterable[Record]) -> list[Record]:
    """Return the notes that tell people something new."""
    return [one for one in notes if not {(f.code, f.value) for f in one.findings} <= site.said]


def _ask_for_courses(site: Site) -> Courses:
    options, client = site.options, site.client
    try:
        if options.category_id is not None:
            answer = client.object(BY_FIELD, field="category", value=options.category_id)
            rows = answer.get("courses")
            if not isinstance(rows, list):
                raise odd(BY_FIELD)
            return Courses(_courses(rows, BY_FIELD))
        if not options.course_ids:
            return Courses(_courses(client.rows(COURSES), COURSES))
    except NotAnswered as refusal:
        raise Unavailable("moodle.courses_refused", detail=refusal.code, is_final=True) from None
    return _chosen(site)


def _chosen(site: Site) -> Courses:
    """Ask for the chosen courses together; where one of them is refused, for each."""
    wanted = list(site.options.course_ids)
    refused: dict[str, str] = {}
    try:
        rows = site.client.rows(COURSES, options={"ids": wanted})
    except NotAnswered:
        rows = []
        for one in wanted:
            try:
                rows += site.client.rows(COURSES, options={"ids": [one]})
            except NotAnswered as refusal:
                refused[str(one)] = refusal.code
    found = _courses(rows, COURSES)
    there = {course.id for course in found} | {int(one) for one in refused}
    # An option that this Moodle does not know it passes over in silence, and tells of all courses.
    chosen = tuple(course for course in found if course.id in wanted)
    return Courses(chosen, tuple(one for one in wanted if one not in there), refused)


def _courses(rows: list[dict[str, Any]], function: str) -> tuple[Course, ...]:
    try:
        found = [
            Course(int(row["id"]), plain(row["fullname"]), plain(row["shortname"], most=64) or None)
            for row in rows
            if int(row["id"]) != FRONT_PAGE
        ]
    except (KeyError, TypeError, ValueError):
        raise odd(function) from None
    return tuple(sorted(found, key=lambda course: course.id))


def _ask_for_people(site: Site, course: Course) -> Listing:
    fields = ["id", "fullname", "firstname", "email", "idnumber", "roles", "lastaccess"]
    number_field = site.options.number_field
    if number_field.startswith(PROFILE):
        fields.append("customfields")
    elif number_field != "idnumber":
        fields.append(number_field)
    try:
        rows = _pages(site, course, {"userfields": ",".join(fields)})
    except NotAnswered as refusal:
        return Listing((), is_whole=False, refusal=refusal.code)
    if not rows:
        return Listing((), is_whole=True)
    active, sees_suspended = None, True
    try:
        active = {row["id"] for row in _pages(site, course, {"onlyactive": 1, "userfields": "id"})}
    except NotAnswered:
        sees_suspended = False
    members = tuple(_member(row, active, number_field) for row in rows)
    expected = _expected(site, course, members)
    return Listing(
        members,
        is_whole=expected is None or len(members) >= expected,
        expected=expected,
        sees_suspended=sees_suspended,
    )


def _pages(site: Site, course: Course, options: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Ask for page after page until one is empty: Moodle leaves people out of a page it counted."""
    found: dict[int, dict[str, Any]] = {}
    start = 0
    while True:
        asked = {**options, "limitfrom": start, "limitnumber": PAGE}
        named = [{"name": name, "value": value} for name, value in asked.items()]
        rows = site.client.rows(ENROLLED, courseid=course.id, options=named)
        new = {row["id"]: row for row in rows if isinstance(row.get("id"), int)}
        if len(new) < len(rows):
            raise odd(ENROLLED)
        # The same people again: this Moodle knows no pages, and told of all at once.
        if not new.keys() - found.keys():
            return sorted(found.values(), key=lambda row: int(row["id"]))
        found |= new
        start += PAGE


def _member(row: Mapping[str, Any], active: set[int] | None, number_field: str) -> Member:
    name = plain(row.get("fullname"))
    written = plain(_number(row, number_field), most=LONGEST_NUMBER)
    told = {str(role.get("shortname")) for role in row.get("roles") or []}
    return Member(
        id=row["id"],
        name=name,
        given_name=plain(row.get("firstname")) or name.split(" ")[0],
        email=plain(row.get("email")) or None,
        number=without_bsn(written),
        has_bsn=bool(written) and without_bsn(written) is None,
        roles=tuple(sorted({ROLES[one] for one in told if one in ROLES})),
        seen_at=int(row.get("lastaccess") or 0),
        is_active=active is None or row["id"] in active,
    )


def _number(row: Mapping[str, Any], number_field: str) -> Any:
    if not number_field.startswith(PROFILE):
        return row.get(number_field)
    wanted = number_field.removeprefix(PROFILE)
    fields = row.get("customfields") or []
    return next((one.get("value") for one in fields if one.get("shortname") == wanted), None)


def _expected(site: Site, course: Course, members: tuple[Member, ...]) -> int | None:
    """Return how many people Moodle says the course has: it tells that with a member's courses."""
    witness = next((one for one in members if one.is_active), None)
    if course.id not in site.counts and witness is not None:
        for row in site.client.perhaps(THEIR_COURSES, userid=witness.id) or []:
            if isinstance(row.get("enrolledusercount"), int):
                site.counts[row["id"]] = row["enrolledusercount"]
    return site.counts.get(course.id)
