"""A course from its roster to a score in its gradebook, by real workers that are killed meanwhile.

Killed while the LMS thinks about the roster, and after it took a score; each time the queue is
emptied too, so that only the rows tell what to do.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from lti.models import ContextPull, GradeMode, ResourceLink, ScoreState
from tests import lms_services
from tests.lti import gradebooks
from tests.lti.reading import Course, learners
from tests.lti.test_gradebook_kills import SCORES, after_taking, is_shown
from tests.workers import Queue, Workers, environ_of, running_queue, running_workers
from tracker.db import utc_now

pytestmark = pytest.mark.worker
MEMBERS = "GET /courses/2/memberships"


@pytest.fixture
def queue() -> Iterator[Queue]:
    with running_queue() as made:
        yield made


@pytest.fixture
def workers(course: Course, queue: Queue, tmp_path: Path) -> Iterator[Workers]:
    with running_workers(environ_of(course.settings, queue), tmp_path / "worker.log") as made:
        yield made


@pytest.fixture
def gradebook(app: Flask, course: Course) -> gradebooks.Course:
    """See the course as its gradebook does."""
    link: ResourceLink = course.one(sa.select(ResourceLink))
    assert link.context_id is not None
    return gradebooks.Course(app, course.engine, course.world, course.lms, link.context_id, link.id)


def kill_when_asked(workers: Workers, course: Course, request: str) -> None:
    """Start a worker and kill it, with its job, when it asked the LMS this once more."""
    asked = len(course.services.requests(request))
    worker = workers.start()
    workers.wait_until(lambda: len(course.services.requests(request)) > asked, request)
    assert workers.kill(worker) == 1


def test_killed_workers_and_an_emptied_queue_keep_no_roster_and_no_score_from_arriving(
    course: Course, gradebook: gradebooks.Course, workers: Workers, queue: Queue
) -> None:
    course.enrol(*course.services.members["2"], *learners(30))
    course.services.fail(MEMBERS, course.services.hang)
    kill_when_asked(workers, course, MEMBERS)
    assert course.row().done_at is None
    assert set(course.members()) == {"1003"}
    queue.empty()
    course.write(sa.update(ContextPull).values(due_at=utc_now()))  # its time is over
    last = workers.start()
    workers.wait_until(lambda: course.row().done_at is not None, "the roster")
    assert len(course.members()) == 32
    workers.kill(last)

    gradebook.say(2)
    gradebook.choose(GradeMode.PROGRESS)
    course.services.fail(SCORES, after_taking(gradebook, lms_services.take_score))
    kill_when_asked(workers, course, SCORES)
    assert gradebook.score().state is ScoreState.WAITING
    queue.empty()
    gradebook.pass_time()
    workers.start()
    workers.wait_until(is_shown(gradebook, 100), "the score")
    assert len(course.members()) == 32
    assert "Traceback" not in workers.said()
