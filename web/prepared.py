"""What the page of one student shows a coach besides the trails: goals, drafts, and the work."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import g
from flask_babel import gettext

from tracker.drafts import drafts_of
from tracker.goal_versions import SeenGoal
from tracker.judged import SeenJudgement
from tracker.models import FrameworkItem, GoalState, LearningPlan
from web import trails


def told_goal(known: SeenGoal) -> dict[str, Any]:
    """Return what a goal says, and who stands behind its newest words."""
    goal = known.goal
    return {
        "id": goal.id,
        "title": goal.title,
        "kind": goal.kind,
        "question": goal.question,
        "success": goal.success,
        "approach": goal.approach,
        "target_anchor": goal.target_anchor,
        "target_on": goal.target_on,
        "version": goal.version,
        "outcome": goal.outcome,
        "closing_words": goal.closing_words,
        "agreed": known.agreed,
        "items": known.items,
    }


def goals_in(known: dict[UUID, SeenGoal], state: GoalState) -> list[dict[str, Any]]:
    """Return the goals that are in one state, oldest first."""
    return [told_goal(seen) for seen in known.values() if seen.goal.state is state]


def own_drafts(
    plan: LearningPlan, known: dict[UUID, SeenGoal], items: Sequence[FrameworkItem]
) -> list[dict[str, Any]]:
    """Return what the reader was writing: where, about what, and since when."""
    titles = {item.id: f"{item.code} {item.title}" for item in items}
    return [
        {
            "id": draft.id,
            "title": known[draft.goal_id].goal.title
            if draft.goal_id in known
            else titles.get(draft.item_id, gettext("Evidence"))
            if draft.item_id
            else gettext("Evidence"),
            "words": draft.words,
            "changed_at": draft.changed_at,
        }
        for draft in drafts_of(g.session, by=g.person, plan_id=plan.id, on=g.today)
    ]


def work_of(
    items: Sequence[FrameworkItem], about: Mapping[UUID, Sequence[SeenJudgement]]
) -> list[dict[str, Any]]:
    """Return the items of the plan's framework, each with what was seen last."""
    return [
        {
            "id": item.id,
            "code": item.code,
            "title": item.title,
            "is_part": item.parent_id is not None,
            "last": next(iter(trails.timeline(about.get(item.id, ())[:1])), None),
        }
        for item in items
    ]
