"""Systems of a school over real HTTP that hang, truncate and lie: each answer is a function.

An answer writes on the connection itself, so that nothing it may do wrong is out of reach.
"""

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

LOGIN = b"<!DOCTYPE html><html><title>Inloggen</title><form><input name=password></form></html>"


@dataclass(frozen=True)
class Asked:
    """One question as it came in; `connection` tells whether it came on a kept connection."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: Mapping[str, str]
    body: bytes
    connection: int

    def number(self, name: str) -> int:
        """Return a parameter that is a number; 0 when it was not given."""
        return int(self.query.get(name, ["0"])[0])


class Handler(BaseHTTPRequestHandler):
    """Hands every question to the system's answer."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "System"

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        parts = urlsplit(self.path)
        asked = Asked(
            self.command,
            parts.path,
            parse_qs(parts.query, keep_blank_values=True),
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(length),
            self.client_address[1],
        )
        self.server.asked.append(asked)
        self.server.answer(asked)(self)

    do_POST = do_GET  # noqa: N815 - the base class's name

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


Answer = Callable[[Handler], None]


class System(ThreadingHTTPServer):
    """A system at `url`; `answer` may be changed at any time, `asked` is what it was asked."""

    daemon_threads = True

    def __init__(self, answer: Callable[[Asked], Answer]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = answer
        self.asked: list[Asked] = []
        self.is_over = threading.Event()

    @property
    def url(self) -> str:
        """The address of this system."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: who hangs up on us is what is tested."""


@contextmanager
def serving(answer: Callable[[Asked], Answer]) -> Iterator[System]:
    """Run a system for as long as the block lasts."""
    system = System(answer)
    thread = threading.Thread(target=system.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield system
    finally:
        system.is_over.set()
        system.shutdown()
        thread.join()
        system.server_close()


def answers(*given: Answer) -> Callable[[Asked], Answer]:
    """Give these answers one after another; the last again and again."""
    left = list(given)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def raw(status: int, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
    """Answer with these bytes, and say truly how many."""

    def write(handler: Handler) -> None:
        handler.send_response(status)
        sent = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        for name, value in {**sent, **(headers or {})}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return write


def page(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """Answer with JSON."""
    return raw(status, json.dumps(value).encode(), headers)


def login_page(handler: Handler) -> None:
    """Answer 200 with a page to sign in on."""
    raw(200, LOGIN, {"Content-Type": "text/html"})(handler)


def hang(handler: Handler) -> None:
    """Say nothing, for as long as the system lasts."""
    handler.server.is_over.wait()
    handler.close_connection = True


def drip(handler: Handler) -> None:
    """Begin an answer, and give a byte now and then."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    with suppress(OSError):
        while not handler.server.is_over.wait(0.05):
            handler.wfile.write(b" ")
    handler.close_connection = True


def truncated(value: Any) -> Answer:
    """Announce the whole of an answer, give half, and hang up."""
    body = json.dumps(value).encode()
    half = body[: len(body) // 2]

    def write(handler: Handler) -> None:
        raw(200, half, {"Content-Length": str(len(body))})(handler)
        handler.close_connection = True

    return write


def half_announced(value: Any) -> Answer:
    """Give the whole of an answer, and announce half."""
    body = json.dumps(value).encode()
    return raw(200, body, {"Content-Length": str(len(body) // 2)})


def unannounced(body: bytes) -> Answer:
    """Announce nothing; the end of the connection is the end of the answer."""

    def write(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(body)

    return write


def reset(handler: Handler) -> None:
    """Break the connection off, as a firewall does."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True


@dataclass
class Waits:
    """Waits in no time, and remembers how long."""

    waited: list[float] = field(default_factory=list)

    def __call__(self, seconds: float) -> None:
        """Wait."""
        self.waited.append(seconds)
