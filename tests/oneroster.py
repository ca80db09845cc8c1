"""A OneRoster 1.2 service over real HTTP: what a bundle holds, as its standard says it is asked.

Lists have `limit`, `offset`, `sort`, `orderBy` and a `filter` on when a row changed; answers carry
X-Total-Count and Link. What the standard does not know is refused. A test may change the rows, and
let single questions go wrong.
"""

import base64
import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode

from tests import systems
from tests.systems import Answer, Asked, serving

CLIENT, SECRET = "leerspoor", "heel-geheim"
ROSTERING, GRADEBOOK = "/ims/oneroster/rostering/v1p2", "/ims/oneroster/gradebook/v1p2"
PLACES = {
    **dict.fromkeys(("users", "classes", "enrollments"), ROSTERING),
    **dict.fromkeys(("lineItems", "results"), GRADEBOOK),
}
KNOWN = {"limit", "offset", "sort", "orderBy", "filter"}
LONG_AGO = "2026-09-01T06:00:00.000Z"
_CHANGED = re.compile(r"dateLastModified>'([^']+)'")
Rows = list[dict[str, Any]]


@dataclass
class OneRoster:
    """What this service knows; `tokens` are good, `troubles` are (list, offset) -> answers."""

    lists: dict[str, Rows]
    url: str = ""
    most: int = 1000  # rows in one answer, whatever is asked
    has_total: bool = True
    token_url: str = "/oauth/token"
    tokens: set[str] = field(default_factory=set)
    given: int = 0
    calls: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    strange: list[Asked] = field(default_factory=list)
    troubles: dict[tuple[str, int], list[Answer]] = field(default_factory=dict)
    before: Callable[[str, int], None] = lambda _name, _offset: None

    def row(self, name: str, key: str) -> dict[str, Any]:
        """Return a row, to be changed."""
        return next(row for row in self.lists[name] if row["sourcedId"] == key)

    def change(
        self, name: str, key: str, at: str = "2099-01-01T00:00:00.000Z", **told: Any
    ) -> None:
        """Change a row, and say when."""
        self.row(name, key).update(told, dateLastModified=at)

    def fail(self, name: str, offset: int, answer: Answer, times: int = 1) -> None:
        """Let a page answer this, so many times."""
        self.troubles[name, offset] = [answer] * times

    def reply(self, asked: Asked) -> Answer:
        """Answer one question."""
        if asked.path == "/oauth/token":
            return self._token(asked)
        if asked.path.startswith(f"{ROSTERING}/discovery/"):
            flow = {"clientCredentials": {"tokenUrl": self.token_url, "scopes": {}}}
            schemes = {"OAuth2CC": {"type": "oauth2", "flows": flow}}
            return systems.page({"components": {"securitySchemes": schemes}})
        if asked.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return systems.page({"imsx_codeMajor": "failure"}, status=401)
        place, _, name = asked.path.rpartition("/")
        query = {key: values[0] for key, values in asked.query.items()}
        if PLACES.get(name) != place or query.keys() - KNOWN:
            self.strange.append(asked)
            return systems.page({"imsx_codeMajor": "failure"}, status=400)
        offset = asked.number("offset")
        self.calls.append((name, query))
        self.before(name, offset)
        if self.troubles.get((name, offset)):
            return self.troubles[name, offset].pop(0)
        return self._page(asked, name, query)

    def _page(self, asked: Asked, name: str, query: dict[str, str]) -> Answer:
        found = self.lists.get(name, [])
        if "filter" in query:
            match = _CHANGED.fullmatch(query["filter"])
            assert match is not None
            found = [row for row in found if row["dateLastModified"] > match[1]]
        if query.get("sort"):
            found = sorted(found, key=lambda row: str(row[query["sort"]]))
        offset, limit = asked.number("offset"), min(asked.number("limit") or 100, self.most)
        headers = {"X-Total-Count": str(len(found))} if self.has_total else {}
        if offset + limit < len(found):
            following = urlencode({**query, "offset": offset + limit})
            headers["Link"] = f'<{self.url}{asked.path}?{following}>; rel="next"'
        else:
            headers["Link"] = f'<{self.url}{asked.path}>; rel="first"'
        return systems.page({name: found[offset : offset + limit]}, headers=headers)

    def _token(self, asked: Asked) -> Answer:
        form = parse_qs(asked.body.decode())
        pair = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if asked.headers.get("authorization") != f"Basic {pair}":
            return systems.page({"error": "invalid_client"}, status=401)
        if (
            form["grant_type"] != ["client_credentials"]
            or "roster.readonly" not in form["scope"][0]
        ):
            return systems.page({"error": "invalid_scope"}, status=400)
        self.given += 1
        token = f"token-{self.given}"
        self.tokens.add(token)
        return systems.page({"access_token": token, "token_type": "bearer", "expires_in": 3600})


