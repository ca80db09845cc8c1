"""The services of the LMS that signs: its token endpoint, rosters and gradebook; strict and mean.

The token endpoint checks our assertions against our real key set. What a token does not allow is
refused, and so is what Moodle and Canvas refuse; `troubles` makes any address answer badly.
"""

import json
import re
import time
from datetime import datetime
from secrets import token_urlsafe
from typing import Any
from urllib.parse import parse_qs
from urllib.request import urlopen

import jwt

from tests.lms import Answer, Asked, Lms
from tests.lms_held import (
    ALL_SCOPES,
    BEARER,
    COURSE,
    ENDPOINT_CLAIM,
    JSON,
    LINE_ITEM,
    LINE_ITEM_READONLY,
    LINE_ITEM_TYPE,
    LINE_ITEMS_TYPE,
    MEMBERS_TYPE,
    NRPS,
    RESULT_READONLY,
    RESULTS_TYPE,
    ROSTER_CLAIM,
    SCORE,
    SCORE_TYPE,
    No,
    Services,
    Token,
    Trouble,
    add_column,
    lineitem_url,
    lineitems_url,
    member,
    memberships_url,
    number_of,
    service,
    service_claims,
    services,
    token_url,
)

__all__ = [  # what tests take from here
    "ALL_SCOPES",
    "BEARER",
    "COURSE",
    "ENDPOINT_CLAIM",
    "JSON",
    "LINE_ITEM",
    "LINE_ITEMS_TYPE",
    "LINE_ITEM_READONLY",
    "LINE_ITEM_TYPE",
    "MEMBERS_TYPE",
    "NRPS",
    "RESULTS_TYPE",
    "RESULT_READONLY",
    "ROSTER_CLAIM",
    "SCORE",
    "SCORE_TYPE",
    "Services",
    "Token",
    "Trouble",
    "add_column",
    "add_line_item",
    "lineitem_url",
    "lineitems_url",
    "member",
    "memberships_url",
    "number_of",
    "service_claims",
    "services",
    "take_score",
    "token_url",
]


@service("POST", "/token")
def _token(lms: Lms, asked: Asked) -> Answer:
    """Give a token for an assertion that holds in every respect (RFC 7523, 3; LTI security 4.1)."""
    held = services(lms)
    if not held.can_fetch_keys:  # Moodle, when our address is private or its port odd
        raise No(404, "<!DOCTYPE html><html><body>Error/body></html>", "text/html; charset=utf-8")
    if asked.headers.get("Content-Type") != "application/x-www-form-urlencoded":
        raise No(400, '{"error": "invalid_request"}')
    form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
    if form.get("grant_type") != "client_credentials":
        raise No(400, '{"error": "unsupported_grant_type"}')
    if form.get("client_assertion_type") != BEARER:
        raise No(400, '{"error": "invalid_request"}')
    claims = _assertion(lms, held, form.get("client_assertion", ""))
    held.token_requests.append(claims)
    scopes = frozenset(form.get("scope", "").split()) & held.granted
    if not scopes:
        raise No(400, '{"error": "invalid_scope"}')
    text = token_urlsafe(24)
    held.tokens[text] = Token(scopes, time.time() + (held.expires_in or 3600))
    given = {"access_token": text, "token_type": "Bearer", "scope": " ".join(sorted(scopes))}
    if held.expires_in is not None:
        given["expires_in"] = held.expires_in  # type: ignore[assignment]  # a JSON object's values
    return 200, "text/html; charset=utf-8", json.dumps(given).encode()  # Moodle's type


def _assertion(lms: Lms, held: Services, assertion: str) -> dict[str, Any]:
    try:
        header = jwt.get_unverified_header(assertion)
        with urlopen(f"{lms.tool}/lti/jwks", timeout=10) as response:  # noqa: S310 - our own server
            listed = {jwk["kid"]: jwk for jwk in json.load(response)["keys"]}
        if header.get("kid") not in listed:
            raise jwt.InvalidTokenError("kid")
        claims: dict[str, Any] = jwt.decode(
            assertion,
            jwt.PyJWK(listed[header["kid"]]).key,
            algorithms=["RS256"],
            audience=held.audience or token_url(lms),
            issuer=lms.client_id,
            options={"require": ["iss", "sub", "aud", "exp", "iat", "jti"]},
        )
    except jwt.InvalidTokenError as error:
        raise No(400, json.dumps({"error": "invalid_client", "reason": str(error)})) from error
    if claims["sub"] != lms.client_id or claims["exp"] - claims["iat"] > 3600:
        raise No(400, '{"error": "invalid_client"}')
    if claims["jti"] in held.used_jtis:
        raise No(400, '{"error": "invalid_client", "reason": "jti"}')
    held.used_jtis.add(claims["jti"])
    return claims


def _paged(lms: Lms, asked: Asked, listed: list[Any]) -> tuple[list[Any], dict[str, str]]:
    """Cut out one page; the cursors are in mixed case, and another case is nobody's cursor."""
    held = services(lms)
    size = held.page_size
    if size is None:
        return listed, {}
    cursor = asked.query.get("page", "Bookmark:WzEsQ0")
    if not re.fullmatch(r"Bookmark:WzEsQ\d+", cursor):
        raise No(400, "no such bookmark", "text/plain")
    number = int(cursor.removeprefix("Bookmark:WzEsQ"))
    headers = {}
    if (number + 1) * size < len(listed):
        url = f"{lms.url}{asked.path}?page=Bookmark:WzEsQ{number + 1}"
        if held.next_page is not None:
            url = held.next_page(number)
        headers["Link"] = held.link.format(url=url)
    return listed[number * size : (number + 1) * size], headers


