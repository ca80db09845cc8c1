"""What the pages about the school, its rules, absence, workplaces and tailoring are given."""

from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from tests.web.source_samples import SOURCES
from tracker.facts import DEFAULTS, Rater, Thresholds
from tracker.models import Control, Tailoring
from tracker.school_overview import SchoolFigures
from tracker.signals import Rule
from tracker.small_counts import divided
from tracker.tailoring import Standing, Version, moments, movement
from tracker.thresholds import LIMITS
from web.tailoring import counted, dotted

TODAY = date(2026, 11, 19)
NOW = datetime(2026, 11, 19, 8, 44, tzinfo=UTC)
PLAN, PLACEMENT, FIRST, SECOND = (UUID(int=n) for n in (901, 902, 903, 904))
REQUIRED = "Vul dit in."
OWN_PLAN: dict[str, Any] = {
    "id": PLAN,
    "title": "Verzorgende IG",
    "starts_on": date(2026, 2, 2),
    "is_open": True,
}

FIGURES = SchoolFigures(
    on=TODAY,
    thresholds=DEFAULTS,
    plans=divided(
        {
            None: 212,
            "Allround grondwerker infrastructuur en milieutechniek": 4,
            "Kok": 31,
            "Verzorgende IG": 12840,
        }
    ),
    without_plan=118,
    without_coach=42,
    placements_ending=2310,
    shared_pieces=48211,
    signals={Rule.NOTHING_SHARED: 812, Rule.PLACEMENT_ENDS: 64},
    waiting={Rater.COACH: 96, Rater.SUPERVISOR: 231, Rater.OTHER: None},
)
NOTHING = SchoolFigures(
    on=TODAY,
    thresholds=Thresholds(unanswered_days=1),
    plans=divided({"Kok": 3}),
    without_plan=None,
    without_coach=None,
    placements_ending=None,
    shared_pieces=None,
    signals={Rule.NOTHING_SHARED: None, Rule.PLACEMENT_ENDS: None},
    waiting=dict.fromkeys((Rater.COACH, Rater.SUPERVISOR, Rater.OTHER)),
)
LONG = "Wytske-Marijke Alexandra van den Bovenkamp-Hoogendijk tot Westerbeek van Eerten"
UNCOACHED = [
    {"name": "Finn Özdemir", "number": "S900009", "programme": "Kok", "starts_on": TODAY},
    {"name": LONG, "number": None, "programme": None, "starts_on": date(2025, 9, 1)},
]
ENDING = [
    {
        "name": one["name"],
        "number": one["number"],
        "company": "Woonzorg Het Anker",
        "last_on": date(2026, 12, 4),
    }
    for one in UNCOACHED
]
RULES: dict[str, Any] = {
    "limits": {
        name: {"least": least, "most": most, "ours": getattr(DEFAULTS, name)}
        for name, (least, most) in LIMITS.items()
    },
    "holidays": [
        {
            "id": FIRST,
            "name": "Kerstvakantie",
            "from_on": date(2026, 12, 19),
            "last_on": date(2027, 1, 3),
        },
        {
            "id": SECOND,
            "name": "Studiedag van alle teams in het hele land",
            "from_on": date(2026, 11, 6),
            "last_on": date(2026, 11, 6),
        },
    ],
    "values": asdict(DEFAULTS),
    "errors": {},
    "changing": None,
    "holiday_values": {},
    "holiday_errors": {},
}
ABSENCES: dict[str, Any] = {
    "plan": OWN_PLAN,
    "absences": [
        {"id": FIRST, "from_on": TODAY, "last_on": date(2026, 11, 27), "is_over": False},
        {"id": SECOND, "from_on": date(2026, 9, 3), "last_on": date(2026, 9, 3), "is_over": True},
    ],
    "values": {"from_on": "2026-11-19"},
    "errors": {},
}


def item(place: int, title: str, said: bool | None) -> dict[str, Any]:
    word = {"is_possible": said, "by": "Marja", "said_at": NOW - timedelta(days=9)}
    return {
        "id": UUID(int=910 + place),
        "code": f"B1-K1-W{place}",
        "title": title,
        "goals": ["Ik help een bewoner zelfstandig met douchen"],
        "said": word if said is not None else None,
    }


WORKPLACE: dict[str, Any] = {
    "placement": {
        "id": PLACEMENT,
        "company": "Woonzorg Het Anker",
        "from_on": date(2026, 8, 24),
        "last_on": date(2027, 1, 29),
        "is_over": False,
    },
    "plan_id": PLAN,
    "reader_is": "student",
    "student": "Amira",
    "items": [
        item(1, "Ondersteunt bij persoonlijke verzorging", True),
        item(2, "Voert verpleegtechnische handelingen uit", False),
        item(3, "Stemt de zorgverlening af met alle betrokkenen en met de mantelzorg", None),
    ],
}


