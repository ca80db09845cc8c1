"""Logging evidence: what is refused, what a resend does, and who sees it when."""

import threading
import time
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.world import World
from tracker.db import new_id, unit_of_work
from tracker.errors import Conflict, Invalid, NotAllowed, NotFound
from tracker.evidence import MAX_FILES, KeptFile, log_evidence
from tracker.models import (
    Attachment,
    Audience,
    Evidence,
    EvidenceGoal,
    EvidenceShare,
    EvidenceState,
    EvidenceVersion,
    Judgement,
    LearningPlan,
    Person,
    Placement,
    PlanMember,
    PlanState,
)
from tracker.permissions import find, visible


def content(world: World, **changed: Any) -> dict[str, Any]:
    """Return everything that a student sends, with some of it changed."""
    return {
        "key": UUID("01890000-0000-7000-8000-000000000001"),
        "by": world.student,
        "plan": world.plan,
        "goals": [world.goal],
        "text": "Ik hielp meneer eten.",
        "happened_on": world.on,
        "captured_at": world.at - timedelta(hours=1),
        "has_people": False,
        "placement": world.placement,
        "share_with": [Audience.COACHES, Audience.PLACEMENT],
        "files": [kept("foto.jpg", "a" * 64)],
        "own_level": world.levels[2],
        "on": world.on,
        "at": world.at,
        **changed,
    }


def kept(name: str, digest: str) -> KeptFile:
    return KeptFile(
        name=name, media_type="image/jpeg", size=3, digest=digest, thumbnail_digest=None
    )


def rows(session: Session, model: type[Any], evidence: Evidence) -> list[Any]:
    query = sa.select(model).filter_by(school_id=evidence.school_id, evidence_id=evidence.id)
    return list(session.scalars(query))


def test_evidence_is_kept_whole_with_its_words_goals_files_and_own_level(
    work: Session, world: World
) -> None:
    evidence = log_evidence(work, **content(world))
    assert evidence.state is EvidenceState.SHARED
    assert [version.text for version in rows(work, EvidenceVersion, evidence)] == [
        "Ik hielp meneer eten."
    ]
    assert [row.goal_id for row in rows(work, EvidenceGoal, evidence)] == [world.goal.id]
    assert [row.name for row in rows(work, Attachment, evidence)] == ["foto.jpg"]
    assert {row.audience: row.placement_id for row in rows(work, EvidenceShare, evidence)} == {
        Audience.COACHES: None,
        Audience.PLACEMENT: world.placement.id,
    }
    (own,) = rows(work, Judgement, evidence)
    assert (own.by_id, own.level_id, own.goal_id) == (
        world.student.id,
        world.levels[2].id,
        world.goal.id,
    )


def test_evidence_that_is_not_shared_is_private(work: Session, world: World) -> None:
    evidence = log_evidence(work, **content(world, share_with=[]))
    assert evidence.state is EvidenceState.PRIVATE
    assert rows(work, EvidenceShare, evidence) == []
    for reader in (world.coach, world.supervisor, world.administrator, world.other_student):
        with pytest.raises(NotFound):
            find(work, Evidence, evidence.id, person=reader, on=world.on)
    assert find(work, Evidence, evidence.id, person=world.student, on=world.on) is evidence


def test_evidence_for_the_placement_alone_is_not_for_the_coach(work: Session, world: World) -> None:
    evidence = log_evidence(work, **content(world, share_with=[Audience.PLACEMENT]))
    assert find(work, Evidence, evidence.id, person=world.supervisor, on=world.on) is evidence
    with pytest.raises(NotFound):
        find(work, Evidence, evidence.id, person=world.coach, on=world.on)


def test_evidence_for_the_coach_alone_is_not_for_the_placement(work: Session, world: World) -> None:
    evidence = log_evidence(work, **content(world, share_with=[Audience.COACHES]))
    assert find(work, Evidence, evidence.id, person=world.coach, on=world.on) is evidence
    with pytest.raises(NotFound):
        find(work, Evidence, evidence.id, person=world.supervisor, on=world.on)


