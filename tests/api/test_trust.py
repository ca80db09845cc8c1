"""Who may do what: ids of others, forbidden fields, narrow tokens, forged requests."""

from itertools import product
from typing import Any
from uuid import uuid4

import httpx
import sqlalchemy as sa
from flask import Flask

from identity.models import Scope
from tests.visits import SECURE, Visit
from tests.world import World
from tracker.db import new_id
from tracker.models import Evidence, Goal, LearningPlan

STRANGERS = ["other_student", "other_coach", "teacher", "elsewhere"]


def same_refusal(first: httpx.Response, second: httpx.Response) -> None:
    assert first.status_code == second.status_code == 404
    assert first.content == second.content
    assert "ETag" not in first.headers


def test_records_of_others_answer_exactly_as_records_that_never_were(
    world: World, as_: Any
) -> None:
    records = [
        ("/api/plans/{}", world.plan.id),
        ("/api/plans/{}/goals", world.plan.id),
        ("/api/plans/{}/evidence", world.plan.id),
        ("/api/plans/{}/judgements", world.plan.id),
        ("/api/goals/{}", world.goal.id),
        ("/api/evidence/{}", world.shared.id),
        ("/api/evidence/{}", world.private.id),
        (f"/api/evidence/{{}}/attachments/{uuid4()}", world.shared.id),
    ]
    for name, (path, key) in product(STRANGERS, records):
        caller = as_(getattr(world, name))
        same_refusal(caller.get(path.format(key)), caller.get(path.format(uuid4())))


def new_evidence(world: World, **changes: Any) -> dict[str, Any]:
    return {
        "text": "Ik hielp.",
        "happened_on": world.on.isoformat(),
        "has_people": False,
        **changes,
    }


def test_nobody_writes_in_the_plan_of_another(world: World, as_: Any, counts: Any) -> None:
    before = counts()
    goal = {"title": "a", "question": "b", "success": "c"}
    judgement = {
        "goal_id": str(world.goal.id),
        "level_id": str(world.levels[0].id),
        "observed_on": world.on.isoformat(),
    }
    bodies = [("goals", goal), ("evidence", new_evidence(world)), ("judgements", judgement)]
    for name, (noun, body) in product(STRANGERS, bodies):
        caller = as_(getattr(world, name))
        same_refusal(
            caller.post(f"/api/plans/{world.plan.id}/{noun}", json=body),
            caller.post(f"/api/plans/{uuid4()}/{noun}", json=body),
        )
    assert counts() == before


def test_ids_in_a_body_that_belong_to_others_do_not_exist(
    world: World, as_: Any, counts: Any
) -> None:
    caller, before = as_(world.other_student), counts()
    plan = f"/api/plans/{world.other_plan.id}"
    for field, theirs in [
        ("goal_ids", [str(world.goal.id)]),
        ("goal_ids", [str(world.other_goal.id), str(world.goal.id)]),
        ("placement_id", str(world.placement.id)),
    ]:
        unknown = str(uuid4()) if isinstance(theirs, str) else [*theirs[:-1], str(uuid4())]
        same_refusal(
            caller.post(f"{plan}/evidence", json=new_evidence(world, **{field: theirs})),
            caller.post(f"{plan}/evidence", json=new_evidence(world, **{field: unknown})),
        )
    for field, theirs in [("goal_id", world.goal.id), ("evidence_id", world.shared.id)]:
        body = {"level_id": str(world.levels[0].id), "observed_on": world.on.isoformat()}
        same_refusal(
            caller.post(f"{plan}/judgements", json={**body, field: str(theirs)}),
            caller.post(f"{plan}/judgements", json={**body, field: str(uuid4())}),
        )
    assert counts() == before


def test_a_key_that_is_somebody_elses_evidence_is_just_a_key(world: World, as_: Any) -> None:
    caller = as_(world.other_student)
    path = f"/api/plans/{world.other_plan.id}/evidence"
    key = str(world.private.id)
    first = caller.post(path, json=new_evidence(world, id=key))
    again = caller.post(path, json=new_evidence(world, id=key))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"] != key
    assert caller.get(f"/api/evidence/{key}").status_code == 404
    assert as_(world.student).get(f"/api/evidence/{key}").json()["text"] == "Alleen voor mij."


def test_who_sees_a_plan_may_not_write_for_the_student(world: World, as_: Any, counts: Any) -> None:
    before = counts()
    goal = {"title": "a", "question": "b", "success": "c"}
    bodies = [("goals", goal), ("evidence", new_evidence(world))]
    for person, (noun, body) in product([world.coach, world.supervisor], bodies):
        answer = as_(person).post(f"/api/plans/{world.plan.id}/{noun}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed"), noun
    assert counts() == before


