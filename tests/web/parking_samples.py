"""What the pages about parked people and earlier imports are given; no database."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

MOMENT = datetime(2026, 11, 20, 3, 12, tzinfo=UTC)
SOURCE = UUID(int=601)
COUNTS = {"new": 46, "changed": 2, "same": 1029, "closed": 0, "quarantined": 4, "ignored": 1}


def parked(place: int, **facts: object) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": UUID(int=610 + place),
        "source": "Moodle",
        "name": "Finn Özdemir",
        "number": "S900009",
        "email": None,
        "key": "1207",
        "why": "S900009 is niemand die wij kennen.",
        "seen_at": MOMENT,
        "waiting": 12,
        "is_decided": False,
        "decided_at": None,
        "person": None,
    }
    return told | facts


LONG = parked(
    2,
    name="Wytske-Marijke Alexandra van den Bovenkamp-Hoogendijk tot Westerbeek van Eerten",
    email="wytske-marijke.van.den.bovenkamp-hoogendijk@studenten.roc-rijnoever.example",
    number=None,
    waiting=1,
)
NAMELESS = parked(3, name=None, number=None, key="acct:https://lrs.example/u/8", waiting=0)
KNOWN = parked(4, is_decided=True, decided_at=MOMENT, person="Finn Özdemir")
NOBODY = parked(5, is_decided=True, decided_at=MOMENT, name=None, number=None)
PEOPLE: list[dict[str, Any]] = [
    {"id": UUID(int=630), "name": "Finn Özdemir", "number": "S900002"},
    {"id": UUID(int=631), "name": "Finnegan van der Zwaluw-Ouwehand", "number": None},
]
RUN: dict[str, Any] = {
    "id": UUID(int=640),
    "name": "meetpunt_v1p2_bulk.zip",
    "state": "applied",
    "started_at": MOMENT,
    "by": "Ilse Kramer",
    "counts": COUNTS,
}


def person(told: dict[str, Any], people: list[dict[str, Any]], q: str) -> dict[str, Any]:
    return {"parked": told, "people": people, "is_searched": bool(q), "values": {"q": q}}


LIST = "school/parked.html"
ONE = "school/parked_person.html"
RUNS = "school/runs.html"
PAGES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "parked": (
        "administrator",
        LIST,
        {
            "sources": [
                {"name": "Moodle", "people": [parked(1), LONG]},
                {"name": "Leerplatform", "people": [NAMELESS]},
            ],
            "decided": [KNOWN, NOBODY],
            "ready": [{"id": SOURCE, "name": "Moodle", "rows": 1}],
            "after": UUID(int=612),
        },
    ),
    "parked-empty": (
        "administrator",
        LIST,
        {"sources": [], "decided": [], "ready": [], "after": None},
    ),
    "parked-person": ("administrator", ONE, person(parked(1), PEOPLE, "finn")),
    "parked-person-nobody-found": ("administrator", ONE, person(NAMELESS, [], "xx")),
    "parked-person-decided": ("administrator", ONE, person(KNOWN, [], "")),
    "runs": (
        "administrator",
        RUNS,
        {
            "source": "OneRoster",
            "source_id": SOURCE,
            "runs": [RUN, RUN | {"id": UUID(int=641), "state": "refused", "by": None}],
            "before": UUID(int=641),
        },
    ),
    "runs-empty": (
        "administrator",
        RUNS,
        {"source": None, "source_id": None, "runs": [], "before": None},
    ),
}
