"""Assignment and Grade Services: our columns in the LMS's gradebook and the scores in them."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from lti.calling import grades
from lti.calling.services import Caller, ServiceError
from tests.lms import Lms
from tests.lms_services import (
    ALL_SCOPES,
    JSON,
    LINE_ITEM,
    LINE_ITEM_READONLY,
    LINE_ITEMS_TYPE,
    RESULT_READONLY,
    RESULTS_TYPE,
    SCORE,
    Services,
    add_column,
    lineitem_url,
    lineitems_url,
    member,
    number_of,
    services,
)
from tests.lti.calling import caller as caller_of
from tracker.db import utc_now

GRANTED = frozenset(ALL_SCOPES)


@pytest.fixture
def caller(engine: sa.Engine, lms: Lms) -> Caller:
    services(lms).members["2"] = [member("3", "Learner"), member("4", "Learner")]
    return caller_of(engine, lms)


@pytest.fixture
def held(lms: Lms) -> Services:
    return services(lms)


def send(caller: Caller, url: str, **changes: Any) -> None:
    at = utc_now()
    wish: dict[str, Any] = {
        "granted": GRANTED,
        "user_id": "3",
        "value": Decimal("41.500"),
        "maximum": Decimal("100.000"),
        "activity_progress": "InProgress",
        "comment": "Door je coach bevestigd",
        "stamped_at": at,
        "at": at,
    }
    grades.send_score(caller, url, **{**wish, **changes})


@pytest.mark.parametrize(
    ("url", "below"),
    [
        ("https://x.example/2/lineitems/8/lineitem?type_id=3", "/lineitem/scores?type_id=3"),
        ("https://x.example/api/lti/courses/1/line_items/8", "/line_items/8/scores"),
        ("https://x.example/lineitem/?a=b/c&d", "/lineitem/scores?a=b/c&d"),
    ],
)
def test_scores_come_into_the_path_before_the_query(url: str, below: str) -> None:
    """lti.md case 39."""
    assert grades.below(url, "scores").endswith(below)


def test_a_score_reaches_the_column_of_an_address_with_a_query(
    caller: Caller, lms: Lms, held: Services
) -> None:
    """lti.md case 39, asked for real."""
    url = add_column(lms, label="Voortgang", maximum=100)
    stamped_at = datetime(2026, 11, 21, 20, 14, 37, 250_000, UTC)
    send(caller, url, stamped_at=stamped_at)
    [asked] = held.requests("POST .*")[1:]  # after the token
    assert (asked.path, asked.query) == (
        "/courses/2/lineitems/83/lineitem/scores",
        {"type_id": "3"},
    )
    assert held.sent == [
        (
            83,
            {
                "userId": "3",
                "timestamp": "2026-11-21T20:14:37.250+00:00",
                "scoreGiven": 41.5,
                "scoreMaximum": 100,
                "activityProgress": "InProgress",
                "gradingProgress": "FullyGraded",
                "comment": "Door je coach bevestigd",
            },
        )
    ]
    assert held.grade(83, "3") == 41.5


@pytest.mark.parametrize("progress", ["InProgress", "Completed"])
def test_a_number_is_always_fully_graded_and_its_comment_always_there(
    caller: Caller, lms: Lms, held: Services, progress: str
) -> None:
    url, at = add_column(lms, label="Voortgang", maximum=100), utc_now()
    for seconds, value in ((0, "10"), (1, "20")):
        stamped_at = at + timedelta(seconds=seconds)
        send(caller, url, value=Decimal(value), activity_progress=progress, stamped_at=stamped_at)
    assert [score["gradingProgress"] for _, score in held.sent] == ["FullyGraded"] * 2
    assert held.grades[83, "3"]["comment"] == "Door je coach bevestigd"
    assert held.grade(83, "3") == 20


def test_a_score_of_the_same_second_is_a_conflict_and_a_second_later_is_not(
    caller: Caller, lms: Lms, held: Services
) -> None:
    """lti.md case 41: Moodle's 409 compares whole seconds; the client says so, once."""
    url, at = add_column(lms, label="Voortgang", maximum=100), utc_now().replace(microsecond=0)
    send(caller, url, stamped_at=at)
    with pytest.raises(ServiceError, match="conflict") as error:
        send(caller, url, value=Decimal(60), stamped_at=at + timedelta(milliseconds=900))
    assert (error.value.status, error.value.passes) == (409, False)
    send(caller, url, value=Decimal(60), stamped_at=at + timedelta(seconds=1))
    assert held.grade(83, "3") == 60
    assert len(held.sent) == 3


