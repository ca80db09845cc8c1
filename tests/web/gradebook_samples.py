"""What the page of a course's gradebook is given; no database."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

NEXT_TRY = datetime(2026, 11, 19, 9, 11, tzinfo=UTC)
COURSE = {"id": UUID(int=70), "title": "Praktijkroute coachgroep 01"}
LINK: dict[str, Any] = {
    "id": UUID(int=71),
    "title": "Mijn leerplan",
    "lesson": None,
    "mode": "progress",
    "pieces": None,
    "has_number": True,
    "can_choose": True,
    "by_other": None,
    "state": "active",
    "due_at": None,
    "counts": {"sent": 17, "waiting": 1, "superseded": 1, "inactive": 2},
    "reasons": [],
    "can_retry": True,
    "can_remove": True,
    "is_lms_own": False,
    "values": {"mode": "progress", "pieces": ""},
    "errors": {},
}
OFF = LINK | {
    "id": UUID(int=72),
    "title": "Ondersteunende les: Dubbele controle bij medicijnen",
    "lesson": "Dubbele controle bij medicijnen",
    "mode": "off",
    "has_number": False,
    "state": None,
    "counts": {},
    "can_retry": False,
    "can_remove": False,
    "values": {"mode": "off", "pieces": ""},
}
PARKED = LINK | {
    "id": UUID(int=73),
    "title": "Bewijs uit de bpv",
    "mode": "evidence",
    "pieces": 5,
    "state": "parked",
    "counts": {},
    "reasons": ["jwks_unreachable"],
    "values": {"mode": "evidence", "pieces": 5},
}
LATER = PARKED | {
    "id": UUID(int=74),
    "state": "wanted",
    "due_at": NEXT_TRY,
    "reasons": ["unreachable"],
    "can_retry": False,
}
GONE = LINK | {
    "id": UUID(int=75),
    "title": "Mijn doelen",
    "state": "gone",
    "counts": {"superseded": 3},
    "by_other": "Tess Willems",
    "can_retry": False,
    "can_remove": False,
}
WRONG = PARKED | {
    "id": UUID(int=76),
    "state": None,
    "reasons": [],
    "can_retry": False,
    "can_remove": False,
    "values": {"mode": "evidence", "pieces": "veel"},
    "errors": {"pieces": "Kies een getal van 1 tot en met 100."},
}
OWN = LINK | {"id": UUID(int=77), "is_lms_own": True, "can_remove": False, "can_retry": False}


def page(*links: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """Return what the page is given, with some of it changed."""
    return {
        "course": COURSE,
        "takes_scores": True,
        "may_choose": True,
        "students": 21,
        "guided": 20,
        "links": list(links),
        **changed,
    }


PAGES: dict[str, tuple[str | None, str, dict[str, Any]]] = {
    "gradebook": ("coach", "coach/gradebook.html", page(LINK, OFF, PARKED, LATER, GONE, OWN)),
    "gradebook-errors": ("coach", "coach/gradebook.html", page(WRONG)),
    "gradebook-empty": ("coach", "coach/gradebook.html", page()),
    "gradebook-no-scope": ("coach", "coach/gradebook.html", page(OFF, takes_scores=False)),
    "gradebook-administrator": (
        "administrator",
        "coach/gradebook.html",
        page(LINK, may_choose=False),
    ),
}
