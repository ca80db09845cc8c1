"""The administrator's figures, rules and lists; and absence, workplaces and tailoring."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.tracker.test_school_overview import add_crowd
from tests.visits import SECURE, Visit
from tests.world import World
from tracker.db import unit_of_work
from tracker.models import (
    Absence,
    Control,
    Holiday,
    Judgement,
    Opportunity,
    Placement,
    PlanMember,
    School,
    Tailoring,
)
from tracker.tailoring import Cell, Standing
from tracker.thresholds import thresholds_of
from web.tailoring import moments


@pytest.fixture
def visit(app: Flask, world: World) -> Visit:
    return Visit(app, world.administrator)


def rows(engine: sa.Engine, world: World, model: type) -> list:
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        return list(session.scalars(sa.select(model)))


def test_figures_of_a_small_school_show_no_number(visit: Visit) -> None:
    page = visit.get("/school/figures")
    assert page.count("niet getoond") == 12
    assert "We tonen geen aantal onder 10." in page
    assert "Sanne" not in page


def test_figures_of_a_larger_school_are_counts_without_a_name(
    visit: Visit, engine: sa.Engine, world: World
) -> None:
    add_crowd(engine, world, 120)
    page = visit.get("/school/figures")
    assert "110" in page  # open plans
    assert "Student 0" not in page


@pytest.mark.parametrize("path", ["figures", "figures/without-coach", "rules", "tailoring"])
def test_only_an_administrator_opens_these_pages(app: Flask, world: World, path: str) -> None:
    for person in (world.student, world.coach, world.supervisor, world.teacher):
        Visit(app, person).get(f"/school/{path}", 403)


def test_who_has_no_coach_is_named_to_who_can_give_them_one(
    visit: Visit, engine: sa.Engine, world: World
) -> None:
    assert "Iedereen heeft een coach" in visit.get("/school/figures/without-coach")
    with unit_of_work(engine, school_id=world.school.id) as session:
        own = sa.select(PlanMember).filter_by(plan_id=world.plan.id, person_id=world.coach.id)
        session.scalars(own).one().until_on = world.on
    page = visit.get("/school/figures/without-coach?page=7")
    assert "Sanne Student" in page
    assert "Olaf" not in page
    assert "We bewaren dat je keek." in page


def test_placements_that_end_are_named_with_their_last_day(
    visit: Visit, engine: sa.Engine, world: World
) -> None:
    assert "Sanne" not in visit.get("/school/figures/ending")
    with unit_of_work(engine, school_id=world.school.id) as session:
        placement = session.get_one(Placement, (world.school.id, world.placement.id))
        placement.until_on = world.on + timedelta(days=1)
    page = visit.get("/school/figures/ending")
    assert "Sanne Student" in page
    assert "Zorghuis De Es" in page


def limits(**changed: object) -> dict[str, object]:
    return {
        "unanswered_days": 7,
        "nothing_shared_days": 21,
        "goal_untouched_days": 42,
        "placement_ends_days": 28,
        "news_days": 14,
        "quiet_days": 28,
        "counting_days": 84,
        "drawn_days": 730,
        "gap": 2,
        "contexts": 2,
        **changed,
    }


def test_a_limit_is_changed_within_its_bounds(
    visit: Visit, engine: sa.Engine, world: World
) -> None:
    page = "/school/rules"
    assert visit.submit(page, page, limits(unanswered_days=5)).status_code == 303
    refused = visit.submit(page, page, limits(gap=9, unanswered_days="veel"))
    assert refused.status_code == 422
    assert "te laag of te hoog" in refused.get_data(as_text=True)
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        now = thresholds_of(session, school=session.get_one(School, world.school.id))
    assert (now.unanswered_days, now.gap) == (5, 2)


def test_a_holiday_is_written_with_its_last_day_and_taken_back(
    visit: Visit, engine: sa.Engine, world: World
) -> None:
    page, add = "/school/rules", "/school/rules/holidays"
    days = {"name": "Kerstvakantie", "from_on": "2026-12-19", "last_on": "2027-01-03"}
    assert visit.submit(page, add, days).status_code == 303
    (holiday,) = rows(engine, world, Holiday)
    assert holiday.until_on == date(2027, 1, 4)
    assert "3 januari 2027" in visit.get(page)
    assert visit.submit(page, add, days).status_code == 422  # these days are there already
    backwards = {**days, "last_on": "2026-12-01"}
    assert "last_on-error" in visit.submit(page, add, backwards).get_data(as_text=True)
    assert visit.submit(page, f"{add}/{holiday.id}/remove", {}).status_code == 303
    assert "3 januari 2027" not in visit.get(page)


def test_a_holiday_is_changed_or_stays_as_it_was(
    visit: Visit, engine: sa.Engine, world: World
) -> None:
    page, add = "/school/rules", "/school/rules/holidays"
    days = {"name": "Kerstvakantie", "from_on": "2026-12-19", "last_on": "2027-01-03"}
    visit.submit(page, add, days)
    (holiday,) = rows(engine, world, Holiday)
    change = f"{add}/{holiday.id}"
    assert f'href="{change}#holiday"' in visit.get(page)
    assert 'value="2027-01-03"' in visit.get(change)
    backwards = visit.submit(change, change, {**days, "last_on": "2026-12-01"})
    assert backwards.status_code == 422
    assert f'action="{change}"' in backwards.get_data(as_text=True)
    assert "3 januari 2027" in visit.get(page)
    longer = {**days, "name": "Wintervakantie", "last_on": "2027-01-10"}
    assert visit.submit(change, change, longer).status_code == 303
    told = visit.get(page)
    assert "Wintervakantie" in told
    assert "10 januari 2027" in told
    assert "3 januari 2027" not in told
    visit.get(change, 404)  # what was changed is not there any more as it was
    assert visit.submit(page, change, days).status_code == 404


def test_student_tells_which_days_they_are_away_and_takes_them_back(
    app: Flask, engine: sa.Engine, world: World
) -> None:
    visit = Visit(app, world.student)
    page = f"/student/plans/{world.plan.id}/absences"
    last_on = world.on + timedelta(days=3)
    days = {"from_on": str(world.on), "last_on": str(last_on)}
    assert visit.submit(page, page, days).status_code == 303
    (absence,) = rows(engine, world, Absence)
    assert (absence.from_on, absence.until_on) == (world.on, last_on + timedelta(days=1))
    assert visit.submit(page, page, days).status_code == 422  # told already
    backwards = {**days, "last_on": str(world.on - timedelta(days=2))}
    assert "last_on-error" in visit.submit(page, page, backwards).get_data(as_text=True)
    assert visit.submit(page, f"/student/absences/{absence.id}/withdraw", {}).status_code == 303
    assert "Je gaf nog geen dagen door." in visit.get(page)


def test_supervisor_does_not_open_the_absence_of_a_student(app: Flask, world: World) -> None:
    Visit(app, world.supervisor).get(f"/student/plans/{world.plan.id}/absences", 403)
    Visit(app, world.other_student).get(f"/student/plans/{world.plan.id}/absences", 404)


@pytest.mark.parametrize("who", ["student", "supervisor"])
def test_student_and_supervisor_say_what_a_workplace_offers(
    app: Flask, engine: sa.Engine, world: World, who: str
) -> None:
    visit = Visit(app, getattr(world, who))
    page = f"/placements/{world.placement.id}/opportunities"
    item = world.items[1]
    first = visit.get(page)
    assert item.title in first
    assert "Nog niet gezegd" in first
    answer = visit.submit(page, page, {"item": str(item.id), "is_possible": "no"})
    assert answer.status_code == 303
    place = answer.location.partition("#")[2]  # back where one was in the list
    assert f'id="{place}"' in first
    assert "Kan hier niet" in visit.get(page)
    home = {"student": f"/student/plans/{world.plan.id}", "supervisor": "/supervisor"}[who]
    word = {"student": "Mijn leerplan", "supervisor": "Mijn studenten"}[who]
    back = first.split('href="' + home + '">')[-1].split("</a>")[0]
    assert word in back
    visit.submit(page, page, {"item": str(item.id), "is_possible": "misschien"})
    (said,) = rows(engine, world, Opportunity)
    assert (said.item_id, said.is_possible) == (item.id, False)


def test_nobody_else_opens_a_workplace(app: Flask, world: World) -> None:
    page = f"/placements/{world.placement.id}/opportunities"
    for person in (world.other_student, world.other_coach, world.teacher, world.elsewhere):
        Visit(app, person).get(page, 404)
    Visit(app, world.administrator).get(page, 403)


def test_supervisor_reads_that_a_placement_ends_without_their_view(
    app: Flask, engine: sa.Engine, superuser_engine: sa.Engine, world: World
) -> None:
    visit = Visit(app, world.supervisor)
    with unit_of_work(engine, school_id=world.school.id) as session:
        placement = session.get_one(Placement, (world.school.id, world.placement.id))
        placement.until_on = world.on + timedelta(days=7)
    assert "Bijna voorbij" not in visit.get("/supervisor")
    with superuser_engine.begin() as connection:
        connection.execute(sa.delete(Judgement).where(Judgement.id == world.judgement.id))
    page = visit.get("/supervisor")
    assert "De bpv stopt over 6 dagen." in page
    assert f"/supervisor/evidence/{world.shared.id}" in page


def test_student_and_coach_see_how_personal_the_goals_are(app: Flask, world: World) -> None:
    page = f"/plans/{world.plan.id}/tailoring"
    for person in (world.student, world.coach):
        text = Visit(app, person).get(page)
        assert text.count('class="p1"') == 2  # one goal, and the legend
    for person in (world.supervisor, world.other_student, world.administrator):
        Visit(app, person).get(page, 404)


def test_moments_without_goals_are_left_out_and_nothing_is_new_in_the_first() -> None:
    own = (Control.STUDENT, Tailoring.INDIVIDUAL)
    days = [date(2026, 2, 1), date(2026, 9, 1), date(2026, 11, 22)]
    goals: list[dict[Cell, int]] = [{}, {own: 2}, {own: 3}]
    row = [
        Standing(on=day, goals=held, new=held, students=held)
        for day, held in zip(days, goals, strict=True)
    ]
    told = moments(row)
    assert [one["on"] for one in told] == days[1:]
    assert [sum(cell["new"] for cell in one["cells"]) for one in told] == [0, 3]
    assert [one["on"] for one in moments(row[:1])] == days[:1]


def test_a_programme_of_a_few_students_shows_no_number(visit: Visit, world: World) -> None:
    page = visit.get(f"/school/tailoring?programme={world.framework.id}")
    assert "Te weinig studenten voor aantallen" in page
    assert "<table" not in page
    assert visit.get("/school/tailoring?programme=x")


def test_the_api_gives_the_same_figures(visit: Visit, engine: sa.Engine, world: World) -> None:
    add_crowd(engine, world, 120)
    answer = visit.client.get("/api/school/figures", base_url=SECURE)
    assert answer.status_code == 200
    told = answer.get_json()
    assert told["plans"] == 110
    assert told["without_coach"] is not None
    assert {one["rule"] for one in told["signals"]} == {"nothing_shared", "placement_ends"}
