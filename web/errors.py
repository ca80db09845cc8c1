"""Refusals as pages: what happened, whether anything is lost, what to do next."""

from secrets import token_hex

import structlog
from flask import Response, current_app, make_response, render_template, request

log = structlog.get_logger("leerspoor")


def render_error(status: int, code: str, fields: dict[str, list[str]]) -> Response:
    """Return the page that says no; its help code stands in the log too."""
    help_code = f"LS-{token_hex(3).upper()}"
    log.info("refused", status=status, code=code, help_code=help_code)
    view = current_app.view_functions.get(request.endpoint or "")
    page = render_template(
        "error.html",
        status=status,
        code=code,
        fields=fields,
        help_code=help_code,
        takes_files=hasattr(view, "takes_files"),
    )
    return make_response(page, status)
