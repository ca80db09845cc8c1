"""Pages of the student's learning questions: writing one down, and what became of them."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from marshmallow import fields
from werkzeug.wrappers import Response

from identity.access import allows
from tracker.errors import Conflict, Invalid
from tracker.lengths import MAX_WORDS
from tracker.models import LearningPlan, LearningQuestion, Placement
from tracker.permissions import Action, find
from tracker.placements import running_placements
from tracker.plans import current_plan
from tracker.questions import ask_question, close_question, questions_seen
from web.forms import CODES, Filled, Form, fill, words
from web.student import plan_at_hand
from web.words import sentence

blp = Blueprint("questions", __name__, url_prefix="/student/questions")


class QuestionForm(Form):
    """A question, and at which placement it came up, if it did."""

    words = words(MAX_WORDS)
    placement_id = fields.UUID(load_default=None, error_messages=CODES)


@blp.get("")
@allows(Action.ASK_QUESTION)
def start() -> str:
    """Show the own questions, newest first, and the form for another one."""
    return _page(Filled({}))


@blp.post("")
@allows(Action.ASK_QUESTION)
def save_question() -> Response | tuple[str, int]:
    """Save a question in the plan at hand; who has no plan yet begins one."""
    filled = fill(QuestionForm(), request.form)
    if not filled.errors:
        try:
            with g.session.begin_nested():  # a plan begun for what is refused goes too
                plan = plan_at_hand() or current_plan(
                    g.session, student=g.person, on=g.today, at=g.now
                )
                question = ask_question(
                    g.session,
                    by=g.person,
                    plan=plan,
                    words=filled.data["words"],
                    placement=_placement(plan, filled.data["placement_id"]),
                    on=g.today,
                    at=g.now,
                )
            return redirect(url_for("threads.question", question_id=question.id), 303)
        except Invalid as refusal:
            filled.refuse(refusal)
    return _page(filled), 422


@blp.post("/<uuid:question_id>/close")
@allows(Action.ASK_QUESTION)
def close(question_id: UUID) -> Response:
    """Close a question."""
    question = find(g.session, LearningQuestion, question_id, person=g.person, on=g.today)
    try:
        close_question(g.session, by=g.person, question=question, on=g.today, at=g.now)
        flash(gettext("Your question is closed."), "ok")
    except Conflict as refusal:
        flash(sentence(refusal.code), "error")
    return redirect(url_for("questions.start"), 303)


def _placement(plan: LearningPlan, key: UUID | None) -> Placement | None:
    if key is None:
        return None
    for placement, _ in running_placements(g.session, person=g.person, plan=plan, on=g.today):
        if placement.id == key:
            return placement
    raise Invalid(placement_id="not_a_choice")


def _page(filled: Filled) -> str:
    plan = plan_at_hand()
    running: list[Any] = []
    if plan is not None:
        running = list(running_placements(g.session, person=g.person, plan=plan, on=g.today))
    found = questions_seen(
        g.session,
        person=g.person,
        on=g.today,
        where=[LearningQuestion.by_id == g.person.id],
    )
    return render_template(
        "feedback/questions.html",
        plan_id=plan.id if plan and "plan" in request.args else None,
        questions=found,
        placements=[
            {"value": placement.id, "label": company.name} for placement, company in running
        ],
        values=filled.values,
        errors=filled.sentences(),
    )
