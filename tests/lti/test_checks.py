"""The self-test of a connection: each finding, against an LMS that is ill in just that way."""

import json
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID
from flask import Flask

from lti import http
from lti.connecting.checks import GRADES, NAMES, address, check, token_outcome
from lti.connecting.findings import CHECKS, FINDINGS
from lti.launching.launch_log import log_launch
from lti.models import Context, Deployment, DeploymentState, Registration
from settings import Settings
from tests import lms as platforms
from tests.lms import Lms, private_key
from tests.lms_services import LINE_ITEM, NRPS, SCORE, Services, services
from tests.lti.registering import register
from tests.world import World
from tracker.db import unit_of_work, utc_now


@pytest.fixture
def ill(site: str, engine: sa.Engine, world: World) -> Iterator[Lms]:
    """Run an LMS that is registered and switched on, for its services to be made ill."""
    with platforms.running(site) as running:
        register(engine, running, world.school)
        yield running


@pytest.fixture
def held(ill: Lms) -> Services:
    return services(ill)


class SelfTest:
    """Runs the self-test of the one registration there is, changed as a test wants."""

    def __init__(self, app: Flask, engine: sa.Engine) -> None:
        self.app, self.engine = app, engine

    def change(self, **values: Any) -> None:
        with unit_of_work(self.engine) as session:
            session.execute(sa.update(Registration).values(values))

    @property
    def registration(self) -> Registration:
        with unit_of_work(self.engine, writes=False) as session:
            return session.scalars(sa.select(Registration)).one()

    def run(self, **shift: float) -> dict[str, str]:
        settings: Settings = self.app.extensions["settings"]
        at = utc_now() + timedelta(**shift)
        return check(self.engine, settings, self.registration, at=at)


@pytest.fixture
def tester(app: Flask, engine: sa.Engine) -> SelfTest:
    return SelfTest(app, engine)


def add_course(engine: sa.Engine, world: World, **urls: str) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        deployment = session.scalars(sa.select(Deployment)).one()
        session.add(
            Context(
                school_id=world.school.id,
                deployment_id=deployment.id,
                lti_id=f"course {len(urls)}",
                created_at=utc_now(),
                **urls,
            )
        )


def test_all_is_well_with_a_platform_that_works(
    tester: SelfTest, held: Services, engine: sa.Engine, world: World
) -> None:
    add_course(engine, world, memberships_url="http://x/m", lineitems_url="http://x/l")
    found = tester.run()
    assert found == {**dict.fromkeys(CHECKS, "ok"), "address": "address_this_computer"}
    assert tester.registration.check_result == found
    assert tester.registration.checked_at is not None


def test_a_platform_that_is_gone_is_unreachable(tester: SelfTest, ill: Lms) -> None:
    tester.change(jwks_url="http://127.0.0.1:9/jwks", token_url="http://127.0.0.1:9/token")
    found = tester.run()
    assert (found["keys"], found["token"]) == ("keys_unreachable", "token_unreachable")
    assert found["clock"] == "clock_unknown"
    assert found["names"] == found["grades"] == "services_untested"


def test_a_private_address_of_the_platform_is_named(tester: SelfTest, ill: Lms) -> None:
    tester.change(jwks_url="https://10.0.0.1/jwks")
    assert tester.run()["keys"] == "keys_private"


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ((404, "text/html", b"<html>"), "keys_wrong_address"),
        ((200, "text/html", b"<html>"), "keys_unusable"),
        ((200, "application/json", b'{"keys": []}'), "keys_unusable"),
        ((200, "application/json", b'{"keys": [{"kty": "EC", "kid": "1"}]}'), "keys_unusable"),
    ],
)
def test_keys_that_cannot_be_used_are_named(
    tester: SelfTest, ill: Lms, fault: Any, code: str
) -> None:
    ill.faults = lambda: fault
    assert tester.run()["keys"] == code


