"""The outbound client: to public addresses only, short, small, and without redirects."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from lti import http


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.9.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1"),  # noqa: S104 - refused
        *("169.254.169.254", "100.64.0.1", "224.0.0.1", "255.255.255.255", "192.0.2.1"),
        *("::1", "::", "fe80::1", "fe80::1%lo", "fc00::1", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::"),
        *("2001:0:4136:e378:8000:63bf:3fff:fdd2", "240.0.0.1", "198.18.0.1"),
    ],
)
def test_addresses_inside_are_not_public(address: str) -> None:
    assert not http.is_public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_addresses_outside_are_public(address: str) -> None:
    assert http.is_public(address)


@contextmanager
def server(
    *parts: bytes, pause: threading.Event | None = None
) -> Iterator[tuple[str, list[bytes]]]:
    """Answer each connection with these bytes, a pause before each but the first."""
    listening = socket.create_server(("127.0.0.1", 0))
    heard: list[bytes] = []

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                with connection, suppress(OSError):
                    heard.append(connection.recv(65_536))
                    for number, part in enumerate(parts):
                        if number and pause is not None:
                            pause.wait(2)
                        connection.sendall(part)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", heard
    finally:
        if pause is not None:
            pause.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def test_this_computer_is_reached_in_the_demo_only() -> None:
    with server(OK) as (url, heard):
        answer = http.get(f"{url}/keys?x=1", allow_loopback=True)
        assert (answer.status, answer.body) == (200, b"{}")
        assert heard[0].startswith(b"GET /keys?x=1 HTTP/1.1\r\n")
        assert b"User-Agent: Leerspoor/" in heard[0]
        with pytest.raises(http.Unreachable, match="not a public address"):
            http.get(url, allow_loopback=False)
        with pytest.raises(http.Unreachable, match="not a public address"):
            http.get(url.replace("http://", "https://"), allow_loopback=False)
        assert len(heard) == 1


@pytest.mark.parametrize(
    "url",
    [
        "https://169.254.169.254/latest/meta-data/",
        "https://10.0.0.1/",
        "https://2130706433/",  # 127.0.0.1 as one number
        "https://0x7f.1/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::1]/",
        "https://localhost/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "https://",
        "https://nobody.invalid/",
        "http://user:password@127.0.0.1/",
        "https://127.0.0.1:99999/",
    ],
)
def test_addresses_that_no_platform_has_are_not_asked(url: str) -> None:
    with pytest.raises(http.Unreachable):
        http.get(url, allow_loopback=False)


def test_plain_http_goes_to_this_computer_only() -> None:
    with pytest.raises(http.Unreachable, match="not https"):
        http.get("http://93.184.215.14/", allow_loopback=True)


def test_a_redirect_is_an_answer_and_not_an_order() -> None:
    with server(OK) as (secret, heard):
        moved = f"HTTP/1.1 302 Found\r\nLocation: {secret}\r\nContent-Length: 0\r\n\r\n".encode()
        with server(moved) as (url, _):
            assert http.get(url, allow_loopback=True).status == 302
        assert heard == []


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\x00\xff nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (http.LARGEST + 1),
    ],
    ids=["nothing", "nonsense", "cut short", "bad chunk", "many headers", "too large"],
)
def test_a_broken_answer_is_unreachable_and_nothing_else(answer: bytes) -> None:
    with server(answer) as (url, _), pytest.raises(http.Unreachable):
        http.get(url, allow_loopback=True)


def test_an_answer_over_plain_text_is_no_certificate() -> None:
    with server(OK) as (url, _), pytest.raises(http.Unreachable, match="SSLError"):
        http.get(url.replace("http://", "https://"), allow_loopback=True)


def ask(method: str, url: str, **changes: Any) -> http.Answer:
    options: dict[str, Any] = {"headers": {}, "body": None, "allow_loopback": True}
    return http.request(method, url, **{**options, **changes})


def test_a_question_carries_its_method_headers_and_body() -> None:
    with server(OK) as (url, heard):
        headers = {"Content-Type": "application/x", "Accept": "application/y", "Host": "evil"}
        ask("PUT", f"{url}/a?type_id=3", headers=headers, body=b"{}")
    asked = heard[0].decode()
    assert asked.startswith("PUT /a?type_id=3 HTTP/1.1\r\n")
    lines = asked.splitlines()
    for line in ("Content-Type: application/x", "Accept: application/y", "Content-Length: 2"):
        assert line in lines
    assert f"Host: {url.removeprefix('http://')}" in lines
    assert "evil" not in asked


def test_an_answers_headers_come_along_each_under_one_name() -> None:
    several = b"HTTP/1.1 204 No\r\nLINK: <a>; rel=x\r\nLink: <B>; rel=next\r\n\r\n"
    with server(several) as (url, _):
        answer = ask("DELETE", url)
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers == {"link": "<a>; rel=x, <B>; rel=next"}


def test_an_answer_may_be_as_large_as_the_question_allows() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123456789"
    with server(answer) as (url, _):
        assert ask("GET", url, largest=9).body == b"123456789"
        with pytest.raises(http.Unreachable, match="too large"):
            ask("GET", url, largest=8)


@pytest.mark.parametrize("header", ["a\r\nX-Evil: b", "é\n", "a\0\n"])
def test_a_header_is_one_line_or_nothing_is_asked(header: str) -> None:
    with server(OK) as (url, heard):
        with pytest.raises(http.Unreachable):
            ask("GET", url, headers={"Authorization": header})
        assert all(b"X-Evil" not in asked for asked in heard)


def test_a_slow_answer_is_cut_when_the_question_says_so() -> None:
    drips = [b"HTTP/1.1 200 OK\r\n", *[b"X: y\r\n"] * 60]
    with server(*drips, pause=threading.Event()) as (url, _):
        begun = time.monotonic()
        with pytest.raises(http.Unreachable):
            ask("GET", url, seconds=0.5)
        assert time.monotonic() - begun < 3


@pytest.mark.drill
def test_an_answer_in_drips_is_cut_after_ten_seconds() -> None:
    drips = [b"HTTP/1.1 200 OK\r\n", *[b"X: y\r\n"] * 60]
    with server(*drips, pause=threading.Event()) as (url, _):
        begun = time.monotonic()
        with pytest.raises(http.Unreachable):
            http.get(url, allow_loopback=True)
        assert 9 < time.monotonic() - begun < 12
