"""What docs/lms/ and the set-up pages tell an administrator: Moodle's against the recordings."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.lms_registration import CONFIGURATION, TOOL
from web.lms_kinds import KINDS, kind_of, ours

DOCS = Path(__file__).parents[2] / "docs" / "lms"
US = "https://leerspoor.example"


def read(name: str) -> str:
    return (DOCS / f"{name}.md").read_text("utf-8")


@pytest.fixture
def moodle(field_data: Path) -> Path:
    return field_data / "moodle-lti"


def recorded(moodle: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((moodle / f"{name}.json").read_text("utf-8"))
    return found


def test_the_addresses_of_moodle_are_those_that_a_real_one_told(moodle: Path) -> None:
    told, page = recorded(moodle, "openid-configuration"), read("moodle")
    root = told["issuer"]
    assert not root.endswith("/")
    assert "`https://moodle.example`" in page
    labels = {
        "authorization_endpoint": "Authentication request URL",
        "token_endpoint": "Access token URL",
        "jwks_uri": "Public keyset URL",
    }
    for name, label in labels.items():
        path = told[name].removeprefix(root)
        assert f"{label} | `https://moodle.example{path}`" in page, name
    assert "authorization_server" not in told  # so the audience stays empty
    assert told[CONFIGURATION]["version"].startswith("5.1.3")
    assert "Tried with Moodle 5.1.3" in page


def test_what_the_page_says_of_moodles_answer_is_what_it_answered(moodle: Path) -> None:
    asked = recorded(moodle, "registration-request")
    answered = recorded(moodle, "registration-response")
    lost = {message["type"] for message in asked[TOOL]["messages"]} - {
        message["type"] for message in answered[TOOL]["messages"]
    }
    more = set(answered["scope"].split()) - set(asked["scope"].split())
    page = read("moodle")
    assert lost == {"LtiResourceLinkRequest"}
    assert [scope.rsplit("/", 1)[1] for scope in more] == ["lineitem.readonly"]
    assert "leaves out `LtiResourceLinkRequest`, and adds\n`lineitem.readonly`" in page
    assert answered[TOOL]["deployment_id"].isdigit()  # "the tool's number"


def test_the_number_of_a_person_comes_from_moodle_where_the_page_says(moodle: Path) -> None:
    launch = recorded(moodle, "std-launch-LqvH-student-3-1")
    said = json.dumps(launch)
    assert "person_sourcedid" in said
    assert "`lis.person_sourcedid`" in read("moodle")


@pytest.mark.parametrize("name", ["canvas", "brightspace", "itslearning"])
def test_a_page_of_what_nobody_tried_begins_by_saying_so(name: str) -> None:
    assert read(name).startswith("from documentation, not tried\n")


def test_each_kind_of_lms_has_a_page() -> None:
    assert set(KINDS) - {path.stem for path in DOCS.glob("*.md")} == {"other"}


@pytest.mark.parametrize("name", ["moodle", "canvas", "brightspace", "itslearning"])
def test_the_documents_tell_what_the_pages_tell(name: str) -> None:
    page, kind = read(name), KINDS[name]
    for label, address in ours(kind, US).items():
        assert label in page, label
        assert f"`{address}`" in page, label
    for label in kind.theirs.values():
        assert label.lower() in page.lower(), label
    for address in kind.usual.values():
        assert f"`{address}`" in page, address


def test_an_lms_is_recognised_by_what_it_calls_itself() -> None:
    assert kind_of("moodle").name == "Moodle"
    assert kind_of("desire2learn").name == "Brightspace"
    assert kind_of("canvas").name == "Canvas"
    assert kind_of("blackboardlearn") is kind_of(None) is KINDS["other"]
