"""The command `bin/leerspoor import`: preview a file, and apply it when asked to."""

import sys
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import click
import orjson
import sqlalchemy as sa
import yaml
from flask import Flask
from flask_babel import force_locale

from importers import runs
from importers.door import admitting as door
from importers.engine.held import take
from importers.engine.work import do_work
from importers.models import ImportRun, RunState
from importers.repair.quarantine import bad_rows, count_bad
from importers.report import report_of
from importers.sheet.columns import Means
from tracker.db import unit_of_work, utc_now
from tracker.errors import Conflict, Invalid
from tracker.models import School
from tracker.people import school_by_slug, today_at

CLEAN, WITH_QUARANTINE, REFUSED = 0, 1, 2
BETWEEN_LOOKS = 0.2  # seconds, while a worker has the run
MOST_SHOWN = 50
TOO_MUCH = (
    "Er is niets gewijzigd: er zou heel veel sluiten. Klopt dat? Voeg dan --confirm-closing toe."
)
STATES = {
    RunState.PREVIEWED: "proef, er is nog niets gewijzigd",
    RunState.APPLIED: "verwerkt",
    RunState.REFUSED: "geweigerd, er is niets gewijzigd",
    RunState.FAILED: "mislukt",
    RunState.DISCARDED: "weggegooid",
}
STATUSES = {
    "new": "nieuw",
    "changed": "gewijzigd",
    "same": "gelijk",
    "closed": "gesloten",
    "quarantined": "apart gezet",
    "ignored": "overgeslagen",
}
SAID = {
    "mapping.form": "dit hoort een lijst van namen en waarden te zijn",
    "mapping.unknown_field": "deze instelling kennen we niet",
    "mapping.no_name": "hier hoort een naam van een kolom, of een dag",
    "mapping.pattern": "hier hoort een patroon zoals S{:06d}",
    "mapping.choice": "deze waarde kennen we niet",
    "mapping.not_yes_or_no": "hier hoort true of false",
}
UNKNOWN_COLUMNS = {"column.unused"}
HOW_TO_MAP = (
    "Zeg in een YAML-bestand wat deze kolommen betekenen, en geef het met --map. Begin met:"
)
pass_app = click.make_pass_decorator(Flask)


