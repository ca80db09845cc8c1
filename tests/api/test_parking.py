"""Who is parked, over HTTP: listed, decided about and undone, by an administrator only."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from importers.records import Op, RecordKind
from tests.importers.importing import importing_in
from tests.importers.telling import Telling, tell
from tests.world import World

ADDRESS = "/api/parked-people"


@pytest.fixture(autouse=True)
def _parked(
    engine: sa.Engine, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = {"op": Op.LINK, "name": "Onbekende Iemand", "email": None}
    Telling(importing_in(engine, world.school, tmp_path), monkeypatch).run(
        tell(RecordKind.PERSON, "m1", match_key="S8", number="S8", **shown),
        tell(RecordKind.PERSON, "m2", match_key="S9", number="S9", **shown),
    )


def test_who_is_parked_is_listed_decided_about_and_undone(world: World, as_: Any) -> None:
    caller = as_(world.administrator)
    first = caller.get(f"{ADDRESS}?limit=1")
    (one,) = first.json()["items"]
    assert (one["key"], one["why"], one["waiting"]) == ("m1", "person.unknown", 1)
    assert 'rel="next"' in first.headers["Link"]
    decision = f"{ADDRESS}/{one['id']}/decision"
    assert caller.delete(decision).json()["code"] == "parked.not_decided"
    assert caller.put(decision, json={"person_id": str(uuid4())}).status_code == 404
    told = caller.put(decision, json={"person_id": str(world.student.id)})
    assert (told.status_code, told.json()["person_id"]) == (200, str(world.student.id))
    again = caller.put(decision, json={"person_id": None})
    assert (again.status_code, again.json()["code"]) == (409, "parked.decided")
    assert [two["key"] for two in caller.get(ADDRESS).json()["items"]] == ["m2"]
    assert [two["key"] for two in caller.get(f"{ADDRESS}?decided=true").json()["items"]] == ["m1"]
    assert caller.get(f"{ADDRESS}?source={uuid4()}").json()["items"] == []
    assert caller.delete(decision).status_code == 204
    assert caller.get(f"{ADDRESS}/{one['id']}").json()["decided_at"] is None


def test_nobody_but_an_administrator_of_the_school_sees_or_decides(
    world: World, as_: Any, counts: Any
) -> None:
    (one, _) = as_(world.administrator).get(ADDRESS).json()["items"]
    before = counts()
    for person in (world.student, world.coach, world.supervisor, world.elsewhere):
        caller = as_(person)
        assert caller.get(ADDRESS).status_code == 403
        address = f"{ADDRESS}/{one['id']}"
        assert caller.get(address).status_code == 404
        assert caller.put(f"{address}/decision", json={"person_id": None}).status_code == 404
        assert caller.delete(f"{address}/decision").status_code == 404
    assert counts() == before
