"""The document: current, complete, and true to what the code takes."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask import Flask

from api import evidence, goals, judgements
from api.docs import DOCUMENT, FIELD_CODES, as_text
from api.fields import Contract
from tests.visits import Visit
from tests.world import World

COMMITTED = Path(__file__).parents[2] / "docs" / "openapi.json"
VERBS = {"get", "list", "create", "replace", "change", "delete", "remove", "apply", "discard"}
VERBS |= {"agree", "start", "close", "reopen", "share", "stop", "withdraw", "take", "send"}
VERBS |= {"ask", "answer", "comment", "decline", "remind", "question", "sign", "promote"}
VERBS |= {"choose", "confirm", "cancel", "read", "retry", "download", "decide", "undo", "put"}
VERBS |= {"say", "end", "pull", "pause", "resume", "switch", "check", "release", "search"}
PARAMETERS = {
    "limit",
    "after",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "state",
    "kind",
    "from_on",
    "until_on",
}
PARAMETERS |= {"plan_id", "goal_id", "evidence_id", "question_id", "item_id", "unit_id"}
PARAMETERS |= {"by", "direction", "from", "to", "source", "decided", "statementId"}
PARAMETERS |= {
    "offset",
    "words",
    "person_id",
    "group_id",
    "framework_id",
    "registration_id",
    "sign",
}
REMEDY = "run: python -m api > docs/openapi.json"


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    ]


def test_the_committed_document_is_current(app: Flask) -> None:
    assert COMMITTED.read_bytes() == as_text(app.extensions[DOCUMENT]), REMEDY


def test_the_document_is_served_to_anybody(app: Flask, stranger: httpx.Client) -> None:
    answer = stranger.get("/api/openapi.json")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.content == as_text(app.extensions[DOCUMENT])


def test_every_operation_says_what_it_does_what_it_gives_and_how_it_refuses(app: Flask) -> None:
    document = app.extensions[DOCUMENT]
    assert document["security"] == [{"bearer": []}, {"session": []}]
    names = []
    for method, path, operation in operations(document):
        where = f"{method} {path}"
        names.append(operation["operationId"])
        verb, _, noun = operation["operationId"].partition("_")
        assert verb in VERBS, where
        assert noun, where
        assert operation["summary"].endswith("."), where
        assert len(operation["description"]) > 20, where
        assert "401" in operation["responses"], where
        given = set(operation["responses"])
        # What is kept elsewhere is answered by sending the caller there.
        assert "303" in given or any(status.startswith("2") for status in given), where
        for status, answer in operation["responses"].items():
            assert ("$ref" if status[0] == "4" else "description") in answer, where
        if "{" in path:
            assert "404" in operation["responses"], where
        if method == "post":
            assert {"403", "422"} <= operation["responses"].keys(), where
    assert len(names) == len(set(names))


def test_an_operation_says_in_its_own_words_when_it_refuses(
    app: Flask, stranger: httpx.Client
) -> None:
    """Beside the shape that all refusals share; without own words those of the status stand."""
    reminders = app.extensions[DOCUMENT]["paths"]["/api/requests/{request_id}/reminders"]["post"]
    own = "It is closed, or you reminded today already"
    shared = "#/components/responses/"
    assert reminders["responses"]["409"] == {"$ref": f"{shared}409", "description": own}
    assert reminders["responses"]["404"] == {"$ref": f"{shared}404"}
    page = stranger.get("/api/docs").text
    told = page[page.index('id="remind_about_request"') :]
    assert f"<b>409</b> {own}" in told[: told.index("</details>")]


def test_every_example_of_an_answer_or_a_body_is_there(app: Flask) -> None:
    for method, path, operation in operations(app.extensions[DOCUMENT]):
        bodies = operation.get("requestBody", {}).get("content", {})
        answers = [answer for s, answer in operation["responses"].items() if s in {"200", "201"}]
        for content in [bodies, *(answer.get("content", {}) for answer in answers[-1:])]:
            if "application/json" in content:
                assert content["application/json"].get("example"), f"{method} {path}"


@pytest.mark.parametrize(
    ("schema", "name"),
    [
        (goals.NewGoalSchema, "create_goal"),
        (evidence.NewEvidenceSchema, "create_evidence"),
        (judgements.NewJudgementSchema, "create_judgement"),
    ],
)
def test_an_example_body_is_one_that_is_taken(
    app: Flask, schema: type[Contract], name: str
) -> None:
    operation = next(
        o for _, _, o in operations(app.extensions[DOCUMENT]) if o["operationId"] == name
    )
    example = operation["requestBody"]["content"]["application/json"]["example"]
    assert schema().load(json.loads(json.dumps(example)))


def test_every_text_and_list_that_comes_in_has_a_limit(app: Flask) -> None:
    schemas = app.extensions[DOCUMENT]["components"]["schemas"]
    for name in ("NewGoal", "NewEvidence", "NewJudgement"):
        assert schemas[name]["additionalProperties"] is False
        for field, told in schemas[name]["properties"].items():
            kinds = told["type"] if isinstance(told["type"], list) else [told["type"]]
            if "array" in kinds:
                assert "maxItems" in told, (name, field)
            if "string" in kinds and "format" not in told and "enum" not in told:
                assert "maxLength" in told, (name, field)
            if "integer" in kinds:
                assert {"minimum", "maximum"} <= told.keys(), (name, field)


def test_every_edit_asks_which_state_it_changes(app: Flask) -> None:
    """What is not named here could be saved over somebody else's words, unseen."""
    states = {"change_blind_rating", "confirm_course", "decide_parked"}  # each says all there is
    by_name = {"change_thresholds"}  # writes only what it names
    of_others = {"put_statement"}  # as xAPI has it
    edits = {
        operation["operationId"]: operation
        for method, _, operation in operations(app.extensions[DOCUMENT])
        if method in {"put", "patch"} and "requestBody" in operation
    }
    asking = {
        name
        for name, operation in edits.items()
        if any(one["name"] == "If-Match" for one in operation.get("parameters", []))
    }
    assert edits.keys() - asking == states | by_name | of_others
    assert {"replace_source", "switch_deployment", "change_registration"} < asking
    for name in asking:
        assert {"412", "428"} <= edits[name]["responses"].keys(), name
        assert "ETag" in edits[name]["responses"]["200"]["headers"], name