@click.command("import")
@click.argument("school_slug", metavar="SCHOOL")
@click.argument(
    "paths",
    metavar="FILE...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option("--kind", type=click.Choice(door.KINDS), help="What the file is; else recognised.")
@click.option("--edition", help="Of a list of kwalificaties, which does not say it itself.")
@click.option("--source", "source_name", help="Of a sheet: the name under which readers see it.")
@click.option(
    "--map",
    "map_path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Of a sheet: what its columns mean, as YAML.",
)
@click.option("--apply", "is_applied", is_flag=True, help="Apply what the preview shows.")
@click.option("--confirm-closing", is_flag=True, help="Apply also when very much would close.")
@click.option(
    "--bad-rows",
    "bad_rows_path",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write rows with errors here, with the reasons, to repair and send again.",
)
@click.option("--json", "as_json", is_flag=True)
@pass_app
def import_files(
    app: Flask,
    *,
    school_slug: str,
    paths: tuple[Path, ...],
    kind: str | None,
    edition: str | None,
    source_name: str | None,
    map_path: Path | None,
    is_applied: bool,
    confirm_closing: bool,
    bad_rows_path: Path | None,
    as_json: bool,
) -> None:
    """Preview files one after another, or with --apply preview and apply each.

    Exit code 0: clean; 1: rows were set aside; 2: refused, and nothing of that file was changed.
    A file behind one that was not applied is not read: it may rest on it.
    """
    if bad_rows_path is not None and len(paths) > 1:
        raise click.UsageError("Met --bad-rows geef je één bestand.")
    worst, reports = CLEAN, []
    with app.app_context(), force_locale("nl"):
        engine: sa.Engine = app.extensions["engine"]
        store = app.extensions["store"]
        school = school_named(engine, school_slug)
        options = {"edition": edition, "source": source_name, "mapping": _mapping(map_path)}
        for path in paths:
            if worst == REFUSED and is_applied:
                click.echo(f"{path.name}: niet gelezen", err=True)
                continue
            run_id = _start(app, school, path, kind, options)
            finish(app, school.id, run_id)
            problem = None
            if is_applied:
                problem = _approve(app, school, run_id, confirm_closing=confirm_closing)
            with unit_of_work(engine, school_id=school.id, writes=False) as session:
                run = session.get_one(ImportRun, (school.id, run_id))
                report = report_of(session, run)
                if bad_rows_path is not None and count_bad(session, run):
                    bad_rows_path.write_bytes(bad_rows(session, run, store)[1])
            if len(paths) == 1 or not as_json:
                tell(report, run, problem, as_json=as_json)
            reports.append(report)
            worst = max(worst, _outcome(report, run, problem))
    if as_json and len(paths) > 1:
        click.echo(orjson.dumps(reports, option=orjson.OPT_INDENT_2).decode())
    sys.exit(worst)


def _outcome(report: dict[str, Any], run: ImportRun, problem: str | None) -> int:
    if problem is not None or run.state in {RunState.REFUSED, RunState.FAILED}:
        return REFUSED
    return WITH_QUARANTINE if report["counts"]["quarantined"] else CLEAN


def school_named(engine: sa.Engine, slug: str) -> School:
    """Return a school by its short name; ends the command when there is none."""
    with unit_of_work(engine, writes=False) as session:
        school = school_by_slug(session, slug)
    if school is None:
        raise click.UsageError(f"Er is geen school {slug!r}.")
    return school


def _mapping(path: Path | None) -> Any:
    """Return what a YAML file says; a day that YAML reads as such becomes text again."""
    if path is None:
        return None
    try:
        told = yaml.safe_load(path.read_text("utf-8"))
        return orjson.loads(orjson.dumps(told))
    except (yaml.YAMLError, UnicodeDecodeError, TypeError) as error:
        place = getattr(error, "problem_mark", None)
        line = f", regel {place.line + 1}" if place else ""
        raise click.UsageError(f"{path.name} is geen YAML die we kunnen lezen{line}.") from None


def _start(
    app: Flask, school: School, path: Path, kind: str | None, options: dict[str, Any]
) -> UUID:
    at = utc_now()
    with (
        path.open("rb") as body,
        unit_of_work(app.extensions["engine"], school_id=school.id) as session,
    ):
        try:
            run = runs.start(
                session,
                by=None,
                school=school,
                store=app.extensions["store"],
                file_name=path.name,
                body=body,
                kind=kind,
                options=options,
                encryption_keys=app.extensions["settings"].encryption_keys,
                on=today_at(school, at),
                at=at,
            )
        except Invalid as error:
            raise click.UsageError(_wrong(error)) from None
        return run.id


def _wrong(error: Invalid) -> str:
    """Return what is wrong with the options or the mapping, field by field."""
    told = (f"{field}: {SAID.get(code, code)}" for field, code in error.fields.items())
    return "Dit klopt niet. " + "; ".join(told)


def _approve(app: Flask, school: School, run_id: UUID, *, confirm_closing: bool) -> str | None:
    """Apply the preview; returns why not, if so."""
    at = utc_now()
    with unit_of_work(app.extensions["engine"], school_id=school.id) as session:
        run = session.get_one(ImportRun, (school.id, run_id))
        if run.state is not RunState.PREVIEWED:
            return None
        try:
            runs.approve(
                session,
                by=None,
                run=run,
                digest=run.preview_digest or "",
                confirm_closing=confirm_closing,
                on=today_at(school, at),
                at=at,
            )
        except Conflict:
            return TOO_MUCH
    finish(app, school.id, run_id)
    with unit_of_work(app.extensions["engine"], school_id=school.id, writes=False) as session:
        run = session.get_one(ImportRun, (school.id, run_id))
        if run.state is RunState.PREVIEWED:
            return "Er is intussen iets veranderd. Bekijk de proef opnieuw en probeer het nog eens."
    return None


def finish(app: Flask, school_id: UUID, run_id: UUID) -> None:
    """Work on the run until it asks for nothing more; or wait while a worker does."""
    engine: sa.Engine = app.extensions["engine"]
    while True:
        held = take(
            engine,
            app.extensions["store"],
            school_id=school_id,
            run_id=run_id,
            at=utc_now(),
            settings=app.extensions["settings"],
        )
        if held is not None:
            do_work(held)
        with unit_of_work(engine, school_id=school_id, writes=False) as session:
            if session.get_one(ImportRun, (school_id, run_id)).phase is None:
                return
        time.sleep(BETWEEN_LOOKS)


def tell(report: dict[str, Any], run: ImportRun, problem: str | None, *, as_json: bool) -> None:
    """Print what a run did or would do, what is in the way, and how to say what columns mean."""
    if as_json:
        click.echo(orjson.dumps(report, option=orjson.OPT_INDENT_2).decode())
        if problem is not None:
            click.echo(problem, err=True)
        return
    click.echo(f"{run.file_name}: {STATES[run.state]}")
    for kind, counts in report["by_kind"].items():
        told = ", ".join(f"{number} {STATUSES[name]}" for name, number in counts.items() if number)
        click.echo(f"  {kind}: {told or '-'}")
    for issue in report["issues"][:MOST_SHOWN]:
        place = ", ".join(filter(None, (issue["file"], _row(issue), _column(issue))))
        said = f"{issue['message']} {issue['hint']}"
        read = issue["value"]
        if read and read not in said:
            said = f"{said} Gelezen: {read}"
        click.echo(f"- {place}: {said}" if place else f"- {said}")
    if len(report["issues"]) > MOST_SHOWN:
        rest = len(report["issues"]) - MOST_SHOWN
        click.echo(f"En nog {rest}; met --json zie je alles.")
    unknown = {one["column"] for one in report["issues"] if one["code"] in UNKNOWN_COLUMNS}
    if unknown:
        example = yaml.safe_dump(_example(unknown), allow_unicode=True)
        click.echo(f"{HOW_TO_MAP}\n{example}", nl=False)
    if problem is not None:
        click.echo(problem, err=True)


def _example(headers: set[str]) -> dict[str, Any]:
    """Return a mapping to begin with: every column that was not understood, not used."""
    return {"columns": {header: {"means": Means.UNUSED.value} for header in sorted(headers)}}


def _row(issue: dict[str, Any]) -> str | None:
    return f"rij {issue['row']}" if issue["row"] else None


def _column(issue: dict[str, Any]) -> str:
    return " · ".join(filter(None, (issue["letter"], issue["column"])))
