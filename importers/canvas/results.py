"""Grades: of each submission the points or the word of its last attempt, as far as students see it.

A grade is taken once Canvas has posted it to its student; what is hidden again, excused or taken
back ends. Posting and hiding leave `graded_at` as it is, so only asking for what was graded since
would miss them: once a day all submissions are asked for. Comments, texts, files and page views
never are.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from importers.canvas.client import NotAnswered, odd
from importers.canvas.roster import POINTS, WORDS, doubts, graded
from importers.canvas.site import Course, Listing, Site, assignments_of, courses_of, places_of
from importers.issues import Column
from importers.readers.answers import END, moment, note, number, plain
from importers.records import Op, Origin, Record, RecordKind
from importers.source import Batch, Stream
from tracker.models import Precision

RESULTS = Stream(
    name="results",
    kind=RecordKind.RESULT,
    file="submissions",
    is_snapshot=False,  # a grade that is gone says so itself
    columns={"person": Column(None, "user_id"), "target": Column(None, "assignment_id")},
)
ALL_EVERY = timedelta(hours=20)
# Canvas's clock is not ours, and what was graded may be shown a little later.
MARGIN = timedelta(minutes=10)
MOST_ATTEMPTS = 100


def results(site: Site, *, after: Any, size: int) -> Iterator[Batch]:
    """Yield the grades course by course, a page at a time; `after` is a course and its next page.

    `size` is Canvas's own: its largest page.
    """
    del size
    number_done, page_at = after or (0, None)
    courses = courses_of(site)
    for course in courses:
        if course.id > number_done:
            yield from _course(site, course, None)
        elif course.id == number_done and page_at is not None:
            yield from _course(site, course, page_at)
    yield Batch([], END, not site.refused, _since(site, courses))


def _course(site: Site, course: Course, at: str | None) -> Iterator[Batch]:
    students = {
        row["user_id"]
        for row in places_of(site, course).rows
        if row.get("type") == "StudentEnrollment"
    }
    known, listing = graded(site, course), assignments_of(site, course)
    if not students or not known:
        yield Batch(doubts(RESULTS, course, listing), [course.id, None], listing.is_whole)
        return
    seen: set[int] = set()
    path, here = f"courses/{course.id}/students/submissions", [course.id, None]
    try:
        for page in site.client.pages(path, _asked(site, course), at=at):
            rows = [row for row in page.rows if row.get("user_id") in students]
            told = [record for row in rows for record in _submission(row, known, seen)]
            if not page.is_sure:
                told += doubts(RESULTS, course, Listing([], is_whole=False))
            yield Batch(told, [course.id, page.following], page.is_sure)
    except NotAnswered as refusal:
        refused = Listing([], is_whole=False, refusal=refusal.status)
        yield Batch(doubts(RESULTS, course, refused), here, is_whole=False)


def _asked(site: Site, course: Course) -> dict[str, Any]:
    told = site.since.get(RESULTS.name, {})
    asked: dict[str, Any] = {"student_ids[]": ["all"]}
    if told and not _is_all(site, told) and course.id in told["courses"]:
        since = datetime.fromisoformat(told["at"]) - MARGIN
        asked["graded_since"] = since.strftime("%Y-%m-%dT%H:%M:%SZ")
    return asked


def _is_all(site: Site, told: Mapping[str, Any]) -> bool:
    return site.at - datetime.fromisoformat(told["all_at"]) >= ALL_EVERY


def _since(site: Site, courses: list[Course]) -> dict[str, Any]:
    """Return what the next run must know: since when, when all was asked, and of which courses."""
    told, at = site.since.get(RESULTS.name, {}), site.at.isoformat()
    all_at = told["all_at"] if told and not _is_all(site, told) else at
    return {"at": at, "all_at": all_at, "courses": [course.id for course in courses]}


def _submission(
    row: Mapping[str, Any], known: Mapping[int, Mapping[str, Any]], seen: set[int]
) -> list[Record]:
    """Return what a submission tells; nothing while a new attempt waits for its own grade."""
    try:
        one, assignment = int(row["id"]), int(row["assignment_id"])
        attempt = min(int(row.get("attempt") or 0), MOST_ATTEMPTS)
    except (KeyError, TypeError, ValueError):
        raise odd("submissions") from None
    if assignment not in known or one in seen:
        return []
    seen.add(one)
    is_graded = row.get("score") is not None or row.get("grade") is not None
    if not is_graded:
        return [_gone(row, one, attempt)]
    if not row.get("posted_at") or row.get("excused"):
        return [_gone(row, one, earlier) for earlier in range(attempt + 1)]
    is_of_this = row.get("grade_matches_current_submission") is not False
    if row.get("workflow_state") != "graded" or not is_of_this:
        return []
    return [_result(row, one, attempt, known[assignment])]


def _gone(row: Mapping[str, Any], one: int, attempt: int) -> Record:
    return Record(kind=RecordKind.RESULT, op=Op.CLOSE, data={}, **_facts(row, one, attempt))


def _result(
    row: Mapping[str, Any], one: int, attempt: int, assignment: Mapping[str, Any]
) -> Record:
    at = moment(row.get("graded_at")) or moment(row.get("submitted_at"))
    if at is None:
        return note(RESULTS, "canvas.undated", row=one, value=plain(assignment.get("name")))
    kind = assignment["grading_type"]
    return Record(
        kind=RecordKind.RESULT,
        data={
            "value": number(row.get("score")) if kind in POINTS else None,
            "text": plain(row.get("grade")) or None if kind in WORDS else None,
        },
        occurred_at=at,
        precision=Precision.INSTANT,
        **_facts(row, one, attempt),
    )


def _facts(row: Mapping[str, Any], one: int, attempt: int) -> dict[str, Any]:
    return {
        "ext_id": f"{one}:{attempt}",
        "origin": Origin(RESULTS.file, one),
        "person": str(row["user_id"]),
        "target": str(row["assignment_id"]),
    }
