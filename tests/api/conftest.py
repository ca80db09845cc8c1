"""Callers over real HTTP, each with a token of its own, and a count of what they left."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa
from flask import Flask

from identity.models import Scope
from identity.tokens import add_token
from tests.records import count_rows
from tests.servers import NO_TLS
from tests.world import World
from tracker.db import unit_of_work, utc_now
from tracker.models import Person

As = Callable[..., httpx.Client]
Counts = Callable[[], dict[str, int]]
Queries = Callable[[Person, str], tuple[Any, int]]


@pytest.fixture
def stranger(live_server: str) -> Iterator[httpx.Client]:
    """Call without any token."""
    headers = {"Accept-Language": "en"}
    with httpx.Client(base_url=live_server, headers=headers, verify=NO_TLS) as client:
        yield client


@pytest.fixture
def as_(engine: sa.Engine, live_server: str) -> Iterator[As]:
    """Call as a person: `as_(world.coach).get("/api/me")`."""
    known: dict[tuple[UUID, Scope], httpx.Client] = {}
    with ExitStack() as open_clients:

        def caller(person: Person, scope: Scope = Scope.WRITE) -> httpx.Client:
            if (person.id, scope) in known:
                return known[person.id, scope]
            with unit_of_work(engine, school_id=person.school_id) as session:
                token = add_token(session, person=person, name="test", scope=scope, at=utc_now())
            headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en"}
            client = httpx.Client(base_url=live_server, headers=headers, timeout=30, verify=NO_TLS)
            known[person.id, scope] = open_clients.enter_context(client)
            return client

        yield caller


@pytest.fixture
def counts(superuser_engine: sa.Engine) -> Counts:
    """Count the rows of each table; looks and tokens are no writing of the caller's."""

    def count() -> dict[str, int]:
        with superuser_engine.connect() as connection:
            return count_rows(connection, "audit_event", "api_token")

    return count


@pytest.fixture
def queries(app: Flask) -> Queries:
    """Return the answer to a GET and how many statements it took."""
    engine = app.extensions["engine"]

    def ask(person: Person, path: str) -> tuple[Any, int]:
        with unit_of_work(engine, school_id=person.school_id) as session:
            token = add_token(session, person=person, name="n", scope=Scope.READ, at=utc_now())
        found: list[str] = []

        def count(*execution: Any) -> None:
            found.append(execution[2])

        sa.event.listen(engine, "before_cursor_execute", count)
        try:
            answer = app.test_client().get(path, headers={"Authorization": f"Bearer {token}"})
        finally:
            sa.event.remove(engine, "before_cursor_execute", count)
        assert answer.status_code == 200, answer.text
        return answer.get_json(), len(found)

    return ask


@pytest.fixture
def path(world: World) -> str:
    """Return where the student's evidence goes."""
    return f"/api/plans/{world.plan.id}/evidence"
