"""What a launch leaves of its course and its link, whoever comes."""

from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa

from lti.launching.claims import ENDPOINT, ROSTER
from lti.models import Context, ResourceLink
from tests.lms import LEARNER, Lms, User
from tests.lti.browser import Browser
from tests.world import World
from tracker.db import new_id, unit_of_work, utc_now
from tracker.models import Group, SupportLesson


def test_a_launch_keeps_the_course_its_services_and_the_link(
    lms: Lms, browser: Browser, student: User, engine: sa.Engine, world: World
) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        lesson = SupportLesson(
            school_id=world.school.id,
            id=new_id(),
            title="Tillen",
            from_on=world.on,
            created_at=utc_now(),
        )
        session.add(lesson)
        session.flush()
        lesson_id = lesson.id
    url = "https://lms.example/2/memberships"
    for ref, kept in ((str(lesson_id), lesson_id), (str(world.goal.id), None)):
        browser.launch(
            lms,
            student,
            __custom={"page": "lesson", "ref": ref},
            **{
                ROSTER: {"context_memberships_url": url, "service_versions": ["2.0"]},
                ENDPOINT: {
                    "scope": ["b", "a", "a"],
                    "lineitems": f"{url}/l",
                    "lineitem": f"{url}/1",
                },
            },
        )
        with unit_of_work(engine, school_id=world.school.id) as session:
            link = session.scalars(sa.select(ResourceLink)).one()
            assert (link.page, link.lesson_id, link.lineitem_url) == ("lesson", kept, f"{url}/1")
    browser.launch(lms, student)  # says less: services stay, the link opens the plan again
    with unit_of_work(engine, school_id=world.school.id) as session:
        context = session.scalars(sa.select(Context)).one()
        link = session.scalars(sa.select(ResourceLink)).one()
        group = session.get_one(Group, (world.school.id, context.group_id))
    assert (context.memberships_url, context.lineitems_url) == (url, f"{url}/l")
    assert (context.scopes, group.title) == ("a b", "Praktijkroute")
    assert (link.page, link.lesson_id, link.context_id) == (None, None, context.id)
    assert context.launched_at is not None


def test_a_class_that_comes_at_once_to_a_new_course_makes_one_roster(
    lms: Lms, engine: sa.Engine, world: World, site: str
) -> None:
    users = [lms.add_user(User(f"8{i}", (LEARNER,), name=f"Noor {i}")) for i in range(6)]

    def launch(user: User) -> int:
        with Browser(site) as browser:
            return browser.click(lms, user).status_code

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(launch, users)) == [303] * 6
    with unit_of_work(engine, school_id=world.school.id) as session:
        context = session.scalars(sa.select(Context)).one()
        made = session.scalars(sa.select(Group).where(Group.id != world.group.id)).all()
        assert [group.id for group in made] == [context.group_id]
        assert len(session.scalars(sa.select(ResourceLink)).all()) == 1


def test_a_new_name_of_the_course_is_the_rosters_name_too(
    lms: Lms, browser: Browser, student: User, engine: sa.Engine, world: World
) -> None:
    browser.click(lms, student)
    for context, title in (
        ({"id": "2", "title": "Praktijkroute 2027"}, "Praktijkroute 2027"),
        ({"id": "2", "label": "PR-27"}, "PR-27"),
        ({"id": "2"}, "Cursus zonder naam"),
    ):
        browser.launch(lms, student, __context=context)
        with unit_of_work(engine, school_id=world.school.id) as session:
            found = session.scalars(sa.select(Context)).one()
            assert session.get_one(Group, (world.school.id, found.group_id)).title == title
