"""Pages of the administrator: the systems that are read on time, and how each is."""

from typing import Any
from uuid import UUID

from flask import Blueprint, current_app, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from marshmallow import fields, validate
from werkzeug.wrappers import Response

from identity.access import allows
from importers.kinds import PULL_KINDS
from importers.models import Cadence, ImportSource, MatchOn
from importers.pulls import pulls, source_checks, source_list
from importers.pulls.pushers import SENDING, Program, programs_of
from importers.pulls.source_list import SourceState
from importers.report import totals_of
from importers.sentences import say
from settings import Settings
from tracker.errors import Invalid
from tracker.permissions import Action
from web.forms import CODES, Filled, Form, fill, words

blp = Blueprint("sources", __name__, url_prefix="/school/sources")
SHOWN_RUNS = 10
LONGEST_OPTIONS = 2000
COMMAND = "bin/leerspoor source add {0.slug} --kind {1}"


def _one_of(kind: type[Cadence] | type[MatchOn], first: str) -> fields.String:
    return fields.String(
        load_default=first,
        validate=validate.OneOf([str(one) for one in kind], error="not_a_choice"),
        error_messages=CODES,
    )


class SourceForm(Form):
    """What may change later."""

    url = words(source_checks.LONGEST_URL)
    secret = words(source_checks.LONGEST_SECRET, required=False)
    cadence = _one_of(Cadence, "nightly")
    match_on = _one_of(MatchOn, "number")
    options = words(LONGEST_OPTIONS, required=False)


class NewSourceForm(SourceForm):
    """What is chosen once."""

    kind = fields.String(required=True, error_messages=CODES)
    name = words(source_checks.LONGEST_NAME)
    secret = words(source_checks.LONGEST_SECRET)


@blp.get("")
@allows(Action.SEE_IMPORTS)
def overview() -> str:
    """Show every source with its health and age, and the form for another system."""
    return _overview(Filled({}))


@blp.post("")
@allows(Action.RUN_IMPORT)
def add() -> Response | tuple[str, int]:
    """Add a system and pull it at once: what is missing shows on its page."""
    filled = fill(NewSourceForm(), request.form)
    if not filled.errors:
        try:
            source = source_list.add_source(
                g.session,
                by=g.person,
                school=g.school,
                kind=filled.data["kind"],
                name=filled.data["name"],
                **_choices(filled),
            )
            pulls.start_pull(g.session, source=source, by=g.person, on=g.today, at=g.now)
            return _to(source)
        except Invalid as refusal:
            _refuse(filled, refusal)
    return _overview(filled), 422


@blp.get("/<uuid:source_id>")
@allows(Action.SEE_IMPORTS)
def source(source_id: UUID) -> str:
    """Show one system: how it is, its last runs and its settings."""
    found = _find(source_id)
    told = {name: str(value) for name, value in found.options.items()}
    values = {
        "url": found.url,
        "cadence": found.cadence,
        "match_on": found.match_on,
        "options": "\n".join(f"{name}={value}" for name, value in told.items()),
    }
    return _page(found, Filled(values))


@blp.post("/<uuid:source_id>")
@allows(Action.RUN_IMPORT)
def change(source_id: UUID) -> Response | tuple[str, int]:
    """Change where, with which key and how often a system is read."""
    found = _find(source_id)
    filled = fill(SourceForm(), request.form)
    if not filled.errors:
        try:
            source_list.change_source(g.session, by=g.person, source=found, **_choices(filled))
            flash(gettext("Saved."), "ok")
            return _to(found)
        except Invalid as refusal:
            _refuse(filled, refusal)
            g.session.refresh(found)
    return _page(found, filled), 422


@blp.post("/<uuid:source_id>/pull")
@allows(Action.RUN_IMPORT)
def pull(source_id: UUID) -> Response:
    """Have a system read now; a pull that is going on is not doubled."""
    found = _find(source_id)
    pulls.start_pull(g.session, source=found, by=g.person, on=g.today, at=g.now)
    return _to(found)


