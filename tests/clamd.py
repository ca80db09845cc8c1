"""A server that speaks clamd's protocol and knows one virus: the EICAR test file."""

import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# In parts, so that no scanner stumbles over this file.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}" + b"$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!" + b"$H+H*"


class Clamd:
    """What it was sent, and how it behaves."""

    def __init__(self, *, longest: int = 100 * 1024 * 1024, is_hanging: bool = False) -> None:
        self.longest = longest
        self.is_hanging = is_hanging
        self.seen: list[bytes] = []
        self.end = threading.Event()
        self.url = ""


class Session(socketserver.StreamRequestHandler):
    """One connection: one command, one answer."""

    def handle(self) -> None:
        clamd: Clamd = self.server.clamd  # type: ignore[attr-defined]  # put there by `serving`
        assert self.rfile.read(10) == b"zINSTREAM\0"
        body = b""
        while size := struct.unpack("!I", self.rfile.read(4))[0]:
            body += self.rfile.read(size)
            if len(body) > clamd.longest:
                self.wfile.write(b"INSTREAM size limit exceeded. ERROR\0")
                return
        clamd.seen.append(body)
        if clamd.is_hanging:
            clamd.end.wait()
            return
        found = b"stream: Eicar-Test-Signature FOUND" if EICAR in body else b"stream: OK"
        self.wfile.write(found + b"\0")


class Tcp(socketserver.ThreadingTCPServer):
    daemon_threads = True


class Unix(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


@contextmanager
def serving(clamd: Clamd, socket: Path | None = None) -> Iterator[str]:
    """Serve on a free port, or on a socket; yields the address as CLAMD_URL has it."""
    server: Any = Unix(str(socket), Session) if socket else Tcp(("127.0.0.1", 0), Session)
    server.clamd = clamd
    clamd.url = f"unix://{socket}" if socket else f"tcp://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield clamd.url
    finally:
        clamd.end.set()
        server.shutdown()
        thread.join()
        server.server_close()
