"""Pages of the administrator: which LMSs open Leerspoor, and how that goes."""

from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from flask import Blueprint, current_app, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from marshmallow import fields, validate
from werkzeug.wrappers import Response

from identity.access import allows
from lti.connecting import checks, connections
from lti.connecting.findings import CHECKS, FINDINGS
from lti.connecting.registrations import SOURCED_ID
from lti.courses.course_list import courses_of
from lti.launching.claims import LONGEST_URL
from lti.launching.refusals import REFUSALS, Refusal
from lti.models import Deployment, DeploymentState, LaunchLog, Registration
from lti.people.standins import kept_apart
from settings import Settings
from tracker.errors import Invalid, NotFound
from tracker.permissions import Action, require
from web.forms import CODES, Filled, Form, fill, words
from web.lms_kinds import KINDS, kind_of, ours

blp = Blueprint("lms", __name__, url_prefix="/school/lms")
SHOWN_REFUSALS = 10
# A launch that was in order, of somebody who is neither student nor teacher there.
NO_PLACE = Refusal(
    200,
    _("Somebody came who is no student or teacher in the course."),
    fix=_("Give them a role in the course, unless it was a test."),
)


class SettingsForm(Form):
    """What may change later."""

    number_claim = words(120)
    home_url = words(LONGEST_URL, required=False)
    audience = words(LONGEST_URL, required=False)


class SwitchForm(Form):
    """Which deployment is switched on or off."""

    deployment = fields.UUID(required=True, error_messages=CODES)
    state = fields.String(
        required=True,
        validate=validate.OneOf(("on", "off"), error="not_a_choice"),
        error_messages=CODES,
    )


@blp.get("")
@allows(Action.SEE_LMS)
def overview() -> str:
    """Show the platforms with their state, what waits for the school, and the last refusals."""
    told = {"by": g.person, "on": g.today}
    registrations = connections.registrations_of(g.session, **told)
    deployments = connections.deployments_of(g.session, **told)
    waiting = {one.registration_id for one in connections.waiting_deployments(g.session, **told)}
    launches = connections.last_launches(g.session, **told)
    names = _names(registrations)
    courses = courses_of(g.session, **told)
    refusals = connections.last_refusals(g.session, limit=SHOWN_REFUSALS, **told)
    return render_template(
        "school/lms.html",
        platforms=[
            {
                "id": one.id,
                "name": _name(one),
                "issuer": one.issuer,
                "state": _state(
                    one,
                    [d.state for d in deployments if d.registration_id == one.id],
                    waits=one.id in waiting,
                ),
                "launched_at": launches.get(one.id),
            }
            for one in registrations
        ],
        courses=[
            {
                "id": course.context.id,
                "title": course.context.title or course.context.label or course.context.lti_id,
                "platform": names[course.registration_id],
                "waiting": course.waiting,
                "held": course.pull.held if course.pull else None,
                "error": course.pull.error if course.pull else None,
                "instructors_are": course.context.instructors_are,
                "has_roster": course.context.memberships_url is not None,
                "launched_at": course.context.launched_at,
            }
            for course in courses
        ],
        twins=[(one.name, other.name) for one, other in kept_apart(g.session, **told)],
        refusals=_told_refusals(refusals, names, deployments),
    )


def _names(registrations: Sequence[Registration]) -> dict[UUID, str]:
    """Return what each is called: its kind, with its host where there are more of that kind."""
    kinds = {one.id: _name(one) for one in registrations}
    several = {kind for kind, number in Counter(kinds.values()).items() if number > 1}
    return {
        one.id: f"{kinds[one.id]} ({_host(one)})" if kinds[one.id] in several else kinds[one.id]
        for one in registrations
    }


def _name(registration: Registration) -> str:
    """Return what an LMS is called: its kind, or its host when it is none that we know."""
    kind = kind_of(registration.product)
    return _host(registration) if kind is KINDS["other"] else kind.name


def _host(registration: Registration) -> str:
    return urlsplit(registration.issuer).netloc or registration.issuer


def _state(registration: Registration, states: list[DeploymentState], *, waits: bool) -> str:
    """Return what an administrator needs to know first: new, waiting, off, found, part or on.

    waits: whether nobody decided yet about one of its deployments.
    """
    if not states:
        return "new"
    if DeploymentState.ACTIVE not in states:
        return "waiting" if waits else "off"
    codes = _result(registration, states).values()
    if any(code in FINDINGS and FINDINGS[code].is_wrong for code in codes):
        return "found"
    return "on" if DeploymentState.INACTIVE not in states else "part"


def _result(registration: Registration, states: list[DeploymentState]) -> dict[str, str]:
    """Return the last self-test; what was switched on or off since then counts as it is now."""
    result = dict(registration.check_result or {})
    if result and states:
        is_on = DeploymentState.ACTIVE in states
        result["deployments"] = "ok" if is_on else "deployments_waiting"
    return result


