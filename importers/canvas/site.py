"""One Canvas while it is read: the courses that were chosen, and who is in them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from importers.canvas.client import Client, NotAnswered, odd
from importers.readers.answers import plain, without_bsn
from importers.source import Asking, Unavailable
from tracker.errors import Invalid

NUMBER_FIELDS = ("sis_user_id", "login_id", "integration_id")
LONGEST_NUMBER = 64
ROLES = {
    "StudentEnrollment": "student",
    "TeacherEnrollment": "teacher",
    "TaEnrollment": "teacher",
}
MINE = "mine"


@dataclass(frozen=True, slots=True)
class Options:
    """What the school chose: courses by number, of an account, or those of the token's account."""

    course_ids: tuple[int, ...]
    account: str | None
    number_field: str


@dataclass(frozen=True, slots=True)
class Course:
    """A course, under its number in Canvas."""

    id: int
    title: str
    code: str | None

    @property
    def key(self) -> str:
        """Return its key among our groups."""
        return course_key(self.id)

    @property
    def name(self) -> str:
        """Return how people know it."""
        return self.code or self.title


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody with a part in a course."""

    id: int
    name: str
    email: str | None
    number: str | None
    has_bsn: bool


@dataclass(frozen=True)
class Listing:
    """Rows of a course; `is_whole` when these are all. `refusal` is the status of a refusal."""

    rows: list[dict[str, Any]]
    is_whole: bool = True
    refusal: str | None = None


@dataclass
class Site:
    """A Canvas that is being read; what was asked of a course is remembered."""

    client: Client
    options: Options
    zone: ZoneInfo
    at: datetime
    since: Mapping[str, Mapping[str, Any]]
    courses: list[Course] | None = None
    refused: dict[str, str] = field(default_factory=dict)
    listings: dict[tuple[str, int], Listing] = field(default_factory=dict)


def course_key(number: int | str) -> str:
    """Return the key of a course among our groups."""
    return f"course:{number}"


def site_of(asking: Asking) -> Site:
    """Return a Canvas of which nothing was asked yet; raises Invalid for an odd option."""
    return Site(
        client=Client(asking),
        options=options_of(asking.options),
        zone=asking.zone,
        at=asking.at,
        since=asking.since,
    )


def options_of(told: Mapping[str, Any]) -> Options:
    """Read a source's options; raises Invalid.

    "courses" is "mine", "account:1", or ids: [2, 5] or "2,5"; "number" one of NUMBER_FIELDS.
    """
    courses = told.get("courses") or MINE
    ids: tuple[int, ...] = ()
    account = None
    if isinstance(courses, str) and courses.startswith("account:"):
        account = str(_ids([courses.removeprefix("account:")])[0])
    elif courses != MINE:
        ids = _ids(str(courses).strip("[]").split(","))
    number_field = str(told.get("number") or NUMBER_FIELDS[0])
    if number_field not in NUMBER_FIELDS:
        raise Invalid(**{"options.number": "option.unknown"})
    return Options(ids, account, number_field)


def courses_of(site: Site) -> list[Course]:
    """Return the courses that the school chose, by number; raises Unavailable."""
    if site.courses is None:
        site.courses = _ask_for_courses(site)
    return site.courses


def people_of(site: Site, course: Course) -> Listing:
    """Return who is in a course now, with their numbers; raises Unavailable."""
    asked = {
        "enrollment_type[]": ["student", "teacher", "ta"],
        "enrollment_state[]": ["active"],
        "include[]": ["email"],
    }
    return _listing(site, course, "users", asked)


def places_of(site: Site, course: Course) -> Listing:
    """Return the enrolments of a course that hold now; raises Unavailable."""
    return _listing(site, course, "enrollments", {"type[]": list(ROLES), "state[]": ["active"]})


def assignments_of(site: Site, course: Course) -> Listing:
    """Return the assignments of a course; raises Unavailable."""
    return _listing(site, course, "assignments", {})


def everybody(site: Site) -> dict[int, Member]:
    """Return who has a part in any of the courses, by number."""
    return people_in(site, [people_of(site, course) for course in courses_of(site)])


def people_in(site: Site, listings: Iterable[Listing]) -> dict[int, Member]:
    """Return the people of some courses, by number."""
    found: dict[int, Member] = {}
    for listing in listings:
        for row in listing.rows:
            found.setdefault(row["id"], _member(row, site.options.number_field))
    return {one: found[one] for one in sorted(found)}


def _ask_for_courses(site: Site) -> list[Course]:
    options, client = site.options, site.client
    rows = []
    if options.course_ids:
        for one in options.course_ids:
            try:
                rows.append(client.one(f"courses/{one}"))
            except NotAnswered as refusal:
                site.refused[str(one)] = refusal.status
    else:
        path = f"accounts/{options.account}/courses" if options.account else "courses"
        try:
            rows, is_sure = client.all(path, {"state[]": ["available"]})
        except NotAnswered as refusal:
            raise Unavailable("source.refused", detail=refusal.status, is_final=True) from None
        if not is_sure:
            site.refused[path] = "Link"
    return [found for row in rows if (found := _course(site, row)) is not None]


def _course(site: Site, row: Mapping[str, Any]) -> Course | None:
    if not isinstance(row.get("id"), int):
        raise odd("courses")
    # Of a course outside its dates Canvas tells an account no more than its number.
    if not row.get("name"):
        site.refused[str(row["id"])] = "403"
        return None
    return Course(row["id"], plain(row["name"]), plain(row.get("course_code"), most=64) or None)


def _listing(site: Site, course: Course, what: str, params: Mapping[str, Any]) -> Listing:
    if (what, course.id) not in site.listings:
        try:
            rows, is_sure = site.client.all(f"courses/{course.id}/{what}", params)
            found = Listing(rows, is_whole=is_sure)
        except NotAnswered as refusal:
            found = Listing([], is_whole=False, refusal=refusal.status)
        site.listings[what, course.id] = found
    return site.listings[what, course.id]


def _member(row: Mapping[str, Any], number_field: str) -> Member:
    written = plain(row.get(number_field), most=LONGEST_NUMBER)
    return Member(
        id=row["id"],
        name=plain(row.get("name")),
        email=without_bsn(plain(row.get("email"))),
        number=without_bsn(written),
        has_bsn=bool(written) and without_bsn(written) is None,
    )


def _ids(found: list[str]) -> tuple[int, ...]:
    texts = [text.strip() for text in found]
    if not all(text.isascii() and text.isdigit() for text in texts):
        raise Invalid(**{"options.courses": "option.unknown"})
    return tuple(sorted({int(text) for text in texts}))
