"""The LMS's gradebook (Assignment and Grade Services 2.0): columns, results, and scores sent there.

Each operation asks for the scopes that the platform granted here, and asks nothing without them.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from lti.calling.paging import pages
from lti.calling.services import Caller, ServiceError, call, json_object
from lti.models import Registration
from lti.text import can_be_kept, is_sound, one_line

_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/"
LINE_ITEM, LINE_ITEM_READONLY = _SCOPE + "lineitem", _SCOPE + "lineitem.readonly"
RESULT_READONLY, SCORE = _SCOPE + "result.readonly", _SCOPE + "score"
_TYPE = "application/vnd.ims.lis.v"
LINE_ITEM_TYPE, LINE_ITEMS_TYPE = _TYPE + "2.lineitem+json", _TYPE + "2.lineitemcontainer+json"
SCORE_TYPE, RESULTS_TYPE = _TYPE + "1.score+json", _TYPE + "2.resultcontainer+json"
CANVAS_SUBMISSION = "https://canvas.instructure.com/lti/submission"
LONGEST_LABEL, LONGEST_URL, LONGEST_COMMENT = 200, 2000, 10_000


@dataclass(frozen=True)
class Column:
    """A column in the LMS's gradebook; `url` names it, a query included."""

    url: str
    label: str
    maximum: Decimal
    tag: str | None
    resource_link_id: str | None


@dataclass(frozen=True)
class Result:
    """What a column holds for somebody; `score` is None where the LMS has no number.

    `stamped_at` is when it came to be, which Moodle says beyond the specification.
    """

    user_id: str
    score: Decimal | None
    maximum: Decimal | None
    comment: str | None
    stamped_at: datetime | None


def line_items(
    caller: Caller, url: str, *, granted: Collection[str], at: datetime
) -> tuple[Column, ...]:
    """Return our columns in a course; url: the context's lineitems address."""
    scopes = _reading(granted)
    found = pages(caller, url, scopes=scopes, accept=LINE_ITEMS_TYPE, at=at)
    return tuple(_column(entry) for page in found for entry in _list(page))


def create_line_item(
    caller: Caller,
    url: str,
    *,
    granted: Collection[str],
    label: str,
    maximum: Decimal,
    tag: str,
    resource_link_id: str | None = None,
    at: datetime,
) -> Column:
    """Add a column and return it as the LMS made it.

    Not safe to repeat: after an answer that did not come, look with `line_items` first.
    """
    _need(granted, LINE_ITEM)
    body: dict[str, Any] = {"label": label, "scoreMaximum": _number(maximum), "tag": tag}
    if resource_link_id is not None:
        body["resourceLinkId"] = resource_link_id
    answer = call(
        caller,
        "POST",
        url,
        scopes=[LINE_ITEM],
        accept=LINE_ITEM_TYPE,
        content_type=LINE_ITEM_TYPE,
        body=json.dumps(body).encode(),
        at=at,
    )
    return _column(json_object(answer))


def change_line_item(
    caller: Caller,
    url: str,
    *,
    granted: Collection[str],
    label: str,
    maximum: Decimal,
    at: datetime,
) -> Column:
    """Give a column another label and maximum; what else the LMS holds of it is sent back as is."""
    _need(granted, LINE_ITEM)
    reading = call(caller, "GET", url, scopes=_reading(granted), accept=LINE_ITEM_TYPE, at=at)
    body = {**json_object(reading), "label": label, "scoreMaximum": _number(maximum)}
    answer = call(
        caller,
        "PUT",
        url,
        scopes=[LINE_ITEM],
        accept=LINE_ITEM_TYPE,
        content_type=LINE_ITEM_TYPE,
        body=json.dumps(body).encode(),
        at=at,
    )
    return _column(json_object(answer) if answer.body.strip() else body)


def remove_line_item(caller: Caller, url: str, *, granted: Collection[str], at: datetime) -> None:
    """Remove a column with what it holds; one that is gone already is removed too."""
    _need(granted, LINE_ITEM)
    try:
        call(caller, "DELETE", url, scopes=[LINE_ITEM], at=at)
    except ServiceError as error:
        if error.code != "not_found":
            raise


