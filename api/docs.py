"""The document of the API, and a page of it that needs no script and nothing from elsewhere."""

from typing import Any

import orjson
from flask import Blueprint, Flask, Response, current_app, render_template

blp = Blueprint("api-docs", __name__, url_prefix="/api", template_folder="templates")
DOCUMENT = "openapi"
PRETTY = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE


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
    return Response(as_text(current_app.extensions[DOCUMENT]), mimetype="application/json")


@blp.get("/docs")
def page() -> str:
    """Show the document to people."""
    document = current_app.extensions[DOCUMENT]
    return render_template("api_docs.html", document=document, operations=_by_tag(document))


def _by_tag(document: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {tag["name"]: [] for tag in document["tags"]}
    for path, item in document["paths"].items():
        shared = item.get("parameters", [])
        for method, operation in item.items():
            if method != "parameters":
                parameters = [*shared, *operation.get("parameters", [])]
                found[operation["tags"][0]].append(
                    {**operation, "path": path, "method": method.upper(), "parameters": parameters}
                )
    return found
