"""Access tokens: one for a job and its scopes, kept for the next job, never another school's."""

import socket
import time
from dataclasses import replace
from pathlib import Path

import pytest
import redis
import sqlalchemy as sa

from lti.calling import grades
from lti.calling.services import Caller, ServiceError
from tests.lms import Lms
from tests.lms_services import ALL_SCOPES, JSON, NRPS, Services, add_column, member
from tests.lms_services import services as services_of
from tests.lti.calling import ENCRYPTION_KEYS, afresh, ask
from tests.lti.calling import caller as caller_of
from tests.lti.registering import register
from tests.world import World
from tracker.db import utc_now


@pytest.fixture
def held(lms: Lms) -> Services:
    found = services_of(lms)
    found.members["2"] = [member("3", "Learner")]
    return found


@pytest.fixture
def caller(engine: sa.Engine, lms: Lms, held: Services) -> Caller:
    return caller_of(engine, lms)


def test_a_token_is_asked_once_for_a_job_and_its_scopes(
    caller: Caller, lms: Lms, held: Services
) -> None:
    url = add_column(lms, label="V", maximum=10)
    for _ in range(3):
        ask(caller, lms)
        grades.results(caller, url, granted=ALL_SCOPES, at=utc_now())
    assert len(held.token_requests) == 2
    assert {tuple(token.scopes) for token in held.tokens.values()} == {
        (NRPS,),
        (grades.RESULT_READONLY,),
    }


def test_the_queue_keeps_tokens_for_the_next_job_and_encrypted(
    caller: Caller, lms: Lms, held: Services, valkey_url: str
) -> None:
    for _ in range(3):
        ask(afresh(caller, redis_url=valkey_url), lms)
    assert len(held.token_requests) == 1
    with redis.from_url(valkey_url) as connection:
        [place] = connection.scan_iter()
        lasts, kept = connection.ttl(place), connection.get(place)
    assert 3500 < lasts <= 3540  # an hour, but for the last minute
    [token] = held.tokens
    assert token.encode() not in kept
    assert lms.client_id.encode() not in place
    # Another first key of ENCRYPTION_KEYS reads it; a wholly other set asks anew.
    with_new = ("y4Tq81ZbVJ0mKx7RwNcE5sLhGdUa2fOp", *ENCRYPTION_KEYS)
    ask(afresh(caller, redis_url=valkey_url, encryption_keys=with_new), lms)
    assert len(held.token_requests) == 1


@pytest.mark.parametrize(("expires_in", "kept"), [(60, False), (120, True), (None, True)])
def test_a_token_is_not_kept_into_its_last_minute(
    caller: Caller,
    lms: Lms,
    held: Services,
    valkey_url: str,
    expires_in: int | None,
    kept: bool,
) -> None:
    held.expires_in = expires_in
    ask(afresh(caller, redis_url=valkey_url), lms)
    with redis.from_url(valkey_url) as connection:
        lasts = [connection.ttl(place) for place in connection.scan_iter()]
    assert bool(lasts) is kept
    assert all(0 < seconds <= 240 for seconds in lasts)


def test_two_clients_of_one_platform_never_share_a_token(
    engine: sa.Engine, world: World, caller: Caller, lms: Lms, held: Services, valkey_url: str
) -> None:
    """lti.md case 42: Canvas is one issuer with one token address for every school."""
    ask(afresh(caller, redis_url=valkey_url), lms)
    lms.client_id = "tool-2"
    register(engine, lms, world.school)
    other = caller_of(engine, lms, redis_url=valkey_url)
    addresses = [(one.registration.issuer, one.registration.token_url) for one in (caller, other)]
    assert addresses[0] == addresses[1]
    for _ in range(2):
        ask(afresh(other), lms)
        ask(afresh(caller, redis_url=valkey_url), lms)  # its own is still there
    assert [claims["iss"] for claims in held.token_requests] == ["tool-1", "tool-2"]
    with redis.from_url(valkey_url) as connection:
        assert len(list(connection.scan_iter())) == 2


def test_a_queue_that_is_down_costs_a_request_and_nothing_else(
    caller: Caller, lms: Lms, held: Services, tmp_path: Path
) -> None:
    down = f"unix://{tmp_path}/nobody.sock"
    begun = time.monotonic()
    for _ in range(2):
        assert ask(afresh(caller, redis_url=down), lms) == 1
    assert len(held.token_requests) == 2
    assert time.monotonic() - begun < 5


def test_a_queue_that_accepts_and_says_nothing_is_not_waited_for(
    caller: Caller, lms: Lms, tmp_path: Path
) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "silent.sock"))
        silent.listen()
        begun = time.monotonic()
        assert ask(replace(caller, redis_url=f"unix://{tmp_path}/silent.sock"), lms) == 1
        assert time.monotonic() - begun < 8


def test_what_somebody_else_put_in_the_queue_is_no_token(
    caller: Caller, lms: Lms, held: Services, valkey_url: str
) -> None:
    ask(afresh(caller, redis_url=valkey_url), lms)
    with redis.from_url(valkey_url) as connection:
        [place] = connection.scan_iter()
        connection.set(place, b"stolen")
    assert ask(afresh(caller, redis_url=valkey_url), lms) == 1
    assert len(held.token_requests) == 2


def test_a_withdrawn_token_is_replaced_once(
    caller: Caller, lms: Lms, held: Services, valkey_url: str
) -> None:
    """lti.md case 41: 401."""
    caller = replace(caller, redis_url=valkey_url)
    ask(caller, lms)
    held.tokens.clear()
    assert ask(caller, lms) == 1
    assert len(held.token_requests) == 2
    ask(afresh(caller), lms)  # the new one is what is kept
    assert len(held.token_requests) == 2
    held.fail("GET .*/memberships", (401, JSON, b"[]"), times=5)
    with pytest.raises(ServiceError, match="unauthorized") as error:
        ask(caller, lms)
    assert not error.value.passes
    assert len(held.token_requests) == 3
