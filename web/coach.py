"""Pages of the coach: who needs me, the whole group, and one student for a talk."""

import unicodedata
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from marshmallow import fields
from werkzeug.wrappers import Response

from identity.access import allows
from tracker import signals, spoor
from tracker.conversations import record_talk, talks_of
from tracker.errors import Conflict, Invalid, NotFound
from tracker.facts import DEFAULTS, Rater
from tracker.goals import agree_goal, goals_seen
from tracker.judged import judgements_seen
from tracker.models import Goal, GoalState, LearningPlan, PlanRole
from tracker.overview import Row, rows_for
from tracker.permissions import RATING_IN_SCHOOL, Action, find, roles_of
from tracker.pieces import pieces
from tracker.plan_facts import RATERS
from tracker.plans import members_of
from web import trails
from web.feedback import waiting_rows
from web.files import listed
from web.forms import CODES, MAX_TEXT, Filled, Form, day, fill, words
from web.lessons import choices
from web.prepared import goals_in, own_drafts, told_goal, work_of
from web.words import sentence

blp = Blueprint("coach", __name__, url_prefix="/coach")


TALKS_SHOWN = 10
PIECES_SHOWN = 20
LOOKED_FOR = (PlanRole.STUDENT, PlanRole.COACH, PlanRole.SUPERVISOR)


class TalkForm(Form):
    """What student and coach want to remember of a talk."""

    goal = fields.UUID(load_default=None, error_messages=CODES)
    held_on = day()
    words = words(MAX_TEXT)


class VersionForm(Form):
    """Which words of a goal the coach read."""

    version = fields.Integer(required=True, error_messages=CODES)


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
    shown = [table_row(row, window) for row in rows]
    reasons = [
        {
            **entry,
            "plan_id": row.plan_id,
            "name": row.name,
            "programme": row.programme,
            "mini": _mini_of(entry["signal"].goal_id, shown_row["cells"][0]),
        }
        for row, shown_row in zip(rows, shown, strict=True)
        for entry in _first_of_each_group(trails.reasons(row, on=g.today))
    ]
    reasons.sort(key=lambda entry: signals.place(entry["signal"], entry["name"]))
    return render_template(
        "coach/overview.html",
        today=g.today,
        since=window.from_on,
        reasons=reasons,
        columns=[gettext("Goals")],
        rows=shown,
        sources=trails.sources(),
        waiting=waiting_rows(g.person),
    )


def _first_of_each_group(reasons: list[Any]) -> list[Any]:
    """Return one reason for each kind of attention; `others` holds the rest of its kind."""
    groups: dict[int, Any] = {}
    for entry in reasons:
        first = groups.setdefault(signals.GROUPS[entry["signal"].rule], {**entry, "others": []})
        if first["signal"] is not entry["signal"]:
            first["others"].append(entry)
    return list(groups.values())


def by_name(row: Row) -> tuple[str, UUID]:
    """Return the key that sorts by name, letters with accents among their own."""
    plain = unicodedata.normalize("NFKD", row.name).encode("ascii", "ignore").decode()
    return plain.casefold(), row.plan_id


