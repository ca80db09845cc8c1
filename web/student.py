"""Pages of the student: the next step, the goals, and what is new."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, g, render_template, request

from identity.access import allows
from tracker.audience import given_names, viewers_of_evidence
from tracker.errors import NotFound
from tracker.goal_lists import goals_seen
from tracker.judged import SeenJudgement, judgements_seen
from tracker.models import Evidence, Goal, GoalState, LearningPlan, PlanRole
from tracker.overview import Row, for_student
from tracker.permissions import Action, visible
from tracker.pieces import Piece, pieces
from tracker.placements import running_placements
from tracker.plans import is_open, own_plans, programmes
from web import trails
from web.feedback import waiting_rows
from web.files import first_thumbnail

blp = Blueprint("student", __name__, url_prefix="/student")
NEWS = 4
RECENT = 5


@blp.get("")
@allows(Action.SEE_PLAN)
def start() -> str:
    """Show the next step, the goals, and what is new."""
    plan = plan_to_read()
    row = row_of(plan) if plan else None
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
    can_see = viewers_of_evidence(
        g.session,
        school_id=g.school.id,
        evidence_ids=[piece.evidence.id for piece in found],
        on=g.today,
    )
    news = _by_others(seen)[:NEWS]
    shown = {goal["id"]: goal["title"] for goal in goals}
    shown |= {piece.evidence.id: piece.text for piece in found}
    titles = _titles(plan, news, shown) if plan else {}
    return render_template(
        "student/start.html",
        student=g.person,
        today=g.today,
        plan=plan_lines([plan])[0] if plan else None,
        plans=plan_lines(open_plans()),
        waiting=waiting_rows(g.person),
        workplaces=workplaces(plan) if plan else [],
        goals=goals,
        others=_others(plan) if plan and not goals else [],
        next_step=_next_step(row, goals) if row and goals and plan and is_open(plan) else None,
        news=[_news(judgement, titles) for judgement in news],
        evidence=[
            {
                "id": piece.evidence.id,
                "text": piece.text,
                "happened_on": piece.evidence.happened_on,
                "thumbnail_url": first_thumbnail(piece),
                "seen_by": given_names(can_see.get(piece.evidence.id, [])),
            }
            for piece in found
        ],
        activity=trails.activity_of(g.person.id),
        sources=trails.sources(),
    )


def open_plans() -> list[LearningPlan]:
    """Return the reader's own plans that go on, newest first."""
    plans = own_plans(g.session, person=g.person, on=g.today)
    return [plan for plan in plans if is_open(plan)]


def plan_at_hand() -> LearningPlan | None:
    """Return the own plan that `?plan` names, else the newest open one, if there is one."""
    named = request.args.get("plan")
    if named is None:
        return next(iter(open_plans()), None)
    plans = own_plans(g.session, person=g.person, on=g.today)
    plan = next((plan for plan in plans if str(plan.id) == named), None)
    if plan is None:
        raise NotFound("no such own plan")
    return plan


def plan_to_read() -> LearningPlan | None:
    """Return the plan at hand; when none goes on the newest, so that it stays within reach."""
    plan = plan_at_hand()
    if plan is not None:
        return plan
    return next(iter(own_plans(g.session, person=g.person, on=g.today)), None)


def plan_lines(plans: Sequence[LearningPlan]) -> list[dict[str, Any]]:
    """Return own plans as pages name them; `title` is None while one has no name."""
    titles = programmes(g.session, plans)
    return [
        {
            "id": plan.id,
            "title": titles[plan.id],
            "starts_on": plan.starts_on,
            "is_open": is_open(plan),
        }
        for plan in plans
    ]


def workplaces(plan: LearningPlan) -> list[dict[str, Any]]:
    """Return where the student learns today: id, company and the last day."""
    running = running_placements(g.session, person=g.person, plan=plan, on=g.today)
    return [
        {
            "id": placement.id,
            "company": company.name,
            "last_on": trails.last_day(placement.until_on),
        }
        for placement, company in running
    ]


def row_of(plan: LearningPlan) -> Row:
    """Return what the reader sees of a plan that they hold, also when it is closed."""
    return for_student(g.session, plan=plan, person=g.person, school=g.school, on=g.today)


def _next_step(row: Row, goals: list[Any]) -> dict[str, Any]:
    """Return one step: what a signal asks, else the goal that waits longest for a first view."""
    by_id = {goal["id"]: goal for goal in goals}
    signal = row.signals[0] if row.signals else None
    unseen = [goal for goal in goals if not goal["standings"]]
    goal = by_id.get(signal.goal_id) if signal and signal.goal_id else None
    if signal and signal.item_id:
        serving = (each.id for each in row.facts.goals if signal.item_id in each.item_ids)
        goal = next((by_id[key] for key in serving if key in by_id), None)
    goal = goal or (unseen or goals)[0]
    reason = trails.reasons(row, on=g.today, signals=[signal] if signal else [])
    return {
        **(reason[0] if reason else {"signal": None, "today": g.today, "places": {}, "work": {}}),
        "goal_id": goal["id"],
        "goal_title": goal["title"],
        "target_anchor": goal["target_anchor"],
        "target_on": goal["target_on"],
        "drawing": goal["drawing"],
        "names": goal["names"],
    }


def _others(plan: LearningPlan) -> list[dict[str, Any]]:
    """Return the goals that are not begun or closed, drafts first."""
    seen = goals_seen(g.session, plan_id=plan.id, person=g.person, on=g.today)
    found = [
        {"id": key, "title": k.goal.title, "state": k.goal.state, "control": k.goal.control}
        for key, k in seen.items()
    ]
    return sorted(found, key=lambda goal: goal["state"] is GoalState.CLOSED)


def _by_others(seen: Sequence[SeenJudgement]) -> list[SeenJudgement]:
    return [judgement for judgement in seen if judgement.role is not PlanRole.STUDENT]


def _titles(
    plan: LearningPlan, news: Sequence[SeenJudgement], shown: dict[UUID, str]
) -> dict[UUID, str]:
    """Return what the goals and pieces of these judgements say, also when closed or long ago.

    Only what the page does not show already is read.
    """
    about_goals = {judgement.goal_id for judgement in news if judgement.goal_id} - shown.keys()
    about_pieces = {j.evidence_id for j in news if j.evidence_id} - shown.keys()
    titles = dict(shown)
    if about_goals:
        goals = visible(Goal, person=g.person, on=g.today).where(Goal.id.in_(about_goals))
        titles.update({goal.id: goal.title for goal in g.session.scalars(goals)})
    if about_pieces:
        judged = [Evidence.id.in_(about_pieces)]
        found = pieces(
            g.session, person=g.person, on=g.today, plan_ids=[plan.id], conditions=judged
        )
        titles.update({piece.evidence.id: piece.text for piece in found})
    return titles


def _news(judgement: SeenJudgement, titles: dict[UUID, str]) -> dict[str, Any]:
    about = judgement.goal_id or judgement.evidence_id
    return {
        "rater": {"name": judgement.name, "given_name": judgement.given_name},
        "role": judgement.role,
        "anchor": judgement.anchor,
        "label": judgement.label,
        "words": judgement.words,
        "observed_on": judgement.observed_on,
        "title": titles.get(about, "")
        if about
        else f"{judgement.item_code} {judgement.item_title}",
        "goal_id": judgement.goal_id,
        "evidence_id": judgement.evidence_id,
    }