def test_what_was_shared_is_gone_for_everybody_once_the_share_ended(
    work: Session, world: World
) -> None:
    for share in rows(work, EvidenceShare, world.shared):
        share.ended_at = world.at
    work.flush()
    for reader in (world.coach, world.supervisor, world.administrator):
        with pytest.raises(NotFound):
            find(work, Evidence, world.shared.id, person=reader, on=world.on)
        assert work.scalars(visible(Judgement, person=reader, on=world.on)).all() == []


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ("tomorrow", {"happened_on": "date.in_future"}),
        ("ahead of the clock", {"captured_at": "moment.in_future"}),
        ("goal of somebody else", {"goal_ids": "goal.of_other_plan"}),
        ("placement of somebody else", {"placement_id": "placement.of_other_plan"}),
        ("share without placement", {"share_with": "share.needs_placement"}),
        ("eleven files", {"files": "files.too_many"}),
    ],
)
def test_what_cannot_be_is_refused_with_its_code(
    work: Session, world: World, changed: str, code: dict[str, str]
) -> None:
    sent = content(world, **wrong(work, world)[changed])
    with pytest.raises(Invalid) as refusal:
        log_evidence(work, **sent)
    assert refusal.value.fields == code
    assert work.get(Evidence, (world.school.id, sent["key"])) is None


def wrong(session: Session, world: World) -> dict[str, dict[str, Any]]:
    other = Placement(
        school_id=world.school.id,
        plan_id=world.other_plan.id,
        company_id=world.company.id,
        from_on=world.on,
        until_on=world.on + timedelta(days=9),
        created_at=world.at,
    )
    session.add(other)
    session.flush()
    return {
        "tomorrow": {"happened_on": world.on + timedelta(days=1)},
        "ahead of the clock": {"captured_at": world.at + timedelta(minutes=10)},
        "goal of somebody else": {"goals": [world.goal, world.other_goal]},
        "placement of somebody else": {"placement": other},
        "share without placement": {"placement": None},
        "eleven files": {"files": [kept(f"{n}.jpg", f"{n:064}") for n in range(MAX_FILES + 1)]},
    }


def test_a_phone_whose_clock_runs_a_little_ahead_is_believed(work: Session, world: World) -> None:
    ahead = world.at + timedelta(seconds=45)
    assert log_evidence(work, **content(world, captured_at=ahead)).captured_at == ahead


def test_ten_files_are_not_too_many(work: Session, world: World) -> None:
    files = [kept(f"{number}.jpg", f"{number:064}") for number in range(MAX_FILES)]
    evidence = log_evidence(work, **content(world, files=files))
    assert len(rows(work, Attachment, evidence)) == MAX_FILES


def test_the_same_goal_named_twice_is_one_goal(work: Session, world: World) -> None:
    evidence = log_evidence(work, **content(world, goals=[world.goal, world.goal]))
    assert len(rows(work, EvidenceGoal, evidence)) == 1
    assert len(rows(work, Judgement, evidence)) == 1


@pytest.mark.parametrize("name", ["coach", "supervisor", "administrator", "other_student"])
def test_nobody_logs_evidence_for_the_student(work: Session, world: World, name: str) -> None:
    with pytest.raises(NotAllowed):
        log_evidence(work, **content(world, by=getattr(world, name)))


def test_a_closed_plan_takes_no_evidence(work: Session, world: World) -> None:
    plan = work.get_one(LearningPlan, (world.school.id, world.plan.id))
    plan.state = PlanState.CLOSED
    work.flush()
    with pytest.raises(Conflict, match=r"plan\.closed"):
        log_evidence(work, **content(world, plan=plan))


# The same key again


def test_a_resend_returns_the_first_piece_and_adds_nothing(engine: sa.Engine, world: World) -> None:
    ids = set()
    for later in range(3):
        with unit_of_work(engine, school_id=world.school.id) as session:
            sent = content(world, at=world.at + timedelta(minutes=later))
            ids.add(log_evidence(session, **sent).id)
    assert ids == {content(world)["key"]}
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        evidence = session.get_one(Evidence, (world.school.id, ids.pop()))
        assert evidence.received_at == world.at
        for model, number in (
            (EvidenceVersion, 1),
            (EvidenceGoal, 1),
            (Attachment, 1),
            (EvidenceShare, 2),
            (Judgement, 1),
        ):
            assert len(rows(session, model, evidence)) == number


def test_a_resend_is_recognised_after_the_plan_closed(work: Session, world: World) -> None:
    first = log_evidence(work, **content(world))
    plan = work.get_one(LearningPlan, (world.school.id, world.plan.id))
    plan.state = PlanState.CLOSED
    work.flush()
    assert log_evidence(work, **content(world, plan=plan)) is first


@pytest.mark.parametrize(
    "changed",
    [
        "text",
        "happened_on",
        "captured_at",
        "has_people",
        "goals",
        "files",
        "share_with",
        "placement",
        "own_level",
    ],
)
def test_the_same_key_with_other_content_is_a_conflict(
    work: Session, world: World, changed: str
) -> None:
    other: dict[str, Any] = {
        "text": "Iets anders.",
        "happened_on": world.on - timedelta(days=3),
        "captured_at": None,
        "has_people": True,
        "goals": [],
        "files": [kept("foto.jpg", "b" * 64)],
        "share_with": [Audience.COACHES],
        "placement": None,
        "own_level": world.levels[0],
    }
    first = {"share_with": [Audience.COACHES]} if changed == "placement" else {}
    log_evidence(work, **content(world, **first))
    with pytest.raises(Conflict, match=r"evidence\.key_used"):
        log_evidence(work, **content(world, **{**first, changed: other[changed]}))