@blp.post("/<uuid:source_id>/pause")
@allows(Action.RUN_IMPORT)
def pause(source_id: UUID) -> Response:
    """Ask a system nothing more on time."""
    found = _find(source_id)
    source_list.pause(g.session, by=g.person, source=found, at=g.now)
    return _to(found)


@blp.post("/<uuid:source_id>/resume")
@allows(Action.RUN_IMPORT)
def resume(source_id: UUID) -> Response:
    """Ask a system again on time."""
    found = _find(source_id)
    source_list.resume(g.session, by=g.person, source=found, at=g.now)
    return _to(found)


def _find(source_id: UUID) -> ImportSource:
    return source_list.find_source(g.session, source_id, person=g.person, on=g.today)


def _to(found: ImportSource) -> Response:
    return redirect(url_for("sources.source", source_id=found.id), 303)


def _overview(filled: Filled) -> str:
    states = source_list.states_of(g.session, g.school, by=g.person, at=g.now)
    filled.values.pop("secret", None)  # never shown again
    public_url = _settings().public_url
    return render_template(
        "school/sources.html",
        sources=[told_source(state) for state in states if state.source.pusher_id is None],
        programs=[_told_program(one) for one in programs_of(g.session, g.school, states)],
        sending=[
            {"kind": kind, "address": public_url + path, "command": COMMAND.format(g.school, kind)}
            for kind, (_, path) in SENDING.items()
        ],
        kinds=sorted(PULL_KINDS),
        values={"cadence": Cadence.NIGHTLY, "match_on": MatchOn.NUMBER, **filled.values},
        errors=filled.sentences(),
    )


def _page(found: ImportSource, filled: Filled) -> str:
    recent = source_list.recent_runs(g.session, found, limit=SHOWN_RUNS)
    last = recent[0] if recent else None
    state = source_list.state_of(g.session, found, last, at=g.now)
    filled.values.pop("secret", None)
    return render_template(
        "school/source.html",
        source=told_source(state),
        has_secret=found.sealed_secret is not None,
        runs=[
            {
                "id": run.id,
                "state": run.state,
                "started_at": run.started_at,
                "counts": totals_of(run),
            }
            for run in recent
        ],
        values=filled.values,
        errors=filled.sentences(),
    )


def told_source(state: SourceState) -> dict[str, Any]:
    """Return what pages tell of a source."""
    found = state.source
    troubles = [say(one.code, value=one.value, detail=one.detail) for one in state.troubles]
    reason = say(found.error) if found.error else None
    return {
        "id": found.id,
        "name": found.name,
        "kind": found.kind,
        "url": found.url,
        "is_of_files": found.url is None and found.pusher_id is None,
        "is_sent": found.pusher_id is not None,
        "health": state.health,
        "reason": troubles[0] if found.error and troubles else reason,
        "troubles": troubles,
        "cadence": found.cadence,
        "last_ok_at": found.last_applied_at,
        "due_at": found.due_at,
        "is_paused": found.paused_at is not None,
        "run_id": state.run.id if state.run else None,
    }


def _told_program(program: Program) -> dict[str, Any]:
    return {
        **told_source(program.state),
        "received_at": program.received_at,
        "waiting": program.waiting,
        "set_aside": program.set_aside,
    }


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings


def _choices(filled: Filled) -> dict[str, Any]:
    lines = (filled.data.get("options") or "").splitlines()
    pairs = (line.partition("=") for line in lines if line.strip())
    return {
        "url": filled.data["url"],
        "secret": filled.data.get("secret"),
        "cadence": Cadence(filled.data["cadence"]),
        "match_on": MatchOn(filled.data["match_on"]),
        "options": {name.strip(): value.strip() for name, _, value in pairs},
        "encryption_keys": _settings().encryption_keys,
        "at": g.now,
    }


def _refuse(filled: Filled, refusal: Invalid) -> None:
    """Take over what was refused; all that is wrong with the choices stands at their field."""
    fields_told = {name.partition(".")[0]: code for name, code in refusal.fields.items()}
    filled.errors.update(fields_told)
