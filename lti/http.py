"""The one outbound client: short, small, without redirects, and to public addresses only.

Each address is looked up once, judged, and then connected to as judged: a name that changes its
answer in between (DNS rebinding) gains nothing. Certificates are verified as always.
"""

import select
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from ipaddress import IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

CONNECT_SECONDS = 4.0
WHOLE_SECONDS = 10.0
LARGEST = 512 * 1024
USER_AGENT = "Leerspoor/0.1 (LTI 1.3)"
# Addresses that carry another address inside: the inner one could be anywhere.
_CARRIERS = (ip_network("2002::/16"), ip_network("64:ff9b::/96"), ip_network("2001::/32"))


class Unreachable(Exception):
    """No usable answer came; the text says why, without anything the other side sent.

    It is one of the sentences below, or the name of the error that Python raised.
    """


TOO_SLOW, TOO_LARGE, CUT_SHORT = "too slow", "too large", "cut short"
NOT_PUBLIC, NOT_HTTPS = "not a public address", "not https"


@dataclass(frozen=True)
class Answer:
    """What the other side answered; header names in lower case, repeated ones joined by commas."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


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
    line = Line(allow_loopback=allow_loopback, largest=largest, seconds=seconds)
    try:
        return line.ask(method, url, headers=headers, body=body)
    finally:
        line.close()


class Line:
    """Questions to one server after another; its connection is kept in between if it may be.

    For a source that is asked thousands of times. `largest` (bytes) and `seconds` are for each.
    """

    def __init__(self, *, allow_loopback: bool, largest: int, seconds: float) -> None:
        self._allow_loopback, self._largest, self._seconds = allow_loopback, largest, seconds
        self._connection: HTTPConnection | None = None
        self._server = ("", "")
        self._sockets: list[socket.socket] = []  # the one that is open, for the watchdog

    def ask(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        """Ask and return the answer, whatever its status; raises Unreachable."""
        begun = time.monotonic()
        watchdog = threading.Timer(self._seconds, _cut, [self._sockets])
        watchdog.daemon = True
        watchdog.start()
        try:
            answer = self._ask(method, url, headers, body)
        except (Unreachable, OSError, ValueError, HTTPException) as error:
            self.close()
            is_late = time.monotonic() - begun > self._seconds or isinstance(error, TimeoutError)
            if is_late:  # what a cut left may look like any trouble
                raise Unreachable(TOO_SLOW) from error
            if isinstance(error, Unreachable):
                raise
            raise Unreachable(type(error).__name__) from error
        finally:
            watchdog.cancel()
        if time.monotonic() - begun > self._seconds:  # what a cut left may look whole
            self.close()
            raise Unreachable(TOO_SLOW)
        return answer

    def close(self) -> None:
        """Hang up."""
        self._connection = None
        for sock in self._sockets:
            sock.close()
        self._sockets.clear()

    def _ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        parts = urlsplit(url)
        connection = self._connected(parts)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        sent = {"User-Agent": USER_AGENT, "Accept": "application/json", **headers}
        sent["Host"] = parts.netloc
        connection.request(method, path, body=body, headers=sent)
        with closing(connection.getresponse()) as response:
            found = response.read(self._largest + 1)
            if len(found) > self._largest:
                raise Unreachable(TOO_LARGE)
            if response.length:  # what was announced and did not come
                raise Unreachable(CUT_SHORT)
            is_at_end = response.isclosed() and not response.will_close
        if not is_at_end:
            self.close()
        names = {name.lower() for name in response.headers}
        return Answer(
            response.status,
            found,
            {name: ", ".join(response.headers.get_all(name, ())) for name in names},
        )

    def _connected(self, parts: SplitResult) -> HTTPConnection:
        server = (parts.scheme, parts.netloc)
        if self._connection is not None and self._server == server and self._is_quiet():
            return self._connection
        self.close()
        host, is_https = parts.hostname or "", parts.scheme == "https"
        if parts.scheme not in {"https", "http"} or not host or "@" in parts.netloc:
            raise Unreachable("not an http address")
        port = parts.port or (443 if is_https else 80)
        address = _judged_address(host, port, allow_loopback=self._allow_loopback)
        if not is_https and not ip_address(address).is_loopback:
            raise Unreachable(NOT_HTTPS)
        sock = socket.create_connection((address, port), min(CONNECT_SECONDS, self._seconds))
        self._sockets.append(sock)
        # A body follows its headers at once.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if is_https:
            context = ssl.create_default_context()
            sock = context.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)
            self._sockets[:] = [sock]
            sock.do_handshake()
        sock.settimeout(self._seconds)
        connection = HTTPConnection(host, port)
        connection.sock = sock
        connection.auto_open = 0  # it would look the name up by itself
        self._connection, self._server = connection, server
        return connection

    def _is_quiet(self) -> bool:
        """Whether the kept connection is open, and nothing was said on it that we did not ask."""
        return not select.select(self._sockets, [], [], 0)[0]


def _judged_address(host: str, port: int, *, allow_loopback: bool) -> str:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    for address in addresses:
        if is_public(address) or (allow_loopback and ip_address(address).is_loopback):
            return address
    raise Unreachable(NOT_PUBLIC)


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
