"""Pages of the coach: who needs me, the whole group, and one student for a talk."""

import unicodedata
from typing import Any
from uuid import UUID

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask_babel import gettext
from marshmallow import fields
from werkzeug.wrappers import Response

from identity.access import allows
from tracker import progress, spoor
from tracker.errors import Invalid, NotFound
from tracker.evidence import pieces
from tracker.goals import goals_seen
from tracker.judgements import judge, judgements_seen
from tracker.models import Goal, LearningPlan, PlanRole
from tracker.overview import Row, rows_for
from tracker.permissions import ALLOWED, Action, find, roles_of
from tracker.progress import DEFAULTS
from tracker.scales import default_levels
from tracker.spoor import Size
from web import trails
from web.files import listed
from web.forms import CODES, DATE_CODES, MAX_TEXT, Filled, Form, fill, words

blp = Blueprint("coach", __name__, url_prefix="/coach")


class JudgementForm(Form):
    """A coach's view on a goal."""

    level = fields.UUID(required=True, error_messages=CODES)
    words = words(MAX_TEXT, required=False)
    observed_on = fields.Date(required=True, error_messages=DATE_CODES)


@blp.get("")
@allows(Action.SEE_OVERVIEW)
def overview() -> str:
    """Show who needs attention and why, then everybody by name."""
    rows = rows_for(
        g.session,
        reader=g.person,
        school=g.school,
        on=g.today,
        roles=(PlanRole.COACH, PlanRole.TEAM),
    )
    rows.sort(key=by_name)
    window = spoor.window_since(
        [j.observed_on for row in rows for j in row.facts.judgements], on=g.today, limits=DEFAULTS
    )
    shown = [_table_row(row, window) for row in rows]
    reasons = [
        {
            **entry,
            "plan_id": row.plan_id,
            "name": row.name,
            "programme": row.programme,
            "drawing": _drawing_of(entry["signal"].goal_id, shown_row["cells"][0]),
        }
        for row, shown_row in zip(rows, shown, strict=True)
        for entry in _first_of_each_group(trails.reasons(row, on=g.today))
    ]
    reasons.sort(key=lambda entry: progress.place(entry["signal"], entry["name"]))
    return render_template(
        "coach/overview.html",
        today=g.today,
        since=window.from_on,
        reasons=reasons,
        columns=[gettext("Goals")],
        rows=shown,
        sources=trails.sources(),
    )


def _first_of_each_group(reasons: list[Any]) -> list[Any]:
    """Return one reason for each kind of attention; `others` holds the rest of its kind."""
    groups: dict[int, Any] = {}
    for entry in reasons:
        first = groups.setdefault(progress.GROUPS[entry["signal"].rule], {**entry, "others": []})
        if first["signal"] is not entry["signal"]:
            first["others"].append(entry)
    return list(groups.values())


def by_name(row: Row) -> tuple[str, UUID]:
    """Return the key that sorts by name, letters with accents among their own."""
    plain = unicodedata.normalize("NFKD", row.name).encode("ascii", "ignore").decode()
    return plain.casefold(), row.plan_id


def _table_row(row: Row, window: spoor.Window) -> dict[str, Any]:
    days = row.activity
    return {
        "plan_id": row.plan_id,
        "name": row.name,
        "programme": row.programme,
        "cells": [trails.goals(row, on=g.today, size=Size.MINI, window=window)],
        "momentum": row.measures.momentum,
        "last_shared_on": row.last_shared_on,
        "placements": trails.running(row, on=g.today),
        "activity": {
            "count": sum(day.count for day in days),
            "last_on": days[-1].occurred_on,
            "source": days[-1].source,
        }
        if days
        else None,
    }


def _drawing_of(goal_id: UUID | None, cells: list[Any]) -> Any:
    return next((cell["drawing"] for cell in cells if cell["id"] == goal_id), None)


@blp.get("/plans/<uuid:plan_id>")
@allows(Action.SEE_PLAN)
def student(plan_id: UUID) -> str:
    """Show one student, to prepare a talk."""
    plan = find(g.session, LearningPlan, plan_id, person=g.person, on=g.today)
    return _student_page(plan)


@blp.post("/goals/<uuid:goal_id>/judgements")
@allows(Action.JUDGE)
def judge_goal(goal_id: UUID) -> Response | tuple[str, int]:
    """Save the coach's view on a goal."""
    goal = find(g.session, Goal, goal_id, person=g.person, on=g.today)
    plan = find(g.session, LearningPlan, goal.plan_id, person=g.person, on=g.today)
    filled = fill(JudgementForm(), request.form)
    levels = {level.id: level for level in default_levels(g.session, school_id=g.school.id)}
    if not filled.errors and filled.data["level"] not in levels:
        filled.errors["level"] = "not_a_choice"
    if not filled.errors:
        try:
            judge(
                g.session,
                by=g.person,
                plan=plan,
                goal=goal,
                level=levels[filled.data["level"]],
                words=filled.data["words"],
                observed_on=filled.data["observed_on"],
                on=g.today,
                at=g.now,
            )
            return redirect(url_for("coach.student", plan_id=plan.id), 303)
        except Invalid as refusal:
            filled.refuse(refusal)
    return _student_page(plan, goal.id, filled), 422


def _student_page(
    plan: LearningPlan, judged_goal: UUID | None = None, filled: Filled | None = None
) -> str:
    rows = rows_for(g.session, reader=g.person, school=g.school, on=g.today, plan_id=plan.id)
    if not rows:
        raise NotFound("plan is closed")
    row = rows[0]
    seen = judgements_seen(g.session, plan_id=plan.id, person=g.person, on=g.today)
    known = goals_seen(g.session, plan_id=plan.id, person=g.person, on=g.today)
    shown = [
        {
            **goal,
            "question": known[goal["id"]].goal.question,
            "success": known[goal["id"]].goal.success,
            "items": known[goal["id"]].items,
            "judgements": trails.timeline(seen, about=goal["id"]),
        }
        for goal in trails.goals(row, on=g.today)
    ]
    found = pieces(g.session, person=g.person, on=g.today, plan_ids=[plan.id], limit=20)
    roles = roles_of(g.session, g.person, on=g.today, plan_id=plan.id)
    return render_template(
        "coach/student.html",
        student={"name": row.name, "given_name": row.given_name},
        programme=row.programme,
        placements=trails.running(row, on=g.today),
        today=g.today,
        raters=_raters(row),
        reasons=trails.reasons(row, on=g.today),
        goals=shown,
        evidence=[
            {
                "id": piece.evidence.id,
                "text": piece.text,
                "happened_on": piece.evidence.happened_on,
                "files": listed(piece),
                "goals": list(piece.goals.values()),
                "judgements": trails.timeline(seen, about=piece.evidence.id),
            }
            for piece in found
        ],
        activity=trails.activity_of(row.student_id),
        sources=trails.sources(),
        levels=default_levels(g.session, school_id=g.school.id),
        may_judge=bool(roles & ALLOWED[Action.JUDGE] & {PlanRole.COACH}),
        judged_goal=judged_goal,
        values=filled.values if filled else {},
        errors=filled.sentences() if filled else {},
    )


def _raters(row: Row) -> list[dict[str, Any]]:
    raters = {(fact.by, fact.by_id) for fact in row.facts.judgements}
    return [{"by": by, "name": row.names[by_id]} for by, by_id in sorted(raters, key=_drawn_order)]


def _drawn_order(rater: tuple[progress.Rater, UUID]) -> tuple[int, UUID]:
    return list(progress.Rater).index(rater[0]), rater[1]
