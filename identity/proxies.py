"""Believing what a proxy says about a request, and only a proxy that the settings name."""

from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from werkzeug.middleware.proxy_fix import ProxyFix

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class TrustedProxies:
    """Take address, scheme and host from `X-Forwarded-*` when the proxy itself sent the request."""

    def __init__(self, app: "WSGIApplication", proxies: Iterable[str]) -> None:
        self.direct = app
        self.behind_proxy = ProxyFix(app, x_for=1, x_proto=1, x_host=1)
        self.networks = [ip_network(proxy, strict=False) for proxy in proxies]

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer a request; anybody else's headers stay what they are."""
        app = self.behind_proxy if self._is_trusted(environ.get("REMOTE_ADDR", "")) else self.direct
        return app(environ, start_response)

    def _is_trusted(self, sender: str) -> bool:
        try:
            address = ip_address(sender)
        except ValueError:
            return False
        address = getattr(address, "ipv4_mapped", None) or address
        return any(address in network for network in self.networks)
