"""The commands `bin/leerspoor source ...`: add a system, pull it now, and see how each is."""

import sys
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import click
import orjson
import sqlalchemy as sa
from flask import Flask
from flask_babel import force_locale, format_datetime

from importers.commands import CLEAN, REFUSED, WITH_QUARANTINE, finish, school_named, tell
from importers.issues import Finding
from importers.kinds import PULL_KINDS
from importers.models import Cadence, ImportRun, ImportSource, MatchOn, RunState
from importers.pulls import pulls, source_list
from importers.pulls.pushers import SENDING, add_pusher
from importers.report import report_of
from importers.sentences import say
from settings import Settings
from tracker.db import unit_of_work, utc_now
from tracker.errors import Conflict, Invalid
from tracker.models import School
from tracker.people import today_at

HEALTH = {
    "good": "goed",
    "busy": "bezig",
    "waiting": "wacht op goedkeuring",
    "part": "deels gelezen",
    "old": "ouder dan normaal",
    "failed": "mislukt",
    "paused": "gepauzeerd",
    "stopped": "gestopt na vijf mislukte keren",
}
CADENCES = {
    Cadence.BY_HAND: "alleen met de hand",
    Cadence.HOURLY: "elk uur",
    Cadence.NIGHTLY: "elke nacht",
}
WRONG = {
    "source.url": "Het adres klopt niet. Geef een heel adres, dat met https:// begint.",
    "source.name_taken": "Er is al een bron met deze naam. Kies een andere met --name.",
    "source.secret": "De sleutel klopt niet. Kopieer hem nog eens, zonder spaties.",
    "option.unknown": "Deze optie kennen we niet voor deze bron.",
    "required": "Geef de bron een naam met --name.",
    "too_long": "De naam is te lang.",
}
WAITS = "Er zou heel veel sluiten. Bekijk de proef bij Koppelingen en keur hem daar goed."
pass_app = click.make_pass_decorator(Flask)


@click.group()
def source() -> None:
    """Manage the systems that a school lets us read."""


@source.command("add")
@click.argument("school_slug", metavar="SCHOOL")
@click.option("--kind", required=True, type=click.Choice(sorted({*PULL_KINDS, *SENDING})))
@click.option("--url", help="Where the system is; of xapi and caliper without one: it sends to us.")
@click.option(
    "--token",
    help="Its key for us; asked for when left out, so that nobody reads it over your shoulder.",
)
@click.option("--name", help="Under which name readers see what it tells; else the kind.")
@click.option("--cadence", type=click.Choice([str(one) for one in Cadence]), default="nightly")
@click.option("--match-on", type=click.Choice([str(one) for one in MatchOn]), default="number")
@click.option("--option", "pairs", multiple=True, metavar="NAME=VALUE", help="Of this kind.")
@pass_app
def add(
    app: Flask,
    *,
    school_slug: str,
    kind: str,
    url: str | None,
    token: str | None,
    name: str | None,
    cadence: str,
    match_on: str,
    pairs: tuple[str, ...],
) -> None:
    """Add a system, once it answers; what it does not let us read is said."""
    if url is None and kind not in SENDING:
        raise click.UsageError("Geef met --url waar het systeem staat.")
    if url is not None and kind not in PULL_KINDS:
        raise click.UsageError("Laat --url weg: een programma stuurt dit zelf naar ons.")
    if url is not None and token is None:
        token = click.prompt("Sleutel (token)", hide_input=True)
    settings: Settings = app.extensions["settings"]
    with app.app_context(), force_locale("nl"):
        school = school_named(app.extensions["engine"], school_slug)
        options, at = dict(_pair(one) for one in pairs), utc_now()
        try:
            if url is None:
                _add_pusher(app, school, kind, name, MatchOn(match_on), options)
                return
            findings = source_list.look_at(
                kind=kind, url=url, secret=token, options=options, school=school, settings=settings
            )
            for finding in findings:
                click.echo(_said(finding), err=finding.is_error)
            if any(finding.is_error for finding in findings):
                sys.exit(REFUSED)
            with unit_of_work(app.extensions["engine"], school_id=school.id) as session:
                made = source_list.add_source(
                    session,
                    by=None,
                    school=school,
                    kind=kind,
                    name=name
                    or pulls.name_of(kind, url=url, options=options, school=school, at=at),
                    url=url,
                    secret=token,
                    cadence=Cadence(cadence),
                    match_on=MatchOn(match_on),
                    options=options,
                    encryption_keys=settings.encryption_keys,
                    at=at,
                )
        except Invalid as refusal:
            told = dict.fromkeys(WRONG.get(code, code) for code in refusal.fields.values())
            raise click.UsageError(" ".join(told)) from None
        click.echo(f"{made.name}: toegevoegd, wordt {CADENCES[made.cadence]} opgehaald.")


