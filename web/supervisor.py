"""Pages of the praktijkopleider: what students show, looked at in half a minute."""

from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask_babel import gettext
from marshmallow import fields
from werkzeug.wrappers import Response

from identity.access import allows, takes_files
from tracker.attachments import MAX_BYTES
from tracker.comments import add_comment, thread
from tracker.errors import Invalid, NotFound
from tracker.goal_lists import goals_seen
from tracker.judged import SeenJudgement, judgements_seen
from tracker.judgements import judge, waits_for
from tracker.lengths import MAX_WORDS
from tracker.models import Evidence, Goal, LearningPlan, PlanRole
from tracker.overview import Row, for_supervisor
from tracker.permissions import Action, find
from tracker.pieces import Piece, pieces
from tracker.plan_facts import RATERS
from tracker.plans import members_of, plan_of
from tracker.scales import default_levels
from tracker.signals import Rule, place
from web import trails
from web.feedback import owed_of, thread_url, waiting_rows
from web.files import listed
from web.forms import CHOICE, Filled, Form, fill, words
from web.group_table import by_name
from web.voices import read_voice

blp = Blueprint("supervisor", __name__, url_prefix="/supervisor")
NOT_SEEN = "not_seen"


class LookForm(Form):
    """What was seen: a level's id or "not_seen", and perhaps a tip."""

    level = fields.String(required=True, error_messages=CHOICE)
    words = words(MAX_WORDS, required=False)


@blp.get("")
@allows(Action.SEE_OVERVIEW)
def start() -> str:
    """Show what waits to be looked at, and the students."""
    rows = _rows()
    rows.sort(key=by_name)
    companies = {stay["company"]: None for row in rows for stay in trails.running(row, on=g.today)}
    names = {row.plan_id: row.given_name for row in rows}
    waiting = _waiting(rows)
    requests = waiting_rows(g.person)
    asked = {row["url"]: row for row in requests["mine"]}
    shown = {thread_url(evidence_id=piece.evidence.id): piece for piece in waiting}
    return render_template(
        "supervisor/start.html",
        given_name=g.person.given_name,
        companies=list(companies),
        waiting=[
            {
                "id": piece.evidence.id,
                "student": names[piece.evidence.plan_id],
                "text": piece.text,
                "happened_on": piece.evidence.happened_on,
                "files": len(piece.files_for(g.person)),
                "asked": asked.get(url),
            }
            for url, piece in shown.items()
        ],
        requests={**requests, "mine": [r for r in requests["mine"] if r["url"] not in shown]},
        ending=_ending(rows, waiting),
        students=[
            {
                "name": row.name,
                "given_name": row.given_name,
                "workplaces": _workplaces(row),
                "until_on": max(stay["until_on"] for stay in running),
                "trails": _seen_last_first(trails.goals(row, on=g.today)),
            }
            for row in rows
            # Somebody with another place in the plan sees it without a running placement too.
            if (running := trails.running(row, on=g.today))
        ],
    )


def _rows() -> list[Row]:
    return for_supervisor(g.session, supervisor=g.person, school=g.school, on=g.today)


def _ending(rows: list[Row], waiting: list[Piece]) -> list[dict[str, Any]]:
    """Return which placements end without the reader's view, the first to end first."""
    shown = {piece.evidence.plan_id: piece.evidence.id for piece in reversed(waiting)}
    found = [
        {
            **trails.reasons(row, on=g.today, signals=[signal])[0],
            "student": row.given_name,
            "evidence_id": shown.get(row.plan_id),
        }
        for row in rows
        for signal in row.signals
        if signal.rule is Rule.PLACEMENT_ENDS
    ]
    return sorted(found, key=lambda entry: place(entry["signal"], entry["student"]))


def _workplaces(row: Row) -> list[dict[str, Any]]:
    """Return the placements of today, of which the reader may say what they offer."""
    return [
        {"id": stay.id, "company": stay.company}
        for stay in row.facts.placements
        if stay.from_on <= g.today < stay.until_on
    ]


def _waiting(rows: list[Row]) -> list[Piece]:
    """Return what is shared and not yet answered by this reader, oldest first."""
    plan_ids = [row.plan_id for row in rows]
    found = pieces(
        g.session,
        person=g.person,
        on=g.today,
        plan_ids=plan_ids,
        conditions=waits_for(g.person),
    )
    return list(reversed(found))


def _seen_last_first(goals: list[Any]) -> list[dict[str, Any]]:
    """Return a student's goals, the one that anybody saw last in front, with the own view."""

    def seen_on(goal: Any) -> date:
        return max((s["last"].observed_on for s in goal["standings"]), default=date.min)

    return [_with_own(goal) for goal in sorted(goals, key=seen_on, reverse=True)]


def _with_own(goal: Any) -> dict[str, Any]:
    own = [s["last"] for s in goal["standings"] if s["last"].by_id == g.person.id]
    return {**goal, "own": own[0] if own else None}


