"""The page on which a teacher chooses what the LMS shows, and sees what came of it."""

import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from lti.models import Context, GradeMode, LineItemState, ResourceLink
from tests.lms import Lms
from tests.lms_services import SCORE, add_column
from tests.lti.gradebooks import OURS, Course, make_course
from tests.visits import Visit
from tests.world import World
from tracker.db import unit_of_work


@pytest.fixture
def course(app: Flask, engine: sa.Engine, world: World, lms: Lms) -> Course:
    return make_course(app, engine, world, lms)


@pytest.fixture
def coach(app: Flask, course: Course) -> Visit:
    return Visit(app, course.world.coach)


def path(course: Course, end: str = "") -> str:
    return f"/coach/courses/{course.context_id}/gradebook{end}"


def send(visit: Visit, course: Course, end: str = "", **fields: Any) -> Any:
    sent = {"link_id": str(course.link_id), **fields}
    return visit.submit(path(course), path(course, end), sent)


def mode(course: Course) -> GradeMode:
    with unit_of_work(course.engine, school_id=course.school_id, writes=False) as session:
        return session.get_one(ResourceLink, (course.school_id, course.link_id)).mode


def test_a_teacher_chooses_and_sees_what_came_of_it(coach: Visit, course: Course):
    page = coach.get(path(course))
    assert "Mijn leerplan" in page
    assert re.search(r'value="off" checked', page)
    assert "In deze cursus zitten 2 studenten. Jij begeleidt er 1" in page
    course.say(2)
    assert send(coach, course, mode="progress", pieces="").status_code == 303
    assert "De kolom wordt gemaakt" in coach.get(path(course))
    course.work()
    page = coach.get(path(course))
    assert "De kolom staat er" in page
    assert "1 getal staat in je leeromgeving" in page
    assert re.search(r'value="progress" checked', page)


def test_who_does_not_teach_the_course_finds_no_page(app: Flask, course: Course):
    for person in (course.world.teacher, course.world.student, course.world.other_coach):
        Visit(app, person).get(path(course), status=404)


def test_an_administrator_looks_and_does_not_choose(app: Flask, course: Course):
    page = Visit(app, course.world.administrator).get(path(course))
    assert "Mijn leerplan" in page
    assert 'name="mode"' not in page


def test_without_the_scope_there_is_no_button_and_no_request(coach: Visit, course: Course):
    # lti.md case 43
    course.say(2)
    others = [scope for scope in OURS if scope != SCORE]
    course.change(Context, course.context_id, scopes=" ".join(others))
    page = coach.get(path(course))
    assert "Je leeromgeving laat ons hier geen getallen sturen" in page
    assert 'name="mode"' not in page
    course.work()
    assert course.services.asked == []


def test_a_choice_that_came_too_late_is_refused_with_a_reason(coach: Visit, course: Course):
    token = coach.get(path(course))
    assert token
    page = coach.get(path(course))
    csrf = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert csrf is not None
    course.change(Context, course.context_id, scopes=None)
    answer = coach.client.post(
        path(course),
        data={"csrf_token": csrf[1], "link_id": str(course.link_id), "mode": "progress"},
        base_url="https://localhost",
    )
    assert answer.status_code == 409
    assert mode(course) is GradeMode.OFF


@pytest.mark.parametrize("pieces", ["", "0", "101", "veel"])
def test_a_number_of_pieces_that_cannot_be_is_asked_for_again(
    coach: Visit, course: Course, pieces: str
):
    answer = send(coach, course, mode="evidence", pieces=pieces)
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert "Kies een getal van 1 tot en met 100." in page
    assert re.search(r'value="evidence" checked', page)
    assert mode(course) is GradeMode.OFF


def test_a_number_that_says_nothing_is_left_aside(coach: Visit, course: Course):
    assert send(coach, course, mode="progress", pieces="veel").status_code == 303
    assert mode(course) is GradeMode.PROGRESS


def test_another_mode_or_link_is_refused(coach: Visit, course: Course):
    assert send(coach, course, mode="grade").status_code == 422
    assert send(coach, course, mode="lesson").status_code == 422
    assert send(coach, course, link_id=str(course.context_id)).status_code == 404
    assert send(coach, course, link_id="geen").status_code == 404
    assert mode(course) is GradeMode.OFF


def test_what_was_given_up_is_shown_in_plain_words_and_tried_again(coach: Visit, course: Course):
    course.say(2)
    course.choose(GradeMode.PROGRESS)
    course.services.can_fetch_keys = False
    for _ in range(9):
        course.work()
        course.pass_time()
    assert course.item().state is LineItemState.PARKED
    page = coach.get(path(course))
    assert "Niet gelukt" in page
    assert "Je leeromgeving kan onze sleutels niet ophalen." in page
    assert "Vraag je beheerder om de koppeling te testen." in page
    course.services.can_fetch_keys = True
    assert send(coach, course, "/again").status_code == 303
    course.work()
    assert course.shown() == 100
    assert send(coach, course, "/again").status_code == 303  # nothing left: harmless


def test_a_column_of_ours_is_removed_with_a_button(coach: Visit, course: Course):
    course.choose(GradeMode.STATUS)
    course.work()
    assert "Kolom weghalen" in coach.get(path(course))
    assert send(coach, course, "/remove").status_code == 303
    assert "De kolom wordt weggehaald" in coach.get(path(course))
    course.work()
    assert course.services.columns == {}
    page = coach.get(path(course))
    assert "Kolom weghalen" not in page
    send(coach, course, "/remove")
    assert "Deze kolom is niet van ons." in coach.get(path(course))


def test_the_learning_environments_own_column_has_no_such_button(coach: Visit, course: Course):
    own = add_column(course.lms, label="Opdracht", maximum=10, resourceLinkId="link-1")
    course.change(ResourceLink, course.link_id, lineitem_url=own)
    course.choose(GradeMode.PROGRESS)
    course.work()
    page = coach.get(path(course))
    assert "Deze kolom hoort bij de link in je leeromgeving." in page
    assert "Kolom weghalen" not in page


def test_a_column_that_is_gone_is_said_to_be_gone(coach: Visit, course: Course):
    course.say(2)
    course.choose(GradeMode.PROGRESS)
    course.work()
    course.services.columns.clear()
    course.say(1)
    course.look()
    course.work()
    page = coach.get(path(course))
    assert "De kolom is weg" in page
    assert "Sla je keuze opnieuw op voor een nieuwe." in page
