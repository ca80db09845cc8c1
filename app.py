"""The application put together: settings, one unit of work per request, the rooms, the errors."""

import os
from pathlib import Path
from typing import Any

import orjson
import redis
import rq
import structlog
from flask import Flask, Response, current_app, g, request
from jinja2 import StrictUndefined
from rq.serializers import JSONSerializer
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

import api
import identity
import importers
import logs
import lti
import web
from identity.access import check_routes
from identity.files import FilesHost
from identity.proxies import TrustedProxies
from identity.requests import SAFE
from identity.sessions import touch
from settings import Settings
from tracker import attachments, audit
from tracker.db import new_session, open_engine, unit_of_work, utc_now
from tracker.errors import Conflict, Invalid, NotAllowed, NotFound, TrackerError

log = structlog.get_logger("leerspoor")
STATUS: dict[type[TrackerError], int] = {
    NotFound: 404,
    NotAllowed: 403,
    Invalid: 422,
    Conflict: 409,
}
MAX_BODY = 2 * 1024 * 1024


def create_app(settings: Settings | None = None) -> Flask:
    """Build the application; settings come from the environment unless given."""
    settings = settings or Settings.from_env(os.environ)
    logs.configure(settings.log_level)
    app = Flask(
        "leerspoor",
        root_path=str(Path(__file__).parent),
        template_folder="web/templates",
        static_folder="web/static",
        static_url_path="/static",
    )
    app.jinja_options = {"undefined": StrictUndefined}
    app.config.update(SECRET_KEY=settings.secret_key, MAX_CONTENT_LENGTH=MAX_BODY)
    app.extensions["settings"] = settings
    app.extensions["engine"] = open_engine(settings.database_url)
    app.extensions["store"] = attachments.open_store(settings.evidence_url)
    app.extensions["queue"] = open_queue(settings)
    app.wsgi_app = FilesHost(app)  # type: ignore[method-assign]  # Flask's documented way
    if settings.trusted_proxies:
        app.wsgi_app = TrustedProxies(app.wsgi_app, settings.trusted_proxies)  # type: ignore[method-assign]  # Flask's documented way
    app.before_request(begin)
    app.teardown_request(forget)
    for room in (identity, lti, importers, api, web):
        room.init_app(app)
    app.after_request(finish)
    _add_health(app)
    for error in (TrackerError, HTTPException, Exception):
        app.register_error_handler(error, refuse)
    check_routes(app)
    return app


def open_queue(settings: Settings) -> rq.Queue | None:
    """Return the queue that wakes the worker; short timeouts, for a nudge may be lost."""
    if settings.redis_url is None:
        return None
    connection = redis.from_url(
        settings.redis_url, socket_connect_timeout=0.5, socket_timeout=2, retry=None
    )
    return rq.Queue("leerspoor", connection=connection, serializer=JSONSerializer)


def begin() -> None:
    """Open this request's unit of work; a GET only reads."""
    view = current_app.view_functions.get(request.endpoint or "")
    request.max_content_length = MAX_BODY + getattr(view, "takes_files", 0)
    g.now = utc_now()
    writes = request.method not in SAFE
    g.session = new_session(_engine(), writes=writes, keeps_plans=True)


def finish(response: Response) -> Response:
    """Commit what the request did (also when it answers 4xx), then wake the worker."""
    session = g.get("session")
    if session is None or g.get("failed"):
        return response
    session.commit()
    send_nudges(_app_queue(), session.info.pop("nudges", []))
    _write_traces(session.info.pop("looks", []))
    return response


def _write_traces(looks: list[dict[str, Any]]) -> None:
    """Write, in a unit of its own, who looked at what and that the session was used."""
    touched = g.pop("touch", None)
    if not looks and touched is None:
        return
    with unit_of_work(_engine(), school_id=g.school.id) as session:
        audit.write_looks(session, looks, at=g.now)
        if touched is not None:
            touch(session, digest=touched, at=g.now)


def send_nudges(queue: rq.Queue | None, nudges: list[tuple[str, dict[str, str]]]) -> None:
    """Wake the worker for rows that are committed; a queue that is down only delays them."""
    for job, arguments in nudges:
        try:
            if queue is not None:
                queue.enqueue(job, kwargs=arguments, result_ttl=0, failure_ttl=3600)
        except redis.RedisError:
            log.warning("nudge lost", job=job)


def forget(_error: BaseException | None) -> None:
    """Close the session, whatever happened."""
    session = g.pop("session", None)
    if session is not None:
        session.close()


def refuse(error: Exception) -> Any:
    """Undo what the request did and say no, as JSON to programs and as a page to people."""
    g.failed = True
    if "session" in g:
        g.session.rollback()
    status, code, fields = _refusal(error)
    if status >= 500:  # noqa: PLR2004 - HTTP's border
        log.error("request failed", endpoint=request.endpoint, **logs.trace(error))
    if request.path.startswith("/api/"):
        response = api.render_error(status, code, fields, getattr(error, "extra", {}))
    else:
        response = web.render_error(status, code, fields)
    if isinstance(error, HTTPException):
        for name, value in error.get_headers():
            if name.lower() in {"allow", "retry-after"}:
                response.headers[name] = value
    return response


def _refusal(error: Exception) -> tuple[int, str, dict[str, list[str]]]:
    """Return status, our code, and codes per field."""
    if isinstance(error, Invalid):
        return 422, error.code, {name: [code] for name, code in error.fields.items()}
    if isinstance(error, TrackerError):
        return STATUS[type(error)], error.code, {}
    if isinstance(error, HTTPException):
        return api.http_refusal(error)
    return 500, "server_error", {}


def _add_health(app: Flask) -> None:
    def live() -> dict[str, str]:
        """Answer as long as the process runs."""
        return {"status": "alive"}

    def ready() -> Response:
        """Answer 200 when the database answers; says whether the queue does."""
        try:
            g.session.execute(text("SELECT 1"))
            database = "ok"
        except SQLAlchemyError:
            g.session.rollback()
            database = "down"
        body = {"database": database, "queue": _queue_state()}
        status = 200 if database == "ok" else 503
        return Response(orjson.dumps(body), status, mimetype="application/json")

    app.add_url_rule("/health/live", "operation.live", live)
    app.add_url_rule("/health/ready", "operation.ready", ready)


def _queue_state() -> str:
    queue = _app_queue()
    try:
        return "ok" if queue is not None and queue.connection.ping() else "none"
    except redis.RedisError:
        return "down"


def _engine() -> Engine:
    engine: Engine = current_app.extensions["engine"]
    return engine


def _app_queue() -> rq.Queue | None:
    queue: rq.Queue | None = current_app.extensions["queue"]
    return queue
