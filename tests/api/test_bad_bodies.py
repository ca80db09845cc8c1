"""Every writing route of the API refuses what is wrong, by field, and writes nothing.

The routes, their fields and their limits come from the document, so a new one is tried too.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from flask import Flask

from api.docs import DOCUMENT
from tests.records import add_records, all_rows
from tests.world import World
from tracker.db import new_id

# Programs alone may send there, in a standard's own shape: test_xapi.py, test_caliper.py.
OF_A_STANDARD = ("/api/xapi", "/api/caliper")
JSON, FORM = "application/json", "multipart/form-data"
WRITES = ("post", "put", "patch", "delete")
# What nobody sets from outside, unless a route offers it by that name.
FORBIDDEN = (
    *("school_id", "tenant_id", "plan_id", "student_id", "owner", "owner_id", "author_id"),
    *("by", "by_id", "role", "state", "purpose", "outcome", "version", "signed_at"),
    *("promoted_at", "recorded_at", "received_at", "created_at", "changed_at", "withdrawn_at"),
)
# By format, or for text: what a field must refuse, and our code.
WRONG: dict[str, list[tuple[Any, str]]] = {
    "text": [("a\0b", "bad_character"), (7, "not_text")],
    "uuid": [("x", "not_an_id"), (7, "not_an_id"), ("a\0b", "not_an_id")],
    "date": [
        ("morgen", "not_a_date"),
        ("2027-02-30", "not_a_date"),
        ("0001-01-01", "out_of_range"),
        ("9999-12-31", "out_of_range"),
    ],
    "date-time": [
        ("2027-02-30T10:00:00Z", "not_a_moment"),
        ("9999-12-31T23:59:59-12:00", "out_of_range"),
    ],
}
# Whose request it is; all others are the student's.
OTHERS = {
    "agree_with_goal": "coach",
    "create_draft": "coach",
    "change_draft": "coach",
    "remove_draft": "coach",
    "send_draft": "coach",
    "promote_judgement": "coach",
    "decline_request": "coach",
    "sign_judgement": "supervisor",
    "confirm_lesson_choice": "coach",
    "create_lesson": "administrator",
    "replace_lesson": "administrator",
    "close_lesson": "administrator",
    "reopen_lesson": "administrator",
    "create_scale": "administrator",
    "create_scale_version": "administrator",
    "change_blind_rating": "administrator",
    "change_thresholds": "administrator",
    "create_holiday": "administrator",
    "take_back_holiday": "administrator",
    "create_snooze": "coach",
    "take_back_snooze": "coach",
    "create_import": "administrator",
    "discard_import": "administrator",
    "apply_import": "administrator",
    "cancel_import": "administrator",
    "read_import_again": "administrator",
    "retry_import": "administrator",
    "discard_bad_rows": "administrator",
    "decide_parked": "administrator",
    "undo_parked": "administrator",
    "take_up_rows": "administrator",
    "take_import_as": "administrator",
    "confirm_guide": "administrator",
    "end_guide": "administrator",
    "create_source": "administrator",
    "replace_source": "administrator",
    "pull_source": "administrator",
    "pause_source": "administrator",
    "resume_source": "administrator",
    "say_what_items_are_about": "administrator",
    "end_item_meaning": "administrator",
    "create_registration": "administrator",
    "change_registration": "administrator",
    "check_registration": "administrator",
    "switch_deployment": "administrator",
    "create_invite": "administrator",
    "confirm_course": "administrator",
    "end_course_confirmation": "administrator",
    "answer_access_request": "administrator",
    "release_course_roster": "administrator",
    "ask_for_access": "teacher",
    "choose_link_mode": "teacher",
    "retry_link": "teacher",
    "remove_link_column": "teacher",
}


@dataclass(frozen=True)
class Route:
    """One writing operation: its address in this world, and the fields of its body by kind."""

    name: str
    method: str
    path: str
    bodies: dict[str, dict[str, Any]]
    required: list[str]

    @property
    def fields(self) -> dict[str, Any]:
        return self.bodies.get(JSON, {})


@pytest.fixture
def ids(engine: sa.Engine, world: World) -> dict[str, str]:
    """Return a record of the world for every name that an address or a field may have."""
    return {name: str(key) for name, key in add_records(engine, world).items()}


@pytest.fixture
def routes(app: Flask, ids: dict[str, str]) -> list[Route]:
    """Return every writing operation of the document."""
    document = app.extensions[DOCUMENT]
    found = [
        _route(document, method, path.format_map(ids), operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in WRITES and not path.startswith(OF_A_STANDARD)
    ]
    rules = [
        (rule.rule, method)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) & {name.upper() for name in WRITES}
        if rule.rule.startswith("/api/") and not rule.rule.startswith(OF_A_STANDARD)
    ]
    assert len(found) == len(rules), "the document leaves out a route"
    return found


def _route(document: Any, method: str, path: str, operation: Any) -> Route:
    schemas = document["components"]["schemas"]
    bodies, required = {}, []
    for kind, told in operation.get("requestBody", {}).get("content", {}).items():
        schema = schemas[told["schema"]["$ref"].rpartition("/")[2]]
        bodies[kind] = schema["properties"]
        required = schema.get("required", [])
    return Route(operation["operationId"], method, path, bodies, required)


@pytest.fixture
def nothing_changes(ids: dict[str, str], superuser_engine: sa.Engine) -> Iterator[None]:
    """Compare every row afterwards with what it was; looks and tokens are no writing."""
    assert ids
    before = all_rows(superuser_engine)
    yield
    assert all_rows(superuser_engine) == before


def caller_of(route: Route, world: World, as_: Any) -> httpx.Client:
    found: httpx.Client = as_(getattr(world, OTHERS.get(route.name, "student")))
    return found


def kinds_of(told: dict[str, Any]) -> list[str]:
    kinds = told.get("type", [])
    return kinds if isinstance(kinds, list) else [kinds]


def is_text(told: dict[str, Any]) -> bool:
    return "string" in kinds_of(told) and not told.keys() & {"format", "enum"}


def fitting(route: Route, name: str, told: dict[str, Any], ids: dict[str, str], day: str) -> Any:
    """Return a value that the field takes."""
    kind = kinds_of(told)[0]
    if told.get("format") == "uuid":
        return ids.get(name, ids["plan_id"])
    if told.get("format") == "date":
        return day
    if "enum" in told:
        return told["enum"][0]
    if name == "levels":
        return [{"label": label, "anchor": anchor} for anchor, label in enumerate(("ik", "jij"))]
    fits = {"string": "tekst", "integer": told.get("minimum"), "boolean": False}
    return (fits | {"array": [], "object": {}})[kind]


def right(route: Route, ids: dict[str, str], world: World) -> dict[str, Any]:
    """Return a body whose form is right."""
    day = world.on.isoformat()
    return {name: fitting(route, name, route.fields[name], ids, day) for name in route.required}


def wrong_values(told: dict[str, Any]) -> Iterator[tuple[str, Any, str]]:
    """Yield what a field must refuse: the error's path after the name, the value, our code."""
    kinds = kinds_of(told)
    yield from (("", value, code) for value, code in WRONG.get(told.get("format", ""), ()))
    if is_text(told):
        yield from (("", value, code) for value, code in WRONG["text"])
        yield "", "a" * (told["maxLength"] + 1), "too_long"
    if "enum" in told:
        yield from (("", value, "not_a_choice") for value in ("anders", "a\0b", 7))
    if "integer" in kinds:
        yield "", told["minimum"] - 1, "too_small"
        yield "", told["maximum"] + 1, "too_large"
        yield "", "veel", "not_a_number"
    if "boolean" in kinds:
        yield "", "misschien", "not_true_or_false"
    if "object" in kinds:
        yield from (("", value, "not_an_object") for value in ("x", 7))
    if "array" in kinds:
        yield "", "x", "not_a_list"
        yield from _wrong_lists(told)


