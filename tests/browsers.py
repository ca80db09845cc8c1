"""Browsers and programs that ask the application, with everything in their own hands."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer

from identity.models import Scope, WebSession
from identity.requests import SECRET
from identity.sessions import digest_of, start_session
from identity.tokens import add_token
from tracker.db import unit_of_work, utc_now
from tracker.models import Person

ORIGIN = "http://127.0.0.1:8000"
CSRF = "the browser's own random value"


class Browser:
    """One browser: its cookie, and the CSRF token that belongs to it."""

    def __init__(self, app: Flask, person: Person | None = None) -> None:
        self.app = app
        self.client: FlaskClient = app.test_client()
        if person is not None:
            self.cookie = {SECRET: self.started(person)}

    def started(self, person: Person) -> str:
        """Start a session in the database, and nothing else; returns its secret."""
        with unit_of_work(self.app.extensions["engine"]) as session:
            return start_session(session, person=person, at=utc_now())

    @property
    def cookie(self) -> dict[str, Any]:
        """What the cookie says now."""
        with self.client.session_transaction(base_url=ORIGIN) as cookie:
            return dict(cookie)

    @cookie.setter
    def cookie(self, values: dict[str, Any]) -> None:
        with self.client.session_transaction(base_url=ORIGIN) as cookie:
            cookie.clear()
            cookie.update(values)

    def csrf(self) -> str:
        """Return a token for this browser's forms, as the application makes it."""
        self.cookie = {**self.cookie, "csrf_token": CSRF}
        secret = self.app.config["SECRET_KEY"]
        return str(URLSafeTimedSerializer(secret, salt="wtf-csrf-token").dumps(CSRF))

    def get(self, path: str, **options: Any) -> Any:
        """Ask for a page."""
        return self.client.get(path, base_url=ORIGIN, **options)

    def post(self, path: str, form: dict[str, Any] | None = None, **options: Any) -> Any:
        """Send a form as one of our own pages does, with its token."""
        filled = {"csrf_token": self.csrf(), **(form or {})}
        return self.client.post(path, base_url=ORIGIN, data=filled, **options)

    def who(self) -> str | None:
        """Return the name of who this browser is to the application; None for a stranger."""
        answer = self.get("/api/me")
        assert answer.status_code in {200, 401}
        return answer.get_json()["person"]["name"] if answer.status_code == 200 else None

    def row(self, secret: str | None = None) -> WebSession | None:
        """Return the session's row in the database."""
        with unit_of_work(self.app.extensions["engine"], writes=False) as session:
            return session.get(WebSession, digest_of(secret or self.cookie[SECRET]))

    def age(self, **columns: datetime) -> None:
        """Let the session be older, or used longer ago, than it is."""
        digest = digest_of(self.cookie[SECRET])
        with unit_of_work(self.app.extensions["engine"]) as session:
            session.execute(
                sa.update(WebSession).where(WebSession.digest == digest).values(**columns)
            )


def bearer(app: Flask, person: Person, scope: Scope = Scope.WRITE) -> dict[str, str]:
    """Return the headers of a program that acts as this person."""
    with unit_of_work(app.extensions["engine"], school_id=person.school_id) as session:
        token = add_token(session, person=person, name="proef", scope=scope, at=utc_now())
    return {"Authorization": f"Bearer {token}"}
