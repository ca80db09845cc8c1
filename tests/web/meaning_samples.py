"""What the pages about groups and about activities of the LMS are given; no database."""

from datetime import date
from typing import Any
from uuid import UUID

from tracker.group_lists import Guide, Outcome, SeenGroup
from tracker.meanings import Meaning
from tracker.models import PlanRole

GROUP, COURSE = UUID(int=700), UUID(int=701)
COACH = Guide(
    id=UUID(int=702), name="Joost van Dalen", role=PlanRole.COACH, from_on=date(2026, 9, 1)
)
TEAM = Guide(
    id=UUID(int=703),
    name="Wytske-Marijke van den Bovenkamp-Hoogendijk",
    role=PlanRole.TEAM,
    from_on=date(2026, 10, 12),
)


def group(place: int, **facts: Any) -> SeenGroup:
    told: dict[str, Any] = {
        "id": UUID(int=700 + place),
        "title": "VZ3A Verzorgende IG, leerjaar 3",
        "code": "VZ3A",
        "students": 24,
        "teachers": 2,
        "guides": [],
    }
    return SeenGroup(**told | facts)


GUIDED = group(0, guides=[COACH, TEAM])
PEOPLE: list[dict[str, Any]] = [
    {"id": UUID(int=710), "name": "Joost van Dalen", "number": "D900003"},
    {"id": UUID(int=711), "name": "Sanne de Wit", "number": None},
]


def one_group(**facts: Any) -> dict[str, Any]:
    told = {
        "group": {"id": GROUP, "title": "VZ3A Verzorgende IG, leerjaar 3"},
        "seen": GUIDED,
        "teaching": PEOPLE,
        "staff": PEOPLE[1:],
        "values": {"person": "", "role": None},
        "chosen": None,
        "outcome": None,
    }
    return told | facts


CHOSEN = {"id": UUID(int=711), "name": "Sanne de Wit", "role": "coach"}
SAID = [
    Meaning(id=UUID(int=720), code="B1-K1-W2", title="Plant zijn werkzaamheden", lesson_id=None),
    Meaning(id=UUID(int=721), code=None, title="Rapporteren: oefenuur", lesson_id=UUID(int=722)),
]
ITEMS: list[dict[str, Any]] = [
    {"id": UUID(int=730), "title": "Reflectieverslag week 40", "due_on": None, "meanings": []},
    {
        "id": UUID(int=731),
        "title": "Toets hygiëne en veiligheid",
        "due_on": date(2026, 10, 9),
        "meanings": SAID,
    },
]
PARTS: list[dict[str, Any]] = [
    {
        "title": "Verzorgende IG",
        "items": [{"key": "part:1", "label": "B1-K1-W2 Plant zijn werkzaamheden"}],
    }
]
LESSONS = [{"key": "lesson:1", "label": "Rapporteren: oefenuur"}]


def items(**facts: Any) -> dict[str, Any]:
    told: dict[str, Any] = {"courses": [], "shown": None, "q": "", "parts": [], "lessons": []}
    return told | {"page": 1, "pages": 1} | facts


SHOWN = {
    "key": str(GROUP),
    "title": "VZ3A Rapporteren",
    "items": ITEMS,
    "page": 1,
    "pages": 3,
    "ticked": {str(ITEMS[0]["id"])},
    "ticked_elsewhere": [str(UUID(int=799))],
}
NO_GROUPS: dict[str, Any] = {"groups": [], "courses": {}, "q": "", "page": 1, "pages": 1}
PAGES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "groups": (
        "administrator",
        "school/groups.html",
        {
            "groups": [GUIDED, group(1, title="Rekenen", code=None, students=1, teachers=1)],
            "courses": {COURSE: UUID(int=740)},
            "q": "",
            "page": 2,
            "pages": 6,
        },
    ),
    "groups-empty": ("administrator", "school/groups.html", NO_GROUPS),
    "groups-nothing-found": ("administrator", "school/groups.html", NO_GROUPS | {"q": "xx"}),
    "group": ("administrator", "school/group.html", one_group()),
    "group-outcome": (
        "administrator",
        "school/group.html",
        one_group(
            chosen=CHOSEN,
            outcome=Outcome(students=24, drafts=3, places=22, closed=2),
            values={"person": str(CHOSEN["id"]), "role": "coach"},
        ),
    ),
    "group-nobody": (
        "administrator",
        "school/group.html",
        one_group(seen=None, teaching=[], staff=[]),
    ),
    "items": (
        "administrator",
        "school/items.html",
        items(
            courses=[
                {"key": str(GROUP), "title": "VZ3A Rapporteren", "items": 12, "unsaid": 5},
                {"key": "none", "title": None, "items": 1, "unsaid": 0},
            ]
        ),
    ),
    "items-empty": ("administrator", "school/items.html", items()),
    "items-course": (
        "administrator",
        "school/items.html",
        items(shown=SHOWN, parts=PARTS, lessons=LESSONS),
    ),
    "items-nothing-found": ("administrator", "school/items.html", items(shown=SHOWN, q="xx")),
}
