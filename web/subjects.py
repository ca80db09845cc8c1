"""What a view is about, found for its reader, and what pages repeat of it above a form."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import g, url_for

from tracker.models import (
    Evidence,
    FrameworkItem,
    Goal,
    JudgementDraft,
    LearningPlan,
    Person,
    PlanRole,
)
from tracker.permissions import RATING_IN_SCHOOL, find, roles_of
from tracker.pieces import pieces
from tracker.plans import plan_of
from web.files import listed


@dataclass(frozen=True)
class Subject:
    """What a view is about, with its plan."""

    plan: LearningPlan
    goal: Goal | None = None
    item: FrameworkItem | None = None
    evidence: Evidence | None = None

    @property
    def parts(self) -> dict[str, Any]:
        """Return it as the tracker takes it."""
        return {"goal": self.goal, "item": self.item, "evidence": self.evidence}

    @property
    def ids(self) -> set[UUID]:
        """Return the ids of what it is about."""
        return {part.id for part in self.parts.values() if part is not None}


def about_goal(goal_id: UUID) -> Subject:
    """Return a goal that the reader may see; raises NotFound."""
    found = find(g.session, Goal, goal_id, person=g.person, on=g.today)
    return Subject(plan_of(g.session, found), goal=found)


def about_evidence(evidence_id: UUID) -> Subject:
    """Return a piece that the reader may see; raises NotFound."""
    found = find(g.session, Evidence, evidence_id, person=g.person, on=g.today)
    return Subject(plan_of(g.session, found), evidence=found)


def about_item(plan_id: UUID, item_id: UUID) -> Subject:
    """Return an item of a framework in a plan that the reader may see; raises NotFound."""
    plan = find(g.session, LearningPlan, plan_id, person=g.person, on=g.today)
    return Subject(plan, item=find(g.session, FrameworkItem, item_id, person=g.person, on=g.today))


def about_draft(found: JudgementDraft) -> Subject:
    """Return what a draft is about, as far as it is still shown to its author."""

    def part(model: type[Any], key: UUID | None) -> Any:
        return None if key is None else find(g.session, model, key, person=g.person, on=g.today)

    return Subject(
        plan_of(g.session, found),
        goal=part(Goal, found.goal_id),
        item=part(FrameworkItem, found.item_id),
        evidence=part(Evidence, found.evidence_id),
    )


def home(plan: LearningPlan) -> str:
    """Return where the reader came from: the page of the student, or the own start."""
    roles = roles_of(g.session, g.person, on=g.today, plan_id=plan.id)
    if roles & set(RATING_IN_SCHOOL):
        return url_for("talk.student", plan_id=plan.id)
    if PlanRole.SUPERVISOR in roles:
        return url_for("supervisor.start")
    return url_for("identity.start")


def student_of(plan: LearningPlan) -> Person:
    """Return whose plan it is."""
    return find(g.session, Person, plan.student_id, person=g.person, on=g.today)


def told_goal(found: Goal | None) -> dict[str, Any] | None:
    """Return a goal as pages repeat it above a form."""
    if found is None:
        return None
    return {name: getattr(found, name) for name in ("title", "question", "success")}


def told_evidence(found: Evidence | None) -> dict[str, Any] | None:
    """Return a piece as pages repeat it above a form."""
    if found is None:
        return None
    shown = pieces(
        g.session, person=g.person, on=g.today, plan_ids=[found.plan_id], evidence_id=found.id
    )
    return {
        "text": shown[0].text,
        "happened_on": found.happened_on,
        "files": listed(shown[0]),
        "goals": list(shown[0].goals.values()),
    }
