"""The self-test of a connection: what is wrong between an LMS and us, one check at a time.

It asks the LMS what every launch and service asks. Only codes are kept, nothing about people.
"""

import re
import socket
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from lti import http
from lti.calling.grades import LINE_ITEM, SCORE
from lti.calling.names_roles import SCOPE as NAMES
from lti.calling.services import ServiceError, ask_token, caller_for, json_object
from lti.launching.launch_log import LAUNCHED
from lti.launching.platform_keys import usable_keys
from lti.models import Context, Deployment, DeploymentState, LaunchLog, Registration
from settings import LOOPBACK_NAMES, Settings
from tracker.db import unit_of_work

CLOCKS_MAY_DIFFER = timedelta(seconds=60)
GRADES = f"{LINE_ITEM} {SCORE}"
SECURE_PORT, OK = 443, 200
# What a token endpoint's refusal says, the surest sign first.
_SIGNS = {
    r"invalid_scope": "scope_missing",
    r"\bkid\b": "token_our_keys_old",
    r"\bexpired\b|not yet valid": "token_clock",
    r"\baud\b|audience": "token_audience",
    r"invalid_client": "token_client",
}


def check(
    engine: Engine, settings: Settings, registration: Registration, *, at: datetime
) -> dict[str, str]:
    """Test a connection, keep the outcome with it and return it: check -> code.

    A code is "ok" or a finding of findings.py. No transaction may be open: the LMS is asked.
    """
    keys, clock = _keys_and_clock(registration, settings, at=at)
    token, names, grades = _services(engine, settings, registration, at=at)
    with unit_of_work(engine, school_id=registration.school_id) as session:
        result = {
            "address": address(settings.public_url),
            "issuer": _issuer(session, registration),
            "deployments": _deployments(session, registration),
            "keys": keys,
            "clock": clock,
            "token": token,
            "names": _granted(session, registration, Context.memberships_url, names),
            "grades": _granted(session, registration, Context.lineitems_url, grades),
        }
        session.execute(
            sa.update(Registration)
            .where(Registration.id == registration.id)
            .values(check_result=result, checked_at=at)
        )
    return result


def address(public_url: str) -> str:
    """Say whether an LMS elsewhere can reach this address of ours."""
    parts = urlsplit(public_url)
    host = parts.hostname or ""
    if host in LOOPBACK_NAMES:
        return "address_this_computer"
    if parts.scheme != "https":
        return "address_not_https"
    try:
        found = {str(entry[4][0]) for entry in socket.getaddrinfo(host, SECURE_PORT)}
    except OSError:
        return "address_unknown"
    if not all(http.is_public(str(ip_address(one.partition("%")[0]))) for one in found):
        return "address_private"
    return "ok" if (parts.port or SECURE_PORT) == SECURE_PORT else "address_odd_port"


def _issuer(session: Session, registration: Registration) -> str:
    """Say whether the issuer looks mistyped; one that somebody came in with is right."""
    came_in = sa.select(LaunchLog.id).where(
        LaunchLog.school_id == registration.school_id,
        LaunchLog.registration_id == registration.id,
        LaunchLog.code == LAUNCHED,
    )
    if registration.issuer.endswith("/") and session.scalar(came_in.limit(1)) is None:
        return "issuer_slash"
    return "ok"


def _deployments(session: Session, registration: Registration) -> str:
    states = session.scalars(
        sa.select(Deployment.state).where(Deployment.registration_id == registration.id)
    ).all()
    if not states:
        return "deployments_none"
    return "ok" if DeploymentState.ACTIVE in states else "deployments_waiting"


def _keys_and_clock(
    registration: Registration, settings: Settings, *, at: datetime
) -> tuple[str, str]:
    try:
        answer = http.get(registration.jwks_url, allow_loopback=settings.is_demo)
    except http.Unreachable as silence:
        code = {
            "not a public address": "keys_private",
            "SSLCertVerificationError": "keys_certificate",
        }.get(str(silence), "keys_unreachable")
        return code, "clock_unknown"
    clock = _clock(answer, at=at)
    if answer.status != OK:
        return "keys_wrong_address", clock
    return ("ok" if usable_keys(answer.body) else "keys_unusable"), clock


def _clock(answer: http.Answer, *, at: datetime) -> str:
    """Compare the LMS's clock with ours, by what its web server says."""
    try:
        there = parsedate_to_datetime(answer.headers.get("date", ""))
    except ValueError:
        return "clock_unknown"
    if there.tzinfo is None:
        return "clock_unknown"
    return "ok" if abs(there - at) <= CLOCKS_MAY_DIFFER else "clock_differs"


def _services(
    engine: Engine, settings: Settings, registration: Registration, *, at: datetime
) -> tuple[str, str, str]:
    """Ask for a token for names and one for grades; returns token, names and grades."""
    caller = caller_for(settings, engine, registration)
    outcomes = []
    for wanted in (NAMES, GRADES):
        try:
            answer = ask_token(caller, wanted, at=at)
        except ServiceError as error:
            code = "token_unreachable" if error.code == "unreachable" else "token_own_key"
            return code, "services_untested", "services_untested"
        outcome = token_outcome(answer, wanted)
        if outcome not in {"ok", "scope_missing"}:
            return outcome, "services_untested", "services_untested"
        outcomes.append(outcome)
    names, grades = outcomes
    return (
        "ok",
        "ok" if names == "ok" else "names_not_allowed",
        "ok" if grades == "ok" else "grades_not_allowed",
    )


def token_outcome(answer: http.Answer, wanted: str) -> str:
    """Say what a token endpoint's answer means: "ok", "scope_missing" or a finding's code."""
    text = answer.body[:4000].decode("utf-8", "replace").lower()
    if answer.status == OK:
        try:
            given = json_object(answer)
        except ServiceError:
            return "token_wrong_address"
        granted = given.get("scope")
        if not isinstance(given.get("access_token"), str):
            return "token_wrong_address"
        if isinstance(granted, str) and not set(wanted.split()) <= set(granted.split()):
            return "scope_missing"
        return "ok"
    if answer.status == 404:  # noqa: PLR2004 - not found
        # Moodle's page when it may not fetch our keys; any other 404 is a wrong address.
        return "token_our_keys" if "<html" in text else "token_wrong_address"
    return next((code for sign, code in _SIGNS.items() if re.search(sign, text)), "token_refused")


def _granted(
    session: Session,
    registration: Registration,
    column: sa.orm.InstrumentedAttribute[str | None],
    outcome: str,
) -> str:
    """Say whether courses came with a service; what the token says goes first."""
    if outcome != "ok":
        return outcome
    came, with_it = session.execute(
        sa.select(sa.func.count(), sa.func.count(column))
        .select_from(Context)
        .join(
            Deployment,
            sa.and_(
                Deployment.school_id == Context.school_id, Deployment.id == Context.deployment_id
            ),
        )
        .where(
            Context.school_id == registration.school_id,
            Deployment.registration_id == registration.id,
        )
    ).one()
    if not came:
        return "courses_none_yet"
    if with_it:
        return "ok"
    return "names_not_sent" if column is Context.memberships_url else "grades_not_sent"
