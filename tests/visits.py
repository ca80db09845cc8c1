"""Visiting pages as somebody, the way a browser does: over https, with the cookie and the token."""

import re
from collections.abc import Mapping
from html import unescape
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from identity.requests import SECRET
from identity.sessions import start_session
from tracker.db import unit_of_work, utc_now
from tracker.models import Person

SECURE = "https://localhost"
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Visit:
    """A signed-in browser without scripts."""

    def __init__(self, app: Flask, person: Person) -> None:
        self.client: FlaskClient = app.test_client()
        engine = app.extensions["engine"]
        with unit_of_work(engine, school_id=person.school_id) as session:
            secret = start_session(session, person=person, at=utc_now())
        with self.client.session_transaction(base_url=SECURE) as cookie:
            cookie[SECRET] = secret
            cookie["language"] = "nl"
        self.known_token: str | None = None

    def get(self, path: str, status: int = 200) -> str:
        """Open a page; returns its text without markup's escapes."""
        response = self.client.get(path, base_url=SECURE)
        assert response.status_code == status, (response.status_code, path)
        return unescape(response.get_data(as_text=True))

    def submit(self, page: str, path: str, fields: Mapping[str, Any]) -> Any:
        """Fill in the form on a page and send it to a path, files included."""
        return self.send(path, {"csrf_token": self.token(page), **fields})

    def token(self, page: str) -> str:
        """Return the token that the first form had; it is good for the whole visit."""
        if self.known_token is None:
            token = TOKEN.search(self.get(page))
            assert token is not None, f"{page} has no form"
            self.known_token = token[1]
        return self.known_token

    def send(self, path: str, fields: Mapping[str, Any]) -> Any:
        """Send a form to a path, files included."""
        return self.client.post(
            path,
            data=fields,
            base_url=SECURE,
            content_type="multipart/form-data",
        )

    def count_queries(self, path: str) -> int:
        """Open a page twice; returns how many statements the second time took."""
        self.get(path)
        engine = self.client.application.extensions["engine"]
        found: list[str] = []

        def count(*execution: Any) -> None:
            found.append(execution[2])

        sa.event.listen(engine, "before_cursor_execute", count)
        try:
            self.get(path)
        finally:
            sa.event.remove(engine, "before_cursor_execute", count)
        return len(found)
