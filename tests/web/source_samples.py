"""What the pages about systems that are read on time are given; no database."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

MOMENT = datetime(2026, 11, 19, 2, 41, tzinfo=UTC)
TONIGHT = datetime(2026, 11, 20, 2, 41, tzinfo=UTC)
SOURCE, RUN = UUID(int=601), UUID(int=13)
REASON = (
    "Het systeem laat ons met deze sleutel niet binnen.",
    "Maak daar een nieuwe sleutel en vul die in bij deze bron.",
)
COUNTS = {"new": 12, "changed": 3, "same": 1204, "closed": 0, "quarantined": 2, "ignored": 0}
FORM: dict[str, Any] = {"values": {"cadence": "nightly", "match_on": "number"}, "errors": {}}


def source(health: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": SOURCE,
        "name": "Leeromgeving",
        "kind": "moodle",
        "url": "https://moodle.meetpunt.example",
        "is_of_files": False,
        "is_sent": False,
        "health": health,
        "reason": None,
        "troubles": [changes["reason"]] if "reason" in changes else [],
        "cadence": "nightly",
        "last_ok_at": MOMENT,
        "due_at": TONIGHT,
        "is_paused": False,
        "run_id": RUN,
        **changes,
    }


def _page(health: str, **changes: Any) -> dict[str, Any]:
    runs = [
        {"id": RUN, "state": state, "started_at": MOMENT, "counts": COUNTS}
        for state in ("applied", "failed", "previewed")
    ]
    values = {
        "url": "https://moodle.meetpunt.example",
        "cadence": "nightly",
        "match_on": "number",
        "options": "courses=2,5",
    }
    return {
        "source": source(health, **changes),
        "has_secret": True,
        "runs": runs,
        "values": values,
        "errors": {},
    }


STOPPED = {"reason": REASON, "is_paused": True, "due_at": None}
SOURCES = [
    source("good"),
    source("stopped", name="Praktijkleren in de zorg en het sociaal werk", **STOPPED),
    source("part", name="Oefenboek", kind="xapi", cadence="hourly", reason=REASON),
    source("waiting", name="Rooster", kind="oneroster"),
    source("old", name="Bpv-plaatsen", kind="duo", url=None, cadence="by_hand", due_at=None),
]
SENDING = [
    {
        "kind": "xapi",
        "address": "https://leerspoor.meetpunt.example/api/xapi/statements",
        "command": "bin/leerspoor source add meetpunt --kind xapi",
    },
    {
        "kind": "caliper",
        "address": "https://leerspoor.meetpunt.example/api/caliper/events",
        "command": "bin/leerspoor source add meetpunt --kind caliper",
    },
]


def program(health: str, kind: str, name: str, **facts: Any) -> dict[str, Any]:
    """Return a program that sends to us."""
    told = source(health, kind=kind, name=name, url=None, cadence="by_hand", due_at=None)
    return {**told, "is_sent": True, "received_at": MOMENT, "waiting": 0, "set_aside": 0, **facts}


PROGRAMS = [
    program("good", "xapi", "Vaardiglab"),
    program("busy", "caliper", "Leeromgeving van de hele school", waiting=1204, set_aside=3),
    program("good", "caliper", "Oefentoetsen", received_at=None, run_id=None),
]
PAGES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "sources": (
        "administrator",
        "school/sources.html",
        {
            "sources": SOURCES,
            "programs": PROGRAMS,
            "sending": SENDING,
            "kinds": ["moodle", "xapi"],
            **FORM,
        },
    ),
    "sources-empty": (
        "administrator",
        "school/sources.html",
        {"sources": [], "programs": [], "sending": SENDING, "kinds": ["moodle"], **FORM},
    ),
    "sources-errors": (
        "administrator",
        "school/sources.html",
        {
            "sources": [],
            "programs": [],
            "sending": SENDING,
            "kinds": ["moodle"],
            "values": {"name": "Leeromgeving", "url": "moodle.nl", "options": "cursus=2"},
            "errors": {
                "url": "Geef een heel adres, dat met https:// begint.",
                "name": "Er is al een bron met deze naam. Kies een andere.",
            },
        },
    ),
    **{
        f"source-{health}": ("administrator", "school/source.html", _page(health))
        for health in ("good", "busy", "waiting", "old", "failed")
    },
    "source-part": ("administrator", "school/source.html", _page("part", reason=REASON)),
    "source-paused": (
        "administrator",
        "school/source.html",
        _page("paused", is_paused=True, due_at=None),
    ),
    "source-stopped": ("administrator", "school/source.html", _page("stopped", **STOPPED)),
    "source-new": (
        "administrator",
        "school/source.html",
        {**_page("good", last_ok_at=None), "runs": []},
    ),
}
