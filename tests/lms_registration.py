"""The LMS's Dynamic Registration: its OpenID configuration and registration endpoint, able to lie.

Imported for its pages. What an LMS says is `configuration(lms)` with the changes of
`lms.more_claims["configuration"]`; its answer to a registration likewise with `"reply"`.
"""

import json
from html import escape
from typing import Any
from urllib.parse import urlencode

from tests.lms import Answer, Asked, Lms, page

CONFIGURATION = "https://purl.imsglobal.org/spec/lti-platform-configuration"
TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
TOKEN = "registration-token-1"
AGS = "https://purl.imsglobal.org/spec/lti-ags/scope"
SCOPES = [
    f"{AGS}/lineitem",
    f"{AGS}/lineitem.readonly",
    f"{AGS}/result.readonly",
    f"{AGS}/score",
    "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly",
    "openid",
]


def configuration_url(lms: Lms) -> str:
    """Return where the configuration stands."""
    return f"{lms.url}/openid-configuration"


def configuration(lms: Lms) -> dict[str, Any]:
    """Say what a good LMS says; a change to None takes a part out."""
    said: dict[str, Any] = {
        "issuer": lms.issuer,
        "authorization_endpoint": lms.auth_url,
        "token_endpoint": f"{lms.url}/token",
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
        "jwks_uri": lms.jwks_url,
        "registration_endpoint": f"{lms.url}/register",
        "scopes_supported": SCOPES,
        "response_types_supported": ["id_token"],
        "id_token_signing_alg_values_supported": ["RS256"],
        CONFIGURATION: {
            "product_family_code": "proef",
            "version": "1",
            "messages_supported": [
                {"type": "LtiResourceLinkRequest"},
                {"type": "LtiDeepLinkingRequest", "placements": ["ContentArea"]},
            ],
        },
        **lms.more_claims.get("configuration", {}),
    }
    return {name: value for name, value in said.items() if value is not None}


def asked_of(lms: Lms) -> list[dict[str, Any]]:
    """Return the registrations that this LMS was asked for."""
    found: list[dict[str, Any]] = lms.more_claims.setdefault("registrations", [])
    return found


@page("GET", "/openid-configuration")
def _configuration(lms: Lms, _asked: Asked) -> Answer:
    lms.more_claims["configuration_requests"] = lms.more_claims.get("configuration_requests", 0) + 1
    if lms.faults is not None:
        return lms.faults()
    return 200, "application/json", json.dumps(configuration(lms)).encode()


@page("POST", "/register")
def _register(lms: Lms, asked: Asked) -> Answer:
    """Register a tool once with the token, as Moodle does; refuse what the rules refuse."""
    if "raw_reply" in lms.more_claims:
        answer: Answer = lms.more_claims["raw_reply"]
        return answer
    if asked.headers.get("Authorization") != f"Bearer {TOKEN}":
        return 401, "application/json", b'{"error": "invalid_token"}'
    if asked_of(lms):
        return 401, "text/plain", b"token_already_used"
    wish = json.loads(asked.body)
    tool = wish[TOOL]
    domain = lms.tool.split("://", 1)[1]
    refused = [
        name
        for name, is_right in {
            "redirect_uris": wish["redirect_uris"] == [tool["target_link_uri"]],
            "domain": tool["domain"] == domain and domain in tool["target_link_uri"],
            "method": wish["token_endpoint_auth_method"] == "private_key_jwt",
            "scope": set(wish["scope"].split()) <= set(configuration(lms)["scopes_supported"]),
            "response_types": wish["response_types"] == ["id_token"],
            "grant_types": set(wish["grant_types"]) == {"implicit", "client_credentials"},
        }.items()
        if not is_right
    ]
    if refused:
        lms.refused.extend(refused)
        return 400, "application/json", b'{"error": "invalid_client_metadata"}'
    asked_of(lms).append(wish)
    lms.client_id = "dynamic-1"
    reply = {
        **wish,
        "client_id": lms.client_id,
        TOOL: {**tool, "version": "1.3.0", "deployment_id": lms.deployment_id},
        **lms.more_claims.get("reply", {}),
    }
    return 201, "application/json", json.dumps(reply).encode()


@page("GET", "/add-tool")
def _add_tool(lms: Lms, asked: Asked) -> Answer:
    """Open an invitation in a frame, as Moodle and Canvas do, and close it when it says so."""
    query = urlencode({"openid_configuration": configuration_url(lms), "registration_token": TOKEN})
    html = (
        '<!doctype html><title>Tools</title><link rel="icon" href="data:,">'
        '<iframe width="380" height="700" '
        f'src="{escape(asked.query["url"])}?{escape(query)}"></iframe>'
        "<script>addEventListener('message', (event) => {"
        "if (event.data.subject === 'org.imsglobal.lti.close') document.title = 'Klaar'"
        "})</script>"
    )
    return 200, "text/html; charset=utf-8", html.encode()