@service("GET", r"/courses/\w+/memberships", NRPS)
def _memberships(lms: Lms, asked: Asked) -> Answer:
    if asked.headers.get("Accept") != MEMBERS_TYPE:  # Moodle
        raise No(400, "")
    course = asked.path.split("/")[2]
    if course not in services(lms).members:
        raise No(404)
    found, headers = _paged(lms, asked, services(lms).members[course])
    container = {
        "id": f"{lms.url}{asked.path}",
        "context": {"id": course, "label": "PR-30", "title": "Praktijkroute"},
        "members": found,
    }
    return 200, f"{MEMBERS_TYPE}; charset=utf-8", json.dumps(container).encode(), headers


@service("GET", r"/courses/\w+/lineitems", LINE_ITEM_READONLY)
def _lineitems(lms: Lms, asked: Asked) -> Answer:
    held = services(lms)
    if asked.headers.get("Accept") != LINE_ITEMS_TYPE:
        raise No(400, "")
    course = asked.path.split("/")[2]
    here = [item for number, item in held.columns.items() if held.course_of[number] == course]
    found, headers = _paged(lms, asked, here)
    return 200, LINE_ITEMS_TYPE, json.dumps(found).encode(), headers


@service("POST", r"/courses/\w+/lineitems", LINE_ITEM)
def add_line_item(lms: Lms, asked: Asked) -> Answer:
    item = _item(asked)
    course = asked.path.split("/")[2]
    url = add_column(lms, maximum=item.pop("scoreMaximum"), course=course, **item)
    held = services(lms)
    return 201, LINE_ITEM_TYPE, json.dumps(held.columns[number_of(url)]).encode()


@service("GET", r"/courses/\w+/lineitems/\d+/lineitem", LINE_ITEM_READONLY)
def _one(lms: Lms, asked: Asked) -> Answer:
    return 200, LINE_ITEM_TYPE, json.dumps(services(lms).columns[_number(lms, asked)]).encode()


@service("PUT", r"/courses/\w+/lineitems/\d+/lineitem", LINE_ITEM)
def _change(lms: Lms, asked: Asked) -> Answer:
    number = _number(lms, asked)
    old, new = services(lms).columns[number], _item(asked)
    if new.get("id") != old["id"] or new.get("resourceLinkId") != old.get("resourceLinkId"):
        raise No(400)
    services(lms).columns[number] = new
    return 200, LINE_ITEM_TYPE, json.dumps(new).encode()


@service("DELETE", r"/courses/\w+/lineitems/\d+/lineitem", LINE_ITEM)
def _remove(lms: Lms, asked: Asked) -> Answer:
    del services(lms).columns[_number(lms, asked)]
    return 204, JSON, b""


@service("GET", r"/courses/\w+/lineitems/\d+/lineitem/results", RESULT_READONLY)
def _results(lms: Lms, asked: Asked) -> Answer:
    number = _number(lms, asked)
    if "limit" in asked.query:  # Moodle
        raise No(404)
    found = [grade for (column, _), grade in services(lms).grades.items() if column == number]
    answers, headers = _paged(lms, asked, found)
    return 200, RESULTS_TYPE, json.dumps(answers).encode(), headers


@service("POST", r"/courses/\w+/lineitems/\d+/lineitem/scores", SCORE)
def take_score(lms: Lms, asked: Asked) -> Answer:
    """Take a score as Moodle 5.1 does (its scores.php)."""
    held, number = services(lms), _number(lms, asked)
    if asked.headers.get("Content-Type") != SCORE_TYPE:
        raise No(400)
    score = json.loads(asked.body)
    held.sent.append((number, score))
    user = score.get("userId")
    known = {one["user_id"] for one in held.members.get(held.course_of[number], [])}
    pattern = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(Z|[+-]\d\d:\d\d)"
    if not re.fullmatch(pattern, score.get("timestamp", "")) or user not in known:
        raise No(400)
    if "scoreGiven" in score and "scoreMaximum" not in score:
        raise No(400)
    stamp = datetime.fromisoformat(score["timestamp"])
    before = held.grades.get((number, user))
    if before and int(stamp.timestamp()) <= before["changed"]:
        raise No(409)
    is_final = score.get("gradingProgress") == "FullyGraded"
    grade = {
        "id": f"{held.columns[number]['id']}&user_id={user}",
        "userId": user,
        "resultMaximum": held.columns[number]["scoreMaximum"],
        "changed": int(stamp.timestamp()),
    }
    if is_final and score.get("scoreGiven"):  # neither null nor zero is told
        grade["resultScore"] = score["scoreGiven"]
    if score.get("comment"):
        grade["comment"] = score["comment"]
    held.grades[number, user] = grade
    return 200, JSON, b""


def _item(asked: Asked) -> dict[str, Any]:
    if asked.headers.get("Content-Type") != LINE_ITEM_TYPE:
        raise No(400)
    item: dict[str, Any] = json.loads(asked.body)
    if not isinstance(item.get("scoreMaximum"), int | float) or item["scoreMaximum"] <= 0:
        raise No(400)
    if not isinstance(item.get("label"), str) or not item["label"].strip():
        raise No(400)
    return item


def _number(lms: Lms, asked: Asked) -> int:
    number = number_of(asked.path)
    if number not in services(lms).columns or asked.query.get("type_id") != "3":
        raise No(404)
    return number
