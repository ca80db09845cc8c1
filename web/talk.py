"""One student, to prepare a talk and to have it."""

from collections.abc import Sequence
from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from marshmallow import fields
from werkzeug.wrappers import Response

from identity.access import allows
from tracker.clocks import SeenRequest
from tracker.conversations import record_talk, talks_of
from tracker.errors import Conflict, Invalid, NotFound
from tracker.frameworks import items_of
from tracker.goal_lists import goals_seen
from tracker.goals import agree_goal
from tracker.judged import SeenJudgement, by_subject, judgements_seen
from tracker.lengths import MAX_TEXT
from tracker.models import Goal, GoalState, LearningPlan, Person, PlanRole
from tracker.overview import Row, rows_for
from tracker.permissions import RATING_IN_SCHOOL, Action, find, roles_of
from tracker.pieces import pieces
from web import trails
from web.agenda import absences, news, with_figures, workplaces
from web.feedback import waiting_seen
from web.forms import CODES, Filled, Form, day, fill, words
from web.group_table import kept
from web.lessons import choices, moments
from web.paging import page_asked
from web.prepared import (
    goals_in,
    newest_views,
    own_drafts,
    people_of,
    raters_of,
    told_goal,
    told_piece,
    work_of,
)
from web.reasons import entries
from web.words import sentence

blp = Blueprint("talk", __name__, url_prefix="/coach")


LONGEST_QUOTE = 300
PIECES_SHOWN = 3
ON_A_PAGE = 20


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


@blp.get("/plans/<uuid:plan_id>/evidence")
@allows(Action.SEE_PLAN)
def evidence(plan_id: UUID) -> str:
    """Show what a student shared, newest first, with what was seen in it."""
    plan = plan_seen(plan_id)
    number = page_asked(request.args.get("at", ""))
    found = pieces(
        g.session,
        person=g.person,
        on=g.today,
        plan_ids=[plan.id],
        skip=(number - 1) * ON_A_PAGE,
        limit=ON_A_PAGE + 1,
    )
    may_judge = _may_judge(plan)
    shown = found[:ON_A_PAGE]
    seen = judgements_seen(
        g.session,
        plan_id=plan.id,
        person=g.person,
        on=g.today,
        evidence_ids=[piece.evidence.id for piece in shown],
    )
    return render_template(
        "coach/evidence.html",
        student=_name(plan),
        plan_id=plan.id,
        kept=kept(),
        evidence=[told_piece(piece, seen) for piece in shown],
        page=number,
        has_more=len(found) > ON_A_PAGE,
        own_ids=_own(seen),
        is_blind=may_judge and g.school.blind_rating,
        may_judge=may_judge,
    )


@blp.get("/plans/<uuid:plan_id>/work")
@allows(Action.SEE_PLAN)
def work(plan_id: UUID) -> str:
    """Show the parts of the kwalificatie, each with who saw it, and what was seen last."""
    plan = plan_seen(plan_id)
    row = _row(plan)
    seen = judgements_seen(g.session, plan_id=plan.id, person=g.person, on=g.today)
    items = items_of(g.session, person=g.person, framework_id=plan.framework_id)
    return render_template(
        "coach/work.html",
        student=_name(plan),
        plan_id=plan.id,
        programme=row.programme,
        kept=kept(),
        work=with_figures(row, work_of(items, by_subject(seen))),
        may_judge=_may_judge(plan),
    )


@blp.get("/plans/<uuid:plan_id>/activity")
@allows(Action.SEE_PLAN)
def activity(plan_id: UUID) -> str:
    """Show the newest signals of other systems: a signal, never a judgement."""
    plan = plan_seen(plan_id)
    return render_template(
        "coach/activity.html",
        student=_name(plan),
        plan_id=plan.id,
        kept=kept(),
        activity=trails.activity_of(plan.student_id),
        sources=trails.sources(),
    )


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
    row = _row(plan)
    roles = roles_of(g.session, g.person, on=g.today, plan_id=plan.id)
    may_judge = bool(roles & set(RATING_IN_SCHOOL))
    is_blind = may_judge and g.school.blind_rating
    newest = newest_views(row)
    found = pieces(
        g.session, person=g.person, on=g.today, plan_ids=[plan.id], limit=PIECES_SHOWN + 1
    )
    # What the page does not show is not read; who rates blind is told where the own view misses.
    shown = {
        "ids": [key for keys in newest.values() for key in keys],
        "evidence_ids": [piece.evidence.id for piece in found[:PIECES_SHOWN]],
    }
    seen = judgements_seen(
        g.session, plan_id=plan.id, person=g.person, on=g.today, **({} if is_blind else shown)
    )
    views = {judgement.id: judgement for judgement in seen}
    known = goals_seen(g.session, plan_id=plan.id, person=g.person, on=g.today)
    lessons = choices(plan_id=plan.id)
    talked_about = {signal.goal_id for signal in row.signals}
    active = [
        {
            **goal,
            **told_goal(known[goal["id"]]),
            "judgements": trails.timeline(
                [views[key] for key in newest[goal["id"]] if key in views]
            ),
        }
        for goal in trails.goals(row, on=g.today, large=talked_about, moments=moments(lessons))
    ]
    talks = talks_of(g.session, plan_id=plan.id, person=g.person, on=g.today, limit=1)
    return render_template(
        "coach/student.html",
        student={"name": row.name, "given_name": row.given_name},
        plan_id=plan.id,
        programme=row.programme,
        placements=trails.running(row, on=g.today),
        today=g.today,
        kept=kept(),
        raters=raters_of(row),
        people=people_of(plan, row),
        news=news(row, lessons=lessons),
        reasons=entries(row, row.signals, requests=_requests(row)),
        drafts=own_drafts(plan, known),
        waiting=goals_in(known, GoalState.DRAFT),
        goals=active,
        closed=goals_in(known, GoalState.CLOSED),
        has_work=plan.framework_id is not None,
        evidence=[told_piece(piece, seen) for piece in found[:PIECES_SHOWN]],
        has_more=len(found) > PIECES_SHOWN,
        talk=next(iter(talks), None),
        longest_quote=LONGEST_QUOTE,
        absences=absences(plan),
        workplaces=workplaces(row),
        lessons=lessons,
        activity=row.activity,
        own_ids=_own(seen),
        is_blind=is_blind,
        may_judge=may_judge,
        may_agree=PlanRole.COACH in roles,
        values=filled.values if filled else {},
        errors=filled.sentences() if filled else {},
    )


def _row(plan: LearningPlan) -> Row:
    rows = rows_for(g.session, reader=g.person, school=g.school, on=g.today, plan_id=plan.id)
    if not rows:
        raise NotFound("plan is closed")
    return rows[0]


def _requests(row: Row) -> dict[UUID, SeenRequest]:
    """Return the reader's own requests by id, when one of them is a reason to talk."""
    if not any(signal.request_id for signal in row.signals):
        return {}
    mine, theirs = waiting_seen(g.person)
    return {request.id: request for request in (*mine, *theirs)}


def _own(seen: Sequence[SeenJudgement]) -> set[UUID | None]:
    """Return the goals and pieces on which the reader gave a view."""
    return {key for s in seen if s.by_id == g.person.id for key in (s.goal_id, s.evidence_id)}


def _may_judge(plan: LearningPlan) -> bool:
    roles = roles_of(g.session, g.person, on=g.today, plan_id=plan.id)
    return bool(roles & set(RATING_IN_SCHOOL))


def _name(plan: LearningPlan) -> dict[str, str]:
    student = g.session.get_one(Person, (plan.school_id, plan.student_id))
    return {"name": student.name, "given_name": student.given_name}
