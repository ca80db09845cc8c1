"""Pages of the student's evidence: logging a piece, and one piece."""

from typing import Any
from uuid import UUID

from flask import Blueprint, g, redirect, render_template, request, url_for
from marshmallow import fields, validate
from werkzeug.wrappers import Response

from identity.access import allows, takes_files
from tracker.attachments import MAX_BYTES
from tracker.audience import given_names, viewers_of_evidence
from tracker.db import new_id
from tracker.errors import Invalid, NotFound
from tracker.evidence import MAX_FILES, log_evidence
from tracker.goal_lists import goals_seen
from tracker.lengths import MAX_EVIDENCE
from tracker.models import (
    Audience,
    Evidence,
    EvidenceContext,
    EvidenceKind,
    Goal,
    LearningPlan,
    Placement,
)
from tracker.overview import rows_for
from tracker.permissions import Action, find
from tracker.pieces import pieces
from tracker.plans import check_open, current_plan, is_open, plan_of
from tracker.scales import default_levels
from web import trails
from web.forms import (
    CHOICE,
    CODES,
    Filled,
    Form,
    Uploads,
    day,
    fill,
    kept_token,
    read_uploads,
    words,
)
from web.pieces import check_known, own_piece, piece_page
from web.student import plan_at_hand
from web.suggestions import NOBODY, kind_words, offer, place_words, suggested

blp = Blueprint("evidence", __name__, url_prefix="/student/evidence")
AT_MORE = ("kind", "place", "item_ids", "happened_on")


class EvidenceForm(Form):
    """A piece of evidence.

    `share_with` is nobody, coaches, or a placement's id; `place` a placement's id, or where else.
    """

    evidence_id = fields.UUID(required=True, error_messages=CODES)
    kind = fields.Enum(
        EvidenceKind, by_value=True, load_default=EvidenceKind.WORK, error_messages=CHOICE
    )
    text = words(MAX_EVIDENCE, required=False)
    goal_ids = fields.List(fields.UUID(error_messages=CODES), load_default=list)
    item_ids = fields.List(fields.UUID(error_messages=CODES), load_default=list)
    has_people = fields.String(
        load_default=None, validate=validate.OneOf(["yes", "no"], error="not_a_choice")
    )
    own_level = fields.UUID(load_default=None, error_messages=CODES)
    happened_on = day()
    place = words(40, required=False)
    share_with = words(40)


@blp.get("/new")
@allows(Action.LOG_EVIDENCE)
def new_evidence() -> str:
    """Show the form for evidence, perhaps for one goal, with what is likely filled in."""
    goal_id = request.args.get("goal")
    plan = _plan(goal_id)
    if plan is not None:
        check_open(plan)
    values = {
        "evidence_id": str(new_id()),
        "happened_on": g.today.isoformat(),
        **suggested(plan, offer(plan), goal_id=goal_id),
    }
    return _form(plan, Filled(values), Uploads())


@blp.post("/new")
@allows(Action.LOG_EVIDENCE)
@takes_files(MAX_FILES * MAX_BYTES)
def save_evidence() -> Response | tuple[str, int]:
    """Save a piece; sent twice it is one piece, and what is not right yet comes back whole."""
    plan = _plan(request.args.get("goal"))
    filled = fill(EvidenceForm(), request.form, lists=("goal_ids", "item_ids", "kept_files"))
    uploads, refused = read_uploads(
        request.files.getlist("files"), request.form.getlist("kept_files")
    )
    if refused is not None:
        filled.refuse(refused)
    if uploads.files and not filled.errors and filled.data["has_people"] is None:
        filled.errors["has_people"] = "people.unanswered"
    if not filled.errors:
        try:
            with g.session.begin_nested():
                evidence = _log(plan, filled.data, uploads)
        except Invalid as refusal:
            codes = {"own_level_id": "own_level", "level_id": "own_level", "placement_id": "place"}
            filled.errors.update(
                {codes.get(name, name): code for name, code in refusal.fields.items()}
            )
        else:
            uploads.keep()
            return redirect(url_for("evidence.sent", evidence_id=evidence.id), 303)
    uploads.keep()  # the form comes back, and its files with it
    return _form(plan, filled, uploads), 422


def _plan(goal_id: str | None) -> LearningPlan | None:
    """Return the plan of the goal that was asked for, else the plan at hand."""
    if goal_id is not None and "plan" not in request.args:
        try:
            goal = find(g.session, Goal, UUID(goal_id), person=g.person, on=g.today)
        except ValueError:
            raise NotFound("no goal") from None
        plan = plan_of(g.session, goal)
        if plan.student_id == g.person.id and is_open(plan):
            return plan
    return plan_at_hand()


