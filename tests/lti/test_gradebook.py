"""Progress on its way to the gradebook: what is sent, of whom, and what each answer leads to."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from lti.gradebook.gradebook import LABEL, TAG, try_again
from lti.models import (
    GradeMode,
    ResourceLink,
    ScoreState,
)
from tests.lms import Lms
from tests.lti.gradebooks import SUB, Course, make_course, share_column
from tests.world import World
from tracker.db import unit_of_work, utc_now

SCORES = "POST .*/scores"


@pytest.fixture
def course(app: Flask, engine: sa.Engine, world: World, lms: Lms) -> Course:
    return make_course(app, engine, world, lms)


def stamps(course: Course) -> list[datetime]:
    return [datetime.fromisoformat(post["timestamp"]) for post in course.posts()]


def retry(course: Course) -> None:
    with unit_of_work(course.engine, school_id=course.school_id) as session:
        link = session.get_one(ResourceLink, (course.school_id, course.link_id))
        by = course.world.coach
        try_again(session, by=by, link=link, on=course.world.on, at=utc_now())


def test_a_column_is_made_and_the_number_says_what_coach_and_supervisor_confirmed(
    course: Course,
):
    course.say(2)
    course.choose(GradeMode.PROGRESS)
    course.work()
    (column,) = course.services.columns.values()
    assert (column["label"], column["scoreMaximum"]) == (LABEL, 100)
    assert (column["tag"], column["resourceLinkId"]) == (TAG, "link-1")
    (post,) = course.posts()
    assert (post["userId"], post["scoreGiven"], post["scoreMaximum"]) == (SUB, 100, 100)
    assert (post["activityProgress"], post["gradingProgress"]) == ("InProgress", "FullyGraded")
    assert post["comment"].startswith("Bevestigd: 1 van 1 eigen leerdoel.")
    assert course.shown() == 100
    score = course.score()
    assert (score.state, score.wish, score.sent_wish) == (ScoreState.SENT, 1, 1)
    course.pass_time()
    course.work()
    assert len(course.posts()) == 1  # nothing new, nothing sent


def test_a_score_goes_to_scores_in_the_path_before_the_query(course: Course):
    # lti.md case 39
    course.say(2)
    course.choose(GradeMode.PROGRESS)
    course.work()
    (asked,) = course.services.requests(SCORES)
    assert asked.path.endswith("/lineitem/scores")
    assert asked.query == {"type_id": "3"}


def test_two_changes_in_one_second_are_one_post_with_a_later_timestamp(course: Course):
    # lti.md case 40
    course.say(1)
    course.choose(GradeMode.PROGRESS)
    course.work()
    assert [post["scoreGiven"] for post in course.posts()] == [0]
    course.services.fail(SCORES, (503, "text/plain", b""))
    course.say(2)
    course.look()
    course.work()
    course.say(0)
    course.look()
    course.work()
    course.say(3)
    course.look()
    course.pass_time()
    course.work()
    assert [post["scoreGiven"] for post in course.posts()] == [0, 100]
    first, last = stamps(course)
    assert last - first >= timedelta(seconds=1)
    assert (course.score().wish, course.score().sent_wish) == (4, 4)


def test_a_token_that_died_is_renewed_once_and_the_score_arrives(course: Course):
    # lti.md case 41: 401
    course.say(2)
    course.choose(GradeMode.PROGRESS)
    course.services.fail(SCORES, (401, "application/json", b"{}"))
    course.work()
    assert course.shown() == 100
    assert course.score().attempts == 0


def test_a_409_is_stamped_once_more_and_then_left_to_the_lms(course: Course):
    # lti.md case 41: 409
    course.say(2)
    course.choose(GradeMode.PROGRESS)
    course.services.fail(SCORES, (409, "application/json", b"[]"))
    course.work()
    assert course.shown() == 100
    stamped_at = course.score().stamped_at
    course.services.fail(SCORES, (409, "application/json", b"[]"), times=2)
    course.say(1)
    course.look()
    course.work()
    score = course.score()
    assert (score.state, score.error) == (ScoreState.SUPERSEDED, "conflict")
    assert stamped_at is not None
    assert score.stamped_at is not None
    assert score.stamped_at - stamped_at >= timedelta(seconds=2)
    course.look()
    course.work()
    assert course.score().state is ScoreState.SUPERSEDED  # the same wish is not forced
    course.say(3)
    course.look()
    course.work()
    assert course.score().state is ScoreState.SENT


def test_a_column_of_which_the_lms_holds_a_later_change_takes_our_second_stamp(course: Course):
    # lti.md case 41: 409, Moodle's rule of whole seconds
    course.say(2)
    course.choose(GradeMode.PROGRESS)
    course.work()
    grade = course.services.grades[max(course.services.columns), SUB]
    course.say(1)
    course.look()
    grade["changed"] = int(utc_now().timestamp()) + 1  # the teacher touched it
    course.work()
    assert course.score().state in {ScoreState.SENT, ScoreState.SUPERSEDED}
    assert len(course.posts()) == 3


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((429, "text/plain", b"", {"Retry-After": "600"}), "rate_limited"),
        ((403, "text/plain", b"403 Forbidden (Rate Limit Exceeded)"), "rate_limited"),
        ((500, "text/plain", b""), "server_error"),
    ],
)
def test_a_refusal_that_passes_waits_and_the_newest_value_arrives(
    course: Course, answer: tuple[int, str, bytes], error: str
):
    # lti.md case 41: 429, Canvas' 403, 500
    course.say(1)
    course.choose(GradeMode.PROGRESS)
    course.services.fail(SCORES, answer)
    before = utc_now()
    course.work()
    score = course.score()
    assert (score.state, score.attempts, score.error) == (ScoreState.WAITING, 1, error)
    assert score.due_at is not None
    wait = 600 if len(answer) == 4 else 60
    assert score.due_at - before >= timedelta(seconds=wait)
    course.say(2)
    course.look()
    course.work()
    assert len(course.services.requests(SCORES)) == 1  # the LMS asked us to wait
    course.pass_time()
    course.work()
    assert course.shown() == 100
    assert course.score().state is ScoreState.SENT


def test_an_lms_that_hangs_is_asked_again_later(course: Course, monkeypatch: pytest.MonkeyPatch):
    # lti.md case 41: hang
    monkeypatch.setattr("lti.calling.services.SECONDS", 0.5)
    course.say(2)
    course.choose(GradeMode.PROGRESS)
    course.services.fail(SCORES, course.services.hang)
    course.work()
    course.services.released.set()
    score = course.score()
    assert (score.state, score.attempts, score.error) == (ScoreState.WAITING, 1, "unreachable")
    course.pass_time()
    course.work()
    assert course.shown() == 100


def test_after_eight_tries_a_score_is_parked_and_shown_until_somebody_tries_again(course: Course):
    course.say(2)
    course.choose(GradeMode.PROGRESS)
    course.services.fail(SCORES, (500, "text/plain", b""), times=9)
    for _ in range(9):
        course.work()
        course.pass_time()
    score = course.score()
    assert (score.state, score.attempts, score.error) == (ScoreState.PARKED, 8, "server_error")
    assert len(course.services.requests(SCORES)) == 8
    course.services.troubles.clear()
    retry(course)
    course.work()
    assert course.score().state is ScoreState.SENT


def test_an_lms_that_is_ill_is_asked_once_for_the_whole_column(course: Course):
    share_column(course)
    course.choose(GradeMode.PROGRESS)
    course.services.fail(SCORES, (429, "text/plain", b"", {"Retry-After": "60"}), times=99)
    course.work()
    assert len(course.services.requests(SCORES)) == 1
    assert {score.attempts for score in course.scores().values()} == {1}
    assert len(course.scores()) == 2