def _wrong_lists(told: dict[str, Any]) -> Iterator[tuple[str, Any, str]]:
    each = told["items"]
    if each.get("format") == "uuid":
        yield "", [str(new_id()) for _ in range(told["maxItems"] + 1)], "too_long"
        yield ".0", ["x"], "not_an_id"
    elif "enum" in each:
        yield ".0", ["anders"], "not_a_choice"


def refused(answer: httpx.Response, what: Any) -> dict[str, list[str]]:
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), (what, answer.text)
    found: dict[str, list[str]] = answer.json()["errors"]
    return found


@pytest.mark.usefixtures("nothing_changes")
def test_every_field_refuses_what_does_not_fit_and_says_why(
    routes: list[Route],
    ids: dict[str, str],
    world: World,
    as_: Any,
) -> None:
    tried = 0
    for route in routes:
        caller = caller_of(route, world, as_)
        for name, told in route.fields.items():
            for inside, value, code in wrong_values(told):
                body = {**right(route, ids, world), name: value}
                answer = caller.request(route.method, route.path, json=body)
                what = (route.name, name, str(value)[:40])
                assert refused(answer, what) == {name + inside: [code]}, what
                tried += 1
    assert tried > 250


@pytest.mark.usefixtures("nothing_changes")
def test_every_body_refuses_fields_that_are_not_the_callers_to_set(
    routes: list[Route],
    ids: dict[str, str],
    world: World,
    as_: Any,
) -> None:
    for route in routes:
        if JSON not in route.bodies:
            continue
        more = {name: "x" for name in (*FORBIDDEN, "colour") if name not in route.fields}
        body = {**right(route, ids, world), **more}
        answer = caller_of(route, world, as_).request(route.method, route.path, json=body)
        told = refused(answer, route.name)
        assert told == {name: ["unknown_field"] for name in more}, route.name


