"""The administrator's pages: a file is previewed, approved or thrown away; never half applied."""

from io import BytesIO
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from importers.jobs import run_import
from lti.connecting.registrations import add_registration
from tests.visits import Visit
from tests.world import World
from tracker.columns import Record
from tracker.db import unit_of_work
from tracker.models import CoachGroup, Framework, Group, Person, PlanRole

DEMO = Path(__file__).parent.parent.parent / "demo"


def send(visit: Visit, name: str, body: bytes) -> str:
    """Send a file through the form; returns the address of its run."""
    answer = visit.submit("/school", "/school/imports", {"files": (BytesIO(body), name)})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return str(answer.headers["Location"])


def work(app: Flask, world: World, run: str) -> None:
    """Do what the worker does with a run."""
    with app.app_context():
        run_import(school_id=str(world.school.id), run_id=str(UUID(run.rsplit("/", 1)[1])))


def count(engine: sa.Engine, world: World, model: type[Record]) -> int:
    with unit_of_work(engine, school_id=world.school.id) as session:
        query = sa.select(sa.func.count()).select_from(model)
        return session.scalar(query.where(model.school_id == world.school.id)) or 0


@pytest.fixture
def visit(app: Flask, world: World) -> Visit:
    return Visit(app, world.administrator)


def test_a_list_of_kwalificaties_is_previewed_and_then_approved(
    app: Flask, engine: sa.Engine, world: World, visit: Visit
) -> None:
    body = (DEMO / "kerntaken_werkprocessen.csv").read_bytes()
    run = send(visit, "kerntaken.csv", body)
    assert "wacht" in visit.get(run).lower()
    work(app, world, run)
    assert "Er is nog niets gewijzigd." in visit.get(run)
    assert count(engine, world, Framework) == 1
    page = visit.get(run)
    digest = page.split('name="digest" value="')[1].split('"')[0]
    assert visit.submit(run, f"{run}/apply", {"digest": digest}).status_code == 303
    work(app, world, run)
    assert "Dit is gewijzigd" in visit.get(run)
    assert count(engine, world, Framework) == 11


def test_the_first_steps_stay_until_all_of_them_are_taken(
    engine: sa.Engine, world: World, visit: Visit
) -> None:
    def taken() -> list[bool]:
        steps = visit.get("/school").partition('id="begin"')[2].partition("</section>")[0]
        return ["Gedaan:" in step for step in steps.split("<li")[1:]]

    assert taken() == [True, False, True, False]
    own = {"school_id": world.school.id}
    with unit_of_work(engine, school_id=world.school.id) as session:
        group = Group(**own, code=None, title="Zorg 1A", created_at=world.at)
        session.add(group)
        session.flush()
        guide = {"coach_id": world.coach.id, "confirmed_by_id": None, "role": PlanRole.COACH}
        since = {"from_on": world.on, "until_on": None, "created_at": world.at}
        session.add(CoachGroup(**own, group_id=group.id, **guide, **since))
    assert taken() == [True, True, True, False]
    with unit_of_work(engine, school_id=world.school.id) as session:
        add_registration(
            session,
            school=world.school,
            issuer="https://lms.example",
            client_id="leerspoor",
            auth_url="https://lms.example/auth",
            token_url="https://lms.example/token",
            jwks_url="https://lms.example/keys",
            audience=None,
            allow_loopback=False,
            at=world.at,
        )
    assert taken() == []


def test_a_preview_can_be_thrown_away(
    app: Flask, engine: sa.Engine, world: World, visit: Visit
) -> None:
    run = send(visit, "rooster.zip", (DEMO / "meetpunt_v1p2_bulk.zip").read_bytes())
    work(app, world, run)
    assert visit.submit(run, f"{run}/discard", {}).status_code == 303
    work(app, world, run)
    assert "weggegooid" in visit.get(run)
    assert count(engine, world, Person) == 7


def test_what_is_no_zip_is_refused_in_plain_dutch(app: Flask, world: World, visit: Visit) -> None:
    run = send(visit, "rooster.zip", b"dit is geen zip")
    page = visit.get(run)
    assert "Geweigerd" in page
    assert "Er is niets gewijzigd." in page


def test_no_file_comes_back_with_the_field_named(visit: Visit) -> None:
    answer = visit.submit("/school", "/school/imports", {})
    assert answer.status_code == 422
    assert "Vul dit in." in answer.get_data(as_text=True)


def test_a_coach_sees_no_imports(app: Flask, world: World) -> None:
    Visit(app, world.coach).get("/school", 403)


def test_a_run_of_this_school_does_not_exist_for_who_is_no_administrator(
    app: Flask, world: World, visit: Visit
) -> None:
    run = send(visit, "rooster.zip", b"dit is geen zip")
    Visit(app, world.coach).get(run, 404)
