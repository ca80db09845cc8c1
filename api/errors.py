"""One shape for every refusal: `{code, status, message, errors}`."""

import orjson
from flask import Response
from flask_babel import gettext
from werkzeug.exceptions import HTTPException

CODES = {
    400: "bad_request",
    401: "not_signed_in",
    403: "not_allowed",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "wrong_content_type",
    422: "invalid",
    429: "too_many_requests",
}


def http_refusal(error: HTTPException) -> tuple[int, str, dict[str, list[str]]]:
    """Return status, our code, and codes per field, for a refusal that HTTP knows."""
    status = error.code or 500
    return status, CODES.get(status, "refused"), {}


def render_error(status: int, code: str, fields: dict[str, list[str]]) -> Response:
    """Return a refusal as JSON; `message` is in the caller's language."""
    body = {"code": code, "status": status, "message": message(code), "errors": fields}
    return Response(orjson.dumps(body), status, mimetype="application/json")


def message(code: str) -> str:
    """Return what a code means, in the caller's language."""
    messages = {
        "bad_request": gettext("We could not read this request."),
        "not_signed_in": gettext("Sign in first."),
        "not_allowed": gettext("You may not do this."),
        "not_found": gettext("This does not exist, or not for you."),
        "method_not_allowed": gettext("This address does not know that method."),
        "too_large": gettext("This is too large."),
        "wrong_content_type": gettext("Send this as JSON."),
        "invalid": gettext("Some fields are not right yet."),
        "too_many_requests": gettext("Wait a moment and try again."),
        "server_error": gettext("Something went wrong on our side. Nothing was saved."),
    }
    return messages.get(code, gettext("This was refused."))
