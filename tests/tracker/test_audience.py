"""Who can see a piece or a goal, by name: always the very people whom the rules let see it."""

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.world import World
from tracker.audience import viewers_of_evidence, viewers_of_goal
from tracker.models import (
    Audience,
    Evidence,
    Goal,
    LearningPlan,
    Person,
    Placement,
    PlanMember,
    PlanRole,
)
from tracker.permissions import visible
from tracker.plans import add_member
from tracker.sharing import share_evidence, withdraw


def named(work: Session, world: World, evidence: Evidence) -> dict[str, PlanRole]:
    found = viewers_of_evidence(
        work, school_id=world.school.id, evidence_ids=[evidence.id], on=world.on
    )
    return {viewer.name: viewer.role for viewer in found.get(evidence.id, [])}


def allowed(work: Session, world: World, evidence: Evidence) -> set[str]:
    """Return who may see a piece by the rules, besides its student and the administrators."""
    people = work.scalars(sa.select(Person).filter_by(school_id=world.school.id)).all()
    return {
        person.name
        for person in people
        if person.id not in {world.student.id, world.administrator.id}
        and work.scalar(
            visible(Evidence, person=person, on=world.on).where(Evidence.id == evidence.id)
        )
    }


def ask_peer(work: Session, world: World, evidence: Evidence) -> None:
    plan = work.get_one(LearningPlan, (world.school.id, world.plan.id))
    add_member(
        work,
        by=world.student,
        plan=plan,
        person=world.other_student,
        role=PlanRole.PEER,
        from_on=world.on,
        at=world.at,
    )
    share_evidence(
        work,
        by=world.student,
        evidence=evidence,
        audience=Audience.PERSON,
        person=world.other_student,
        on=world.on,
        at=world.at,
    )


def test_viewers_are_the_people_whom_the_rules_let_see_it(work: Session, world: World) -> None:
    shared = work.get_one(Evidence, (world.school.id, world.shared.id))
    private = work.get_one(Evidence, (world.school.id, world.private.id))
    assert named(work, world, private) == {}
    assert named(work, world, shared) == {
        "Cor Coach": PlanRole.COACH,
        "Piet Praktijk": PlanRole.SUPERVISOR,
    }
    ask_peer(work, world, private)
    assert named(work, world, private) == {"Olaf Ander": PlanRole.PEER}
    for piece in (shared, private):
        assert set(named(work, world, piece)) == allowed(work, world, piece)
    withdraw(work, by=world.student, evidence=shared, on=world.on, at=world.at)
    assert named(work, world, shared) == {} == dict.fromkeys(allowed(work, world, shared))


def test_a_viewer_can_see_it_until_the_placement_or_the_membership_ends(
    work: Session, world: World
) -> None:
    placement = work.get_one(Placement, (world.school.id, world.placement.id))
    placement.until_on = world.on + timedelta(days=3)
    work.flush()
    found = viewers_of_evidence(
        work, school_id=world.school.id, evidence_ids=[world.shared.id], on=world.on
    )
    last = {viewer.given_name: viewer.last_on for viewer in found[world.shared.id]}
    assert last == {"Cor": None, "Piet": world.on + timedelta(days=2)}
    placement.until_on = world.on
    work.flush()
    shared = work.get_one(Evidence, (world.school.id, world.shared.id))
    assert set(named(work, world, shared)) == {"Cor Coach"} == allowed(work, world, shared)


def test_who_is_named_twice_in_a_plan_is_one_viewer_as_long_as_the_longest(
    work: Session, world: World
) -> None:
    plan = work.get_one(LearningPlan, (world.school.id, world.plan.id))
    second = add_member(
        work,
        by=world.administrator,
        plan=plan,
        person=world.coach,
        role=PlanRole.COACH,
        from_on=world.on,
        at=world.at,
    )
    second.until_on = world.on + timedelta(days=1)
    work.flush()
    found = viewers_of_evidence(
        work, school_id=world.school.id, evidence_ids=[world.shared.id], on=world.on
    )
    coaches = [v for v in found[world.shared.id] if v.role is PlanRole.COACH]
    assert [(viewer.name, viewer.until_on) for viewer in coaches] == [("Cor Coach", None)]


def test_a_goal_is_seen_in_school_and_by_whom_evidence_of_it_is_shown(
    work: Session, world: World
) -> None:
    goal = work.get_one(Goal, (world.school.id, world.goal.id))
    other = work.get_one(Goal, (world.school.id, world.other_goal.id))
    assert [v.name for v in viewers_of_goal(work, goal, world.on)] == [
        "Cor Coach",
        "Piet Praktijk",
    ]
    assert [v.name for v in viewers_of_goal(work, other, world.on)] == ["Oda Anders"]
    private = work.get_one(Evidence, (world.school.id, world.private.id))
    ask_peer(work, world, private)
    shared = work.get_one(Evidence, (world.school.id, world.shared.id))
    withdraw(work, by=world.student, evidence=shared, on=world.on, at=world.at)
    assert [v.name for v in viewers_of_goal(work, goal, world.on)] == ["Cor Coach", "Olaf Ander"]


def test_taking_back_ends_the_place_of_a_peer_in_the_plan(work: Session, world: World) -> None:
    private = work.get_one(Evidence, (world.school.id, world.private.id))
    ask_peer(work, world, private)
    withdraw(work, by=world.student, evidence=private, on=world.on, at=world.at)
    place = work.scalars(
        sa.select(PlanMember).filter_by(person_id=world.other_student.id, role=PlanRole.PEER)
    ).one()
    assert place.until_on == world.on
