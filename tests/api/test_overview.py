"""The overview for programs: what a reader may see, at a fixed cost, and whether it changed."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from api.fields import cursor_of
from tests.world import World
from tracker.db import unit_of_work
from tracker.evidence import log_evidence
from tracker.models import (
    Audience,
    Evidence,
    EvidenceGoal,
    EvidenceShare,
    EvidenceVersion,
    FeedbackRequest,
    LearningQuestion,
    Person,
    PlanMember,
    PlanRole,
)
from tracker.questions import ask_question
from tracker.requests import ask


def test_coach_sees_each_student_once_with_the_facts_behind_each_signal(
    world: World, as_: Any
) -> None:
    answer = as_(world.coach).get("/api/overview")
    assert answer.status_code == 200
    assert [row["student"]["name"] for row in answer.json()["items"]] == ["Sanne Student"]
    row = answer.json()["items"][0]
    assert row["plan"] == {"id": str(world.plan.id)}
    assert row["measures"]["coverage"]["goals"] == 1
    assert row["measures"]["coverage"]["by_supervisor"] == 1
    assert row["measures"]["agreement"] == 2
    apart = next(signal for signal in row["signals"] if signal["rule"] == "raters_apart")
    assert apart["goal_id"] == str(world.goal.id)
    assert apart["good_news"] is False
    assert {fact["kind"] for fact in apart["facts"]} == {"judged", "threshold"}
    assert {fact.get("by") for fact in apart["facts"]} == {"self", "supervisor", None}
    assert row["last_import_at"] == {"Leeromgeving": None}


def test_each_signal_says_what_it_is_about_and_what_it_asks_of_this_reader(
    world: World, as_: Any
) -> None:
    (row,) = as_(world.coach).get("/api/overview").json()["items"]
    apart = next(signal for signal in row["signals"] if signal["rule"] == "raters_apart")
    assert (apart["about"], apart["group"]) == (str(world.goal.id), "to_talk_about")
    told = {name: apart[name] for name in ("placement_id", "item_id", "request_id", "owed_by")}
    assert set(told.values()) == {None}
    assert row["put_off"] == []


def test_who_owes_an_answer_reads_that_first_and_others_read_who_it_is(
    world: World, engine: sa.Engine, as_: Any
) -> None:
    request = asked(engine, world, world.coach, days_ago=8)
    (mine,) = as_(world.coach).get("/api/overview").json()["items"]
    first = mine["signals"][0]
    assert (first["rule"], first["group"]) == ("unanswered", "waits_for_you")
    assert first["request_id"] == first["about"] == str(request.id)
    assert (first["owed_by"], first["owed_by_id"]) == ("coach", str(world.coach.id))
    assert first["facts"] == [
        {
            "kind": "asked",
            "on": (world.on - timedelta(days=8)).isoformat(),
            "days": 8,
            "by_id": str(world.student.id),
        },
        {"kind": "owed_by", "by": "coach", "by_id": str(world.coach.id)},
        {"kind": "threshold", "days": 7},
    ]
    items = as_(world.administrator).get("/api/overview").json()["items"]
    theirs = next(row for row in items if row["plan"]["id"] == str(world.plan.id))
    waiting = next(signal for signal in theirs["signals"] if signal["rule"] == "unanswered")
    assert waiting["group"] == "waits_for_others"
    assert waiting["owed_by_id"] == str(world.coach.id)


def test_a_question_to_nobody_in_particular_waits_for_every_coach_of_the_plan(
    world: World, engine: sa.Engine, as_: Any
) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        question = ask_question(
            session, by=world.student, plan=world.plan, words="Waarom?", on=world.on, at=world.at
        )
        session.execute(sa.update(LearningQuestion).values(asked_at=world.at - timedelta(days=8)))
    groups = {}
    for reader in (world.coach, world.administrator):
        items = as_(reader).get("/api/overview").json()["items"]
        signals = next(row for row in items if row["plan"]["id"] == str(world.plan.id))["signals"]
        waiting = next(signal for signal in signals if signal["rule"] == "unanswered")
        assert (waiting["request_id"], waiting["owed_by_id"]) == (str(question.id), None)
        groups[reader.id] = waiting["group"]
    assert groups == {
        world.coach.id: "waits_for_you",
        world.administrator.id: "waits_for_others",
    }


def asked(engine: sa.Engine, world: World, to: Person, *, days_ago: int) -> FeedbackRequest:
    """Let the student have asked somebody about the shared piece, so many days ago."""
    with unit_of_work(engine, school_id=world.school.id) as session:
        return ask(
            session,
            by=world.student,
            to=to,
            subject=session.get_one(Evidence, (world.school.id, world.shared.id)),
            words=None,
            on=world.on,
            at=world.at - timedelta(days=days_ago),
        )


def test_overview_pages_by_name_and_shows_each_plan_once(
    world: World, engine: sa.Engine, as_: Any
) -> None:
    grow(engine, world, 7)
    caller = as_(world.coach)
    seen: list[str] = []
    address: str | None = "/api/overview?limit=3"
    while address is not None:
        answer = caller.get(address)
        assert answer.status_code == 200
        seen += [row["plan"]["id"] for row in answer.json()["items"]]
        address = answer.links.get("next", {}).get("url")
        assert "Student" not in (address or "")
    assert len(seen) == len(set(seen)) == 8
    whole = caller.get("/api/overview").json()["items"]
    assert [row["plan"]["id"] for row in whole] == seen
    names = [row["student"]["name"] for row in whole]
    assert names == sorted(names)


def test_a_cursor_of_a_plan_one_may_not_see_is_no_cursor(world: World, as_: Any) -> None:
    after = cursor_of(world.other_plan.id)
    answer = as_(world.coach).get("/api/overview", params={"after": after})
    assert (answer.status_code, answer.json()["errors"]) == (422, {"after": ["not_a_cursor"]})


def test_an_answer_that_did_not_change_is_not_sent_again(
    world: World, engine: sa.Engine, as_: Any
) -> None:
    caller = as_(world.coach)
    etag = caller.get("/api/overview").headers["ETag"]
    same = caller.get("/api/overview", headers={"If-None-Match": etag})
    assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", etag)

    log(engine, world, share_with=[])
    private = caller.get("/api/overview", headers={"If-None-Match": etag})
    assert private.status_code == 304

    judgements = f"/api/plans/{world.plan.id}/judgements"
    made = as_(world.student).post(
        judgements,
        json={
            "goal_id": str(world.goal.id),
            "level_id": str(world.levels[0].id),
            "observed_on": world.on.isoformat(),
        },
    )
    assert made.status_code == 201
    changed = caller.get("/api/overview", headers={"If-None-Match": etag})
    assert (changed.status_code, changed.headers["ETag"] != etag) == (200, True)


def log(engine: sa.Engine, world: World, *, share_with: list[Audience]) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        log_evidence(
            session,
            key=world.plan.id,
            by=world.student,
            plan=world.plan,
            goals=[world.goal],
            text="Nog even voor mij.",
            happened_on=world.on,
            has_people=False,
            share_with=share_with,
            own_level=world.levels[0] if share_with else None,
            on=world.on,
            at=world.at,
        )


def test_an_outsider_gets_an_empty_overview_of_the_own_school(world: World, as_: Any) -> None:
    assert as_(world.elsewhere).get("/api/overview").json() == {"items": []}
    assert as_(world.teacher).get("/api/overview").json() == {"items": []}


def test_two_hundred_students_cost_as_many_queries_as_one(
    world: World, engine: sa.Engine, queries: Any
) -> None:
    one, cost = queries(world.coach, "/api/overview?limit=100")
    assert len(one["items"]) == 1
    grow(engine, world, 199)
    many, cost_of_many = queries(world.coach, "/api/overview?limit=100")
    assert len(many["items"]) == 100
    assert cost_of_many == cost


def grow(engine: sa.Engine, world: World, students: int) -> None:
    """Give the coach more students, each with a plan, placement, goal, evidence and judgement."""

    def copy(record: Any, **changes: Any) -> Any:
        columns = {c.key: getattr(record, c.key) for c in type(record).__mapper__.columns}
        columns.pop("id", None)
        return type(record)(**{**columns, **changes})

    made: list[list[Any]] = [[] for _ in range(6)]
    for number in range(students):
        person = copy(world.student, name=f"Student {number:03}", number=f"s{number}", email=None)
        plan = copy(world.plan, student_id=person.id, framework_id=None)
        place = copy(world.placement, plan_id=plan.id)
        goal = copy(world.goal, plan_id=plan.id)
        piece = copy(world.shared, plan_id=plan.id, author_id=person.id, placement_id=place.id)
        since = world.on - timedelta(days=30)
        members = [
            PlanMember(
                school_id=world.school.id,
                plan_id=plan.id,
                person_id=who,
                role=role,
                from_on=since,
                until_on=None,
                created_at=world.at,
            )
            for who, role in ((person.id, PlanRole.STUDENT), (world.coach.id, PlanRole.COACH))
        ]
        own = {"school_id": world.school.id, "evidence_id": piece.id}
        parts = [
            EvidenceVersion(**own, number=1, text="Gedaan.", written_at=world.at),
            EvidenceGoal(**own, goal_id=goal.id),
            EvidenceShare(
                **own,
                audience=Audience.COACHES,
                placement_id=None,
                shared_at=world.at,
                ended_at=None,
            ),
            copy(
                world.judgement,
                plan_id=plan.id,
                goal_id=goal.id,
                evidence_id=piece.id,
                placement_id=place.id,
            ),
        ]
        for level, rows in enumerate(([person], [plan], [*members, place], [goal], [piece], parts)):
            made[level] += rows
    with unit_of_work(engine, school_id=world.school.id) as session:
        for rows in made:
            session.add_all(rows)
            session.flush()
