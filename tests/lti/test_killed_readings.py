"""Readings that die, or meet each other: afterwards everything is there, and nothing twice."""

import json
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from multiprocessing.context import ForkServerProcess
from threading import Barrier, Event
from uuid import UUID

import pytest
import sqlalchemy as sa

from importers.lti.jobs import pull
from lti.courses.courses import confirm_context
from lti.models import Context, ContextPull, ContextPullKind, LtiIdentity
from tests.lms import User
from tests.lms_services import JSON, MEMBERS_TYPE, add_column, number_of, service_claims
from tests.lti import one_reading
from tests.lti.browser import Browser
from tests.lti.reading import RESULTS, ROSTER, Course, learners
from tests.servers import on_postgresql
from tests.workers import FORKS, PATIENCE
from tracker.db import unit_of_work, utc_now
from tracker.models import (
    Activity,
    ActivityItem,
    CoachGroup,
    LearningPlan,
    Membership,
    Person,
    PlanMember,
    PlanRole,
)

LATER = timedelta(minutes=16)
LEFT = (
    Person,
    LtiIdentity,
    Membership,
    CoachGroup,
    LearningPlan,
    PlanMember,
    Activity,
    ActivityItem,
)


def begin(course: Course, row: ContextPull, at: datetime, *, dies_at: int = 0) -> ForkServerProcess:
    """Begin a reading in a process of its own, which dies at the commit of this number."""
    known = course.settings
    environ = {
        "DATABASE_URL": known.database_url,
        "EVIDENCE_URL": known.evidence_url,
        "SECRET_KEY": known.secret_key,
        "ENCRYPTION_KEYS": known.encryption_keys[0],
        "PUBLIC_URL": known.public_url,
        "LEERSPOOR_DEMO": "1",
    }
    facts = (environ, row.school_id, row.id, at, dies_at)
    process = FORKS.Process(target=one_reading.main, args=facts)
    process.start()
    return process


def end_of(process: ForkServerProcess) -> int | None:
    """Wait for the end of a reading; returns how its process ended, None without patience."""
    process.join(PATIENCE)
    return process.exitcode


def counts(course: Course) -> dict[str, int]:
    return {
        model.__tablename__: course.all(sa.select(sa.func.count()).select_from(model))[0][0]
        for model in LEFT
    }


def confirm(course: Course, lti_id: str = "2") -> None:
    with unit_of_work(course.engine, school_id=course.world.school.id) as session:
        confirm_context(
            session,
            by=course.world.administrator,
            context=session.scalars(sa.select(Context).where(Context.lti_id == lti_id)).one(),
            instructors_are=PlanRole.COACH,
            on=course.world.on,
            at=utc_now(),
        )


def read_through_kills(course: Course, kind: ContextPullKind) -> tuple[int, datetime]:
    """Die at the first commit, then at the second, and so on until the reading ends.

    Returns how often it died, and when it ended: late in the evening that is tomorrow.
    """
    at, number = utc_now(), 0
    row = course.row(kind)
    course.write(sa.update(ContextPull).where(ContextPull.id == row.id).values(due_at=at))
    while True:
        number += 1
        ended = end_of(begin(course, row, at, dies_at=number))
        row = course.row(kind)
        if ended == 0:
            return number - 1, at
        assert ended == -signal.SIGKILL
        assert row.due_at is not None
        assert row.due_at - at <= LATER
        at = max(at + LATER, row.due_at)


def test_a_roster_whose_reading_dies_at_every_commit_ends_as_one_that_did_not(
    course: Course,
) -> None:
    before = counts(course)
    course.enrol(*course.services.members["2"], *learners(120))
    confirm(course)
    died, at = read_through_kills(course, ROSTER)
    assert died >= 4
    assert len(course.members()) == 122
    assert len(course.places("1003")) == 121
    after = counts(course)
    assert after["person"] - before["person"] == 120
    assert after["learning_plan"] - before["learning_plan"] == 120
    assert after["coach_group"] == 1
    course.read(at=at)
    assert counts(course) == after


def test_results_whose_reading_dies_at_every_commit_end_as_those_that_did_not(
    course: Course,
) -> None:
    course.read()
    before = counts(course)
    for label in ("Rekenen", "Taal"):
        url = add_column(course.lms, label=label, maximum=10)
        said = {"id": url, "userId": "3", "resultScore": 7, "resultMaximum": 10, "changed": 0}
        course.services.grades[number_of(url), "3"] = said
    died, at = read_through_kills(course, RESULTS)
    assert died >= 4
    after = counts(course)
    assert after["activity"] - before["activity"] == 2
    course.read(RESULTS, at=at)
    assert counts(course) == after


def test_a_reading_killed_while_the_lms_thinks_is_done_by_the_next(course: Course) -> None:
    asked, row, at = Event(), course.row(), utc_now()

    def think() -> tuple[int, str, bytes]:
        asked.set()
        return course.services.hang()

    course.services.fail("GET /courses/2/memberships", think)
    process = begin(course, row, at)
    assert asked.wait(PATIENCE)
    process.kill()
    assert end_of(process) == -signal.SIGKILL
    course.services.released.set()
    assert course.read(at=at + timedelta(minutes=1), is_due=False).done_at is None
    assert course.read(at=at + LATER, is_due=False).done_at is not None
    assert len(course.members()) == 2


