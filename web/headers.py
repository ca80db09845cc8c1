"""What a browser may do with our pages, and how long it may keep them."""

from functools import cache
from hashlib import sha256
from pathlib import Path

from flask import Flask, Response, current_app, g, request, url_for
from flask import session as cookie

STATIC = Path(__file__).parent / "static"
POLICY = (
    "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self' blob: {files}; "
    "media-src 'self' blob: {files}; script-src 'self'; connect-src 'self'; form-action {forms}; "
    "base-uri 'none'; frame-ancestors {ancestors}"
)
YEAR = 365 * 24 * 3600


def init_app(app: Flask) -> None:
    """Add the headers to every response."""
    app.after_request(add_headers)
    app.jinja_env.globals["static_url"] = static_url


@cache
def _version(name: str) -> str:
    return sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def static_url(name: str) -> str:
    """Return the address of a static file; it changes with the content, so it may be kept."""
    return _static_url(request.script_root, name)


@cache
def _static_url(_root: str, name: str) -> str:
    # A page names the file of its icons a hundred times.
    return url_for("static", filename=name, v=_version(name))


def add_headers(response: Response) -> Response:
    """Strict everywhere; only the LMS that launched this session may frame us.

    A page with an answer for an LMS names the one origin to which its form goes.
    """
    origins = g.get("frame_origins") or cookie.get("frame_origins") or ["'none'"]
    defaults = {
        "Content-Security-Policy": POLICY.format(
            ancestors=" ".join(origins),
            forms=g.get("form_origin", "'self'"),
            files=current_app.extensions["settings"].files_url,
        ),
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "Permissions-Policy": "geolocation=(), camera=(self), microphone=(self)",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    if request.is_secure:
        defaults["Strict-Transport-Security"] = f"max-age={YEAR}; includeSubDomains"
    for name, value in defaults.items():
        response.headers.setdefault(name, value)
    if request.endpoint == "static":
        # The style sheet asks for the font without a version: its name changes with its content.
        if "v" in request.args or request.path.endswith(".woff2"):
            response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    else:
        response.headers.setdefault("Cache-Control", "no-store")
    return response
