"""Talking about one thing: what was asked, said and seen, and the forms to ask and answer."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request
from flask_babel import gettext
from marshmallow import fields
from werkzeug.wrappers import Response

from identity.access import allows
from tracker.comments import add_comment, thread, withdraw_comment
from tracker.errors import Conflict, Invalid, NotFound
from tracker.judged import judgements_seen
from tracker.judgements import judge
from tracker.lengths import MAX_TEXT, MAX_WORDS
from tracker.models import (
    Comment,
    Evidence,
    Goal,
    LearningQuestion,
    Person,
    PlanRole,
    QuestionState,
)
from tracker.permissions import Action, find, roles_of
from tracker.pieces import pieces
from tracker.plans import is_open, plan_of
from tracker.requests import COLUMNS, IN_SCHOOL, Subject, ask, candidates
from tracker.scales import default_levels
from web import trails
from web.feedback import about, entry_of, look_url, owed_of, thread_url
from web.files import listed
from web.forms import CHOICE, Filled, Form, fill, words
from web.prepared import views_on_goal

blp = Blueprint("threads", __name__, url_prefix="/feedback")


class CommentForm(Form):
    """What somebody says."""

    words = words(MAX_TEXT)


class AskForm(Form):
    """Whom to ask, and perhaps what exactly."""

    to_id = fields.UUID(required=True, error_messages=CHOICE)
    ask_words = words(MAX_WORDS, required=False)


class LookForm(Form):
    """What a peer saw."""

    level = fields.UUID(required=True, error_messages=CHOICE)
    words = words(MAX_WORDS, required=False)


@blp.get("/goals/<uuid:goal_id>")
@allows(Action.SEE_THREAD)
def goal(goal_id: UUID) -> str:
    """Show what is said about a goal."""
    return page(find(g.session, Goal, goal_id, person=g.person, on=g.today))


@blp.get("/evidence/<uuid:evidence_id>")
@allows(Action.SEE_THREAD)
def evidence(evidence_id: UUID) -> str:
    """Show what is said about a piece of evidence; a peer sees the piece, and the own words."""
    return page(find(g.session, Evidence, evidence_id, person=g.person, on=g.today))


@blp.get("/questions/<uuid:question_id>")
@allows(Action.SEE_THREAD)
def question(question_id: UUID) -> str:
    """Show what is said about a learning question."""
    return page(find(g.session, LearningQuestion, question_id, person=g.person, on=g.today))


@blp.post("/goals/<uuid:goal_id>/comments")
@allows(Action.COMMENT)
def comment_on_goal(goal_id: UUID) -> Response | tuple[str, int]:
    """Say something about a goal."""
    return _comment(find(g.session, Goal, goal_id, person=g.person, on=g.today))


@blp.post("/evidence/<uuid:evidence_id>/comments")
@allows(Action.COMMENT)
def comment_on_evidence(evidence_id: UUID) -> Response | tuple[str, int]:
    """Say something about a piece of evidence."""
    return _comment(find(g.session, Evidence, evidence_id, person=g.person, on=g.today))


@blp.post("/questions/<uuid:question_id>/comments")
@allows(Action.COMMENT)
def comment_on_question(question_id: UUID) -> Response | tuple[str, int]:
    """Answer a learning question."""
    return _comment(find(g.session, LearningQuestion, question_id, person=g.person, on=g.today))


@blp.post("/goals/<uuid:goal_id>/requests")
@allows(Action.ASK_FEEDBACK)
def ask_about_goal(goal_id: UUID) -> Response | tuple[str, int]:
    """Ask somebody to look at a goal."""
    return _ask(find(g.session, Goal, goal_id, person=g.person, on=g.today))


@blp.post("/evidence/<uuid:evidence_id>/requests")
@allows(Action.ASK_FEEDBACK)
def ask_about_evidence(evidence_id: UUID) -> Response | tuple[str, int]:
    """Ask somebody to look at a piece of evidence."""
    return _ask(find(g.session, Evidence, evidence_id, person=g.person, on=g.today))


@blp.post("/questions/<uuid:question_id>/requests")
@allows(Action.ASK_FEEDBACK)
def ask_about_question(question_id: UUID) -> Response | tuple[str, int]:
    """Ask somebody to think along about a learning question."""
    return _ask(find(g.session, LearningQuestion, question_id, person=g.person, on=g.today))


@blp.post("/evidence/<uuid:evidence_id>/look")
@allows(Action.JUDGE)
def look(evidence_id: UUID) -> Response | tuple[str, int]:
    """Save what a peer saw in a piece, in words and on the school's scale."""
    found = find(g.session, Evidence, evidence_id, person=g.person, on=g.today)
    plan = plan_of(g.session, found)
    filled = fill(LookForm(), request.form)
    levels = {v.id: v for v in default_levels(g.session, school_id=g.school.id, plan=plan)}
    if not filled.errors and filled.data["level"] not in levels:
        filled.errors["level"] = "not_a_choice"
    if filled.errors:
        return page(found, look_filled=filled), 422
    try:
        judge(
            g.session,
            by=g.person,
            plan=plan,
            evidence=found,
            level=levels[filled.data["level"]],
            words=filled.data["words"],
            observed_on=g.today,
            on=g.today,
            at=g.now,
        )
    except Invalid as refusal:
        filled.refuse(refusal)
        return page(found, look_filled=filled), 422
    flash(gettext("Your answer was sent."), "ok")
    return redirect(_url(found), 303)


