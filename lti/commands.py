"""Commands of the bridge: `bin/leerspoor lti ...`."""

from uuid import UUID

import click
import orjson
from flask import Flask

from lti import keys
from lti.connecting.invites import LIFE, invite
from lti.connecting.registrations import (
    SOURCED_ID,
    activate,
    add_deployment,
    add_registration,
    inactive_deployments,
)
from settings import Settings
from tracker import audit
from tracker.db import enter_school, unit_of_work, utc_now
from tracker.errors import NotFound
from tracker.people import school_by_slug

pass_app = click.make_pass_decorator(Flask)


@click.group()
def lti() -> None:
    """Manage the platforms (LMSs) that launch us."""


@lti.command("add")
@click.argument("school_slug", metavar="SCHOOL")
@click.option("--issuer", required=True)
@click.option("--client-id", required=True)
@click.option("--auth-url", required=True, help="Where the platform signs people in (OIDC).")
@click.option("--token-url", required=True)
@click.option("--jwks-url", required=True, help="The platform's public keys.")
@click.option("--deployment", "deployment_id", required=True, help="The platform's deployment id.")
@click.option("--audience", help="What the platform wants as audience of our requests.")
@click.option(
    "--number-claim",
    default=SOURCED_ID,
    show_default=True,
    help="The claim that holds the school's person number; custom.NAME only if no teacher sets it.",
)
@click.option("--active", "is_active", is_flag=True, help="Activate the deployment at once.")
@click.option("--json", "as_json", is_flag=True)
@pass_app
def add(  # noqa: PLR0917 - click passes each by name
    app: Flask,
    school_slug: str,
    issuer: str,
    client_id: str,
    auth_url: str,
    token_url: str,
    jwks_url: str,
    deployment_id: str,
    audience: str | None,
    number_claim: str,
    is_active: bool,  # noqa: FBT001 - click's flag
    as_json: bool,  # noqa: FBT001 - click's flag
) -> None:
    """Register a platform with a school and print our addresses for it."""
    settings: Settings = app.extensions["settings"]
    at = utc_now()
    with unit_of_work(app.extensions["engine"]) as session:
        school = school_by_slug(session, school_slug)
        if school is None:
            raise click.ClickException(f"Er is geen school {school_slug!r}.")
        registration = add_registration(
            session,
            school=school,
            issuer=issuer,
            client_id=client_id,
            auth_url=auth_url,
            token_url=token_url,
            jwks_url=jwks_url,
            audience=audience,
            number_claim=number_claim,
            allow_loopback=settings.is_demo,
            at=at,
        )
        deployment = add_deployment(session, registration=registration, lti_id=deployment_id, at=at)
        if is_active:
            activate(session, deployment_id=deployment.id, at=at)
        keys.ensure_keys(session, encryption_keys=settings.encryption_keys, at=at)
    us = f"{settings.public_url}/lti"
    answer = {
        "id": str(deployment.id),  # what `lti activate` takes
        "deployment": deployment.lti_id,
        "state": deployment.state.value,
        "login": f"{us}/login",
        "login_registration": f"{us}/login/{registration.id}",
        "launch": f"{us}/launch",
        "jwks": f"{us}/jwks",
    }
    if as_json:
        click.echo(orjson.dumps(answer))
        return
    for name, value in answer.items():
        click.echo(f"{name}: {value}")


@lti.command("invite")
@click.argument("school_slug", metavar="SCHOOL")
@pass_app
def send_invite(app: Flask, school_slug: str) -> None:
    """Print the address with which an LMS connects itself, once and within a day."""
    settings: Settings = app.extensions["settings"]
    with unit_of_work(app.extensions["engine"]) as session:
        school = school_by_slug(session, school_slug)
        if school is None:
            raise click.ClickException(f"Er is geen school {school_slug!r}.")
        secret = invite(session, school=school, by=None, at=utc_now())
    click.echo(f"{settings.public_url}/lti/register/{secret}")
    hours = int(LIFE.total_seconds()) // 3600
    click.echo(f"Plak dit in het LMS. Het werkt één keer, {hours} uur lang.", err=True)


@lti.command("activate")
@click.argument("deployment_id", metavar="ID", type=click.UUID, required=False)
@pass_app
def activate_deployment(app: Flask, deployment_id: UUID | None) -> None:
    """Let launches from a deployment in; without ID, list those from which nobody gets in."""
    at = utc_now()
    with unit_of_work(app.extensions["engine"]) as session:
        if deployment_id is None:
            for deployment, registration, school in inactive_deployments(session):
                click.echo(
                    f"{deployment.id} {school.slug} {registration.issuer} "
                    f"{registration.client_id} {deployment.lti_id}"
                )
            return
        try:
            deployment = activate(session, deployment_id=deployment_id, at=at)
        except NotFound:
            raise click.ClickException(f"Er is geen deployment {deployment_id}.") from None
        enter_school(session, deployment.school_id)
        audit.record(session, by=None, verb="switched on", subject=deployment, at=at)
    click.echo(f"{deployment.id} is actief.")


@lti.command("rotate-keys")
@pass_app
def rotate_keys(app: Flask) -> None:
    """Let the next key sign, once it has been published for two days."""
    settings: Settings = app.extensions["settings"]
    with unit_of_work(app.extensions["engine"]) as session:
        waits_until = keys.rotate(session, encryption_keys=settings.encryption_keys, at=utc_now())
    if waits_until is None:
        click.echo("De volgende sleutel tekent nu.")
    else:
        click.echo(f"De volgende sleutel mag tekenen vanaf {waits_until:%Y-%m-%d %H:%M} UTC.")