def table_row(row: Row, window: spoor.Window) -> dict[str, Any]:
    """Return what the table of a group shows of one plan (coach/_group.html)."""
    days = row.activity
    return {
        "plan_id": row.plan_id,
        "name": row.name,
        "programme": row.programme,
        "cells": [trails.minis(row, on=g.today, window=window)],
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


def _mini_of(goal_id: UUID | None, cells: list[Any]) -> Any:
    return next((cell for cell in cells if cell["id"] == goal_id), None)


@blp.get("/plans/<uuid:plan_id>")
@allows(Action.SEE_PLAN)
def student(plan_id: UUID) -> str:
    """Show one student, to prepare a talk."""
    plan = find(g.session, LearningPlan, plan_id, person=g.person, on=g.today)
    return _student_page(plan)


@blp.post("/plans/<uuid:plan_id>/talks")
@allows(Action.RECORD_TALK)
def talk(plan_id: UUID) -> Response | tuple[str, int]:
    """Write down a talk."""
    plan = find(g.session, LearningPlan, plan_id, person=g.person, on=g.today)
    filled = fill(TalkForm(), request.form)
    if not filled.errors:
        about = filled.data.pop("goal")
        goal = find(g.session, Goal, about, person=g.person, on=g.today) if about else None
        try:
            record_talk(
                g.session, by=g.person, plan=plan, goal=goal, on=g.today, at=g.now, **filled.data
            )
            flash(gettext("The talk is written down. You both read it."), "ok")
            return redirect(url_for("coach.student", plan_id=plan.id), 303)
        except Invalid as refusal:
            filled.refuse(refusal)
    return _student_page(plan, filled), 422


@blp.post("/goals/<uuid:goal_id>/agreements")
@allows(Action.AGREE_GOAL)
def agree(goal_id: UUID) -> Response:
    """Stand behind the words of a goal that the page showed."""
    goal = find(g.session, Goal, goal_id, person=g.person, on=g.today)
    filled = fill(VersionForm(), request.form)
    try:
        if filled.errors:
            raise Conflict("goal.changed")
        agree_goal(
            g.session,
            by=g.person,
            goal=goal,
            version=filled.data["version"],
            on=g.today,
            at=g.now,
        )
        flash(gettext("You agreed to this goal."), "ok")
    except Conflict as refusal:
        flash(sentence(refusal.code), "error")
    return redirect(url_for("coach.student", plan_id=goal.plan_id), 303)


def _student_page(plan: LearningPlan, filled: Filled | None = None) -> str:
    rows = rows_for(g.session, reader=g.person, school=g.school, on=g.today, plan_id=plan.id)
    if not rows:
        raise NotFound("plan is closed")
    row = rows[0]
    seen = judgements_seen(g.session, plan_id=plan.id, person=g.person, on=g.today)
    known = goals_seen(g.session, plan_id=plan.id, person=g.person, on=g.today)
    active = [
        {
            **goal,
            **told_goal(known[goal["id"]]),
            "judgements": trails.timeline(seen, about=goal["id"]),
        }
        for goal in trails.goals(row, on=g.today)
    ]
    found = pieces(g.session, person=g.person, on=g.today, plan_ids=[plan.id], limit=PIECES_SHOWN)
    roles = roles_of(g.session, g.person, on=g.today, plan_id=plan.id)
    is_blind = g.school.blind_rating and bool(roles & set(RATING_IN_SCHOOL))
    return render_template(
        "coach/student.html",
        student={"name": row.name, "given_name": row.given_name},
        plan_id=plan.id,
        programme=row.programme,
        placements=trails.running(row, on=g.today),
        today=g.today,
        raters=_raters(row),
        people=_people(plan, row),
        reasons=trails.reasons(row, on=g.today),
        drafts=own_drafts(plan, known),
        waiting=goals_in(known, GoalState.DRAFT),
        goals=active,
        closed=goals_in(known, GoalState.CLOSED),
        work=work_of(plan, seen),
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
        talks=talks_of(g.session, plan_id=plan.id, person=g.person, on=g.today, limit=TALKS_SHOWN),
        lessons=choices(plan_id=plan.id),
        activity=trails.activity_of(row.student_id),
        sources=trails.sources(),
        own_ids={s.goal_id for s in seen if s.by_id == g.person.id}
        | {s.evidence_id for s in seen if s.by_id == g.person.id},
        is_blind=is_blind,
        may_judge=bool(roles & set(RATING_IN_SCHOOL)),
        may_agree=PlanRole.COACH in roles,
        values=filled.values if filled else {},
        errors=filled.sentences() if filled else {},
    )


def _people(plan: LearningPlan, row: Row) -> list[dict[str, Any]]:
    """Return whose view one looks for: the student, the coaches and the supervisors.

    Those of a placement that the reader does not see stay unnamed.
    """
    places = {None, *(placement.id for placement in row.facts.placements)}
    return [
        {"id": member.person_id, "by": RATERS[member.role], "name": member.given_name}
        for member in members_of(g.session, plan=plan, on=g.today)
        if member.role in LOOKED_FOR and member.placement_id in places
    ]


def _raters(row: Row) -> list[dict[str, Any]]:
    raters = {(fact.by, fact.by_id) for fact in row.facts.judgements}
    return [{"by": by, "name": row.names[by_id]} for by, by_id in sorted(raters, key=_drawn_order)]


def _drawn_order(rater: tuple[Rater, UUID]) -> tuple[int, UUID]:
    return list(Rater).index(rater[0]), rater[1]
