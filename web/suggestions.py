"""What the form for evidence offers, and what it suggests: a guess that the student may change."""

from dataclasses import dataclass
from typing import Any

from flask import g
from flask_babel import gettext

from tracker.frameworks import items_of
from tracker.goal_lists import goals_seen
from tracker.models import (
    Audience,
    EvidenceContext,
    EvidenceKind,
    FrameworkItem,
    FrameworkItemKind,
    Goal,
    GoalState,
    LearningPlan,
    PlanRole,
)
from tracker.pieces import Piece, pieces
from tracker.placements import running_placements
from tracker.plans import members_of
from tracker.shares import open_shares
from web import trails

NOBODY = "nobody"


@dataclass(frozen=True)
class Offer:
    """What a plan has to choose from; everything empty when there is no plan yet."""

    goals: list[Goal]
    items: list[FrameworkItem]
    coaches: list[str]
    placements: list[dict[str, Any]]


def offer(plan: LearningPlan | None) -> Offer:
    """Return the goals that go on, the work, the coaches and the running placements of a plan."""
    if plan is None:
        return Offer([], [], [], [])
    seen = goals_seen(g.session, plan_id=plan.id, person=g.person, on=g.today)
    members = members_of(g.session, plan=plan, on=g.today)
    items = items_of(g.session, person=g.person, framework_id=plan.framework_id)
    running = running_placements(g.session, person=g.person, plan=plan, on=g.today)
    return Offer(
        goals=[known.goal for known in seen.values() if known.goal.state is not GoalState.CLOSED],
        items=[item for item in items if item.kind is not FrameworkItemKind.KERNTAAK],
        coaches=[
            member.given_name
            for member in members
            if member.role in {PlanRole.COACH, PlanRole.TEAM}
        ],
        placements=[
            {
                "id": placement.id,
                "placement": placement,
                "company": company.name,
                "supervisors": [m.given_name for m in members if m.placement_id == placement.id],
                "until_on": trails.last_day(placement.until_on),
            }
            for placement, company in running
        ],
    )


def suggested(plan: LearningPlan | None, offered: Offer, *, goal_id: str | None) -> dict[str, Any]:
    """Return first answers: the goal asked for, else what the last piece had; never about people.

    Readers as last time; the first time those of the running placement, else the coaches.
    """
    last = _last(plan)
    goal_ids = [goal_id] if goal_id else [str(key) for key in last.goals] if last else []
    known = {str(goal.id) for goal in offered.goals}
    return {
        "goal_ids": [key for key in goal_ids if key in known],
        "kind": EvidenceKind.WORK.value,
        "place": _place(last, offered),
        "share_with": _readers(last, offered),
    }


def _last(plan: LearningPlan | None) -> Piece | None:
    if plan is None:
        return None
    found = pieces(g.session, person=g.person, on=g.today, plan_ids=[plan.id], limit=1)
    return found[0] if found else None


def _place(last: Piece | None, offered: Offer) -> str:
    running = [str(placement["id"]) for placement in offered.placements]
    likely = next(iter(running), "")
    if last is None:
        return likely
    if str(last.evidence.placement_id) in running:
        return str(last.evidence.placement_id)
    context = last.evidence.context
    return likely if context in {None, EvidenceContext.WORKPLACE} else str(context)


def _readers(last: Piece | None, offered: Offer) -> str:
    choices = {str(placement["id"]): placement for placement in offered.placements}
    coaches = Audience.COACHES.value if offered.coaches else NOBODY
    if last is None:
        return next(iter(choices), coaches)
    shares = open_shares(g.session, last.evidence, on=g.today)
    for share in shares:
        if str(share.placement_id) in choices:
            return str(share.placement_id)
    return coaches if any(share.audience is Audience.COACHES for share in shares) else NOBODY


def kind_words() -> dict[str, str]:
    """Return what each kind of evidence is called."""
    return {
        EvidenceKind.WORK: gettext("Work"),
        EvidenceKind.REFLECTION: gettext("Reflection"),
        EvidenceKind.FEEDBACK: gettext("Feedback"),
        EvidenceKind.CERTIFICATE: gettext("Certificate"),
    }


def state_words() -> dict[str, str]:
    """Return what each state of evidence is called."""
    return {
        "private": gettext("Only me"),
        "shared": gettext("Shared"),
        "withdrawn": gettext("Withdrawn"),
    }


def place_words(offered: Offer) -> dict[str, str]:
    """Return the places where it may have happened, by what the form sends."""
    return {
        "": gettext("I would rather not say"),
        **{str(placement["id"]): placement["company"] for placement in offered.placements},
        EvidenceContext.SCHOOL.value: gettext("At school"),
        EvidenceContext.ELSEWHERE.value: gettext("Somewhere else"),
    }
