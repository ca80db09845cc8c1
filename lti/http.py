"""The one outbound client: short, small, without redirects, and to public addresses only.

Each address is looked up once, judged, and then connected to as judged: a name that changes its
answer in between (DNS rebinding) gains nothing. Certificates are verified as always.
"""

import socket
import ssl
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from ipaddress import IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

CONNECT_SECONDS = 4.0
READ_SECONDS = 5.0
WHOLE_SECONDS = 10.0
LARGEST = 512 * 1024
USER_AGENT = "Leerspoor/0.1 (LTI 1.3)"
# Addresses that carry another address inside: the inner one could be anywhere.
_CARRIERS = (ip_network("2002::/16"), ip_network("64:ff9b::/96"), ip_network("2001::/32"))


class Unreachable(Exception):
    """No usable answer came; the text says why, without anything the other side sent."""


@dataclass(frozen=True)
class Answer:
    """What the other side answered; at most LARGEST bytes."""

    status: int
    body: bytes


def get(url: str, *, allow_loopback: bool) -> Answer:
    """Fetch an https address within ten seconds; raises Unreachable.

    allow_loopback: also this computer itself, there by plain http too (the demo).
    """
    begun = time.monotonic()
    open_sockets: list[socket.socket] = []
    watchdog = threading.Timer(WHOLE_SECONDS, _cut, [open_sockets])
    watchdog.daemon = True
    watchdog.start()
    try:
        answer = _get(url, allow_loopback, open_sockets)
    except (OSError, ValueError, HTTPException) as error:
        raise Unreachable(type(error).__name__) from error
    finally:
        watchdog.cancel()
        for sock in open_sockets:
            sock.close()
    if time.monotonic() - begun > WHOLE_SECONDS:  # what a cut left may look whole
        raise Unreachable("too slow")
    return answer


def _get(url: str, allow_loopback: bool, open_sockets: list[socket.socket]) -> Answer:  # noqa: FBT001 - passed on
    parts = urlsplit(url)
    host, is_https = parts.hostname or "", parts.scheme == "https"
    if parts.scheme not in {"https", "http"} or not host:
        raise Unreachable("not an http address")
    port = parts.port or (443 if is_https else 80)
    address = _judged_address(host, port, allow_loopback=allow_loopback)
    if not is_https and not ip_address(address).is_loopback:
        raise Unreachable("not https")
    sock = socket.create_connection((address, port), CONNECT_SECONDS)
    open_sockets.append(sock)
    if is_https:
        context = ssl.create_default_context()
        sock = context.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)
        open_sockets[:] = [sock]
        sock.do_handshake()
    sock.settimeout(READ_SECONDS)
    connection = HTTPConnection(host, port)
    connection.sock = sock
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {"Host": parts.netloc, "User-Agent": USER_AGENT, "Accept": "application/json"}
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    body = response.read(LARGEST + 1)
    if len(body) > LARGEST:
        raise Unreachable("too large")
    if response.length:  # what was announced and did not come
        raise Unreachable("cut short")
    return Answer(response.status, body)


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
