"""Completion of activities: one question for each student in each course, and no other way.

An activity that is no longer complete says so itself, so nothing is concluded from silence: what
is gone from a course, or a student who left it, leaves what was done as it is.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from importers.issues import Column
from importers.moodle.client import NotAnswered, odd
from importers.moodle.items import items_of
from importers.moodle.pairs import Refusals, by_student
from importers.moodle.quiet import is_quiet, since_of
from importers.moodle.site import Course, Member, Site, courses_of
from importers.moodle.words import left_out, moment
from importers.readers.answers import Unit, batched, note
from importers.records import Op, Origin, Record, RecordKind
from importers.source import Batch, Stream
from tracker.models import Precision

COMPLETION = "core_completion_get_activities_completion_status"
ACTIVITY = Stream(
    name="activity",
    kind=RecordKind.ACTIVITY,
    file=COMPLETION,
    is_snapshot=False,
    columns={"person": Column(None, "userid"), "target": Column(None, "cmid")},
)
COMPLETE = {1, 2}  # complete, and complete with a pass
AT_ONCE = 50


def activity(site: Site, *, after: Any, size: int) -> Iterator[Batch]:
    """Yield what each student completed, who was active last first."""
    units = _activity(site, after or [])
    since = partial(since_of, site, ACTIVITY.name)
    return batched(units, after=after, size=size, most=AT_ONCE, since=since)


def _activity(site: Site, after: list[Any]) -> Iterator[Unit]:
    refusals = Refusals(ACTIVITY)
    for key, course, student in by_student(site, courses_of(site).all, after=after):
        if not is_quiet(site, ACTIVITY.name, course, [student]):
            yield _asked(site, key, course, student, refusals)


def _asked(site: Site, key: list[Any], course: Course, student: Member, refusals: Refusals) -> Unit:
    if refusals.is_hopeless(course):
        return Unit(key, [], is_whole=False)
    try:
        known = items_of(site, course)
        answer = site.client.object(COMPLETION, courseid=course.id, userid=student.id)
    except NotAnswered as refusal:
        return Unit(key, refusals.notes(course, refusal.code), is_whole=False)
    refusals.answered(course)
    lost = left_out(ACTIVITY, answer, row=student.id)
    try:
        told = [
            _completion(student, status)
            for status in answer["statuses"]
            if f"cm:{status['cmid']}" in known
        ]
    except (KeyError, TypeError):
        raise odd(COMPLETION) from None
    return Unit(key, [*lost, *told], is_whole=not lost)


def _completion(student: Member, status: Mapping[str, Any]) -> Record:
    facts: dict[str, Any] = {
        "ext_id": f"{status['cmid']}:{student.id}",
        "origin": Origin(ACTIVITY.file, student.id),
        "person": str(student.id),
        "target": f"cm:{status['cmid']}",
    }
    # Moodle 4.3 and later say whether failing still completes this activity.
    is_complete = status.get("isoverallcomplete")
    if is_complete is None:
        is_complete = status["state"] in COMPLETE
    if not is_complete:
        return Record(kind=RecordKind.ACTIVITY, op=Op.CLOSE, data={}, **facts)
    at = moment(status.get("timecompleted"))
    if at is None:
        return note(ACTIVITY, "moodle.undated", row=student.id, value=facts["target"])
    return Record(
        kind=RecordKind.ACTIVITY,
        data={"what": "completion", "value": None, "text": None},
        occurred_at=at,
        precision=Precision.INSTANT,
        **facts,
    )