def test_supervisor_judges_nothing_but_evidence_of_the_own_placement(
    world: World, as_: Any, counts: Any
) -> None:
    caller, before = as_(world.supervisor), counts()
    body = {"level_id": str(world.levels[0].id), "observed_on": world.on.isoformat()}
    path = f"/api/plans/{world.plan.id}/judgements"
    goal_only = caller.post(path, json={**body, "goal_id": str(world.goal.id)})
    assert goal_only.status_code == 403
    private = caller.post(path, json={**body, "evidence_id": str(world.private.id)})
    assert private.status_code == 404
    assert counts() == before


def test_a_token_for_reading_writes_nothing(world: World, as_: Any, counts: Any) -> None:
    caller, before = as_(world.student, Scope.READ), counts()
    assert caller.get("/api/me").status_code == 200
    for noun in ("goals", "evidence", "judgements"):
        answer = caller.post(f"/api/plans/{world.plan.id}/{noun}", json={})
        assert (answer.status_code, answer.json()["code"]) == (403, "token_only_reads"), noun
    assert counts() == before


FORBIDDEN = [
    "school_id",
    "tenant_id",
    "author_id",
    "owner_id",
    "by_id",
    "by",
    "role",
    "state",
    "purpose",
    "plan_id",
    "student_id",
    "received_at",
    "recorded_at",
    "created_at",
    "changed_at",
    "signed_at",
    "attachments",
]


def test_no_field_is_set_that_is_not_the_callers_to_set(
    world: World, as_: Any, counts: Any, superuser_engine: sa.Engine
) -> None:
    caller, before = as_(world.student), counts()
    judgement = {
        "goal_id": str(world.goal.id),
        "level_id": str(world.levels[0].id),
        "observed_on": world.on.isoformat(),
    }
    bodies: list[tuple[str, dict[str, Any]]] = [
        ("goals", {"title": "a", "question": "b", "success": "c"}),
        ("evidence", new_evidence(world, id=str(world.private.id))),
        ("judgements", judgement),
    ]
    for field, (noun, body) in product(FORBIDDEN, bodies):
        answer = caller.post(
            f"/api/plans/{world.plan.id}/{noun}", json={**body, field: str(world.other_student.id)}
        )
        assert answer.status_code == 422, (noun, field)
        assert answer.json()["errors"] == {field: ["unknown_field"]}, (noun, field)
    assert counts() == before
    with superuser_engine.connect() as connection:
        row = connection.execute(
            sa.select(Evidence.author_id, Evidence.state).where(Evidence.id == world.private.id)
        ).one()
    assert row == (world.student.id, world.private.state)


def test_a_session_changes_nothing_without_its_csrf_token(
    world: World, app: Flask, counts: Any
) -> None:
    visit, before = Visit(app, world.student), counts()
    path = f"/api/plans/{world.plan.id}/goals"
    body = {"title": "a", "question": "b", "success": "c"}
    without = visit.client.post(path, json=body, base_url=SECURE)
    assert (without.status_code, without.json["code"]) == (403, "csrf_missing")
    foreign = visit.client.post(
        path, json=body, base_url=SECURE, headers={"Origin": "https://evil.example"}
    )
    assert foreign.status_code == 403
    as_form = visit.client.post(path, data="{}", content_type="text/plain", base_url=SECURE)
    assert as_form.status_code == 403
    assert counts() == before


def test_a_session_with_its_csrf_token_writes(world: World, app: Flask) -> None:
    visit = Visit(app, world.student)
    page = visit.get("/student/goals/new")
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    answer = visit.client.post(
        f"/api/plans/{world.plan.id}/goals",
        json={"title": "Ik bel zelf", "question": "Hoe?", "success": "Het lukt."},
        base_url=SECURE,
        headers={"X-CSRFToken": token},
    )
    assert answer.status_code == 201, answer.text


def test_what_is_written_belongs_to_the_caller(
    world: World, as_: Any, superuser_engine: sa.Engine
) -> None:
    goal = as_(world.student).post(
        f"/api/plans/{world.plan.id}/goals",
        json={"title": "Ik bel zelf", "question": "Hoe?", "success": "Het lukt."},
    )
    key = new_id()
    evidence = as_(world.student).post(
        f"/api/plans/{world.plan.id}/evidence", json=new_evidence(world, id=str(key))
    )
    assert (goal.status_code, evidence.status_code) == (201, 201)
    with superuser_engine.connect() as connection:
        owner = connection.execute(
            sa.select(Goal.school_id, LearningPlan.student_id)
            .join(LearningPlan, LearningPlan.id == Goal.plan_id)
            .where(Goal.title == "Ik bel zelf")
        ).one()
        author = connection.scalar(sa.select(Evidence.author_id).where(Evidence.id == key))
    assert owner == (world.school.id, world.student.id)
    assert author == world.student.id