def _log(named: LearningPlan | None, data: dict[str, Any], uploads: Uploads) -> Evidence:
    plan = named or current_plan(g.session, student=g.person, on=g.today, at=g.now)
    goals = goals_seen(g.session, plan_id=plan.id, person=g.person, on=g.today)
    levels = {v.id: v for v in default_levels(g.session, school_id=g.school.id, plan=plan)}
    if data["own_level"] is not None and data["own_level"] not in levels:
        raise Invalid(own_level="not_a_choice")
    offered = offer(plan)
    placement, context = _where(data["place"], data["share_with"], offered.placements)
    share_with = [Audience.COACHES] if data["share_with"] != NOBODY else []
    if data["share_with"] not in {NOBODY, Audience.COACHES}:
        share_with.append(Audience.PLACEMENT)
    wanted = set(data["item_ids"])
    check_known(data, goals=goals, items=offered.items)
    return log_evidence(
        g.session,
        key=data["evidence_id"],
        by=g.person,
        plan=plan,
        kind=data["kind"],
        goals=[goals[goal_id].goal for goal_id in data["goal_ids"]],
        items=[item for item in offered.items if item.id in wanted],
        text=data["text"] or "",
        happened_on=data["happened_on"],
        has_people=data["has_people"] == "yes",
        context=context,
        placement=placement,
        share_with=share_with,
        files=uploads.files,
        own_level=levels[data["own_level"]] if data["own_level"] else None,
        on=g.today,
        at=g.now,
    )


def _where(
    place: str | None, share_with: str, running: list[dict[str, Any]]
) -> tuple[Placement | None, EvidenceContext | None]:
    """Return the placement of a piece, and where it happened.

    Who shares with a placement's supervisors says that it belongs to that placement, also when it
    happened at school.
    """
    placements = {str(each["id"]): each["placement"] for each in running}
    contexts = {EvidenceContext.SCHOOL.value, EvidenceContext.ELSEWHERE.value}
    if place and place not in placements and place not in contexts:
        raise Invalid(place="not_a_choice")
    if share_with not in {NOBODY, Audience.COACHES} and share_with not in placements:
        raise Invalid(share_with="not_a_choice")
    if place in placements and share_with in placements and place != share_with:
        raise Invalid(share_with="share.other_placement")
    placement = placements.get(share_with) or placements.get(place or "")
    if place in contexts:
        return placement, EvidenceContext(place)
    return placement, EvidenceContext.WORKPLACE if place else None


def _form(plan: LearningPlan | None, filled: Filled, uploads: Uploads) -> str:
    offered = offer(plan)
    return render_template(
        "student/evidence_new.html",
        values=filled.values,
        errors=filled.sentences(),
        kept_files=[{"digest": kept_token(file), "name": file.name} for file in uploads.files],
        goals=[{"id": goal.id, "title": goal.title} for goal in offered.goals],
        items=offered.items,
        levels=default_levels(g.session, school_id=g.school.id, plan=plan),
        coaches=offered.coaches,
        placements=offered.placements,
        kinds=kind_words(),
        places=place_words(offered),
        more_open=any(name in filled.errors for name in AT_MORE),
        today=g.today,
    )


@blp.get("/<uuid:evidence_id>/sent")
@allows(Action.SEE_EVIDENCE)
def sent(evidence_id: UUID) -> str:
    """Say that it arrived, who can see it, and show it on the trail."""
    evidence = own_piece(evidence_id)
    (piece,) = pieces(
        g.session,
        person=g.person,
        on=g.today,
        plan_ids=[evidence.plan_id],
        evidence_id=evidence.id,
    )
    rows = rows_for(
        g.session, reader=g.person, school=g.school, on=g.today, plan_id=evidence.plan_id
    )
    can_see = viewers_of_evidence(
        g.session, school_id=g.school.id, evidence_ids=[evidence.id], on=g.today
    )
    drawn = trails.goals(rows[0], on=g.today) if rows else []
    return render_template(
        "student/evidence_sent.html",
        evidence=evidence,
        seen_by=given_names(can_see.get(evidence.id, [])),
        trails=[goal for goal in drawn if goal["id"] in piece.goals],
    )


@blp.get("/<uuid:evidence_id>")
@allows(Action.SEE_EVIDENCE)
def evidence(evidence_id: UUID) -> str:
    """Show one piece: who can see it, and what was seen in it."""
    return piece_page(find(g.session, Evidence, evidence_id, person=g.person, on=g.today))
