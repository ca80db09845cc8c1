"""The client for systems that are pulled: whatever they answer, it is data or one clear code."""

from collections.abc import Callable
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from importers.readers import rest
from importers.readers.rest import Rest, links
from importers.source import Unavailable
from tests.systems import (
    Answer,
    Asked,
    System,
    Waits,
    answers,
    drip,
    half_announced,
    hang,
    login_page,
    page,
    raw,
    reset,
    serving,
    truncated,
    unannounced,
)
from tracker.db import utc_now

BSN = "111222333"  # passes the eleven-test
SECRET = "geheim-kenmerk"


def client(system: System, **options: Any) -> Rest:
    given: dict[str, Any] = {"allow_loopback": True, "wait": Waits(), **options}
    return Rest(url=f"{system.url}/api", headers={"Authorization": f"Bearer {SECRET}"}, **given)


def refusal(system: System, **options: Any) -> Unavailable:
    with pytest.raises(Unavailable) as told:
        client(system, **options).get("items", {"token": SECRET})
    assert SECRET not in repr(vars(told.value))
    return told.value


def test_a_page_is_asked_with_its_parameters_and_our_headers() -> None:
    with serving(answers(page({"a": [1, "x"]}, headers={"X-Total-Count": "7"}))) as system:
        answer = client(system).get("items?x=1", {"ids": [1, 2], "q": "a b"})
    assert answer.value == {"a": [1, "x"]}
    assert answer.headers["x-total-count"] == "7"
    (asked,) = system.asked
    assert (asked.method, asked.path) == ("GET", "/api/items")
    assert asked.query == {"x": ["1"], "ids": ["1", "2"], "q": ["a b"]}
    assert asked.headers["authorization"] == f"Bearer {SECRET}"
    assert asked.headers["user-agent"].startswith("Leerspoor/")


def test_a_form_and_json_are_sent() -> None:
    with serving(answers(page(None))) as system:
        asking = client(system)
        asking.post("rest.php", form=[("ids[]", "1"), ("ids[]", "2")])
        asking.post("/top", json={"a": "é"})
    form, sent = system.asked
    assert (form.path, form.body) == ("/api/rest.php", b"ids%5B%5D=1&ids%5B%5D=2")
    assert form.headers["content-type"] == "application/x-www-form-urlencoded"
    assert (sent.path, sent.body) == ("/top", '{"a":"é"}'.encode())


def test_many_questions_go_over_one_connection() -> None:
    with serving(answers(page([]))) as system:
        asking = client(system)
        for _ in range(20):
            asking.get("items")
    assert len({asked.connection for asked in system.asked}) == 1


def test_who_hangs_up_in_between_is_asked_anew() -> None:
    with serving(answers(page([1], headers={"Connection": "close"}))) as system:
        asking = client(system)
        assert [asking.get("items").value for _ in range(3)] == [[1]] * 3
    assert len({asked.connection for asked in system.asked}) == 3


@pytest.mark.parametrize(
    ("answer", "code", "is_final", "tries"),
    [
        (login_page, "source.not_json", False, 1),
        (truncated({"items": ["x"] * 100}), "source.cut_short", False, 4),
        (half_announced({"items": ["x"] * 100}), "source.cut_short", False, 4),
        (unannounced(b'{"items": [1, 2'), "source.cut_short", False, 4),
        (reset, "source.cut_short", False, 4),
        (raw(500, b"oops"), "source.broken", False, 4),
        (raw(503, b"<html>"), "source.broken", False, 4),
        (raw(401, b"{}"), "source.refused", True, 1),
        (raw(403, b'{"error": "no"}'), "source.refused", True, 1),
        (raw(403, b"403 Forbidden (Rate Limit Exceeded)\n"), "source.throttled", False, 4),
        (raw(429, b""), "source.throttled", False, 4),
        (raw(404, b"[]"), "source.not_found", True, 1),
        (raw(400, b"[]"), "source.not_understood", True, 1),
        (raw(302, b"", {"Location": "/login"}), "source.redirects", True, 1),
        (raw(200, b"\xff\xfe"), "source.not_json", False, 1),
        (raw(200, b"[" * 100_000), "source.cut_short", False, 4),
    ],
)
def test_an_answer_that_is_no_data_says_what_kind_of_trouble_it_is(
    answer: Answer, code: str, is_final: bool, tries: int
) -> None:
    with serving(answers(answer)) as system:
        told = refusal(system)
    assert (told.code, told.is_final, len(system.asked)) == (code, is_final, tries)


@pytest.mark.parametrize("answer", [hang, drip])
def test_a_system_that_hangs_or_drips_is_left_in_time(
    answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rest, "SECONDS", 0.3)
    with serving(answers(answer)) as system:
        told = refusal(system)
    assert (told.code, told.is_final, len(system.asked)) == ("source.slow", False, 1)


def test_an_answer_without_end_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "LARGEST", 1000)
    with serving(answers(page(["x" * 2000]))) as system:
        told = refusal(system)
    assert (told.code, told.is_final, len(system.asked)) == ("source.too_large", True, 1)


def test_nobody_there_is_unreachable() -> None:
    with serving(answers(page([]))) as system:
        pass
    assert refusal(system).code == "source.unreachable"