@blp.get("/evidence/<uuid:evidence_id>")
@allows(Action.JUDGE)
def evidence(evidence_id: UUID) -> str:
    """Show one piece and ask what the reader saw; the student's own view comes after."""
    found = find(g.session, Evidence, evidence_id, person=g.person, on=g.today)
    return _evidence_page(found, Filled({}))


@blp.post("/evidence/<uuid:evidence_id>")
@allows(Action.JUDGE)
@takes_files(MAX_BYTES)
def look(evidence_id: UUID) -> Response | tuple[str, int]:
    """Save what the reader saw, of the piece and of each goal that it shows."""
    found = find(g.session, Evidence, evidence_id, person=g.person, on=g.today)
    filled = fill(LookForm(), request.form)
    if not filled.errors:
        try:
            with g.session.begin_nested():
                _answer(found, filled.data)
            return redirect(url_for("supervisor.done", evidence_id=found.id), 303)
        except Invalid as refusal:
            filled.refuse(refusal)
    return _evidence_page(found, filled), 422


def _answer(found: Evidence, data: dict[str, Any]) -> None:
    """Judge the piece; who did not see it says so, which answers and judges nothing."""
    voice = read_voice()
    if data["level"] == NOT_SEEN:
        if voice is not None:
            raise Invalid(recording="voice.needs_level")
        said = data["words"] or gettext("I have not seen this.")
        add_comment(g.session, by=g.person, subject=found, words=said, on=g.today, at=g.now)
        return
    plan = plan_of(g.session, found)
    levels = {
        str(level.id): level
        for level in default_levels(g.session, school_id=g.school.id, plan=plan)
    }
    if data["level"] not in levels:
        raise Invalid(level="not_a_choice")
    goals = goals_seen(g.session, plan_id=plan.id, person=g.person, on=g.today)
    shown: list[Goal | None] = [goals[key].goal for key in _piece(found).goals if key in goals]
    for goal in shown or [None]:
        judge(
            g.session,
            by=g.person,
            plan=plan,
            goal=goal,
            evidence=found,
            level=levels[data["level"]],
            words=data["words"],
            voice=voice,
            observed_on=g.today,
            on=g.today,
            at=g.now,
        )


def _evidence_page(found: Evidence, filled: Filled) -> str:
    piece = _piece(found)
    plan = find(g.session, LearningPlan, found.plan_id, person=g.person, on=g.today)
    members = members_of(g.session, plan=plan, on=g.today)
    student = next(m for m in members if m.role is PlanRole.STUDENT)
    coaches = [m.given_name for m in members if m.role is PlanRole.COACH]
    return render_template(
        "supervisor/evidence.html",
        student={"given_name": student.given_name},
        evidence={
            "id": found.id,
            "text": piece.text,
            "happened_on": found.happened_on,
            "files": listed(piece),
            "goals": list(piece.goals.values()),
        },
        levels=default_levels(g.session, school_id=g.school.id, plan=plan),
        readers=[student.given_name, *coaches],
        owed=owed_of(thread(g.session, subject=found, person=g.person, on=g.today)),
        declining=Filled({}),
        earlier=next((s for s in _views(found) if s.by_id == g.person.id), None),
        values=filled.values,
        errors=filled.sentences(),
    )


@blp.get("/evidence/<uuid:evidence_id>/done")
@allows(Action.SEE_EVIDENCE)
def done(evidence_id: UUID) -> str:
    """Thank, show both views, and offer the next piece."""
    found = find(g.session, Evidence, evidence_id, person=g.person, on=g.today)
    rows = _rows()
    row = next((row for row in rows if row.plan_id == found.plan_id), None)
    if row is None:
        raise NotFound("plan is closed")
    shown = _piece(found).goals
    last: dict[UUID, SeenJudgement] = {}
    for seen in reversed(_views(found)):
        last[seen.by_id] = seen
    waiting = [piece.evidence.id for piece in _waiting(rows) if piece.evidence.id != found.id]
    return render_template(
        "supervisor/done.html",
        given_name=g.person.given_name,
        student=row.given_name,
        trails=[goal for goal in trails.goals(row, on=g.today) if goal["id"] in shown and last],
        views=[
            {"by": RATERS[seen.role], "name": seen.given_name, "last": seen}
            for seen in last.values()
        ],
        next_id=waiting[0] if waiting else None,
    )


def _views(found: Evidence) -> list[SeenJudgement]:
    seen = judgements_seen(g.session, plan_id=found.plan_id, person=g.person, on=g.today)
    return [judgement for judgement in seen if judgement.evidence_id == found.id]


def _piece(found: Evidence) -> Piece:
    return pieces(
        g.session, person=g.person, on=g.today, plan_ids=[found.plan_id], evidence_id=found.id
    )[0]
