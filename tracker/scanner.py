"""The virus scanner: what clamd says of each new file, before anybody but its owner sees it."""

import socket
import struct
from collections.abc import Iterable
from datetime import datetime
from urllib.parse import unquote, urlsplit
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker.db import nudge
from tracker.models import Attachment, Recording, ScanState

JOB = "upkeep.scan_files"
KINDS: tuple[type[Attachment | Recording], ...] = (Attachment, Recording)
# clamd answers only when it has seen everything; large documents take it long.
CONNECT_WITHIN, ANSWER_WITHIN = 5, 120  # seconds
LONGEST_ANSWER = 4096


class ScannerError(Exception):
    """The scanner did not say whether a file is clean."""


class ScannerGoneError(ScannerError):
    """The scanner cannot be reached, so it has no use to ask about the next file."""


def first_state(clamd_url: str | None) -> ScanState:
    """Return what a file is when it comes in."""
    return ScanState.NONE if clamd_url is None else ScanState.WAITING


def ask(session: Session, *, school_id: UUID) -> None:
    """Wake the worker for the files of a school that wait; the rows are the queue."""
    nudge(session, JOB, school_id=str(school_id))


def waiting(session: Session, *, school_id: UUID) -> list[str]:
    """Return the digests of the files that nobody looked at yet, the oldest first."""
    queries = [
        sa.select(kind.digest, kind.received_at).where(
            kind.school_id == school_id, kind.scan == ScanState.WAITING
        )
        for kind in KINDS
    ]
    found = session.execute(sa.union_all(*queries).order_by("received_at"))
    return list(dict.fromkeys(digest for digest, _ in found))


def conclude(
    session: Session, *, school_id: UUID, digest: str, state: ScanState, at: datetime
) -> None:
    """Write what the scanner said on every waiting file with these bytes."""
    for kind in KINDS:
        session.execute(
            sa.update(kind)
            .where(
                kind.school_id == school_id,
                kind.digest == digest,
                kind.scan == ScanState.WAITING,
            )
            .values(scan=state, scanned_at=at)
        )


def scan(clamd_url: str, parts: Iterable[bytes]) -> ScanState:
    """Let clamd look at bytes (its INSTREAM command); returns CLEAN or INFECTED.

    Raises ScannerError when it does not say, and ScannerGoneError when it is not there. Each part
    goes out behind its length, 4 bytes big-endian; a length of 0 ends the stream (clamd(8)).
    """
    try:
        connection = _connect(clamd_url)
    except OSError as problem:
        raise ScannerGoneError(type(problem).__name__) from None
    with connection:
        try:
            answer = _ask_about(connection, parts)
        except OSError as problem:
            raise ScannerError(type(problem).__name__) from None
    if answer == "stream: OK":
        return ScanState.CLEAN
    if answer.startswith("stream: ") and answer.endswith(" FOUND"):
        return ScanState.INFECTED
    raise ScannerError(answer[:200])


def _connect(clamd_url: str) -> socket.socket:
    parts = urlsplit(clamd_url)
    if parts.scheme == "tcp":
        return socket.create_connection((parts.hostname, parts.port), timeout=CONNECT_WITHIN)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(CONNECT_WITHIN)
    try:
        connection.connect(unquote(parts.path))
    except OSError:
        connection.close()
        raise
    return connection


def _ask_about(connection: socket.socket, parts: Iterable[bytes]) -> str:
    connection.settimeout(ANSWER_WITHIN)
    try:
        connection.sendall(b"zINSTREAM\0")
        for part in parts:
            if part:
                connection.sendall(struct.pack("!I", len(part)) + part)
        connection.sendall(struct.pack("!I", 0))
    except (BrokenPipeError, ConnectionResetError):
        pass  # it had enough half-way, and may have said why
    answer = b""
    while not answer.endswith(b"\0") and len(answer) < LONGEST_ANSWER:
        part = connection.recv(LONGEST_ANSWER)
        if not part:
            break
        answer += part
    return answer.rstrip(b"\0").decode("utf-8", "replace")