def of_bundle(body: bytes) -> OneRoster:
    """Return a service that tells what a bundle tells."""
    with zipfile.ZipFile(io.BytesIO(body)) as opened:
        tables = {
            name.removesuffix(".csv"): list(
                csv.DictReader(io.StringIO(opened.read(name).decode(), newline=""))
            )
            for name in opened.namelist()
        }
    roles: dict[str, Rows] = {}
    for row in tables["roles"]:
        told = {name: row[name] for name in ("role", "roleType", "beginDate", "endDate")}
        org = {"sourcedId": row["orgSourcedId"], "type": "org"}
        roles.setdefault(row["userSourcedId"], []).append({**_said(told), "org": org})
    return OneRoster(
        {
            "users": [_user(row, roles[row["sourcedId"]]) for row in tables["users"]],
            "classes": [_entity(row, ("title", "classCode")) for row in tables["classes"]],
            "enrollments": [_enrollment(row) for row in tables["enrollments"]],
            "lineItems": [_line_item(row) for row in tables["lineItems"]],
            "results": [_result(row) for row in tables["results"]],
        }
    )


def _said(told: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if value != ""}


def _entity(row: dict[str, str], names: tuple[str, ...], **more: Any) -> dict[str, Any]:
    told = _said({name: row[name] for name in names})
    life = {"sourcedId": row["sourcedId"], "status": "active", "dateLastModified": LONG_AGO}
    return {**life, **told, **more}


def _to(row: dict[str, str], column: str, kind: str) -> dict[str, str]:
    return {"href": f"https://x.example/{row[column]}", "sourcedId": row[column], "type": kind}


def _user(row: dict[str, str], roles: Rows) -> dict[str, Any]:
    names = ("givenName", "middleName", "familyName", "identifier", "email", "username", "phone")
    is_enabled = row["enabledUser"] == "true"
    more = {"enabledUser": is_enabled, "roles": roles, "password": "nooit-bewaren"}
    preferred = _said({"preferredFirstName": row.get("preferredGivenName", "")})
    return _entity(row, names, **preferred, **more)


def _enrollment(row: dict[str, str]) -> dict[str, Any]:
    return _entity(
        row,
        ("role", "beginDate", "endDate"),
        **{"class": _to(row, "classSourcedId", "class"), "user": _to(row, "userSourcedId", "user")},
    )


def _line_item(row: dict[str, str]) -> dict[str, Any]:
    more: dict[str, Any] = {"class": _to(row, "classSourcedId", "class")}
    if row["dueDate"]:
        more["dueDate"] = f"{row['dueDate']}T21:59:00.000Z"
    for name in ("resultValueMin", "resultValueMax"):
        if row[name]:
            more[name] = float(row[name])
    return _entity(row, ("title",), **more)


def _result(row: dict[str, str]) -> dict[str, Any]:
    more: dict[str, Any] = {
        "lineItem": _to(row, "lineItemSourcedId", "lineItem"),
        "student": _to(row, "studentSourcedId", "user"),
    }
    if row["score"]:
        more["score"] = float(row["score"])
    return _entity(row, ("scoreStatus", "scoreDate", "comment"), **more)


@contextmanager
def serving_bundle(body: bytes) -> Iterator[OneRoster]:
    """Run a service with what a bundle tells; fails when it was asked what it does not know."""
    service = of_bundle(body)
    with serving(service.reply) as system:
        service.url = system.url
        yield service
    assert service.strange == []
