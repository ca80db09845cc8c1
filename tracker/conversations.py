"""Gesprekken: that student and coach talked, on which day, and what they want to remember."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker import audit
from tracker.errors import Invalid
from tracker.models import Conversation, Goal, LearningPlan, Person, PlanRole
from tracker.permissions import (
    TODAY,
    VISIBLE,
    Action,
    given,
    once_for_reader,
    require,
    stand_in,
)
from tracker.plans import check_open


def record_talk(
    session: Session,
    *,
    by: Person,
    plan: LearningPlan,
    goal: Goal | None = None,
    held_on: date,
    words: str,
    on: date,
    at: datetime,
) -> Conversation:
    """Add that student and coach talked, perhaps about one goal; both of them read it."""
    granted = require(session, by, Action.RECORD_TALK, on=on, plan_id=plan.id)
    check_open(plan)
    if goal is not None and goal.plan_id != plan.id:
        raise Invalid(goal_id="goal.of_other_plan")
    if held_on > on:
        raise Invalid(held_on="date.in_future")
    talk = Conversation(
        school_id=plan.school_id,
        plan_id=plan.id,
        goal_id=goal.id if goal else None,
        by_id=by.id,
        role=next(role for role in PlanRole if role in granted),
        held_on=held_on,
        words=words,
        recorded_at=at,
    )
    session.add(talk)
    session.flush()
    audit.record(session, by=by, verb="recorded talk", subject=talk, plan_id=plan.id, at=at)
    return talk


@dataclass(frozen=True, slots=True)
class SeenTalk:
    """A talk with who wrote it down, and the title of the goal that it was about."""

    id: UUID
    goal_id: UUID | None
    goal_title: str | None
    by_id: UUID
    role: PlanRole
    name: str
    given_name: str
    held_on: date
    words: str
    recorded_at: datetime


def talks_of(
    session: Session, *, plan_id: UUID, person: Person, on: date, limit: int | None = None
) -> Sequence[SeenTalk]:
    """Return the talks in a plan that this person may read, newest first."""
    asked = {**given(person, on), "plan": plan_id}
    rows = session.execute(_talks(stand_in(person), TODAY).limit(limit), asked)
    return [SeenTalk(**row._asdict()) for row in rows]


@once_for_reader
def _talks(person: Person, on: date) -> sa.Select[*tuple[Any, ...]]:
    """Select the talks of a plan, its id given as `plan`, newest first."""
    return (
        sa.select(
            Conversation.id,
            Conversation.goal_id,
            Goal.title.label("goal_title"),
            Conversation.by_id,
            Conversation.role,
            Person.name,
            Person.given_name,
            Conversation.held_on,
            Conversation.words,
            Conversation.recorded_at,
        )
        .join(
            Person,
            sa.and_(Person.school_id == Conversation.school_id, Person.id == Conversation.by_id),
        )
        .outerjoin(
            Goal,
            sa.and_(Goal.school_id == Conversation.school_id, Goal.id == Conversation.goal_id),
        )
        .where(
            Conversation.school_id == person.school_id,
            Conversation.plan_id == sa.bindparam("plan", type_=sa.Uuid()),
            VISIBLE[Conversation](person, on),
        )
        .order_by(
            Conversation.held_on.desc(), Conversation.recorded_at.desc(), Conversation.id.desc()
        )
    )
