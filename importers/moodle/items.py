"""What signals are about: the activities of a course that are completed or graded, on their range.

Moodle tells the ranges only in a student's own list of grades, so one student's is asked for.
Totals are sums over each student's own grades, on a range of their own: they are no items.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from importers.issues import Column
from importers.moodle.client import NotAnswered
from importers.moodle.site import Course, Site, courses_of, listing_of
from importers.moodle.words import day
from importers.readers.answers import Unit, batched, note, number, plain
from importers.records import Origin, Record, RecordKind
from importers.source import Batch, Stream

CONTENTS = "core_course_get_contents"
ASSIGNMENTS = "mod_assign_get_assignments"
GRADES = "gradereport_user_get_grade_items"
ITEMS = Stream(
    name="items",
    kind=RecordKind.LESSON_TASK,
    file=CONTENTS,
    is_snapshot=False,
    columns={"ext_id": Column(None, "id"), "target": Column(None, "courseid")},
)
TOTALS = {"course", "category"}
DUE = ("duedate", "timeclose", "timedue")  # of an assignment, a quiz, others
COURSES_AT_ONCE = 10


def items(site: Site, *, after: Any, size: int) -> Iterator[Batch]:
    """Yield the items of each course."""
    units = (_unit(site, course) for course in courses_of(site).all if [course.id] > (after or []))
    return batched(units, after=after, size=size, most=COURSES_AT_ONCE)


def items_of(site: Site, course: Course) -> dict[str, Any]:
    """Return what is told of each item of a course, by key; raises NotAnswered."""
    if course.id not in site.items:
        site.items[course.id] = _ask(site, course)
    return site.items[course.id]


def key_of(grade: Mapping[str, Any]) -> str | None:
    """Return the key of what a grade is for; None for a total.

    An activity's first grade belongs to the activity; a second one, or an outcome, stands apart.
    """
    if grade.get("itemtype") in TOTALS:
        return None
    if grade.get("cmid") and not grade.get("itemnumber") and not grade.get("outcomeid"):
        return f"cm:{grade['cmid']}"
    return f"grade:{grade['id']}"


def _unit(site: Site, course: Course) -> Unit:
    try:
        found = items_of(site, course)
    except NotAnswered as refusal:
        facts: dict[str, Any] = {"value": course.code or course.title, "detail": refusal.code}
        lost = note(ITEMS, "moodle.course_refused", row=course.id, **facts)
        return Unit([course.id], [lost], is_whole=False)
    return Unit(
        [course.id],
        [
            Record(
                kind=RecordKind.LESSON_TASK,
                ext_id=key,
                origin=Origin(ITEMS.file, int(key.split(":")[1])),
                target=course.key,
                data=data,
            )
            for key, data in found.items()
        ],
    )


def _ask(site: Site, course: Course) -> dict[str, Any]:
    sections = site.client.rows(CONTENTS, courseid=course.id)
    modules = [module for section in sections for module in section.get("modules") or []]
    grades = {key: grade for grade in _grades(site, course) if (key := key_of(grade)) is not None}
    due = _due(site, course, modules)
    found = {}
    for module in modules:
        key = f"cm:{module['id']}"
        if module.get("completion") or key in grades:
            grade = grades.pop(key, {})
            found[key] = _item(module.get("name"), grade, day(due.get(module["id"]), site.zone))
    for key, grade in grades.items():
        found[key] = _item(grade.get("itemname"), grade, None)
    return found


def _item(title: Any, grade: Mapping[str, Any], due_on: str | None) -> dict[str, Any]:
    is_number = grade.get("scaleid") is None
    return {
        "title": plain(title) or "–",
        "value_min": number(grade.get("grademin")) if is_number else None,
        "value_max": number(grade.get("grademax")) if is_number else None,
        "due_on": due_on,
    }


def _grades(site: Site, course: Course) -> list[dict[str, Any]]:
    student = next(iter(listing_of(site, course).students()), None)
    if student is None:
        return []
    answer = site.client.perhaps(GRADES, courseid=course.id, userid=student.id) or {}
    return [grade for user in answer.get("usergrades") or [] for grade in user["gradeitems"]]


def _due(site: Site, course: Course, modules: list[dict[str, Any]]) -> dict[int, int]:
    """Return until when each activity is to be done, by its number (seconds)."""
    due = {
        module["id"]: one["timestamp"]
        for module in modules
        for one in module.get("dates") or []
        if one.get("dataid") in DUE
    }
    # Without the second parameter Moodle tells nothing of a course its account is not in.
    asked = {"courseids": [course.id], "includenotenrolledcourses": 1}
    answer = site.client.perhaps(ASSIGNMENTS, **asked) or {}
    for told in answer.get("courses") or []:
        for one in told.get("assignments") or []:
            if one.get("duedate"):
                due[one["cmid"]] = one["duedate"]
    return due
