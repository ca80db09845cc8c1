"""Launches with something changed at random: never a 5xx, and a session only on a good launch."""

import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from tests.lms import LEARNER, Lms, User
from tests.lti.browser import Browser, Started

JUNK: list[Any] = [
    *(None, True, 0, -1, 10**40, 1e308, 0.1, "", " ", "x", "\0", "\ud800", "é" * 300),
    *("$Person.sourcedId", "x" * 3000, "https://evil.example/", "'; DROP TABLE person; --"),
    *([], {}, [None], [[]], ["Learner"], {"id": None}, {"id": "1"}, {"id": []}, {"": ""}),
]


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Find every place inside: container and key or index."""
    places: list[tuple[Any, Any]] = []
    keys = value.keys() if isinstance(value, dict) else range(len(value))
    for key in list(keys):
        places.append((value, key))
        if isinstance(value[key], dict | list):
            places += _places(value[key])
    return places


def _change_claims(rng: random.Random, claims: dict[str, Any]) -> dict[str, Any]:
    changed: dict[str, Any] = json.loads(json.dumps(claims))
    for _ in range(rng.randint(1, 3)):
        container, key = rng.choice(_places(changed))
        if key not in container and not isinstance(container, list):
            continue
        act = rng.random()
        if act < 0.25 and isinstance(container, dict):
            del container[key]
        elif act < 0.4 and isinstance(container, dict):
            container[rng.choice([key.upper(), key + " ", "x"])] = container[key]
        else:
            container[key] = json.loads(json.dumps(rng.choice(JUNK)))
        if not changed:
            break
    return changed


def _change_header(rng: random.Random) -> dict[str, Any]:
    name = rng.choice(["kid", "alg", "typ", "jku", "x5u", "jwk", "crit", "cty", "b64"])
    return {name: rng.choice(JUNK)}


def _change_text(rng: random.Random, text: str) -> str:
    at = rng.randrange(len(text))
    return rng.choice(
        [
            text[:at],
            text[:at] + rng.choice("aZ0-_.=+/ \0é") + text[at + 1 :],
            text[:at] + text[at:].swapcase(),
            text + rng.choice([".", "=", "A", "\n"]),
            text[::-1],
            "",
        ]
    )


def _by_platform(rng: random.Random, lms: Lms, user: User, started: Started) -> dict[str, str]:
    """Let the platform itself sign something odd."""
    claims = _change_claims(rng, lms.claims(user, nonce=started.nonce))
    header = _change_header(rng) if rng.random() < 0.2 else None
    return {"state": started.state, "id_token": lms.sign(claims, header=header)}


def _on_the_way(rng: random.Random, lms: Lms, user: User, started: Started) -> dict[str, str]:
    """Change a good launch after it was signed."""
    form = {"state": started.state, "id_token": lms.sign(lms.claims(user, nonce=started.nonce))}
    name = rng.choice(["state", "id_token", "id_token", "id_token"])
    good = form[name]
    while form[name] == good:
        form[name] = _change_text(rng, good)
    return form


def _throw(lms: Lms, browser: Browser, seeds: range) -> None:
    user = lms.add_user(User("mutant", (LEARNER,), name="Mu Tant", number="M1"))
    for seed in seeds:
        rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
        browser.cookies = {}
        mutate: Callable[..., dict[str, str]] = _by_platform if seed % 3 else _on_the_way
        form = mutate(rng, lms, user, browser.start(lms, user))
        response = browser.post("/lti/launch", form)
        assert response.status_code < 500, (seed, form)
        assert browser.is_signed_in == (response.status_code == 303), (seed, form)
        if mutate is _on_the_way:
            assert response.status_code == 401, (seed, form)


def test_three_hundred_changed_launches_give_no_server_error_and_no_stolen_session(
    lms: Lms, browser: Browser
) -> None:
    _throw(lms, browser, range(300))


@pytest.mark.drill
def test_ten_thousand_changed_launches_give_no_server_error_and_no_stolen_session(
    lms: Lms, browser: Browser
) -> None:
    _throw(lms, browser, range(1_000_000, 1_010_000))
