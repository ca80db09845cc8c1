"""What programs read: each noun, in pages, in one shape."""

from typing import Any

import httpx
import sqlalchemy as sa

from tests import connected
from tests.world import World
from tracker.db import new_id, unit_of_work
from tracker.evidence import log_evidence
from tracker.goals import add_goal
from tracker.models import Activity, AuditEvent, Goal, Judgement, LearningPlan


def items(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def test_me_tells_who_the_token_is(world: World, as_: Any) -> None:
    answer = as_(world.coach).get("/api/me")
    assert answer.json() == {
        "person": {"id": str(world.coach.id), "name": "Cor Coach"},
        "school": {"slug": "proef"},
        "roles": ["coach"],
    }
    assert answer.headers["Cache-Control"] == "no-store"


def test_coach_lists_the_plans_of_the_own_students_only(world: World, as_: Any) -> None:
    plans = items(as_(world.coach).get("/api/plans"))
    assert [plan["id"] for plan in plans] == [str(world.plan.id)]
    assert plans[0]["student"] == {"id": str(world.student.id), "name": "Sanne Student"}
    assert plans[0]["framework"]["crebo"] == "25491"
    assert [place["company"] for place in plans[0]["placements"]] == ["Zorghuis De Es"]


def test_administrator_pages_through_all_plans_each_exactly_once(world: World, as_: Any) -> None:
    caller = as_(world.administrator)
    seen: list[str] = []
    address: str | None = "/api/plans?limit=1"
    while address is not None:
        answer = caller.get(address)
        seen += [plan["id"] for plan in items(answer)]
        address = answer.links.get("next", {}).get("url")
    assert seen == sorted([str(world.plan.id), str(world.other_plan.id)])


def test_a_plan_without_a_framework_says_so(world: World, as_: Any) -> None:
    plan = as_(world.other_student).get(f"/api/plans/{world.other_plan.id}").json()
    assert plan["framework"] is None
    assert plan["placements"] == []


def test_looking_at_somebody_elses_plan_is_logged(
    world: World, as_: Any, superuser_engine: sa.Engine
) -> None:
    as_(world.coach).get(f"/api/plans/{world.plan.id}")
    as_(world.coach).get("/api/plans")
    with superuser_engine.connect() as connection:
        looks = connection.execute(
            sa.select(AuditEvent.verb, AuditEvent.subject_id, AuditEvent.details).where(
                AuditEvent.by_id == world.coach.id, AuditEvent.verb.in_(["looked", "listed plans"])
            )
        ).all()
    assert ("looked", world.plan.id, None) in looks
    assert ("listed plans", world.coach.id, {"plan_ids": [str(world.plan.id)]}) in looks


def test_signals_of_other_systems_are_told_with_their_source_until_it_takes_them_back(
    engine: sa.Engine, world: World, as_: Any
) -> None:
    address = f"/api/plans/{world.plan.id}/activity"
    (signal,) = items(as_(world.student).get(address))
    told = [signal[name] for name in ("source", "kind", "occurred_on", "title", "value")]
    assert told == ["Leeromgeving", "launch", world.on.isoformat(), None, None]
    assert (signal["item_id"], signal["meanings"]) == (None, [])
    assert items(as_(world.coach).get(address)) == [signal]
    assert items(as_(world.supervisor).get(address)) == []
    assert as_(world.other_student).get(address).status_code == 404
    with unit_of_work(engine, school_id=world.school.id) as session:
        session.execute(sa.update(Activity).values(ended_at=world.at))
    assert items(as_(world.student).get(address)) == []


def test_a_signal_about_an_item_tells_what_the_school_says_of_it(
    engine: sa.Engine, world: World, as_: Any
) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        item = connected.said(session, world)["item"]
        session.execute(sa.update(Activity).values(item_id=item, kind="result", value=7.5))
    (signal,) = items(as_(world.coach).get(f"/api/plans/{world.plan.id}/activity"))
    told = [signal[name] for name in ("item_id", "title", "kind", "value", "value_max")]
    assert told == [str(item), "Toets", "result", 7.5, None]
    assert [meaning["code"] for meaning in signal["meanings"]] == ["B1-K1-W1"]


def test_goal_comes_with_its_items_and_in_the_students_words(world: World, as_: Any) -> None:
    goal = as_(world.coach).get(f"/api/goals/{world.goal.id}").json()
    assert goal["title"] == "Ik help een bewoner met opstaan"
    assert goal["item_ids"] == [str(world.items[1].id)]
    assert goal["created_at"].endswith("Z")
    listed = items(as_(world.coach).get(f"/api/plans/{world.plan.id}/goals"))
    assert listed == [goal]


def test_goals_page_by_id(world: World, engine: sa.Engine, as_: Any) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        for number in range(4):
            add_goal(
                session,
                by=world.student,
                plan=world.plan,
                question="Hoe?",
                title=f"Doel {number}",
                success="Het lukt.",
                target_anchor=None,
                target_on=None,
                items=[],
                on=world.on,
                at=world.at,
            )
    caller = as_(world.student)
    first = caller.get(f"/api/plans/{world.plan.id}/goals", params={"limit": 3})
    second = caller.get(first.links["next"]["url"])
    assert "next" not in second.links
    titles = [goal["title"] for goal in [*items(first), *items(second)]]
    assert titles == [world.goal.title, "Doel 0", "Doel 1", "Doel 2", "Doel 3"]


def test_supervisor_reads_only_what_is_shared_with_the_placement(world: World, as_: Any) -> None:
    evidence = items(as_(world.supervisor).get(f"/api/plans/{world.plan.id}/evidence"))
    assert [piece["id"] for piece in evidence] == [str(world.shared.id)]
    assert evidence[0]["share_with"] == ["coaches", "placement"]
    assert evidence[0]["goal_ids"] == [str(world.goal.id)]
    assert evidence[0]["author"]["name"] == "Sanne Student"


def test_judgements_show_the_raw_word_its_anchor_and_who_saw_it(world: World, as_: Any) -> None:
    judgements = items(as_(world.coach).get(f"/api/plans/{world.plan.id}/judgements"))
    by_supervisor = next(row for row in judgements if row["role"] == "supervisor")
    assert by_supervisor["id"] == str(world.judgement.id)
    assert by_supervisor["by"]["name"] == "Piet Praktijk"
    assert by_supervisor["level"] == {
        "id": str(world.levels[1].id),
        "label": "met hulp",
        "anchor": 1,
        "description": None,
    }
    assert by_supervisor["purpose"] == "formative"
    assert by_supervisor["words"] == "Vraag nog om hulp bij de tillift."


def test_scales_come_with_their_levels_lowest_first(world: World, as_: Any) -> None:
    scales = {scale["code"]: scale for scale in items(as_(world.student).get("/api/scales"))}
    assert scales.keys() == {"anchors", "practice", "three_words"}
    assert [level["label"] for level in scales["practice"]["levels"]] == [
        "nooit",
        "oefenen",
        "voldoende",
        "goed",
    ]
    assert scales["anchors"]["is_default"] is True


def test_framework_items_know_their_kerntaak(world: World, as_: Any) -> None:
    caller = as_(world.student)
    framework = items(caller.get("/api/frameworks"))[0]
    parts = items(caller.get(f"/api/frameworks/{framework['id']}/items"))
    assert [part["code"] for part in parts] == ["B1-K1", "B1-K1-W1"]
    assert parts[1]["parent_id"] == parts[0]["id"]


def test_private_evidence_appears_nowhere_for_the_coach(world: World, as_: Any) -> None:
    caller = as_(world.coach)
    plan = f"/api/plans/{world.plan.id}"
    for path in [
        "/api/plans",
        plan,
        f"{plan}/goals",
        f"{plan}/evidence",
        f"{plan}/judgements",
        f"/api/goals/{world.goal.id}",
        f"/api/evidence/{world.shared.id}",
        "/api/overview",
    ]:
        answer = caller.get(path)
        assert answer.status_code == 200, path
        assert str(world.private.id) not in answer.text, path
        assert "Alleen voor mij" not in answer.text, path
    assert caller.get(f"/api/evidence/{world.private.id}").status_code == 404


def test_more_records_do_not_cost_more_queries(
    world: World, engine: sa.Engine, queries: Any
) -> None:
    """Grow one plan by forty records and read its lists again."""
    paths = [f"/api/plans/{world.plan.id}/{noun}" for noun in ("goals", "evidence", "judgements")]
    before = [queries(world.student, path)[1] for path in paths]
    with unit_of_work(engine, school_id=world.school.id) as session:
        for model, record in ((Goal, world.goal), (Judgement, world.judgement)):
            columns = {c.key: getattr(record, c.key) for c in model.__mapper__.columns}
            columns.pop("id")
            session.add_all(model(**columns) for _ in range(40))
        for _ in range(40):
            log_evidence(
                session,
                key=new_id(),
                by=world.student,
                plan=world.plan,
                goals=[world.goal],
                text="Gedaan.",
                happened_on=world.on,
                has_people=False,
                on=world.on,
                at=world.at,
            )
    answers = [queries(world.student, path) for path in paths]
    assert [len(answer["items"]) for answer, _ in answers] == [41, 42, 42]
    assert [cost for _, cost in answers] == before


def test_a_stranger_is_asked_to_sign_in(world: World, stranger: httpx.Client) -> None:
    for path in ("/api/plans", "/api/me", "/api/overview", "/api/scales"):
        answer = stranger.get(path)
        assert answer.status_code == 401
        assert answer.json() == {
            "code": "not_signed_in",
            "status": 401,
            "message": "Sign in first, or send a token that still works.",
            "errors": {},
        }


def test_a_token_that_is_not_ours_opens_nothing(world: World, stranger: httpx.Client) -> None:
    answer = stranger.get("/api/me", headers={"Authorization": "Bearer lsp_guessed"})
    assert answer.status_code == 401
    assert LearningPlan.__tablename__ not in answer.text
