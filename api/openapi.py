"""The document that describes the API (OpenAPI 3.1), made from what the code declares."""

from collections.abc import Mapping
from typing import Any

import flask_smorest
from flask import Flask
from marshmallow import fields

from api.blueprint import PREFIX
from api.errors import CODES
from api.etags import ETAG, IF_MATCH, IF_NONE_MATCH
from api.fields import Contract, Text, Whole

VERSION = "1"
ABOUT = """\
Everything that Leerspoor knows about a student's learning, as JSON. What a page does, an operation
here does too, with the same rights.

**A token.** Who runs the server makes one: `bin/leerspoor token add SCHOOL --name NAME --scope
read`. It is printed once, and acts as an administrator of that name; with `--person NUMBER` as the
person with that number at the school. Scope `read` changes nothing, `write` may. `token list` and
`token end` show and end them. Send it with every request: `Authorization: Bearer lsp_...`. Begin
with `GET /api/me`, which says whom it acts as. A browser's session works too: send its CSRF token
in `X-CSRFToken` with every change.

**What you may not see does not exist**: 404, as for an id that never was. 403 means that you see
it, but may not do this with it.

**Bodies** are JSON of at most 2 MB, with `Content-Type: application/json`; unknown fields, doubled
names and other content types are refused. Days are `2026-11-12`, and `until_on` is the first day
after. Moments are RFC 3339 and come back in UTC.

**Files** go as `multipart/form-data`, the bytes under `files`. What is JSON otherwise is a field
beside them: a list by sending its field more than once, true and false as words. An answer names
the address of the bytes; read them with the same token.

**Sending once.** Evidence takes an `Idempotency-Key`, an id that you make. When the connection
breaks, send the same again under the same key: it is one piece. The same key with other content is
409.

**Editing.** What people edit comes with an `ETag`. Send it back in `If-Match` with the change: 428
without it, and 412 when somebody was first, with `current` and `sent` beside each other. `PUT`
replaces, so send all that may change; `PATCH` leaves alone what you leave out. What only turns
something on, ends or answers it asks no `If-Match`. Where 304 stands among the answers of a read,
`If-None-Match` gives it when nothing changed. 201 names in `Location` what was made.

**Lists** come in pages of `limit` (50 unless you say otherwise, at most 200), oldest first unless
told otherwise. The `Link` header with `rel="next"` holds the address of the next page; without it
you are at the end. Nothing is ordered by how well a student does.

**What takes time** (an import, a system that is read) answers 202 or 201 at once. Ask for it again
until its `state` says that it is done.

**Refusals** are `{code, status, message, errors}`. Programs read `code` and `errors`, which stay as
they are; people read `message`, in Dutch or English as `Accept-Language` asks. `errors` holds codes
per field, such as `{"goal_ids.0": ["not_an_id"]}`; `body` stands for all of it. A value that is
not one of a list is `not_a_choice`: the shapes below name each list.
"""
REFUSALS = {
    400: "The body is not JSON",
    401: "Nobody is signed in, or the token is not ours",
    403: "You may not do this, or your token only reads",
    404: "It does not exist, or not for you; also what an id in the body names",
    409: "Not as things stand now, such as a plan that is closed; `code` says why",
    412: "Somebody was first; `current` is what is there now, `sent` what you sent",
    413: "The body is too large",
    415: "The body has another content type than declared",
    422: "Some fields are not right; `errors` says which and why",
    428: "Send the `ETag` of what you read in `If-Match`",
}
FIELDS = {422: {"happened_on": ["date.in_future"]}}
CHANGES = ("post", "put", "patch", "delete")
LOCATION = {"Location": {"description": "Where it is", "schema": {"type": "string"}}}


class ErrorSchema(Contract):
    """A refusal."""

    code = Text(longest=64, about="What is wrong, for programs", example="invalid")
    status = Whole(least=400, most=599, about="The HTTP status again", example=422)
    message = Text(
        longest=500,
        about="The same for people",
        example="Some fields are not right yet. See errors, and send it again.",
    )
    errors = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        metadata={"description": "Codes per field", "example": FIELDS[422]},
    )


class Api(flask_smorest.Api):  # type: ignore[misc]  # flask-smorest ships no types
    """flask-smorest without its own errors and documents: app.py and docs.py have ours."""

    ERROR_SCHEMA = ErrorSchema
    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_error_handlers(self) -> None:
        """Leave refusals to app.py."""


