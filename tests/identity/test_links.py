"""Links that let somebody in once: made on the server, used up by a press."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask

from commands import person
from identity.links import LIFE, make_link, use_link
from identity.models import SignInLink
from tests.browsers import Browser
from tests.world import World
from tracker.db import unit_of_work
from tracker.models import Person, PersonState


def link_for(engine: sa.Engine, world: World, person: Person) -> str:
    with unit_of_work(engine, school_id=world.school.id) as session:
        return make_link(session, person=person, at=world.at)


def test_an_administrator_comes_in_by_a_link_once(
    app: Flask, engine: sa.Engine, world: World
) -> None:
    secret = link_for(engine, world, world.administrator)
    browser = Browser(app)
    page = browser.get(f"/sign-in/link/{secret}")
    assert page.status_code == 200
    # Looking at it, as programs that read mail do, does not use it up.
    assert browser.get(f"/sign-in/link/{secret}").status_code == 200
    answer = browser.post(f"/sign-in/link/{secret}")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/school")
    assert browser.get("/school").status_code in {200, 302}
    other = Browser(app)
    again = other.post(f"/sign-in/link/{secret}")
    assert again.status_code == 410
    assert other.get("/school").status_code == 401


def test_a_link_ends_after_an_hour_and_by_a_newer_one(engine: sa.Engine, world: World) -> None:
    old = link_for(engine, world, world.coach)
    new = link_for(engine, world, world.coach)
    assert use_link(engine, secret=old, at=world.at) is None
    assert use_link(engine, secret=new, at=world.at + LIFE) is None
    late = link_for(engine, world, world.coach)
    just = world.at + LIFE - timedelta(seconds=1)
    assert use_link(engine, secret=late, at=just) == (world.school.id, world.coach.id)


@pytest.mark.parametrize("state", [PersonState.SUSPENDED, PersonState.LEFT, PersonState.PENDING])
def test_a_link_lets_nobody_in_who_does_not_take_part(
    app: Flask, engine: sa.Engine, world: World, state: PersonState
) -> None:
    secret = link_for(engine, world, world.coach)
    with unit_of_work(engine, school_id=world.school.id) as session:
        session.get_one(Person, (world.school.id, world.coach.id)).state = state
    browser = Browser(app)
    answer = browser.post(f"/sign-in/link/{secret}")
    assert answer.status_code == 403
    assert browser.get("/coach").status_code == 401


def test_of_two_presses_at_once_one_comes_in(engine: sa.Engine, world: World) -> None:
    secret = link_for(engine, world, world.coach)
    together, found = Barrier(2), []

    def press() -> None:
        together.wait()
        found.append(use_link(engine, secret=secret, at=world.at))

    threads = [Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one is None for one in found) == [False, True]


def test_a_link_is_kept_as_a_digest_only(engine: sa.Engine, world: World) -> None:
    secret = link_for(engine, world, world.coach)
    with unit_of_work(engine, writes=False) as session:
        kept = session.scalars(sa.select(SignInLink)).all()
    assert [len(link.digest) for link in kept] == [64]
    assert secret not in {link.digest for link in kept}


@pytest.mark.parametrize("named_by", ["id", "number"])
def test_the_command_prints_a_link_that_lets_that_person_in(
    app: Flask, engine: sa.Engine, world: World, named_by: str
) -> None:
    who = str(world.administrator.id)
    if named_by == "number":
        who = "B1"
        with unit_of_work(engine, school_id=world.school.id) as session:
            found = session.get_one(Person, (world.school.id, world.administrator.id))
            found.number = who
    printed = CliRunner().invoke(person, ["link", world.school.slug, who], obj=app)
    assert printed.exit_code == 0, printed.output
    path = printed.stdout.strip().removeprefix(app.extensions["settings"].public_url)
    browser = Browser(app)
    assert browser.post(path).status_code == 303
    assert browser.who() == world.administrator.name


def test_the_command_makes_no_link_for_a_person_of_another_school(app: Flask, world: World) -> None:
    for who in (str(world.elsewhere.id), "niemand"):
        refused = CliRunner().invoke(person, ["link", world.school.slug, who], obj=app)
        assert refused.exit_code == 1
        assert f"kent {who} niet" in refused.output


def test_a_link_lets_somebody_in_whose_browser_has_a_session_still(
    app: Flask, engine: sa.Engine, world: World
) -> None:
    secret = link_for(engine, world, world.coach)
    browser = Browser(app, world.student)
    answer = browser.post(f"/sign-in/link/{secret}")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/coach")
    assert browser.who() == world.coach.name