def test_this_computer_is_asked_in_the_demo_only() -> None:
    with serving(answers(page([]))) as system:
        told = refusal(system, allow_loopback=False)
    assert (told.code, system.asked) == ("source.not_public", [])


def test_trouble_that_passes_is_met_with_waits_that_grow() -> None:
    waits = Waits()
    with serving(answers(raw(502, b""), reset, page([1]))) as system:
        assert client(system, wait=waits).get("items").value == [1]
    assert len(system.asked) == 3
    assert 0.25 <= waits.waited[0] <= 0.75
    assert 0.5 <= waits.waited[1] <= 1.5


def test_a_system_that_says_when_is_asked_then() -> None:
    waits = Waits()
    with serving(answers(raw(429, b"", {"Retry-After": "5"}), page([1]))) as system:
        assert client(system, wait=waits).get("items").value == [1]
    assert waits.waited == [5.0]


def test_a_system_that_asks_for_a_longer_wait_puts_the_run_off() -> None:
    moment = format_datetime(utc_now() + timedelta(minutes=30), usegmt=True)
    with serving(answers(raw(429, b"", {"Retry-After": "120"}))) as system:
        told = refusal(system)
        assert (told.code, told.retry_after, len(system.asked)) == ("source.throttled", 120.0, 1)
        system.answer = answers(raw(503, b"", {"Retry-After": moment}))
        told = refusal(system)
    assert told.code == "source.broken"
    assert told.retry_after is not None
    assert 1700 < told.retry_after <= 1800


def test_the_pulse_is_felt_before_each_question() -> None:
    class Over(Exception):
        pass

    beats: list[int] = []

    def pulse() -> None:
        beats.append(1)
        if len(beats) > 2:
            raise Over

    with serving(answers(raw(500, b""))) as system, pytest.raises(Over):
        client(system, pulse=pulse).get("items")
    assert len(system.asked) == 2


def linked(system: System, number: int) -> dict[str, str]:
    return {"Link": f'<{system.url}/api/items?page=bookmark:{number}>; rel="next"'}


def listing(pages: int) -> Callable[[Asked], Answer]:
    def answer(asked: Asked) -> Answer:
        number = int(asked.query.get("page", ["bookmark:1"])[0].removeprefix("bookmark:"))
        system_url = f"http://{asked.headers['host']}"
        following = f'<{system_url}/api/items?page=bookmark:{number + 1}>; rel="next"'
        return page([number], headers={"Link": following} if number < pages else {})

    return answer


def test_pages_are_followed_by_their_links() -> None:
    with serving(listing(4)) as system:
        found = [answer.value for answer in links(client(system), "items", {"per_page": 100})]
    assert found == [[1], [2], [3], [4]]
    assert system.asked[0].query == {"per_page": ["100"]}
    assert system.asked[3].query == {"page": ["bookmark:4"]}


def test_pages_without_end_end_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "MOST_PAGES", 10)
    with serving(listing(10**9)) as system, pytest.raises(Unavailable) as told:
        list(links(client(system), "items"))
    assert (told.value.code, told.value.is_final) == ("source.endless", True)
    assert len(system.asked) == 10


@pytest.mark.parametrize("step", [0, 1])
def test_the_same_page_again_is_no_next_page(step: int) -> None:
    def answer(asked: Asked) -> Answer:
        number = asked.number("page") + step
        return page(["the same"], headers={"Link": f'</api/items?page={number}>; rel="next"'})

    with serving(answer) as system, pytest.raises(Unavailable) as told:
        list(links(client(system), "items?page=0"))
    assert told.value.code == "source.endless"
    assert len(system.asked) <= 2


@pytest.mark.parametrize(
    "link", ["http://127.0.0.1:1/items", "https://example.org/items", "//example.org/", "http://["]
)
def test_a_next_page_elsewhere_is_not_asked(link: str) -> None:
    with (
        serving(answers(page([1], headers={"Link": f'<{link}>; rel="next"'}))) as system,
        pytest.raises(Unavailable) as told,
    ):
        list(links(client(system), "items"))
    assert told.value.code in {"source.other_host", "source.not_understood"}
    assert len(system.asked) == 1


def test_a_server_behind_a_proxy_may_call_itself_http() -> None:
    asking = Rest(url="https://lrs.example/xapi", allow_loopback=False)
    address = asking._address("http://lrs.example/xapi/more?x=1")  # noqa: SLF001 - no server with a certificate here
    assert address == "https://lrs.example/xapi/more?x=1"


def test_no_bsn_comes_through() -> None:
    answer = {
        "idnumber": BSN,
        "text": f"<p>van {BSN} en 111.222.333</p>",
        "bsn": 111222333,
        "burgerservicenummer": None,
        "id": 111222333,
        BSN: [{"deep": BSN}],
        "nul": "a\0b",
    }
    with serving(answers(page(answer))) as system:
        found = client(system).get("items").value
    assert found == {
        "idnumber": "[bsn]",
        "text": "<p>van [bsn] en [bsn]</p>",
        "bsn": "[bsn]",
        "burgerservicenummer": None,
        "id": 111222333,
        "[bsn]": [{"deep": "[bsn]"}],
        "nul": "ab",
    }
