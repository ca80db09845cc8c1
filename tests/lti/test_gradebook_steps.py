"""Telling the LMS of a column, step by step: once, and the newest choice."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from lti.gradebook.gradebook import LABEL, TAG, remove_column, try_again
from lti.models import GradeMode, LineItemState, ResourceLink, ScorePush, ScoreState
from tests.lms import Lms
from tests.lms_services import add_column
from tests.lti.gradebooks import SUB, Course, make_course
from tests.world import World
from tracker.db import unit_of_work, utc_now

MAKE, CHANGE, REMOVE = "POST .*/lineitems", "PUT .*/lineitem", "DELETE .*/lineitem"


@pytest.fixture
def course(app: Flask, engine: sa.Engine, world: World, lms: Lms) -> Course:
    return make_course(app, engine, world, lms)


def remove(course: Course) -> None:
    with unit_of_work(course.engine, school_id=course.school_id) as session:
        link = session.get_one(ResourceLink, (course.school_id, course.link_id))
        by = course.world.coach
        remove_column(session, by=by, link=link, on=course.world.on, at=utc_now())


def retry(course: Course) -> None:
    with unit_of_work(course.engine, school_id=course.school_id) as session:
        link = session.get_one(ResourceLink, (course.school_id, course.link_id))
        by = course.world.coach
        try_again(session, by=by, link=link, on=course.world.on, at=utc_now())


def test_a_removed_column_is_gone_in_the_lms_and_can_be_asked_for_anew(course: Course):
    course.say(2)
    course.choose(GradeMode.PROGRESS)
    course.work()
    remove(course)
    course.work()
    assert course.services.columns == {}
    assert (course.item().state, course.item().error) == (LineItemState.GONE, None)
    course.say(1)
    course.pass_time()
    course.work()
    assert course.services.columns == {}
    course.choose(GradeMode.PROGRESS)
    course.work()
    assert len(course.services.columns) == 1


def test_a_column_whose_making_was_not_heard_of_is_found_and_not_made_twice(course: Course):
    course.say(2)
    course.choose(GradeMode.PROGRESS)
    # The LMS made it, and the answer was lost.
    add_column(course.lms, label=LABEL, maximum=100, tag=TAG, resourceLinkId="link-1")
    course.work()
    assert course.services.requests(MAKE) == []
    assert len(course.services.columns) == 1
    assert course.shown() == 100


def test_a_column_that_cannot_be_made_now_is_tried_eight_times_then_parked(course: Course):
    course.choose(GradeMode.PROGRESS)
    course.services.fail(MAKE, (500, "text/plain", b""), times=99)
    for _ in range(10):
        course.work()
        course.pass_time()
    assert len(course.services.requests(MAKE)) == 8
    item = course.item()
    assert (item.state, item.error, item.due_at) == (LineItemState.PARKED, "server_error", None)
    course.services.troubles.clear()
    retry(course)
    course.work()
    assert course.item().state is LineItemState.ACTIVE


def test_a_column_that_the_lms_refuses_is_parked_at_once(course: Course):
    course.choose(GradeMode.PROGRESS)
    course.services.fail(MAKE, (400, "application/json", b"[]"))
    course.work()
    assert (course.item().state, course.item().error) == (LineItemState.PARKED, "refused")


def test_changing_a_column_that_the_lms_lost_finds_it_gone(course: Course):
    course.choose(GradeMode.PROGRESS)
    course.work()
    course.services.columns.clear()
    course.choose(GradeMode.EVIDENCE, pieces=3)
    course.work()
    assert (course.item().state, course.item().error) == (LineItemState.GONE, "gradebook.gone")
    assert course.services.columns == {}


def test_a_choice_made_while_the_lms_is_being_told_is_told_next(course: Course):
    """The LMS's answer comes after the teacher chose something else."""

    def late() -> tuple[int, str, bytes]:
        course.choose(GradeMode.EVIDENCE, pieces=7)
        raise ConnectionAbortedError

    course.choose(GradeMode.PROGRESS)
    course.services.fail(MAKE, late)
    course.work()
    course.pass_time()
    course.work()
    (column,) = course.services.columns.values()
    assert column["scoreMaximum"] == 7
    assert course.item().state is LineItemState.ACTIVE


def test_removed_while_it_is_being_made_a_column_does_not_stay(course: Course):
    made: list[str] = []

    def late() -> tuple[int, str, bytes]:
        remove(course)
        url = add_column(course.lms, label=LABEL, maximum=100, tag=TAG, resourceLinkId="link-1")
        made.append(url)
        body = f'{{"id": "{url}", "label": "{LABEL}", "scoreMaximum": 100}}'
        return 201, "application/vnd.ims.lis.v2.lineitem+json", body.encode()

    course.choose(GradeMode.PROGRESS)
    course.services.fail(MAKE, late)
    course.work()
    course.pass_time()
    course.work()
    assert len(made) == 1
    assert course.services.columns == {}
    assert course.item().state is LineItemState.GONE


def test_a_value_that_changes_during_a_call_is_sent_next(course: Course):
    course.say(1)
    course.choose(GradeMode.PROGRESS)

    def slow() -> tuple[int, str, bytes]:
        course.say(3)
        with unit_of_work(course.engine, school_id=course.school_id) as session:
            session.execute(sa.update(ScorePush).values(wish=ScorePush.wish + 1, value=100))
        return 200, "application/json", b""

    course.services.fail("POST .*/scores", slow)
    course.work()
    assert [post["scoreGiven"] for post in course.posts()] == [100]
    score = course.score()
    assert (score.state, score.wish, score.sent_wish) == (ScoreState.SENT, 2, 2)
    first, last = (asked.body.decode() for asked in course.services.requests("POST .*/scores"))
    assert '"scoreGiven": 0' in first
    assert '"scoreGiven": 100' in last


def test_the_next_look_comes_by_itself(course: Course):
    course.choose(GradeMode.PROGRESS)
    course.work()
    due_at = course.item().due_at
    assert due_at is not None
    assert due_at - utc_now() < timedelta(minutes=5, seconds=1)
    assert course.score().subject == SUB
