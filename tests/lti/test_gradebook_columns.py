"""A column's life in the gradebook: made, changed, adopted, removed; and what each mode tells."""

from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from lti.gradebook.gradebook import LABEL, TAG, remove_column
from lti.models import Context, GradeMode, LineItemState, ResourceLink
from tests.lms import Lms
from tests.lms_services import LINE_ITEM, add_column
from tests.lti.gradebooks import OURS, Course, make_course
from tests.world import World
from tracker.db import unit_of_work, utc_now
from tracker.errors import Conflict, Invalid, NotAllowed
from tracker.models import (
    AuditEvent,
    Evidence,
    EvidenceState,
    LearningPlan,
    LessonChoice,
    LessonKind,
    PlanState,
    SupportLesson,
)

MAKE, CHANGE, REMOVE = "POST .*/lineitems", "PUT .*/lineitem", "DELETE .*/lineitem"


@pytest.fixture
def course(app: Flask, engine: sa.Engine, world: World, lms: Lms) -> Course:
    return make_course(app, engine, world, lms)


def remove(course: Course) -> None:
    with unit_of_work(course.engine, school_id=course.school_id) as session:
        link = session.get_one(ResourceLink, (course.school_id, course.link_id))
        by = course.world.coach
        remove_column(session, by=by, link=link, on=course.world.on, at=utc_now())


def add_lesson(course: Course, *, confirmed: bool) -> UUID:
    """Offer a lesson, let the student choose it, and place it as the link."""
    world = course.world
    with unit_of_work(course.engine, school_id=course.school_id) as session:
        lesson = SupportLesson(
            school_id=course.school_id,
            title="Tillen",
            from_on=world.on,
            created_at=world.at,
        )
        session.add(lesson)
        session.flush()
        session.add(
            LessonChoice(
                school_id=course.school_id,
                plan_id=world.plan.id,
                lesson_id=lesson.id,
                kind=LessonKind.REPEAT,
                chosen_at=world.at,
                confirmed_at=world.at if confirmed else None,
                confirmed_by_id=world.coach.id if confirmed else None,
            )
        )
        session.get_one(ResourceLink, (course.school_id, course.link_id)).lesson_id = lesson.id
        return lesson.id


def test_a_link_tells_nothing_until_a_teacher_chooses(course: Course):
    course.say(3)
    course.work()
    assert course.services.asked == []


def test_only_a_teacher_of_the_course_chooses(course: Course):
    for person in (course.world.student, course.world.teacher, course.world.administrator):
        with pytest.raises(NotAllowed):
            course.choose(GradeMode.PROGRESS, by=person)


def test_what_is_chosen_and_removed_stands_in_the_log(course: Course):
    course.choose(GradeMode.PROGRESS)
    course.work()
    remove(course)
    with unit_of_work(course.engine, school_id=course.school_id) as session:
        rows = session.execute(
            sa.select(AuditEvent.verb, AuditEvent.by_id).where(
                AuditEvent.subject_id == course.link_id
            )
        ).all()
    assert {verb for verb, _ in rows} == {"set gradebook", "removed gradebook column"}
    assert {by_id for _, by_id in rows} == {course.world.coach.id}


def test_evidence_counts_confirmed_pieces_up_to_the_agreed_number(course: Course):
    course.choose(GradeMode.EVIDENCE, pieces=4)
    course.work()  # the supervisor judged the shared piece: 1
    (column,) = course.services.columns.values()
    assert (column["tag"], column["scoreMaximum"]) == (TAG, 4)
    course.say(2, evidence=course.piece())
    course.look()
    course.work()
    assert [post["scoreGiven"] for post in course.posts()] == [0, 1]
    assert [post["scoreMaximum"] for post in course.posts()] == [4, 4]
    assert course.posts()[-1]["comment"].startswith("Bevestigd: 1 van 4 afgesproken stukken")
    # Withdrawn, it counts no more; what was once told is told honestly.
    course.change(Evidence, course.piece().id, state=EvidenceState.WITHDRAWN)
    course.look()
    course.work()
    assert course.posts()[-1]["scoreGiven"] == 0


