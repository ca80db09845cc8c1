"""Grades: of a small course in one answer, of a large one student by student.

Taken as Moodle keeps them (graderaw), on the item's own range; of a scale the word. Feedback is
never taken. What is hidden from the student, or was taken back, is not there.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from importers.issues import Column
from importers.moodle.client import NotAnswered, odd
from importers.moodle.items import GRADES, items_of, key_of
from importers.moodle.pairs import Refusals, by_student
from importers.moodle.quiet import is_quiet, since_of
from importers.moodle.site import Course, Site, courses_of, listing_of
from importers.moodle.words import left_out, moment
from importers.readers.answers import Unit, batched, note, number, plain
from importers.records import Op, Origin, Record, RecordKind
from importers.source import Batch, Stream
from tracker.models import Precision

RESULTS = Stream(
    name="results",
    kind=RecordKind.RESULT,
    file=GRADES,
    is_snapshot=False,  # a grade that is gone says so itself
    columns={"person": Column(None, "userid"), "target": Column(None, "cmid")},
)
SMALL = 50  # students: 2 seconds and half a megabyte; of a thousand it takes Moodle half a minute
AT_ONCE = 25


def results(site: Site, *, after: Any, size: int) -> Iterator[Batch]:
    """Yield the grades of all students, who was active last first in large courses."""
    units = _results(site, after or [])
    since = partial(since_of, site, RESULTS.name)
    return batched(units, after=after, size=size, most=AT_ONCE, since=since)


def _results(site: Site, after: list[Any]) -> Iterator[Unit]:
    refusals = Refusals(RESULTS)
    large = []
    for course in courses_of(site).all:
        students = listing_of(site, course).students()
        if len(students) > SMALL:
            large.append(course)
        elif students and [0, course.id] > after:
            yield _of_course(site, course, refusals)
    for key, course, student in by_student(
        site, large, after=after[1:] if after[:1] == [1] else []
    ):
        if not is_quiet(site, RESULTS.name, course, [student]):
            asked = {"courseid": course.id, "userid": student.id}
            yield _asked(site, [1, *key], course, asked, {student.id}, refusals)


def _of_course(site: Site, course: Course, refusals: Refusals) -> Unit:
    students = listing_of(site, course).students()
    if is_quiet(site, RESULTS.name, course, students):
        return Unit([0, course.id], [])
    there = {one.id for one in students}
    asked = {"courseid": course.id}
    return _asked(site, [0, course.id], course, asked, there, refusals)


def _asked(
    site: Site,
    key: list[Any],
    course: Course,
    asked: Mapping[str, int],
    wanted: set[int],
    refusals: Refusals,
) -> Unit:
    if refusals.is_hopeless(course):
        return Unit(key, [], is_whole=False)
    try:
        known = items_of(site, course)
        answer = site.client.object(GRADES, **asked)
    except NotAnswered as refusal:
        return Unit(key, refusals.notes(course, refusal.code), is_whole=False)
    refusals.answered(course)
    lost = left_out(RESULTS, answer, row=course.id)
    try:
        told = [
            record
            for user in answer["usergrades"]
            if user["userid"] in wanted
            for grade in user["gradeitems"]
            if key_of(grade) in known
            for record in [_result(user["userid"], grade)]
        ]
    except (KeyError, TypeError):
        raise odd(GRADES) from None
    return Unit(key, [*lost, *told], is_whole=not lost)


def _result(student: int, grade: Mapping[str, Any]) -> Record:
    value = number(grade.get("graderaw"))
    is_hidden = bool(grade.get("gradeishidden") or grade.get("gradehiddenbydate"))
    facts: dict[str, Any] = {
        "ext_id": f"{grade['id']}:{student}",
        "origin": Origin(RESULTS.file, student),
        "person": str(student),
        "target": key_of(grade),
    }
    if value is None or is_hidden:
        return Record(kind=RecordKind.RESULT, op=Op.CLOSE, data={}, **facts)
    at = moment(grade.get("gradedategraded")) or moment(grade.get("gradedatesubmitted"))
    if at is None:
        return note(RESULTS, "moodle.undated", row=student, value=plain(grade.get("itemname")))
    is_word = grade.get("scaleid") is not None
    text = plain(grade.get("gradeformatted")) if is_word else None
    return Record(
        kind=RecordKind.RESULT,
        data={"value": None if is_word else value, "text": text},
        occurred_at=at,
        precision=Precision.INSTANT,
        **facts,
    )
