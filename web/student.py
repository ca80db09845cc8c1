"""Pages of the student: the next step, a new goal, logging evidence, and one piece."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, g, redirect, render_template, request, url_for
from marshmallow import fields, validate
from werkzeug.wrappers import Response

from identity.access import allows, takes_files
from tracker.attachments import MAX_BYTES
from tracker.db import new_id
from tracker.errors import Invalid
from tracker.evidence import MAX_FILES, KeptFile, Piece, log_evidence, pieces, viewers
from tracker.frameworks import items_of
from tracker.goals import add_goal, goals_seen
from tracker.judgements import SeenJudgement, judgements_seen
from tracker.models import (
    Audience,
    Evidence,
    FrameworkItemKind,
    LearningPlan,
    Placement,
    PlanRole,
)
from tracker.overview import Row, rows_for
from tracker.permissions import Action, find
from tracker.placements import running_placements
from tracker.plans import current_plan, is_open, members_of, own_plans
from tracker.scales import default_levels
from web import trails
from web.files import first_thumbnail, listed
from web.forms import (
    CODES,
    DATE_CODES,
    MAX_TEXT,
    MAX_TITLE,
    Filled,
    Form,
    fill,
    keep_files,
    kept_token,
    words,
)

blp = Blueprint("student", __name__, url_prefix="/student")
NEWS = 4
RECENT = 5
NOBODY = "nobody"


class GoalForm(Form):
    """A goal in the student's own words."""

    question = words(MAX_TEXT)
    title = words(MAX_TITLE)
    success = words(MAX_TEXT)
    target_anchor = fields.Integer(
        required=True,
        validate=validate.Range(0, 3, error="not_a_choice"),
        error_messages=CODES,
    )
    target_on = fields.Date(required=True, error_messages=DATE_CODES)
    item_ids = fields.List(fields.UUID(error_messages=CODES), load_default=list)


class EvidenceForm(Form):
    """A piece of evidence; `share_with` is nobody, coaches, or a placement's id."""

    evidence_id = fields.UUID(required=True, error_messages=CODES)
    text = words(MAX_TEXT)
    goal_ids = fields.List(fields.UUID(error_messages=CODES), load_default=list)
    has_people = fields.String(
        load_default=None, validate=validate.OneOf(["yes", "no"], error="not_a_choice")
    )
    own_level = fields.UUID(load_default=None, error_messages=CODES)
    happened_on = fields.Date(required=True, error_messages=DATE_CODES)
    share_with = words(40)


@blp.get("")
@allows(Action.SEE_PLAN)
def start() -> str:
    """Show the next step, the goals, and what is new."""
    plan = _plan()
    row = _row(plan) if plan else None
    goals: list[Any] = []
    seen: Sequence[SeenJudgement] = []
    found: Sequence[Piece] = []
    if plan is not None and row is not None:
        seen = judgements_seen(g.session, plan_id=plan.id, person=g.person, on=g.today)
        found = pieces(g.session, person=g.person, on=g.today, plan_ids=[plan.id], limit=RECENT)
        goals = [
            {**goal, "judgements": trails.timeline(seen, about=goal["id"])}
            for goal in trails.goals(row, on=g.today)
        ]
    can_see = viewers(
        g.session,
        school_id=g.school.id,
        evidence_ids=[piece.evidence.id for piece in found],
        on=g.today,
    )
    titles = {goal["id"]: goal["title"] for goal in goals}
    return render_template(
        "student/start.html",
        student=g.person,
        today=g.today,
        companies=[stay["company"] for stay in trails.running(row, on=g.today)] if row else [],
        goals=goals,
        next_step=_next_step(row, goals) if row and goals else None,
        news=[_news(judgement, titles, found) for judgement in _by_others(seen)[:NEWS]],
        evidence=[
            {
                "id": piece.evidence.id,
                "text": piece.text,
                "happened_on": piece.evidence.happened_on,
                "thumbnail_url": first_thumbnail(piece),
                "seen_by": [viewer.given_name for viewer in can_see.get(piece.evidence.id, [])],
            }
            for piece in found
        ],
        activity=trails.activity_of(g.person.id),
        sources=trails.sources(),
    )


def _plan() -> LearningPlan | None:
    plans = own_plans(g.session, person=g.person, on=g.today)
    return next((plan for plan in plans if is_open(plan)), None)


def _row(plan: LearningPlan) -> Row:
    return rows_for(g.session, reader=g.person, school=g.school, on=g.today, plan_id=plan.id)[0]


