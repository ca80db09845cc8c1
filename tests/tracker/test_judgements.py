"""Judging: by whom, about what, until when; added, never changed, and blind at first."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.world import World
from tracker.db import new_id, unit_of_work
from tracker.errors import Conflict, Invalid, NotAllowed, NotFound
from tracker.evidence import log_evidence
from tracker.goals import add_goal
from tracker.judgements import judge
from tracker.models import (
    Audience,
    Evidence,
    Judgement,
    LearningPlan,
    Person,
    Placement,
    PlanMember,
    PlanRole,
    PlanState,
    Purpose,
)
from tracker.permissions import find, visible
from tracker.placements import add_placement
from tracker.plans import add_member
from tracker.scales import default_levels


@pytest.fixture
def work(engine: sa.Engine, world: World) -> Iterator[Session]:
    """Open a writing unit of work in the world's school."""
    with unit_of_work(engine, school_id=world.school.id) as session:
        yield session


def words_of(world: World, **changed: Any) -> dict[str, Any]:
    """Return what the supervisor says about the shared piece, with some of it changed."""
    return {
        "by": world.supervisor,
        "plan": world.plan,
        "goal": world.goal,
        "evidence": world.shared,
        "level": world.levels[2],
        "words": "Rustig gedaan.",
        "observed_on": world.on,
        "on": world.on,
        "at": world.at,
        **changed,
    }


def logged(work: Session, world: World, *audiences: Audience) -> Evidence:
    return log_evidence(
        work,
        key=new_id(),
        by=world.student,
        plan=world.plan,
        goals=[world.goal],
        text="Nog een keer.",
        happened_on=world.on,
        has_people=False,
        placement=world.placement,
        share_with=audiences,
        own_level=world.levels[3],
        on=world.on,
        at=world.at,
    )


def seen_by(work: Session, world: World, person: Person, evidence: Evidence) -> set[object]:
    query = visible(Judgement, person=person, on=world.on)
    return {row.by_id for row in work.scalars(query.where(Judgement.evidence_id == evidence.id))}


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("student", PlanRole.STUDENT),
        ("coach", PlanRole.COACH),
        ("supervisor", PlanRole.SUPERVISOR),
    ],
)
def test_a_judgement_records_who_said_it_and_as_what(
    work: Session, world: World, name: str, role: PlanRole
) -> None:
    by = getattr(world, name)
    said = judge(work, **words_of(world, by=by))
    assert (said.by_id, said.role) == (by.id, role)
    assert said.purpose is Purpose.FORMATIVE
    assert said.placement_id == world.placement.id
    assert (said.observed_on, said.recorded_at) == (world.on, world.at)


def test_a_second_judgement_stands_beside_the_first(work: Session, world: World) -> None:
    before = work.get_one(Judgement, (world.school.id, world.judgement.id))
    kept = (before.level_id, before.words, before.recorded_at)
    second = judge(work, **words_of(world, at=world.at + timedelta(hours=1)))
    work.expire_all()
    assert (before.level_id, before.words, before.recorded_at) == kept
    assert second.id != before.id


@pytest.mark.parametrize("name", ["other_student", "other_coach", "teacher", "administrator"])
def test_who_has_no_place_in_the_plan_cannot_judge(work: Session, world: World, name: str) -> None:
    with pytest.raises(NotAllowed):
        judge(work, **words_of(world, by=getattr(world, name)))


def test_the_core_team_looks_but_does_not_judge(work: Session, world: World) -> None:
    add_member(
        work,
        by=None,
        plan=world.plan,
        person=world.teacher,
        role=PlanRole.TEAM,
        from_on=world.on,
        at=world.at,
    )
    assert find(work, Evidence, world.shared.id, person=world.teacher, on=world.on)
    with pytest.raises(NotAllowed):
        judge(work, **words_of(world, by=world.teacher))


def test_a_student_does_not_judge_another_student(work: Session, world: World) -> None:
    for theirs in ({"plan": world.plan}, {"plan": world.plan, "evidence": None}):
        with pytest.raises(NotAllowed):
            judge(work, **words_of(world, by=world.other_student, **theirs))


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ("about nothing", {"goal_id": "judgement.about_nothing"}),
        ("another plan's goal", {"goal_id": "goal.of_other_plan"}),
        ("a goal that the piece is not for", {"goal_id": "goal.not_of_evidence"}),
        ("tomorrow", {"observed_on": "date.in_future"}),
    ],
)
def test_what_cannot_be_judged_is_refused_with_its_code(
    work: Session, world: World, changed: str, code: dict[str, str]
) -> None:
    second_goal = add_goal(
        work,
        by=world.student,
        plan=world.plan,
        question="Hoe?",
        title="Ik werk netjes",
        success="Alles ligt klaar.",
        target_anchor=None,
        target_on=None,
        items=[],
        on=world.on,
        at=world.at,
    )
    wrong: dict[str, dict[str, Any]] = {
        "about nothing": {"goal": None, "evidence": None, "by": world.coach},
        "another plan's goal": {"goal": world.other_goal},
        "a goal that the piece is not for": {"goal": second_goal},
        "tomorrow": {"observed_on": world.on + timedelta(days=1)},
    }
    with pytest.raises(Invalid) as refusal:
        judge(work, **words_of(world, **wrong[changed]))
    assert refusal.value.fields == code


