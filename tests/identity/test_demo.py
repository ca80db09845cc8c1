"""Demo sign-in, behind its fence: on this computer, in the demo, and nowhere else."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask import Flask

from app import create_app
from identity import demo
from identity.requests import SECRET
from settings import Settings
from tests.browsers import ORIGIN, Browser
from tests.world import World
from tracker.db import unit_of_work, utc_now
from tracker.models import Person, PersonState, SchoolRole
from tracker.people import add_person, add_school

NEAR = {"REMOTE_ADDR": "127.0.0.1"}


@pytest.fixture
def cast(engine: sa.Engine) -> dict[str, Person]:
    """Add the demo school and whom it offers, by slug."""
    found = demo.people()
    at = utc_now()
    with unit_of_work(engine) as session:
        school = add_school(
            session, slug=found["school"], name="Demo", timezone="Europe/Amsterdam", at=at
        )
        return {
            slug: add_person(
                session,
                by=None,
                school=school,
                name=f"Demo {slug}",
                number=entry["number"],
                roles=[SchoolRole(entry["role"])],
                at=at,
            )
            for slug, entry in found["people"].items()
        }


def come_in(browser: Browser, slug: str = "coach", **options: object) -> int:
    answer = browser.client.post(
        "/sign-in/demo",
        data={"csrf_token": browser.csrf(), "person": slug},
        **{"base_url": ORIGIN, "environ_base": NEAR, **options},
    )
    return int(answer.status_code)


def test_the_demo_offers_every_kind_of_reader(cast: dict[str, Person]) -> None:
    assert set(cast) == {"student", "peer", "coach", "supervisor", "teacher", "administrator"}


@pytest.mark.parametrize("slug", ["student", "coach", "supervisor", "administrator"])
def test_whoever_is_chosen_comes_in_at_the_own_start_page(
    app: Flask, cast: dict[str, Person], slug: str
) -> None:
    browser = Browser(app)
    answer = browser.post("/sign-in/demo", {"person": slug})
    assert answer.status_code == 303
    assert answer.headers["Location"] == ("/school" if slug == "administrator" else f"/{slug}")
    assert browser.who() == f"Demo {slug}"


def test_a_script_comes_in_without_a_token_but_another_site_does_not(
    app: Flask, cast: dict[str, Person]
) -> None:
    def answer(**headers: str) -> int:
        return (
            app.test_client()
            .post(
                "/sign-in/demo",
                data={"person": "coach"},
                base_url=ORIGIN,
                environ_base=NEAR,
                headers=headers,
            )
            .status_code
        )

    assert answer() == 303
    assert answer(Origin="https://elders.example") == 403


@pytest.mark.parametrize(
    "options",
    [
        {"environ_base": {"REMOTE_ADDR": address}}
        for address in ("10.0.0.5", "192.168.1.2", "8.8.8.8", "::ffff:10.0.0.5", "fe80::1", "")
    ]
    + [
        {"base_url": f"http://{host}"}
        for host in (
            "leerspoor.nl",
            "localhost.kwaad.example",
            "127.0.0.1.kwaad.example:8000",
            "10.0.0.5:8000",
            "kwaad.example",
        )
    ]
    + [
        {"headers": {name: "127.0.0.1"}}
        for name in (
            "Forwarded",
            "X-Forwarded-For",
            "X-Forwarded-Host",
            "X-Forwarded-Proto",
            "X-Forwarded-Port",
            "X-Forwarded-Prefix",
            "X-Forwarded-Anything",
        )
    ],
    ids=str,
)
def test_who_does_not_come_from_this_computer_itself_finds_nothing(
    app: Flask, cast: dict[str, Person], options: dict[str, object]
) -> None:
    base_url = str(options.get("base_url", ORIGIN))
    browser = Browser(app)
    token = browser.csrf()
    with browser.client.session_transaction(base_url=base_url) as cookie:
        cookie["csrf_token"] = browser.cookie["csrf_token"]
    answer = browser.client.post(
        "/sign-in/demo",
        data={"csrf_token": token, "person": "coach"},
        **{"base_url": base_url, "environ_base": NEAR, **options},  # type: ignore[arg-type]  # as werkzeug takes them
    )
    assert answer.status_code == 404
    with browser.client.session_transaction(base_url=base_url) as cookie:
        assert SECRET not in cookie


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8001", "127.0.0.1:1", "[::1]:8000", "[::1]"]
)
@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1"])
def test_every_name_of_this_computer_is_this_computer(
    app: Flask, cast: dict[str, Person], host: str, address: str
) -> None:
    environ = {"REMOTE_ADDR": address}
    answer = app.test_client().get("/sign-in", base_url=f"http://{host}", environ_base=environ)
    assert "/sign-in/demo" in answer.get_data(as_text=True)


def test_the_sign_in_page_offers_nobody_from_elsewhere(app: Flask, cast: dict[str, Person]) -> None:
    answer = app.test_client().get("/sign-in", environ_base={"REMOTE_ADDR": "10.0.0.5"})
    assert answer.status_code == 200
    assert "/sign-in/demo" not in answer.get_data(as_text=True)


@pytest.fixture
def shut(settings: Settings) -> Iterator[Flask]:
    """Start the same installation without the demo."""
    app = create_app(replace(settings, is_demo=False))
    yield app
    app.extensions["engine"].dispose()


@pytest.fixture
def behind_proxy(settings: Settings) -> Iterator[Flask]:
    """Start it in the demo, and behind a proxy."""
    app = create_app(replace(settings, trusted_proxies=("127.0.0.1",)))
    yield app
    app.extensions["engine"].dispose()


def test_without_the_demo_nobody_comes_in_unasked(shut: Flask, cast: dict[str, Person]) -> None:
    assert come_in(Browser(shut)) == 404
    page = Browser(shut).get("/sign-in").get_data(as_text=True)
    assert "/sign-in/demo" not in page


def test_behind_a_proxy_nobody_comes_in_unasked(
    behind_proxy: Flask, cast: dict[str, Person]
) -> None:
    assert come_in(Browser(behind_proxy)) == 404


@pytest.mark.parametrize("slug", ["", "nobody", "C900001", "../coach", "\0"])
def test_who_is_not_of_the_demo_does_not_come_in(
    app: Flask, cast: dict[str, Person], slug: str
) -> None:
    assert come_in(Browser(app), slug) == 404


def test_a_person_of_another_school_with_the_same_number_does_not_come_in(
    app: Flask, engine: sa.Engine, world: World
) -> None:
    number = demo.people()["people"]["coach"]["number"]
    with unit_of_work(engine, school_id=world.school.id) as session:
        session.get_one(Person, (world.school.id, world.coach.id)).number = number
    assert come_in(Browser(app)) == 404


def test_without_the_demo_school_nobody_comes_in(app: Flask) -> None:
    assert come_in(Browser(app)) == 404


@pytest.mark.parametrize("state", [PersonState.SUSPENDED, PersonState.LEFT])
def test_who_is_suspended_does_not_come_in(
    app: Flask, engine: sa.Engine, cast: dict[str, Person], state: PersonState
) -> None:
    coach = cast["coach"]
    with unit_of_work(engine, school_id=coach.school_id) as session:
        session.get_one(Person, (coach.school_id, coach.id)).state = state
    browser = Browser(app)
    assert come_in(browser) == 403
    assert SECRET not in browser.cookie


# Signing in over what was there


def test_a_session_set_beforehand_never_survives_signing_in(
    app: Flask, world: World, cast: dict[str, Person]
) -> None:
    thief, victim = Browser(app, world.teacher), Browser(app)
    victim.cookie = thief.cookie
    preset = thief.cookie[SECRET]
    assert come_in(victim, "student") == 303
    assert victim.cookie[SECRET] != preset
    assert victim.who() == "Demo student"
    assert thief.who() is None
    row = victim.row(preset)
    assert row is not None
    assert row.ended_at is not None


def test_signing_in_twice_makes_two_secrets_and_leaves_one(
    app: Flask, cast: dict[str, Person]
) -> None:
    browser = Browser(app)
    come_in(browser)
    first = browser.cookie[SECRET]
    come_in(browser)
    assert browser.cookie[SECRET] != first
    earlier = browser.row(first)
    assert earlier is not None
    assert earlier.ended_at is not None


def test_what_the_last_person_left_in_the_cookie_is_gone_but_the_language(
    app: Flask, cast: dict[str, Person]
) -> None:
    browser = Browser(app)
    browser.cookie = {"frame_origins": ["https://lms.example"], "language": "en", "other": 1}
    come_in(browser)
    assert set(browser.cookie) == {SECRET, "language"}
