"""The virus scanner: asked over a real connection, believed only when it says so."""

import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clamd import EICAR, Clamd, serving
from tracker import scanner
from tracker.models import ScanState
from tracker.scanner import ScannerError, ScannerGoneError, scan


@pytest.fixture(params=["tcp", "unix"])
def clamd(request: pytest.FixtureRequest) -> Iterator[Clamd]:
    made = Clamd()
    with tempfile.TemporaryDirectory(prefix="leerspoor-av-") as folder:
        place = Path(folder) / "clamd.ctl" if request.param == "unix" else None
        with serving(made, place):
            yield made


def test_clean_bytes_arrive_whole_and_are_called_clean(clamd: Clamd) -> None:
    parts = [b"bewijs", b"", bytes(range(256)) * 5000, b"einde"]
    assert scan(clamd.url, parts) is ScanState.CLEAN
    assert clamd.seen == [b"".join(parts)]


def test_a_virus_is_found_wherever_the_parts_are_cut(clamd: Clamd) -> None:
    assert scan(clamd.url, [EICAR]) is ScanState.INFECTED
    assert scan(clamd.url, [b"ervoor" + EICAR[:20], EICAR[20:]]) is ScanState.INFECTED


def test_an_empty_stream_is_still_an_answer(clamd: Clamd) -> None:
    assert scan(clamd.url, []) is ScanState.CLEAN


def test_a_file_that_is_too_large_for_the_scanner_is_not_called_clean(clamd: Clamd) -> None:
    clamd.longest = 1000
    with pytest.raises(ScannerError):
        scan(clamd.url, [b"x" * 1_000_000] * 20)


def test_a_scanner_that_hangs_is_given_up(clamd: Clamd, monkeypatch: Any) -> None:
    monkeypatch.setattr(scanner, "ANSWER_WITHIN", 0.2)
    clamd.is_hanging = True
    with pytest.raises(ScannerError, match="TimeoutError"):
        scan(clamd.url, [b"bewijs"])


def test_a_scanner_that_is_not_there_is_gone() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    for url in (f"tcp://127.0.0.1:{port}", "unix:///not/there/clamd.ctl"):
        with pytest.raises(ScannerGoneError):
            scan(url, [b"bewijs"])


@pytest.mark.parametrize(
    "said", [b"", b"\0", b"stream: OK maybe\0", b"UNKNOWN COMMAND\0", b"\xff\xfe\0", b"x" * 9000]
)
def test_any_other_answer_is_no_answer(said: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def parts() -> Iterator[bytes]:
            # The connection stands by now: answer it before it has sent everything.
            connection, _ = server.accept()
            with connection:
                connection.recv(100)
                connection.sendall(said)
            yield b"bewijs"

        with pytest.raises(ScannerError):
            scan(f"tcp://127.0.0.1:{port}", parts())


def test_a_file_waits_only_where_there_is_a_scanner() -> None:
    assert scanner.first_state(None) is ScanState.NONE
    assert scanner.first_state("tcp://clamd:3310") is ScanState.WAITING