@pytest.fixture
def self_signed(tmp_path: Path) -> Iterator[str]:
    """Serve https with a certificate that nobody vouches for; returns the address."""
    key = private_key(1)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(utc_now() - timedelta(days=1))
        .not_valid_after(utc_now() + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "server.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}/jwks"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_certificate_that_is_not_right_is_named(
    tester: SelfTest, ill: Lms, self_signed: str
) -> None:
    tester.change(jwks_url=self_signed)
    assert tester.run()["keys"] == "keys_certificate"


@pytest.mark.parametrize("minutes", [-5, 5])
def test_clocks_that_differ_are_named(tester: SelfTest, held: Services, minutes: float) -> None:
    assert tester.run(minutes=minutes)["clock"] == "clock_differs"


def test_a_platform_that_finds_our_request_too_old_points_at_the_clock(
    tester: SelfTest, held: Services
) -> None:
    assert tester.run(hours=-1)["token"] == "token_clock"


def test_a_platform_that_cannot_fetch_our_keys_is_named(tester: SelfTest, held: Services) -> None:
    held.can_fetch_keys = False
    found = tester.run()
    assert found["token"] == "token_our_keys"
    assert found["names"] == "services_untested"


def test_a_wrong_client_id_is_named(tester: SelfTest, held: Services) -> None:
    tester.change(client_id="someone-else")
    assert tester.run()["token"] == "token_client"


def test_a_wrong_audience_is_named(tester: SelfTest, held: Services) -> None:
    held.audience = "https://api.example/auth/token"
    assert tester.run()["token"] == "token_audience"
    tester.change(audience="https://api.example/auth/token")
    assert tester.run()["token"] == "ok"


def test_a_token_address_that_leads_elsewhere_is_named(tester: SelfTest, ill: Lms) -> None:
    tester.change(token_url=f"{ill.url}/nergens")
    assert tester.run()["token"] == "token_wrong_address"
    tester.change(token_url=f"{ill.url}/token?x=1")
    services(ill).fail("POST /token", (200, "text/html", b"<html>Inloggen"), times=1)
    assert tester.run()["token"] == "token_wrong_address"


def test_any_other_refusal_says_to_look_in_the_lms(tester: SelfTest, held: Services) -> None:
    held.fail("POST /token", (403, "text/plain", b"no"))
    assert tester.run()["token"] == "token_refused"


def test_our_own_key_that_cannot_be_read_is_named(
    app: Flask, tester: SelfTest, held: Services
) -> None:
    assert tester.run()["token"] == "ok"
    settings = app.extensions["settings"]
    app.extensions["settings"] = replace(settings, encryption_keys=("z" * 44,))
    assert tester.run()["token"] == "token_own_key"


@pytest.mark.parametrize(
    ("granted", "names", "grades"),
    [
        ({NRPS}, "courses_none_yet", "grades_not_allowed"),
        ({LINE_ITEM, SCORE}, "names_not_allowed", "courses_none_yet"),
        ({LINE_ITEM}, "names_not_allowed", "grades_not_allowed"),
        ({NRPS, LINE_ITEM, SCORE}, "courses_none_yet", "courses_none_yet"),
    ],
)
def test_services_that_the_platform_does_not_allow_are_named(
    tester: SelfTest, held: Services, granted: set[str], names: str, grades: str
) -> None:
    held.granted = frozenset(granted)
    found = tester.run()
    assert (found["token"], found["names"], found["grades"]) == ("ok", names, grades)


def test_courses_that_come_without_a_service_are_named(
    tester: SelfTest, held: Services, engine: sa.Engine, world: World
) -> None:
    add_course(engine, world)
    found = tester.run()
    assert (found["names"], found["grades"]) == ("names_not_sent", "grades_not_sent")
    add_course(engine, world, memberships_url="http://x/m")
    found = tester.run()
    assert (found["names"], found["grades"]) == ("ok", "grades_not_sent")


def test_deployments_that_are_off_or_unknown_are_named(
    tester: SelfTest, held: Services, engine: sa.Engine
) -> None:
    with unit_of_work(engine) as session:
        session.execute(sa.update(Deployment).values(state=DeploymentState.INACTIVE))
    assert tester.run()["deployments"] == "deployments_waiting"
    with unit_of_work(engine) as session:
        session.execute(sa.delete(Deployment))
    assert tester.run()["deployments"] == "deployments_none"


def test_an_issuer_with_a_slash_is_suspect_until_somebody_came_in(
    tester: SelfTest, held: Services, engine: sa.Engine, world: World
) -> None:
    tester.change(issuer="https://lms.example/")
    assert tester.run()["issuer"] == "issuer_slash"
    with unit_of_work(engine, school_id=world.school.id) as session:
        registration = session.scalars(sa.select(Registration)).one()
        log_launch(
            session,
            school_id=world.school.id,
            registration_id=registration.id,
            code="launched",
            at=utc_now(),
        )
    assert tester.run()["issuer"] == "ok"


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://127.0.0.1:8000", "address_this_computer"),
        ("http://leerspoor.example", "address_not_https"),
        ("https://10.0.0.1", "address_private"),
        ("https://[fd00::1]", "address_private"),
        ("https://93.184.215.14:8443", "address_odd_port"),
        ("https://93.184.215.14", "ok"),
        ("https://leerspoor.invalid", "address_unknown"),
    ],
)
def test_an_address_of_ours_that_no_lms_can_use_is_named(url: str, code: str) -> None:
    assert address(url) == code


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("token_ok", "ok"),
        ("token_unknown_scope", "scope_missing"),
        ("token_mixed_scope", "scope_missing"),
        ("token_expired", "token_clock"),
        ("token_wrong_client", "token_client"),
        ("token_bad_kid", "token_our_keys_old"),
    ],
)
def test_what_a_real_moodle_answers_is_understood(
    field_data: Path, name: str, outcome: str
) -> None:
    recorded = json.loads((field_data / "moodle-lti" / "raw-services.json").read_text("utf-8"))
    answer = http.Answer(recorded[name]["status"], recorded[name]["body"].encode())
    assert token_outcome(answer, f"{NAMES} {GRADES}") == outcome


def test_every_finding_has_words_and_every_code_is_a_finding() -> None:
    source = Path(check.__code__.co_filename).read_text("utf-8")
    named = {code for code in FINDINGS if f'"{code}"' in source}
    assert named == set(FINDINGS)
    quoted = {part for part in source.split('"') if "_" in part and part.split("_")[0] in CHECKS}
    assert {one for one in quoted if one.isidentifier()} - {"names", *FINDINGS} == set()


def test_nothing_about_people_is_kept_or_logged(
    tester: SelfTest, held: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    held.fail("POST /token", (400, "application/json", b'{"error": "Sanne Student"}'))
    found = tester.run()
    assert set(found) == set(CHECKS)
    assert set(found.values()) <= {"ok", *FINDINGS}
    assert "Sanne" not in capsys.readouterr().err
