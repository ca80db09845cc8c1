"""Messages with something changed at random: never a 5xx, and a session only on a good one.

Resource links, deep linking requests and submission reviews; what starts a login; and what the
platform's storage vouches for.
"""

import random
from collections.abc import Callable

import httpx
import pytest

from tests.lms import INSTRUCTOR, LEARNER, Lms, User
from tests.lti import mutating
from tests.lti.browser import Browser
from tests.lti.test_storage import begin, come_without_cookie, confirm

Throw = Callable[[random.Random, Lms, Browser, User], httpx.Response]
LEARNING = User("mutant", (LEARNER,), name="Mu Tant", number="M1")
TEACHING = User("teaching", (INSTRUCTOR,), name="Te Acher", number="T1")


def _by_platform(rng: random.Random, lms: Lms, browser: Browser, user: User) -> httpx.Response:
    """Let the platform itself sign something odd."""
    started = browser.start(lms, user)
    good = lms.claims(user, nonce=started.nonce, **mutating.message(rng, lms, LEARNING))
    header = mutating.change_header(rng) if rng.random() < 0.2 else None
    token = lms.sign(mutating.change_claims(rng, good), header=header)
    return browser.come_back(started, token)


def _on_the_way(rng: random.Random, lms: Lms, browser: Browser, user: User) -> httpx.Response:
    """Change a good launch after it was signed."""
    started = browser.start(lms, user)
    good = lms.claims(user, nonce=started.nonce, **mutating.message(rng, lms, LEARNING))
    form = {"state": started.state, "id_token": lms.sign(good)}
    name = rng.choice(["state", "id_token", "id_token", "id_token"])
    response = browser.post("/lti/launch", {**form, name: mutating.change_text(rng, form[name])})
    assert response.status_code == 401
    return response


def _at_the_login(rng: random.Random, lms: Lms, browser: Browser, user: User) -> httpx.Response:
    """Start a login with other parameters; who goes on goes to this platform and nowhere else."""
    good = lms.login(user, lti_storage_target=rng.choice([None, "_parent"]))
    sent = mutating.encoded(mutating.change_parameters(rng, good))
    if rng.random() < 0.5:
        response = browser.get(f"/lti/login?{sent}")
    else:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        response = browser.send("POST", "/lti/login", content=sent, headers=headers)
    assert response.status_code in {200, 302, 400}
    if response.status_code == 302:
        assert response.headers["location"].startswith(f"{lms.auth_url}?")
    return response


def _at_the_storage(rng: random.Random, lms: Lms, browser: Browser, user: User) -> httpx.Response:
    """Change what comes back from the platform's storage."""
    started, value = begin(browser, lms, user)
    good = {**come_without_cookie(browser, lms, user, started), "value": value}
    name = rng.choice(list(good))
    response = confirm(browser, good, **{name: mutating.change_text(rng, good[name])})
    assert response.status_code in {401, 403}
    return response


WAYS: tuple[Throw, ...] = (
    *(_by_platform, _by_platform, _by_platform, _by_platform, _by_platform),
    *(_on_the_way, _on_the_way, _at_the_login, _at_the_login, _at_the_storage),
)


def _throw(lms: Lms, browser: Browser, seeds: range) -> None:
    for user in (LEARNING, TEACHING):
        lms.add_user(user)
        assert browser.launch(lms, user).status_code == 303
    came_in = refused = 0
    for seed in seeds:
        rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
        browser.cookies = {}
        response = WAYS[seed % len(WAYS)](rng, lms, browser, rng.choice([LEARNING, TEACHING]))
        assert response.status_code < 500, (seed, response.text)
        assert browser.is_signed_in == (response.status_code == 303), seed
        refused += response.status_code >= 400
        if browser.is_signed_in:  # what was let in breaks no page either
            came_in += 1
            assert browser.get(response.headers["location"]).status_code < 500, seed
    assert came_in > len(seeds) / 20
    assert refused > len(seeds) / 4


def test_a_hundred_changed_messages_give_no_server_error_and_no_stolen_session(
    lms: Lms, browser: Browser
) -> None:
    _throw(lms, browser, range(100))


# lti.md case 7
@pytest.mark.drill
@pytest.mark.parametrize("thousand", range(10))
def test_ten_thousand_changed_messages_give_no_server_error_and_no_stolen_session(
    lms: Lms, browser: Browser, thousand: int
) -> None:
    _throw(lms, browser, range(1_000_000 + thousand * 1000, 1_001_000 + thousand * 1000))