def standings() -> list[Standing]:
    """Return where forty goals stood, from a year ago until today."""
    cells = [(control, own) for control in Control for own in Tailoring]
    versions = []
    for number in range(40):
        control, own = cells[(number * number) % 9]
        made = {"goal_id": uuid5(PLAN, str(number)), "plan_id": PLAN}
        since = date(2025, 9, 1) + timedelta(days=11 * number)
        versions.append(Version(**made, number=1, from_on=since, control=control, tailoring=own))
        if number % 4 == 0:
            versions.append(
                Version(
                    **made,
                    number=2,
                    from_on=since + timedelta(days=90),
                    control=Control.STUDENT,
                    tailoring=Tailoring.INDIVIDUAL,
                )
            )
    return movement(versions, on=moments(since=date(2025, 9, 1), on=TODAY))


TAILORED: dict[str, Any] = {
    "is_own": True,
    "back": {"url": f"/student/plans/{PLAN}", "word": "Verzorgende IG"},
    "moments": [dotted(standing) for standing in standings()],
    "today": TODAY,
}
OF_PROGRAMME: dict[str, Any] = {
    "programmes": [
        {"value": FIRST, "label": "Kok"},
        {"value": SECOND, "label": "Allround grondwerker infrastructuur en milieutechniek"},
    ],
    "chosen": FIRST,
    "moments": [counted(standing) for standing in standings()],
    "today": TODAY,
}
HEALTH = {"sources": SOURCES, "troubled": 2, "quarantined": 14, "parked": 3}
PLACE = {"page": 2, "pages": 12, "total": 600}
ALONE = {"page": 1, "pages": 1, "total": 0}

PAGES: dict[str, tuple[str | None, str, dict[str, Any]]] = {
    "figures": ("administrator", "school/figures.html", {"figures": FIGURES, **HEALTH}),
    "figures-small": (
        "administrator",
        "school/figures.html",
        {"figures": NOTHING, "sources": [], "troubled": 0, "quarantined": 0, "parked": 0},
    ),
    "without-coach": (
        "administrator",
        "school/without_coach.html",
        {"plans": UNCOACHED, **PLACE},
    ),
    "without-coach-empty": (
        "administrator",
        "school/without_coach.html",
        {"plans": [], **ALONE},
    ),
    "ending": ("administrator", "school/ending.html", {"placements": ENDING, **PLACE}),
    "ending-empty": ("administrator", "school/ending.html", {"placements": [], **ALONE}),
    "rules": ("administrator", "school/rules.html", RULES),
    "rules-errors": (
        "administrator",
        "school/rules.html",
        RULES
        | {
            "holidays": [],
            "values": {**asdict(DEFAULTS), "gap": "9"},
            "errors": {"gap": "Dit getal is te laag of te hoog. Kies een ander getal."},
            "holiday_values": {"name": "Kerst"},
            "holiday_errors": {"from_on": REQUIRED, "last_on": REQUIRED},
        },
    ),
    "rules-change": (
        "administrator",
        "school/rules.html",
        RULES
        | {
            "changing": {"id": SECOND, "name": "Studiedag van alle teams in het hele land"},
            "holiday_values": {
                "name": "Studiedag van alle teams in het hele land",
                "from_on": "2026-11-06",
                "last_on": "2026-11-06",
            },
        },
    ),
    "absences": ("student", "student/absences.html", ABSENCES),
    "absences-errors": (
        "student",
        "student/absences.html",
        ABSENCES | {"absences": [], "values": {}, "errors": {"last_on": REQUIRED}},
    ),
    "workplace": ("student", "plan/opportunities.html", WORKPLACE),
    "workplace-supervisor": (
        "supervisor",
        "plan/opportunities.html",
        WORKPLACE | {"reader_is": "supervisor", "items": []},
    ),
    "workplace-over": (
        "coach",
        "plan/opportunities.html",
        WORKPLACE | {"reader_is": "coach", "placement": WORKPLACE["placement"] | {"is_over": True}},
    ),
    "tailoring": ("student", "plan/tailoring.html", TAILORED),
    "tailoring-coach": (
        "coach",
        "plan/tailoring.html",
        TAILORED
        | {
            "is_own": False,
            "back": {"url": "/coach/plans/1", "word": "Amira Bouzian"},
            "moments": TAILORED["moments"][-1:],
        },
    ),
    "tailoring-empty": (
        "student",
        "plan/tailoring.html",
        TAILORED | {"moments": [dotted(Standing(TODAY, {}, {}, {}))]},
    ),
    "tailoring-school": ("administrator", "school/tailoring.html", OF_PROGRAMME),
    "tailoring-school-empty": (
        "administrator",
        "school/tailoring.html",
        {"programmes": [], "chosen": None, "moments": [], "today": TODAY},
    ),
}
