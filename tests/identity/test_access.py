"""Every route says what it is for, or nothing starts."""

import pytest
from flask import Flask
from flask.views import MethodView

from identity.access import UndeclaredRouteError, action_of, allows, check_routes
from tracker.permissions import Action


def test_a_route_that_does_not_say_what_it_is_for_stops_the_start() -> None:
    app = Flask("proof", static_folder=None)
    app.add_url_rule("/forgotten", view_func=lambda: "", endpoint="forgotten")
    with pytest.raises(UndeclaredRouteError, match="GET /forgotten"):
        check_routes(app)


def test_each_method_of_a_view_says_what_it_is_for() -> None:
    class Goals(MethodView):
        @allows(Action.SEE_GOAL)
        def get(self) -> str:
            return ""

        def post(self) -> str:
            return ""

    app = Flask("proof", static_folder=None)
    app.add_url_rule("/goals", view_func=Goals.as_view("goals"))
    assert action_of(app, "goals", "GET") is Action.SEE_GOAL
    with pytest.raises(UndeclaredRouteError, match="POST /goals"):
        check_routes(app)


def test_a_mark_that_is_no_action_does_not_count() -> None:
    def view() -> str:
        return ""

    view.action = "see goal"  # type: ignore[attr-defined]  # what somebody might write by hand
    app = Flask("proof", static_folder=None)
    app.add_url_rule("/goals", view_func=view, endpoint="goals")
    with pytest.raises(UndeclaredRouteError):
        check_routes(app)
