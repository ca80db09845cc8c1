"""Giving a view on a goal, a werkproces or a piece; kept as a draft, and sent when it is ready.

The same pages for everybody who may judge in the plan.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request
from flask_babel import gettext
from marshmallow import fields
from werkzeug.wrappers import Response

from identity.access import allows, takes_files
from tracker.attachments import MAX_BYTES
from tracker.drafts import delete_draft, edit_draft, hold_draft, publish_draft, save_draft
from tracker.errors import Invalid
from tracker.judged import judgements_seen
from tracker.judgements import judge
from tracker.lengths import MAX_WORDS
from tracker.models import (
    Aspect,
    JudgementDraft,
    LearningPlan,
    PlanRole,
    ScaleLevel,
)
from tracker.permissions import RATING_IN_SCHOOL, Action, find, roles_of
from tracker.plans import plan_of
from tracker.scales import default_levels
from tracker.signing import sign
from web import trails
from web.forms import CODES, Filled, Form, day, fill, words
from web.subjects import (
    Subject,
    about_draft,
    about_evidence,
    about_goal,
    about_item,
    home,
    student_of,
    told_evidence,
    told_goal,
)
from web.voices import read_voice

blp = Blueprint("judging", __name__, url_prefix="/judge")
SEND, KEEP, THROW = "send", "keep", "throw"
EYES = {PlanRole.STUDENT: "self", PlanRole.SUPERVISOR: "supervisor"}


class ViewForm(Form):
    """A view, perhaps not ready yet; `version` is the state of the draft that the page showed."""

    level = fields.UUID(load_default=None, error_messages=CODES)
    aspect = fields.Enum(
        Aspect, by_value=True, load_default=None, error_messages={"unknown": "not_a_choice"}
    )
    observed_on = day()
    sign = words(3, required=False)
    version = words(40, required=False)
    words = words(MAX_WORDS, required=False)


@blp.get("/goals/<uuid:goal_id>")
@allows(Action.JUDGE)
def goal(goal_id: UUID) -> str:
    """Ask for a view on a goal."""
    return _page(about_goal(goal_id), Filled({}))


@blp.post("/goals/<uuid:goal_id>")
@allows(Action.JUDGE)
@takes_files(MAX_BYTES)
def judge_goal(goal_id: UUID) -> Response | tuple[str, int]:
    """Save a view on a goal."""
    return _save(about_goal(goal_id))


@blp.get("/evidence/<uuid:evidence_id>")
@allows(Action.JUDGE)
def evidence(evidence_id: UUID) -> str:
    """Ask for a view on a piece of evidence."""
    return _page(about_evidence(evidence_id), Filled({}))


@blp.post("/evidence/<uuid:evidence_id>")
@allows(Action.JUDGE)
@takes_files(MAX_BYTES)
def judge_evidence(evidence_id: UUID) -> Response | tuple[str, int]:
    """Save a view on a piece of evidence."""
    return _save(about_evidence(evidence_id))


@blp.get("/plans/<uuid:plan_id>/items/<uuid:item_id>")
@allows(Action.JUDGE)
def item(plan_id: UUID, item_id: UUID) -> str:
    """Ask for a view on an item of the plan's framework."""
    return _page(about_item(plan_id, item_id), Filled({}))


@blp.post("/plans/<uuid:plan_id>/items/<uuid:item_id>")
@allows(Action.JUDGE)
@takes_files(MAX_BYTES)
def judge_item(plan_id: UUID, item_id: UUID) -> Response | tuple[str, int]:
    """Save a view on an item of the plan's framework."""
    return _save(about_item(plan_id, item_id))


@blp.get("/drafts/<uuid:draft_id>")
@allows(Action.JUDGE)
def draft(draft_id: UUID) -> str:
    """Go on with an own draft."""
    found = find(g.session, JudgementDraft, draft_id, person=g.person, on=g.today)
    return _page(about_draft(found), Filled(_said(found)), draft=found)


@blp.post("/drafts/<uuid:draft_id>")
@allows(Action.JUDGE)
@takes_files(MAX_BYTES)
def save_again(draft_id: UUID) -> Response | tuple[str, int]:
    """Keep an own draft with other words, send it, or throw it away."""
    found = hold_draft(g.session, draft_id, by=g.person, on=g.today)
    if request.form.get("do") == THROW:
        delete_draft(g.session, by=g.person, draft=found, at=g.now)
        flash(gettext("Your draft is gone."), "ok")
        return redirect(home(plan_of(g.session, found)), 303)
    return _save(about_draft(found), found)


