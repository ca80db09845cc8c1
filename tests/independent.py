"""An LMS of somebody else's making: the package lti1p3platform with the pages it leaves to us.

It is less strict than our own (`tests.lms`), but it reads the specifications with other eyes.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from typing import Any

from cryptography.hazmat.primitives import serialization
from flask import Flask, Response, jsonify, request
from lti1p3platform.exceptions import LineItemNotFoundException, LtiException
from lti1p3platform.ltiplatform import LTI1P3PlatformConfAbstract
from lti1p3platform.membership import Context
from lti1p3platform.message_launch import LTIAdvantageMessageLaunchAbstract
from lti1p3platform.oidc_login import OIDCLoginAbstract
from lti1p3platform.registration import Registration
from lti1p3platform.request import Request
from lti1p3platform.response import generate_next_link
from lti1p3platform.score import UpdateScoreStatus
from lti1p3platform.service_connector import (
    AssignmentsGradesService,
    NamesRoleProvisioningService,
)
from werkzeug.serving import make_server

from tests.lms import private_key

LIS = "https://purl.imsglobal.org/spec/lti/claim/lis"
CLIENT_ID, DEPLOYMENT_ID, COURSE, LINK = "client-7", "deployment-1", "course-9", "link-4"
PAGE = 2


@dataclass
class State:
    """What the platform holds; `opens_picker` makes its launches Deep Linking requests."""

    url: str
    tool: str
    members: list[dict[str, Any]] = field(default_factory=list)
    line_items: dict[str, dict[str, Any]] = field(default_factory=dict)
    results: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    placed: list[dict[str, Any]] = field(default_factory=list)
    opens_picker: bool = False

    @property
    def line_items_url(self) -> str:
        return f"{self.url}/line_items"

    @property
    def memberships_url(self) -> str:
        return f"{self.url}/memberships"

    def member(self, user_id: str) -> dict[str, Any]:
        return next(one for one in self.members if one["user_id"] == user_id)

    def item_url(self, number: str) -> str:
        return f"{self.line_items_url}/{number}"

    def login_url(self, user_id: str) -> str:
        """Give the address that a click in the LMS opens: the start of a login at the tool."""
        return str(_Login(None, _Platform(state=self)).initiate_login(user_id))


class _Platform(LTI1P3PlatformConfAbstract):
    def init_platform_config(self, **kwargs: Any) -> None:
        state: State = kwargs["state"]
        key = private_key(71)
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self._registration = (
            Registration()
            .set_iss(state.url)
            .set_client_id(CLIENT_ID)
            .set_deployment_id(DEPLOYMENT_ID)
            .set_launch_url(f"{state.tool}/lti/launch")
            .set_deeplink_launch_url(f"{state.tool}/lti/launch")
            .set_oidc_login_url(f"{state.tool}/lti/login")
            .set_tool_key_set_url(f"{state.tool}/lti/jwks")
            .set_platform_public_key(public.decode())
            .set_platform_private_key(private.decode())
        )

    def get_registration_by_params(self, **_kwargs: Any) -> Registration:
        return self._registration


class _Login(OIDCLoginAbstract):
    _lti_message_hint = LINK

    def set_lti_message_hint(self, **kwargs: Any) -> None:
        """Keep the one there is."""

    def get_redirect(self, url: str) -> str:
        return url


class _Asked(Request):
    def build_metadata(self, asked: Any) -> Any:
        return {
            "method": asked.method,
            "form_data": asked.form.to_dict(),
            "get_data": {**asked.args.to_dict(), "page": int(asked.args.get("page", 1))},
            "headers": asked.headers,
            "content_type": asked.content_type,
            "path": asked.path,
            "json": asked.get_json(force=True, silent=True),
        }


class _Launch(LTIAdvantageMessageLaunchAbstract):
    def render_launch_form(self, launch_data: dict[str, Any], **_kwargs: Any) -> str:
        inputs = "".join(
            f'<input type="hidden" name="{name}" value="{escape(launch_data[name])}">'
            for name in ("state", "id_token")
        )
        action = escape(launch_data["launch_url"])
        return f'<!doctype html><form method="post" action="{action}">{inputs}</form>'


class _Grades(AssignmentsGradesService):
    state: State

    def find_lineitems(self, page: int = 1, **_filters: Any) -> Any:
        return _page(list(self.state.line_items.values()), page)

    def find_lineitem(self, line_item_id: str) -> Any:
        if line_item_id not in self.state.line_items:
            raise LineItemNotFoundException
        return self.state.line_items[line_item_id]

    def create_lineitem(self, creation_data: Any) -> Any:
        number = str(len(self.state.line_items) + 1)
        self.state.line_items[number] = {"id": self.state.item_url(number), **creation_data}
        return self.state.line_items[number]

    def update_lineitem(self, update_data: Any) -> Any:
        number = update_data["id"]
        self.find_lineitem(number)
        self.state.line_items[number] = {**update_data, "id": self.state.item_url(number)}
        return self.state.line_items[number]

    def delete_lineitem(self, line_item_id: str) -> None:
        self.find_lineitem(line_item_id)
        del self.state.line_items[line_item_id]

    def update_score(self, line_item_id: str, score: Any) -> UpdateScoreStatus:
        self.find_lineitem(line_item_id)
        before = self.state.results.get((line_item_id, score["userId"]))
        if before is not None and score["timestamp"] <= before["timestamp"]:
            return UpdateScoreStatus.OLD_TIMESTAMP
        self.state.results[line_item_id, score["userId"]] = {
            "id": f"{self.state.item_url(line_item_id)}/results/{score['userId']}",
            "userId": score["userId"],
            "resultScore": score["scoreGiven"],
            "resultMaximum": score["scoreMaximum"],
            "comment": score.get("comment"),
            "timestamp": score["timestamp"],
        }
        return UpdateScoreStatus.SUCCESS

    def get_results(self, line_item_id: str, page: int = 1, **_filters: Any) -> Any:
        self.find_lineitem(line_item_id)
        held = [one for (number, _), one in self.state.results.items() if number == line_item_id]
        return _page(held, page)


class _Roster(NamesRoleProvisioningService):
    state: State

    def get_member_data_page(self, page: int = 1, **_filters: Any) -> Any:
        return _page(self.state.members, page)

    def get_context_by_id(self) -> Context:
        return Context(COURSE, "PR-30", "Praktijkroute")


def _page(everything: list[Any], page: int) -> dict[str, Any]:
    return {
        "content": everything[(page - 1) * PAGE : page * PAGE],
        "has_next": page * PAGE < len(everything),
        "next": None,
    }


@contextmanager
def running(tool: str) -> Iterator[State]:
    """Run the platform on a free port for as long as the block lasts."""
    app = Flask("independent")
    server = make_server("127.0.0.1", 0, app, threaded=True)
    state = State(f"http://127.0.0.1:{server.server_port}", tool)
    _add_pages(app, state)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _add_pages(app: Flask, state: State) -> None:
    app.add_url_rule("/jwks", view_func=lambda: jsonify(_Platform(state=state).get_jwks()))
    app.add_url_rule("/auth", view_func=lambda: _auth(state), endpoint="auth")
    app.add_url_rule("/token", view_func=lambda: _token(state), endpoint="token", methods=["POST"])
    app.add_url_rule("/memberships", view_func=lambda: _roster(state), endpoint="roster")
    app.add_url_rule(
        "/deep-link", view_func=lambda: _deep_link(state), endpoint="dl", methods=["POST"]
    )
    items: dict[str, Any] = {"methods": ["GET", "POST", "PUT", "DELETE"]}
    for name, rule in {
        "items": "/line_items",
        "item": "/line_items/<number>",
        "below": "/line_items/<number>/<what>",
    }.items():
        app.add_url_rule(
            rule, endpoint=name, view_func=lambda **where: _grades(state, **where), **items
        )


def _auth(state: State) -> str:
    launch = _Launch(_Asked(request), _Platform(state=state))
    member = state.member(request.args["login_hint"])
    launch.set_user_data(member["user_id"], member["roles"], member["name"])
    launch.set_resource_link_claim(LINK, title="Mijn leerplan")
    launch.set_launch_context_claim(COURSE, context_title="Praktijkroute", context_label="PR-30")
    launch.set_extra_claims({LIS: {"person_sourcedid": member["lis_person_sourcedid"]}})
    launch.set_ags(state.line_items_url)
    launch.set_nrps(state.memberships_url)
    if state.opens_picker:
        launch.set_dl(f"{state.url}/deep-link", title="Praktijkroute")
    elif state.placed:
        launch.set_custom_parameters_claim(state.placed[0]["custom"])
    return str(launch.lti_launch())


def _token(state: State) -> Response:
    try:
        return jsonify(_Platform(state=state).get_access_token(request.form.to_dict()))
    except LtiException as error:
        return Response(str(error), 400)


def _roster(state: State) -> Response:
    service = _Roster(_Asked(request), _Platform(state=state), state.memberships_url)
    service.state = state
    # The package pages only who asks for it, and this platform pages everybody.
    service.request.get_data["limit"] = PAGE
    return _answer(service.handle_resp(service.handle_get_members))


def _grades(state: State, number: str = "", what: str = "") -> Response:
    url = state.item_url(number) if number else None
    service = _Grades(_Asked(request), _Platform(state=state), state.line_items_url, url)
    service.state = state
    names = {
        ("GET", ""): "get_lineitem" if number else "get_lineitems",
        ("POST", ""): "create_lineitem",
        ("PUT", ""): "update_lineitem",
        ("DELETE", ""): "delete_lineitem",
        ("POST", "scores"): "update_score",
        ("GET", "results"): "get_results",
    }
    handle = getattr(service, f"handle_{names[request.method, what]}")
    return _answer(service.handle_resp(handle, **({"line_item_id": number} if number else {})))


def _answer(given: Any) -> Response:
    """Send what the package answered, the next page as the header that it makes."""
    result, following = given.result, None
    if isinstance(result, dict):
        following = result.pop("next", None)
        result = result.get("content", result)
    response = jsonify(result) if result is not None else Response(status=given.code)
    response.status_code, response.headers["Content-Type"] = given.code, given.media_type
    if following:
        response.headers["Link"] = generate_next_link(following)
    return response


def _deep_link(state: State) -> Response:
    state.placed = _Platform(state=state).validate_deeplinking_resp(request.form.to_dict())
    return Response("placed")