def test_evidence_of_another_plan_cannot_be_judged_here(work: Session, world: World) -> None:
    sent = words_of(world, by=world.other_coach, plan=world.other_plan, goal=None)
    with pytest.raises(Invalid) as refusal:
        judge(work, **sent)
    assert refusal.value.fields == {"evidence_id": "evidence.of_other_plan"}


def test_a_level_of_another_school_is_refused(engine: sa.Engine, world: World) -> None:
    with unit_of_work(engine, school_id=world.elsewhere.school_id, writes=False) as session:
        strange = default_levels(session, school_id=world.elsewhere.school_id)[0]
    with (
        pytest.raises(sa.exc.IntegrityError),
        unit_of_work(engine, school_id=world.school.id) as session,
    ):
        judge(session, **words_of(world, level=strange))


# The supervisor, within the own running placement


def test_a_supervisor_judges_from_the_first_day_to_the_last(work: Session, world: World) -> None:
    placement = world.placement
    for day, may in (
        (placement.from_on - timedelta(days=1), False),
        (placement.from_on, True),
        (placement.until_on - timedelta(days=1), True),
        (placement.until_on, False),
    ):
        sent = words_of(world, on=day, observed_on=min(day, world.on))
        if may:
            assert judge(work, **sent).placement_id == placement.id
        else:
            with pytest.raises(NotAllowed):
                judge(work, **sent)


def test_a_supervisor_stops_judging_when_the_placement_is_cut_short(
    work: Session, world: World
) -> None:
    placement = work.get_one(Placement, (world.school.id, world.placement.id))
    placement.until_on = world.on
    work.flush()
    with pytest.raises(NotAllowed):
        judge(work, **words_of(world))


def test_a_supervisor_stops_judging_when_somebody_else_takes_over(
    work: Session, world: World
) -> None:
    member = work.scalars(
        sa.select(PlanMember).where(
            PlanMember.school_id == world.school.id, PlanMember.person_id == world.supervisor.id
        )
    ).one()
    member.until_on = world.on
    work.flush()
    with pytest.raises(NotAllowed):
        judge(work, **words_of(world))


def test_a_supervisor_judges_nothing_of_another_placement_of_the_same_student(
    work: Session, world: World
) -> None:
    other = add_placement(
        work,
        by=world.administrator,
        plan=world.plan,
        company=world.company,
        from_on=world.on,
        until_on=world.on + timedelta(days=30),
        at=world.at,
    )
    elsewhere = log_evidence(
        work,
        key=new_id(),
        by=world.student,
        plan=world.plan,
        goals=[],
        text="Bij het andere bedrijf.",
        happened_on=world.on,
        has_people=False,
        placement=other,
        share_with=[Audience.PLACEMENT],
        on=world.on,
        at=world.at,
    )
    with pytest.raises(NotFound):
        find(work, Evidence, elsewhere.id, person=world.supervisor, on=world.on)
    with pytest.raises(NotAllowed):
        judge(work, **words_of(world, goal=None, evidence=elsewhere))


def test_a_supervisor_judges_evidence_and_not_a_goal_alone(work: Session, world: World) -> None:
    with pytest.raises(NotAllowed):
        judge(work, **words_of(world, evidence=None))


def test_a_coach_judges_a_goal_without_evidence(work: Session, world: World) -> None:
    said = judge(work, **words_of(world, by=world.coach, evidence=None))
    assert (said.evidence_id, said.placement_id) == (None, None)


def test_a_closed_plan_takes_no_judgement(work: Session, world: World) -> None:
    plan = work.get_one(LearningPlan, (world.school.id, world.plan.id))
    plan.state = PlanState.CLOSED
    work.flush()
    with pytest.raises(Conflict, match=r"plan\.closed"):
        judge(work, **words_of(world, plan=plan))


# Blind at first


def test_a_supervisor_sees_what_others_saw_only_after_looking_first(
    work: Session, world: World
) -> None:
    evidence = logged(work, world, Audience.COACHES, Audience.PLACEMENT)
    judge(work, **words_of(world, by=world.coach, evidence=evidence))
    assert seen_by(work, world, world.supervisor, evidence) == set()
    judge(work, **words_of(world, evidence=evidence))
    everybody = {world.student.id, world.coach.id, world.supervisor.id}
    assert seen_by(work, world, world.supervisor, evidence) == everybody


def test_having_judged_one_piece_opens_no_other(work: Session, world: World) -> None:
    second = logged(work, world, Audience.PLACEMENT)
    assert world.supervisor.id in seen_by(work, world, world.supervisor, world.shared)
    assert seen_by(work, world, world.supervisor, second) == set()


def test_a_student_sees_every_judgement_of_the_own_plan(work: Session, world: World) -> None:
    everybody = {world.student.id, world.supervisor.id}
    assert seen_by(work, world, world.student, world.shared) == everybody


def test_a_judgement_about_a_private_piece_is_the_students_own(work: Session, world: World) -> None:
    private = logged(work, world)
    assert seen_by(work, world, world.student, private) == {world.student.id}
    for reader in (world.coach, world.supervisor, world.administrator):
        assert seen_by(work, world, reader, private) == set()
