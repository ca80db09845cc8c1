"""The document of the API, and a page of it that needs no script and nothing from elsewhere."""

import re
from shlex import quote
from typing import Any

import orjson
from flask import Blueprint, Flask, Response, current_app, render_template, request
from markupsafe import Markup, escape

from api.errors import messages

blp = Blueprint("api-docs", __name__, url_prefix="/api", template_folder="templates")
DOCUMENT = "openapi"
PRETTY = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
JSON, FORM = "application/json", "multipart/form-data"
FIELD_CODES = {
    "bad_character": "It holds a character that no database keeps, such as NUL",
    "duplicate_key": "The body has this name twice",
    "not_a_choice": "It is not one of the words of its list",
    "not_a_cursor": "It is no `after` of a `Link` header of this list",
    "not_a_date": "It is no day, such as `2026-11-12`",
    "not_a_list": "It is no list",
    "not_a_moment": "It is no moment with its offset, such as `2026-11-12T09:41:00Z`",
    "not_a_number": "It is no whole number",
    "not_an_id": "It is no UUID of 36 characters",
    "not_an_object": "It is no object",
    "not_text": "It is no text",
    "not_true_or_false": "It is not true or false",
    "out_of_range": "Its year is before 1900 or after 2199",
    "repeated": "It stands in the list twice",
    "required": "It is missing or null",
    "too_deep": "It is nested too deeply",
    "too_large": "It is larger than its shape allows",
    "too_long": "It is longer than its shape allows",
    "too_short": "It is shorter than its shape allows, or blank",
    "too_small": "It is smaller than its shape allows",
    "unknown_field": "Its shape does not have it",
}
CODE, STRONG = re.compile(r"`([^`]+)`"), re.compile(r"\*\*([^*]+)\*\*")


def init_app(app: Flask, document: dict[str, Any]) -> None:
    """Serve the document."""
    app.extensions[DOCUMENT] = document
    app.register_blueprint(blp)


def as_text(document: dict[str, Any]) -> bytes:
    """Return the document as it is served and committed."""
    return orjson.dumps(document, option=PRETTY)


@blp.get("/openapi.json")
def openapi_json() -> Response:
    """Give the document to programs."""
    return Response(as_text(current_app.extensions[DOCUMENT]), mimetype=JSON)


@blp.get("/docs")
def page() -> str:
    """Show the document to people."""
    document = current_app.extensions[DOCUMENT]
    return render_template(
        "api_docs.html",
        document=document,
        operations=_by_tag(document),
        codes=sorted(messages().items()),
        field_codes=FIELD_CODES,
        marked=marked,
        pretty=lambda example: as_text(example).decode(),
    )


def marked(text: str) -> Markup:
    """Return a text of the document with its `code` and **strong** words marked for a page."""
    safe = str(escape(" ".join(text.split())))
    safe = STRONG.sub(r"<b>\1</b>", CODE.sub(r"<code>\1</code>", safe))
    return Markup(safe)  # noqa: S704 - escaped above


def _by_tag(document: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {tag["name"]: [] for tag in document["tags"]}
    for path, item in document["paths"].items():
        shared = item.get("parameters", [])
        for method, operation in item.items():
            if method != "parameters":
                told = {
                    **operation,
                    "path": path,
                    "method": method.upper(),
                    "parameters": [*shared, *operation.get("parameters", [])],
                }
                told["curl"] = curl_of(told, document, request.host_url.rstrip("/"))
                found[operation["tags"][0]].append(told)
    return found


def curl_of(operation: dict[str, Any], document: dict[str, Any], host: str) -> str:
    """Return a command that asks this, with what must be sent; ids of the path are variables."""
    words = ['curl -H "Authorization: Bearer $TOKEN"']
    if operation["method"] != "GET":
        words.append(f"-X {operation['method']}")
    for parameter in operation["parameters"]:
        if parameter["in"] == "header" and parameter["name"] == "If-Match":
            words.append('-H "If-Match: $ETAG"')
        if parameter["in"] == "header" and parameter["name"] == "Idempotency-Key":
            words.append('-H "Idempotency-Key: $(cat /proc/sys/kernel/random/uuid)"')
    contents = operation.get("requestBody", {}).get("content", {})
    if JSON in contents:
        body = _needed(contents[JSON], document)
        words += [f'-H "Content-Type: {JSON}"', "-d " + quote(orjson.dumps(body).decode())]
    elif FORM in contents:
        words.append("-F files=@FILE")
    if "303" in operation["responses"]:
        words.append("-L -o FILE")
    path = re.sub(r"{(\w+)}", lambda name: "$" + name[1].upper(), operation["path"])
    return " \\\n  ".join([*words, f'"{host}{path}{_query(operation)}"'])


def _query(operation: dict[str, Any]) -> str:
    """Return the part of an address that a query must have."""
    needed = [
        f"{one['name']}=${one['name'].upper()}"
        for one in operation["parameters"]
        if one["in"] == "query" and one.get("required")
    ]
    return "?" + "&".join(needed) if needed else ""


def _needed(content: dict[str, Any], document: dict[str, Any]) -> Any:
    """Return of the example of a body what must be sent, and what names no other record."""
    example = content.get("example", {})
    name = content.get("schema", {}).get("$ref", "").rsplit("/", 1)[-1]
    must = document["components"]["schemas"].get(name, {}).get("required", [])
    return {
        key: value
        for key, value in example.items()
        if key in must or not (key == "id" or key.endswith(("_id", "_ids")))
    } or example
