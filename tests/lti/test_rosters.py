"""Rosters: who is in a course follows from its whole roster, with dates, and grants nothing."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from lti.models import (
    LtiIdentity,
    Registration,
)
from tests.lms import User
from tests.lms_services import member
from tests.lti.browser import Browser, verdict
from tests.lti.reading import UNWELL, Course, learners
from tracker.models import (
    CoachGroup,
    Evidence,
    Goal,
    GroupRole,
    Judgement,
    Membership,
    Person,
    PersonState,
)

TEACHER, STUDENT = GroupRole.TEACHER, GroupRole.STUDENT
SOON = timedelta(minutes=16)


def test_everybody_on_the_roster_is_in_the_course_in_their_role(course: Course) -> None:
    row = course.read()
    assert (row.error, row.attempts, row.held) == (None, 0, None)
    assert row.done_at is not None
    assert course.members() == {"1003": TEACHER, "3": STUDENT}


def test_a_roster_grants_no_place_in_any_plan(course: Course) -> None:
    course.enrol(*course.services.members["2"], *learners(3))
    course.read()
    assert course.places("1003") == {}
    assert course.all(sa.select(CoachGroup)) == []


def test_known_people_are_found_by_number_and_others_are_pending(course: Course) -> None:
    course.enrol(*course.services.members["2"], *learners(2))
    course.read()
    assert course.person("3").id == course.world.student.id
    new = course.person("100")
    assert (new.state, new.name, new.email) == (PersonState.PENDING, "Nieuw Nummer100", None)


def test_an_e_mail_address_on_the_roster_links_nobody(course: Course) -> None:
    # lti.md case 29, for rosters
    coach = course.world.coach
    course.enrol(
        *course.services.members["2"],
        member("66", "Instructor", name="Oda Anders", email=course.world.other_coach.email),
        member("67", "Learner", name="Sanne Student", email=course.world.student.email),
    )
    course.read()
    assert course.person("66").id not in {coach.id, course.world.other_coach.id}
    assert course.person("67").id != course.world.student.id
    assert course.person("66").email is None


def test_an_administrator_is_never_reached_through_a_roster(course: Course) -> None:
    number = course.world.administrator.number
    course.enrol(member("7", "Instructor", name="Ans", lis_person_sourcedid=number))
    course.read()
    found = course.person("7")
    assert found.id != course.world.administrator.id
    assert found.number is None


def test_two_people_with_one_number_are_two_people(course: Course) -> None:
    number = course.world.student.number
    course.enrol(
        *course.services.members["2"],
        member("9", "Learner", name="Iemand Anders", lis_person_sourcedid=number),
    )
    course.read()
    assert course.person("9").id != course.person("3").id


def test_the_same_sub_on_two_registrations_is_linked_twice(course: Course) -> None:
    # lti.md case 30: the identity of a roster is that of its own registration
    course.read()
    rows = course.all(sa.select(LtiIdentity.registration_id).where(LtiIdentity.subject == "3"))
    assert len(rows) == 1


def test_a_roster_without_status_name_or_address_keeps_everybody_active(course: Course) -> None:
    # lti.md case 38
    course.read()
    course.enrol(
        {"user_id": "1003", "roles": ["Instructor"]},
        {"user_id": "3", "roles": ["Learner"], "status": "ACTIVE"},
        {"user_id": "8", "roles": ["Learner"]},
    )
    row = course.read()
    assert row.error is None
    assert course.members() == {"1003": TEACHER, "3": STUDENT, "8": STUDENT}
    assert course.person("8").name == "Zonder naam"


def test_a_name_that_comes_later_is_taken(course: Course) -> None:
    course.enrol(*course.services.members["2"], {"user_id": "8", "roles": ["Learner"]})
    course.read()
    course.enrol(*course.services.members["2"][:2], member("8", "Learner", name="Noor Nieuw"))
    course.read()
    assert course.person("8").name == "Noor Nieuw"


@pytest.mark.parametrize("status", ["Inactive", "DELETED", "deleted"])
def test_who_is_inactive_or_deleted_leaves_with_a_date(course: Course, status: str) -> None:
    course.read()
    coach, student = course.services.members["2"]
    course.enrol(coach, {**student, "status": status})
    course.read()
    assert course.members() == {"1003": TEACHER}
    ends = course.all(
        sa.select(Membership.until_on).where(
            Membership.person_id == course.world.student.id,
            Membership.group_id == course.context().group_id,
        )
    )
    assert ends == [(course.world.on,)]
    assert course.person("3").state is PersonState.ACTIVE


def test_who_is_absent_leaves_and_who_comes_back_has_a_new_row(course: Course) -> None:
    course.read()
    coach, student = course.services.members["2"]
    course.enrol(coach)
    course.read()
    assert course.members() == {"1003": TEACHER}
    course.enrol(coach, student)
    course.read()
    assert course.members() == {"1003": TEACHER, "3": STUDENT}


def test_another_role_in_the_lms_is_another_row(course: Course) -> None:
    course.read()
    coach, student = course.services.members["2"]
    course.enrol(coach, {**student, "roles": ["Learner", "Instructor"]})
    course.read()
    assert course.members() == {"1003": TEACHER, "3": TEACHER}


def test_who_only_tests_or_mentors_is_not_in_the_course(course: Course) -> None:
    test_user = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"
    course.enrol(
        *course.services.members["2"],
        member("90", "Learner", test_user, name="Test Student"),
        member("91", "Mentor", name="Een Ouder"),
        member("92", "ContentDeveloper", name="Een Maker"),
    )
    course.read()
    assert course.members() == {"1003": TEACHER, "3": STUDENT}
    assert (
        course.all(sa.select(LtiIdentity).where(LtiIdentity.subject.in_(["90", "91", "92"]))) == []
    )


@pytest.mark.parametrize("trouble", ["page fails", "loop", "cross-origin", "empty"])
def test_a_roster_that_is_not_whole_closes_nobody(course: Course, trouble: str) -> None:
    # lti.md case 37
    course.enrol(*course.services.members["2"], *learners(7))
    course.read()
    before = course.members()
    held = course.services
    course.enrol(*held.members["2"][:5])
    held.page_size = 2
    url = f"{course.lms.url}/courses/2/memberships"
    if trouble == "page fails":
        answers = iter([True, True])
        held.fail("GET /courses/2/memberships", UNWELL, times=0)
        held.next_page = lambda n: f"{url}?page=Bookmark:WzEsQ{n + 1}" if next(answers) else ""
        held.link = '<{url}X>; rel="next"'
    elif trouble == "loop":
        held.next_page = lambda _: f"{url}?page=Bookmark:WzEsQ0"
    elif trouble == "cross-origin":
        held.next_page = lambda n: f"http://localhost:1/memberships?page={n}"
    else:
        held.page_size = None
        course.enrol()
    row = course.read()
    assert row.error is not None
    assert course.members() == before
    assert row.due_at is not None


def test_nothing_that_people_wrote_is_touched(course: Course) -> None:
    written = {
        model: course.all(sa.select(*model.__table__.c)) for model in (Goal, Evidence, Judgement)
    }
    course.enrol(*course.services.members["2"], *learners(5))
    course.read()
    course.enrol(course.services.members["2"][0])
    course.read()
    for model, rows in written.items():
        assert course.all(sa.select(*model.__table__.c)) == rows


def test_pending_people_have_no_session_until_they_launch_themselves(course: Course) -> None:
    new = User("100", ("Learner",), name="Nieuw Nummer100")
    course.enrol(*course.services.members["2"], *learners(1))
    course.read()
    assert course.person("100").state is PersonState.PENDING
    with Browser(course.browser.site) as own:
        assert own.launch(course.lms, new).status_code == 303
        assert own.is_signed_in
    person = course.person("100")
    assert person.state is PersonState.ACTIVE
    assert course.all(
        sa.select(sa.func.count()).select_from(Person).where(Person.name == new.name)
    ) == [(1,)]


@pytest.mark.parametrize("state", [PersonState.SUSPENDED, PersonState.LEFT])
def test_who_is_suspended_or_left_gets_no_session_whatever_the_roster_says(
    course: Course, student: User, state: PersonState
) -> None:
    course.write(sa.update(Person).where(Person.id == course.world.student.id).values(state=state))
    course.read()
    assert ("3" in course.members()) == (state is PersonState.SUSPENDED)
    with Browser(course.browser.site) as own:
        assert verdict(own.launch(course.lms, student)) == (403, "person_inactive")
        assert not own.is_signed_in
    assert course.person("3").state is state if state is PersonState.SUSPENDED else True


@pytest.mark.parametrize("link", ['<{url}>; rel="next"', "<{url}>; rel=next"])
def test_every_page_of_a_long_roster_is_followed(course: Course, link: str) -> None:
    # lti.md case 36
    course.enrol(*course.services.members["2"], *learners(8))
    course.services.page_size, course.services.link = 2, link
    assert course.read().error is None
    assert len(course.services.requests("GET /courses/2/memberships")) == 5
    assert len(course.members()) == 10


def test_a_real_moodle_roster_is_followed_name_by_name(course: Course, field_data: Path) -> None:
    recorded = json.loads(
        (field_data / "moodle-lti" / "std-nrps-members-2.json").read_text("utf-8")
    )
    course.enrol(*recorded)
    assert course.read().error is None
    roles = {"Learner": STUDENT, "Instructor": TEACHER}
    assert course.members() == {one["user_id"]: roles[one["roles"][0]] for one in recorded}
    assert course.person("26").number == "S900024"
    assert course.person("26").name == "Thijs 't Hart"
    pending = sa.select(sa.func.count()).where(Person.state == PersonState.PENDING)
    assert course.all(pending) == [(len(recorded) - 1,)]  # 1003 launched before


def test_where_the_school_trusts_its_number_in_a_launch_only_nobody_new_is_made(
    course: Course,
) -> None:
    course.write(sa.update(Registration).values(number_claim="custom.studentnummer"))
    course.enrol(*course.services.members["2"], *learners(2))
    course.read()
    assert course.members() == {"1003": TEACHER}
