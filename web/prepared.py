"""What the page of one student shows a coach besides the trails: goals, drafts, and the work."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import g
from flask_babel import gettext

from tracker.drafts import drafts_of
from tracker.facts import Rater
from tracker.frameworks import items_named
from tracker.goal_lists import SeenGoal
from tracker.judged import SeenJudgement
from tracker.models import FrameworkItem, GoalState, LearningPlan, PlanRole
from tracker.overview import Row
from tracker.pieces import Piece, evidence_of
from tracker.plan_facts import RATERS
from tracker.plans import members_of
from web import trails
from web.files import listed

VIEWS_SHOWN = 3
LOOKED_FOR = (PlanRole.STUDENT, PlanRole.COACH, PlanRole.SUPERVISOR)


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


def newest_views(row: Row) -> dict[UUID, list[UUID]]:
    """Return the ids of the newest views on each active goal and on the pieces that show it."""
    return {
        trail.goal.id: [
            view.id
            for view in sorted(
                trail.judgements, key=lambda view: (view.observed_on, view.recorded_at, view.id)
            )[: -VIEWS_SHOWN - 1 : -1]
        ]
        for trail in row.trails
    }


def views_on_goal(goal_id: UUID, seen: Sequence[SeenJudgement]) -> list[SeenJudgement]:
    """Return what was seen in a goal, and in the pieces that show it, as its drawing does."""
    shows = evidence_of(g.session, goal_id=goal_id, person=g.person, on=g.today)
    return [
        view
        for view in seen
        if view.goal_id == goal_id or (view.goal_id is None and view.evidence_id in shows)
    ]


def told_piece(piece: Piece, seen: Sequence[SeenJudgement]) -> dict[str, Any]:
    """Return a piece with its files and what was seen in it, newest first."""
    return {
        "id": piece.evidence.id,
        "text": piece.text,
        "happened_on": piece.evidence.happened_on,
        "files": listed(piece),
        "goals": list(piece.goals.values()),
        "judgements": trails.timeline(seen, about=piece.evidence.id),
    }


def own_drafts(plan: LearningPlan, known: dict[UUID, SeenGoal]) -> list[dict[str, Any]]:
    """Return what the reader was writing: where, about what, and since when."""
    drafts = drafts_of(g.session, by=g.person, plan_id=plan.id, on=g.today)
    named = [draft.item_id for draft in drafts if draft.item_id is not None]
    items = items_named(g.session, person=g.person, ids=named) if named else ()
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
        for draft in drafts
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


def people_of(plan: LearningPlan, row: Row) -> list[dict[str, Any]]:
    """Return whose view one looks for: the student, the coaches and the supervisors.

    Those of a placement that the reader does not see stay unnamed.
    """
    places = {None, *(placement.id for placement in row.facts.placements)}
    return [
        {"id": member.person_id, "by": RATERS[member.role], "name": member.given_name}
        for member in members_of(g.session, plan=plan, on=g.today)
        if member.role in LOOKED_FOR and member.placement_id in places
    ]


def raters_of(row: Row) -> list[dict[str, Any]]:
    """Return whose marks are drawn, in the order of the raters."""
    raters = {(fact.by, fact.by_id) for fact in row.facts.judgements}
    return [{"by": by, "name": row.names[by_id]} for by, by_id in sorted(raters, key=_drawn_order)]


def _drawn_order(rater: tuple[Rater, UUID]) -> tuple[int, UUID]:
    return list(Rater).index(rater[0]), rater[1]
