"""Where a OneRoster service is, and where it gives tokens (1EdTech Security Framework 1.1, 4.1).

Tokens are given at the address that the school entered, or else at one on the service's own
server, found where OneRoster 1.2 says (REST Binding, 2.5 Service Discovery).
"""

from typing import Any
from urllib.parse import urljoin, urlsplit

from importers.readers.granted import Granted, client
from importers.source import Asking, Unavailable

ROSTERING, GRADEBOOK = "ims/oneroster/rostering/v1p2/", "ims/oneroster/gradebook/v1p2/"
DISCOVERY = f"{ROSTERING}discovery/onerosterv1p2rostersservice_openapi3_v1p0.json"
_SCOPES = "https://purl.imsglobal.org/spec/or/v1p2/scope/"
ROSTER_SCOPES = (f"{_SCOPES}roster-core.readonly", f"{_SCOPES}roster.readonly")
GRADE_SCOPES = (f"{_SCOPES}gradebook-core.readonly", f"{_SCOPES}gradebook.readonly")


def access_to(asking: Asking, *, token_url: str | None, scope: str) -> Granted:
    """Return the service, of which nothing was asked yet."""
    # Who copies the address of a list means the service.
    url = asking.url.split("/ims/oneroster")[0]
    return Granted(
        asking, url=url, address=lambda: token_url or _discovered(asking, url), scope=scope
    )


def _discovered(asking: Asking, url: str) -> str:
    """Return where the service says that it gives tokens, if that is on its own server."""
    unknown = Unavailable("oneroster.token_unknown", is_final=True)
    service = client(asking, url, {})
    try:
        told = service.get(DISCOVERY).value
    except Unavailable as reason:
        if reason.is_final:
            raise unknown from None
        raise
    for address in _token_addresses(told):
        found = urljoin(service.url, address)
        if urlsplit(found)[:2] == urlsplit(service.url)[:2]:
            return found
    raise unknown


def _token_addresses(told: Any) -> list[str]:
    """Return the addresses in an OpenAPI description that give tokens to programs."""
    try:
        schemes = told["components"]["securitySchemes"].values()
        flows = [one.get("flows", {}).get("clientCredentials", {}) for one in schemes]
        found = [flow.get("tokenUrl") for flow in flows]
    except (KeyError, TypeError, AttributeError):
        return []
    return [one for one in found if isinstance(one, str)]
