"""A roster that would close many people waits until the school says yes."""

from lti.courses.pulls import release_roster
from lti.models import (
    Context,
    ContextPull,
)
from tests.lti.reading import Course, learners
from tracker.db import unit_of_work, utc_now


def test_the_brake_holds_back_a_roster_that_would_close_too_many(course: Course) -> None:
    course.enrol(*course.services.members["2"], *learners(40))
    course.read()
    course.enrol(*course.services.members["2"][:30], *learners(1, first=500))
    row = course.read()
    assert row.held == {"closes": 12, "of": 42}
    assert row.error is None
    assert len(course.members()) == 43  # the newcomer is in, nobody is out


def test_what_the_administrator_releases_is_closed_at_the_next_reading(course: Course) -> None:
    course.enrol(*course.services.members["2"], *learners(40))
    course.read()
    course.enrol(*course.services.members["2"][:30])
    row = course.read()
    release(course, row)
    row = course.read(is_due=False)
    assert (row.held, row.released_at) == (None, None)
    assert len(course.members()) == 30


def release(course: Course, row: ContextPull) -> None:
    with unit_of_work(course.engine, school_id=course.world.school.id) as session:
        context = session.get_one(Context, (row.school_id, row.context_id))
        release_roster(
            session,
            by=course.world.administrator,
            context=context,
            on=course.world.on,
            at=utc_now(),
        )


def test_a_release_is_for_as_many_as_were_shown(course: Course) -> None:
    course.enrol(*course.services.members["2"], *learners(40))
    course.read()
    course.enrol(*course.services.members["2"][:30])
    release(course, course.read())
    course.enrol(*course.services.members["2"][:10])
    row = course.read(is_due=False)
    assert row.held == {"closes": 32, "of": 42}
    assert len(course.members()) == 42


def test_ten_people_may_go_without_asking(course: Course) -> None:
    course.enrol(*course.services.members["2"], *learners(10))
    course.read()
    course.enrol(*course.services.members["2"][:2])
    assert course.read().held is None
    assert len(course.members()) == 2
