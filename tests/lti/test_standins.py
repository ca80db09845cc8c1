"""Who was on a roster first, and turns out to be a person whom the school knew: one person."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from lti.models import LtiIdentity
from tests.lms import INSTRUCTOR, LEARNER, User
from tests.lms_services import add_column, member, number_of
from tests.lti.reading import RESULTS, Course, confirm
from tests.visits import Visit
from tracker.conversations import record_talk
from tracker.db import unit_of_work, utc_now
from tracker.models import (
    Activity,
    AuditEvent,
    Conversation,
    GroupRole,
    LearningPlan,
    Membership,
    Person,
    PersonState,
    PlanMember,
    PlanRole,
    PlanState,
    SchoolRole,
)
from tracker.people import add_person

NUMBER = "S900200"


@pytest.fixture
def newcomer(course: Course) -> User:
    """Have a learner whom the roster names without a number, and whose launch brings it."""
    course.enrol(*course.services.members["2"], member("200", "Learner", name="Noor Nieuw"))
    return course.lms.add_user(User("200", (LEARNER,), name="Noor Nieuw", number=NUMBER))


def import_person(course: Course, role: SchoolRole = SchoolRole.STUDENT) -> Person:
    """Let the school's own administration bring the person."""
    with unit_of_work(course.engine, school_id=course.world.school.id) as session:
        return add_person(
            session,
            by=None,
            school=course.world.school,
            name="Noor van Dijk",
            number=NUMBER,
            roles=[role],
            at=course.world.at,
        )


def plans_of(course: Course, person: Person) -> list[PlanState]:
    query = sa.select(LearningPlan.state).where(LearningPlan.student_id == person.id)
    return [state for (state,) in course.all(query)]


def test_a_first_launch_with_a_number_makes_somebody_of_a_roster_the_person_who_has_it(
    course: Course, newcomer: User
) -> None:
    confirm(course)
    course.read()
    stand_in = course.person("200")
    assert (stand_in.state, plans_of(course, stand_in)) == (PersonState.PENDING, [PlanState.DRAFT])
    person = import_person(course)
    assert course.launch(newcomer).status_code == 303
    assert course.person("200").id == person.id
    assert course.one(sa.select(Person.state).where(Person.id == stand_in.id)) is PersonState.LEFT
    assert course.members()["200"] is GroupRole.STUDENT
    assert plans_of(course, stand_in) == [PlanState.CLOSED]
    assert plans_of(course, person) == [PlanState.DRAFT]
    assert course.places("1003")["200"] is PlanRole.COACH
    for dated in (Membership, PlanMember):
        ends = course.all(sa.select(dated.until_on).where(dated.person_id == stand_in.id))
        assert ends == [(course.world.on,)]
    told = course.one(sa.select(AuditEvent).where(AuditEvent.verb == "became"))
    assert (told.subject_id, told.details) == (stand_in.id, {"other": str(person.id)})
    course.read()
    assert course.members()["200"] is GroupRole.STUDENT
    assert course.places("1003")["200"] is PlanRole.COACH


def test_a_person_with_a_plan_keeps_it_and_gets_the_coach_of_the_course(
    course: Course, newcomer: User
) -> None:
    world = course.world
    confirm(course)
    course.read()
    course.write(sa.update(Person).where(Person.id == world.other_student.id).values(number=NUMBER))
    assert course.launch(newcomer).status_code == 303
    assert course.person("200").id == world.other_student.id
    assert plans_of(course, world.other_student) == [PlanState.ACTIVE]
    assert course.places("1003")["200"] is PlanRole.COACH


def test_results_that_came_in_before_go_along(course: Course, newcomer: User) -> None:
    column = add_column(course.lms, label="Toets", maximum=10)
    key = (number_of(column), "200")
    course.services.grades[key] = {
        "id": f"{column}&user_id=200",
        "userId": "200",
        "resultScore": 7,
        "resultMaximum": 10,
        "changed": 0,
    }
    course.read()
    course.read(RESULTS)
    person = import_person(course)
    course.launch(newcomer)
    course.read(RESULTS, at=utc_now() + timedelta(seconds=1))
    results = sa.select(Activity.person_id).where(Activity.value == 7)
    assert course.all(results) == [(person.id,)]


def test_an_instructor_of_a_roster_becomes_the_teacher_the_school_knew(course: Course) -> None:
    course.enrol(*course.services.members["2"], member("201", "Instructor", name="Tim"))
    confirm(course, PlanRole.TEAM)
    course.read()
    assert course.places("201") == {"3": PlanRole.TEAM}
    person = import_person(course, SchoolRole.TEACHER)
    course.launch(course.lms.add_user(User("201", (INSTRUCTOR,), name="Tim", number=NUMBER)))
    assert course.person("201").id == person.id
    assert course.places("201") == {"3": PlanRole.TEAM}


def test_what_people_wrote_keeps_both_and_the_administrator_is_shown_them(
    app: Flask, course: Course, newcomer: User
) -> None:
    world = course.world
    confirm(course)
    course.read()
    stand_in = course.person("200")
    with unit_of_work(course.engine, school_id=world.school.id) as session:
        plan = session.scalars(
            sa.select(LearningPlan).where(LearningPlan.student_id == stand_in.id)
        ).one()
        record_talk(
            session,
            by=world.coach,
            plan=plan,
            held_on=world.on,
            words="Kennismaking",
            on=world.on,
            at=world.at,
        )
    import_person(course)
    assert course.launch(newcomer).status_code == 303
    assert course.person("200").id == stand_in.id
    assert course.person("200").state is PersonState.ACTIVE
    assert course.one(sa.select(Conversation)).plan_id == plan.id
    assert plans_of(course, stand_in) == [PlanState.DRAFT]
    text = Visit(app, world.administrator).get("/school/lms")
    assert "Noor Nieuw heeft het nummer van Noor van Dijk." in text


def test_a_number_that_nobody_has_stays_with_who_was_on_the_roster(
    course: Course, newcomer: User
) -> None:
    course.read()
    stand_in = course.person("200")
    course.launch(newcomer)
    found = course.person("200")
    assert (found.id, found.number, found.state) == (stand_in.id, NUMBER, PersonState.ACTIVE)


@pytest.mark.parametrize("taken", ["administrator", "linked"])
def test_a_number_never_leads_to_an_administrator_or_to_who_has_another_account(
    course: Course, newcomer: User, taken: str
) -> None:
    course.read()
    stand_in = course.person("200")
    world = course.world
    other = world.administrator if taken == "administrator" else world.student  # sub 3
    course.write(sa.update(Person).where(Person.id == other.id).values(number=NUMBER))
    assert course.launch(newcomer).status_code == 303
    assert course.person("200").id == stand_in.id


def test_two_first_launches_at_once_make_one_person(course: Course, newcomer: User) -> None:
    confirm(course)
    course.read()
    person = import_person(course)
    with ThreadPoolExecutor(4) as pool:
        codes = list(pool.map(lambda _: course.launch(newcomer).status_code, range(6)))
    assert codes == [303] * 6
    links = course.all(sa.select(LtiIdentity.person_id).where(LtiIdentity.subject == "200"))
    assert links == [(person.id,)]
    assert plans_of(course, person) == [PlanState.DRAFT]
    assert course.members()["200"] is GroupRole.STUDENT
