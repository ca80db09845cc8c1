"""What an LMS and we tell each other in Dynamic Registration (LTI Dynamic Registration 1.0)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from lti.calling.grades import LINE_ITEM, LINE_ITEM_READONLY, RESULT_READONLY, SCORE
from lti.calling.names_roles import SCOPE as NAMES
from lti.connecting.registrations import wrong_with_url
from lti.text import LONGEST_ID, is_sound

CONFIGURATION = "https://purl.imsglobal.org/spec/lti-platform-configuration"
TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
# Moodle wants `lineitem.readonly` besides, for reading.
SCOPES = (LINE_ITEM, LINE_ITEM_READONLY, RESULT_READONLY, SCORE, NAMES)
CLAIMS = ("iss", "sub", "name", "given_name", "family_name", "email")
PLACEMENTS = {
    "LtiResourceLinkRequest": (),
    "LtiDeepLinkingRequest": ("ContentArea",),
    "LtiSubmissionReviewRequest": (),
}
# Canvas knows places of its own; without one, nobody finds the tool.
CANVAS_PLACEMENTS = {
    "LtiResourceLinkRequest": ("course_navigation",),
    "LtiDeepLinkingRequest": ("link_selection", "assignment_selection"),
}
NAME = "Leerspoor"
OF_URL = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "registration_endpoint")


class NotJoined(Exception):
    """The LMS is not connected; `code` says why, `is_used` whether the invitation is used up."""

    def __init__(self, code: str, *, is_used: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.is_used = is_used


@dataclass(frozen=True)
class Platform:
    """What an LMS says about itself in its OpenID configuration."""

    issuer: str
    auth_url: str
    token_url: str
    jwks_url: str
    registration_url: str
    audience: str | None
    product: str | None
    scopes: tuple[str, ...]
    messages: tuple[str, ...]


def read_configuration(body: bytes, *, url: str, allow_loopback: bool) -> Platform:
    """Return what the LMS says about itself, if we can work with it; raises NotJoined.

    url: where it was found. The issuer must be of the same host (LTI Dynamic Registration 3.3).
    """
    document = _json_object(body)
    if document is None:
        raise NotJoined("configuration_malformed")
    urls = {name: document.get(name) for name in OF_URL}
    for address in urls.values():
        wrong = wrong_with_url(address, allow_loopback=allow_loopback)
        if wrong:
            raise NotJoined(
                "endpoint_not_https" if wrong == "url.not_https" else "configuration_malformed"
            )
    if _host(str(urls["issuer"])) != _host(url):
        raise NotJoined("issuer_of_other_host")
    _check_support(document)
    said = document.get(CONFIGURATION)
    said = said if isinstance(said, dict) else {}
    product, audience = said.get("product_family_code"), document.get("authorization_server")
    messages = said.get("messages_supported")
    return Platform(
        issuer=str(urls["issuer"]),
        auth_url=str(urls["authorization_endpoint"]),
        token_url=str(urls["token_endpoint"]),
        jwks_url=str(urls["jwks_uri"]),
        registration_url=str(urls["registration_endpoint"]),
        audience=audience if is_sound(audience) else None,
        product=product.lower() if isinstance(product, str) and is_sound(product, 64) else None,
        scopes=_texts(document.get("scopes_supported")),
        messages=tuple(
            message["type"]
            for message in (messages if isinstance(messages, list) else ())
            if isinstance(message, dict) and isinstance(message.get("type"), str)
        ),
    )


def _host(url: str) -> tuple[str | None, int]:
    parts = urlsplit(url)
    return parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)


def _check_support(document: Mapping[str, Any]) -> None:
    """Refuse an LMS that says it cannot do what every launch and service needs."""
    needs = {
        "id_token_signing_alg_values_supported": "RS256",
        "response_types_supported": "id_token",
        "response_modes_supported": "form_post",
        "token_endpoint_auth_methods_supported": "private_key_jwt",
        "token_endpoint_auth_signing_alg_values_supported": "RS256",
    }
    for name, needed in needs.items():
        if name in document and needed not in _texts(document[name]):
            raise NotJoined("platform_unsuited")


def our_registration(platform: Platform, *, us: str) -> dict[str, Any]:
    """Return what we register: only what this LMS says it knows. us: our own origin."""
    launch = f"{us}/lti/launch"
    is_canvas = platform.product == "canvas"
    messages = []
    for kind, usual in PLACEMENTS.items():
        if platform.messages and kind not in platform.messages:
            continue
        message: dict[str, Any] = {"type": kind, "target_link_uri": launch, "label": NAME}
        placements = CANVAS_PLACEMENTS.get(kind, ()) if is_canvas else usual
        messages.append(message | ({"placements": list(placements)} if placements else {}))
    scopes = [one for one in SCOPES if not platform.scopes or one in platform.scopes]
    return {
        "application_type": "web",
        "response_types": ["id_token"],
        "grant_types": ["implicit", "client_credentials"],
        "client_name": NAME,
        "initiate_login_uri": f"{us}/lti/login",
        "redirect_uris": [launch],
        "jwks_uri": f"{us}/lti/jwks",
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": " ".join(scopes),
        TOOL: {
            "domain": urlsplit(us).netloc,  # with its port: Moodle compares it so
            "description": "Leerdoelen, bewijs en voortgang van de student.",
            "target_link_uri": launch,
            "claims": list(CLAIMS),
            "messages": messages,
            # Where an LMS has no LIS claim, the school may choose this one.
            "custom_parameters": {"person_number": "$Person.sourcedId"},
        },
    }


def read_reply(body: bytes) -> tuple[str, str | None]:
    """Return our client id and, if the LMS says it already, the deployment; raises NotJoined."""
    reply = _json_object(body) or {}
    client_id, tool = reply.get("client_id"), reply.get(TOOL)
    if not isinstance(client_id, str) or not is_sound(client_id, 200):
        raise NotJoined("registration_malformed")
    deployment_id = tool.get("deployment_id") if isinstance(tool, dict) else None
    if deployment_id is None:
        return client_id, None
    if not is_sound(str(deployment_id), LONGEST_ID):
        raise NotJoined("registration_malformed")
    return client_id, str(deployment_id)


def _json_object(body: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _texts(value: object) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()
