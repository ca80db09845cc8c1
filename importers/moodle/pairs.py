"""Each student of each course, who was active last first; and what Moodle refuses to say."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from importers.moodle.site import Course, Member, Site, listing_of
from importers.readers.answers import note
from importers.records import Record
from importers.source import Stream

MOST_REFUSALS = 3  # of a course that answered nothing else


def by_student(
    site: Site, courses: Iterable[Course], *, after: list[Any]
) -> Iterator[tuple[list[Any], Course, Member]]:
    """Yield (key, course, student) behind a key, one student's courses after another.

    Who is active while this goes on moves to the front, perhaps before they had their turn: then
    the next run asks about them, for they were there after this one began.
    """
    found = [
        ([-student.seen_at, student.id, course.id], course, student)
        for course in courses
        for student in listing_of(site, course).students()
    ]
    for key, course, student in sorted(found, key=lambda one: one[0]):
        if key > after:
            yield key, course, student


class Refusals:
    """What Moodle refused in a stream: each refusal is told once, a hopeless course is left."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._told: set[tuple[int, str]] = set()
        self._refused: Counter[int] = Counter()
        self._answered: set[int] = set()

    def answered(self, course: Course) -> None:
        """Remember that a course gives answers."""
        self._answered.add(course.id)

    def is_hopeless(self, course: Course) -> bool:
        """Whether asking more about a course is of no use."""
        return course.id not in self._answered and self._refused[course.id] >= MOST_REFUSALS

    def notes(self, course: Course, code: str) -> list[Record]:
        """Remember a refusal; returns what is to be told of it."""
        self._refused[course.id] += 1
        if (course.id, code) in self._told:
            return []
        self._told.add((course.id, code))
        facts: dict[str, Any] = {"value": course.code or course.title, "detail": code}
        return [note(self._stream, "moodle.course_refused", row=course.id, **facts)]