@pytest.mark.parametrize("pieces", [None, 0, 101])
def test_evidence_needs_an_agreed_number(course: Course, pieces: int | None):
    with pytest.raises(Invalid):
        course.choose(GradeMode.EVIDENCE, pieces=pieces)


def test_a_lesson_that_is_not_confirmed_has_no_score_and_a_confirmed_one_has_1(course: Course):
    with pytest.raises(Invalid):
        course.choose(GradeMode.LESSON)
    add_lesson(course, confirmed=False)
    course.choose(GradeMode.LESSON)
    course.work()
    assert course.item().label == f"{LABEL}: Tillen"
    assert course.posts() == []
    with unit_of_work(course.engine, school_id=course.school_id) as session:
        session.execute(sa.update(LessonChoice).values(confirmed_at=utc_now()))
    course.look()
    course.work()
    (post,) = course.posts()
    assert (post["scoreGiven"], post["scoreMaximum"]) == (1, 1)
    assert post["comment"].startswith("Gevolgd.")


def test_a_closed_plan_is_completed_and_the_comment_comes_along(course: Course):
    course.say(2)
    course.choose(GradeMode.PROGRESS)
    course.work()
    course.change(LearningPlan, course.world.plan.id, state=PlanState.CLOSED)
    course.look()
    course.work()
    first, last = course.posts()
    assert (first["activityProgress"], last["activityProgress"]) == ("InProgress", "Completed")
    assert last["gradingProgress"] == "FullyGraded"
    assert first["comment"] == last["comment"]


def test_another_mode_changes_our_column_and_sends_the_new_numbers(course: Course):
    course.choose(GradeMode.PROGRESS)
    course.work()
    course.say(2, evidence=course.piece())
    course.choose(GradeMode.EVIDENCE, pieces=5)
    course.work()
    (column,) = course.services.columns.values()
    assert column["scoreMaximum"] == 5
    assert len(course.services.requests(CHANGE)) == 1
    assert course.posts()[-1]["scoreMaximum"] == 5
    course.choose(GradeMode.EVIDENCE, pieces=5)  # the same again asks nothing
    course.work()
    assert len(course.services.requests(CHANGE)) == 1


def test_the_platforms_own_column_is_used_and_never_changed_or_removed(course: Course):
    course.say(2)
    own = add_column(course.lms, label="Opdracht", maximum=10, resourceLinkId="link-1")
    course.change(ResourceLink, course.link_id, lineitem_url=own)
    course.choose(GradeMode.PROGRESS)
    course.work()
    assert course.item().is_ours is False
    assert (course.posts()[-1]["scoreGiven"], course.posts()[-1]["scoreMaximum"]) == (100, 100)
    course.choose(GradeMode.EVIDENCE, pieces=3)
    course.work()
    with pytest.raises(Conflict, match=r"gradebook\.not_ours"):
        remove(course)
    course.choose(GradeMode.OFF)
    course.work()
    (column,) = course.services.columns.values()
    assert (column["label"], column["scoreMaximum"]) == ("Opdracht", 10)
    for asked in (MAKE, CHANGE, REMOVE):
        assert course.services.requests(asked) == []


def test_a_course_where_we_may_make_no_column_and_get_none_cannot_have_one(course: Course):
    without = " ".join(scope for scope in OURS if scope != LINE_ITEM)
    course.change(Context, course.context_id, scopes=without)
    with pytest.raises(Conflict, match=r"gradebook\.not_granted"):
        course.choose(GradeMode.PROGRESS)


def test_switched_off_nothing_is_sent_and_the_column_stays(course: Course):
    course.say(1)
    course.choose(GradeMode.PROGRESS)
    course.work()
    course.say(2)
    course.look()
    course.services.fail("POST .*/scores", (503, "text/plain", b""))
    course.work()
    course.choose(GradeMode.OFF)
    course.pass_time()
    course.work()
    assert len(course.posts()) == 1
    assert len(course.services.columns) == 1
    course.choose(GradeMode.PROGRESS)
    course.work()
    assert course.shown() == 100


def test_switched_off_before_it_was_made_a_column_is_not_made(course: Course):
    course.choose(GradeMode.PROGRESS)
    course.choose(GradeMode.OFF)
    course.work()
    assert course.services.requests(MAKE) == []
    assert course.item().state is LineItemState.GONE