@pytest.mark.parametrize(
    ("user", "number", "code"),
    [("stranger", 83, "refused"), ("3", 84, "not_found")],
    ids=["not enrolled (Moodle's 400)", "no such column"],
)
def test_a_user_or_column_that_is_not_there_is_not_asked_again(
    caller: Caller, lms: Lms, user: str, number: int, code: str
) -> None:
    add_column(lms, label="Voortgang", maximum=100)
    with pytest.raises(ServiceError, match=code) as error:
        send(caller, lineitem_url(lms, number), user_id=user)
    assert not error.value.passes


@pytest.mark.parametrize("product", ["canvas", "moodle", None])
def test_canvas_is_told_that_a_score_is_no_new_submission(
    caller: Caller, lms: Lms, held: Services, product: str | None
) -> None:
    caller.registration.product = product
    send(caller, add_column(lms, label="Voortgang", maximum=100))
    [(_, score)] = held.sent
    extension = score.get("https://canvas.instructure.com/lti/submission")
    assert extension == ({"new_submission": False} if product == "canvas" else None)


@pytest.mark.parametrize("missing", [SCORE, LINE_ITEM, RESULT_READONLY])
def test_without_its_scope_nothing_is_asked(
    caller: Caller, lms: Lms, held: Services, missing: str
) -> None:
    """lti.md case 43, the client's side: no request, not even for a token."""
    at, granted = utc_now(), GRANTED - {missing}
    url, new = lineitem_url(lms, 83), {"label": "V", "maximum": Decimal(1)}
    operations = {
        SCORE: [lambda: send(caller, url, granted=granted)],
        LINE_ITEM: [
            lambda: grades.create_line_item(
                caller, lineitems_url(lms), granted=granted, tag="t", at=at, **new
            ),
            lambda: grades.change_line_item(caller, url, granted=granted, at=at, **new),
            lambda: grades.remove_line_item(caller, url, granted=granted, at=at),
            lambda: grades.line_items(
                caller, lineitems_url(lms), granted=granted - {LINE_ITEM_READONLY}, at=at
            ),
        ],
        RESULT_READONLY: [lambda: grades.results(caller, url, granted=granted, at=at)],
    }
    for operation in operations[missing]:
        with pytest.raises(ServiceError, match="scope_missing"):
            operation()
    assert held.asked == []


def test_a_column_is_made_changed_listed_and_removed(
    caller: Caller, lms: Lms, held: Services
) -> None:
    at, url = utc_now(), lineitems_url(lms)
    made = grades.create_line_item(
        caller,
        url,
        granted=GRANTED,
        label="Voortgang (telt niet mee)",
        maximum=Decimal(100),
        tag="progress",
        resource_link_id="link-1",
        at=at,
    )
    assert made == grades.Column(
        lineitem_url(lms, 83), "Voortgang (telt niet mee)", Decimal(100), "progress", "link-1"
    )
    held.columns[83]["endDateTime"] = "2027-01-01T00:00:00Z"  # the teacher's, in the LMS
    changed = grades.change_line_item(
        caller, made.url, granted=GRANTED, label="Bewijs", maximum=Decimal("12.5"), at=at
    )
    assert (changed.label, changed.maximum, changed.tag) == ("Bewijs", Decimal("12.5"), "progress")
    assert held.columns[83]["endDateTime"] == "2027-01-01T00:00:00Z"
    assert grades.line_items(caller, url, granted=GRANTED, at=at) == (changed,)
    grades.remove_line_item(caller, made.url, granted=GRANTED, at=at)
    grades.remove_line_item(caller, made.url, granted=GRANTED, at=at)  # gone is gone
    assert grades.line_items(caller, url, granted=GRANTED, at=at) == ()


