"""What a platform asks for when a teacher places links, and the answer it can trust."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from lti.launching.landing import Page
from lti.launching.refusals import Refused
from lti.placing.deep_linking import Asked, Item, content_item, read_settings
from settings import Settings
from tests.lms import Lms, User
from tests.lms_pages import DL, SETTINGS, asking, course_of
from tests.lti.browser import Browser, verdict
from tests.lti.picking import Picker, answer_in
from tests.lti.signing import have_keys

US = "https://leerspoor.example"
SENT: dict[str, Any] = {
    "deep_link_return_url": "https://lms.example/return?course=2",
    "accept_types": ["ltiResourceLink", "link"],
    "accept_presentation_document_targets": ["iframe", "window"],
}


@pytest.fixture(autouse=True)
def keys(engine: sa.Engine, settings: Settings) -> None:
    have_keys(engine, settings)


def asked(**sent: Any) -> Asked:
    return read_settings({**SENT, **sent}, allow_loopback=False)


def test_what_is_not_said_is_one_link_with_a_column_perhaps_and_no_data() -> None:
    read = asked()
    assert (read.takes_several, read.takes_columns, read.data, read.text) == (
        False,
        True,
        None,
        None,
    )
    assert read.takes_links
    assert read.targets == {"iframe", "window"}


def test_moodles_own_request_reads(field_data: Path) -> None:
    file = field_data / "moodle-lti" / "std-launch-deeplinking-teacher.json"
    sent = json.loads(file.read_text("utf-8"))[SETTINGS]
    read = read_settings(sent, allow_loopback=True)
    assert (read.takes_links, read.takes_several, read.takes_columns) == (True, True, True)
    assert read.return_url.startswith("http://127.0.0.1:8088/mod/lti/contentitem_return.php?")
    with pytest.raises(Refused):  # plain http, outside the demo
        read_settings(sent, allow_loopback=False)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"deep_link_return_url": None}, "claim_missing"),
        ({"accept_types": None}, "claim_missing"),
        ({"accept_presentation_document_targets": None}, "claim_missing"),
        ({"deep_link_return_url": 7}, "claim_invalid"),
        ({"deep_link_return_url": "http://lms.example/return"}, "claim_invalid"),
        ({"deep_link_return_url": "http://127.0.0.1/return"}, "claim_invalid"),
        ({"deep_link_return_url": "javascript:alert(1)"}, "claim_invalid"),
        ({"deep_link_return_url": "//lms.example/return"}, "claim_invalid"),
        ({"deep_link_return_url": "https://lms.example;script-src *"}, "claim_invalid"),
        ({"deep_link_return_url": "https://a@lms.example/"}, "claim_invalid"),
        ({"deep_link_return_url": "https://lms.example/\n"}, "claim_invalid"),
        ({"deep_link_return_url": "https://lms.example/" + "a" * 9000}, "claim_invalid"),
        ({"accept_types": "ltiResourceLink"}, "claim_invalid"),
        ({"accept_types": [None]}, "claim_invalid"),
        ({"accept_multiple": "true"}, "claim_invalid"),
        ({"accept_lineitem": 0}, "claim_invalid"),
        ({"data": {"a": 1}}, "claim_invalid"),
        ({"data": "x" * 70_000}, "claim_invalid"),
        ({"text": ["x"]}, "claim_invalid"),
    ],
)
def test_settings_that_do_not_hold_are_refused_by_name(sent: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as refused:
        read_settings(
            {name: value for name, value in {**SENT, **sent}.items() if value is not None},
            allow_loopback=False,
        )
    assert refused.value.code == code
    assert refused.value.detail == f"{SETTINGS}#{next(iter(sent))}"


def test_a_link_says_what_it_opens_and_how_large_but_only_as_far_as_the_platform_takes_it() -> None:
    lesson = Item(Page.LESSON, "Tillen", "Een les", ref=uuid4(), is_graded=True)
    link = content_item(lesson, asked(), us=US)
    assert link["custom"] == {"page": "lesson", "ref": str(lesson.ref)}
    assert link["url"] == f"{US}/lti/launch"
    assert link["lineItem"] == {
        "label": "Tillen",
        "scoreMaximum": 1,
        "tag": "lesson",
        "resourceId": str(lesson.ref),
    }
    assert set(link["iframe"]) == {"width", "height"}
    assert link["window"]["targetName"] == "leerspoor"
    bare = content_item(
        lesson,
        asked(accept_lineitem=False, accept_presentation_document_targets=["embed"]),
        us=US,
    )
    assert not {"lineItem", "iframe", "window"} & set(bare)


def test_a_description_that_the_teacher_wrote_in_the_platform_stays() -> None:
    goals = Item(Page.GOALS, "Mijn doelen", "Onze zin")
    assert content_item(goals, asked(text=""), us=US)["text"] == "Onze zin"
    assert content_item(goals, asked(text="Voor\nweek 3"), us=US)["text"] == "Voor week 3"


def test_the_platform_trusts_the_answer_and_keeps_what_was_placed(
    browser: Browser, lms: Lms, coach: User
) -> None:  # lti.md case 33
    links = Picker(browser, lms, coach).place(item=["goals", "plan"])
    assert [link["title"] for link in links] == ["Mijn doelen", "Mijn leerplan"]
    assert [link["custom"] for link in links] == [{"page": "goals"}, {"page": "plan"}]
    (answer,) = course_of(lms).answers
    assert f"{DL}data" not in answer
    assert answer["exp"] - answer["iat"] == 300
    assert lms.refused == []


@pytest.mark.parametrize("data", ["", "opaque", '"><script>alert(1)</script>', "é\n" * 2000])
def test_data_come_back_as_they_went(
    browser: Browser, lms: Lms, coach: User, data: str
) -> None:  # lti.md case 33
    picker = Picker(browser, lms, coach, data=data)
    assert "<script>alert" not in picker.shown.text
    picker.place(item="plan")
    assert course_of(lms).answers[0][f"{DL}data"] == data


def test_cancelling_answers_with_nothing(
    browser: Browser, lms: Lms, coach: User
) -> None:  # lti.md case 33
    assert Picker(browser, lms, coach, data="d").place(cancel="yes", item="plan") == []
    (answer,) = course_of(lms).answers
    assert (answer[f"{DL}content_items"], answer[f"{DL}data"]) == ([], "d")
    assert answer[f"{DL}msg"]


def test_a_platform_that_takes_no_links_hears_why_nothing_came(
    browser: Browser, lms: Lms, coach: User
) -> None:
    picker = Picker(browser, lms, coach, accept_types=["file"])
    assert 'name="item"' not in picker.shown.text
    assert picker.place(item="plan") == []
    (answer,) = course_of(lms).answers
    assert f"{DL}errormsg" in answer
    assert f"{DL}msg" not in answer


def test_an_answer_that_somebody_changed_places_nothing(
    browser: Browser, lms: Lms, coach: User
) -> None:
    picker = Picker(browser, lms, coach)
    return_url, token = answer_in(picker.send(item="plan"))
    head, body, signature = token.split(".")
    claims = json.loads(urlsafe_b64decode(body + "=="))
    claims[f"{DL}content_items"] = []
    changed = urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    refused = browser.post(return_url, {"JWT": f"{head}.{changed}.{signature}"})
    assert (refused.status_code, course_of(lms).answers) == (400, [])
    assert browser.post(return_url, {"JWT": token}).status_code == 200
    assert browser.post(return_url, {"JWT": token}).status_code == 400  # its nonce works once


@pytest.mark.parametrize(
    "return_path",
    [
        '/return?x="><script>alert(1)</script>',
        "/return?x='onfocus='alert(1)",
        "/return?x=%22%3E&y=&amp;&z=<b>",
    ],
)
def test_a_return_address_with_a_script_in_it_stays_an_address(
    browser: Browser, lms: Lms, coach: User, return_path: str
) -> None:  # lti.md case 34
    page = Picker(browser, lms, coach, deep_link_return_url=lms.url + return_path).send(item="plan")
    assert page.status_code == 200
    assert answer_in(page)[0] == lms.url + return_path
    assert "<script>alert" not in page.text
    assert "'onfocus=" not in page.text
    policy = page.headers["content-security-policy"]
    assert f"form-action {lms.url};" in policy
    assert "script-src 'self';" in policy


def test_only_the_page_with_the_answer_may_post_to_the_lms(
    browser: Browser, lms: Lms, coach: User
) -> None:
    picker = Picker(browser, lms, coach)
    wrong = picker.send()
    assert wrong.status_code == 422
    for page in (picker.shown, wrong, browser.get("/coach")):
        assert "form-action 'self';" in page.headers["content-security-policy"]


def test_a_request_that_does_not_hold_is_refused_at_the_door(
    browser: Browser, lms: Lms, coach: User
) -> None:
    claims = asking(lms, deep_link_return_url="http://elsewhere.example/return")
    assert verdict(browser.launch(lms, coach, **claims)) == (401, "claim_invalid")
    assert not browser.is_signed_in
