"""The administrator's pages of scales and of looking first."""

import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.visits import Visit
from tests.world import World
from tracker.db import unit_of_work
from tracker.models import Scale, School

PAGE = "/school/scales"


@pytest.fixture
def visit(app: Flask, world: World) -> Visit:
    return Visit(app, world.administrator)


def form(world: World, **other: Any) -> dict[str, Any]:
    return {
        "name": "Onze woorden",
        "label": ["zie ik nog niet", "groeit", "staat", ""],
        "description": ["Iemand doet het voor.", "", "Ook als het druk is.", ""],
        "anchor": ["0", "1", "2", ""],
        "for_plans_from": (world.on + timedelta(days=30)).isoformat(),
        "is_default": "yes",
        **other,
    }


def versions(engine: sa.Engine, world: World) -> set[tuple[str, int]]:
    with unit_of_work(engine, school_id=world.school.id) as session:
        found = session.scalars(sa.select(Scale).filter_by(school_id=world.school.id))
        return {(scale.code, scale.version) for scale in found}


def test_a_scale_changed_for_a_new_cohort(visit: Visit, engine: sa.Engine, world: World) -> None:
    page = visit.get(PAGE)
    assert "ook in een nieuwe situatie" in page
    path = f"/school/scales/{world.levels[0].scale_id}/change"
    assert path in page
    assert 'value="zelfstandig"' in visit.get(path)
    assert visit.submit(path, path, form(world)).status_code == 303
    assert ("anchors", 2) in versions(engine, world)
    page = visit.get(PAGE)
    assert "Ook als het druk is." in page
    assert "1 eerdere versie" in page
    assert "Vanaf dan in gebruik" in page
    # The old words go on for who started before, and whoever was late is told.
    answer = visit.submit(path, path, form(world))
    assert answer.status_code == 409
    assert "Iemand heeft deze schaal intussen veranderd." in answer.get_data(as_text=True)


def test_a_scale_of_the_schools_own_is_added(visit: Visit, engine: sa.Engine, world: World) -> None:
    path = f"{PAGE}/new"
    assert visit.submit(path, path, form(world, for_plans_from="")).status_code == 303
    assert ("onze_woorden", 1) in versions(engine, world)
    answer = visit.submit(path, path, form(world))
    assert answer.status_code == 409
    assert "Er is al een schaal met deze naam." in answer.get_data(as_text=True)


def test_what_is_wrong_comes_back_with_everything_in_it(
    visit: Visit, engine: sa.Engine, world: World
) -> None:
    before = versions(engine, world)
    path = f"{PAGE}/new"
    wrongs: list[dict[str, Any]] = [
        {"name": ""},
        {"anchor": ["2", "1", "0", ""]},
        {"anchor": ["", "", "", ""]},
        {"anchor": ["9", "1", "0", ""]},
        {"label": ["groeit", "", "", ""]},
        {"label": ["groeit", "Groeit", "staat", ""]},
        {"label": ["g" * 201, "groeit", "staat", ""]},
        {"label": ["a\0b", "groeit", "staat", ""]},
        {"for_plans_from": "morgen"},
    ]
    for wrong in wrongs:
        answer = visit.submit(path, path, form(world, **wrong))
        assert answer.status_code == 422, wrong
        page = answer.get_data(as_text=True)
        assert "Ook als het druk is." in page or wrong.get("label")
        assert re.search(r'-error"', page), wrong
    assert versions(engine, world) == before


def test_blind_rating_is_switched_on_and_off(visit: Visit, engine: sa.Engine, world: World) -> None:
    for word, is_blind in (("yes", True), ("perhaps", True), ("no", False)):
        answer = visit.submit(PAGE, f"{PAGE}/blind-rating", {"blind": word})
        assert answer.status_code == 303
        with unit_of_work(engine, school_id=world.school.id) as session:
            assert session.get_one(School, world.school.id).blind_rating is is_blind


def test_nobody_else_comes_near_the_scales(app: Flask, world: World) -> None:
    for person in (world.coach, world.student, world.supervisor):
        visit = Visit(app, person)
        visit.get(PAGE, 403)
        visit.get(f"{PAGE}/new", 403)
