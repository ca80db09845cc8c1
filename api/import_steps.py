"""Steps in the life of an import: stopping it, taking up rows that wait, and its bad rows."""

from io import BytesIO
from typing import Any
from uuid import UUID

from flask import current_app, g, send_file, url_for
from marshmallow import fields
from werkzeug.wrappers import Response

from api.blueprint import Blueprint
from api.fields import Contract, Text, Whole
from api.imports import MAPPING
from api.runs import RunSchema, shown
from identity.access import allows
from importers import runs
from importers.door.rereading import read_again
from importers.repair.quarantine import bad_rows
from tracker.permissions import Action

blp = Blueprint("import-steps", about="Imports: stopping one, and the rows that it set aside")
BYTES = "application/octet-stream"


class ColumnsSchema(Contract):
    """What the columns of a sheet mean, and how it is called."""

    mapping = fields.Dict(
        required=True,
        error_messages={"required": "required", "null": "required", "invalid": "not_an_object"},
        metadata={
            "description": f"What the columns mean: {MAPPING}",
            "example": {
                "columns": {"Kenmerk": {"means": "number"}, "Toets": {"means": "result"}},
                "person": "Kenmerk",
                "date": "2026-11-12",
            },
        },
    )
    source = Text(
        longest=200,
        load_default=None,
        allow_none=True,
        about="The name under which readers see it; else it stays",
        example="Toetsweek",
    )
    header_row = Whole(
        least=1,
        most=20,
        load_default=None,
        allow_none=True,
        about="The row with the names of the columns, from 1; else it stays",
        example=3,
    )


@blp.post("/imports/<uuid:run_id>/cancel")
@allows(Action.RUN_IMPORT)
@blp.response(202, RunSchema)
@blp.alt_response(409, description="Nothing is going on")
def cancel_import(run_id: UUID) -> dict[str, Any]:
    """Stop an import that is going on.

    One that was being read is thrown away. Of one that was being applied the written rows stay,
    and what is left becomes a preview again.
    """
    run = runs.find_run(g.session, run_id, person=g.person, on=g.today)
    runs.cancel(g.session, by=g.person, run=run, on=g.today, at=g.now)
    return shown(run)


@blp.post("/imports/<uuid:run_id>/columns")
@allows(Action.RUN_IMPORT)
@blp.arguments(ColumnsSchema)
@blp.response(202, RunSchema)
@blp.alt_response(409, description="It is no preview of a sheet")
def read_import_again(body: dict[str, Any], run_id: UUID) -> dict[str, Any]:
    """Say what the columns of a sheet mean, and have it read again.

    Also a sheet that was refused because it was not understood. The file need not be sent again;
    a new preview is made, and nothing changes until it is applied.
    """
    run = runs.find_run(g.session, run_id, person=g.person, on=g.today)
    store = current_app.extensions["store"]
    read_again(g.session, by=g.person, run=run, store=store, on=g.today, at=g.now, **body)
    return shown(run)


@blp.post("/imports/<uuid:run_id>/retry")
@allows(Action.RUN_IMPORT)
@blp.response(201, RunSchema)
@blp.alt_response(409, description="No row waits")
def retry_import(run_id: UUID) -> tuple[dict[str, Any], dict[str, str]]:
    """Take up the rows that waited for who or what they are about.

    Nothing is read again: a new import, with a preview of its own, takes up what an applied one
    set aside though nothing was wrong in it.
    """
    run = runs.find_run(g.session, run_id, person=g.person, on=g.today)
    again = runs.retry(g.session, by=g.person, run=run, on=g.today, at=g.now)
    return shown(again), {"Location": url_for("api-imports.get_import", run_id=again.id)}


@blp.get("/imports/<uuid:run_id>/bad-rows")
@allows(Action.SEE_IMPORTS)
@blp.response(200, {"type": "string", "format": "binary"}, content_type=BYTES)
@blp.alt_response(409, description="No row is bad")
def download_bad_rows(run_id: UUID) -> Response:
    """Download the bad rows of an import, to repair them.

    As they were written, with the reasons in a last column: csv, xlsx or zip, like the file that
    was sent; of lines of JSON a line above each says what is wrong. Repair them there and send
    the file again; it is recognised. Rows that wait for a decision are not among them.
    """
    run = runs.find_run(g.session, run_id, person=g.person, on=g.today)
    name, body = bad_rows(g.session, run, current_app.extensions["store"])
    return send_file(BytesIO(body), mimetype=BYTES, as_attachment=True, download_name=name)


@blp.delete("/imports/<uuid:run_id>/bad-rows")
@allows(Action.RUN_IMPORT)
@blp.response(204, description="Thrown away")
@blp.alt_response(409, description="It is not applied")
def discard_bad_rows(run_id: UUID) -> tuple[str, int]:
    """Throw away what an applied import set aside.

    The rows and their cells go; the counts stay.
    """
    run = runs.find_run(g.session, run_id, person=g.person, on=g.today)
    runs.discard_rows(g.session, by=g.person, run=run, on=g.today, at=g.now)
    return "", 204
