"""xAPI: programs of the school send what students did; taken at once, read by the worker."""

from typing import Any

from flask import g
from marshmallow import fields, pre_load

from api.blueprint import Blueprint
from api.errors import Refusal
from api.fields import Contract, Id
from api.parsing import let_in
from identity.access import allows
from importers import bsn
from importers.pulls import pushed
from importers.xapi import KIND
from importers.xapi.meaning import digest_of
from importers.xapi.validity import problems_when_sent
from tracker.db import new_id
from tracker.permissions import Action

MOST = 1000
EXAMPLE = {
    "actor": {"account": {"homePage": "https://lms.example", "name": "S100042"}},
    "verb": {"id": "http://adlnet.gov/expapi/verbs/completed"},
    "object": {"id": "https://lms.example/mod/quiz/17"},
    "timestamp": "2026-11-02T10:00:00Z",
}
STATEMENT = {"type": "object"}
IDS = {
    "type": "array",
    "items": {"type": "string", "format": "uuid"},
}
ID = "019aab4e-9000-7aaa-8bbb-000000000001"
BODY = {
    "application/json": {
        "schema": {"anyOf": [STATEMENT, {"type": "array", "items": STATEMENT}]},
        "example": EXAMPLE,
    }
}
HEADERS = {"X-Experience-API-Version": "1.0.3"}

IN_ORDER = "The ids, in the order of the statements"
IDS_BODY = {"application/json": {"schema": IDS, "example": [ID]}}

blp = Blueprint("xapi", about="xAPI statements, sent by programs of the school.")


class StatementsSchema(Contract):
    """One statement, or a list of them."""

    statements = fields.List(fields.Raw(allow_none=True), required=True)

    @pre_load
    def wrap(self, body: Any, **_facts: Any) -> dict[str, Any]:
        """Take one for a list of one."""
        return {"statements": body if isinstance(body, list) else [body]}


class StatementQuery(Contract):
    """Under which id one statement is kept."""

    statement_id = Id(data_key="statementId", required=True, about="The id of the statement")


@blp.post("/xapi/statements")
@allows(Action.SEND_STATEMENTS)
@blp.arguments(StatementsSchema)
@blp.response(200, description=IN_ORDER)
@blp.alt_response(400, description="A statement is not as xAPI has it; none is taken")
@blp.alt_response(403, description="Your token is not that of a program that may send")
@blp.alt_response(409, description="Another statement has this id; none is taken")
@blp.doc(
    requestBody={"content": BODY, "required": True},
    responses={"200": {"description": IN_ORDER, "content": IDS_BODY}},
)
def send_statements(body: dict[str, Any]) -> tuple[list[str], dict[str, str]]:
    """Send statements.

    One, or a list of at most a thousand: all are taken, or none. A statement without an id is
    given one. What you sent before does nothing. They are shown to people some seconds later.
    """
    return _take(body["statements"]), HEADERS


@blp.put("/xapi/statements")
@allows(Action.SEND_STATEMENTS)
@blp.arguments(StatementQuery, location="query")
@blp.arguments(StatementsSchema)
@blp.response(204, description="Taken, or known already")
@blp.alt_response(400, description="The statement is not as xAPI has it")
@blp.alt_response(403, description="Your token is not that of a program that may send")
@blp.alt_response(409, description="Another statement has this id")
@blp.doc(requestBody={"content": BODY, "required": True})
def put_statement(query: dict[str, Any], body: dict[str, Any]) -> tuple[str, int, dict[str, str]]:
    """Send one statement under an id of your own.

    As the standard has it: sent twice it is taken once.
    """
    key = str(query["statement_id"])
    (statement, *more) = body["statements"] or [None]
    is_other = isinstance(statement, dict) and str(statement.get("id", key)).lower() != key
    if more or is_other:
        raise Refusal(400, "xapi.invalid", {"id": ["xapi.bad_id"]})
    _take([{**statement, "id": key} if isinstance(statement, dict) else statement])
    return "", 204, HEADERS


def _take(statements: list[Any]) -> list[str]:
    pushed.source_of_pusher(g.session, by=g.person, kind=KIND)
    if len(statements) > MOST:
        raise Refusal(413, "too_large")
    wrong: dict[str, list[str]] = {}
    for number, statement in enumerate(statements):
        for place, code in problems_when_sent(statement):
            path = f"{number}.{bsn.drop_text(place)}".rstrip(".")
            wrong.setdefault(path, []).append(code)
    if wrong:
        raise Refusal(400, "xapi.invalid", dict(list(wrong.items())[:100]))
    # No BSN comes in here either; a store says itself when it stored something.
    sent = [
        _sent({"id": str(new_id()), **one, "stored": g.now.isoformat()})
        for one in let_in(statements)
    ]
    first = {one.key: one.digest for one in reversed(sent)}
    if any(first[one.key] != one.digest for one in sent):
        raise Refusal(400, "xapi.invalid", {"id": ["xapi.conflict"]})
    pushed.push(g.session, by=g.person, kind=KIND, statements=sent, at=g.now)
    return [one.key for one in sent]


def _sent(statement: dict[str, Any]) -> pushed.Sent:
    return pushed.Sent(statement["id"].lower(), digest_of(statement), statement)
