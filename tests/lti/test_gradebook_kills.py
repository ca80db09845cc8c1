"""Real workers, killed at every point of telling a gradebook: nothing lost, and no wrong number."""

import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from lti.models import GradeMode, LineItemState, ScoreState
from tests import lms_services
from tests.lms import Answer, Lms
from tests.lti.gradebooks import SUB, Course, make_course
from tests.workers import PATIENCE, Queue, Workers, environ_of, running_queue, running_workers
from tests.world import World

pytestmark = pytest.mark.worker
SCORES, MAKE, TOKEN = "POST .*/scores", "POST .*/lineitems", "POST /token"


@pytest.fixture
def course(app: Flask, engine: sa.Engine, world: World, lms: Lms) -> Iterator[Course]:
    made = make_course(app, engine, world, lms)
    yield made
    made.services.released.set()


@pytest.fixture
def queue() -> Iterator[Queue]:
    with running_queue() as made:
        yield made


@pytest.fixture
def workers(course: Course, queue: Queue, tmp_path: Path) -> Iterator[Workers]:
    environ = environ_of(course.app.extensions["settings"], queue)
    with running_workers(environ, tmp_path / "worker.log") as made:
        yield made


def after_taking(course: Course, page: Callable[..., Answer]) -> Callable[[], Answer]:
    """Let the LMS do what was asked, and then never answer."""

    def answer() -> Answer:
        page(course.lms, course.services.asked[-1])
        return course.services.hang()

    return answer


def kill(workers: Workers, asked: Callable[[], bool], what: str) -> None:
    """Start a worker, and kill it with its child when the LMS was asked."""
    worker = workers.start()
    workers.wait_until(asked, what)
    assert workers.kill(worker) == 1, "the job runs in a child process"


def is_shown(course: Course, number: int) -> Callable[[], bool]:
    """Return a check for the LMS showing a number, and nothing on its way."""

    def check() -> bool:
        if SUB not in course.scores() or not course.services.columns:
            return False
        return course.score().state is ScoreState.SENT and course.shown() == number

    return check


def made(course: Course) -> None:
    """Have the column made and one score sent, as on an ordinary day."""
    course.say(2)
    course.choose(GradeMode.PROGRESS)
    course.work()
    assert course.shown() == 100
    course.say(1)
    course.look()


def stamps(course: Course) -> list[datetime]:
    return [datetime.fromisoformat(post["timestamp"]) for post in course.posts()]


def test_killed_before_the_score_is_posted_the_next_worker_sends_it(
    course: Course, workers: Workers
):
    made(course)
    course.services.tokens.clear()
    course.services.fail(TOKEN, course.services.hang)
    before = len(course.services.requests(TOKEN))
    # The first request is refused, for its token is gone: the worker is on its way to a new one.
    kill(workers, lambda: len(course.services.requests(TOKEN)) > before, "asking for a token")
    assert len(course.posts()) == 1
    assert course.score().state is ScoreState.WAITING
    course.pass_time()
    workers.start()
    workers.wait_until(is_sent(course, 0), "the score")


def is_sent(course: Course, number: int) -> Callable[[], bool]:
    """Return a check for the newest wish being sent, and being this number."""

    def check() -> bool:
        score = course.score()
        last = course.posts()[-1]["scoreGiven"]
        return score.state is ScoreState.SENT and score.value == number == last

    return check


def test_killed_after_the_lms_took_the_score_nothing_is_lost_and_nothing_wrong(
    course: Course, workers: Workers
):
    made(course)
    course.services.fail(SCORES, after_taking(course, lms_services.take_score))
    kill(workers, lambda: len(course.posts()) == 2, "the score at the LMS")
    assert (course.score().state, course.score().sent_wish) == (ScoreState.WAITING, 1)
    course.say(3)  # meanwhile the coach saw more
    course.pass_time()
    workers.start()
    workers.wait_until(is_shown(course, 100), "the newest number")
    found = stamps(course)
    assert all(int(b.timestamp()) > int(a.timestamp()) for a, b in pairwise(found))
    assert course.score().wish == course.score().sent_wish


def test_killed_while_a_column_is_made_there_is_one_column(course: Course, workers: Workers):
    course.say(2)
    course.choose(GradeMode.PROGRESS)
    course.services.fail(MAKE, after_taking(course, lms_services.add_line_item))
    kill(workers, lambda: len(course.services.columns) == 1, "the column at the LMS")
    assert (course.item().state, course.item().url) == (LineItemState.WANTED, None)
    course.pass_time()
    workers.start()
    workers.wait_until(is_shown(course, 100), "the number")
    assert len(course.services.columns) == 1
    assert len(course.services.requests(MAKE)) == 1


def test_an_older_value_that_comes_late_never_stands_after_a_newer_one(course: Course):
    """One job is stuck on its way with the old value while another sends the new one."""
    made(course)
    on_its_way, let_go = threading.Event(), threading.Event()

    def late() -> Answer:
        asked = course.services.asked[-1]
        on_its_way.set()
        let_go.wait(PATIENCE)
        return lms_services.take_score(course.lms, asked)

    course.services.fail(SCORES, late)
    slow = threading.Thread(target=course.work)
    slow.start()
    assert on_its_way.wait(PATIENCE)
    course.say(3)
    course.pass_time()  # as long as a claim lasts
    course.work()
    assert is_shown(course, 100)()
    let_go.set()
    slow.join(PATIENCE)
    assert [post["scoreGiven"] for post in course.posts()][1:] == [100, 0]
    assert is_shown(course, 100)()
    assert (course.score().wish, course.score().sent_wish) == (3, 3)


def wishes(course: Course, number: int) -> Callable[[], bool]:
    return lambda: course.score().value == number


def test_two_workers_send_the_newest_value_last(course: Course, workers: Workers):
    made(course)
    workers.start()
    workers.start()
    for anchor, number in ((0, 0), (3, 100), (1, 0), (2, 100), (0, 0), (3, 100)):
        course.say(anchor)
        course.pass_time()
        workers.wait_until(wishes(course, number), "a worker that looked")
    workers.wait_until(is_shown(course, 100), "the newest number")
    found = stamps(course)
    assert found == sorted(found)
    assert course.services.refused == []


def test_a_queue_that_is_gone_only_delays(course: Course, workers: Workers, queue: Queue):
    made(course)
    course.services.fail(SCORES, course.services.hang)
    workers.start()
    workers.wait_until(lambda: len(course.services.requests(SCORES)) == 2, "the score on its way")
    queue.stop()
    course.services.released.set()  # the job goes on without its queue
    workers.wait_until(lambda: course.score().state is ScoreState.SENT, "the score sent")
    course.say(3)
    course.pass_time()
    queue.start()
    workers.wait_until(is_shown(course, 100), "the newest number")