@blp.post("/comments/<uuid:comment_id>/withdraw")
@allows(Action.COMMENT)
def withdraw(comment_id: UUID) -> Response:
    """Take back an own comment."""
    found = find(g.session, Comment, comment_id, person=g.person, on=g.today)
    with suppress(Conflict):  # taken back already: what was asked for is so
        withdraw_comment(g.session, by=g.person, comment=found, on=g.today, at=g.now)
    return redirect(thread_url(**about(found)), 303)


def _kind(subject: Subject) -> str:
    return COLUMNS[type(subject)].removesuffix("_id")


def _url(subject: Subject) -> str:
    return thread_url(**{COLUMNS[type(subject)]: subject.id})


def _comment(subject: Subject) -> Response | tuple[str, int]:
    filled = fill(CommentForm(), request.form)
    if filled.errors:
        return page(subject, comment_filled=filled), 422
    add_comment(
        g.session,
        by=g.person,
        subject=subject,
        words=filled.data["words"],
        on=g.today,
        at=g.now,
    )
    return redirect(_url(subject), 303)


def _ask(subject: Subject) -> Response | tuple[str, int]:
    filled = fill(AskForm(), request.form)
    # Whoever is no candidate does not exist here.
    people = {c.person.id: c.person for c in _candidates(subject)}
    if not filled.errors and filled.data["to_id"] not in people:
        filled.errors["to_id"] = "request.choose_again"
    if not filled.errors:
        to = people[filled.data["to_id"]]
        try:
            ask(
                g.session,
                by=g.person,
                to=to,
                subject=subject,
                words=filled.data["ask_words"],
                on=g.today,
                at=g.now,
            )
            flash(gettext("You asked %(name)s.", name=to.given_name), "ok")
            return redirect(_url(subject), 303)
        except Invalid as refusal:
            filled.refuse(refusal)
    return page(subject, ask_filled=filled), 422


def _candidates(subject: Subject) -> list[Any]:
    return candidates(g.session, by=g.person, subject=subject, on=g.today)


def page(
    subject: Subject,
    *,
    comment_filled: Filled | None = None,
    ask_filled: Filled | None = None,
    look_filled: Filled | None = None,
    decline_filled: Filled | None = None,
) -> str:
    """Return the page about one thing, perhaps with a form that comes back."""
    plan = plan_of(g.session, subject)
    roles = roles_of(g.session, g.person, on=g.today, plan_id=plan.id)
    is_peer = roles == {PlanRole.PEER}
    if is_peer and not isinstance(subject, Evidence):
        raise NotFound("peers see evidence only")
    student = g.session.get_one(Person, (plan.school_id, plan.student_id))
    entries = thread(g.session, subject=subject, person=g.person, on=g.today)
    piece = _piece(subject)
    common: dict[str, Any] = {
        "kind": _kind(subject),
        "subject_id": subject.id,
        "student": student,
        "is_student": student.id == g.person.id,
        "piece": piece,
        "entries": [entry_of(entry) for entry in entries],
        "owed": owed_of(entries),
        "is_open": is_open(plan),
        "comment": comment_filled or Filled({}),
        "declining": decline_filled or Filled({}),
    }
    if is_peer:
        return render_template(
            "feedback/look.html",
            levels=default_levels(g.session, school_id=g.school.id, plan=plan),
            judgements=_judgements(subject, own=True),
            look=look_filled or Filled({}),
            **common,
        )
    takes_part = roles & (IN_SCHOOL if isinstance(subject, Goal) else set(PlanRole))
    may_ask = bool(takes_part) and is_open(plan)
    return render_template(
        "feedback/thread.html",
        title=_title(subject, piece),
        is_question_open=isinstance(subject, LearningQuestion)
        and subject.state is QuestionState.OPEN,
        judgements=_judgements(subject),
        look_url=look_url(subject, roles) if is_open(plan) else None,
        candidates=_candidates(subject) if may_ask else [],
        may_talk=may_ask,
        ask=ask_filled or Filled({}),
        **common,
    )


def _piece(subject: Subject) -> dict[str, Any] | None:
    if not isinstance(subject, Evidence):
        return None
    seen = pieces(
        g.session,
        person=g.person,
        on=g.today,
        plan_ids=[subject.plan_id],
        evidence_id=subject.id,
    )[0]
    return {"text": seen.text, "happened_on": subject.happened_on, "files": listed(seen)}


def _title(subject: Subject, piece: dict[str, Any] | None) -> str:
    if isinstance(subject, Goal):
        return subject.title
    return subject.words if isinstance(subject, LearningQuestion) else str(piece and piece["text"])


def _judgements(subject: Subject, *, own: bool = False) -> list[Any]:
    """Return what was seen in a goal or a piece, as far as the reader may see it."""
    if isinstance(subject, LearningQuestion):
        return []
    seen = judgements_seen(g.session, plan_id=subject.plan_id, person=g.person, on=g.today)
    shown = [judgement for judgement in seen if not own or judgement.by_id == g.person.id]
    if isinstance(subject, Evidence):
        return trails.timeline(shown, about=subject.id)
    return trails.timeline(views_on_goal(subject.id, shown))