def results(
    caller: Caller, url: str, *, granted: Collection[str], at: datetime
) -> tuple[Result, ...]:
    """Return what a column holds; url: the column's.

    Without a limit: Moodle answers 404 to one.
    """
    _need(granted, RESULT_READONLY)
    found = pages(
        caller, below(url, "results"), scopes=[RESULT_READONLY], accept=RESULTS_TYPE, at=at
    )
    return tuple(_result(entry) for page in found for entry in _list(page))


def send_score(
    caller: Caller,
    url: str,
    *,
    granted: Collection[str],
    user_id: str,
    value: Decimal,
    maximum: Decimal,
    activity_progress: str,
    comment: str | None,
    stamped_at: datetime,
    at: datetime,
) -> None:
    """Put a number in a column, with its comment, as of `stamped_at`; safe to repeat.

    Always FullyGraded: for anything else Moodle erases the grade and Canvas ignores the number.
    The comment is sent each time, for Moodle erases one that is not. A stamp that is not later
    than the LMS's own last change, in whole seconds, is a ServiceError `conflict`.
    """
    _need(granted, SCORE)
    body: dict[str, Any] = {
        "userId": user_id,
        "timestamp": stamped_at.astimezone(UTC).isoformat(timespec="milliseconds"),
        "scoreGiven": _number(value),
        "scoreMaximum": _number(maximum),
        "activityProgress": activity_progress,
        "gradingProgress": "FullyGraded",
    }
    if comment is not None:
        body["comment"] = comment
    if _is_canvas(caller.registration):  # else each number is a new attempt of the student
        body[CANVAS_SUBMISSION] = {"new_submission": False}
    call(
        caller,
        "POST",
        below(url, "scores"),
        scopes=[SCORE],
        accept="application/json",
        content_type=SCORE_TYPE,
        body=json.dumps(body).encode(),
        at=at,
    )


def below(url: str, name: str) -> str:
    """Return the address of a column's scores or results: in the path, before a query (3.3.1)."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{name}"))


def _need(granted: Collection[str], scope: str) -> None:
    if scope not in granted:
        raise ServiceError("scope_missing")


def _reading(granted: Collection[str]) -> list[str]:
    """Return the scopes to read columns with: Moodle wants the read-only one said."""
    scopes = [scope for scope in (LINE_ITEM, LINE_ITEM_READONLY) if scope in granted]
    if not scopes:
        raise ServiceError("scope_missing")
    return scopes


def _is_canvas(registration: Registration) -> bool:
    host = urlsplit(registration.issuer).hostname or ""
    return registration.product == "canvas" or host.endswith(".instructure.com")


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _list(page: Any) -> list[Any]:
    if not isinstance(page, list):
        raise ServiceError("malformed")
    return page


def _column(entry: Any) -> Column:
    maximum = _decimal(entry.get("scoreMaximum")) if isinstance(entry, dict) else None
    if maximum is None or not is_sound(entry.get("id"), LONGEST_URL):
        raise ServiceError("malformed")
    return Column(
        url=entry["id"],
        label=_line(entry, "label", LONGEST_LABEL) or "",
        maximum=maximum,
        tag=_line(entry, "tag", LONGEST_LABEL),
        resource_link_id=_line(entry, "resourceLinkId", 255),
    )


def _result(entry: Any) -> Result:
    if not isinstance(entry, dict) or not is_sound(entry.get("userId")):
        raise ServiceError("malformed")
    return Result(
        user_id=entry["userId"],
        score=_decimal(entry.get("resultScore")),
        maximum=_decimal(entry.get("resultMaximum")),
        comment=_line(entry, "comment", LONGEST_COMMENT),
        stamped_at=_moment(entry.get("timestamp")),
    )


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


def _decimal(value: object) -> Decimal | None:
    """Read a number; platforms send some as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _line(entry: dict[str, Any], name: str, longest: int) -> str | None:
    value = entry.get(name)
    if not isinstance(value, str) or not can_be_kept(value):
        return None
    return one_line(value, longest) or None
