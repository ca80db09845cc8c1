"""What no LMS gets from us: patience without end, memory without end, or an address inside."""

import time
from collections.abc import Iterator
from decimal import Decimal

import pytest
import sqlalchemy as sa

from lti.calling import grades, services
from lti.calling.services import Caller, ServiceError, call
from tests.lms import Lms
from tests.lms_services import (
    ALL_SCOPES,
    JSON,
    NRPS,
    Services,
    add_column,
    lineitem_url,
    member,
)
from tests.lms_services import services as services_of
from tests.lti.calling import afresh, ask
from tests.lti.calling import caller as caller_of
from tracker.db import utc_now

NAME, MAIL = "Piet Geheim", "piet.geheim@proef.example"


@pytest.fixture
def held(lms: Lms) -> Services:
    found = services_of(lms)
    found.members["2"] = [member("3", "Learner", name=NAME, email=MAIL)]
    return found


@pytest.fixture
def caller(engine: sa.Engine, lms: Lms, held: Services) -> Caller:
    return caller_of(engine, lms)


@pytest.fixture
def released(held: Services) -> Iterator[None]:
    yield
    held.released.set()


def test_a_platform_that_hangs_is_let_go(
    caller: Caller,
    lms: Lms,
    held: Services,
    released: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """lti.md case 41: a hang, at the service and at the token endpoint."""
    monkeypatch.setattr(services, "SECONDS", 0.4)
    url = add_column(lms, label="V", maximum=10)
    for address in ("POST .*/scores", "POST /token"):
        held.fail(address, held.hang)
        begun = time.monotonic()
        with pytest.raises(ServiceError, match="unreachable") as error:
            grades.send_score(
                afresh(caller),
                url,
                granted=ALL_SCOPES,
                user_id="3",
                value=Decimal(1),
                maximum=Decimal(10),
                activity_progress="InProgress",
                comment=None,
                stamped_at=utc_now(),
                at=utc_now(),
            )
        assert error.value.passes
        assert time.monotonic() - begun < 5


def test_an_answer_of_unreasonable_size_is_not_read(
    caller: Caller, lms: Lms, held: Services
) -> None:
    body = b"[" + b" " * services.LARGEST + b"]"
    held.fail("GET .*/memberships", (200, JSON, body))
    with pytest.raises(ServiceError, match="unreachable"):
        ask(caller, lms)


def test_outside_the_demo_nothing_on_this_computer_is_asked(
    caller: Caller, lms: Lms, held: Services
) -> None:
    with pytest.raises(ServiceError, match="unreachable"):
        ask(afresh(caller, allow_loopback=False), lms)
    assert held.asked == []


def test_an_address_with_a_line_break_or_a_password_is_not_asked(
    caller: Caller, lms: Lms, held: Services
) -> None:
    for url in (
        lineitem_url(lms, 1) + "\r\nX: y",
        lms.url.replace("//", "//user:password@") + "/courses/2/memberships",
        lms.url + "/courses/2/é",
    ):
        with pytest.raises(ServiceError, match="unreachable"):
            call(caller, "GET", url, scopes=[NRPS], at=utc_now())
    assert held.requests("GET .*") == []
