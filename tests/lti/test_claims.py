"""Claims -> LaunchClaims."""

import json
from pathlib import Path

import pytest

from lti.launching.claims import (
    CONTEXT,
    CUSTOM,
    LIS,
    OPTIONAL,
    REQUIRED,
    UNCHECKED,
    LaunchClaims,
    MessageType,
)

RECORDED = Path(__file__).parent / "recorded"
LAUNCHES = ("moodle-student", "moodle-teacher", "moodle-administrator")


@pytest.mark.parametrize("name", [*LAUNCHES, "moodle-deep-linking"])
def test_every_claim_that_a_real_platform_sends_is_declared(name: str) -> None:
    sent = json.loads((RECORDED / f"{name}.json").read_text("utf-8"))
    assert set(sent) <= REQUIRED | OPTIONAL | UNCHECKED


def test_all_launches_that_a_real_platform_sent_are_read(field_data: Path) -> None:
    files = sorted((field_data / "moodle-lti").glob("std-launch-*.json"))
    read = [LaunchClaims.of(json.loads(file.read_text("utf-8"))) for file in files]
    assert len(read) >= 6
    for claims in read:
        assert claims.product == "moodle"
        assert claims.memberships_url is not None
        assert claims.endpoint is not None
        assert claims.endpoint.lineitems is not None
    placing = [claims for claims in read if claims.message_type is MessageType.DEEP_LINKING]
    assert [claims.resource_link_id for claims in placing] == [None]
    assert placing[0].deep_linking is not None


def test_no_claim_is_declared_twice() -> None:
    assert not REQUIRED & OPTIONAL
    assert not (REQUIRED | OPTIONAL) & UNCHECKED


def test_a_real_launch_is_read_as_it_was_meant() -> None:
    claims = LaunchClaims.of(json.loads((RECORDED / "moodle-student.json").read_text("utf-8")))
    assert claims.subject == "3"
    assert claims.name == "Aylin Bos"
    assert claims.context is not None
    assert claims.context.title == "Praktijkroute coachgroep 01 (30)"
    assert claims.number("lis.person_sourcedid") == "S900001"
    assert claims.number("custom.user_idnumber") == "S900001"
    assert claims.number("custom.mentor_of") is None  # "$Membership.role.scope.mentor"
    assert claims.number("custom.unheard_of") is None


def test_a_number_too_long_to_be_one_is_none() -> None:
    body = json.loads((RECORDED / "moodle-student.json").read_text("utf-8"))
    body[LIS] = {"person_sourcedid": "9" * 256}
    assert LaunchClaims.of(body).number("lis.person_sourcedid") is None


def test_what_a_platform_may_leave_out_may_be_absent() -> None:
    body = json.loads((RECORDED / "moodle-student.json").read_text("utf-8"))
    for name in OPTIONAL & set(body):
        less = {key: value for key, value in body.items() if key != name}
        assert LaunchClaims.of(less).subject == "3"
    least = {key: value for key, value in body.items() if key in REQUIRED}
    claims = LaunchClaims.of(least)
    assert (claims.name, claims.context, claims.custom) == (None, None, {})


def test_long_and_broken_titles_become_one_short_line() -> None:
    body = json.loads((RECORDED / "moodle-student.json").read_text("utf-8"))
    body[CONTEXT] = {"id": "2", "title": " a\n\tb " + "x" * 400, "label": " "}
    body[LIS] = {"person_sourcedid": None}
    body[CUSTOM] = {"a": 1, "b": None, "c": "$x", "d": " y "}
    claims = LaunchClaims.of(body)
    assert claims.context is not None
    assert claims.context.title == "a b " + "x" * 196
    assert claims.context.label is None
    assert claims.person_sourcedid is None
    assert claims.custom == {"d": "y"}