def _add_pusher(
    app: Flask,
    school: School,
    kind: str,
    name: str | None,
    match_on: MatchOn,
    options: dict[str, Any],
) -> None:
    """Let a program send statements or events, and show its token this once."""
    own_name, path = SENDING[kind]
    with unit_of_work(app.extensions["engine"], school_id=school.id) as session:
        made, token = add_pusher(
            session,
            by=None,
            school=school,
            kind=kind,
            name=name or own_name,
            match_on=match_on,
            options=options,
            at=utc_now(),
        )
    click.echo(f"{made.name}: toegevoegd. Het programma stuurt zelf, met deze sleutel:")
    click.echo(token)
    click.echo(f"Bewaar hem nu: je ziet hem maar een keer. Adres: {path}")


@source.command("pull")
@click.argument("school_slug", metavar="SCHOOL")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True)
@pass_app
def pull(app: Flask, *, school_slug: str, name: str, as_json: bool) -> None:
    """Pull a source now, and wait until that is done.

    Exit code 0: clean; 1: rows were set aside; 2: nothing was changed.
    """
    engine: sa.Engine = app.extensions["engine"]
    with app.app_context(), force_locale("nl"):
        school = school_named(engine, school_slug)
        run_id = _start(engine, school, name)
        finish(app, school.id, run_id)
        with unit_of_work(engine, school_id=school.id, writes=False) as session:
            run = session.get_one(ImportRun, (school.id, run_id))
            report = report_of(session, run)
        is_waiting = run.state is RunState.PREVIEWED
        tell(report, run, WAITS if is_waiting else None, as_json=as_json)
    if run.state is not RunState.APPLIED:
        sys.exit(REFUSED)
    sys.exit(WITH_QUARANTINE if report["counts"]["quarantined"] else CLEAN)


@source.command("list")
@click.argument("school_slug", metavar="SCHOOL")
@pass_app
def list_sources(app: Flask, *, school_slug: str) -> None:
    """List the sources of a school: how each is, how old its data are, when it is asked next."""
    engine: sa.Engine = app.extensions["engine"]
    with app.app_context(), force_locale("nl"):
        school = school_named(engine, school_slug)
        with unit_of_work(engine, school_id=school.id, writes=False) as session:
            states = source_list.states_of(session, school, by=None, at=utc_now())
        zone = ZoneInfo(school.timezone)
        for one in states:
            last, due = one.source.last_applied_at, one.source.due_at
            facts = [
                one.source.kind,
                HEALTH[one.health],
                f"bijgewerkt {_local(last, zone)}" if last else "nog niet bijgewerkt",
                f"volgende keer {_local(due, zone)}" if due else "",
            ]
            click.echo(f"{one.source.name}: {', '.join(filter(None, facts))}")
            for trouble in one.troubles:
                click.echo(f"  {_said(trouble)}")


def _start(engine: sa.Engine, school: School, name: str) -> UUID:
    at = utc_now()
    with unit_of_work(engine, school_id=school.id) as session:
        found = session.scalar(
            sa.select(ImportSource).where(
                ImportSource.school_id == school.id, ImportSource.name == name
            )
        )
        if found is None:
            raise click.UsageError(f"Deze school heeft geen bron {name!r}.")
        try:
            run = pulls.start_pull(session, source=found, by=None, on=today_at(school, at), at=at)
        except Conflict:
            raise click.UsageError(f"{name} komt uit bestanden: dat halen we niet op.") from None
        return run.id


def _pair(text: str) -> tuple[str, Any]:
    """Return a name and its value, which may be JSON."""
    name, _, value = text.partition("=")
    try:
        return name.strip(), orjson.loads(value)
    except orjson.JSONDecodeError:
        return name.strip(), value.strip()


def _local(moment: datetime, zone: ZoneInfo) -> str:
    """Return a moment as the clocks at the school show it."""
    return str(format_datetime(moment.astimezone(zone), rebase=False))


def _said(finding: Finding) -> str:
    column = finding.column.name if finding.column else None
    return " ".join(
        say(
            finding.code,
            file=finding.file,
            column=column,
            value=finding.value,
            detail=finding.detail,
        )
    )
