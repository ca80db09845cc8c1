"""Pages of evidence that is there: all of it, one piece, other words, and who may see it."""

import re
from collections.abc import Container, Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from marshmallow import fields
from werkzeug.wrappers import Response

from identity.access import allows
from tracker.audience import Viewer, given_names, viewers_of_evidence
from tracker.errors import Conflict, Invalid
from tracker.evidence import edit_evidence
from tracker.goal_lists import goals_seen
from tracker.judged import judgements_seen
from tracker.lengths import MAX_EVIDENCE
from tracker.models import (
    Audience,
    Evidence,
    EvidenceKind,
    EvidenceShare,
    EvidenceState,
    FrameworkItem,
    LearningPlan,
    Person,
    PlanRole,
)
from tracker.permissions import Action, find, lock, require
from tracker.pieces import Piece, only, pieces, pieces_of, versions_of
from tracker.plans import is_open, plan_of
from tracker.shares import is_judged, open_shares, state_on
from web import trails
from web.files import first_thumbnail, listed
from web.forms import CODES, Filled, Form, fill, words
from web.student import open_plans, plan_lines, plan_to_read
from web.suggestions import Offer, kind_words, offer, state_words

blp = Blueprint("pieces", __name__, url_prefix="/student/evidence")
ON_A_PAGE = 20


class EditForm(Form):
    """Other words, goals or work for the piece that was read as this version."""

    text = words(MAX_EVIDENCE, required=False)
    goal_ids = fields.List(fields.UUID(error_messages=CODES), load_default=list)
    item_ids = fields.List(fields.UUID(error_messages=CODES), load_default=list)
    version = fields.Integer(required=True, error_messages=CODES)


@blp.get("")
@allows(Action.SEE_EVIDENCE)
def all_evidence() -> str:
    """Show the reader's own evidence, newest first; what is chosen stands in the address."""
    plan = plan_to_read()
    chosen = {name: request.args.get(name, "") for name in ("kind", "state", "goal", "page")}
    found = _page_of(plan, chosen) if plan else []
    number = _number(chosen["page"])
    readers = viewers_of_evidence(
        g.session,
        school_id=g.school.id,
        evidence_ids=[piece.evidence.id for piece in found],
        on=g.today,
    )
    goals = {str(goal.id): goal.title for goal in offer(plan).goals}
    if plan and chosen["goal"] and chosen["goal"] not in goals:
        goals |= {str(key): title for piece in found for key, title in piece.goals.items()}
    return render_template(
        "student/evidence_all.html",
        plan=plan_lines([plan])[0] if plan else None,
        plans=plan_lines(open_plans()),
        pieces=[_line(piece, readers.get(piece.evidence.id, [])) for piece in found[:ON_A_PAGE]],
        chosen=chosen,
        is_filtered=any(chosen[name] for name in ("kind", "state", "goal")),
        kinds=kind_words(),
        states=state_words(),
        goals=goals,
        number=number,
        has_next=len(found) > ON_A_PAGE,
    )


def _page_of(plan: LearningPlan, chosen: dict[str, str]) -> Sequence[Piece]:
    """Return one page of pieces and one more; what cannot be chosen finds nothing."""
    try:
        conditions = only(
            kind=EvidenceKind(chosen["kind"]) if chosen["kind"] else None,
            goal_id=UUID(chosen["goal"]) if chosen["goal"] else None,
        )
        if chosen["state"]:
            conditions.append(state_on(g.today) == EvidenceState(chosen["state"]))
    except ValueError:
        return []
    return pieces(
        g.session,
        person=g.person,
        on=g.today,
        plan_ids=[plan.id],
        conditions=conditions,
        skip=(_number(chosen["page"]) - 1) * ON_A_PAGE,
        limit=ON_A_PAGE + 1,
    )


def _number(page: str) -> int:
    return int(page) if re.fullmatch(r"[1-9]\d{0,4}", page, re.ASCII) else 1


