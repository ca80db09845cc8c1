"""Steps in the life of a source: having it read now, or not on time any more."""

from typing import Any
from uuid import UUID

from flask import g, url_for

from api.blueprint import Blueprint
from api.runs import RunSchema
from api.runs import shown as shown_run
from api.sources import SourceSchema, find_source, shown
from identity.access import allows
from importers.pulls import pulls, source_list
from tracker.permissions import Action

blp = Blueprint("source-steps", about="Systems that are read: one now, or one no longer")


@blp.post("/sources/<uuid:source_id>/pull")
@allows(Action.RUN_IMPORT)
@blp.response(202, RunSchema)
def pull_source(source_id: UUID) -> tuple[dict[str, Any], dict[str, str]]:
    """Have a system read now.

    A pull that is going on is not doubled.
    """
    source = find_source(source_id)
    run = pulls.start_pull(g.session, source=source, by=g.person, on=g.today, at=g.now)
    return shown_run(run), {"Location": url_for("api-imports.get_import", run_id=run.id)}


@blp.put("/sources/<uuid:source_id>/pause")
@allows(Action.RUN_IMPORT)
@blp.response(200, SourceSchema)
def pause_source(source_id: UUID) -> dict[str, Any]:
    """Ask a system nothing more on time.

    What it told stays; doing it twice does no harm.
    """
    source = find_source(source_id)
    source_list.pause(g.session, by=g.person, source=source, at=g.now)
    return shown(source)


@blp.delete("/sources/<uuid:source_id>/pause")
@allows(Action.RUN_IMPORT)
@blp.response(200, SourceSchema)
def resume_source(source_id: UUID) -> dict[str, Any]:
    """Ask a system again, from its next moment on.

    Doing it twice does no harm.
    """
    source = find_source(source_id)
    source_list.resume(g.session, by=g.person, source=source, at=g.now)
    return shown(source)
