"""Every command of `bin/leerspoor`; like app.py it knows all rooms."""

import os
import re
import sys
from typing import Any, NoReturn, cast
from uuid import UUID

import click
import sqlalchemy as sa
from flask import Flask

import importers.commands
import importers.pulls.commands
import lti.commands
from app import create_app, send_nudges
from demo.load import load_demo
from demo.seed.load import seed_school
from identity.links import make_link
from identity.models import Scope
from identity.tokens import add_token, end_tokens, tokens_of
from migrations.run import migrate
from settings import Settings, SettingsError
from tracker.db import UnsafeRoleError, enter_school, open_engine, unit_of_work, utc_now
from tracker.errors import Conflict, Invalid
from tracker.models import Person, PersonState, School, SchoolRole
from tracker.people import (
    add_person,
    add_school,
    person_by_number,
    school_by_slug,
    today_at,
)

pass_app = click.make_pass_decorator(Flask)
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NO_SUCH_TABLE = ("42P01", "no such table")  # as PostgreSQL and SQLite say it
NOT_READY = "De database is nog leeg. Start bin/run, of doe eerst: bin/leerspoor migrate"
SAID = {
    "school.slug_taken": "er is al een school met deze korte naam",
    "school.slug_wrong": "een korte naam heeft alleen kleine letters, cijfers en streepjes",
    "person.number_taken": "dit nummer is al van iemand anders",
}


@click.group()
@click.pass_context
def cli(context: click.Context) -> None:
    """Administer Leerspoor."""
    try:
        settings = Settings.from_env(os.environ)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    context.obj = settings if context.invoked_subcommand == "migrate" else create_app(settings)


@cli.command("migrate")
@click.pass_obj
def migrate_database(settings: Settings) -> None:
    """Bring the database up to the schema of this version."""
    migrate(owner_url=settings.database_owner_url, application_url=settings.database_url)
    # A role that could pass the wall is refused here, before anything serves.
    engine = open_engine(settings.database_url)
    engine.connect().close()
    engine.dispose()


@cli.command("demo")
@pass_app
def demo(app: Flask) -> None:
    """Load the demo school once, through the real importers and the real queue."""
    queue = app.extensions["queue"]
    load_demo(app, wake=lambda nudges: send_nudges(queue, nudges), now=utc_now())


@cli.command("seed")
@click.argument("school_slug", metavar="SCHOOL")
@click.option("--students", required=True, type=click.IntRange(1, 100_000))
@click.option("--seed", default="1", help="The same seed gives the same school; default 1.")
@pass_app
def seed(app: Flask, school_slug: str, students: int, seed: str) -> None:
    """Fill a school with invented students and three years of their work, for measuring."""
    engine = app.extensions["engine"]
    with unit_of_work(engine) as session:
        found = _school(session, school_slug)
    try:
        signals = seed_school(
            engine,
            school=found,
            students=students,
            seed=seed,
            on=today_at(found, utc_now()),
            tell=lambda done: click.echo(f"{done} van {students} studenten", err=True),
        )
    except Conflict as refusal:
        raise click.ClickException(SEED_REFUSED[refusal.code].format(school_slug)) from None
    click.echo(f"{found.name} heeft {students} studenten, met {signals} signalen.")


SEED_REFUSED = {
    "school.seeded": "{} is al gevuld: voeg een nieuwe school toe met school add, en vul die.",
    "scale.missing": "{} heeft geen schaal met vier stappen voor elke leerroute: voeg er een toe.",
}


@cli.group()
def school() -> None:
    """Manage schools."""


@school.command("add")
@click.argument("slug")
@click.argument("name")
@pass_app
def school_add(app: Flask, slug: str, name: str) -> None:
    """Add a school with the shipped scales."""
    with unit_of_work(app.extensions["engine"]) as session:
        timezone = app.extensions["settings"].timezone
        add_school(session, slug=slug, name=name, timezone=timezone, at=utc_now())
    click.echo(f"{name} ({slug}) is er.")


@cli.group()
def person() -> None:
    """Manage people."""


@person.command("add")
@click.argument("school_slug", metavar="SCHOOL")
@click.option("--name", required=True)
@click.option("--email")
@click.option("--number", help="The school's own number of this person.")
@click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    type=click.Choice([role.value for role in SchoolRole]),
)
@pass_app
def person_add(
    app: Flask,
    school_slug: str,
    name: str,
    email: str | None,
    number: str | None,
    roles: tuple[str, ...],
) -> None:
    """Add a person; a role by itself shows no plan."""
    with unit_of_work(app.extensions["engine"]) as session:
        found = _school(session, school_slug)
        added = add_person(
            session,
            by=None,
            school=found,
            name=name,
            email=email,
            number=number,
            roles=[SchoolRole(role) for role in roles],
            at=utc_now(),
        )
    click.echo(f"{name} is toegevoegd: {added.id}")


