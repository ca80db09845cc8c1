"""The administrator says who is parked, repairs bad rows and looks back; nobody else does."""

import re
from io import BytesIO
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from importers.jobs import run_import
from importers.models import ExternalRef, ImportRow, ImportRun, ImportSource, ParkedPerson
from importers.records import Op, RecordKind
from tests.importers.importing import importing_in
from tests.importers.telling import Telling, tell
from tests.visits import SECURE, Visit
from tests.world import World
from tracker.db import unit_of_work
from tracker.models import Person

LIST = "crebo;soort;code;kerntaak;titel\r\n"
GOOD = "25655;kerntaak;B1-K1;;Zorg\r\n25655;kerntaak;B1-K2;;Begeleiding\r\n"
BAD = "2565;kerntaak;B1-K3;;Kwaliteit\r\n"


@pytest.fixture
def visit(app: Flask, world: World) -> Visit:
    return Visit(app, world.administrator)


@pytest.fixture
def parked(engine: sa.Engine, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Have a system refer to somebody whom nobody knows; returns the page about them."""
    telling = Telling(importing_in(engine, world.school, tmp_path), monkeypatch)
    telling.run(
        tell(
            RecordKind.PERSON,
            "m1",
            op=Op.LINK,
            match_key="S9",
            name="Onbekende Iemand",
            number="S9",
            email=None,
        )
    )
    with unit_of_work(engine, school_id=world.school.id) as session:
        return f"/school/parked/{session.scalars(sa.select(ParkedPerson.id)).one()}"


def waiting(visit: Visit) -> list[str]:
    """Return where the list of what waits leads to, without the host."""
    page = visit.get("/school")
    part = page.partition('id="waits"')[2].partition("</section>")[0]
    return re.findall(r'<a [^>]*href="([^"]+)"', part)


def work(app: Flask, world: World, run: str) -> None:
    with app.app_context():
        run_import(school_id=str(world.school.id), run_id=str(UUID(run.rsplit("/", 1)[1])))


def count(engine: sa.Engine, world: World, table: type) -> int:
    with unit_of_work(engine, school_id=world.school.id) as session:
        return session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def test_somebody_parked_is_searched_for_decided_about_and_undone(
    engine: sa.Engine, world: World, visit: Visit, parked: str
) -> None:
    assert "1 wacht" in visit.get("/school")
    page = visit.get("/school/parked")
    assert "Onbekende Iemand" in page
    assert "Verteller" in page
    assert world.student.name not in visit.get(parked)
    assert 'href="/school#send"' in visit.get(parked)  # somebody new comes with a list of people
    found = visit.get(f"{parked}?q={world.student.given_name}")
    assert f"Dit is {world.student.name}" in found
    answer = visit.submit(parked, parked, {"person": str(world.student.id)})
    assert answer.status_code == 303
    assert "1 in te lezen" in visit.get("/school")
    page = visit.get("/school/parked")
    assert f"Dit is {world.student.name}." in page
    assert "1 gegeven van Verteller hoeft niet langer te wachten" in page
    assert count(engine, world, ExternalRef) == 1
    assert visit.submit("/school/parked", f"{parked}/undo", {}).status_code == 303
    assert count(engine, world, ExternalRef) == 0
    assert "Zeg wie dit is" in visit.get("/school/parked")


def test_who_has_the_number_of_somebody_parked_is_shown_at_once(
    engine: sa.Engine, world: World, visit: Visit, parked: str
) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        session.get_one(Person, (world.school.id, world.student.id)).number = "S9"
    page = visit.get(parked)
    assert f"Dit is {world.student.name}" in page
    assert 'value="Onbekende Iemand"' in page  # the search is still by name


def test_a_decision_needs_somebody_of_this_school_or_nobody(
    engine: sa.Engine, world: World, visit: Visit, parked: str
) -> None:
    visit.submit(parked, parked, {})
    assert visit.submit(parked, parked, {"person": str(world.elsewhere.id)}).status_code == 404
    visit.submit(parked, parked, {"person": "niemand"})
    assert count(engine, world, ExternalRef) == 0
    visit.submit(parked, parked, {"nobody": "yes"})
    assert "Niemand van ons." in visit.get("/school/parked")
    assert count(engine, world, ExternalRef) == 0


def test_rows_that_waited_are_taken_up_from_the_page(
    app: Flask, engine: sa.Engine, world: World, visit: Visit, parked: str
) -> None:
    visit.submit(parked, parked, {"person": str(world.student.id)})
    with unit_of_work(engine, school_id=world.school.id) as session:
        source = session.scalars(sa.select(ImportSource.id)).one()
    answer = visit.submit("/school/parked", "/school/parked/take-up", {"source": str(source)})
    work(app, world, str(answer.headers["Location"]))
    assert count(engine, world, ImportRow) == 0
    assert "hoeft niet langer te wachten" not in visit.get("/school/parked")


def park(engine: sa.Engine, world: World, number: int) -> list[UUID]:
    """Have so many more people wait; returns their ids."""
    with unit_of_work(engine, school_id=world.school.id) as session:
        run = session.scalars(sa.select(ImportRun)).one()
        rows = [
            ParkedPerson(
                school_id=world.school.id,
                source_id=run.source_id,
                last_run_id=run.id,
                ext_id=f"x{place}",
                name=f"Persoon {place}",
                why="person.unknown",
                seen_at=world.at,
            )
            for place in range(number)
        ]
        session.add_all(rows)
        session.flush()
        return [row.id for row in rows]


def test_what_was_decided_last_can_be_undone_however_much_was_decided(
    engine: sa.Engine, world: World, visit: Visit, parked: str
) -> None:
    for key in reversed(park(engine, world, 21)):
        visit.submit(parked, f"/school/parked/{key}", {"nobody": "yes"})
    page = visit.get("/school/parked")
    shown = re.findall(r"<b>(Persoon \d+)</b>", page)
    assert len(shown) == 20
    assert "Persoon 0" in shown
    assert "Persoon 20" not in shown


def test_rows_that_need_not_wait_are_offered_however_many_people_wait(
    engine: sa.Engine, world: World, visit: Visit, parked: str
) -> None:
    visit.submit(parked, parked, {"person": str(world.student.id)})
    with unit_of_work(engine, school_id=world.school.id) as session:
        session.execute(sa.update(ParkedPerson).values(decided_at=world.at))
    for key in park(engine, world, 21):
        visit.submit(parked, f"/school/parked/{key}", {"nobody": "yes"})
    assert "1 gegeven van Verteller hoeft niet langer te wachten" in visit.get("/school/parked")


def test_many_people_who_wait_are_best_read_in_with_a_list(
    engine: sa.Engine, world: World, visit: Visit, parked: str
) -> None:
    assert "Zijn het er veel?" not in visit.get("/school/parked")
    park(engine, world, 50)
    page = visit.get("/school/parked")
    assert "Zijn het er veel?" in page
    assert "Meer mensen" in page


def test_bad_rows_are_downloaded_repaired_and_sent_again(
    app: Flask, engine: sa.Engine, world: World, visit: Visit
) -> None:
    body = (LIST + GOOD + BAD).encode("cp1252")
    answer = visit.submit("/school", "/school/imports", {"files": (BytesIO(body), "kerntaken.csv")})
    run = str(answer.headers["Location"])
    work(app, world, run)
    assert waiting(visit) == [f"{run}"]
    digest = re.findall(r'name="digest" value="([^"]+)"', visit.get(run))[0]
    visit.submit(run, f"{run}/apply", {"digest": digest})
    work(app, world, run)
    assert waiting(visit) == [f"{run}#aside"]
    page = visit.get(run)
    assert "1 rij heeft een fout en blijft buiten." in page
    back = visit.client.get(f"{run}/bad-rows", base_url=SECURE)
    assert "kerntaken-foute-rijen.csv" in back.headers["Content-Disposition"]
    other = visit.submit(run, f"{run}/repair", {"files": (BytesIO(b"%PDF-1.4"), "brief.pdf")})
    assert other.headers["Location"] == run
    assert "Stuur het zoals je het ophaalde." in visit.get(run)
    repaired = back.data.replace(b"2565;", b"25655;")
    answer = visit.submit(run, f"{run}/repair", {"files": (BytesIO(repaired), "hersteld.csv")})
    again = str(answer.headers["Location"])
    assert again != run
    work(app, world, again)
    with unit_of_work(engine, school_id=world.school.id) as session:
        repairing = session.get_one(ImportRun, (world.school.id, UUID(again.rsplit("/", 1)[1])))
        assert repairing.counts["framework_item"]["quarantined"] == 0
    assert waiting(visit) == [again, f"{run}#aside"]
    assert "hersteld.csv" in visit.get("/school/imports")


def test_rows_that_do_not_matter_are_thrown_away_once(
    app: Flask, engine: sa.Engine, world: World, visit: Visit, parked: str
) -> None:
    run = f"/school/imports/{run_id(engine, world)}"
    assert visit.submit(run, f"{run}/bad-rows/discard", {}).status_code == 303
    work(app, world, run)
    assert count(engine, world, ImportRow) == 0
    for step in ("bad-rows/discard", "retry", "cancel"):
        assert visit.submit(run, f"{run}/{step}", {}).status_code == 303
    assert visit.client.get(f"{run}/bad-rows", base_url=SECURE).status_code == 303


def run_id(engine: sa.Engine, world: World) -> UUID:
    with unit_of_work(engine, school_id=world.school.id) as session:
        return session.scalars(sa.select(ImportRun.id)).one()
