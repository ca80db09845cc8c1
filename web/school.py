"""Pages of the administrator: where data come from, a preview, and a run on its way."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, current_app, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from marshmallow import fields, validate
from werkzeug.wrappers import Response

from identity.access import allows, takes_files
from importers import runs
from importers.changes import changes_of
from importers.door import MOST_BYTES
from importers.issue_list import count_issues, issues_of
from importers.models import ImportRun, RunState
from importers.quarantine import count_bad
from importers.report import report_of, told, totals_of
from importers.waiting import count_waiting
from tracker.errors import Conflict, Invalid
from tracker.models import Person
from tracker.permissions import Action
from web.forms import CODES, Filled, Form, fill, words

blp = Blueprint("school", __name__, url_prefix="/school")
OLD = timedelta(days=7)
SHOWN_RUNS = 10
SHOWN_ISSUES = 100
SHOWN_CHANGES = 20
HEALTH = {
    RunState.WAITING: "busy",
    RunState.READING: "busy",
    RunState.APPLYING: "busy",
    RunState.PREVIEWED: "waiting",
    RunState.REFUSED: "failed",
    RunState.FAILED: "failed",
}


class FileForm(Form):
    """What a list of kwalificaties does not say itself; never guessed."""

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
        try:
            run = runs.start(
                g.session,
                by=g.person,
                school=g.school,
                store=current_app.extensions["store"],
                file_name=upload.filename,
                body=upload.stream,
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
    sources = runs.sources(g.session, person=g.person, on=g.today)
    return render_template(
        "school/imports.html",
        sources=[
            {
                "name": source.name,
                "origin": source.kind,
                "health": _health(source),
                "detail": None,
                "last_ok_at": source.last_applied_at,
                "run_id": source.run_id,
            }
            for source in sources
        ],
        runs=[told_run(run, names) for run in recent],
        values=filled.values,
        errors=filled.sentences(),
    )


def _health(source: runs.SourceAge) -> str:
    if source.run_state in HEALTH:
        return HEALTH[source.run_state]
    last = source.last_applied_at
    return "old" if last is None or g.now - last > OLD else "good"


def names_of(ids: Sequence[UUID | None]) -> dict[UUID, str]:
    """Return the names of these people of the school."""
    rows = g.session.execute(
        sa.select(Person.id, Person.name).where(
            Person.school_id == g.school.id, Person.id.in_([key for key in ids if key])
        )
    )
    return {key: name for key, name in rows}  # noqa: C416 - rows are no tuples to mypy


def told_run(run: ImportRun, names: dict[UUID, str]) -> dict[str, Any]:
    """Return what pages tell of a run."""
    return {
        "id": run.id,
        "name": run.file_name,
        "state": run.state,
        "started_at": run.started_at,
        "by": names.get(run.started_by_id) if run.started_by_id else None,
        "counts": totals_of(run),
        "by_kind": run.counts,
        "digest": run.preview_digest,
        "done": run.done,
        "total": run.total,
    }


@blp.get("/imports/<uuid:run_id>")
@allows(Action.SEE_IMPORTS)
def import_run(run_id: UUID) -> str:
    """Show a run: what it would change, how far it is, or what it did."""
    run = runs.find_run(g.session, run_id, person=g.person, on=g.today)
    issues = told(issues_of(g.session, run, limit=SHOWN_ISSUES))
    stopped = run.state in {RunState.REFUSED, RunState.FAILED}
    report = report_of(g.session, run, limit=0)
    return render_template(
        "school/import_run.html",
        run=told_run(run, names_of([run.started_by_id])),
        issues=issues[1:] if stopped else issues,
        more_issues=max(0, count_issues(g.session, run) - len(issues)),
        changes=changes_of(g.session, run, limit=SHOWN_CHANGES),
        closing={kind: counts["closed"] for kind, counts in report["by_kind"].items()},
        must_confirm=runs.needs_confirmation(g.session, run),
        quarantine={
            "bad": count_bad(g.session, run),
            "waiting": count_waiting(g.session, run),
            "is_applied": run.state is RunState.APPLIED and run.phase is None,
        },
        problem=issues[0] if stopped and issues else None,
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
