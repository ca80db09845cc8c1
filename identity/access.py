"""Every route says what it is for; a route that does not say stops the start."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask

from tracker.permissions import Action

View = TypeVar("View", bound=Callable[..., Any])

# What a stranger may ask for. Everything else answers 401 without a person.
PUBLIC = frozenset(
    {
        "static",
        "identity.start",
        "identity.sign_in",
        "identity.demo_sign_in",
        "identity.link",
        "identity.use_link",
        "identity.set_language",
        "lti.login",
        "lti.login_registration",
        "lti.launch",
        "lti.storage_confirm",
        "lti.jwks",
        "lti_joining.ask",
        "lti_joining.connect",
        "operation.live",
        "operation.ready",
        "api-docs.openapi_json",
        "api-docs.page",
    }
)


# What an LMS posts to us, without our CSRF token: its own state and signature are the proof, or the
# secret of the invitation.
FROM_LMS = frozenset(
    {
        "lti.login",
        "lti.login_registration",
        "lti.launch",
        "lti.storage_confirm",
        "lti_joining.ask",
        "lti_joining.connect",
    }
)


class UndeclaredRouteError(Exception):
    """A route says neither that it is public nor which action it is for."""


def allows(action: Action) -> Callable[[View], View]:
    """Declare which action a view (or one method of a MethodView) is for."""

    def declare(view: View) -> View:
        view.action = action  # type: ignore[attr-defined]  # a mark on a function
        return view

    return declare


def takes_files(largest: int) -> Callable[[View], View]:
    """Let a view take uploads of so many bytes together; every other body is small."""

    def declare(view: View) -> View:
        view.takes_files = largest  # type: ignore[attr-defined]  # a mark on a function
        return view

    return declare


def action_of(app: Flask, endpoint: str, method: str) -> Action | None:
    """Return the action that this route declares."""
    view = app.view_functions[endpoint]
    view_class = getattr(view, "view_class", None)
    if view_class is not None:
        view = getattr(view_class, method.lower(), view)
    action = getattr(view, "action", None)
    return action if isinstance(action, Action) else None


def check_routes(app: Flask) -> None:
    """Raise UndeclaredRouteError unless every route is public or declares its action."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint in PUBLIC:
            continue
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            if action_of(app, rule.endpoint, method) is None:
                raise UndeclaredRouteError(f"{method} {rule.rule} ({rule.endpoint})")
