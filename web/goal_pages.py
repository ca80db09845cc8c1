"""Pages that show a student's goals: all of a plan, and one with its trail and its story."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import Blueprint, g, render_template

from identity.access import allows
from tracker import progress
from tracker.audience import given_names, viewers_of_evidence, viewers_of_goal
from tracker.conversations import talks_of
from tracker.goal_lists import SeenGoal, goals_seen
from tracker.goal_states import closings_of
from tracker.goal_versions import Agreed, SeenVersion, versions_of
from tracker.judged import judgements_seen
from tracker.models import Goal, GoalState, LearningPlan, LessonChoice
from tracker.overview import Row
from tracker.permissions import Action, find, require
from tracker.pieces import Piece, only, pieces
from tracker.plans import is_open, plan_of
from tracker.spoor import Moment, Size, newest_first
from tracker.units import units_of
from web import trails
from web.files import first_thumbnail
from web.forms import Filled
from web.lessons import choices, moments
from web.student import open_plans, plan_lines, plan_to_read, row_of

blp = Blueprint("goal_pages", __name__, url_prefix="/student/goals")


@blp.get("")
@allows(Action.SEE_GOAL)
def goals() -> str:
    """Show the goals of one plan, by learning unit and leerwerkprestatie."""
    plan = plan_to_read()
    return render_template(
        "student/goals.html",
        plan=plan_lines([plan])[0] if plan else None,
        plans=plan_lines(open_plans()),
        groups=_groups(plan) if plan else [],
    )


@blp.get("/<uuid:goal_id>")
@allows(Action.SEE_GOAL)
def goal(goal_id: UUID) -> str:
    """Show one goal: its trail, what was shown and seen, what was agreed, who can see it."""
    return goal_page(own_goal(goal_id))


def own_goal(goal_id: UUID) -> Goal:
    """Return a goal of the reader's own; who sees somebody else's may not use these pages."""
    found = find(g.session, Goal, goal_id, person=g.person, on=g.today)
    require(g.session, g.person, Action.EDIT_GOAL, on=g.today, plan_id=found.plan_id)
    return found


def _groups(plan: LearningPlan) -> list[dict[str, Any]]:
    """Return each unit with its goals, and last the goals of no unit; parts below their whole."""
    seen = goals_seen(g.session, plan_id=plan.id, person=g.person, on=g.today)
    active = {entry["id"]: entry for entry in trails.goals(row_of(plan), on=g.today)}
    lines = {key: _line(known, active.get(key)) for key, known in seen.items()}
    groups: dict[UUID | None, dict[str, Any]] = {
        unit.id: {
            "title": unit.title,
            "from_on": unit.from_on,
            "last_on": trails.last_day(unit.until_on),
            "goals": [],
        }
        for unit in units_of(g.session, plan_id=plan.id, person=g.person, on=g.today)
    }
    groups[None] = {"title": None, "goals": []}
    for key, known in seen.items():
        lines[key]["parts"] = [lines[part] for part in known.parts]
        if known.parent_id is None:
            groups[known.goal.unit_id]["goals"].append(lines[key])
    for group in groups.values():
        group["goals"].sort(key=lambda line: line["state"] is GoalState.CLOSED)
    return [group for key, group in groups.items() if key is not None or group["goals"]]


def _line(seen: SeenGoal, active: dict[str, Any] | None) -> dict[str, Any]:
    """Return a goal as a list shows it; `trail` is there for an active one."""
    known = seen.goal
    return {
        "id": known.id,
        "title": known.title,
        "kind": known.kind,
        "state": known.state,
        "outcome": known.outcome,
        "target_anchor": known.target_anchor,
        "target_on": known.target_on,
        "is_agreed": seen.agreed is not None,
        "control": known.control,
        "trail": active,
        "parts": [],
    }


def goal_page(found: Goal, filled: Filled | None = None) -> str:
    """Return the page of a goal that the reader holds; `filled`: a closing form that came back."""
    plan = plan_of(g.session, found)
    known = goals_seen(g.session, plan_id=plan.id, person=g.person, on=g.today)
    seen = known[found.id]
    row = row_of(plan)
    shown = pieces(
        g.session,
        person=g.person,
        on=g.today,
        plan_ids=[plan.id],
        conditions=only(goal_id=found.id),
    )
    units = units_of(g.session, plan_id=plan.id, person=g.person, on=g.today)
    talks = talks_of(g.session, plan_id=plan.id, person=g.person, on=g.today)
    versions = versions_of(g.session, goal=found, person=g.person, on=g.today)
    active = {entry["id"]: entry for entry in trails.goals(row, on=g.today)}
    lessons = choices(LessonChoice.goal_id == found.id, plan_id=plan.id)
    return render_template(
        "student/goal.html",
        goal={
            **_line(seen, active.get(found.id)),
            "question": found.question,
            "success": found.success,
            "approach": found.approach,
            "tailoring": found.tailoring,
            "version": found.version,
            "closing_words": found.closing_words,
            "closed_at": found.closed_at,
        },
        plan_id=plan.id,
        plan_is_open=is_open(plan),
        today=g.today,
        parent=_title(known, seen.parent_id),
        parts=[_line(known[key], active.get(key)) for key in seen.parts],
        unit=next((unit.title for unit in units if unit.id == found.unit_id), None),
        items=seen.items,
        agreed=_agreed(seen.agreed),
        versions=[_version(*pair) for pair in zip(versions, [*versions[1:], None], strict=True)],
        # The last closing of a closed goal stands at the top.
        closings=closings_of(g.session, goal=found)[found.state is GoalState.CLOSED :],
        judgements=trails.timeline(_judgements(found, shown)),
        evidence=_evidence(shown),
        talks=[talk for talk in talks if talk.goal_id == found.id],
        lessons=lessons,
        viewers=viewers_of_goal(g.session, found, g.today),
        values=filled.values if filled else {},
        errors=filled.sentences() if filled else {},
        **_trail(found, row, moments(lessons).get(found.id, [])),
    )


def _trail(found: Goal, row: Row, chosen: Sequence[Moment]) -> dict[str, Any]:
    """Return the large drawing of one goal, and its facts for the table; also of a closed one."""
    fact = next(fact for fact in row.facts.goals if fact.id == found.id)
    facts = replace(row.facts, goals=[replace(fact, is_active=True)])
    (trail,) = progress.trails(facts, on=g.today, thresholds=row.thresholds)
    return {
        "drawing": trails.drawing(row, trail, on=g.today, size=Size.LARGE, moments=chosen),
        "seen": newest_first(trail.judgements, on=g.today),
        "placements": [
            {"company": s.company, "from_on": s.from_on, "last_on": trails.last_day(s.until_on)}
            for s in row.facts.placements
        ],
        "names": row.names,
        "momentum": trail.momentum,
    }


def _judgements(found: Goal, shown: Sequence[Piece]) -> list[Any]:
    """Return what was seen of this goal: of itself, and of its pieces as a whole."""
    ids = {piece.evidence.id for piece in shown}
    return [
        seen
        for seen in judgements_seen(g.session, plan_id=found.plan_id, person=g.person, on=g.today)
        if seen.goal_id == found.id or (seen.goal_id is None and seen.evidence_id in ids)
    ]


def _evidence(shown: Sequence[Piece]) -> list[dict[str, Any]]:
    can_see = viewers_of_evidence(
        g.session,
        school_id=g.school.id,
        evidence_ids=[piece.evidence.id for piece in shown],
        on=g.today,
    )
    return [
        {
            "id": piece.evidence.id,
            "text": piece.text,
            "happened_on": piece.evidence.happened_on,
            "thumbnail_url": first_thumbnail(piece),
            "seen_by": given_names(can_see.get(piece.evidence.id, [])),
        }
        for piece in shown
    ]


def _version(seen: SeenVersion, before: SeenVersion | None) -> dict[str, Any]:
    """Return a version with the target it moved away from, if it did."""
    now, then = seen.version, before.version if before else None
    is_moved = then is not None and now.target_on != then.target_on
    return {
        "number": now.number,
        "written_at": now.written_at,
        "title": now.title,
        "question": now.question,
        "success": now.success,
        "target_anchor": now.target_anchor,
        "target_on": now.target_on,
        "moved_from": then.target_on if then and is_moved else None,
        "agreed": _agreed(seen.agreed),
    }


def _agreed(agreed: Agreed | None) -> dict[str, Any] | None:
    return {"name": agreed.given_name, "at": agreed.at} if agreed else None


def _title(known: dict[UUID, SeenGoal], key: UUID | None) -> dict[str, Any] | None:
    return {"id": key, "title": known[key].goal.title} if key is not None else None