def _line(piece: Piece, readers: Sequence[Viewer]) -> dict[str, Any]:
    return {
        "id": piece.evidence.id,
        "text": piece.text,
        "kind": piece.evidence.kind,
        "state": piece.state,
        "happened_on": piece.evidence.happened_on,
        "thumbnail_url": first_thumbnail(piece),
        "goals": list(piece.goals.values()),
        "seen_by": given_names(readers),
    }


def piece_page(evidence: Evidence, share: Filled | None = None) -> str:
    """Return the page of one piece: who can see it, and what was seen in it."""
    (piece,) = pieces_of(g.session, [evidence], person=g.person, on=g.today)
    is_own = evidence.author_id == g.person.id
    plan = plan_of(g.session, evidence)
    viewers = viewers_of_evidence(
        g.session, school_id=g.school.id, evidence_ids=[evidence.id], on=g.today
    ).get(evidence.id, [])
    if not is_own:  # whom a student asks beside the plan is between the two of them
        viewers = [viewer for viewer in viewers if viewer.role is not PlanRole.PEER]
    seen = judgements_seen(g.session, plan_id=evidence.plan_id, person=g.person, on=g.today)
    shares = open_shares(g.session, evidence, on=g.today)
    offered = offer(plan) if is_own else None
    may_change = is_own and is_open(plan)
    filled = share or Filled({})
    return render_template(
        "student/evidence.html",
        evidence={
            "id": evidence.id,
            "text": piece.text,
            "kind": evidence.kind,
            "state": piece.state,
            "has_people": evidence.has_people,
            "happened_on": evidence.happened_on,
            "received_at": evidence.received_at,
            "withdrawn_at": evidence.withdrawn_at,
            "files": listed(piece),
            "goals": [{"id": key, "title": title} for key, title in piece.goals.items()],
            "work": list(piece.items.values()),
        },
        kinds=kind_words(),
        viewers=viewers,
        in_school=any(share.audience is Audience.COACHES for share in shares),
        student=None if is_own else g.session.get(Person, (g.school.id, evidence.author_id)),
        versions=[
            {"number": version.number, "text": version.text, "written_at": version.written_at}
            for version in versions_of(g.session, evidence, person=g.person)
        ],
        judgements=trails.timeline(seen, about=evidence.id),
        is_own=is_own,
        may_edit=may_change and piece.state is not EvidenceState.WITHDRAWN,
        is_judged=is_own and is_judged(g.session, evidence),
        shares=_shares(offered, shares, viewers) if offered else [],
        audiences=_audiences(offered, shares) if offered and may_change else [],
        values=filled.values,
        errors=filled.sentences(),
    )


def _shares(
    offered: Offer, shares: Sequence[EvidenceShare], viewers: Sequence[Viewer]
) -> list[dict[str, Any]]:
    """Return the shares that go on, with who that means."""
    at_work = {placement["id"]: placement for placement in offered.placements}
    found = []
    for share in shares:
        if share.audience is Audience.COACHES:
            names = offered.coaches
        elif share.audience is Audience.PLACEMENT:
            place = at_work.get(share.placement_id)
            names = (place["supervisors"] or [place["company"]]) if place else []
        else:
            names = [viewer.name for viewer in viewers if viewer.person_id == share.person_id]
        found.append({"id": share.id, "audience": share.audience, "names": names})
    return found


def _audiences(offered: Offer, shares: Sequence[EvidenceShare]) -> list[dict[str, Any]]:
    """Return to whom a piece can still be shown: {value, names, until_on or None}."""
    shown = {share.placement_id or share.audience for share in shares}
    found = []
    if offered.coaches and Audience.COACHES not in shown:
        found.append({"value": "coaches", "names": offered.coaches, "until_on": None})
    found.extend(
        {
            "value": str(place["id"]),
            "names": place["supervisors"] or [place["company"]],
            "until_on": place["until_on"],
        }
        for place in offered.placements
        if place["id"] not in shown
    )
    return found


