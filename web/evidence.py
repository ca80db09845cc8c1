"""Pages of the student's evidence: logging a piece, and one piece."""

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
from tracker.goals import goals_seen
from tracker.judgements import judgements_seen
from tracker.models import (
    Audience,
    Evidence,
    LearningPlan,
    Placement,
    PlanRole,
)
from tracker.overview import rows_for
from tracker.permissions import Action, find
from tracker.placements import running_placements
from tracker.plans import current_plan, members_of
from tracker.scales import default_levels
from web import trails
from web.files import listed
from web.forms import (
    CODES,
    DATE_CODES,
    MAX_TEXT,
    Filled,
    Form,
    fill,
    keep_files,
    kept_token,
    words,
)
from web.student import plan_at_hand

blp = Blueprint("evidence", __name__, url_prefix="/student/evidence")
NOBODY = "nobody"


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


@blp.get("/new")
@allows(Action.LOG_EVIDENCE)
def new_evidence() -> str:
    """Show the form for evidence, perhaps for one goal."""
    values = {
        "evidence_id": str(new_id()),
        "goal_ids": [request.args["goal"]] if "goal" in request.args else [],
        "happened_on": g.today.isoformat(),
    }
    return _evidence_page(Filled(values), [])


@blp.post("/new")
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
            return redirect(url_for("evidence.sent", evidence_id=evidence.id), 303)
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
    plan = plan_at_hand()
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


@blp.get("/<uuid:evidence_id>/sent")
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


@blp.get("/<uuid:evidence_id>")
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