def _next_step(row: Row, goals: list[Any]) -> dict[str, Any]:
    """Return one step: what a signal asks, else the goal that waits longest for a first view."""
    by_id = {goal["id"]: goal for goal in goals}
    signal = row.signals[0] if row.signals else None
    unseen = [goal for goal in goals if not goal["standings"]]
    goal = by_id.get(signal.goal_id) if signal and signal.goal_id else None
    goal = goal or (unseen or goals)[0]
    reason = trails.reasons(row, on=g.today, signals=[signal] if signal else [])
    return {
        **(reason[0] if reason else {"signal": None, "today": g.today, "places": {}}),
        "goal_id": goal["id"],
        "goal_title": goal["title"],
        "target_anchor": goal["target_anchor"],
        "target_on": goal["target_on"],
        "drawing": goal["drawing"],
        "names": goal["names"],
    }


def _by_others(seen: Sequence[SeenJudgement]) -> list[SeenJudgement]:
    return [judgement for judgement in seen if judgement.role is not PlanRole.STUDENT]


def _news(
    judgement: SeenJudgement, titles: dict[UUID, str], found: Sequence[Piece]
) -> dict[str, Any]:
    texts = {piece.evidence.id: piece.text for piece in found}
    about = judgement.goal_id or judgement.evidence_id
    return {
        "rater": {"name": judgement.name, "given_name": judgement.given_name},
        "role": judgement.role,
        "anchor": judgement.anchor,
        "label": judgement.label,
        "words": judgement.words,
        "observed_on": judgement.observed_on,
        "goal_title": {**titles, **texts}.get(about, "") if about else "",
        "evidence_id": judgement.evidence_id,
    }


@blp.get("/goals/new")
@allows(Action.ADD_GOAL)
def new_goal() -> str:
    """Show the form for a goal, perhaps begun with an example."""
    return _goal_page(Filled({"title": request.args.get("title", "")[:MAX_TITLE]}))


@blp.post("/goals/new")
@allows(Action.ADD_GOAL)
def save_goal() -> Response | tuple[str, int]:
    """Save a goal; who has no plan yet begins one."""
    filled = fill(GoalForm(), request.form, lists=("item_ids",))
    if not filled.errors:
        data = filled.data
        plan = current_plan(g.session, student=g.person, on=g.today, at=g.now)
        wanted = set(data.pop("item_ids"))
        items = items_of(g.session, person=g.person, framework_id=plan.framework_id)
        try:
            add_goal(
                g.session,
                by=g.person,
                plan=plan,
                items=[item for item in items if item.id in wanted],
                on=g.today,
                at=g.now,
                **data,
            )
            return redirect(url_for("student.start"), 303)
        except Invalid as refusal:
            filled.refuse(refusal)
    return _goal_page(filled), 422


def _goal_page(filled: Filled) -> str:
    plan = _plan()
    framework_id = plan.framework_id if plan else None
    items = items_of(g.session, person=g.person, framework_id=framework_id)
    return render_template(
        "student/goal_new.html",
        values=filled.values,
        errors=filled.sentences(),
        items=[item for item in items if item.kind is not FrameworkItemKind.KERNTAAK],
        today=g.today,
    )


@blp.get("/evidence/new")
@allows(Action.LOG_EVIDENCE)
def new_evidence() -> str:
    """Show the form for evidence, perhaps for one goal."""
    values = {
        "evidence_id": str(new_id()),
        "goal_ids": [request.args["goal"]] if "goal" in request.args else [],
        "happened_on": g.today.isoformat(),
    }
    return _evidence_page(Filled(values), [])


@blp.post("/evidence/new")
@allows(Action.LOG_EVIDENCE)
@takes_files(MAX_FILES * MAX_BYTES)
def save_evidence() -> Response | tuple[str, int]:
    """Save a piece; sent twice it is one piece, and what is not right yet comes back whole."""
    filled = fill(EvidenceForm(), request.form, lists=("goal_ids", "kept_files"))
    files: list[KeptFile] = []
    try:
        files = keep_files(request.files.getlist("files"), request.form.getlist("kept_files"))
    except Invalid as refusal:
        filled.refuse(refusal)
    if files and not filled.errors and filled.data["has_people"] is None:
        filled.errors["has_people"] = "people.unanswered"
    if not filled.errors:
        try:
            evidence = _log(filled.data, files)
            return redirect(url_for("student.sent", evidence_id=evidence.id), 303)
        except Invalid as refusal:
            filled.refuse(refusal)
    return _evidence_page(filled, files), 422


