"""Bad input is refused with a code, never with a 5xx, and writes nothing."""

import json
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from typing import Any

from tests.world import World

GOAL = {
    "title": "Ik durf te bellen",
    "question": "Hoe begin ik een gesprek?",
    "success": "Ik bel zelf terug.",
}


def deep(levels: int) -> str:
    return "[" * levels + "]" * levels


def body(**changes: Any) -> bytes:
    return json.dumps({**GOAL, **changes}).encode()


RAW = [
    ("no JSON", b"{", 400, "bad_json", {}),
    ("nothing", b"", 400, "bad_json", {}),
    ("not UTF-8", b'{"title": "\xe9"}', 400, "bad_json", {}),
    ("NaN", b'{"target_anchor": NaN}', 400, "bad_json", {}),
    (
        "a number of 5000 digits",
        b'{"target_anchor": ' + b"9" * 5000 + b"}",
        400,
        "bad_json",
        {},
    ),
    ("a list", b"[]", 422, "invalid", {"body": ["not_an_object"]}),
    ("21 levels", b'{"title": ' + deep(21).encode() + b"}", 422, "invalid", {"body": ["too_deep"]}),
    (
        "100,000 levels",
        deep(100_000).encode(),
        422,
        "invalid",
        {"body": ["too_deep"]},
    ),
    (
        "one name twice",
        b'{"title": "a", "title": "b"}',
        422,
        "invalid",
        {"title": ["duplicate_key"]},
    ),
    (
        "one name twice, inside",
        b'{"title": {"x": 1, "x": 2}}',
        422,
        "invalid",
        {"x": ["duplicate_key"]},
    ),
    ("NUL", body(title="Ik\0durf"), 422, "invalid", {"title": ["bad_character"]}),
    ("half a surrogate", body(title="\ud800"), 422, "invalid", {"title": ["bad_character"]}),
    ("a blank title", body(title="   "), 422, "invalid", {"title": ["too_short"]}),
    ("201 characters", body(title="a" * 201), 422, "invalid", {"title": ["too_long"]}),
    ("a number as title", body(title=3), 422, "invalid", {"title": ["not_text"]}),
    ("no title", body(title=None), 422, "invalid", {"title": ["required"]}),
    ("a field too many", body(colour="red"), 422, "invalid", {"colour": ["unknown_field"]}),
    (
        "a day as a sentence",
        body(target_on="morgen"),
        422,
        "invalid",
        {"target_on": ["not_a_date"]},
    ),
    (
        "a day without dashes",
        body(target_on="20270115"),
        422,
        "invalid",
        {"target_on": ["not_a_date"]},
    ),
    ("30 February", body(target_on="2027-02-30"), 422, "invalid", {"target_on": ["not_a_date"]}),
    (
        "the year 9999",
        body(target_on="9999-12-31"),
        422,
        "invalid",
        {"target_on": ["out_of_range"]},
    ),
    ("yesteryear", body(target_on="2001-01-01"), 422, "invalid", {"target_on": ["date.in_past"]}),
    ("anchor 4", body(target_anchor=4), 422, "invalid", {"target_anchor": ["too_large"]}),
    ("anchor -1", body(target_anchor=-1), 422, "invalid", {"target_anchor": ["too_small"]}),
    ("anchor 1.5", body(target_anchor=1.5), 422, "invalid", {"target_anchor": ["not_a_number"]}),
    ("anchor true", body(target_anchor=True), 422, "invalid", {"target_anchor": ["not_a_number"]}),
    ("items as text", body(item_ids="x"), 422, "invalid", {"item_ids": ["not_a_list"]}),
    ("an item that is no id", body(item_ids=["x"]), 422, "invalid", {"item_ids.0": ["not_an_id"]}),
    (
        "one item twice",
        body(item_ids=["019aab4e-2100-7aaa-8bbb-000000000001"] * 2),
        422,
        "invalid",
        {"item_ids.1": ["repeated"]},
    ),
    (
        "21 items",
        body(item_ids=[f"019aab4e-2100-7aaa-8bbb-0000000000{n:02}" for n in range(21)]),
        422,
        "invalid",
        {"item_ids": ["too_long"]},
    ),
]


def test_a_wrong_body_says_which_field_and_why_and_writes_nothing(
    world: World, as_: Any, counts: Any
) -> None:
    caller, before = as_(world.student), counts()
    for name, sent, status, code, errors in RAW:
        answer = caller.post(
            f"/api/plans/{world.plan.id}/goals",
            content=sent,
            headers={"Content-Type": "application/json"},
        )
        told = answer.json()
        assert (answer.status_code, told["code"], told["errors"]) == (status, code, errors), name
        assert told["status"] == status, name
        assert told["message"], name
    assert counts() == before


def test_another_content_type_is_refused_and_writes_nothing(
    world: World, as_: Any, counts: Any
) -> None:
    caller, before = as_(world.student), counts()
    kinds = ["text/plain", "application/x-www-form-urlencoded", "application/xml", "text/json", ""]
    for noun, kind in product(["goals", "evidence", "judgements"], kinds):
        answer = caller.post(
            f"/api/plans/{world.plan.id}/{noun}",
            content=body(),
            headers={"Content-Type": kind} if kind else {},
        )
        told = (answer.status_code, answer.json()["code"])
        assert told == (415, "wrong_content_type"), (noun, kind)
    assert counts() == before


