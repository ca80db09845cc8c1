"""Imports: a file in, a preview to look at, and that very preview applied or thrown away."""

from typing import Any
from uuid import UUID

from flask import current_app, g, request, url_for
from marshmallow import fields

from api.blueprint import Blueprint
from api.errors import Refusal
from api.fields import Choice, Contract, Flag, Id, Moment, Text
from api.paging import Answer, PageQuery, page
from api.parsing import FILES, read_json
from api.runs import CountsSchema, RunSchema, shown
from identity.access import allows, takes_files
from importers import runs
from importers.door.admitting import MOST_BYTES
from importers.kinds import FILE_KINDS
from importers.models import ImportRun, RunState
from importers.report import totals_of
from tracker.permissions import Action

blp = Blueprint("imports", about="Imports: files of the school's systems, previewed, then applied")
LONGEST_MAPPING = 100_000
MAPPING = (
    "{columns: {header: {means, item, scale, decimal}}, person: the header that names the student,"
    " date: a header or a day, people: link or make, person_pattern: such as S{:06d},"
    " snapshot, repeats}; all but `columns` may be left out. `GET /api/imports/{run_id}/reading`"
    " shows what was understood, in the same words"
)


class UploadSchema(Contract):
    """What may be said about a file beside its bytes."""

    kind = Text(
        longest=64,
        load_default=None,
        about="What it is; else recognised. One of: " + ", ".join(one.kind for one in FILE_KINDS),
        example="oneroster",
    )
    edition = Text(longest=40, load_default="", about="Of a list of kwalificaties", example="2026")
    level = Text(longest=1, load_default="", about="Of a list of kwalificaties", example="3")
    title = Text(
        longest=200, load_default="", about="Of a list of kwalificaties", example="Verzorgende IG"
    )
    source = Text(
        longest=200,
        load_default="",
        about="Of a sheet: the name under which readers see it",
        example="Toetsweek",
    )
    mapping = Text(
        longest=LONGEST_MAPPING,
        load_default="",
        about=f"Of a sheet: what its columns mean, as JSON: {MAPPING}",
        example='{"columns": {"Kenmerk": {"means": "number"}}}',
    )
    repair_of = Id(
        load_default=None,
        about="The import whose bad rows, repaired, this file holds; it closes nobody",
        example="019aab4e-9000-7aaa-8bbb-000000000001",
    )


class UploadFormSchema(UploadSchema):
    """The form with the file."""

    files = fields.List(
        fields.Raw(metadata={"type": "string", "format": "binary"}),
        required=True,
        metadata={
            "description": "One file: a table (csv, xlsx), a bundle (zip), or XML or JSON",
            "minItems": 1,
            "maxItems": 1,
        },
    )


class ImportSchema(Contract):
    """An import, as a list tells it."""

    run = Id(about="The run", example="019aab4e-9000-7aaa-8bbb-000000000001")
    kind = Text(longest=64, allow_none=True, about="What the file is", example="oneroster")
    state = Choice(RunState, about="Where it stands", example="previewed")
    file_name = Text(longest=200, about="The file", example="meetpunt.zip")
    started_at = Moment(about="When it was sent", example="2026-11-21T03:00:00Z")
    ended_at = Moment(allow_none=True, about="When it was done", example="2026-11-21T03:02:00Z")
    counts = fields.Nested(CountsSchema)


class ImportPageSchema(Contract):
    """A page of imports."""

    items = fields.List(fields.Nested(ImportSchema))


class ApprovalSchema(Contract):
    """Which preview to apply."""

    digest = Text(
        longest=64,
        required=True,
        about="The `digest` of the preview you looked at",
        example="9f2c7d1e4a9f2c7d1e4a9f2c7d1e4a9f2c7d1e4a9f2c7d1e4a9f2c7d1e4a9f2c",
    )
    confirm_closing = Flag(
        load_default=False,
        about="Apply also when very much would close",
        example=False,
    )