def test_every_code_of_a_field_is_explained(stranger: httpx.Client) -> None:
    """Those of the rules have a dot, and their name says which rule it is."""
    told = [one for shape in all_contracts(Contract) for one in shape().fields.values()]
    said = {code for one in told for code in one.error_messages.values()}
    said |= {getattr(check, "error", "") for one in told for check in one.validators}
    codes = {str(code) for code in said if re.fullmatch("[a-z_]+", str(code))}
    assert {"too_long", "not_an_id", "not_a_choice", "bad_character", "required"} < codes
    assert codes <= FIELD_CODES.keys()
    page = stranger.get("/api/docs").text
    assert [code for code in FIELD_CODES if f"<code>{code}</code>" not in page] == []


def all_contracts(of: type[Contract]) -> list[type[Contract]]:
    """Return every shape that the API declares."""
    return [one for sub in of.__subclasses__() for one in (sub, *all_contracts(sub))]


def test_no_address_takes_a_sort_key(app: Flask) -> None:
    for method, path, operation in operations(app.extensions[DOCUMENT]):
        names = {parameter["name"] for parameter in operation.get("parameters", [])}
        assert names <= PARAMETERS, f"{method} {path}"


def test_answers_are_what_the_document_says(app: Flask, world: World, as_: Any) -> None:
    """Compare the fields of real answers with the shapes that the document names."""
    document = app.extensions[DOCUMENT]
    plan = f"/api/plans/{world.plan.id}"
    for address, path in [
        ("/api/me", "/api/me"),
        ("/api/plans", "/api/plans"),
        (plan, "/api/plans/{plan_id}"),
        (f"{plan}/goals", "/api/plans/{plan_id}/goals"),
        (f"/api/goals/{world.goal.id}", "/api/goals/{goal_id}"),
        (f"{plan}/evidence", "/api/plans/{plan_id}/evidence"),
        (f"/api/evidence/{world.shared.id}", "/api/evidence/{evidence_id}"),
        (f"{plan}/judgements", "/api/plans/{plan_id}/judgements"),
        ("/api/scales", "/api/scales"),
        ("/api/frameworks", "/api/frameworks"),
        (f"/api/frameworks/{world.framework.id}/items", "/api/frameworks/{framework_id}/items"),
        ("/api/overview", "/api/overview"),
        ("/api/school/thresholds", "/api/school/thresholds"),
    ]:
        answer = as_(world.coach).get(address)
        assert answer.status_code == 200, address
        told = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
        assert conforms(answer.json(), told["schema"], document), address


def conforms(value: Any, schema: dict[str, Any], document: dict[str, Any]) -> bool:
    """Check types and names of a value against a shape, all the way down."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    if value is None:
        kinds = schema.get("type", [])
        alternatives = schema.get("anyOf", [])
        assert "null" in kinds or {"type": "null"} in alternatives, schema
        return True
    if "anyOf" in schema:
        schema = next(part for part in schema["anyOf"] if "$ref" in part)
        return conforms(value, schema, document)
    if isinstance(value, dict) and "properties" in schema:
        assert value.keys() <= schema["properties"].keys(), (value.keys(), schema["properties"])
        return all(conforms(value[name], schema["properties"][name], document) for name in value)
    if isinstance(value, list):
        return all(conforms(inner, schema["items"], document) for inner in value)
    kinds = {str: "string", int: "integer", bool: "boolean", dict: "object"}
    assert kinds[type(value)] in schema["type"], (value, schema)
    return True


def test_the_page_of_the_document_needs_no_script_and_nothing_from_elsewhere(
    stranger: httpx.Client,
) -> None:
    page = stranger.get("/api/docs")
    assert page.status_code == 200
    assert "create_evidence" in page.text
    assert "Ik help een bewoner met opstaan" in page.text
    assert "style=" not in page.text
    told = page.text.replace("http://www.w3.org/2000/svg", "")
    names = ("http://adlnet.gov", "http://purl.imsglobal.org")  # never fetched
    own = str(stranger.base_url).rstrip("/")  # in the commands that can be pasted
    for example in (own, *names):
        told = told.replace(example, "")
    told = re.sub(r"https://([a-z]+\.)+example", "", told)
    assert "://" not in told
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]


def test_the_page_opens_for_who_is_signed_in(world: World, app: Flask) -> None:
    assert "create_goal" in Visit(app, world.coach).get("/api/docs")
