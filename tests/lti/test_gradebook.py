"""Progress on its way to the gradebook: what is sent, of whom, and what each answer leads to."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from lti.gradebook import LABEL, try_again
from lti.models import (
    Context,
    Deployment,
    DeploymentState,
    GradeMode,
    LineItemState,
    ResourceLink,
    ScorePush,
    ScoreState,
)
from tests.lms import Lms
from tests.lms_services import SCORE
from tests.lti.gradebooks import OTHER_SUB, OURS, SUB, Course, make_course
from tests.world import World
from tracker.db import unit_of_work, utc_now
from tracker.errors import Conflict
from tracker.judgements import judge
from tracker.models import (
    Goal,
    GroupRole,
    LearningPlan,
    Membership,
    Person,
    PersonState,
    PlanRole,
)
from tracker.plans import add_member

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
    assert (column["tag"], column["resourceLinkId"]) == ("progress", "link-1")
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
    monkeypatch.setattr("lti.services.SECONDS", 0.5)
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


def share_column(course: Course) -> None:
    """Let the coach guide the second student too, and have both looked at."""
    world = course.world
    with unit_of_work(course.engine, school_id=course.school_id) as session:
        add_member(
            session,
            by=None,
            plan=session.get_one(LearningPlan, (course.school_id, world.other_plan.id)),
            person=world.coach,
            role=PlanRole.COACH,
            from_on=world.on,
            at=world.at,
        )
        judge(
            session,
            by=world.coach,
            plan=world.other_plan,
            level=world.levels[3],
            goal=session.get_one(Goal, (course.school_id, world.other_goal.id)),
            observed_on=world.on,
            on=world.on,
            at=world.at,
        )


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
    switch(DeploymentState.INACTIVE)
    course.work()
    assert course.services.asked == []
    switch(DeploymentState.ACTIVE)
    course.work()
    assert course.shown() == 100


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
