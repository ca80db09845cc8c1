"""API tokens: hashed, scoped, and as alive as their person."""

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from flask import Flask

from commands import token
from identity.models import ApiToken, Scope
from identity.sessions import digest_of
from tests.browsers import ORIGIN, Browser, bearer
from tests.world import World
from tracker.db import new_id, unit_of_work, utc_now
from tracker.models import Goal, Person, PersonState


def status(app: Flask, headers: dict[str, str], path: str = "/api/me") -> int:
    return app.test_client().get(path, headers=headers).status_code


def test_a_token_acts_as_its_person(app: Flask, world: World) -> None:
    answer = app.test_client().get("/api/me", headers=bearer(app, world.coach))
    assert answer.get_json()["person"] == {"id": str(world.coach.id), "name": world.coach.name}


def test_the_database_holds_no_token(app: Flask, world: World) -> None:
    secret = bearer(app, world.coach)["Authorization"].split()[1]
    with unit_of_work(app.extensions["engine"], writes=False) as session:
        rows = session.execute(sa.select(*ApiToken.__table__.columns)).all()
    assert len(rows) == 1
    assert secret not in str(rows)
    assert status(app, {"Authorization": f"Bearer {digest_of(secret)}"}) == 401


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer ", "Bearer lsp_made-up", "Basic YTpi", "bearer\u00e9 x", "x"]
)
def test_a_made_up_token_is_a_stranger(app: Flask, world: World, header: str) -> None:
    assert status(app, {"Authorization": header}) == 401


def test_a_wrong_token_is_not_saved_by_a_good_cookie(app: Flask, world: World) -> None:
    browser = Browser(app, world.coach)
    answer = browser.get("/api/me", headers={"Authorization": "Bearer lsp_made-up"})
    assert answer.status_code == 401


def test_a_token_that_ended_is_refused_at_once(app: Flask, world: World) -> None:
    headers = bearer(app, world.coach)
    assert status(app, headers) == 200
    with unit_of_work(app.extensions["engine"]) as session:
        session.execute(sa.update(ApiToken).values(ended_at=utc_now()))
    assert status(app, headers) == 401


@pytest.mark.parametrize("state", [PersonState.SUSPENDED, PersonState.LEFT])
def test_the_token_of_somebody_suspended_is_refused_even_beside_a_good_cookie(
    app: Flask, engine: sa.Engine, world: World, state: PersonState
) -> None:
    headers = bearer(app, world.coach)
    with unit_of_work(engine, school_id=world.school.id) as session:
        session.get_one(Person, (world.school.id, world.coach.id)).state = state
    assert status(app, headers) == 401
    browser = Browser(app, world.student)
    assert browser.get("/api/me", headers=headers).status_code == 401


def test_a_token_for_reading_cannot_write(app: Flask, engine: sa.Engine, world: World) -> None:
    path = f"/api/plans/{world.plan.id}/goals"
    goal = {"question": "Hoe?", "title": "Ik vraag door", "success": "Ik weet het."}
    client = app.test_client()
    headers = bearer(app, world.student, Scope.READ)
    assert client.get(path, headers=headers).status_code == 200
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = client.open(path, method=method, headers=headers, json=goal)
        assert answer.status_code in {403, 405}, method
    assert client.post(path, headers=headers, json=goal).status_code == 403
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        titles = session.scalars(sa.select(Goal.title)).all()
    assert "Ik vraag door" not in titles


def test_a_token_needs_no_csrf_token_and_no_origin(app: Flask, world: World) -> None:
    path = f"/api/plans/{world.plan.id}/goals"
    goal = {"question": "Hoe?", "title": "Ik vraag door", "success": "Ik weet het."}
    headers = {**bearer(app, world.student), "Origin": "https://rooster.example"}
    answer = app.test_client().post(path, headers=headers, json=goal, base_url=ORIGIN)
    assert answer.status_code == 201


def test_a_token_opens_the_api_and_no_page(app: Flask, world: World) -> None:
    headers = bearer(app, world.coach)
    assert status(app, headers, "/coach") == 401
    assert app.test_client().post("/sign-out", headers=headers).status_code == 401


def test_a_token_never_starts_a_session(app: Flask, world: World) -> None:
    answer = app.test_client().get("/api/me", headers=bearer(app, world.coach))
    assert "Set-Cookie" not in answer.headers


def test_two_tokens_are_never_the_same(app: Flask, world: World) -> None:
    made = {bearer(app, world.coach)["Authorization"] for _ in range(5)}
    assert len(made) == 5
    assert all(len(header) > len("Bearer lsp_") + 40 for header in made)
    assert str(new_id()) not in made


def test_a_command_makes_a_token_of_one_person_lists_it_and_ends_it(
    app: Flask, world: World
) -> None:
    def run(*words: str) -> Result:
        return CliRunner().invoke(token, words, obj=app)

    slug, number = world.school.slug, world.student.number or ""
    made = run("add", slug, "--name", "app", "--scope", "write", "--person", number)
    headers = {"Authorization": f"Bearer {made.output.strip()}"}
    me = app.test_client().get("/api/me", headers=headers).get_json()
    assert me["person"]["id"] == str(world.student.id)
    assert run("list", slug).output.split("\t")[::3] == ["app", f"{world.student.name}\n"]
    assert run("end", slug, "--name", "app").exit_code == 0
    assert status(app, headers) == 401
    assert run("list", slug).output == ""
    assert run("end", slug, "--name", "app").exit_code == 1
    nobody = run("add", slug, "--name", "app", "--scope", "read", "--person", "niemand")
    assert (nobody.exit_code, "niemand" in nobody.output) == (1, True)
