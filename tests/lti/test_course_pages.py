"""What an instructor sees of a course: own students, names of the others, and a way to ask."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from lti.courses.courses import answer_access, confirm_context, find_request
from lti.models import AccessRequest, AccessRequestState, Context
from tests.lms import User
from tests.lms_services import member
from tests.lti.browser import Browser
from tests.lti.reading import Course, confirm, learners, page_of
from tests.visits import Visit
from tracker.db import unit_of_work, utc_now
from tracker.errors import Conflict, NotAllowed, NotFound
from tracker.models import (
    AuditEvent,
    LearningPlan,
    Person,
    PlanMember,
    PlanRole,
    SchoolRole,
)
from tracker.people import give_role
from tracker.permissions import find


def test_a_launch_of_staff_lands_on_the_course(course: Course, coach: User) -> None:
    with Browser(course.browser.site) as own:
        landed = own.launch(course.lms, coach).headers["location"]
        assert landed.endswith(page_of(course))
        assert own.get(landed).status_code == 200


def test_the_own_students_come_first_and_the_others_are_names_only(
    app: Flask, course: Course, teacher: User
) -> None:
    text = Visit(app, course.world.coach).get(page_of(course))
    own, others = text.split('id="others"')
    assert "Sanne Student" in own
    assert f"/coach/plans/{course.world.plan.id}" in own
    assert "Nieuw Nummer100" in others
    assert "Nieuw Nummer100" not in own
    assert "Sanne Student" not in others
    assert "/coach/plans/" not in others


def test_an_instructor_without_confirmation_sees_names_and_no_plan(
    app: Flask, course: Course, teacher: User
) -> None:
    person = course.world.teacher
    text = Visit(app, person).get(page_of(course))
    assert "Sanne Student" in text
    assert "Nieuw Nummer101" in text
    assert "/coach/plans/" not in text
    assert course.world.goal.title not in text
    assert course.world.student.number not in text
    plan_id = course.world.plan.id
    with (
        unit_of_work(course.engine, school_id=course.world.school.id) as session,
        pytest.raises(NotFound),
    ):
        find(session, LearningPlan, plan_id, person=person, on=course.world.on)


def test_asking_for_access_waits_is_shown_and_stays_one_request(
    app: Flask, course: Course, teacher: User
) -> None:
    visit, page = Visit(app, course.world.teacher), page_of(course)
    assert "Toegang vragen" in visit.get(page)
    for _ in range(2):
        with_form = Visit(app, course.world.coach)
        assert "Toegang vragen" in with_form.get(page)
    assert visit.submit(page, f"{page}/access", {}).status_code == 303
    text = visit.get(page)
    assert "Je hebt om toegang gevraagd." in text
    assert "Toegang vragen" not in text
    assert course.one(sa.select(AccessRequest.state)) is AccessRequestState.WAITING


def asked(course: Course, app: Flask) -> AccessRequest:
    visit, page = Visit(app, course.world.teacher), page_of(course)
    visit.submit(page, f"{page}/access", {})
    found: AccessRequest = course.one(sa.select(AccessRequest))
    return found


def answer(course: Course, request: AccessRequest, role: PlanRole | None) -> None:
    with unit_of_work(course.engine, school_id=course.world.school.id) as session:
        by, on = course.world.administrator, course.world.on
        found = find_request(session, request.id, person=by, on=on)
        answer_access(session, by=by, request=found, instructors_are=role, on=on, at=utc_now())


def test_a_yes_confirms_the_course_for_all_its_instructors(
    app: Flask, course: Course, teacher: User
) -> None:
    request = asked(course, app)
    answer(course, request, PlanRole.TEAM)
    assert course.one(sa.select(AccessRequest.state)) is AccessRequestState.GIVEN
    assert set(course.places("1004")) == {"3", "100", "101", "102"}
    with pytest.raises(Conflict, match=r"access\.answered"):
        answer(course, request, None)


def test_a_no_is_said_and_can_be_asked_again(app: Flask, course: Course, teacher: User) -> None:
    answer(course, asked(course, app), None)
    text = Visit(app, course.world.teacher).get(page_of(course))
    assert "Je school zei nee" in text
    assert "Toegang vragen" in text
    assert course.places("1004") == {}


def test_only_an_administrator_confirms_or_answers(
    app: Flask, course: Course, teacher: User
) -> None:
    request = asked(course, app)
    with unit_of_work(course.engine, school_id=course.world.school.id) as session:
        by, on, at = course.world.teacher, course.world.on, utc_now()
        context = session.get_one(Context, (request.school_id, request.context_id))
        with pytest.raises(NotAllowed):
            confirm_context(
                session, by=by, context=context, instructors_are=PlanRole.COACH, on=on, at=at
            )
        with pytest.raises(NotFound):
            find_request(session, request.id, person=by, on=on)


def test_a_course_without_a_roster_service_cannot_be_confirmed_or_asked_for(
    app: Flask, course: Course, coach: User
) -> None:
    course.write(sa.update(Context).values(memberships_url=None))
    with pytest.raises(Conflict, match=r"course\.no_roster"):
        confirm(course)
    text = Visit(app, course.world.coach).get(page_of(course))
    assert "Geen lijst van studenten" in text
    assert "Toegang vragen" not in text


def test_before_the_first_reading_the_page_says_that_the_list_is_on_its_way(
    app: Flask, course: Course
) -> None:
    text = Visit(app, course.world.coach).get(page_of(course))
    assert "De lijst met studenten is onderweg." in text
    course.services.can_fetch_keys = False
    course.read()
    text = Visit(app, course.world.coach).get(page_of(course))
    assert "Je beheerder ziet waarom." in text


def test_nobody_else_finds_the_course(app: Flask, course: Course, teacher: User) -> None:
    page, world = page_of(course), course.world
    for person in (world.student, world.other_coach, world.supervisor, world.elsewhere):
        Visit(app, person).get(page, 404)
    Visit(app, world.administrator).get(page, 200)


def test_an_instructor_whom_the_school_knows_as_a_student_only_sees_no_names(
    app: Flask, course: Course
) -> None:
    course.enrol(
        *course.services.members["2"],
        member(
            "5", "Instructor", name="Olaf", lis_person_sourcedid=course.world.other_student.number
        ),
    )
    course.read()
    Visit(app, course.world.other_student).get(page_of(course), 403)
    with unit_of_work(course.engine, school_id=course.world.school.id) as session:
        person = session.get_one(Person, (course.world.school.id, course.world.other_student.id))
        give_role(session, person=person, role=SchoolRole.TEACHER, on=course.world.on)
    Visit(app, course.world.other_student).get(page_of(course), 200)


def test_who_looked_at_a_course_is_logged(app: Flask, course: Course, teacher: User) -> None:
    Visit(app, course.world.teacher).get(page_of(course))
    looks = course.all(
        sa.select(AuditEvent.by_id).where(
            AuditEvent.verb == "looked at course", AuditEvent.subject_id == course.context().id
        )
    )
    assert looks == [(course.world.teacher.id,)]


def test_a_long_list_is_paged_and_takes_no_more_queries(app: Flask, course: Course) -> None:
    course.read()
    visit, page = Visit(app, course.world.coach), page_of(course)
    few = visit.count_queries(page)
    course.enrol(*course.services.members["2"], *learners(230))
    course.read()
    assert visit.count_queries(page) == few
    first, last = visit.get(page), visit.get(f"{page}?page=3")
    assert "Nieuw Nummer100" in first
    assert "Nieuw Nummer329" not in first
    assert "Nieuw Nummer329" in last
    assert "Pagina 3 van 3" in last
    for wrong in ("0", "-1", "99999999", "x", "²"):
        assert "Nieuw Nummer" in visit.get(f"{page}?page={wrong}")


def test_a_former_member_of_the_course_is_not_among_the_names(
    app: Flask, course: Course, teacher: User
) -> None:
    course.enrol(*course.services.members["2"][:4])
    course.read()
    text = Visit(app, course.world.teacher).get(page_of(course))
    assert "Nieuw Nummer100" in text
    assert "Nieuw Nummer101" not in text


def test_places_end_on_the_day_that_the_roster_says_and_not_before(
    course: Course, teacher: User
) -> None:
    confirm(course)
    tomorrow = utc_now() + timedelta(days=1)
    course.enrol(*course.services.members["2"][:3])
    course.read(at=tomorrow)
    ends = course.all(
        sa.select(PlanMember.until_on)
        .where(PlanMember.coach_group_id.is_not(None), PlanMember.until_on.is_not(None))
        .distinct()
    )
    assert ends == [(course.world.on + timedelta(days=1),)]
