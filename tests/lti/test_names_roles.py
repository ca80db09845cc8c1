"""Names and Role Provisioning: the whole roster of a course, or an error; never a part of it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from lti.calling import paging
from lti.calling.names_roles import Member, MemberStatus, members
from lti.calling.services import Caller, ServiceError
from lti.people.roles import LaunchRole, launch_role
from tests import lms as platforms
from tests.lms import Lms
from tests.lms_services import JSON, MEMBERS_TYPE, member, memberships_url, services
from tests.lti.calling import caller as caller_of
from tracker.db import utc_now

FOURTEEN = [member(str(number), "Learner", name=f"Piet P{number}") for number in range(14)]


@pytest.fixture
def caller(engine: sa.Engine, lms: Lms) -> Caller:
    return caller_of(engine, lms)


def roster(caller: Caller, lms: Lms) -> tuple[Member, ...]:
    return members(caller, memberships_url(lms), at=utc_now())


@pytest.mark.parametrize(
    "link",
    [
        '<{url}>; rel="next"',
        "<{url}>; rel=next",
        "<{url}>;rel=Next",
        '<{url}>; title="a, <b>; rel=x"; rel="next"',
        '<{url}>; foo=bar; rel="last next"',
        '<http://127.0.0.1/first>; rel="first", <{url}>; rel="next"',
        '<{url}>; rel="next", <http://127.0.0.1/next-differences>; rel="differences"',
    ],
)
def test_every_page_of_a_roster_is_read_however_the_next_link_is_written(
    caller: Caller, lms: Lms, link: str
) -> None:
    """lti.md case 36: five pages, cursors in mixed case, `rel=next` unquoted."""
    held = services(lms)
    held.members["2"], held.page_size, held.link = FOURTEEN, 3, link
    found = roster(caller, lms)
    assert [one.user_id for one in found] == [str(number) for number in range(14)]
    assert len(held.requests("GET .*/memberships")) == 5
    assert len(held.token_requests) == 1
    assert all(not asked.query.keys() - {"page"} for asked in held.requests("GET .*/memberships"))


def test_a_next_link_may_be_relative(caller: Caller, lms: Lms) -> None:
    held = services(lms)
    held.members["2"], held.page_size = FOURTEEN, 7
    held.next_page = lambda page: f"?page=Bookmark:WzEsQ{page + 1}"
    assert len(roster(caller, lms)) == 14


@pytest.mark.parametrize("link", ["<{url}>; rel=”next”", "<{url}>; rel=&quot;next&quot;"])
def test_a_next_link_that_nobody_can_read_is_no_end_of_the_list(
    caller: Caller, lms: Lms, link: str
) -> None:
    held = services(lms)
    held.members["2"], held.page_size = FOURTEEN, 7
    held.link = link.encode().decode("latin-1")  # as Moodle's curly quotes come over the wire
    with pytest.raises(ServiceError, match="malformed"):
        roster(caller, lms)


@pytest.mark.parametrize(
    ("status", "code"),
    [(500, "server_error"), (404, "not_found"), (429, "rate_limited"), (400, "refused")],
)
def test_a_roster_of_which_the_third_page_fails_is_no_roster(
    caller: Caller, lms: Lms, status: int, code: str
) -> None:
    """lti.md case 37: an error, so that nobody is taken for gone."""
    held = services(lms)
    held.members["2"], held.page_size = FOURTEEN, 3
    asked = 0

    def third() -> platforms.Answer:
        return status, JSON, b"{}"

    def second_then_third(page: int) -> str:
        nonlocal asked
        asked += 1
        if page == 1:
            held.fail("GET .*/memberships", third)
        return f"{memberships_url(lms)}?page=Bookmark:WzEsQ{page + 1}"

    held.next_page = second_then_third
    with pytest.raises(ServiceError, match=code) as error:
        roster(caller, lms)
    assert (error.value.status, asked) == (status, 2)


def elsewhere(lms: Lms) -> str:
    return memberships_url(lms).replace("127.0.0.1", "localhost")


@pytest.mark.parametrize(
    ("following", "code", "requests"),
    [
        (lambda lms, _page: memberships_url(lms) + "?page=Bookmark:WzEsQ0", "page_loop", 2),
        (lambda lms, _page: memberships_url(lms), "page_loop", 1),
        (lambda lms, _page: elsewhere(lms) + "?page=Bookmark:WzEsQ1", "page_foreign", 1),
        (lambda lms, _page: lms.url.replace("http", "https") + "/x", "page_foreign", 1),
        (lambda _lms, _page: "//evil.example/x", "page_foreign", 1),
        (lambda _lms, _page: "http://[::1/x", "page_foreign", 1),
    ],
    ids=["loop", "itself", "other host", "other scheme", "other host, relative", "no address"],
)
def test_a_next_link_that_goes_round_or_away_is_an_error(
    caller: Caller, lms: Lms, following: Callable[[Lms, int], str], code: str, requests: int
) -> None:
    """lti.md case 37: loops and other servers, which never see our token."""
    held = services(lms)
    held.members["2"], held.page_size = FOURTEEN, 3
    held.next_page = lambda page: following(lms, page)
    with pytest.raises(ServiceError, match=code):
        roster(caller, lms)
    assert len(held.requests("GET .*/memberships")) == requests


def test_a_list_without_end_is_given_up(
    caller: Caller, lms: Lms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "MOST_PAGES", 6)
    held = services(lms)
    held.members["2"], held.page_size = FOURTEEN, 3
    held.next_page = lambda _: f"?page=Bookmark:WzEsQ1&again={len(held.asked)}"
    with pytest.raises(ServiceError, match="too_many_pages"):
        roster(caller, lms)
    assert len(held.requests("GET .*/memberships")) == 6


@pytest.mark.parametrize(("limit", "value"), [("LARGEST_LIST", 900), ("LONGEST_SECONDS", 0.0)])
def test_a_list_that_grows_or_lasts_beyond_reason_is_given_up(
    caller: Caller, lms: Lms, monkeypatch: pytest.MonkeyPatch, limit: str, value: float
) -> None:
    monkeypatch.setattr(paging, limit, value)
    held = services(lms)
    held.members["2"], held.page_size = FOURTEEN, 3
    with pytest.raises(ServiceError, match="too_many_pages"):
        roster(caller, lms)
    assert len(held.requests("GET .*/memberships")) < 5


def test_two_hundred_pages_are_read(caller: Caller, lms: Lms) -> None:
    held = services(lms)
    held.members["2"] = [member(str(number), "Learner") for number in range(200)]
    held.page_size = 1
    assert len(roster(caller, lms)) == paging.MOST_PAGES == 200


def test_a_member_without_status_name_or_mail_takes_part(caller: Caller, lms: Lms) -> None:
    """lti.md case 38; status may be written in any case."""
    services(lms).members["2"] = [
        {"user_id": "bare", "roles": ["Learner"]},
        {"user_id": "null", "roles": ["Learner"], "status": None, "name": None, "email": None},
        member("loud", "Learner", status="ACTIVE"),
        member("away", "Learner", status="Inactive"),
        member("gone", "Learner", status="DELETED"),
        member("odd", "Learner", status="Sabbatical"),
        {"user_id": "one", "roles": "Instructor"},
        {"user_id": "none"},
    ]
    found = {one.user_id: one for one in roster(caller, lms)}
    assert {name: one.status for name, one in found.items()} == {
        **dict.fromkeys(("bare", "null", "loud", "one", "none"), MemberStatus.ACTIVE),
        **dict.fromkeys(("away", "odd"), MemberStatus.INACTIVE),
        "gone": MemberStatus.DELETED,
    }
    assert found["bare"].name is found["null"].email is None
    assert found["one"].roles == ("Instructor",)
    assert found["none"].roles == ()


def test_what_a_member_is_called_is_one_line_and_a_variable_is_no_number(
    caller: Caller, lms: Lms
) -> None:
    services(lms).members["2"] = [
        member("1", "Learner", given_name="Aya", family_name="Bos\n  Smit"),
        member("2", "Learner", name="x" * 500, lis_person_sourcedid="$Person.sourcedId"),
        member("3", "Learner", name="Nul\0", lis_person_sourcedid=" S900001 "),
    ]
    aya, long, third = roster(caller, lms)
    assert aya.name == "Aya Bos Smit"
    assert (len(long.name or ""), long.person_sourcedid) == (200, None)
    assert (third.name, third.person_sourcedid) == (None, "S900001")


def test_who_moved_between_two_pages_is_one_member(caller: Caller, lms: Lms) -> None:
    services(lms).members["2"] = [member("1", "Learner"), member("1", "Learner", name="Aya Bos")]
    assert [one.name for one in roster(caller, lms)] == ["Aya Bos"]


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"[]",
        b"{}",
        b'{"members": {}}',
        b'{"members": [[]]}',
        b'{"members": [{"roles": ["Learner"]}]}',
        b'{"members": [{"user_id": 7}]}',
        b'{"members": [{"user_id": "' + b"7" * 256 + b'"}]}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_roster_is_malformed(caller: Caller, lms: Lms, body: bytes) -> None:
    services(lms).fail("GET .*/memberships", (200, MEMBERS_TYPE, body))
    with pytest.raises(ServiceError, match="malformed"):
        roster(caller, lms)


def test_the_roster_that_a_real_moodle_gave_is_read_whole(
    caller: Caller, lms: Lms, field_data: Path
) -> None:
    recorded = json.loads((field_data / "moodle-lti" / "std-nrps-members-2.json").read_text())
    services(lms).members["2"] = recorded
    found = roster(caller, lms)
    assert [one.user_id for one in found] == [one["user_id"] for one in recorded]
    assert all(one.name and one.person_sourcedid for one in found)
    assert all(one.status is MemberStatus.ACTIVE for one in found)
    held = {launch_role(one.roles) for one in found}
    assert held == {LaunchRole.LEARNER, LaunchRole.STAFF}