@pytest.mark.usefixtures("nothing_changes")
def test_every_body_names_what_is_missing(routes: list[Route], world: World, as_: Any) -> None:
    for route in routes:
        if not route.required or JSON not in route.bodies:
            continue
        caller = caller_of(route, world, as_)
        nothing = dict.fromkeys(route.required)
        takes_nothing = any("null" in kinds_of(route.fields[name]) for name in route.required)
        for body in ({},) if takes_nothing else ({}, nothing):
            told = refused(caller.request(route.method, route.path, json=body), route.name)
            assert told == {name: ["required"] for name in route.required}, route.name


SHAPES: list[tuple[bytes, int, str, dict[str, list[str]]]] = [
    (b"{", 400, "bad_json", {}),
    (b"", 400, "bad_json", {}),
    (b'{"x": "\xe9"}', 400, "bad_json", {}),
    (b'{"x": NaN}', 400, "bad_json", {}),
    (b"[]", 422, "invalid", {"body": ["not_an_object"]}),
    (b'{"x": ' + b"[" * 21 + b"]" * 21 + b"}", 422, "invalid", {"body": ["too_deep"]}),
    (b"[" * 100_000, 422, "invalid", {"body": ["too_deep"]}),
    (b'{"x": 1, "x": 2}', 422, "invalid", {"x": ["duplicate_key"]}),
]


@pytest.mark.usefixtures("nothing_changes")
def test_every_route_reads_json_strictly(routes: list[Route], world: World, as_: Any) -> None:
    for route in routes:
        if JSON not in route.bodies:
            continue
        caller = caller_of(route, world, as_)
        for sent, *expected in SHAPES:
            answer = caller.request(
                route.method, route.path, content=sent, headers={"Content-Type": JSON}
            )
            told = answer.json()
            found = [answer.status_code, told["code"], told["errors"]]
            assert found == expected, (route.name, sent[:20])