def _said(found: JudgementDraft) -> dict[str, Any]:
    return {
        "level": found.level_id or "",
        "aspect": found.aspect or "",
        "words": found.words or "",
        "observed_on": found.observed_on.isoformat(),
    }


def _save(subject: Subject, found: JudgementDraft | None = None) -> Response | tuple[str, int]:
    """Send or keep what the form says; what is refused comes back with everything in it."""
    filled = fill(ViewForm(), request.form)
    sends = request.form.get("do") != KEEP
    if sends and not filled.errors and filled.data["level"] is None:
        filled.errors["level"] = "not_a_choice"
    if not filled.errors and found is not None and filled.data["version"] != _version(found):
        return _page(subject, filled, draft=found, meanwhile=_said(found)), 409
    if not filled.errors:
        try:
            with g.session.begin_nested():
                _write(subject, found, filled.data, sends=sends)
            return redirect(home(subject.plan), 303)
        except Invalid as refusal:
            filled.refuse(_as_asked(refusal))
    return _page(subject, filled, draft=found), 422


def _as_asked(refusal: Invalid) -> Invalid:
    """Return a refusal under the names that the form's fields have."""
    names = {"level_id": "level", "files": "recording"}
    return Invalid(**{names.get(name, name): code for name, code in refusal.fields.items()})


def _write(
    subject: Subject, found: JudgementDraft | None, data: dict[str, Any], *, sends: bool
) -> None:
    said = {name: data[name] for name in ("aspect", "words", "observed_on")}
    level = _level(subject.plan, data["level"])
    by_at: dict[str, Any] = {"by": g.person, "on": g.today, "at": g.now}
    if found is not None:
        edit_draft(g.session, draft=found, level=level, **said, **by_at)
    if not sends:
        if found is None:
            whole = {"plan": subject.plan, "level": level, **subject.parts, **said}
            save_draft(g.session, **whole, **by_at)
        flash(gettext("Your draft is kept. Only you see it."), "ok")
        return
    voice = read_voice()
    if found is not None:
        judgement = publish_draft(g.session, draft=found, voice=voice, **by_at)
    else:
        whole = {"plan": subject.plan, "level": level, **subject.parts, **said}
        judgement = judge(g.session, voice=voice, **whole, **by_at)
    if data["sign"] == "yes":
        sign(g.session, judgement=judgement, **by_at)
    flash(gettext("Your view is saved."), "ok")


def _level(plan: LearningPlan, key: UUID | None) -> ScaleLevel | None:
    if key is None:
        return None
    levels = {
        level.id: level for level in default_levels(g.session, school_id=g.school.id, plan=plan)
    }
    if key not in levels:
        raise Invalid(level="not_a_choice")
    return levels[key]


def _version(found: JudgementDraft) -> str:
    return found.changed_at.isoformat()


def _page(
    subject: Subject,
    filled: Filled,
    *,
    draft: JudgementDraft | None = None,
    meanwhile: dict[str, Any] | None = None,
) -> str:
    plan = subject.plan
    roles = roles_of(g.session, g.person, on=g.today, plan_id=plan.id)
    role = next((role for role in PlanRole if role in roles), PlanRole.PEER)
    seen = judgements_seen(g.session, plan_id=plan.id, person=g.person, on=g.today)
    about = [s for s in seen if subject.ids <= {s.goal_id, s.item_id, s.evidence_id}]
    has_judged = any(s.by_id == g.person.id for s in about)
    levels = default_levels(g.session, school_id=g.school.id, plan=plan)
    first = {"observed_on": g.today.isoformat()}
    return render_template(
        "coach/judge.html",
        student={"given_name": student_of(plan).given_name},
        back=home(plan),
        goal=told_goal(subject.goal),
        item=subject.item,
        evidence=told_evidence(subject.evidence),
        levels=levels,
        eyes=EYES.get(role, "coach"),
        must_look_first=_looks_first(roles) and not has_judged,
        judgements=trails.timeline(about),
        draft={"version": _version(draft)} if draft else None,
        meanwhile=_told_meanwhile(meanwhile, levels) if meanwhile else None,
        today=g.today,
        values=filled.values or first,
        errors=filled.sentences(),
    )


def _looks_first(roles: frozenset[Any]) -> bool:
    """Whether others' views stay hidden from this rater before the own one."""
    if roles & {PlanRole.STUDENT}:
        return False
    return bool(g.school.blind_rating or not roles & set(RATING_IN_SCHOOL))


def _told_meanwhile(said: dict[str, Any], levels: Sequence[ScaleLevel]) -> dict[str, Any]:
    words = {level.id: level.label for level in levels}
    return {"label": words.get(said["level"]), "words": said["words"]}
