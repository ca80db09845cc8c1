"""What programs write: goals and judgements, as the rules of the house have them."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from tests.world import World
from tracker.db import unit_of_work
from tracker.models import LearningPlan, PlanState

GOAL = {
    "title": "Ik durf te bellen",
    "question": "Hoe begin ik een gesprek?",
    "success": "Ik bel zelf terug.",
}


def test_student_adds_a_goal_and_finds_it_back(world: World, as_: Any) -> None:
    caller = as_(world.student)
    due = (world.on + timedelta(days=40)).isoformat()
    item = str(world.items[1].id)
    answer = caller.post(
        f"/api/plans/{world.plan.id}/goals",
        json={**GOAL, "target_anchor": 3, "target_on": due, "item_ids": [item]},
    )
    assert answer.status_code == 201, answer.text
    goal = answer.json()
    assert goal["target_on"] == due
    assert goal["item_ids"] == [item]
    assert goal["state"] == "active"
    assert caller.get(answer.headers["Location"]).json() == goal
    assert as_(world.coach).get(answer.headers["Location"]).json() == goal


def test_a_goal_may_be_without_target_or_items(world: World, as_: Any) -> None:
    goal = as_(world.other_student).post(f"/api/plans/{world.other_plan.id}/goals", json=GOAL)
    assert goal.status_code == 201, goal.text
    told = goal.json()
    assert (told["target_anchor"], told["target_on"], told["item_ids"]) == (None, None, [])


def test_a_goal_takes_no_items_of_another_framework(world: World, as_: Any, counts: Any) -> None:
    caller, before = as_(world.other_student), counts()
    path = f"/api/plans/{world.other_plan.id}/goals"
    answer = caller.post(path, json={**GOAL, "item_ids": [str(world.items[1].id)]})
    assert answer.json()["errors"] == {"item_ids": ["item.of_other_framework"]}
    unknown = caller.post(path, json={**GOAL, "item_ids": [str(uuid4())]})
    assert unknown.status_code == 404
    assert counts() == before


def test_spaces_around_words_are_not_kept(world: World, as_: Any) -> None:
    goal = as_(world.student).post(
        f"/api/plans/{world.plan.id}/goals", json={**GOAL, "title": "  Ik bel \n"}
    )
    assert goal.json()["title"] == "Ik bel"


def test_coach_judges_a_goal_and_the_student_sees_it(world: World, as_: Any) -> None:
    answer = as_(world.coach).post(
        f"/api/plans/{world.plan.id}/judgements",
        json={
            "goal_id": str(world.goal.id),
            "evidence_id": str(world.shared.id),
            "level_id": str(world.levels[2].id),
            "aspect": "attitude",
            "words": "Je bleef rustig.",
            "observed_on": world.on.isoformat(),
        },
    )
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert (told["role"], told["purpose"], told["aspect"]) == ("coach", "formative", "attitude")
    assert told["level"]["label"] == "zelfstandig"
    seen = as_(world.student).get(f"/api/plans/{world.plan.id}/judgements").json()["items"]
    assert told in seen


def test_supervisor_does_not_see_what_others_saw_before_judging(world: World, as_: Any) -> None:
    as_(world.coach).post(
        f"/api/plans/{world.plan.id}/judgements",
        json={
            "goal_id": str(world.goal.id),
            "level_id": str(world.levels[3].id),
            "observed_on": world.on.isoformat(),
        },
    )
    shared = as_(world.student).post(
        f"/api/plans/{world.plan.id}/evidence",
        json={
            "text": "Ik tilde met de lift.",
            "happened_on": world.on.isoformat(),
            "has_people": False,
            "placement_id": str(world.placement.id),
            "share_with": ["placement"],
            "goal_ids": [str(world.goal.id)],
            "own_level_id": str(world.levels[3].id),
        },
    )
    assert shared.status_code == 201, shared.text
    evidence_id = shared.json()["id"]
    supervisor = as_(world.supervisor)
    path = f"/api/plans/{world.plan.id}/judgements"
    before = [row["evidence_id"] for row in supervisor.get(path).json()["items"]]
    assert evidence_id not in before
    supervisor.post(
        path,
        json={
            "evidence_id": evidence_id,
            "goal_id": str(world.goal.id),
            "level_id": str(world.levels[1].id),
            "observed_on": world.on.isoformat(),
        },
    )
    after = [row["role"] for row in supervisor.get(path).json()["items"]]
    assert sorted(role for role in after if role == "student") == ["student", "student"]
    assert "coach" not in after


def test_nothing_is_added_to_a_closed_plan(
    world: World, as_: Any, counts: Any, engine: sa.Engine
) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        plan = session.get_one(LearningPlan, (world.school.id, world.plan.id))
        plan.state = PlanState.CLOSED
    caller, before = as_(world.student), counts()
    judgement = {
        "goal_id": str(world.goal.id),
        "level_id": str(world.levels[0].id),
        "observed_on": world.on.isoformat(),
    }
    evidence = {"text": "a", "happened_on": world.on.isoformat(), "has_people": False}
    for noun, body in [("goals", GOAL), ("evidence", evidence), ("judgements", judgement)]:
        answer = caller.post(f"/api/plans/{world.plan.id}/{noun}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (409, "plan.closed"), noun
    assert counts() == before