def test_whoever_was_taken_for_dead_writes_nothing_any_more(course: Course) -> None:
    course.enrol(*course.services.members["2"], *learners(3))
    course.read()
    asked = Event()
    late = {"members": course.services.members["2"][:1]}

    def answer_late() -> tuple[int, str, bytes]:
        asked.set()
        course.services.released.wait(PATIENCE)
        return 200, MEMBERS_TYPE, json.dumps(late).encode()

    course.services.fail("GET /courses/2/memberships", answer_late)
    at = utc_now()
    course.write(sa.update(ContextPull).values(due_at=at))
    with ThreadPoolExecutor() as threads:
        slow = threads.submit(course.read, at=at, is_due=False)
        assert asked.wait(PATIENCE)
        done = course.read(at=at + LATER, is_due=False)
        course.services.released.set()
        slow.result(PATIENCE)
    assert done.done_at == at + LATER
    assert course.row().done_at == done.done_at
    assert len(course.members()) == 5


def test_an_error_that_comes_late_is_not_written_over_a_good_reading(course: Course) -> None:
    asked = Event()

    def fail_late() -> tuple[int, str, bytes]:
        asked.set()
        course.services.released.wait(PATIENCE)
        return 500, JSON, b"[]"

    course.services.fail("GET /courses/2/memberships", fail_late)
    at = utc_now()
    course.write(sa.update(ContextPull).values(due_at=at))
    with ThreadPoolExecutor() as threads:
        slow = threads.submit(course.read, at=at, is_due=False)
        assert asked.wait(PATIENCE)
        course.read(at=at + LATER, is_due=False)
        course.services.released.set()
        slow.result(PATIENCE)
    assert course.row().error is None


def at_once(*works: Callable[[], object]) -> None:
    barrier = Barrier(len(works))

    def start(work: Callable[[], object]) -> object:
        barrier.wait(PATIENCE)
        return work()

    with ThreadPoolExecutor(len(works)) as threads:
        for done in [threads.submit(start, work) for work in works]:
            done.result(PATIENCE)


def test_two_workers_who_are_woken_for_one_course_read_it_once(course: Course) -> None:
    course.enrol(*course.services.members["2"], *learners(20))
    row, at = course.row(), utc_now()

    def read() -> None:
        school_id = course.world.school.id
        pull(course.engine, course.settings, school_id=school_id, pull_id=row.id, at=at)

    at_once(read, read, read)
    assert len(course.services.requests("GET /courses/2/memberships")) == 1
    assert len(course.members()) == 22


@pytest.mark.parametrize("attempt", range(3))
def test_two_courses_with_the_same_newcomers_make_each_person_and_plan_once(
    course: Course, coach: User, attempt: int
) -> None:
    with Browser(course.browser.site) as own:
        other = {"id": "9", "title": "Nog een cursus"}
        own.launch(course.lms, coach, __context=other, **service_claims(course.lms, course="9"))
    confirm(course)
    confirm(course, "9")
    course.enrol(*course.services.members["2"], *learners(40))
    course.services.members["9"] = list(reversed(course.services.members["2"]))
    before, at = counts(course), utc_now()
    course.write(sa.update(ContextPull).values(due_at=at))
    pulls = course.all(sa.select(ContextPull.id).where(ContextPull.kind == ROSTER))
    assert len(pulls) == 2

    def reader(pull_id: UUID) -> Callable[[], None]:
        school_id = course.world.school.id
        return lambda: pull(
            course.engine, course.settings, school_id=school_id, pull_id=pull_id, at=at
        )

    at_once(*(reader(pull_id) for (pull_id,) in pulls))
    after = counts(course)
    assert [error for (error,) in course.all(sa.select(ContextPull.error)) if error] == []
    assert after["person"] - before["person"] == 40
    assert after["learning_plan"] - before["learning_plan"] == 40
    assert after["plan_member"] - before["plan_member"] == 40 + 2 * 41


@on_postgresql
def test_launches_during_a_reading_of_a_confirmed_course_wait_and_lose_nothing(
    course: Course,
) -> None:
    course.enrol(*course.services.members["2"], *learners(30))
    course.read()
    course.enrol(*course.services.members["2"], *learners(10, first=300))
    confirm(course)
    row, at = course.row(), utc_now()
    course.write(sa.update(ContextPull).where(ContextPull.id == row.id).values(due_at=at))

    def launcher(sub: str) -> Callable[[], None]:
        def launch() -> None:
            user = User(sub, ("Learner",), name=f"Nieuw Nummer{sub}")
            assert course.launch(user).status_code == 303

        return launch

    at_once(
        lambda: course.read(at=at, is_due=False),
        *(launcher(str(number)) for number in (100, 105, 300, 305)),
    )
    assert course.row().error is None
    course.read()
    assert len(course.members()) == 42
    assert len(course.places("1003")) == 41