def test_columns_and_results_come_whole_however_many_pages_they_take(
    caller: Caller, lms: Lms, held: Services
) -> None:
    urls = [add_column(lms, label=f"Kolom {number}", maximum=5) for number in range(5)]
    held.members["2"] = [member(str(number), "Learner") for number in range(7)]
    for number in range(7):
        send(caller, urls[0], user_id=str(number), value=Decimal(number), maximum=Decimal(5))
    held.page_size, held.link = 2, "<{url}>; rel=next"
    held.next_page = lambda page: f"?type_id=3&page=Bookmark:WzEsQ{page + 1}"  # as Moodle does
    at = utc_now()
    found = grades.line_items(caller, lineitems_url(lms), granted=GRANTED, at=at)
    assert [column.url for column in found] == urls
    results = grades.results(caller, urls[0], granted=GRANTED, at=at)
    assert [result.user_id for result in results] == [str(number) for number in range(7)]
    assert [result.score for result in results] == [None, *map(Decimal, range(1, 7))]
    assert all("limit" not in asked.query for asked in held.asked)


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{}", b"[[]]", b'[{"id": "x"}]', b'[{"scoreMaximum": 3}]', b'[{"id": "x", '),
        *(b'[{"id": "x", "scoreMaximum": NaN}]', b'[{"id": "x", "scoreMaximum": true}]'),
    ],
)
def test_what_is_no_list_of_columns_is_malformed(
    caller: Caller, lms: Lms, held: Services, body: bytes
) -> None:
    held.fail("GET .*/lineitems", (200, LINE_ITEMS_TYPE, body))
    with pytest.raises(ServiceError, match="malformed"):
        grades.line_items(caller, lineitems_url(lms), granted=GRANTED, at=utc_now())


def test_a_made_column_without_an_address_is_malformed(
    caller: Caller, lms: Lms, held: Services
) -> None:
    held.fail("POST .*/lineitems", (201, JSON, b'{"label": "V", "scoreMaximum": 1}'))
    with pytest.raises(ServiceError, match="malformed"):
        grades.create_line_item(
            caller,
            lineitems_url(lms),
            granted=GRANTED,
            label="V",
            maximum=Decimal(1),
            tag="t",
            at=utc_now(),
        )


def test_the_gradebook_that_a_real_moodle_gave_is_read_whole(
    caller: Caller, lms: Lms, held: Services, field_data: Path
) -> None:
    folder, at = field_data / "moodle-lti", utc_now()
    raw = json.loads((folder / "raw-services.json").read_text())
    held.fail("GET .*/lineitems", (200, LINE_ITEMS_TYPE, raw["li_list"]["body"].encode()))
    columns = grades.line_items(caller, lineitems_url(lms), granted=GRANTED, at=at)
    assert columns[0].url.endswith("/2/lineitems/83/lineitem?type_id=1")
    assert (columns[0].maximum, columns[0].tag) == (Decimal(100), None)
    assert columns[0].resource_link_id == "1"
    for name in ("default-2", "custom"):
        body = (folder / f"std-ags-results-{name}.json").read_bytes()
        held.fail("GET .*/results", (200, RESULTS_TYPE, body))
        found = grades.results(caller, lineitem_url(lms, 83), granted=GRANTED, at=at)
        expected = [(one["userId"], one["resultScore"]) for one in json.loads(body)]
        assert [(one.user_id, one.score) for one in found] == expected


@pytest.mark.parametrize(
    ("recorded", "code"),
    [
        ("score_same_ts", "conflict"),
        ("score_unenrolled", "refused"),
        ("score_missing_ts", "refused"),
        ("score_ok", None),
    ],
)
def test_what_a_real_moodle_answered_to_scores_is_understood(
    caller: Caller, lms: Lms, held: Services, field_data: Path, recorded: str, code: str | None
) -> None:
    url = add_column(lms, label="Voortgang", maximum=100)
    raw = json.loads((field_data / "moodle-lti" / "raw-services.json").read_text())[recorded]
    kind = raw["headers"]["Content-Type"]
    held.fail("POST .*/scores", (raw["status"], kind, raw["body"].encode()))
    if code is None:
        send(caller, url)
    else:
        with pytest.raises(ServiceError, match=code):
            send(caller, url)
    assert number_of(url) == 83
