"""Judging what was seen: dated, by one person in one role, added and never changed."""

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
    PlanMember,
    PlanRole,
    Purpose,
    ScaleLevel,
)
from tracker.permissions import Action, holds, require


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
        purpose=Purpose.FORMATIVE,
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
        sa.select(PlanMember.placement_id).where(
            PlanMember.school_id == plan.school_id,
            PlanMember.plan_id == plan.id,
            PlanMember.person_id == by.id,
            PlanMember.role == PlanRole.SUPERVISOR,
            holds(PlanMember, on),
        )
    ).all()
    placement_id = evidence.placement_id if evidence else None
    if placement_id is None or placement_id not in placements:
        raise NotAllowed("not of the own placement")
    return placement_id