@pytest.mark.usefixtures("nothing_changes")
def test_every_route_refuses_another_content_type_and_an_unknown_query(
    routes: list[Route], world: World, as_: Any
) -> None:
    for route in routes:
        caller = caller_of(route, world, as_)
        for kind in ("text/plain", "application/xml", "application/x-www-form-urlencoded", JSON):
            if kind in route.bodies:
                continue
            answer = caller.request(
                route.method, route.path, content=b"{}", headers={"Content-Type": kind}
            )
            found = (answer.status_code, answer.json()["code"])
            assert found == (415, "wrong_content_type"), (route.name, kind)
        answer = caller.request(route.method, f"{route.path}?by_id=x")
        assert refused(answer, route.name) == {"by_id": ["unknown_field"]}, route.name


@pytest.mark.usefixtures("nothing_changes")
def test_every_form_with_files_is_as_strict_as_its_body(
    routes: list[Route],
    ids: dict[str, str],
    world: World,
    as_: Any,
) -> None:
    for route in [route for route in routes if FORM in route.bodies]:
        caller, fields = caller_of(route, world, as_), route.bodies[FORM]
        day = world.on.isoformat()
        fits = {
            name: fitting(route, name, fields[name], ids, day)
            for name in route.required
            if name != "files"
        }
        wrongs = [
            (name, value, code)
            for name, told in fields.items()
            for inside, value, code in wrong_values(told)
            if isinstance(value, str) and code != "not_a_list"
        ]
        assert wrongs
        for name, value, code in [*wrongs, ("by_id", "x", "unknown_field")]:
            sent = {**fits, name: value}
            parts: list[Any] = [
                (key, (None, json.dumps(each) if isinstance(each, bool) else each))
                for key, each in sent.items()
            ]
            answer = caller.request(route.method, route.path, files=parts)
            what = (route.name, name, value[:40])
            assert refused(answer, what).get(name) == [code], (what, answer.text)


@pytest.mark.usefixtures("nothing_changes")
def test_every_field_that_names_a_record_takes_no_record_of_another_kind(
    routes: list[Route],
    ids: dict[str, str],
    world: World,
    as_: Any,
) -> None:
    tried = 0
    for route in routes:
        caller = caller_of(route, world, as_)
        headers = {}
        if route.method in {"put", "patch"}:
            headers = {"If-Match": caller.get(route.path).headers.get("ETag", "")}
        for name, told in route.fields.items():
            if name == "id" or "uuid" not in {
                told.get("format"),
                told.get("items", {}).get("format"),
            }:
                continue
            other = str(world.school.id)
            value: Any = [other] if "array" in kinds_of(told) else other
            body = {**right(route, ids, world), name: value}
            answer = caller.request(route.method, route.path, json=body, headers=headers)
            code = answer.json()["code"]
            assert (answer.status_code, code) in {(404, "not_found"), (422, "invalid")}, (
                route.name,
                name,
                answer.text,
            )
            tried += 1
    assert tried > 20


@pytest.mark.usefixtures("nothing_changes")
def test_no_day_of_the_next_century_is_taken_anywhere(
    routes: list[Route],
    ids: dict[str, str],
    world: World,
    as_: Any,
) -> None:
    for route in routes:
        caller = caller_of(route, world, as_)
        headers = {}
        if route.method in {"put", "patch"}:
            headers = {"If-Match": caller.get(route.path).headers.get("ETag", "")}
        for name, told in route.fields.items():
            if told.get("format") != "date":
                continue
            body = {**right(route, ids, world), name: "2199-12-31"}
            if route.name in {"create_judgement", "create_draft"}:
                body["goal_id"] = ids["goal_id"]  # they are about something
            if "text" in route.fields:
                body["text"] = "Ik hielp."
            answer = caller.request(route.method, route.path, json=body, headers=headers)
            assert list(refused(answer, route.name)) == [name], (route.name, answer.text)
