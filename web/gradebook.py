"""What each placed link of a course tells the LMS's gradebook: a teacher of the course chooses."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from marshmallow import fields, pre_load, validate
from werkzeug.wrappers import Response

from identity.access import allows
from lti.courses.courses import find_course, students_of
from lti.gradebook.columns import Column, columns, find_link
from lti.gradebook.gradebook import (
    MOST_PIECES,
    NUMBERS,
    can_have_column,
    choose_mode,
    remove_column,
    takes_scores,
    teaches,
    try_again,
)
from lti.gradebook.wishes import guided_learners
from lti.models import Context, GradeMode, LineItem, LineItemState, ResourceLink, ScoreState
from tracker.errors import Conflict, Invalid, NotFound
from tracker.models import Person
from tracker.permissions import Action
from web.forms import CODES, Filled, Form, fill
from web.words import sentence

blp = Blueprint("gradebook", __name__, url_prefix="/coach/courses/<uuid:context_id>/gradebook")


class LinkForm(Form):
    """Which placed link is meant."""

    link_id = fields.UUID(required=True, error_messages=CODES)


class ModeForm(LinkForm):
    """What a placed link tells; `pieces` for evidence only."""

    mode = fields.String(
        required=True,
        validate=validate.OneOf([mode.value for mode in GradeMode], error="not_a_choice"),
        error_messages=CODES,
    )
    pieces = fields.Integer(
        load_default=None,
        validate=validate.Range(1, MOST_PIECES, error="gradebook.pieces"),
        error_messages={**CODES, "invalid": "gradebook.pieces"},
    )

    @pre_load
    def leave_out(self, sent: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Leave the number out unless pieces are counted."""
        is_counting = sent.get("mode") == GradeMode.EVIDENCE
        return sent if is_counting else {**sent, "pieces": None}


@blp.get("")
@allows(Action.SEE_COURSE)
def gradebook(context_id: UUID) -> str:
    """Show what each placed link tells, and what became of it."""
    return _page(find_course(g.session, context_id, person=g.person, on=g.today))


@blp.post("")
@allows(Action.SET_GRADEBOOK)
def choose(context_id: UUID) -> Response | tuple[str, int]:
    """Choose what a placed link tells."""
    context, link = _link(context_id)
    filled = fill(ModeForm(), request.form)
    if not filled.errors:
        try:
            choose_mode(
                g.session,
                by=g.person,
                link=link,
                mode=GradeMode(filled.data["mode"]),
                pieces=filled.data["pieces"],
                on=g.today,
                at=g.now,
            )
            flash(gettext("Saved. Your learning environment hears it within a minute."), "ok")
            return _back(context)
        except Invalid as refusal:
            filled.refuse(refusal)
        except Conflict as refusal:
            filled.errors["mode"] = refusal.code
            return _page(context, link, filled), 409
    return _page(context, link, filled), 422


@blp.post("/again")
@allows(Action.SET_GRADEBOOK)
def again(context_id: UUID) -> Response:
    """Try again what was given up."""
    context, link = _link(context_id)
    try:
        try_again(g.session, by=g.person, link=link, on=g.today, at=g.now)
        flash(gettext("We try it again now."), "ok")
    except Conflict as refusal:
        flash(sentence(refusal.code), "error")
    return _back(context)


@blp.post("/remove")
@allows(Action.SET_GRADEBOOK)
def remove(context_id: UUID) -> Response:
    """Take a column of ours out of the LMS."""
    context, link = _link(context_id)
    try:
        remove_column(g.session, by=g.person, link=link, on=g.today, at=g.now)
        flash(gettext("The column is taken out of your learning environment."), "ok")
    except Conflict as refusal:
        flash(sentence(refusal.code), "error")
    return _back(context)


def _link(context_id: UUID) -> tuple[Context, ResourceLink]:
    """Return the course and the link that the form is about; raises NotFound."""
    context = find_course(g.session, context_id, person=g.person, on=g.today)
    link_id = fill(LinkForm(), request.form).data.get("link_id")
    if link_id is None:
        raise NotFound("ResourceLink not found")
    return context, find_link(g.session, context, link_id)


def _back(context: Context) -> Response:
    return redirect(url_for("gradebook.gradebook", context_id=context.id), 303)


def _page(context: Context, asked: ResourceLink | None = None, filled: Filled | None = None) -> str:
    found = columns(g.session, context)
    names = _names([column.link.chosen_by_id for column in found])
    return render_template(
        "coach/gradebook.html",
        course={
            "id": context.id,
            "title": context.title or context.label or gettext("Course without a name"),
        },
        takes_scores=takes_scores(context),
        may_choose=teaches(g.session, g.person, context, g.today),
        students=len(students_of(g.session, context=context, on=g.today)),
        guided=guided_learners(g.session, context, g.person, g.today),
        links=[
            _shown(context, column, names, filled if column.link is asked else None)
            for column in found
        ],
    )


def _names(ids: list[UUID | None]) -> dict[UUID, str]:
    """Return the names of the teachers who chose."""
    rows = g.session.execute(
        sa.select(Person.id, Person.name).where(
            Person.school_id == g.school.id, Person.id.in_([key for key in ids if key])
        )
    )
    return {row.id: row.name for row in rows}


def _shown(
    context: Context, column: Column, names: dict[UUID, str], filled: Filled | None
) -> dict[str, Any]:
    link, item = column.link, column.item
    chosen_by = names.get(link.chosen_by_id) if link.chosen_by_id else None
    reasons = set(column.errors)
    if item is not None and item.error and item.state is not LineItemState.GONE:
        reasons.add(item.error)
    values: dict[str, Any] = {"mode": link.mode.value, "pieces": link.pieces or ""}
    is_parked = item is not None and item.state is LineItemState.PARKED
    given_up = column.counts.get(ScoreState.PARKED, 0) + column.counts.get(ScoreState.INACTIVE, 0)
    is_on = link.mode is not GradeMode.OFF
    return {
        "id": link.id,
        "title": link.title or gettext("A placed link"),
        "lesson": column.lesson,
        "mode": link.mode.value,
        "pieces": link.pieces,
        "has_number": link.mode in NUMBERS,
        "can_choose": can_have_column(context, link),
        "by_other": chosen_by if link.chosen_by_id != g.person.id else None,
        "state": _state(item),
        "due_at": item.due_at if item is not None and item.attempts else None,
        "counts": {state.value: number for state, number in column.counts.items()},
        "reasons": sorted(reasons),
        "can_retry": is_on and (is_parked or (_is_there(item) and given_up > 0)),
        "can_remove": item is not None and item.is_ours and _is_there(item),
        "is_lms_own": item is not None and not item.is_ours and _is_there(item),
        "values": values if filled is None else {**values, **filled.values},
        "errors": {} if filled is None else filled.sentences(),
    }


def _is_there(item: LineItem | None) -> bool:
    return item is not None and item.state not in {LineItemState.GONE, LineItemState.REMOVING}


def _state(item: LineItem | None) -> str | None:
    """Return where the column is; one that we took out ourselves is as none."""
    if item is None or (item.state is LineItemState.GONE and item.error is None):
        return None
    return item.state.value