def _log(data: dict[str, Any], files: list[KeptFile]) -> Evidence:
    plan = current_plan(g.session, student=g.person, on=g.today, at=g.now)
    goals = goals_seen(g.session, plan_id=plan.id, person=g.person, on=g.today)
    levels = {level.id: level for level in default_levels(g.session, school_id=g.school.id)}
    placement, share_with = _audience(plan, data["share_with"])
    return log_evidence(
        g.session,
        key=data["evidence_id"],
        by=g.person,
        plan=plan,
        goals=[goals[goal_id].goal for goal_id in data["goal_ids"] if goal_id in goals],
        text=data["text"],
        happened_on=data["happened_on"],
        has_people=data["has_people"] == "yes",
        placement=placement,
        share_with=share_with,
        files=files,
        own_level=levels.get(data["own_level"]),
        on=g.today,
        at=g.now,
    )


def _audience(plan: LearningPlan, choice: str) -> tuple[Placement | None, list[Audience]]:
    """Return the placement and the audiences behind one choice of readers."""
    if choice == NOBODY:
        return None, []
    if choice == Audience.COACHES:
        return None, [Audience.COACHES]
    for placement, _ in running_placements(g.session, person=g.person, plan=plan, on=g.today):
        if str(placement.id) == choice:
            return placement, [Audience.COACHES, Audience.PLACEMENT]
    raise Invalid(share_with="not_a_choice")


def _evidence_page(filled: Filled, files: list[KeptFile]) -> str:
    plan = _plan()
    goals: list[Any] = []
    placements: list[Any] = []
    coaches: list[str] = []
    if plan is not None:
        seen = goals_seen(g.session, plan_id=plan.id, person=g.person, on=g.today)
        goals = [{"id": known.goal.id, "title": known.goal.title} for known in seen.values()]
        members = members_of(g.session, plan=plan, on=g.today)
        coaches = [m.given_name for m in members if m.role is PlanRole.COACH]
        placements = [
            {
                "id": placement.id,
                "company": company.name,
                "supervisors": [m.given_name for m in members if m.placement_id == placement.id],
                "until_on": trails.last_day(placement.until_on),
            }
            for placement, company in running_placements(
                g.session, person=g.person, plan=plan, on=g.today
            )
        ]
    return render_template(
        "student/evidence_new.html",
        values=filled.values,
        errors=filled.sentences(),
        kept_files=[{"digest": kept_token(file), "name": file.name} for file in files],
        goals=goals,
        items=[],
        levels=default_levels(g.session, school_id=g.school.id),
        coaches=coaches,
        placements=placements,
        today=g.today,
    )


@blp.get("/evidence/<uuid:evidence_id>/sent")
@allows(Action.SEE_EVIDENCE)
def sent(evidence_id: UUID) -> str:
    """Say that it arrived, who can see it, and show it on the trail."""
    evidence = find(g.session, Evidence, evidence_id, person=g.person, on=g.today)
    piece = _piece(evidence)
    row = rows_for(
        g.session, reader=g.person, school=g.school, on=g.today, plan_id=evidence.plan_id
    )[0]
    can_see = viewers(g.session, school_id=g.school.id, evidence_ids=[evidence.id], on=g.today)
    return render_template(
        "student/evidence_sent.html",
        evidence=evidence,
        seen_by=[viewer.given_name for viewer in can_see.get(evidence.id, [])],
        trails=[goal for goal in trails.goals(row, on=g.today) if goal["id"] in piece.goals],
    )


@blp.get("/evidence/<uuid:evidence_id>")
@allows(Action.SEE_EVIDENCE)
def evidence(evidence_id: UUID) -> str:
    """Show one piece: who can see it, and what was seen in it."""
    found = find(g.session, Evidence, evidence_id, person=g.person, on=g.today)
    piece = _piece(found)
    can_see = viewers(g.session, school_id=g.school.id, evidence_ids=[found.id], on=g.today)
    seen = judgements_seen(g.session, plan_id=found.plan_id, person=g.person, on=g.today)
    return render_template(
        "student/evidence.html",
        evidence={
            "id": found.id,
            "text": piece.text,
            "happened_on": found.happened_on,
            "received_at": found.received_at,
            "files": listed(piece),
            "goals": list(piece.goals.values()),
        },
        audience=[
            {
                "name": viewer.name,
                "role": viewer.role,
                "until_on": _last_day(viewer.until_on),
            }
            for viewer in can_see.get(found.id, [])
        ],
        judgements=trails.timeline(seen, about=found.id),
    )


def _last_day(until_on: date | None) -> date | None:
    return trails.last_day(until_on) if until_on else None


def _piece(evidence: Evidence) -> Piece:
    return pieces(
        g.session,
        person=g.person,
        on=g.today,
        plan_ids=[evidence.plan_id],
        evidence_id=evidence.id,
    )[0]
