"""Our own keys, and the address where platforms read them."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import jwt
import pytest
import sqlalchemy as sa
import structlog
from cryptography.fernet import InvalidToken
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from flask import Flask
from jwt.algorithms import RSAAlgorithm

from lti import keys
from lti.jobs import rotate_keys
from lti.models import Key, KeyState
from tests.lti.browser import Browser
from tracker.db import unit_of_work, utc_now

FIRST, SECOND = "f" * 44, "s" * 44


def states(engine: sa.Engine) -> list[KeyState]:
    with unit_of_work(engine) as session:
        return list(session.scalars(sa.select(Key.state).order_by(Key.id)))


def test_a_key_is_published_two_days_before_it_signs_and_two_weeks_after(engine: sa.Engine) -> None:
    at = utc_now()

    def rotate(after: timedelta) -> object:
        with unit_of_work(engine) as session:
            return keys.rotate(session, encryption_keys=[FIRST], at=at + after)

    assert rotate(timedelta()) == at + timedelta(hours=48)
    assert states(engine) == [KeyState.ACTIVE, KeyState.NEXT]
    assert rotate(timedelta(hours=47)) == at + timedelta(hours=48)
    assert rotate(timedelta(hours=48)) is None
    assert states(engine) == [KeyState.RETIRED, KeyState.ACTIVE, KeyState.NEXT]
    assert rotate(timedelta(days=10)) is None
    assert states(engine) == [KeyState.RETIRED] * 2 + [KeyState.ACTIVE, KeyState.NEXT]
    assert rotate(timedelta(days=17)) is None  # the first retired on day 2
    assert states(engine) == [KeyState.RETIRED] * 2 + [KeyState.ACTIVE, KeyState.NEXT]


def test_what_we_sign_can_be_checked_with_what_we_publish_at_every_step(
    engine: sa.Engine, site: str, browser: Browser
) -> None:
    at = utc_now()
    signed: list[str] = []
    for days in (0, 2, 4):
        with unit_of_work(engine) as session:
            keys.rotate(session, encryption_keys=[FIRST], at=at + timedelta(days=days))
            kid, private = keys.signing_key(session, encryption_keys=[FIRST])
        signed.append(jwt.encode({"n": days}, private, algorithm="RS256", headers={"kid": kid}))
        published = {jwk["kid"]: jwk for jwk in browser.get("/lti/jwks").json()["keys"]}
        for token in signed:
            jwk = published[jwt.get_unverified_header(token)["kid"]]
            assert {"alg": "RS256", "use": "sig", "kty": "RSA"}.items() <= jwk.items()
            key = RSAAlgorithm.from_jwk(jwk)
            assert isinstance(key, RSAPublicKey)
            jwt.decode(token, key, algorithms=["RS256"])
    assert len(published) == 4


def test_the_published_set_holds_public_parts_only(
    engine: sa.Engine, site: str, browser: Browser
) -> None:
    assert browser.get("/lti/jwks").json() == {"keys": []}
    with unit_of_work(engine) as session:
        keys.ensure_keys(session, encryption_keys=[FIRST], at=utc_now())
        keys.ensure_keys(session, encryption_keys=[FIRST], at=utc_now())
    response = browser.get("/lti/jwks")
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "public, max-age=600"
    listed = response.json()["keys"]
    assert [set(jwk) for jwk in listed] == [{"kty", "n", "e", "kid", "alg", "use"}] * 2


def test_private_keys_are_encrypted_with_the_first_key_and_read_with_each(
    engine: sa.Engine,
) -> None:
    with unit_of_work(engine) as session:
        keys.ensure_keys(session, encryption_keys=[FIRST], at=utc_now())
        stored = session.scalars(sa.select(Key.private)).all()
        assert all("PRIVATE" not in text for text in stored)
        kid, _ = keys.signing_key(session, encryption_keys=[SECOND, FIRST])
        assert kid == session.scalars(sa.select(Key.kid).where(Key.state == KeyState.ACTIVE)).one()
        with pytest.raises(InvalidToken):
            keys.signing_key(session, encryption_keys=[SECOND])
        keys.rotate(session, encryption_keys=[SECOND, FIRST], at=utc_now() + timedelta(days=3))
        coming = session.scalars(sa.select(Key).where(Key.state == KeyState.NEXT)).one()
        coming.state = KeyState.ACTIVE
        session.execute(sa.update(Key).where(Key.id != coming.id).values(state=KeyState.RETIRED))
        assert keys.signing_key(session, encryption_keys=[SECOND])[0] == coming.kid


def rotate_when_due(engine: sa.Engine, at: datetime, *encryption_keys: str) -> bool:
    return keys.rotate_when_due(engine, encryption_keys=encryption_keys or (FIRST,), at=at)


def test_keys_rotate_by_themselves_once_a_month(engine: sa.Engine) -> None:
    at, rotated = utc_now(), []
    for day in range(92):
        if rotate_when_due(engine, at + timedelta(days=day)):
            rotated.append(day)
        rotate_when_due(engine, at + timedelta(days=day, hours=1))
        expected = [KeyState.ACTIVE, KeyState.NEXT]
        if rotated and day - rotated[-1] < 14:
            expected.insert(0, KeyState.RETIRED)
        assert states(engine) == expected, day
    assert rotated == [30, 60, 90]


def test_a_rotation_by_hand_begins_a_new_month(engine: sa.Engine) -> None:
    at = utc_now()
    rotate_when_due(engine, at)
    with unit_of_work(engine) as session:
        keys.rotate(session, encryption_keys=[FIRST], at=at + timedelta(days=20))
    assert not rotate_when_due(engine, at + timedelta(days=30))
    assert rotate_when_due(engine, at + timedelta(days=50))


def test_two_workers_that_rotate_at_once_rotate_once(engine: sa.Engine) -> None:
    at = utc_now()
    rotate_when_due(engine, at)
    start = threading.Barrier(2)

    def one(_number: int) -> bool:
        start.wait(10)
        return rotate_when_due(engine, at + timedelta(days=31))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(one, range(2)))
    assert states(engine) == [KeyState.RETIRED, KeyState.ACTIVE, KeyState.NEXT]


def test_a_new_first_encryption_key_encrypts_everything_so_that_the_old_one_may_go(
    engine: sa.Engine,
) -> None:
    at = utc_now()
    rotate_when_due(engine, at)
    with unit_of_work(engine) as session:
        before, _ = keys.signing_key(session, encryption_keys=[FIRST])
        assert keys.encrypt_anew(session, encryption_keys=[FIRST]) == 0
    assert not rotate_when_due(engine, at, SECOND, FIRST)
    with unit_of_work(engine) as session:
        assert keys.signing_key(session, encryption_keys=[SECOND])[0] == before
        with pytest.raises(InvalidToken):
            keys.signing_key(session, encryption_keys=[FIRST])
        assert keys.encrypt_anew(session, encryption_keys=[SECOND]) == 0


def test_a_key_that_no_encryption_key_opens_is_named_and_left(engine: sa.Engine) -> None:
    at = utc_now()
    rotate_when_due(engine, at)
    with unit_of_work(engine) as session, structlog.testing.capture_logs() as logs:
        assert keys.encrypt_anew(session, encryption_keys=[SECOND]) == 0
        assert len(logs) == 2
        assert keys.signing_key(session, encryption_keys=[FIRST])


def test_the_job_that_the_worker_runs_each_day_keeps_the_keys(
    app: Flask, engine: sa.Engine
) -> None:
    with app.app_context():
        rotate_keys()
    assert states(engine) == [KeyState.ACTIVE, KeyState.NEXT]
