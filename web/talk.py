"""One student, to prepare a talk and to have it."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from marshmallow import fields
from werkzeug.wrappers import Response

from identity.access import allows
from tracker.conversations import record_talk, talks_of
from tracker.errors import Conflict, Invalid, NotFound
from tracker.facts import Rater
from tracker.frameworks import items_of
from tracker.goals import agree_goal, goals_seen
from tracker.judged import by_subject, judgements_seen
from tracker.models import Goal, GoalState, LearningPlan, PlanRole
from tracker.overview import Row, rows_for
from tracker.permissions import RATING_IN_SCHOOL, Action, find, roles_of
from tracker.pieces import pieces
from tracker.plan_facts import RATERS
from tracker.plans import members_of
from web import trails
from web.agenda import absences, news, with_figures, workplaces
from web.feedback import waiting_seen
from web.files import listed
from web.forms import CODES, MAX_TEXT, Filled, Form, day, fill, words
from web.group_table import kept
from web.lessons import choices
from web.prepared import goals_in, own_drafts, told_goal, work_of
from web.reasons import entries
from web.words import sentence

blp = Blueprint("talk", __name__, url_prefix="/coach")


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


@blp.get("/plans/<uuid:plan_id>")
@allows(Action.SEE_PLAN)
def student(plan_id: UUID) -> str:
    """Show one student, to prepare a talk."""
    return page(plan_seen(plan_id))


@blp.post("/plans/<uuid:plan_id>/talks")
@allows(Action.RECORD_TALK)
def record(plan_id: UUID) -> Response | tuple[str, int]:
    """Write down a talk."""
    plan = plan_seen(plan_id)
    filled = fill(TalkForm(), request.form)
    if not filled.errors:
        about = filled.data.pop("goal")
        goal = find(g.session, Goal, about, person=g.person, on=g.today) if about else None
        try:
            record_talk(
                g.session, by=g.person, plan=plan, goal=goal, on=g.today, at=g.now, **filled.data
            )
            flash(gettext("The talk is written down. You both read it."), "ok")
            return back_to(plan.id)
        except Invalid as refusal:
            filled.refuse(refusal)
    return page(plan, filled), 422


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
    return back_to(goal.plan_id)


def plan_seen(plan_id: UUID) -> LearningPlan:
    """Return the plan of an address, if the reader may see it."""
    return find(g.session, LearningPlan, plan_id, person=g.person, on=g.today)


def back_to(plan_id: UUID, anchor: str | None = None) -> Response:
    """Return to the page of the student, and later to the same part of the overview."""
    return redirect(url_for("talk.student", plan_id=plan_id, _anchor=anchor, **kept()), 303)


def page(plan: LearningPlan, filled: Filled | None = None) -> str:
    """Return the page of one student; with what was filled in and has to be asked again."""
    rows = rows_for(g.session, reader=g.person, school=g.school, on=g.today, plan_id=plan.id)
    if not rows:
        raise NotFound("plan is closed")
    row = rows[0]
    seen = judgements_seen(g.session, plan_id=plan.id, person=g.person, on=g.today)
    about = by_subject(seen)
    known = goals_seen(g.session, plan_id=plan.id, person=g.person, on=g.today)
    mine, theirs = waiting_seen(g.person)
    requests = {request.id: request for request in (*mine, *theirs)}
    talked_about = {signal.goal_id for signal in row.signals}
    active = [
        {
            **goal,
            **told_goal(known[goal["id"]]),
            "judgements": trails.timeline(about[goal["id"]]),
        }
        for goal in trails.goals(row, on=g.today, large=talked_about)
    ]
    found = pieces(g.session, person=g.person, on=g.today, plan_ids=[plan.id], limit=PIECES_SHOWN)
    lessons = choices(plan_id=plan.id)
    items = items_of(g.session, person=g.person, framework_id=plan.framework_id)
    roles = roles_of(g.session, g.person, on=g.today, plan_id=plan.id)
    is_blind = g.school.blind_rating and bool(roles & set(RATING_IN_SCHOOL))
    return render_template(
        "coach/student.html",
        student={"name": row.name, "given_name": row.given_name},
        plan_id=plan.id,
        programme=row.programme,
        placements=trails.running(row, on=g.today),
        today=g.today,
        kept=kept(),
        raters=_raters(row),
        people=_people(plan, row),
        news=news(row, seen=seen, lessons=lessons),
        reasons=entries(row, row.signals, requests=requests),
        drafts=own_drafts(plan, known, items),
        waiting=goals_in(known, GoalState.DRAFT),
        goals=active,
        closed=goals_in(known, GoalState.CLOSED),
        work=with_figures(row, work_of(items, about)),
        evidence=[
            {
                "id": piece.evidence.id,
                "text": piece.text,
                "happened_on": piece.evidence.happened_on,
                "files": listed(piece),
                "goals": list(piece.goals.values()),
                "judgements": trails.timeline(about[piece.evidence.id]),
            }
            for piece in found
        ],
        talks=talks_of(g.session, plan_id=plan.id, person=g.person, on=g.today, limit=TALKS_SHOWN),
        absences=absences(plan),
        workplaces=workplaces(row),
        lessons=lessons,
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
