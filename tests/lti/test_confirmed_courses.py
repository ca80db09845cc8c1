"""A confirmed course: places in plans open and close with its roster."""

import pytest
import sqlalchemy as sa
from flask import Flask

from lti.courses.courses import end_confirmation
from lti.models import Context
from tests.lms import User
from tests.lti.reading import Course, confirm, learners, page_of
from tests.visits import Visit
from tracker.db import unit_of_work, utc_now
from tracker.errors import NotFound
from tracker.models import (
    LearningPlan,
    PlanMember,
    PlanRole,
    PlanState,
)
from tracker.permissions import find


def test_a_confirmed_course_opens_places_with_the_day_and_the_role(
    course: Course, teacher: User
) -> None:
    confirm(course, PlanRole.TEAM)
    everybody = {"3", "100", "101", "102"}
    assert course.places("1004") == dict.fromkeys(everybody, PlanRole.TEAM)
    assert course.places("1003") == dict.fromkeys(everybody, PlanRole.TEAM)
    starts = course.all(
        sa.select(PlanMember.from_on).where(PlanMember.coach_group_id.is_not(None)).distinct()
    )
    assert starts == [(course.world.on,)]
    drafts = sa.select(sa.func.count()).where(LearningPlan.state == PlanState.DRAFT)
    assert course.all(drafts) == [(3,)]


def test_confirming_again_and_reading_again_change_nothing(course: Course, teacher: User) -> None:
    confirm(course)
    course.read()
    before = course.all(sa.select(*PlanMember.__table__.c).order_by(PlanMember.id))
    confirm(course)
    course.read()
    assert course.all(sa.select(*PlanMember.__table__.c).order_by(PlanMember.id)) == before


def test_another_role_closes_the_old_places_and_opens_new_ones(
    course: Course, teacher: User
) -> None:
    confirm(course, PlanRole.COACH)
    confirm(course, PlanRole.TEAM)
    assert set(course.places("1004").values()) == {PlanRole.TEAM}


def test_who_joins_and_leaves_a_confirmed_course_gets_and_loses_a_place(
    course: Course, teacher: User
) -> None:
    confirm(course)
    stay = course.services.members["2"][:4]
    course.enrol(*stay, *learners(1, first=300))
    course.read()
    assert set(course.places("1004")) == {"3", "100", "300"}
    closed = course.all(
        sa.select(PlanMember.until_on).where(
            PlanMember.coach_group_id.is_not(None), PlanMember.until_on.is_not(None)
        )
    )
    assert closed == [(course.world.on,)] * 4  # two students, two instructors


def test_an_instructor_who_leaves_loses_every_place_and_the_page(
    app: Flask, course: Course, teacher: User
) -> None:
    confirm(course)
    visit = Visit(app, course.world.teacher)
    assert "Nieuw Nummer100" in visit.get(page_of(course))
    coach, student, _, *others = course.services.members["2"]
    course.enrol(coach, student, *others)
    course.read()
    assert course.places("1004") == {}
    assert set(course.places("1003")) == {"3", "100", "101", "102"}
    visit.get(page_of(course), 404)
    with unit_of_work(course.engine, school_id=course.world.school.id) as session:
        person = course.world.teacher
        with pytest.raises(NotFound):
            find(session, LearningPlan, course.world.plan.id, person=person, on=course.world.on)


def test_an_instructor_who_comes_back_the_same_day_has_the_places_again(
    course: Course, teacher: User
) -> None:
    confirm(course)
    everybody = course.services.members["2"]
    course.enrol(*everybody[:2], *everybody[3:])
    course.read()
    course.enrol(*everybody)
    course.read()
    assert set(course.places("1004")) == {"3", "100", "101", "102"}


def test_a_place_that_the_school_gave_stays_when_the_roster_lets_go(
    course: Course, teacher: User
) -> None:
    confirm(course)
    course.enrol(course.services.members["2"][0])
    course.read()
    assert course.places("1003") == {}
    with unit_of_work(course.engine, school_id=course.world.school.id) as session:
        coach = course.world.coach
        assert find(session, LearningPlan, course.world.plan.id, person=coach, on=course.world.on)


def test_a_confirmation_that_is_taken_back_closes_what_it_opened(
    course: Course, teacher: User
) -> None:
    confirm(course)
    with unit_of_work(course.engine, school_id=course.world.school.id) as session:
        end_confirmation(
            session,
            by=course.world.administrator,
            context=session.get_one(Context, (course.world.school.id, course.context().id)),
            on=course.world.on,
            at=utc_now(),
        )
    assert course.places("1004") == {}
    course.read()
    assert course.places("1004") == {}
