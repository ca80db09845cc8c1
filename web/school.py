"""Pages of the administrator: where data come from, a preview, and a run on its way."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from flask import Blueprint, current_app, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from marshmallow import fields, validate
from werkzeug.wrappers import Response

from identity.access import allows, takes_files
from importers import runs
from importers.door.admitting import KINDS, MOST_BYTES
from importers.models import GOING_ON
from importers.pulls import source_list
from importers.todo import first_steps, what_waits
from lti.connecting import connections
from lti.courses.course_list import courses_of
from tracker.errors import Conflict, Invalid
from tracker.meanings import courses
from tracker.permissions import Action
from web.forms import CODES, Filled, Form, fill, words
from web.run_page import LookForm, names_of, progress_of, run_page, told_run
from web.sources import told_source

blp = Blueprint("school", __name__, url_prefix="/school")
SHOWN_RUNS = 5


class FileForm(Form):
    """What the file is, if we do not see it; and what a list of kwalificaties does not say."""

    kind = fields.String(
        load_default=None,
        validate=validate.OneOf(KINDS, error="not_a_choice"),
        error_messages=CODES,
    )
    edition = words(40, required=False)
    level = fields.Integer(
        load_default=None,
        validate=validate.Range(1, 4, error="not_a_choice"),
        error_messages=CODES,
    )
    title = words(200, required=False)


@blp.get("")
@allows(Action.SEE_IMPORTS)
def imports() -> str:
    """Show the sources with their age, the last runs, and the form for a file."""
    return _imports_page(Filled({}))


@blp.post("/imports")
@allows(Action.RUN_IMPORT)
@takes_files(MOST_BYTES)
def send_file() -> Response | tuple[str, int]:
    """Take in a file and have a preview made of it."""
    filled = fill(FileForm(), request.form)
    upload = request.files.get("files")
    if upload is None or not upload.filename:
        filled.errors["files"] = "required"
    elif not filled.errors:
        kind = filled.data.pop("kind")
        try:
            run = runs.start(
                g.session,
                by=g.person,
                school=g.school,
                store=current_app.extensions["store"],
                file_name=upload.filename,
                body=upload.stream,
                kind=kind,
                options={k: str(v) for k, v in filled.data.items() if v is not None},
                encryption_keys=current_app.extensions["settings"].encryption_keys,
                on=g.today,
                at=g.now,
            )
            return redirect(url_for("school.import_run", run_id=run.id), 303)
        except Invalid as refusal:
            filled.refuse(refusal)
    return _imports_page(filled), 422


def _imports_page(filled: Filled) -> str:
    recent = runs.recent_runs(g.session, person=g.person, on=g.today, limit=SHOWN_RUNS)
    names = names_of([run.started_by_id for run in recent])
    states = source_list.states_of(g.session, g.school, by=g.person, at=g.now)
    return render_template(
        "school/imports.html",
        sources=[told_source(state) for state in states],
        begun=_begun(),
        waits=_waits(),
        runs=[told_run(run, names) for run in recent],
        kinds=KINDS,
        values={"kind": "", **filled.values},
        errors=filled.sentences(),
    )


def _begun() -> dict[str, bool]:
    """Return which of the first steps the school took."""
    begun = first_steps(g.session, person=g.person, on=g.today)
    lms = connections.registrations_of(g.session, by=g.person, on=g.today)
    return {**asdict(begun), "lms": bool(lms)}


def _waits() -> dict[str, Any]:
    """Return what waits for the administrator, on this page and others."""
    reader: dict[str, Any] = {"person": g.person, "on": g.today}
    waits = what_waits(g.session, limit=SHOWN_RUNS, **reader)
    return {
        "previews": [told_run(run, {}) for run in waits.previews],
        "repairs": waits.repairs,
        "parked": waits.parked,
        "ready": waits.ready,
        "unsaid": sum(course.unsaid for course in courses(g.session, **reader)),
        "lms": _waits_at_lms(),
    }


def _waits_at_lms() -> int:
    """Count deployments that nobody switched on, and courses that ask something of the school."""
    told: dict[str, Any] = {"by": g.person, "on": g.today}
    asking = [
        course
        for course in courses_of(g.session, **told)
        if course.waiting or (course.pull is not None and course.pull.held)
    ]
    return len(connections.waiting_deployments(g.session, **told)) + len(asking)


@blp.get("/imports/<uuid:run_id>")
@allows(Action.SEE_IMPORTS)
def import_run(run_id: UUID) -> str:
    """Show a run: what it would change, how far it is, or what it did."""
    run = runs.find_run(g.session, run_id, person=g.person, on=g.today)
    return run_page(run)


@blp.get("/imports/<uuid:run_id>/progress")
@allows(Action.SEE_IMPORTS)
def progress(run_id: UUID) -> str:
    """Show only how far a run is; a page that stays open asks for it each second."""
    run = runs.find_run(g.session, run_id, person=g.person, on=g.today, is_look=False)
    going_on = run.state in GOING_ON
    seen = fill(LookForm(), request.args).data
    return render_template(
        "school/_progress.html",
        run=told_run(run, {}),
        progress=progress_of(run, seen) if going_on else None,
    )


@blp.post("/imports/<uuid:run_id>/apply")
@allows(Action.RUN_IMPORT)
def apply_import(run_id: UUID) -> Response:
    """Have the preview that was seen applied."""
    run = runs.find_run(g.session, run_id, person=g.person, on=g.today)
    try:
        runs.approve(
            g.session,
            by=g.person,
            run=run,
            digest=request.form.get("digest", ""),
            confirm_closing=request.form.get("confirm_closing") == "yes",
            on=g.today,
            at=g.now,
        )
    except Conflict as refusal:
        flash(_refusal(refusal.code), "error")
    return redirect(url_for("school.import_run", run_id=run.id), 303)


def _refusal(code: str) -> str:
    sentences = {
        "import.not_previewed": gettext("This file is no longer waiting for approval."),
        "import.other_preview": gettext("Something changed since you looked. Look again."),
        "import.closing_not_confirmed": gettext("Confirm first that so much may be closed."),
    }
    return str(sentences[code])


@blp.post("/imports/<uuid:run_id>/discard")
@allows(Action.RUN_IMPORT)
def discard_import(run_id: UUID) -> Response:
    """Throw a preview away."""
    run = runs.find_run(g.session, run_id, person=g.person, on=g.today)
    try:
        runs.discard(g.session, by=g.person, run=run, on=g.today, at=g.now)
    except Conflict as refusal:
        flash(_refusal(refusal.code), "error")
    return redirect(url_for("school.import_run", run_id=run.id), 303)
