"""Judging what was seen: dated, by one person in one role, added and never changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker import audit
from tracker.errors import Invalid, NotAllowed
from tracker.models import (
    Aspect,
    Evidence,
    EvidenceGoal,
    Goal,
    Judgement,
    LearningPlan,
    Person,
    Placement,
    PlanMember,
    PlanRole,
    ScaleLevel,
)
from tracker.permissions import VISIBLE, Action, holds, require
from tracker.plans import check_open


def judge(
    session: Session,
    *,
    by: Person,
    plan: LearningPlan,
    level: ScaleLevel,
    goal: Goal | None = None,
    evidence: Evidence | None = None,
    words: str | None = None,
    aspect: Aspect | None = None,
    observed_on: date,
    on: date,
    at: datetime,
) -> Judgement:
    """Add one person's judgement about a goal, about evidence, or about a goal seen in evidence.

    The person's role in the plan is recorded with it. A supervisor judges what was shared with
    the own running placement.
    """
    granted = require(session, by, Action.JUDGE, on=on, plan_id=plan.id)
    check_open(plan)
    _check(session, plan, goal, evidence, observed_on, on)
    role = next(role for role in PlanRole if role in granted)
    placement_id = evidence.placement_id if evidence else None
    if role is PlanRole.SUPERVISOR:
        placement_id = _supervised_placement(session, by=by, plan=plan, evidence=evidence, on=on)
    judgement = Judgement(
        school_id=plan.school_id,
        plan_id=plan.id,
        goal_id=goal.id if goal else None,
        evidence_id=evidence.id if evidence else None,
        by_id=by.id,
        role=role,
        placement_id=placement_id,
        level_id=level.id,
        aspect=aspect,
        words=words,
        observed_on=observed_on,
        recorded_at=at,
    )
    session.add(judgement)
    session.flush()
    audit.record(session, by=by, verb="judged", subject=judgement, plan_id=plan.id, at=at)
    return judgement


def _check(
    session: Session,
    plan: LearningPlan,
    goal: Goal | None,
    evidence: Evidence | None,
    observed_on: date,
    on: date,
) -> None:
    if goal is None and evidence is None:
        raise Invalid(goal_id="judgement.about_nothing")
    if goal is not None and goal.plan_id != plan.id:
        raise Invalid(goal_id="goal.of_other_plan")
    if evidence is not None and evidence.plan_id != plan.id:
        raise Invalid(evidence_id="evidence.of_other_plan")
    if observed_on > on:
        raise Invalid(observed_on="date.in_future")
    if goal is not None and evidence is not None:
        towards = (plan.school_id, evidence.id, goal.id)
        if session.get(EvidenceGoal, towards) is None:
            raise Invalid(goal_id="goal.not_of_evidence")


def _supervised_placement(
    session: Session, *, by: Person, plan: LearningPlan, evidence: Evidence | None, on: date
) -> UUID:
    """Return the placement in which this supervisor looks; raises NotAllowed without one."""
    placements = session.scalars(
        sa.select(PlanMember.placement_id)
        .join(
            Placement,
            sa.and_(
                Placement.school_id == PlanMember.school_id,
                Placement.id == PlanMember.placement_id,
            ),
        )
        .where(
            PlanMember.school_id == plan.school_id,
            PlanMember.plan_id == plan.id,
            PlanMember.person_id == by.id,
            PlanMember.role == PlanRole.SUPERVISOR,
            holds(PlanMember, on),
            holds(Placement, on),
        )
    ).all()
    placement_id = evidence.placement_id if evidence else None
    if placement_id is None or placement_id not in placements:
        raise NotAllowed("not of the own placement")
    return placement_id


@dataclass(frozen=True, slots=True)
class SeenJudgement:
    """A judgement with what a reader needs beside it: the raw word, its anchor, who and as what."""

    id: UUID
    goal_id: UUID | None
    evidence_id: UUID | None
    by_id: UUID
    role: PlanRole
    name: str
    given_name: str
    anchor: int
    label: str
    words: str | None
    observed_on: date
    recorded_at: datetime


def judgements_seen(
    session: Session, *, plan_id: UUID, person: Person, on: date
) -> Sequence[SeenJudgement]:
    """Return the judgements in a plan that this person may see, newest first."""
    rows = session.execute(
        sa.select(
            Judgement.id,
            Judgement.goal_id,
            Judgement.evidence_id,
            Judgement.by_id,
            Judgement.role,
            Person.name,
            Person.given_name,
            ScaleLevel.anchor,
            ScaleLevel.label,
            Judgement.words,
            Judgement.observed_on,
            Judgement.recorded_at,
        )
        .join(
            ScaleLevel,
            sa.and_(
                ScaleLevel.school_id == Judgement.school_id, ScaleLevel.id == Judgement.level_id
            ),
        )
        .join(
            Person,
            sa.and_(Person.school_id == Judgement.school_id, Person.id == Judgement.by_id),
        )
        .where(
            Judgement.school_id == person.school_id,
            Judgement.plan_id == plan_id,
            VISIBLE[Judgement](person, on),
        )
        .order_by(Judgement.observed_on.desc(), Judgement.recorded_at.desc(), Judgement.id.desc())
    )
    return [SeenJudgement(**row._asdict()) for row in rows]