def open_api(app: Flask) -> Api:
    """Return the collector of every blueprint's contract."""
    app.config.update(API_TITLE="Leerspoor", API_VERSION=VERSION, OPENAPI_VERSION="3.1.0")
    return Api(
        app,
        spec_kwargs={
            "info": {"description": ABOUT},
            "servers": [{"url": "/"}],
            "security": [{"bearer": []}, {"session": []}],
        },
    )


def document(api: Api) -> dict[str, Any]:
    """Return the finished document: the contracts, and how each operation may refuse."""
    spec = api.spec
    if "Error" not in spec.components.schemas:
        spec.components.schema("Error", schema=ErrorSchema)
    spec.components.security_schemes.update(
        bearer={"type": "http", "scheme": "bearer", "description": "A token of `token add`"},
        session={"type": "apiKey", "in": "cookie", "name": "__Host-leerspoor"},
    )
    whole: dict[str, Any] = spec.to_dict()
    whole["components"]["responses"] = {
        str(status): _refusal(status, about) for status, about in REFUSALS.items()
    }
    for tag in whole["tags"]:
        tag["name"] = tag["name"].removeprefix(PREFIX)
    # What flask-smorest keeps ready and we do not use.
    whole["components"]["schemas"].pop("PaginationMetadata", None)
    _tell_locations(whole["paths"])
    for path, item in whole["paths"].items():
        for parameter in item.get("parameters", []):
            record = parameter["name"].removesuffix("_id").replace("_", " ")
            parameter.setdefault("description", f"The id of the {record}")
        shared = item.get("parameters", [])
        for method, operation in item.items():
            if method != "parameters":
                _finish(operation, method, path, [*shared, *operation.get("parameters", [])])
    return whole


def _refusal(status: int, about: str) -> dict[str, Any]:
    example = {
        "code": CODES.get(status, "evidence.key_used"),
        "status": status,
        "message": about,
        "errors": FIELDS.get(status, {}),
    }
    if status == 400:  # noqa: PLR2004 - HTTP's number
        example["code"] = "bad_json"
    content = {"schema": {"$ref": "#/components/schemas/Error"}, "example": example}
    return {"description": about, "content": {"application/json": content}}


def _tell_locations(paths: Mapping[str, Any]) -> None:
    """Say which answers name the address of what was made: what can be read by itself."""
    addresses: dict[str, list[str]] = {}
    for path, item in paths.items():
        if path.endswith("}") and (shape := _shape(item.get("get", {}), "200")):
            addresses.setdefault(shape, []).append(path)
    for path, item in paths.items():
        for where in addresses.get(_shape(item.get("post", {}), "201"), []):
            if not path.startswith(where):
                item["post"]["responses"]["201"]["headers"] = LOCATION


def _shape(operation: Mapping[str, Any], status: str) -> str:
    """Return which shape an answer has, or nothing."""
    content = operation.get("responses", {}).get(status, {}).get("content", {})
    named: str = content.get("application/json", {}).get("schema", {}).get("$ref", "")
    return named


def _finish(
    operation: dict[str, Any], method: str, path: str, parameters: list[Mapping[str, Any]]
) -> None:
    """Say how this operation may refuse: what follows from its shape is not written by hand."""
    has_body = "requestBody" in operation
    statuses = {401}
    statuses |= {403, 413, 415} if method in CHANGES else set()
    statuses |= {404} if "{" in path else set()
    statuses |= {400, 409} if has_body else set()
    # What is not declared is refused, also where nothing is.
    statuses |= {422} if has_body or parameters or method == "post" else set()
    statuses |= {412, 428} if IF_MATCH in parameters else set()
    given = operation["responses"]
    if "304" in given:
        operation["parameters"] = [*operation.get("parameters", []), IF_NONE_MATCH]
    if "304" in given or (IF_MATCH in parameters and "200" in given):
        given["200"]["headers"] = ETAG
    wanted = {code: answer for code, answer in given.items() if code < "400"}
    statuses |= {int(code) for code in given if code >= "400"}
    refusals = {str(s): _named(s, given.get(str(s), {})) for s in sorted(statuses)}
    operation["responses"] = {**wanted, **refusals}


def _named(status: int, own: Mapping[str, Any]) -> dict[str, Any]:
    """Return a refusal by its name, with what the operation itself says of it."""
    said = {"description": own["description"]} if "description" in own else {}
    return {"$ref": f"#/components/responses/{status}", **said}
