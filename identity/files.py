"""Bytes on an origin of their own: links that live a minute, and the host that answers them.

Whoever holds a link gets the bytes, so only pages and API make one, after `permissions.find`.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from unicodedata import normalize
from urllib.parse import quote, urlsplit
from uuid import UUID

import structlog
from flask import Flask
from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer
from obstore.store import ObjectStore
from werkzeug.datastructures import Range
from werkzeug.http import parse_range_header
from werkzeug.wrappers import Request, Response

from settings import LOOPBACK_NAMES, Settings
from tracker import attachments
from tracker.errors import NotFound
from tracker.models import Attachment, Recording, ScanState

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

log = structlog.get_logger("leerspoor.files")
PATH = "/f/"
SECONDS = 60
YEAR = 365 * 24 * 3600
SAFE = "/:@!$&'()*+,;=~-._"  # what stays as it is in the path of an address (RFC 3986)
GONE = (
    "Deze link werkt niet meer. Ga terug en open het bestand opnieuw.\n"
    "This link no longer works. Go back and open the file again.\n"
)
HEADERS = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    # Our own pages, on the other origin, show photos and play voices.
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def link_to(settings: Settings, file: Attachment | Recording) -> str:
    """Return where the bytes of a file are for a minute; raises NotFound when it is infected."""
    return _link(settings, file, file.digest, file.media_type)


def link_to_thumbnail(settings: Settings, file: Attachment) -> str | None:
    """Return where the small picture of a photo is for a minute; None when it has none."""
    if file.thumbnail_digest is None:
        return None
    return _link(settings, file, file.thumbnail_digest, "image/jpeg")


def _link(settings: Settings, file: Attachment | Recording, digest: str, media_type: str) -> str:
    if file.scan is ScanState.INFECTED:
        raise NotFound("infected")
    said = {"school": file.school_id.hex, "digest": digest, "name": file.name, "type": media_type}
    return f"{settings.files_url}{PATH}{signer(settings).dumps(said)}"


def signer(settings: Settings) -> URLSafeTimedSerializer:
    """Sign links, and nothing else."""
    return URLSafeTimedSerializer(settings.secret_key, salt="file-link")


class FilesHost:
    """Answers the host of FILES_URL in front of the application, which never sees it.

    So no session cookie is read there, and no page, sign-in or API is reachable on it.
    """

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.behind = app.wsgi_app

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer a request for the files' host; hand any other on."""
        settings: Settings = self.app.extensions["settings"]
        request = Request(environ)
        if request.host.lower() != urlsplit(settings.files_url).netloc:
            return self.behind(environ, start_response)
        response = _answer(request, settings, self.app.extensions["store"])
        for name, value in HEADERS.items():
            response.headers[name] = value
        if request.is_secure:
            response.headers["Strict-Transport-Security"] = f"max-age={YEAR}; includeSubDomains"
        return response(environ, start_response)


def _answer(request: Request, settings: Settings, store: ObjectStore) -> Response:
    if not request.path.startswith(PATH):
        return _elsewhere(request, settings)
    if request.method not in {"GET", "HEAD"}:
        return _plain("", 405, {"Allow": "GET, HEAD"})
    try:
        said = signer(settings).loads(request.path.removeprefix(PATH), max_age=SECONDS)
    except SignatureExpired:
        return _plain(GONE, 410)
    except BadSignature:
        return _plain(GONE, 404)
    try:
        return _send(request, store, said)
    except FileNotFoundError:
        log.error("bytes are missing", digest=said["digest"])
        return _plain(GONE, 404)


def _elsewhere(request: Request, settings: Settings) -> Response:
    """Nothing else is here; on this computer people type either name, and mean the pages."""
    if urlsplit(settings.public_url).hostname not in LOOPBACK_NAMES:
        return _plain(GONE, 404)
    path = quote(request.path, safe=SAFE)
    query = f"?{quote(request.query_string, safe=SAFE + '%?')}" if request.query_string else ""
    # 307 keeps the method and the body.
    return _plain("", 307, {"Location": f"{settings.public_url}{path}{query}"})


def _plain(text: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    return Response(text, status, headers, mimetype="text/plain")


def _send(request: Request, store: ObjectStore, said: dict[str, Any]) -> Response:
    """Send bytes as a download that no browser runs; a part of them when one part is asked for."""
    school_id, digest = UUID(said["school"]), str(said["digest"])
    size = attachments.size_of(store, school_id, digest)
    headers = {"Content-Disposition": disposition(said["name"]), "Accept-Ranges": "bytes"}
    wanted = None
    # Nothing here is dated or tagged, so what an If-Range names is never what we have.
    if "If-Range" not in request.headers:
        wanted = parse_range_header(request.headers.get("Range"))
    if wanted is None or wanted.units != "bytes" or len(wanted.ranges) != 1:
        span, status = (0, size), 200
    else:
        found = _span(wanted, size)
        if found is None:
            return _plain("", 416, {"Content-Range": f"bytes */{size}"})
        span, status = found, 206
        headers["Content-Range"] = f"bytes {span[0]}-{span[1] - 1}/{size}"
    headers["Content-Length"] = str(span[1] - span[0])
    parts: Iterator[bytes] = iter(())
    if request.method == "GET":
        some = span if status == 206 else None  # noqa: PLR2004 - partial content
        parts = attachments.chunks(store, school_id, digest, some)
    return Response(parts, status, headers, content_type=said["type"])


def _span(wanted: Range, size: int) -> tuple[int, int] | None:
    """Return the bytes from start up to end that one range asks for, if there are any."""
    start, end = wanted.ranges[0]
    start = max(size + start, 0) if start < 0 else start
    end = size if end is None else min(end, size)
    return (start, end) if start < end else None


def disposition(name: str) -> str:
    """Return the header that makes a download of a file, under its name (RFC 6266, RFC 8187)."""
    plain = normalize("NFKD", name).encode("ascii", "ignore").decode()
    # A browser may take %41 in the first form for a letter (RFC 6266, appendix D).
    plain = "".join("_" if letter in '"\\%' or letter < " " else letter for letter in plain)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
