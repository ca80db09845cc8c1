"""When a course is read from the LMS: after launches, at night, and when it did not go well."""

from datetime import timedelta

import sqlalchemy as sa

from importers.lti.jobs import waiting_pulls
from lti.courses.pulls import next_night
from lti.models import (
    Context,
    ContextPull,
    Deployment,
    DeploymentState,
)
from tests.lms import User
from tests.lms_services import JSON
from tests.lti.browser import Browser
from tests.lti.reading import UNWELL, Course
from tracker.db import utc_now
from tracker.models import (
    GroupRole,
    Membership,
)

TEACHER, STUDENT = GroupRole.TEACHER, GroupRole.STUDENT


SOON = timedelta(minutes=16)


def test_a_launch_asks_for_the_roster_and_again_when_that_is_old(
    course: Course, coach: User, student: User
) -> None:
    row = course.row()
    assert row.due_at is not None
    assert (course.world.school.id, row.id) in waiting_pulls(course.engine, utc_now())
    done = course.read()
    course.launch(student)
    assert course.row().due_at == done.due_at
    old = utc_now() - SOON
    course.write(sa.update(ContextPull).values(tried_at=old))
    course.launch(student)
    assert course.row().due_at <= utc_now()


def test_a_launch_puts_the_launcher_in_the_course_at_once(course: Course, student: User) -> None:
    assert course.members() == {"1003": TEACHER}
    course.launch(student)
    course.launch(student)
    assert course.members() == {"1003": TEACHER, "3": STUDENT}


def test_a_teacher_who_tries_out_the_view_of_a_student_stays_a_teacher(
    course: Course, coach: User
) -> None:
    course.read()
    course.launch(coach, __roles=["Learner"])
    assert course.members()["1003"] is TEACHER


def test_without_a_roster_service_staff_is_in_the_course_for_the_day(
    course: Course, coach: User, student: User
) -> None:
    context = {"id": "77", "title": "Zonder lijst"}
    with Browser(course.browser.site) as own:
        own.launch(course.lms, coach, __context=context)
        own.launch(course.lms, student, __context=context)
    group_id = course.one(sa.select(Context.group_id).where(Context.lti_id == "77"))
    rows = course.all(
        sa.select(Membership.role, Membership.from_on, Membership.until_on).where(
            Membership.group_id == group_id
        )
    )
    on = course.world.on
    assert rows == [(TEACHER, on, on + timedelta(days=1))]


def test_a_course_is_read_every_night_at_an_hour_of_its_own(course: Course) -> None:
    row = course.read()
    school, on = course.world.school, utc_now()
    assert row.due_at == next_night(row.context_id, school=school, after=row.done_at)
    assert timedelta(0) < row.due_at - on <= timedelta(hours=25)
    assert row.id not in {pull_id for _, pull_id in waiting_pulls(course.engine, on)}
    assert course.read(at=row.due_at + timedelta(seconds=1), is_due=False).done_at > on


def test_a_course_without_launches_sleeps_until_the_next_one(course: Course, coach: User) -> None:
    asked = len(course.services.asked)
    at = utc_now() + timedelta(days=61)
    assert course.read(at=at).due_at is None
    assert len(course.services.asked) == asked
    course.launch(coach)
    assert course.row().due_at is not None


def test_a_deployment_that_was_switched_off_is_not_read(course: Course) -> None:
    asked = len(course.services.asked)
    course.write(sa.update(Deployment).values(state=DeploymentState.INACTIVE))
    assert course.read().due_at is None
    assert len(course.services.asked) == asked


def test_an_lms_that_asks_to_wait_is_asked_again_then_and_not_by_a_launch(
    course: Course, student: User
) -> None:
    # lti.md case 41, for rosters
    wait = {"Retry-After": "3600"}
    course.services.fail("GET /courses/2/memberships", (429, JSON, b"[]", wait))
    at = utc_now()
    row = course.read(at=at)
    assert row.error == "rate_limited"
    assert row.due_at >= at + timedelta(hours=1)
    course.write(sa.update(ContextPull).values(tried_at=at - SOON))
    course.launch(student)
    assert course.row().due_at == row.due_at
    assert course.read(at=row.due_at, is_due=False).error is None


def test_an_lms_that_is_down_is_asked_again_ever_later_and_then_at_night(course: Course) -> None:
    course.services.fail("GET /courses/2/memberships", UNWELL, times=20)
    at, waits = utc_now(), []
    for _ in range(8):
        row = course.read(at=at, is_due=False)
        assert row.error == "server_error"
        waits.append(row.due_at - at)
        at = row.due_at
    assert waits[:3] == sorted(waits[:3])
    assert waits[0] < timedelta(minutes=2)
    assert row.due_at == next_night(row.context_id, school=course.world.school, after=row.tried_at)
    assert row.attempts == 8


def test_what_only_somebody_can_mend_waits_for_the_night(course: Course) -> None:
    course.services.can_fetch_keys = False
    row = course.read()
    assert row.error == "jwks_unreachable"
    assert row.due_at == next_night(row.context_id, school=course.world.school, after=row.tried_at)
    assert course.members() == {"1003": TEACHER}
