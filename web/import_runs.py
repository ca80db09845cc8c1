"""Pages of the administrator: earlier runs, and what becomes of the rows that one set aside."""

from collections.abc import Callable
from io import BytesIO
from uuid import UUID

from flask import (
    Blueprint,
    current_app,
    flash,
    g,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from flask_babel import gettext
from marshmallow import fields
from werkzeug.wrappers import Response

from identity.access import allows, takes_files
from importers import runs
from importers.door.admitting import MOST_BYTES
from importers.models import ImportRun, ImportSource, RunState
from importers.repair.quarantine import bad_rows, media_type_of
from tracker.errors import Conflict, Invalid, NotFound
from tracker.permissions import Action
from web.forms import CODES, Form, fill
from web.run_page import names_of, told_run

blp = Blueprint("import_runs", __name__, url_prefix="/school/imports")
SHOWN = 25


class PageForm(Form):
    """Which part of the history."""

    source = fields.UUID(load_default=None, error_messages=CODES)
    before = fields.UUID(load_default=None, error_messages=CODES)


@blp.get("")
@allows(Action.SEE_IMPORTS)
def history() -> str:
    """Show earlier runs, of all sources or of one, newest first."""
    asked = fill(PageForm(), request.args).data
    source_id = asked.get("source")
    source = None
    if source_id is not None:
        source = g.session.get(ImportSource, (g.school.id, source_id))
        if source is None:
            raise NotFound("source not found")
    found = runs.recent_runs(
        g.session,
        person=g.person,
        on=g.today,
        limit=SHOWN + 1,
        before=asked.get("before"),
        source_id=source_id,
    )
    shown = found[:SHOWN]
    names = names_of([run.started_by_id for run in shown])
    return render_template(
        "school/runs.html",
        source=source.name if source else None,
        source_id=source_id,
        runs=[told_run(run, names) for run in shown],
        before=shown[-1].id if len(found) > SHOWN else None,
    )


@blp.get("/<uuid:run_id>/bad-rows")
@allows(Action.SEE_IMPORTS)
def download(run_id: UUID) -> Response:
    """Give the bad rows of a run, to be repaired."""
    run = runs.find_run(g.session, run_id, person=g.person, on=g.today)
    try:
        name, body = bad_rows(g.session, run, current_app.extensions["store"])
    except Conflict as refusal:
        return _refused(run_id, refusal)
    return send_file(
        BytesIO(body), mimetype=media_type_of(name), as_attachment=True, download_name=name
    )


@blp.post("/<uuid:run_id>/repair")
@allows(Action.RUN_IMPORT)
@takes_files(MOST_BYTES)
def repair(run_id: UUID) -> Response:
    """Take in repaired rows of a run, and have a preview made of them."""
    run = runs.find_run(g.session, run_id, person=g.person, on=g.today)
    upload = request.files.get("files")
    if upload is None or not upload.filename:
        flash(gettext("Choose the file with the repaired rows."), "error")
        return _back(run_id)
    try:
        repairing = runs.start(
            g.session,
            by=g.person,
            school=g.school,
            store=current_app.extensions["store"],
            file_name=upload.filename,
            body=upload.stream,
            kind=run.kind,
            repair_of=run,
            encryption_keys=current_app.extensions["settings"].encryption_keys,
            on=g.today,
            at=g.now,
        )
    except Invalid:
        return _not_repaired(run_id)
    if repairing.state is RunState.REFUSED:
        return _not_repaired(run_id)
    return _back(repairing.id)


@blp.post("/<uuid:run_id>/retry")
@allows(Action.RUN_IMPORT)
def retry(run_id: UUID) -> Response:
    """Have the rows that waited taken up by a new run."""
    return _do(run_id, runs.retry)


@blp.post("/<uuid:run_id>/bad-rows/discard")
@allows(Action.RUN_IMPORT)
def discard_rows(run_id: UUID) -> Response:
    """Throw away what a run set aside."""
    return _do(run_id, runs.discard_rows, gettext("These rows go."))


@blp.post("/<uuid:run_id>/cancel")
@allows(Action.RUN_IMPORT)
def cancel(run_id: UUID) -> Response:
    """Stop a run that is going on."""
    return _do(run_id, runs.cancel, gettext("It stops after the rows that are at hand."))


def _do(run_id: UUID, act: Callable[..., ImportRun | None], thanks: str | None = None) -> Response:
    """Do something about a run, and show the run that is about it from here on."""
    run = runs.find_run(g.session, run_id, person=g.person, on=g.today)
    try:
        next_run = act(g.session, by=g.person, run=run, on=g.today, at=g.now)
    except Conflict as refusal:
        return _refused(run_id, refusal)
    if thanks is not None:
        flash(thanks, "ok")
    return _back(run_id if next_run is None else next_run.id)


def _not_repaired(run_id: UUID) -> Response:
    flash(gettext("This file could not be read. Send it as you downloaded it."), "error")
    return _back(run_id)


def _refused(run_id: UUID, refusal: Conflict) -> Response:
    sentences = {
        "import.nothing_bad": gettext("There are no rows to repair any more."),
        "import.nothing_waits": gettext("No row waits any more."),
        "import.not_applied": gettext("This is only possible once the file is applied."),
        "import.not_going_on": gettext("Nothing is going on any more."),
    }
    flash(str(sentences[refusal.code]), "error")
    return _back(run_id)


def _back(run_id: UUID) -> Response:
    return redirect(url_for("school.import_run", run_id=run_id), 303)