def test_json_with_a_charset_is_json(world: World, as_: Any) -> None:
    answer = as_(world.student).post(
        f"/api/plans/{world.plan.id}/goals",
        content=body(),
        headers={"Content-Type": "application/json; charset=utf-8"},
    )
    assert answer.status_code == 201, answer.text


def test_a_body_of_more_than_two_megabytes_is_refused(world: World, as_: Any, counts: Any) -> None:
    caller, before = as_(world.student), counts()
    answer = caller.post(
        f"/api/plans/{world.plan.id}/goals", json={**GOAL, "question": "a" * 2_200_000}
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert counts() == before


def test_a_body_that_keeps_its_length_to_itself_may_not_be_longer_either(
    world: World, as_: Any, counts: Any
) -> None:
    caller, before = as_(world.student), counts()

    def parts(number: int) -> Iterator[bytes]:
        yield body()[:-1] + b', "colour": "'
        yield from [b"x" * 65_536] * number
        yield b'"}'

    for number, status in ((1, 422), (100, 413)):
        answer = caller.post(
            f"/api/plans/{world.plan.id}/goals",
            content=parts(number),
            headers={"Content-Type": "application/json"},
        )
        assert answer.status_code == status, answer.text
    assert counts() == before


def test_a_made_up_name_comes_back_short_and_sendable(world: World, as_: Any) -> None:
    answer = as_(world.student).post(
        f"/api/plans/{world.plan.id}/goals",
        content=body(**{"\udfff" + "x" * 5000: 1}),
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 422
    assert answer.json()["errors"] == {"?" + "x" * 99: ["unknown_field"]}


def test_a_thousand_wrong_fields_give_a_bounded_answer(world: World, as_: Any) -> None:
    answer = as_(world.student).post(
        f"/api/plans/{world.plan.id}/goals", json={f"field{n}": n for n in range(1000)}
    )
    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == 100


QUERIES = [
    ("?colour=red", {"colour": ["unknown_field"]}),
    ("?limit=0", {"limit": ["too_small"]}),
    ("?limit=201", {"limit": ["too_large"]}),
    ("?limit=many", {"limit": ["not_a_number"]}),
    ("?limit=%D9%A3", {"limit": ["not_a_number"]}),
    ("?limit=1&limit=2", {"limit": ["repeated"]}),
    ("?after=x", {"after": ["not_a_cursor"]}),
    ("?after=%00", {"after": ["not_a_cursor"]}),
    ("?after=AAAAAAAAAAAAAAAAAAAAAB", {"after": ["not_a_cursor"]}),
    ("?sort=coverage", {"sort": ["unknown_field"]}),
    ("?order_by=-momentum", {"order_by": ["unknown_field"]}),
]


def test_a_wrong_query_is_refused(world: World, as_: Any) -> None:
    caller = as_(world.coach)
    for path, (query, errors) in product(["/api/plans", "/api/overview"], QUERIES):
        answer = caller.get(path + query)
        assert (answer.status_code, answer.json()["errors"]) == (422, errors), path + query
    for path in ("/api/me", "/api/scales"):
        answer = caller.get(f"{path}?limit=5")
        assert (answer.status_code, answer.json()["errors"]) == (422, {"limit": ["unknown_field"]})


def test_an_unknown_address_and_a_wrong_method_answer_in_json(world: World, as_: Any) -> None:
    caller = as_(world.coach)
    unknown = caller.get("/api/nothing")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")
    wrong = caller.delete(f"/api/plans/{world.plan.id}")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "method_not_allowed")
    assert "GET" in wrong.headers["Allow"]
    no_id = caller.get("/api/plans/1%20or%201=1")
    assert (no_id.status_code, no_id.json()["code"]) == (404, "not_found")


def test_the_message_speaks_the_callers_language(world: World, as_: Any) -> None:
    caller = as_(world.coach)
    english = caller.get("/api/nothing", headers={"Accept-Language": "en"}).json()
    dutch = caller.get("/api/nothing", headers={"Accept-Language": "nl"}).json()
    assert english["code"] == dutch["code"]
    assert english["message"].startswith("This does not exist, or not for you. Check the address")
    assert dutch["message"] != english["message"]


def test_a_judgement_about_nothing_or_of_tomorrow_is_refused(
    world: World, as_: Any, counts: Any
) -> None:
    caller, before = as_(world.coach), counts()
    path = f"/api/plans/{world.plan.id}/judgements"
    level = str(world.levels[2].id)
    nothing = caller.post(path, json={"level_id": level, "observed_on": world.on.isoformat()})
    assert nothing.json()["errors"] == {"goal_id": ["judgement.about_nothing"]}
    tomorrow = (world.on + timedelta(days=1)).isoformat()
    early = caller.post(
        path, json={"level_id": level, "goal_id": str(world.goal.id), "observed_on": tomorrow}
    )
    assert early.json()["errors"] == {"observed_on": ["date.in_future"]}
    aspect = caller.post(
        path, json={"level_id": level, "aspect": ["skill"], "observed_on": tomorrow}
    )
    assert aspect.json()["errors"] == {"aspect": ["not_a_choice"]}
    assert counts() == before
