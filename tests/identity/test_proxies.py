"""What a proxy says about a request, and from whom we believe it."""

import pytest
from flask import Flask, request

from identity.proxies import TrustedProxies

SAID = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "leerspoor.nl",
}


def heard(proxies: tuple[str, ...], sender: str) -> tuple[str | None, str, str]:
    """Return address, scheme and host as a view behind these proxies learns them."""
    app = Flask("proof")
    app.add_url_rule("/", view_func=lambda: [request.remote_addr, request.scheme, request.host])
    app.wsgi_app = TrustedProxies(app.wsgi_app, proxies)  # type: ignore[method-assign]  # Flask's documented way
    answer = app.test_client().get("/", headers=SAID, environ_base={"REMOTE_ADDR": sender})
    address, scheme, host = answer.get_json()
    return address, scheme, host


@pytest.mark.parametrize("sender", ["10.0.0.1", "10.0.3.7", "::ffff:10.0.0.1", "fd00::1"])
def test_a_named_proxy_is_believed(sender: str) -> None:
    named = ("10.0.0.0/22", "fd00::1")
    assert heard(named, sender) == ("203.0.113.9", "https", "leerspoor.nl")


@pytest.mark.parametrize("sender", ["10.0.4.1", "203.0.113.9", "127.0.0.1", "fd00::2", "", "unix:"])
def test_anybody_else_is_not_believed(sender: str) -> None:
    address, scheme, host = heard(("10.0.0.0/22", "fd00::1"), sender)
    assert (address or "", scheme, host) == (sender, "http", "localhost")
