"""The one outbound client: short, small, without redirects, and to public addresses only.

Each address is looked up once, judged, and then connected to as judged: a name that changes its
answer in between (DNS rebinding) gains nothing. Certificates are verified as always.
"""

import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from ipaddress import IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

CONNECT_SECONDS = 4.0
WHOLE_SECONDS = 10.0
LARGEST = 512 * 1024
USER_AGENT = "Leerspoor/0.1 (LTI 1.3)"
# Addresses that carry another address inside: the inner one could be anywhere.
_CARRIERS = (ip_network("2002::/16"), ip_network("64:ff9b::/96"), ip_network("2001::/32"))


class Unreachable(Exception):
    """No usable answer came; the text says why, without anything the other side sent."""


@dataclass(frozen=True)
class Answer:
    """What the other side answered; header names in lower case, repeated ones joined by commas."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Question:
    """What we ask, and how much we bear in return."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None
    allow_loopback: bool
    largest: int
    seconds: float


def get(url: str, *, allow_loopback: bool) -> Answer:
    """Fetch a small JSON document within ten seconds; raises Unreachable."""
    return request("GET", url, headers={}, body=None, allow_loopback=allow_loopback)


def request(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes | None,
    allow_loopback: bool,
    largest: int = LARGEST,
    seconds: float = WHOLE_SECONDS,
) -> Answer:
    """Ask an https address and wait at most `seconds` for at most `largest` bytes.

    allow_loopback: also this computer itself, there by plain http too (the demo). Redirects are
    answers like any other. Raises Unreachable.
    """
    question = _Question(method, url, headers, body, allow_loopback, largest, seconds)
    begun = time.monotonic()
    open_sockets: list[socket.socket] = []
    watchdog = threading.Timer(seconds, _cut, [open_sockets])
    watchdog.daemon = True
    watchdog.start()
    try:
        answer = _ask(question, open_sockets)
    except (OSError, ValueError, HTTPException) as error:
        raise Unreachable(type(error).__name__) from error
    finally:
        watchdog.cancel()
        for sock in open_sockets:
            sock.close()
    if time.monotonic() - begun > seconds:  # what a cut left may look whole
        raise Unreachable("too slow")
    return answer


def _ask(question: _Question, open_sockets: list[socket.socket]) -> Answer:
    parts = urlsplit(question.url)
    host, is_https = parts.hostname or "", parts.scheme == "https"
    if parts.scheme not in {"https", "http"} or not host or "@" in parts.netloc:
        raise Unreachable("not an http address")
    port = parts.port or (443 if is_https else 80)
    address = _judged_address(host, port, allow_loopback=question.allow_loopback)
    if not is_https and not ip_address(address).is_loopback:
        raise Unreachable("not https")
    sock = socket.create_connection((address, port), CONNECT_SECONDS)
    open_sockets.append(sock)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # a body follows its headers at once
    if is_https:
        context = ssl.create_default_context()
        sock = context.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)
        open_sockets[:] = [sock]
        sock.do_handshake()
    sock.settimeout(question.seconds / 2)
    connection = HTTPConnection(host, port)
    connection.sock = sock
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {"User-Agent": USER_AGENT, "Accept": "application/json", **question.headers}
    headers["Host"] = parts.netloc
    connection.request(question.method, path, body=question.body, headers=headers)
    response = connection.getresponse()
    body = response.read(question.largest + 1)
    if len(body) > question.largest:
        raise Unreachable("too large")
    if response.length:  # what was announced and did not come
        raise Unreachable("cut short")
    names = {name.lower() for name in response.headers}
    return Answer(
        response.status,
        body,
        {name: ", ".join(response.headers.get_all(name, ())) for name in names},
    )


def _judged_address(host: str, port: int, *, allow_loopback: bool) -> str:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    for address in addresses:
        if is_public(address) or (allow_loopback and ip_address(address).is_loopback):
            return address
    raise Unreachable("not a public address")


def is_public(address: str) -> bool:
    """Whether an IP address lies outside every private, local and reserved network."""
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped is not None:
            return is_public(str(ip.ipv4_mapped))
        if any(ip in carrier for carrier in _CARRIERS):
            return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _cut(open_sockets: list[socket.socket]) -> None:
    """End a conversation that takes too long; the reader wakes with an error or an end."""
    for sock in list(open_sockets):
        with suppress(OSError):
            socket.socket.shutdown(sock, socket.SHUT_RDWR)