def _told_refusals(
    refusals: Sequence[LaunchLog], names: dict[UUID, str], deployments: Sequence[Deployment]
) -> list[dict[str, Any]]:
    """Return refusals in words; a deployment by the name that the LMS gives it."""
    known_deployments = {str(one.id): one for one in deployments}
    told = []
    for refusal in refusals:
        deployment = known_deployments.get(refusal.detail or "")
        was_off = refusal.code == "deployment_inactive"
        is_on = was_off and deployment is not None and deployment.state is DeploymentState.ACTIVE
        known = NO_PLACE if refusal.code == "no_place" else REFUSALS.get(refusal.code)
        told.append(
            {
                "happened_at": refusal.happened_at,
                "platform": names.get(refusal.registration_id, ""),
                "reason": known.reason if known else refusal.code,
                "fix": _("It is on now.") if is_on else known.fix if known else None,
                "registration_id": refusal.registration_id if was_off and not is_on else None,
                "deployment": deployment.lti_id if was_off and deployment else None,
                "detail": None if was_off else refusal.detail,
                "help_code": refusal.help_code,
            }
        )
    return told


@blp.get("/<uuid:registration_id>")
@allows(Action.SEE_LMS)
def connection(registration_id: UUID) -> str:
    """Show one platform: its deployments, its last self-test, its addresses and settings."""
    registration = _find(registration_id)
    values = {
        "number_claim": registration.number_claim,
        "home_url": registration.home_url or "",
        "audience": registration.audience or "",
    }
    return _connection_page(registration, Filled(values))


@blp.post("/<uuid:registration_id>")
@allows(Action.CONNECT_LMS)
def change(registration_id: UUID) -> Response | tuple[str, int]:
    """Change what may change later."""
    registration = _find(registration_id)
    filled = fill(SettingsForm(), request.form)
    if not filled.errors:
        try:
            connections.change_settings(
                g.session,
                by=g.person,
                registration=registration,
                allow_loopback=_settings().is_demo,
                on=g.today,
                at=g.now,
                **filled.data,
            )
            flash(gettext("This holds from now on."), "ok")
            return redirect(url_for("lms.connection", registration_id=registration.id), 303)
        except Invalid as refusal:
            filled.refuse(refusal)
    return _connection_page(registration, filled), 422


@blp.post("/<uuid:registration_id>/deployments")
@allows(Action.CONNECT_LMS)
def switch(registration_id: UUID) -> Response:
    """Switch a deployment on or off."""
    registration = _find(registration_id)
    filled = fill(SwitchForm(), request.form)
    if not filled.errors:
        deployment = connections.find_own_deployment(
            g.session, filled.data["deployment"], by=g.person, on=g.today
        )
        if deployment.registration_id != registration.id:
            raise NotFound("deployment not found")
        is_on = filled.data["state"] == "on"
        connections.switch(
            g.session, by=g.person, deployment=deployment, is_on=is_on, on=g.today, at=g.now
        )
        said = (
            gettext("Switched on.")
            if is_on
            else gettext("Switched off. Whoever came in from this LMS is signed out.")
        )
        flash(said, "ok")
    return redirect(url_for("lms.connection", registration_id=registration.id), 303)


@blp.post("/<uuid:registration_id>/check")
@allows(Action.CONNECT_LMS)
def check(registration_id: UUID) -> Response:
    """Test the connection."""
    registration = _find(registration_id)
    require(g.session, g.person, Action.CONNECT_LMS, on=g.today)
    g.session.close()  # nothing stays open while the LMS is asked
    checks.check(current_app.extensions["engine"], _settings(), registration, at=g.now)
    return redirect(url_for("lms.connection", registration_id=registration.id) + "#test", 303)


def _find(registration_id: UUID) -> Registration:
    return connections.find_own_registration(g.session, registration_id, by=g.person, on=g.today)


def _connection_page(registration: Registration, filled: Filled) -> str:
    told = {"by": g.person, "on": g.today}
    kind = kind_of(registration.product)
    deployments = [
        one
        for one in connections.deployments_of(g.session, **told)
        if one.registration_id == registration.id
    ]
    result = _result(registration, [one.state for one in deployments])
    return render_template(
        "school/lms_connection.html",
        registration=registration,
        kind=kind,
        name=_name(registration),
        ours=ours(kind, _settings().public_url),
        deployments=deployments,
        checks=[
            {"about": about, "finding": FINDINGS.get(result[name])}
            for name, about in CHECKS.items()
            if name in result
        ],
        refusals=_told_refusals(
            connections.last_refusals(
                g.session, limit=SHOWN_REFUSALS, registration_id=registration.id, **told
            ),
            {registration.id: _name(registration)},
            deployments,
        ),
        sourced_id=SOURCED_ID,
        values=filled.values,
        errors=filled.sentences(),
    )


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
