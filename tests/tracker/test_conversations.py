"""Talks: written down by student or coach, read by both, added and never changed."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.world import World
from tracker.conversations import record_talk, talks_of
from tracker.errors import Conflict, Invalid, NotAllowed
from tracker.models import Conversation, LearningPlan, PlanRole, PlanState


def talked(work: Session, world: World, **other: Any) -> Conversation:
    said: dict[str, Any] = {
        "by": world.coach,
        "plan": world.plan,
        "held_on": world.on,
        "words": "We kijken volgende week samen.",
        "on": world.on,
        "at": world.at,
        **other,
    }
    return record_talk(work, **said)


def test_student_and_coach_write_down_a_talk_and_both_read_it(work: Session, world: World) -> None:
    yesterday = world.on - timedelta(days=1)
    talked(work, world, by=world.student, goal=world.goal, held_on=yesterday)
    talked(work, world)
    for reader in (world.student, world.coach):
        seen = talks_of(work, plan_id=world.plan.id, person=reader, on=world.on)
        assert [(t.role, t.goal_title, t.held_on) for t in seen] == [
            (PlanRole.COACH, None, world.on),
            (PlanRole.STUDENT, world.goal.title, yesterday),
        ]


def test_a_talk_stays_in_the_school(work: Session, world: World) -> None:
    talked(work, world)
    for reader in (world.supervisor, world.other_coach, world.other_student):
        assert talks_of(work, plan_id=world.plan.id, person=reader, on=world.on) == []


@pytest.mark.parametrize("name", ["supervisor", "teacher", "administrator", "other_coach"])
def test_nobody_else_writes_down_a_talk(work: Session, world: World, name: str) -> None:
    with pytest.raises(NotAllowed):
        talked(work, world, by=getattr(world, name))


def test_a_talk_of_tomorrow_or_about_anothers_goal_is_refused(work: Session, world: World) -> None:
    with pytest.raises(Invalid) as refusal:
        talked(work, world, held_on=world.on + timedelta(days=1))
    assert refusal.value.fields == {"held_on": "date.in_future"}
    with pytest.raises(Invalid) as refusal:
        talked(work, world, goal=world.other_goal)
    assert refusal.value.fields == {"goal_id": "goal.of_other_plan"}


def test_a_closed_plan_takes_no_talk(work: Session, world: World) -> None:
    plan = work.get_one(LearningPlan, (world.school.id, world.plan.id))
    plan.state = PlanState.CLOSED
    work.flush()
    with pytest.raises(Conflict, match=r"plan\.closed"):
        talked(work, world, plan=plan)