def test_two_people_may_make_the_same_key_and_neither_notices(work: Session, world: World) -> None:
    sent = content(
        world,
        key=world.private.id,
        by=world.other_student,
        plan=world.other_plan,
        goals=[],
        placement=None,
        share_with=[],
        own_level=None,
    )
    theirs = log_evidence(work, **sent)
    assert theirs.key == world.private.id != theirs.id
    assert log_evidence(work, **sent) is theirs
    mine = work.get_one(Evidence, (world.school.id, world.private.id))
    assert (mine.author_id, rows(work, EvidenceVersion, mine)[0].text) == (
        world.student.id,
        "Alleen voor mij.",
    )


def test_the_same_piece_sent_twice_at_once_is_logged_once(
    engine: sa.Engine, superuser_engine: sa.Engine, world: World
) -> None:
    outcomes: list[object] = []

    def send() -> None:
        try:
            with unit_of_work(engine, school_id=world.school.id) as session:
                outcomes.append(log_evidence(session, **content(world)).id)
        except Exception as failure:
            outcomes.append(failure)

    second = threading.Thread(target=send)
    with unit_of_work(engine, school_id=world.school.id) as session:
        first = log_evidence(session, **content(world))
        second.start()
        wait_until_blocked(superuser_engine)
    second.join()
    assert outcomes == [first.id]
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        assert len(rows(session, EvidenceVersion, first)) == 1
        assert len(rows(session, Judgement, first)) == 1


def wait_until_blocked(superuser_engine: sa.Engine) -> None:
    """Wait until somebody waits for what we hold; on SQLite a second writer does so at once."""
    if superuser_engine.dialect.name != "postgresql":
        return
    waiting = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    pause, deadline = threading.Event(), time.monotonic() + 30
    with superuser_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while not connection.exec_driver_sql(waiting).scalar_one():
            assert time.monotonic() < deadline, "nobody waits"
            pause.wait(0.01)


# Until when


def test_a_supervisor_sees_evidence_from_the_first_day_to_the_last(
    work: Session, world: World
) -> None:
    placement = world.placement
    for day, is_seen in (
        (placement.from_on - timedelta(days=1), False),
        (placement.from_on, True),
        (placement.until_on - timedelta(days=1), True),
        (placement.until_on, False),
    ):
        query = visible(Evidence, person=world.supervisor, on=day)
        assert [row.id for row in work.scalars(query)] == ([world.shared.id] if is_seen else [])


def test_a_placement_that_is_cut_short_ends_the_view_at_once(work: Session, world: World) -> None:
    placement = work.get_one(Placement, (world.school.id, world.placement.id))
    placement.until_on = world.on
    work.flush()
    for model, key in (
        (Evidence, world.shared.id),
        (Placement, world.placement.id),
        (LearningPlan, world.plan.id),
        (Judgement, world.judgement.id),
        (Person, world.student.id),
    ):
        with pytest.raises(NotFound):
            find(work, model, key, person=world.supervisor, on=world.on)


def test_a_coach_whose_relation_ended_sees_nothing_from_that_day(
    work: Session, world: World
) -> None:
    member = work.scalars(
        sa.select(PlanMember).where(
            PlanMember.school_id == world.school.id,
            PlanMember.plan_id == world.plan.id,
            PlanMember.person_id == world.coach.id,
        )
    ).one()
    member.until_on = world.on
    work.flush()
    for model, key in (
        (LearningPlan, world.plan.id),
        (Evidence, world.shared.id),
        (Judgement, world.judgement.id),
        (Placement, world.placement.id),
        (Person, world.student.id),
    ):
        with pytest.raises(NotFound):
            find(work, model, key, person=world.coach, on=world.on)
    yesterday = world.on - timedelta(days=1)
    assert find(work, LearningPlan, world.plan.id, person=world.coach, on=yesterday)


def test_an_id_that_does_not_exist_is_as_unknown_as_a_hidden_one(
    work: Session, world: World
) -> None:
    refusals = []
    for key in (new_id(), world.private.id):
        with pytest.raises(NotFound) as refusal:
            find(work, Evidence, key, person=world.coach, on=world.on)
        refusals.append((str(refusal.value), refusal.value.code))
    assert refusals[0] == refusals[1]