@blp.get("/<uuid:evidence_id>/edit")
@allows(Action.EDIT_EVIDENCE)
def edit(evidence_id: UUID) -> str:
    """Show the form for other words, goals or work."""
    evidence = own_piece(evidence_id)
    (piece,) = pieces_of(g.session, [evidence], person=g.person, on=g.today)
    if piece.state is EvidenceState.WITHDRAWN:
        raise Conflict("evidence.withdrawn")
    return _edit_form(evidence, Filled(_values(evidence)))


@blp.post("/<uuid:evidence_id>/edit")
@allows(Action.EDIT_EVIDENCE)
def save_edit(evidence_id: UUID) -> Response | tuple[str, int]:
    """Save the next version; when it was changed elsewhere meanwhile, show both texts."""
    evidence = own_piece(evidence_id)
    lock(g.session, evidence)
    filled = fill(EditForm(), request.form, lists=("goal_ids", "item_ids"))
    if filled.errors:
        return _edit_form(evidence, filled), 422
    current = _values(evidence)
    if filled.data["version"] != current["version"]:
        filled.values["version"] = current["version"]
        return _edit_form(evidence, filled, current=current), 409
    offered = offer(plan_of(g.session, evidence))
    goals = goals_seen(g.session, plan_id=evidence.plan_id, person=g.person, on=g.today)
    wanted = set(filled.data["item_ids"])
    try:
        check_known(filled.data, goals=goals, items=offered.items)
        edit_evidence(
            g.session,
            by=g.person,
            evidence=evidence,
            text=filled.data["text"] or "",
            goals=[goals[key].goal for key in filled.data["goal_ids"]],
            items=[item for item in offered.items if item.id in wanted],
            on=g.today,
            at=g.now,
        )
    except Invalid as refusal:
        filled.refuse(refusal)
        return _edit_form(evidence, filled), 422
    flash(gettext("Your evidence is changed."), "ok")
    return redirect(url_for("evidence.evidence", evidence_id=evidence.id), 303)


def check_known(
    data: dict[str, Any], *, goals: Container[UUID], items: Sequence[FrameworkItem]
) -> None:
    """Check that every goal and part that a form names can be chosen; raises Invalid."""
    wrong = {}
    if any(key not in goals for key in data["goal_ids"]):
        wrong["goal_ids"] = "not_a_choice"
    if set(data["item_ids"]) - {item.id for item in items}:
        wrong["item_ids"] = "not_a_choice"
    if wrong:
        raise Invalid(**wrong)


def own_piece(evidence_id: UUID) -> Evidence:
    """Return a piece that the reader may change; raises NotFound, NotAllowed."""
    evidence = find(g.session, Evidence, evidence_id, person=g.person, on=g.today)
    require(g.session, g.person, Action.EDIT_EVIDENCE, on=g.today, plan_id=evidence.plan_id)
    return evidence


def _values(evidence: Evidence) -> dict[str, Any]:
    """Return a piece as its form is filled in."""
    (piece,) = pieces_of(g.session, [evidence], person=g.person, on=g.today)
    return {
        "text": piece.text,
        "goal_ids": [str(key) for key in piece.goals],
        "item_ids": [str(key) for key in piece.items],
        "version": piece.version.number,
    }


def _edit_form(evidence: Evidence, filled: Filled, *, current: dict[str, Any] | None = None) -> str:
    (piece,) = pieces_of(g.session, [evidence], person=g.person, on=g.today)
    offered = offer(plan_of(g.session, evidence))
    titles = {goal.id: goal.title for goal in offered.goals} | piece.goals
    return render_template(
        "student/evidence_edit.html",
        evidence_id=evidence.id,
        values=filled.values,
        errors=filled.sentences(),
        current=current,
        has_files=bool(piece.attachments),
        goals=[{"id": key, "title": title} for key, title in titles.items()],
        items=offered.items,
    )