class RunsQuery(PageQuery):
    """Which imports, and which part of them."""

    source = Id(
        load_default=None,
        about="Only those of this source",
        example="019aab4e-9000-7aaa-8bbb-000000000002",
    )


@blp.get("/imports")
@allows(Action.SEE_IMPORTS)
@blp.arguments(RunsQuery, location="query")
@blp.response(200, ImportPageSchema)
@blp.alt_response(403, description="You are no administrator")
def list_imports(query: dict[str, Any]) -> Answer:
    """List the school's imports, newest first.

    With how many records each would touch, or touched.
    """
    limit = query["limit"]
    found = runs.recent_runs(
        g.session,
        person=g.person,
        on=g.today,
        limit=limit + 1,
        before=query["after"],
        source_id=query["source"],
    )
    shown = found[:limit]
    return page([_listed(run) for run in shown], shown[-1].id if len(found) > limit else None)


@blp.post("/imports")
@allows(Action.RUN_IMPORT)
@takes_files(MOST_BYTES)
@blp.arguments(UploadSchema, location="multipart")
@blp.response(201, RunSchema)
@blp.doc(requestBody={"content": {"multipart/form-data": {"schema": UploadFormSchema}}})
def create_import(body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Send a file and have a preview made of it.

    Nothing changes yet. Ask for the run until its state is `previewed`; a file that cannot be
    used at all is `refused` at once, and its issues say why.
    """
    named = [file for file in request.files.getlist(FILES) if file.filename]
    if len(named) != 1:
        code = "files.too_many" if named else "required"
        raise Refusal(422, "invalid", {FILES: [code]})
    kind, repaired = body.pop("kind"), body.pop("repair_of")
    mapping = body.pop("mapping")
    if mapping:
        body["mapping"] = read_json(mapping.encode())
    if repaired is not None:
        repaired = runs.find_run(g.session, repaired, person=g.person, on=g.today)
    run = runs.start(
        g.session,
        by=g.person,
        school=g.school,
        store=current_app.extensions["store"],
        file_name=named[0].filename or "",
        body=named[0].stream,
        kind=kind,
        options=body,
        repair_of=repaired,
        encryption_keys=current_app.extensions["settings"].encryption_keys,
        on=g.today,
        at=g.now,
    )
    return shown(run), {"Location": url_for("api-imports.get_import", run_id=run.id)}


@blp.get("/imports/<uuid:run_id>")
@allows(Action.SEE_IMPORTS)
@blp.response(200, RunSchema)
def get_import(run_id: UUID) -> dict[str, Any]:
    """Show one import.

    With its counts per kind and the first thousand issues, errors before warnings.
    """
    return shown(runs.find_run(g.session, run_id, person=g.person, on=g.today))


@blp.post("/imports/<uuid:run_id>/apply")
@allows(Action.RUN_IMPORT)
@blp.arguments(ApprovalSchema)
@blp.response(202, RunSchema)
def apply_import(body: dict[str, Any], run_id: UUID) -> dict[str, Any]:
    """Apply the preview you looked at.

    Good rows go in, bad rows stay set aside. Ask for the run until its state is `applied`. When
    the preview is no longer the one with this digest, nothing happens: 409.
    """
    run = runs.find_run(g.session, run_id, person=g.person, on=g.today)
    runs.approve(g.session, by=g.person, run=run, on=g.today, at=g.now, **body)
    return shown(run)


@blp.delete("/imports/<uuid:run_id>")
@allows(Action.RUN_IMPORT)
@blp.response(204, description="Thrown away")
@blp.alt_response(409, description="It is no preview")
def discard_import(run_id: UUID) -> tuple[str, int]:
    """Throw a preview away.

    With all that was read for it. Only a preview can be thrown away.
    """
    run = runs.find_run(g.session, run_id, person=g.person, on=g.today)
    runs.discard(g.session, by=g.person, run=run, on=g.today, at=g.now)
    return "", 204


def _listed(run: ImportRun) -> dict[str, Any]:
    return {
        "run": run.id,
        "kind": run.kind,
        "state": run.state,
        "file_name": run.file_name,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "counts": totals_of(run),
    }
