"""Pages of the administrator: who is parked, and who that is, or is not."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from marshmallow import fields
from werkzeug.wrappers import Response

from identity.access import allows
from importers.people import parking
from importers.people.parked import (
    Parked,
    decided_lately,
    find_parked,
    parked_people,
    ready_sources,
    search_people,
)
from importers.sentences import why_parked
from tracker.errors import Conflict
from tracker.models import Person
from tracker.permissions import Action, find
from web.forms import CODES, Form, fill, words

blp = Blueprint("parking", __name__, url_prefix="/school/parked")
SHOWN = 50
SHOWN_DECIDED = 20


class DecisionForm(Form):
    """One of our people, or nobody."""

    person = fields.UUID(load_default=None, error_messages=CODES)
    nobody = fields.String(load_default=None, error_messages=CODES)


class SearchForm(Form):
    """What somebody may be called here."""

    q = words(200, required=False)


class SourceForm(Form):
    """Of which source the rows are taken up."""

    source = fields.UUID(required=True, error_messages=CODES)


class PageForm(Form):
    """Which part of the list."""

    after = fields.UUID(load_default=None, error_messages=CODES)


@blp.get("")
@allows(Action.SEE_IMPORTS)
def parked() -> str:
    """Show who is parked, by source, and who was decided about lately."""
    after = fill(PageForm(), request.args).data.get("after")
    reader: dict[str, Any] = {"person": g.person, "on": g.today}
    found = parked_people(g.session, after=after, limit=SHOWN + 1, **reader)
    decided = decided_lately(g.session, limit=SHOWN_DECIDED, **reader)
    return render_template(
        "school/parked.html",
        sources=_by_source(found[:SHOWN]),
        decided=[_told(one) for one in decided],
        ready=[
            {"id": one.source_id, "name": one.name, "rows": one.rows}
            for one in ready_sources(g.session, **reader)
        ],
        after=found[SHOWN - 1].row.id if len(found) > SHOWN else None,
    )


def _by_source(found: Sequence[Parked]) -> list[dict[str, Any]]:
    ordered = sorted(found, key=lambda one: (one.source, one.row.id))
    return [
        {"name": name, "people": [_told(one) for one in people]}
        for name, people in groupby(ordered, key=lambda one: one.source)
    ]


def _told(one: Parked) -> dict[str, Any]:
    row = one.row
    key = row.number or row.email or row.ext_id
    return {
        "id": row.id,
        "source": one.source,
        "name": row.name,
        "number": row.number,
        "email": row.email,
        "key": row.ext_id,
        "why": why_parked(row.why, key),
        "seen_at": row.seen_at,
        "waiting": one.waiting,
        "is_decided": row.decided_at is not None,
        "decided_at": row.decided_at,
        "person": one.person.name if one.person else None,
    }


@blp.get("/<uuid:parked_id>")
@allows(Action.SEE_IMPORTS)
def person(parked_id: UUID) -> str:
    """Show one who is parked, and look among our people for whom it may be."""
    found = find_parked(g.session, parked_id, person=g.person, on=g.today)
    asked = fill(SearchForm(), request.args)
    wanted = asked.data.get("q")
    # Who has this number is a fact, no guess, so it is shown before anybody asks.
    first = wanted or found.row.number
    people: Sequence[Person] = []
    if first:
        people = search_people(g.session, person=g.person, words=first, on=g.today)
    return render_template(
        "school/parked_person.html",
        parked=_told(found),
        people=[{"id": one.id, "name": one.name, "number": one.number} for one in people],
        is_searched=wanted is not None,
        values={"q": wanted or found.row.name or ""},
    )


@blp.post("/<uuid:parked_id>")
@allows(Action.RUN_IMPORT)
def decide(parked_id: UUID) -> Response:
    """Say who it is, or that it is nobody of ours."""
    found = find_parked(g.session, parked_id, person=g.person, on=g.today)
    filled = fill(DecisionForm(), request.form)
    chosen = filled.data.get("person")
    if filled.errors or (chosen is None and filled.data.get("nobody") is None):
        flash(gettext("Choose one of these."), "error")
        return redirect(url_for("parking.person", parked_id=parked_id), 303)
    who = None
    if chosen is not None:
        who = find(g.session, Person, chosen, person=g.person, on=g.today)
    try:
        parking.decide(g.session, by=g.person, parked=found.row, person=who, on=g.today, at=g.now)
        flash(gettext("Noted. You can undo this below."), "ok")
    except Conflict as refusal:
        flash(_refusal(refusal.code), "error")
    return redirect(url_for("parking.parked"), 303)


@blp.post("/<uuid:parked_id>/undo")
@allows(Action.RUN_IMPORT)
def undo(parked_id: UUID) -> Response:
    """Take back what was said."""
    found = find_parked(g.session, parked_id, person=g.person, on=g.today)
    try:
        parking.undo(g.session, by=g.person, parked=found.row, on=g.today, at=g.now)
        flash(gettext("Undone. What came in by it ended today."), "ok")
    except Conflict as refusal:
        flash(_refusal(refusal.code), "error")
    return redirect(url_for("parking.parked"), 303)


@blp.post("/take-up")
@allows(Action.RUN_IMPORT)
def take_up() -> Response:
    """Have the rows that waited taken up by new runs."""
    filled = fill(SourceForm(), request.form)
    if filled.errors:
        flash(gettext("Choose one of these."), "error")
        return redirect(url_for("parking.parked"), 303)
    made = parking.take_up(
        g.session, by=g.person, source_id=filled.data["source"], on=g.today, at=g.now
    )
    if len(made) == 1:
        return redirect(url_for("school.import_run", run_id=made[0].id), 303)
    told = ngettext("%(num)s import takes them up.", "%(num)s imports take them up.", len(made))
    flash(told, "ok")
    return redirect(url_for("school.imports"), 303)


def _refusal(code: str) -> str:
    sentences = {
        "parked.decided": gettext("Somebody said already who this is."),
        "parked.not_decided": gettext("Nobody said yet who this is."),
    }
    return str(sentences[code])