@person.command("link")
@click.argument("school_slug", metavar="SCHOOL")
@click.argument("who", metavar="PERSON")
@pass_app
def person_link(app: Flask, school_slug: str, who: str) -> None:
    """Print a link that lets a person in once, within an hour.

    PERSON is the school's own number of this person, or the id that `person add` printed.
    """
    with unit_of_work(app.extensions["engine"]) as session:
        found = _school(session, school_slug)
        whom = person_by_number(session, school_id=found.id, number=who)
        if whom is None and ID.fullmatch(who):
            whom = session.get(Person, (found.id, UUID(who)))
        if whom is None or whom.state is not PersonState.ACTIVE:
            raise click.ClickException(f"{school_slug} kent {who} niet, of niet meer.")
        secret = make_link(session, person=whom, at=utc_now())
    click.echo(f"{app.extensions['settings'].public_url}/sign-in/link/{secret}")


@cli.group()
def token() -> None:
    """Manage API tokens."""


@token.command("add")
@click.argument("school_slug", metavar="SCHOOL")
@click.option("--name", required=True, help="What the token is for.")
@click.option("--scope", required=True, type=click.Choice([scope.value for scope in Scope]))
@click.option("--person", "number", help="Act as this person: the school's own number of them.")
@pass_app
def token_add(app: Flask, school_slug: str, name: str, scope: str, number: str | None) -> None:
    """Add a token for a program, and print it this once.

    It acts as an administrator of that name, or as the person whom you name.
    """
    with unit_of_work(app.extensions["engine"]) as session:
        found = _school(session, school_slug)
        if number is None:
            acting = add_person(
                session,
                by=None,
                school=found,
                name=name,
                given_name=name,
                roles=[SchoolRole.ADMINISTRATOR],
                at=utc_now(),
            )
        else:
            acting = _person_of(session, found, number)
        secret = add_token(session, person=acting, name=name, scope=Scope(scope), at=utc_now())
    click.echo(secret)


@token.command("list")
@click.argument("school_slug", metavar="SCHOOL")
@pass_app
def token_list(app: Flask, school_slug: str) -> None:
    """List the tokens that work: name, scope, day of making, and as whom each acts."""
    with unit_of_work(app.extensions["engine"], writes=False) as session:
        for one, whom in tokens_of(session, school=_school(session, school_slug)):
            click.echo(f"{one.name}\t{one.scope}\t{one.created_at.date()}\t{whom.name}")


@token.command("end")
@click.argument("school_slug", metavar="SCHOOL")
@click.option("--name", required=True, help="The name of the token.")
@pass_app
def token_end(app: Flask, school_slug: str, name: str) -> None:
    """End the tokens of this name: they work no longer from now on."""
    with unit_of_work(app.extensions["engine"]) as session:
        ended = end_tokens(session, school=_school(session, school_slug), name=name, at=utc_now())
    if not ended:
        raise click.ClickException(f"Er is geen token {name!r}.")
    click.echo(f"Beëindigd: {ended}")


def _person_of(session: Any, school: School, number: str) -> Person:
    """Return the active person of a school with this number."""
    found = session.scalars(
        sa.select(Person).where(
            Person.school_id == school.id,
            Person.number == number,
            Person.state == PersonState.ACTIVE,
        )
    ).one_or_none()
    if found is None:
        raise click.ClickException(f"{school.slug} kent niemand met nummer {number!r}.")
    return cast("Person", found)


def _school(session: Any, slug: str) -> School:
    found = school_by_slug(session, slug)
    if found is None:
        raise click.ClickException(f"Er is geen school {slug!r}.")
    enter_school(session, found.id)
    return found


cli.add_command(importers.commands.import_files)
cli.add_command(importers.pulls.commands.source)
cli.add_command(lti.commands.lti)


def main() -> None:
    """Run a command; a refusal is one sentence and exit code 2."""
    try:
        cli(prog_name="bin/leerspoor")
    except Invalid as error:
        _refuse(f"Dat kan niet: {'; '.join(_said(code) for code in error.fields.values())}")
    except Conflict as error:
        _refuse(f"Dat kan niet: {_said(error.code)}")
    except UnsafeRoleError as error:
        _refuse(str(error))
    except sa.exc.DBAPIError as error:
        told = f"{getattr(error.orig, 'sqlstate', '')} {error.orig}"
        if not any(sign in told for sign in NO_SUCH_TABLE):
            raise
        _refuse(NOT_READY)


def _said(code: str) -> str:
    return f"{SAID[code]} ({code})" if code in SAID else code


def _refuse(sentence: str) -> NoReturn:
    click.echo(sentence, err=True)
    sys.exit(2)


if __name__ == "__main__":
    main()
