"""Feedback: what waits for the reader, what the reader waits for, and what was answered lately."""

from collections.abc import Callable, Collection, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from identity.access import allows
from tracker.clocks import (
    SeenRequest,
    look_at_requests,
    requests_seen,
    waiting_both_ways,
)
from tracker.comments import SeenComment
from tracker.errors import Conflict
from tracker.models import (
    Comment,
    Evidence,
    FeedbackRequest,
    Goal,
    LearningQuestion,
    Person,
    PlanRole,
    RequestState,
)
from tracker.people import today_at
from tracker.permissions import RATING_IN_SCHOOL, Action, find
from tracker.requests import remind, withdraw
from web.words import sentence

blp = Blueprint("feedback", __name__, url_prefix="/feedback")
LATELY = timedelta(days=14)


def waiting_rows(person: Person) -> dict[str, list[dict[str, Any]]]:
    """Return what this person owes (`mine`) and is owed (`theirs`), oldest first, for macros."""
    mine, theirs = waiting_seen(person)
    return {"mine": rows_of(mine, person), "theirs": rows_of(theirs, person)}


def waiting_seen(person: Person) -> tuple[list[SeenRequest], list[SeenRequest]]:
    """Return the requests that this person owes an answer, and those of which they wait for one."""
    mine, theirs = waiting_both_ways(g.session, person=person, on=g.today)
    g.waiting_count = len(mine)  # the frame of this page says the same number
    look_at_requests(g.session, person=person, seen=[*mine, *theirs])
    return mine, theirs


def rows_of(requests: Sequence[SeenRequest], person: Person) -> list[dict[str, Any]]:
    """Return requests as `_requests.html` shows them to this person."""
    return [_row(seen, person) for seen in requests]


def _row(seen: SeenRequest, person: Person) -> dict[str, Any]:
    is_mine = seen.to_id == person.id
    reminded_on = today_at(g.school, seen.reminded_at) if seen.reminded_at else None
    return {
        "id": seen.id,
        "url": thread_url(**about(seen)),
        "is_mine": is_mine,
        "who": seen.by_given_name if is_mine else seen.to_given_name,
        "student": None if seen.student_id == person.id else seen.student,
        "kind": _kind(seen),
        "title": seen.title,
        "words": seen.words,
        "state": seen.state,
        "reply": seen.reply,
        "days": seen.days,
        "asked_on": seen.asked_on,
        "reminded_on": reminded_on,
        "may_remind": seen.is_there and reminded_on != g.today,
        "is_there": seen.is_there,
    }


def entry_of(entry: SeenComment | SeenRequest) -> dict[str, Any]:
    """Return what was asked or said, as a thread shows it."""
    if isinstance(entry, SeenRequest):
        by_me = entry.by_id == g.person.id
        return {"request": _row(entry, g.person), "seen": entry, "is_by_me": by_me}
    return {"comment": entry, "is_mine": entry.by_id == g.person.id}


def owed_of(entries: Sequence[SeenComment | SeenRequest]) -> dict[str, Any] | None:
    """Return the open request to the reader in a thread, if there is one."""
    for entry in entries:
        if not isinstance(entry, SeenRequest) or entry.to_id != g.person.id:
            continue
        if entry.state is RequestState.OPEN:
            return _row(entry, g.person)
    return None


def _kind(seen: SeenRequest) -> str:
    if seen.goal_id is not None:
        return "goal"
    return "evidence" if seen.evidence_id is not None else "question"


def thread_url(
    *, goal_id: UUID | None = None, evidence_id: UUID | None = None, question_id: UUID | None = None
) -> str:
    """Return where one thing is talked about."""
    if goal_id is not None:
        return url_for("threads.goal", goal_id=goal_id)
    if evidence_id is not None:
        return url_for("threads.evidence", evidence_id=evidence_id)
    return url_for("threads.question", question_id=question_id)


def look_url(record: Goal | Evidence | LearningQuestion, roles: Collection[object]) -> str | None:
    """Return where a reader with these roles in the plan gives a view, if they do."""
    if isinstance(record, Evidence) and PlanRole.SUPERVISOR in roles:
        return url_for("supervisor.evidence", evidence_id=record.id)
    if set(RATING_IN_SCHOOL).isdisjoint(roles):
        return None
    if isinstance(record, Evidence):
        return url_for("judging.evidence", evidence_id=record.id)
    return url_for("judging.goal", goal_id=record.id) if isinstance(record, Goal) else None


def about(record: SeenRequest | FeedbackRequest | Comment) -> dict[str, UUID | None]:
    """Return the ids of which one says what a request or a comment is about."""
    return {
        "goal_id": record.goal_id,
        "evidence_id": record.evidence_id,
        "question_id": record.question_id,
    }


@blp.get("")
@allows(Action.SEE_THREAD)
def start() -> str:
    """Show both reply clocks, oldest first, and what was answered in the last two weeks."""
    asked = FeedbackRequest
    lately = requests_seen(
        g.session,
        person=g.person,
        on=g.today,
        where=[
            sa.or_(asked.by_id == g.person.id, asked.to_id == g.person.id),
            asked.state.in_((RequestState.ANSWERED, RequestState.DECLINED)),
            asked.closed_at >= g.now - LATELY,
        ],
    )
    look_at_requests(g.session, person=g.person, seen=lately)
    return render_template(
        "feedback/start.html",
        waiting=waiting_rows(g.person),
        lately=rows_of(sorted(lately, key=_closed_at, reverse=True), g.person),
    )


def _closed_at(seen: SeenRequest) -> Any:
    return seen.closed_at


@blp.post("/requests/<uuid:request_id>/remind")
@allows(Action.ASK_FEEDBACK)
def remind_request(request_id: UUID) -> Response:
    """Remind who was asked."""
    asked = _find(request_id)
    return _done(
        lambda: remind(g.session, by=g.person, request=asked, on=g.today, at=g.now),
        gettext("Your reminder was sent."),
    )


@blp.post("/requests/<uuid:request_id>/withdraw")
@allows(Action.ASK_FEEDBACK)
def withdraw_request(request_id: UUID) -> Response:
    """Ask no more."""
    asked = _find(request_id)
    return _done(
        lambda: withdraw(g.session, by=g.person, request=asked, on=g.today, at=g.now),
        gettext("Nobody needs to answer this any more."),
    )


def _find(request_id: UUID) -> FeedbackRequest:
    return find(g.session, FeedbackRequest, request_id, person=g.person, on=g.today)


def _done(action: Callable[[], None], message: str) -> Response:
    """Do it and say so; when somebody was first, say that instead."""
    try:
        action()
        flash(message, "ok")
    except Conflict as refusal:
        flash(sentence(refusal.code), "error")
    return redirect(url_for("feedback.start"), 303)
