"""A teacher who ticks a column when placing a lesson chose what it tells; and nobody else did."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti.gradebook.wishes import facts_told, learners_of
from lti.models import Context, DeepLinkRequest, GradeMode, LineItem, ResourceLink
from settings import Settings
from tests.lms import LEARNER, Lms, User
from tests.lms_pages import opening
from tests.lms_services import add_column, service_claims
from tests.lti.browser import Browser
from tests.lti.picking import Picker, lessons, requests
from tests.lti.signing import have_keys
from tests.world import World
from tracker.db import unit_of_work, utc_now
from tracker.models import AuditEvent, Membership, SupportLesson

MADE = {"item": "lesson", "lesson": "new", "lesson_title": "Tillen", "title_lesson": "Week 3"}


@pytest.fixture(autouse=True)
def services(lms: Lms, engine: sa.Engine, settings: Settings) -> None:
    """Have keys to sign with, and an LMS with a roster and a gradebook."""
    lms.more_claims = service_claims(lms)
    have_keys(engine, settings)


def opens(
    lms: Lms, browser: Browser, user: User, link: dict[str, Any], number: int = 1, **more: Any
) -> None:
    """Let somebody open a placed link of which the LMS names its own column."""
    column = add_column(lms, label="Week 3", maximum=1, resourceLinkId=f"placed-{number}")
    claims = {**opening(link, number), **service_claims(lms, lineitem=column), **more}
    assert browser.launch(lms, user, **claims).status_code == 303


def chosen(engine: sa.Engine, world: World) -> list[tuple[GradeMode, Any]]:
    """Return what each placed link tells, and who chose that."""
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        rows = session.scalars(sa.select(ResourceLink).order_by(ResourceLink.lti_id))
        return [(row.mode, row.chosen_by_id) for row in rows]


def test_a_ticked_lesson_tells_who_followed_it_from_its_first_launch_in_its_teachers_name(
    lms: Lms, browser: Browser, coach: User, student: User, engine: sa.Engine, world: World
) -> None:
    (link,) = Picker(browser, lms, coach).place(**MADE, column="yes")
    opens(lms, browser, student, link)
    assert chosen(engine, world) == [(GradeMode.LESSON, world.coach.id)]
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        item = session.scalars(sa.select(LineItem)).one()
        assert (item.is_ours, item.url is not None) == (False, True)
        told = session.scalars(sa.select(AuditEvent).where(AuditEvent.verb == "set gradebook"))
        assert [event.by_id for event in told] == [world.coach.id]
    assert [row.settings for row in requests(engine, world)] == [{}]


def test_without_a_tick_or_without_the_lmss_own_column_nothing_is_told(
    lms: Lms, browser: Browser, coach: User, student: User, engine: sa.Engine, world: World
) -> None:
    (plain,) = Picker(browser, lms, coach).place(**MADE)
    opens(lms, browser, student, plain)
    assert chosen(engine, world) == [(GradeMode.OFF, None)]
    _, ticked = Picker(browser, lms, coach).place(
        item="lesson", lesson=str(lessons(engine, world)[0].id), column="yes"
    )
    browser.launch(lms, student, **opening(ticked, 2))
    assert chosen(engine, world) == [(GradeMode.OFF, None)] * 2


def test_one_tick_is_for_one_link_and_for_the_course_in_which_it_was_placed(
    lms: Lms, browser: Browser, coach: User, student: User, engine: sa.Engine, world: World
) -> None:
    (link,) = Picker(browser, lms, coach).place(**MADE, column="yes")
    opens(lms, browser, student, link, 1, __context={"id": "copied", "title": "Kopie"})
    assert chosen(engine, world) == [(GradeMode.OFF, None)]
    opens(lms, browser, student, link, 2)
    opens(lms, browser, coach, link, 3)
    off = (GradeMode.OFF, None)
    assert chosen(engine, world) == [off, (GradeMode.LESSON, world.coach.id), off]


def test_a_tick_waits_while_its_teacher_does_not_teach_the_course(
    lms: Lms, browser: Browser, coach: User, student: User, engine: sa.Engine, world: World
) -> None:
    (link,) = Picker(browser, lms, coach).place(**MADE, column="yes")
    with unit_of_work(engine, school_id=world.school.id) as session:
        session.execute(
            sa.update(Membership)
            .where(Membership.person_id == world.coach.id)
            .values(until_on=world.on)
        )
    opens(lms, browser, student, link)
    assert chosen(engine, world) == [(GradeMode.OFF, None)]
    opens(lms, browser, coach, link)  # teaches it again
    assert chosen(engine, world) == [(GradeMode.LESSON, world.coach.id)]


def test_what_somebody_chose_meanwhile_stays(
    lms: Lms, browser: Browser, coach: User, student: User, engine: sa.Engine, world: World
) -> None:
    (link,) = Picker(browser, lms, coach).place(**MADE, column="yes")
    browser.launch(lms, coach, **opening(link, 1))
    with unit_of_work(engine, school_id=world.school.id) as session:
        session.execute(
            sa.update(ResourceLink).values(chosen_by_id=world.teacher.id, chosen_at=utc_now())
        )
    opens(lms, browser, student, link)
    assert chosen(engine, world) == [(GradeMode.OFF, world.teacher.id)]


def test_a_tick_for_a_lesson_of_somebody_else_tells_of_the_guided_students_only(
    lms: Lms, browser: Browser, coach: User, student: User, engine: sa.Engine, world: World
) -> None:
    Picker(browser, lms, coach).place(**MADE)
    with unit_of_work(engine, school_id=world.school.id) as session:
        session.execute(sa.update(SupportLesson).values(teacher_id=world.teacher.id))
    lesson = str(lessons(engine, world)[0].id)
    links = Picker(browser, lms, coach).place(item="lesson", lesson=lesson, column="yes")
    other = lms.add_user(User("4", (LEARNER,), name="Olaf", number=world.other_student.number))
    opens(lms, browser, other, links[-1])
    opens(lms, browser, student, links[-1])
    assert chosen(engine, world) == [(GradeMode.LESSON, world.coach.id)]
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        link = session.scalars(sa.select(ResourceLink)).one()
        told = _told(session, link, world)
    assert told == {world.student.id}


def _told(session: Session, link: ResourceLink, world: World) -> set[Any]:
    """Return of whom the link would tell a number today."""
    context = session.get_one(Context, (link.school_id, link.context_id))
    learners = {one.person_id: one for one in learners_of(session, context, world.on)}
    assert {world.student.id, world.other_student.id} <= set(learners)
    return set(facts_told(session, context, link, learners, world.on))


def test_an_answered_request_keeps_nothing_of_what_the_platform_sent(
    lms: Lms, browser: Browser, coach: User, engine: sa.Engine, world: World
) -> None:
    Picker(browser, lms, coach, data="secret").place(item="plan")
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        assert session.scalars(sa.select(DeepLinkRequest.settings)).all() == [{}]
