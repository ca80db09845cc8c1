"""Messages of every kind, changed at random, as a platform or somebody in between could."""

import json
import random
from typing import Any
from urllib.parse import urlencode

from lti.launching.claims import CUSTOM, ENDPOINT, PLATFORM, PRESENTATION, ROSTER
from tests.lms import Lms, User
from tests.lms_pages import asking

JUNK: list[Any] = [
    *(None, True, 0, -1, 10**40, 1e308, 0.1, "", " ", "x", "\0", "\ud800", "é" * 300),
    *("$Person.sourcedId", "x" * 3000, "https://evil.example/", "'; DROP TABLE person; --"),
    *([], {}, [None], [[]], ["Learner"], {"id": None}, {"id": "1"}, {"id": []}, {"": ""}),
    *("http://[::1", "http://a:99999/", "javascript:alert(1)", "goal:x", "lesson:é", "goals"),
]
# A byte that is no UTF-8 travels as a surrogate.
TEXTS = [
    *("", " ", "\0", "x", "x" * 9000, "é" * 300, "\udcff", "\r\nSet-Cookie: a=b", "null", "../.."),
    *("https://evil.example/", "http://[::1", "http://a:99999/", "javascript:alert(1)", "\u202e"),
]
HEADER = ("kid", "alg", "typ", "jku", "x5u", "jwk", "crit", "cty", "b64")


def message(rng: random.Random, lms: Lms, student: User) -> dict[str, Any]:
    """Return what makes a launch some good message: changes for `Lms.claims`."""
    services: dict[str, Any] = {
        ENDPOINT: {
            "scope": ["https://purl.imsglobal.org/spec/lti-ags/scope/score"],
            "lineitems": f"{lms.url}/lineitems",
            "lineitem": f"{lms.url}/lineitems/1/lineitem",
        },
        ROSTER: {"context_memberships_url": f"{lms.url}/members", "service_versions": ["2.0"]},
        CUSTOM: {"page": "goals", "ref": "1"},
        PLATFORM: {"guid": "1", "product_family_code": "moodle"},
        PRESENTATION: {"document_target": "iframe", "return_url": f"{lms.url}/course"},
        "__role_scope_mentor": [student.sub, "nobody"],
    }
    kept = {name: value for name, value in services.items() if rng.random() < 0.5}
    return kept | rng.choice(
        [
            {},
            asking(lms, data="kept for you"),
            {
                "__message_type": "LtiSubmissionReviewRequest",
                "__for_user": {"user_id": student.sub},
                ENDPOINT: services[ENDPOINT],
            },
        ]
    )


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Find every place inside: container and key or index."""
    places: list[tuple[Any, Any]] = []
    keys = value.keys() if isinstance(value, dict) else range(len(value))
    for key in list(keys):
        places.append((value, key))
        if isinstance(value[key], dict | list):
            places += _places(value[key])
    return places


def change_claims(rng: random.Random, claims: dict[str, Any]) -> dict[str, Any]:
    """Return the claims with one to three things gone, renamed or replaced by junk."""
    changed: dict[str, Any] = json.loads(json.dumps(claims))
    for _ in range(rng.randint(1, 3)):
        container, key = rng.choice(_places(changed))
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


def change_header(rng: random.Random) -> dict[str, Any]:
    """Return an entry for a token's header."""
    return {rng.choice(HEADER): rng.choice(JUNK)}


def change_text(rng: random.Random, text: str) -> str:
    """Return another text: cut, twisted or longer."""
    changed = text
    while changed == text:
        at = rng.randrange(len(text))
        changed = rng.choice(
            [
                text[:at],
                text[:at] + rng.choice("aZ0-_.=+/ \0é") + text[at + 1 :],
                text[:at] + text[at:].swapcase(),
                text + rng.choice([".", "=", "A", "\n"]),
                text[::-1],
                "",
            ]
        )
    return changed


def change_parameters(rng: random.Random, parameters: dict[str, str]) -> list[tuple[str, str]]:
    """Return parameters of which some are gone, there twice, renamed, or say something else."""
    changed = list(parameters.items())
    for _ in range(rng.randint(1, 3)):
        if not changed:
            break
        at = rng.randrange(len(changed))
        name, value = changed[at]
        other = change_text(rng, value) if value and rng.random() < 0.5 else rng.choice(TEXTS)
        changed[at : at + 1] = rng.choice(
            [[], [(name, other)], [(name, value), (name, other)], [(name.upper(), value)]]
        )
    return changed


def encoded(parameters: list[tuple[str, str]]) -> str:
    """Write parameters as a browser or something worse would."""
    return urlencode(parameters, errors="surrogateescape")
