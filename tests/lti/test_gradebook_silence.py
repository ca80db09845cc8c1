"""When nothing goes to the gradebook: of whom, to which column, and in which mode."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from lti.jobs import waiting_gradebooks
from lti.models import (
    Context,
    Deployment,
    DeploymentState,
    GradeMode,
    LineItemState,
    ScorePush,
    ScoreState,
)
from tests.lms import Lms
from tests.lms_services import SCORE
from tests.lti.gradebooks import OTHER_SUB, OURS, SUB, Course, make_course, share_column
from tests.world import World
from tracker.db import unit_of_work, utc_now
from tracker.errors import Conflict
from tracker.models import (
    GroupRole,
    Membership,
    Person,
    PersonState,
)

SCORES = "POST .*/scores"


@pytest.fixture
def course(app: Flask, engine: sa.Engine, world: World, lms: Lms) -> Course:
    return make_course(app, engine, world, lms)


def test_a_column_that_the_lms_lost_is_gone_and_never_made_again_unasked(course: Course):
    course.say(2)
    course.choose(GradeMode.PROGRESS)
    course.work()
    course.services.columns.clear()
    course.say(1)
    course.look()
    course.work()
    assert (course.item().state, course.item().error) == (LineItemState.GONE, "gradebook.gone")
    assert course.score().state is ScoreState.SUPERSEDED
    course.say(3)
    course.pass_time()
    course.work()
    assert course.services.columns == {}
    course.choose(GradeMode.PROGRESS)  # a teacher asks for it
    course.work()
    assert len(course.services.columns) == 1
    assert course.item().state is LineItemState.ACTIVE


@pytest.mark.parametrize("status", [400, 403])
def test_somebody_who_is_no_learner_there_is_not_asked_for_again(course: Course, status: int):
    course.say(2)
    course.choose(GradeMode.PROGRESS)
    course.services.fail(SCORES, (status, "application/json", b"[]"))
    course.work()
    score = course.score()
    assert (score.state, score.due_at) == (ScoreState.INACTIVE, None)
    course.say(1)
    course.look()
    course.pass_time()
    course.work()
    assert len(course.services.requests(SCORES)) == 1


def test_who_comes_back_into_the_course_is_told_of_again(course: Course):
    course.say(2)
    course.choose(GradeMode.PROGRESS)
    course.services.fail(SCORES, (400, "application/json", b"[]"))
    course.work()
    long_ago = utc_now() - timedelta(days=90)
    course.change(ScorePush, course.score().id, tried_at=long_ago)
    course.look()
    course.work()
    assert course.shown() == 100


def test_without_the_scope_for_scores_nothing_can_be_chosen_and_nothing_is_asked(course: Course):
    # lti.md case 43
    course.say(2)
    others = [scope for scope in OURS if scope != SCORE]
    course.change(Context, course.context_id, scopes=" ".join(others))
    with pytest.raises(Conflict, match=r"gradebook\.not_granted"):
        course.choose(GradeMode.PROGRESS)
    course.work()
    assert course.services.asked == []
    # And when the LMS takes the scope back later, what waits is set aside.
    course.change(Context, course.context_id, scopes=" ".join(OURS))
    course.choose(GradeMode.PROGRESS)
    course.services.fail(SCORES, (503, "text/plain", b""))
    course.work()
    course.change(Context, course.context_id, scopes=" ".join(others))
    course.pass_time()
    course.work()
    assert len(course.services.requests(SCORES)) == 1
    assert course.score().state is ScoreState.SUPERSEDED


def test_of_a_coach_or_a_test_user_nothing_is_ever_sent(course: Course):
    # lti.md case 44
    world = course.world
    share_column(course)
    with unit_of_work(course.engine, school_id=course.school_id) as session:
        # The second student also teaches here; the coach also stands in the list of learners.
        for person, role in (
            (world.other_student, GroupRole.TEACHER),
            (world.coach, GroupRole.STUDENT),
        ):
            session.add(
                Membership(
                    school_id=course.school_id,
                    group_id=world.group.id,
                    person_id=person.id,
                    role=role,
                    from_on=world.on - timedelta(days=1),
                )
            )
    course.say(2)
    course.choose(GradeMode.PROGRESS)
    course.work()
    assert [post["userId"] for post in course.posts()] == [SUB]


@pytest.mark.parametrize("state", [PersonState.PENDING, PersonState.SUSPENDED, PersonState.LEFT])
def test_of_who_never_came_or_is_away_nothing_is_sent(course: Course, state: PersonState):
    course.say(2)
    course.change(Person, course.world.student.id, state=state)
    course.choose(GradeMode.PROGRESS)
    course.work()
    assert course.posts() == []


def test_a_score_that_waits_is_not_sent_when_its_student_leaves(course: Course):
    course.say(2)
    course.choose(GradeMode.PROGRESS)
    course.services.fail(SCORES, (503, "text/plain", b""))
    course.work()
    course.change(Person, course.world.student.id, state=PersonState.SUSPENDED)
    with unit_of_work(course.engine, school_id=course.school_id) as session:
        session.execute(sa.update(ScorePush).values(due_at=utc_now()))
    course.work()
    assert len(course.services.requests(SCORES)) == 1
    assert course.score().state is ScoreState.INACTIVE


def test_only_students_whom_the_teacher_who_chose_guides_are_told_of(course: Course):
    share = course.world
    course.say(2)
    with unit_of_work(course.engine, school_id=course.school_id) as session:
        session.add(
            Membership(
                school_id=course.school_id,
                group_id=share.group.id,
                person_id=share.teacher.id,
                role=GroupRole.TEACHER,
                from_on=share.on,
            )
        )
    course.choose(GradeMode.PROGRESS, by=share.teacher)  # guides nobody
    course.work()
    assert course.posts() == []
    course.choose(GradeMode.PROGRESS, by=share.coach)
    course.work()
    assert [post["userId"] for post in course.posts()] == [SUB]


def test_nothing_is_sent_of_a_student_at_whose_goals_nobody_looked_yet(course: Course):
    with unit_of_work(course.engine, school_id=course.school_id) as session:
        session.add(
            Membership(
                school_id=course.school_id,
                group_id=course.world.group.id,
                person_id=course.world.other_coach.id,
                role=GroupRole.TEACHER,
                from_on=course.world.on,
            )
        )
    course.choose(GradeMode.PROGRESS, by=course.world.other_coach)
    course.work()
    assert course.item().state is LineItemState.ACTIVE
    assert OTHER_SUB not in course.scores()


def test_what_the_student_says_moves_nothing(course: Course):
    course.choose(GradeMode.PROGRESS)  # the supervisor said 1
    course.work()
    course.say(3, by=course.world.student)
    course.pass_time()
    course.work()
    assert [post["scoreGiven"] for post in course.posts()] == [0]


def test_status_only_makes_the_column_and_posts_no_score(course: Course):
    course.say(2)
    course.choose(GradeMode.STATUS)
    course.work()
    course.pass_time()
    course.work()
    assert len(course.services.columns) == 1
    assert course.services.requests(SCORES) == []
    assert course.scores() == {}


def test_switching_to_status_leaves_the_numbers_that_the_lms_has(course: Course):
    course.say(2)
    course.choose(GradeMode.PROGRESS)
    course.work()
    course.choose(GradeMode.STATUS)
    course.say(1)
    course.pass_time()
    course.work()
    assert course.shown() == 100
    course.choose(GradeMode.PROGRESS)
    course.work()
    assert course.posts()[-1]["scoreGiven"] == 0
    assert len(course.services.columns) == 1


def test_an_lms_that_is_switched_off_hears_nothing_until_it_is_on_again(course: Course):
    def switch(state: DeploymentState) -> None:
        with unit_of_work(course.engine) as session:
            session.execute(sa.update(Deployment).values(state=state))

    course.say(2)
    course.choose(GradeMode.PROGRESS)
    for _ in range(2):  # with a column to make, and then with a value to send
        assert waiting_gradebooks(course.engine, at=utc_now()) == [course.school_id]
        asked = len(course.services.asked)
        switch(DeploymentState.INACTIVE)
        course.work()
        assert len(course.services.asked) == asked
        assert waiting_gradebooks(course.engine, at=utc_now()) == [], "nobody is woken for it"
        switch(DeploymentState.ACTIVE)
        course.work()
        assert course.shown() == 100
        course.say(3)
        course.look()


def test_a_newer_value_called_off_during_a_call_is_sent_when_the_column_is_on_again(
    course: Course,
):
    course.say(1)
    course.choose(GradeMode.PROGRESS)

    def slow() -> tuple[int, str, bytes]:
        course.say(3)
        with unit_of_work(course.engine, school_id=course.school_id) as session:
            session.execute(sa.update(ScorePush).values(wish=ScorePush.wish + 1, value=100))
        course.choose(GradeMode.OFF)
        return 200, "application/json", b""

    course.services.fail(SCORES, slow)
    course.work()
    assert course.score().state is ScoreState.SUPERSEDED
    course.choose(GradeMode.PROGRESS)
    course.work()
    assert course.shown() == 100
