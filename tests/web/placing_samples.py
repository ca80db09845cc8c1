"""What the pages about placing links in a course are given; no database."""

from types import SimpleNamespace
from typing import Any

from lti.placing.deep_linking import Asked

PLACES = frozenset({"iframe", "window"})
RETURN_URL = "http://localhost/mod/lti/contentitem_return.php?course=2&id=1"
LESSONS = {
    "00000000-0000-0000-0000-000000000001": SimpleNamespace(title="Veilig tillen met de tillift"),
    "00000000-0000-0000-0000-000000000002": SimpleNamespace(title="Kort en duidelijk schrijven"),
}
TITLES = {
    "title_plan": "Mijn leerplan",
    "title_goals": "Mijn doelen",
    "title_lessons": "Ondersteunende lessen",
    "title_evidence": "Bewijs uit de bpv",
    "title_lesson": "",
    "title_overview": "Coachoverzicht",
}


def picker(**changed: Any) -> dict[str, Any]:
    """Return what the page is given, with some of it changed."""
    asked = {
        "return_url": RETURN_URL,
        "takes_links": True,
        "takes_several": True,
        "takes_columns": True,
        "targets": PLACES,
        "text": None,
        "data": None,
        **changed.pop("asked", {}),
    }
    return {
        "course": "Praktijkroute coachgroep 01",
        "asked": Asked(**asked),
        "support_lessons": LESSONS,
        "values": {**TITLES, "item": [], "lesson": "", **changed.pop("values", {})},
        "errors": changed.pop("errors", {}),
    }


PAGES: dict[str, tuple[str | None, str, dict[str, Any]]] = {
    "placing": (None, "lti/pick.html", picker()),
    "placing-one": (None, "lti/pick.html", picker(asked={"takes_several": False})),
    "placing-errors": (
        None,
        "lti/pick.html",
        picker(
            values={
                "item": ["goals", "lesson"],
                "title_goals": "",
                "lesson": "new",
                "lesson_title": "Dubbele controle bij medicijnen",
                "lesson_url": "medicijnen.example",
                "column": "yes",
            },
            errors={
                "title_goals": "Vul dit in.",
                "lesson_url": "Geef een heel adres: https://…",
            },
        ),
    ),
    "placing-no-links": (None, "lti/pick.html", picker(asked={"takes_links": False})),
    "placed": (
        None,
        "lti/placed.html",
        {"return_url": RETURN_URL, "token": "a.b.c", "said": "1 onderdeel geplaatst."},
    ),
}
