"""Saying no to a request for feedback, and why; words that are not right yet come back."""

from uuid import UUID

from flask import Blueprint, flash, g, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from identity.access import allows
from tracker.errors import Conflict, NotFound
from tracker.lengths import MAX_WORDS
from tracker.models import Evidence, FeedbackRequest, Goal, LearningQuestion
from tracker.permissions import Action, find
from tracker.requests import Subject, decline
from web.forms import Form, fill, words
from web.threads import page
from web.words import sentence

blp = Blueprint("declining", __name__, url_prefix="/feedback")


class DeclineForm(Form):
    """Why somebody cannot look."""

    decline_words = words(MAX_WORDS)


@blp.post("/requests/<uuid:request_id>/decline")
@allows(Action.ANSWER)
def decline_request(request_id: UUID) -> Response | tuple[str, int]:
    """Say that one cannot look now, and why."""
    asked = find(g.session, FeedbackRequest, request_id, person=g.person, on=g.today)
    filled = fill(DeclineForm(), request.form)
    if filled.errors:
        return page(_subject(asked), decline_filled=filled), 422
    try:
        decline(
            g.session,
            by=g.person,
            request=asked,
            words=filled.data["decline_words"],
            on=g.today,
            at=g.now,
        )
        flash(gettext("Your answer was sent."), "ok")
    except Conflict as refusal:
        flash(sentence(refusal.code), "error")
    return redirect(url_for("feedback.start"), 303)


def _subject(asked: FeedbackRequest) -> Subject:
    reader = {"person": g.person, "on": g.today}
    if asked.goal_id is not None:
        return find(g.session, Goal, asked.goal_id, **reader)
    if asked.evidence_id is not None:
        return find(g.session, Evidence, asked.evidence_id, **reader)
    if asked.question_id is not None:
        return find(g.session, LearningQuestion, asked.question_id, **reader)
    raise NotFound("a request about nothing")
