"""Limits, holidays, absence, putting off and opportunities, for programs."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from tests.world import World
from tracker.db import new_id, unit_of_work
from tracker.facts import DEFAULTS
from tracker.models import LearningPlan, PlanState
from tracker.thresholds import LIMITS

THRESHOLDS = "/api/school/thresholds"
HOLIDAYS = "/api/school/holidays"


def day(world: World, count: int) -> str:
    return (world.on + timedelta(days=count)).isoformat()


def days(world: World, first: int, after: int) -> dict[str, str]:
    return {"from_on": day(world, first), "until_on": day(world, after)}


def refused(answer: Any) -> tuple[int, str, dict[str, list[str]]]:
    told = answer.json()
    return answer.status_code, told["code"], told["errors"]


def row_of(caller: Any) -> Any:
    (row,) = caller.get("/api/overview").json()["items"]
    return row


def rules_of(caller: Any) -> list[str]:
    return [signal["rule"] for signal in row_of(caller)["signals"]]


# Limits


def test_everybody_in_school_reads_the_limits(world: World, as_: Any) -> None:
    wanted = {name: getattr(DEFAULTS, name) for name in LIMITS}
    for person in (world.student, world.coach, world.supervisor, world.administrator):
        answer = as_(person).get(THRESHOLDS)
        assert (answer.status_code, answer.json()) == (200, wanted)


def test_the_administrator_changes_the_limits_that_they_name(world: World, as_: Any) -> None:
    assert "raters_apart" in rules_of(as_(world.coach))
    answer = as_(world.administrator).put(THRESHOLDS, json={"gap": 3})
    assert answer.status_code == 200
    assert answer.json() == as_(world.coach).get(THRESHOLDS).json()
    assert (answer.json()["gap"], answer.json()["news_days"]) == (3, DEFAULTS.news_days)
    assert "raters_apart" not in rules_of(as_(world.coach))


def test_a_limit_out_of_bounds_is_named_and_nothing_is_changed(world: World, as_: Any) -> None:
    caller = as_(world.administrator)
    answer = caller.put(THRESHOLDS, json={"gap": 1, "news_days": 61, "quiet_days": 1, "colour": 1})
    assert refused(answer) == (
        422,
        "invalid",
        {"news_days": ["too_large"], "quiet_days": ["too_small"], "colour": ["unknown_field"]},
    )
    assert caller.get(THRESHOLDS).json()["gap"] == DEFAULTS.gap


# Holidays


def test_a_holiday_is_added_listed_and_taken_back(world: World, as_: Any) -> None:
    caller = as_(world.administrator)
    made = caller.post(HOLIDAYS, json={"name": "Kerstvakantie", **days(world, 10, 24)})
    assert made.status_code == 201
    holiday = made.json()
    assert (holiday["name"], holiday["from_on"], holiday["until_on"]) == (
        "Kerstvakantie",
        day(world, 10),
        day(world, 24),
    )
    for person in (world.student, world.coach, world.supervisor):
        assert as_(person).get(HOLIDAYS).json() == {"items": [holiday]}
    own = f"{HOLIDAYS}/{holiday['id']}"
    assert caller.delete(own).status_code == 204
    assert caller.get(HOLIDAYS).json() == {"items": []}
    assert caller.get(own).json()["removed_at"] is not None
    again = caller.delete(own)
    assert refused(again) == (409, "holiday.removed", {})
    assert again.json()["message"] == "This holiday was taken back already."


def test_a_wrong_holiday_is_refused_by_field(world: World, as_: Any) -> None:
    caller = as_(world.administrator)
    for body, errors in [
        ({"name": "Kerst", **days(world, 5, 5)}, {"until_on": ["date.before_start"]}),
        ({"name": "Kerst", **days(world, 5, 90)}, {"until_on": ["holiday.too_long"]}),
        ({"name": " ", **days(world, 5, 9)}, {"name": ["too_short"]}),
        ({"name": "Kerst"}, {"from_on": ["required"], "until_on": ["required"]}),
    ]:
        assert refused(caller.post(HOLIDAYS, json=body)) == (422, "invalid", errors)
    caller.post(HOLIDAYS, json={"name": "Kerst", **days(world, 5, 9)})
    twice = caller.post(HOLIDAYS, json={"name": "Kerst", **days(world, 5, 9)})
    assert refused(twice) == (409, "holiday.known", {})
    assert len(caller.get(HOLIDAYS).json()["items"]) == 1


def test_holidays_come_in_pages(world: World, as_: Any) -> None:
    caller = as_(world.administrator)
    for first in (10, 30, 50):
        body = {"name": f"Week {first}", **days(world, first, first + 7)}
        assert caller.post(HOLIDAYS, json=body).status_code == 201
    page = caller.get(HOLIDAYS, params={"limit": 2})
    rest = caller.get(page.links["next"]["url"])
    names = [item["name"] for answer in (page, rest) for item in answer.json()["items"]]
    assert names == ["Week 10", "Week 30", "Week 50"]
    assert "next" not in rest.links


# Absence


def test_the_student_is_away_and_the_coach_takes_it_back(world: World, as_: Any) -> None:
    student, coach = as_(world.student), as_(world.coach)
    path = f"/api/plans/{world.plan.id}/absences"
    made = student.post(path, json=days(world, 1, 8))
    assert made.status_code == 201
    absence = made.json()
    assert absence["by"] == {"id": str(world.student.id), "name": "Sanne Student"}
    assert absence["plan_id"] == str(world.plan.id)
    assert set(absence) == {
        *("id", "plan_id", "by", "from_on", "until_on", "created_at", "withdrawn_at"),
    }
    assert coach.get(path).json() == {"items": [absence]}
    assert as_(world.supervisor).get(path).json() == {"items": []}
    own = f"/api/absences/{absence['id']}"
    assert as_(world.supervisor).get(own).status_code == 404
    assert coach.get(own).json() == absence
    assert coach.delete(own).status_code == 204
    assert student.get(path).json() == {"items": []}
    assert student.get(own).json()["withdrawn_at"] is not None
    assert refused(student.delete(own)) == (409, "absence.withdrawn", {})


def test_wrong_days_of_absence_are_refused(world: World, as_: Any) -> None:
    caller = as_(world.student)
    path = f"/api/plans/{world.plan.id}/absences"
    for body, errors in [
        (days(world, 5, 5), {"until_on": ["date.before_start"]}),
        (days(world, 5, 5 + 367), {"until_on": ["absence.too_long"]}),
        (days(world, 367, 368), {"from_on": ["date.too_far"]}),
        ({**days(world, 5, 9), "reason": "griep"}, {"reason": ["unknown_field"]}),
    ]:
        assert refused(caller.post(path, json=body)) == (422, "invalid", errors)
    assert caller.post(path, json=days(world, 5, 9)).status_code == 201
    twice = caller.post(path, json=days(world, 6, 9))
    assert refused(twice) == (409, "absence.declared_already", {})


# Putting off


def test_a_signal_of_the_overview_is_put_off_and_brought_back(world: World, as_: Any) -> None:
    coach = as_(world.coach)
    apart = next(s for s in row_of(coach)["signals"] if s["rule"] == "raters_apart")
    made = coach.post(
        f"/api/plans/{world.plan.id}/snoozes",
        json={
            "rule": apart["rule"],
            "about": apart["about"],
            "until_on": day(world, 7),
            "reason": "We spreken elkaar vrijdag.",
        },
    )
    assert made.status_code == 201
    own = f"/api/snoozes/{made.json()['id']}"
    assert coach.get(own).json() == made.json()
    row = row_of(coach)
    assert "raters_apart" not in [signal["rule"] for signal in row["signals"]]
    assert row["put_off"] == [
        {
            "id": made.json()["id"],
            "until_on": day(world, 7),
            "reason": "We spreken elkaar vrijdag.",
            "signal": apart,
        }
    ]
    supervisor = as_(world.supervisor)
    assert "raters_apart" in rules_of(as_(world.student))
    assert row_of(supervisor)["put_off"] == []
    assert supervisor.get(own).status_code == 404
    assert "vrijdag" not in as_(world.administrator).get("/api/overview").text

    assert coach.delete(own).status_code == 204
    assert apart in row_of(coach)["signals"]
    assert row_of(coach)["put_off"] == []
    assert refused(coach.delete(own)) == (409, "snooze.ended", {})


def test_a_supervisor_puts_off_in_a_plan_that_they_see_by_the_placement(
    world: World, as_: Any
) -> None:
    caller = as_(world.supervisor)
    body = {"rule": "raters_apart", "about": str(world.goal.id), "until_on": day(world, 3)}
    made = caller.post(f"/api/plans/{world.plan.id}/snoozes", json={**body, "reason": "Later."})
    assert made.status_code == 201
    assert "raters_apart" not in rules_of(caller)
    assert "raters_apart" in rules_of(as_(world.coach))


def test_a_wrong_putting_off_is_refused_by_field(world: World, as_: Any) -> None:
    caller = as_(world.coach)
    right: dict[str, Any] = {
        "rule": "raters_apart",
        "about": str(world.goal.id),
        "until_on": day(world, 7),
        "reason": "Later.",
    }
    wrong: list[tuple[dict[str, Any], dict[str, list[str]]]] = [
        ({"rule": "lazy"}, {"rule": ["not_a_choice"]}),
        ({"about": None}, {"about": ["signal.not_there"]}),
        ({"about": str(world.other_goal.id)}, {"about": ["signal.not_there"]}),
        ({"about": str(new_id())}, {"about": ["signal.not_there"]}),
        ({"until_on": day(world, 0)}, {"until_on": ["date.not_in_future"]}),
        ({"until_on": day(world, 91)}, {"until_on": ["snooze.too_long"]}),
        ({"reason": " "}, {"reason": ["too_short"]}),
        ({"reason": "x" * 2001}, {"reason": ["too_long"]}),
    ]
    for change, errors in wrong:
        answer = caller.post(f"/api/plans/{world.plan.id}/snoozes", json={**right, **change})
        assert refused(answer) == (422, "invalid", errors), change
    assert row_of(caller)["put_off"] == []


# Opportunities


def test_what_a_placement_offers_is_said_and_the_newest_word_is_listed(
    world: World, as_: Any
) -> None:
    path = f"/api/placements/{world.placement.id}/opportunities"
    item_id = str(world.items[1].id)
    coach, supervisor = as_(world.coach), as_(world.supervisor)
    assert supervisor.get(path).json() == {"items": []}
    made = supervisor.post(path, json={"item_id": item_id, "is_possible": False})
    assert made.status_code == 201
    assert made.json()["by"] == {"id": str(world.supervisor.id), "name": "Piet Praktijk"}
    assert coach.get(path).json() == {"items": [made.json()]}
    signal = next(s for s in row_of(coach)["signals"] if s["rule"] == "no_workplace")
    assert (signal["about"], signal["item_id"], signal["group"]) == (item_id, item_id, "ending")
    assert signal["facts"] == [
        {
            "kind": "not_possible",
            "on": day(world, 0),
            "days": 0,
            "placement_id": str(world.placement.id),
            "item_id": item_id,
        }
    ]

    same = coach.post(path, json={"item_id": item_id, "is_possible": False})
    assert (same.status_code, same.json()) == (201, made.json())
    other = as_(world.student).post(path, json={"item_id": item_id, "is_possible": True})
    assert other.status_code == 201
    assert coach.get(path).json() == {"items": [other.json()]}
    assert "no_workplace" not in rules_of(coach)


def test_a_wrong_word_about_a_placement_is_refused(world: World, as_: Any) -> None:
    caller = as_(world.coach)
    path = f"/api/placements/{world.placement.id}/opportunities"
    kerntaak = {"item_id": str(world.items[0].id), "is_possible": True}
    wrong = {"item_id": ["item.of_other_framework"]}
    assert refused(caller.post(path, json=kerntaak)) == (422, "invalid", wrong)
    nothing = {"item_id": str(new_id()), "is_possible": True}
    assert refused(caller.post(path, json=nothing)) == (404, "not_found", {})
    maybe = {"item_id": str(world.items[1].id), "is_possible": "misschien"}
    assert refused(caller.post(path, json=maybe)) == (
        422,
        "invalid",
        {"is_possible": ["not_true_or_false"]},
    )
    assert caller.get(path).json() == {"items": []}


@pytest.mark.parametrize("noun", ["absences", "snoozes", "opportunities"])
def test_a_closed_plan_takes_nothing_of_it(
    world: World, engine: sa.Engine, as_: Any, noun: str
) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        plan = session.get_one(LearningPlan, (world.school.id, world.plan.id))
        plan.state = PlanState.CLOSED
    path, body = {
        "absences": (f"/api/plans/{world.plan.id}/absences", days(world, 1, 8)),
        "snoozes": (
            f"/api/plans/{world.plan.id}/snoozes",
            {"rule": "nothing_shared", "until_on": day(world, 7), "reason": "Later."},
        ),
        "opportunities": (
            f"/api/placements/{world.placement.id}/opportunities",
            {"item_id": str(world.items[1].id), "is_possible": True},
        ),
    }[noun]
    assert refused(as_(world.coach).post(path, json=body)) == (409, "plan.closed", {})
