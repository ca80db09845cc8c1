"""Starting a login, and taking it back when the browser returns: once, in time, the same browser.

One row each, in the database: it works while the queue's server is down. Consuming commits in its
own unit of work before anything else is looked at, so that no refusal gives the row back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from secrets import token_urlsafe
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from identity.sessions import digest_of
from lti.connecting.registrations import origin, origins_of_school
from lti.launching import platform
from lti.launching.claims import LONGEST_URL
from lti.launching.refusals import Refused
from lti.models import LoginState, Registration
from lti.text import LONGEST_ID, is_sound
from tracker.db import unit_of_work

LIFE = timedelta(minutes=10)
KEPT_EXPIRED = timedelta(hours=1)  # so that who comes late hears that it was late
LONGEST_HINT = 8 * 1024
LONGEST_FRAME = 200
_REQUIRED = {"iss": LONGEST_ID, "login_hint": LONGEST_HINT, "target_link_uri": LONGEST_URL}
_OPTIONAL = {
    "client_id": LONGEST_ID,
    "lti_deployment_id": LONGEST_ID,
    "lti_message_hint": LONGEST_HINT,
    "lti_storage_target": LONGEST_FRAME,
}


@dataclass(frozen=True)
class OpenedLogin:
    """Where the browser goes, and the secret in its cookie."""

    url: str
    state: str
    browser_secret: str


def read_request(parameters: Mapping[str, str]) -> dict[str, str]:
    """Return what a platform sent to start a login, each part sound; raises Refused."""
    sent: dict[str, str] = {}
    for name, longest in (_REQUIRED | _OPTIONAL).items():
        value = parameters.get(name, "")
        if not value and name in _REQUIRED:
            raise Refused("login_incomplete", name)
        if value and not is_sound(value, longest):
            raise Refused("login_invalid", name)
        if value:
            sent[name] = value
    return sent


def check_target(target: str, *, us: str) -> None:
    """Refuse a target that is not ours, however it is spelled; `us` is our origin."""
    try:
        parts = urlsplit(target)
    except ValueError:
        raise Refused("target_foreign", "target_link_uri") from None
    is_plain = target.isascii() and target.isprintable() and not set(target) & set(" \\")
    if not is_plain or not parts.netloc or origin(target) != us.lower():
        raise Refused("target_foreign", "target_link_uri")


def open_login(
    session: Session,
    *,
    registration: Registration,
    sent: Mapping[str, str],
    us: str,
    at: datetime,
) -> OpenedLogin:
    """Remember a login that starts now and return where it goes on.

    sent: of `read_request`. us: our own origin, `https://...`.
    """
    check_target(sent["target_link_uri"], us=us)
    secrets = {"state": f"state-{token_urlsafe(32)}", "nonce": token_urlsafe(32)}
    browser_secret = token_urlsafe(32)
    url = platform.login_url(registration, sent, secrets=secrets, us=f"{us}/lti/launch")
    session.add(
        LoginState(
            digest=digest_of(secrets["state"]),
            nonce_digest=digest_of(secrets["nonce"]),
            browser_digest=digest_of(browser_secret),
            registration_id=registration.id,
            target=sent["target_link_uri"],
            deployment_lti_id=sent.get("lti_deployment_id"),
            storage_frame=sent.get("lti_storage_target"),
            hints={name: sent[name] for name in ("login_hint", "lti_message_hint") if name in sent},
            expires_at=at + LIFE,
        )
    )
    session.flush()
    return OpenedLogin(url, secrets["state"], browser_secret)


def consume_login(
    engine: Engine, *, state: str, is_confirming: bool = False, at: datetime
) -> tuple[LoginState, Registration, list[str]]:
    """Use up the login with this state; raises Refused.

    Returns it with its registration, and the origins of that school's platforms.
    is_confirming: `state` is the secret of `hold_for_storage`.
    """
    if not state:
        raise Refused("state_missing")
    taken = (
        sa.delete(LoginState)
        .where(LoginState.digest == digest_of(state), LoginState.is_confirming.is_(is_confirming))
        .returning(LoginState)
    )
    with unit_of_work(engine) as session:
        login = session.scalar(taken)
        if login is None:
            raise Refused("state_used")
        registration = session.get_one(Registration, login.registration_id)
        origins = origins_of_school(session, registration.school_id)
    if at >= login.expires_at:
        raise Refused("state_expired")
    return login, registration, origins


def drop_expired(session: Session, *, at: datetime) -> None:
    """Delete the logins from which nobody came back."""
    session.execute(sa.delete(LoginState).where(LoginState.expires_at < at - KEPT_EXPIRED))


def hold_for_storage(engine: Engine, login: LoginState, *, at: datetime) -> str:
    """Let a consumed login wait until the platform's storage vouches for its browser.

    Returns the secret that goes on with it, once. Nothing of the launch itself is kept.
    """
    secret = token_urlsafe(32)
    with unit_of_work(engine) as session:
        session.add(
            LoginState(
                digest=digest_of(secret),
                nonce_digest=login.nonce_digest,
                browser_digest=login.browser_digest,
                registration_id=login.registration_id,
                target=login.target,
                deployment_lti_id=login.deployment_lti_id,
                storage_frame=login.storage_frame,
                is_confirming=True,
                hints={},
                expires_at=min(login.expires_at, at + LIFE),
            )
        )
    return secret


def storage_frame(login: LoginState, sent: str) -> str | None:
    """Return the platform's frame for storage: named at the login, or with the launch itself."""
    return login.storage_frame or (sent if is_sound(sent, LONGEST_FRAME) else None)


def check_browser(
    login: LoginState, secret: str | None, *, otherwise: str = "cookies_blocked"
) -> None:
    """Refuse a browser other than the one that started the login, or that cannot show it is.

    secret: from this login's cookie, or from the platform's storage.
    """
    if secret is None or not compare_digest(digest_of(secret), login.browser_digest):
        raise Refused(otherwise)


def cookie_name(state: str) -> str:
    """Return the name of this login's own cookie: two frames may log in at the same time."""
    return f"__Secure-lti-{digest_of(state)[:16]}"


def storage_key(state: str) -> str:
    """Return under which name the platform's storage keeps this login's secret."""
    return f"lti-{digest_of(state)[:16]}"
